//! The next page's address, from a `Link` header (RFC 8288).

use http::{HeaderMap, header::LINK};

/// The target of the first link whose relation is `next`, as it is written: perhaps relative.
#[must_use]
pub fn next(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(next_of)
}

/// `<target>; name=value; name="value", <target>…` (RFC 8288 §3, Appendix B.2).
fn next_of(mut links: &str) -> Option<&str> {
    while let Some((_, link)) = links.split_once('<') {
        let (target, mut rest) = link.split_once('>')?;
        let mut relation: Option<&str> = None;
        while let Some(parameter) = rest.trim_start().strip_prefix(';') {
            let (name, value, left) = parameter_of(parameter);
            rest = left;
            // Only the first `rel` of a link counts (§3.3).
            if name.eq_ignore_ascii_case("rel") && relation.is_none() {
                relation = Some(value);
            }
        }
        let is_next = |kind: &str| kind.eq_ignore_ascii_case("next");
        if relation.is_some_and(|kinds| kinds.split_ascii_whitespace().any(is_next)) {
            return Some(target.trim());
        }
        links = rest;
    }
    None
}

/// Splits off one parameter: its name, its value without quotes, and what follows.
///
/// An escape within a quoted value is skipped, not resolved: a relation has none.
fn parameter_of(text: &str) -> (&str, &str, &str) {
    let end = text.find(['=', ';', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(value) = rest.strip_prefix('=') else {
        return (name.trim(), "", rest);
    };
    if let Some(quoted) = value.trim_start().strip_prefix('"') {
        let mut escaped = false;
        let close = quoted.find(|c| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let (value, rest) = quoted.split_at(close.unwrap_or(quoted.len()));
        return (name.trim(), value, rest.strip_prefix('"').unwrap_or(rest));
    }
    let end = value.find([';', ',']).unwrap_or(value.len());
    let (value, rest) = value.split_at(end);
    (name.trim(), value.trim(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_link_is_found_in_any_spelling() {
        for (value, expected) in [
            (r#"<https://a/?page=2>; rel="next""#, Some("https://a/?page=2")),
            (r#"<https://a/?page=2>;rel=next"#, Some("https://a/?page=2")),
            (r#"<?page=2>; REL = "Next""#, Some("?page=2")),
            (
                r#"<?page=1>; rel="prev", <?page=3>; rel="next", <?page=9>; rel=last"#,
                Some("?page=3"),
            ),
            (
                r#"<?p=2>; title="a \"quoted\", <odd>; rel=prev"; rel="last next""#,
                Some("?p=2"),
            ),
            (r#"</a,b;c?x=<>; rel="next""#, Some("/a,b;c?x=<")),
            (r#"<?page=2>; flag; rel=next"#, Some("?page=2")),
            (r#"<?page=1>; rel="prev""#, None),
            (r#"<?page=1>; rel="prev"; rel="next""#, None),
            (r#"<?page=1>; rel="nextish""#, None),
            (r#"<?page=1>"#, None),
            (r#"<?page=1"#, None),
            (r#"rel=next"#, None),
            ("", None),
        ] {
            assert_eq!(next_of(value), expected, "{value}");
        }
    }

    #[test]
    fn several_link_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(LINK, "<a>; rel=prev".parse().unwrap());
        headers.append(LINK, "<b>; rel=next".parse().unwrap());
        assert_eq!(next(&headers), Some("b"));
    }
}
