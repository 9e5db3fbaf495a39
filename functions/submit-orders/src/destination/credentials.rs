//! Credentials that were sent, found in the text that an API answers, in whatever spelling.

use std::{collections::HashSet, fmt, iter, ops::Range};

use data_encoding::{BASE64, BASE64URL};

/// Replaces a credential.
const REDACTED: &str = "[…]";

/// A part of a credential of this many bytes is as good as the whole: servers cut what they repeat, and break it into
/// lines. A shorter credential is looked for as a whole.
const WINDOW: usize = 12;

/// Fewer characters of base64 would be found in ordinary words.
const MIN_BASE64: usize = 8;

/// How often an encoded text is decoded, such as HTML in JSON in a form.
const MAX_DECODINGS: usize = 4;

/// What must not be read in any text of an API, in any case and any spelling: as it is, percent-encoded, with the escapes
/// of JSON, with HTML's entities, in base64, or several of these on top of each other.
pub(crate) struct Credentials {
    /// All folded.
    whole: Vec<Vec<u8>>,
    windows: HashSet<[u8; WINDOW]>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Credentials {
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut credentials = Self {
            whole: Vec::new(),
            windows: HashSet::new(),
        };
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            for spelling in spellings(value) {
                credentials
                    .windows
                    .extend(spelling.array_windows::<WINDOW>().copied());
                if spelling.len() < WINDOW {
                    credentials.whole.push(spelling);
                }
            }
        }
        credentials
    }

    /// Adds values that are looked for as a whole, whatever their length: words that a helpful message contains are parts
    /// of them.
    pub(crate) fn with_whole<'a>(mut self, values: impl IntoIterator<Item = &'a str>) -> Self {
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            self.whole.extend(spellings(value));
        }
        self
    }

    /// Whether the text repeats one of them.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        let mut text = text.as_bytes().to_vec();
        for _ in 0..=MAX_DECODINGS {
            if self.are_in_folded(&fold(&String::from_utf8_lossy(&text))) {
                return true;
            }
            let decoded = decode_entities(&decode_escapes(&decode_percent(&text)));
            if decoded == text {
                break;
            }
            text = decoded;
        }
        false
    }

    fn are_in_folded(&self, text: &[u8]) -> bool {
        let has = |part: &Vec<u8>| find(text, part, 0).is_some();
        self.whole.iter().any(has) || text.array_windows().any(|window| self.windows.contains(window))
    }

    /// The text without them; `None` where it repeats one in a spelling that cannot be cut out.
    pub(crate) fn redact(&self, text: &str) -> Option<String> {
        // In ASCII only, so that places in the folded text are places in the text.
        let folded = text.to_ascii_lowercase().replace('+', " ").into_bytes();
        let mut redacted = String::with_capacity(text.len());
        let mut end = 0;
        for found in self.places(&folded) {
            redacted.push_str(text.get(end..found.start)?);
            redacted.push_str(REDACTED);
            end = found.end;
        }
        redacted.push_str(text.get(end..)?);
        (!self.are_in(&redacted)).then_some(redacted)
    }

    /// Where they are, in order and apart from each other.
    fn places(&self, text: &[u8]) -> Vec<Range<usize>> {
        let windows = text
            .array_windows()
            .enumerate()
            .filter(|(_, window)| self.windows.contains(*window))
            .map(|(at, _)| at..at + WINDOW);
        let whole = self.whole.iter().flat_map(|part| {
            let next = |last: &Range<usize>| find(text, part, last.end);
            iter::successors(find(text, part, 0), next)
        });
        let mut found: Vec<Range<usize>> = windows.chain(whole).collect();
        found.sort_by_key(|range| range.start);
        let mut places: Vec<Range<usize>> = Vec::new();
        for range in found {
            match places.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                Some(_) | None => places.push(range),
            }
        }
        places
    }
}

/// A value as it is, and what its base64 is made of wherever it begins in a longer text.
fn spellings(value: &str) -> impl Iterator<Item = Vec<u8>> {
    let encoded = (0..3).flat_map(move |before| {
        // The first and the last characters depend on what surrounds the value.
        let bytes = [vec![0; before].as_slice(), value.as_bytes()].concat();
        [BASE64.encode(&bytes), BASE64URL.encode(&bytes)].map(|text| {
            let text = text.trim_end_matches('=');
            let end = bytes.len() * 4 / 3;
            let start = (before * 4).div_ceil(3);
            fold(text.get(start..end).unwrap_or_default())
        })
    });
    iter::once(fold(value)).chain(encoded.filter(|text| text.len() >= MIN_BASE64))
}

/// In lower case, and with the blank that a form spells `+`.
fn fold(text: &str) -> Vec<u8> {
    text.to_lowercase().replace('+', " ").into_bytes()
}

fn find(text: &[u8], part: &[u8], from: usize) -> Option<Range<usize>> {
    let at = text
        .get(from..)?
        .windows(part.len())
        .position(|window| window == part)?;
    Some(from + at..from + at + part.len())
}

fn decode_percent(text: &[u8]) -> Vec<u8> {
    replace(text, b'%', |rest| {
        let byte = hex(rest.get(..2)?)?;
        Some((vec![u8::try_from(byte).ok()?], 2))
    })
}

