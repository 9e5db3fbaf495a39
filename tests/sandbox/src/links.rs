//! `Link` headers as servers write them, for [`Settings::link`](crate::Settings::link).

/// As RFC 8288 has it.
pub const STANDARD: &str = "<{target}>; rel=\"next\"";
/// The relation in single quotes.
pub const SINGLE_QUOTES: &str = "<{target}>; rel='next'";
/// A port that is no number.
pub const BAD_PORT: &str = "<http://127.0.0.1:PORT{path}>; rel=\"next\"";
/// No `<` and `>`.
pub const WITHOUT_BRACKETS: &str = "{target}; rel=\"next\"";
/// `<` and `>` escaped as in HTML.
pub const HTML_ESCAPED: &str = "&lt;{target}&gt;; rel=\"next\"";
/// No `>`.
pub const WITHOUT_END: &str = "<{target}; rel=\"next\"";
/// No `;`.
pub const WITHOUT_SEMICOLON: &str = "<{target}> rel=\"next\"";
/// Another link in front of it, in UTF-8 that is not percent-encoded.
pub const UTF8_IN_ANOTHER: &str =
    "<http://127.0.0.1/\u{632}\u{628}\u{627}\u{626}\u{646}>; rel=\"canonical\", <{target}>; rel=\"next\"";