fn decode_escapes(text: &[u8]) -> Vec<u8> {
    replace(text, b'\\', |rest| match rest.first()? {
        b'u' => {
            let unit = hex(rest.get(1..5)?)?;
            // Half of a pair is as good as any other character: no credential is outside of Unicode's first plane.
            let c = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
            Some((c.to_string().into_bytes(), 5))
        }
        b'x' => Some((vec![u8::try_from(hex(rest.get(1..3)?)?).ok()?], 3)),
        b'n' | b'r' | b't' => Some((vec![b' '], 1)),
        other => Some((vec![*other], 1)),
    })
}

fn decode_entities(text: &[u8]) -> Vec<u8> {
    /// `&#x10FFFF;` without its `&`.
    const MAX_ENTITY: usize = 9;
    replace(text, b'&', |rest| {
        let end = rest.iter().take(MAX_ENTITY).position(|byte| *byte == b';')?;
        let name = std::str::from_utf8(rest.get(..end)?).ok()?;
        let c = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "plus" => '+',
            "sol" => '/',
            "equals" => '=',
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        };
        Some((c.to_string().into_bytes(), end + 1))
    })
}

/// Replaces what `decode` makes of the bytes after each `mark`: the decoded bytes, and how many they stood for.
fn replace(text: &[u8], mark: u8, decode: impl Fn(&[u8]) -> Option<(Vec<u8>, usize)>) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == mark
            && let Some((bytes, length)) = decode(after)
        {
            decoded.extend(bytes);
            rest = after.get(length..).unwrap_or_default();
        } else {
            decoded.push(first);
        }
    }
    decoded
}

fn hex(digits: &[u8]) -> Option<u32> {
    // Not a sign, which `from_str_radix` accepts.
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr3t/+with=odd~signs&more";

    fn credentials() -> Credentials {
        Credentials::new([SECRET, "short!"])
    }

    #[test]
    fn credential_is_found_in_every_spelling() {
        let percent = "s3cr3t%2F%2Bwith%3Dodd~signs%26more";
        for text in [
            SECRET.to_owned(),
            SECRET.to_uppercase(),
            percent.to_owned(),
            percent.to_lowercase(),
            percent.replace('%', "%25"),
            "s3cr3t/ with=odd~signs&more".to_owned(),
            r"s3cr3t\/+with=odd~signs&more".to_owned(),
            r"s3cr3t\/+with=odd~signs\u0026more".to_owned(),
            r"s3cr3t\\u002f+with=odd~signs&more".to_owned(),
            "s3cr3t/+with=odd~signs&amp;more".to_owned(),
            "s3cr3t&#47;&#x2B;with&#61;odd~signs&amp;more".to_owned(),
            "&quot;s3cr3t%2F%2Bwith%3Dodd~signs%26amp%3Bmore".to_owned(),
            BASE64.encode(SECRET.as_bytes()),
            BASE64URL.encode(SECRET.as_bytes()),
            BASE64.encode(format!("id:{SECRET}").as_bytes()),
            BASE64.encode(format!("name:{SECRET}:more").as_bytes()),
            // Cut, and broken into lines.
            "s3cr3t/+with…".to_owned(),
            "s3cr3t\n/+with=odd~s\nigns".to_owned(),
            "SHORT!".to_owned(),
            "short%21".to_owned(),
        ] {
            let text = format!("the client ({text}) is unknown");
            assert!(credentials().are_in(&text), "{text}");
            let redacted = credentials().redact(&text);
            assert!(redacted.is_none_or(|text| !credentials().are_in(&text)), "{text}");
        }
    }

    #[test]
    fn text_without_credential_is_kept() {
        for text in [
            "",
            "the client is unknown",
            "100 % of s3cr3t/+wit \\ & \\u12 %zz &; &#x; &unknown;",
            "short and with=odd",
        ] {
            assert!(!credentials().are_in(text), "{text}");
            assert_eq!(credentials().redact(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn plain_credential_is_cut_out() {
        let text = format!("é Bearer {SECRET}, or {}: Short! é", SECRET.to_uppercase());
        assert_eq!(
            credentials().redact(&text).as_deref(),
            Some("é Bearer […], or […]: […] é")
        );
    }

    #[test]
    fn whole_values_are_not_found_in_parts() {
        let form = "grant_type=client_credentials&scope=orders.write";
        let credentials = Credentials::new([]).with_whole([form]);
        assert!(!credentials.are_in("grant_type client_credentials may not use the scope orders.write"));
        assert!(credentials.are_in(&format!("the form {form} is wrong")));
        assert!(credentials.are_in(&BASE64.encode(form.as_bytes())));
    }

    #[test]
    fn quotes_in_a_credential_are_found_as_entities() {
        let credentials = Credentials::new([r#"s3cr3t"with'quotes"#]);
        for text in [
            "s3cr3t&quot;with&apos;quotes",
            "s3cr3t&#34;with&#x27;quotes",
            r#"s3cr3t\"with'quotes"#,
        ] {
            assert!(credentials.are_in(text), "{text}");
        }
    }
}
