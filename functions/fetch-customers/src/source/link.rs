//! The next page's address in `Link` headers (RFC 8288), as bytes: servers put anything there.
//!
//! A next page that is announced is never taken for absent: what cannot be read without a guess is an error.

use http::{HeaderMap, header::LINK};
use url::Url;

/// A `Link` header announces a next page in a way that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableLink;

/// The target of the first link whose relation is `next`, as it is written: perhaps relative. `page` is the URL of the
/// page that has these headers.
///
/// # Errors
/// None is readable, but one is announced.
pub fn next<'a>(headers: &'a HeaderMap, page: &Url) -> Result<Option<&'a str>, UnreadableLink> {
    let mut unreadable = false;
    let links = headers.get_all(LINK).iter();
    for link in links.flat_map(|header| Links(header.as_bytes())) {
        match link {
            Ok(link) if link.is_next() => {
                if link.is_about(page)
                    && let Ok(target) = std::str::from_utf8(link.target)
                {
                    return Ok(Some(target.trim()));
                }
                unreadable = true;
            }
            Ok(_) => {}
            Err(Malformed(text)) => unreadable |= mentions_next(text),
        }
    }
    if unreadable { Err(UnreadableLink) } else { Ok(None) }
}

/// `<target>; name=value; name="value"` (§3).
#[derive(Debug, PartialEq, Eq)]
struct Link<'a> {
    target: &'a [u8],
    /// The first `rel`: only that one counts (§3.3).
    relation: Option<Vec<u8>>,
    /// The resource that the link is about, where it is not the page (§3.2).
    anchor: Option<Vec<u8>>,
}

impl Link<'_> {
    fn is_next(&self) -> bool {
        let relations = self.relation.as_deref().unwrap_or_default();
        relations
            .split(u8::is_ascii_whitespace)
            .any(|relation| relation.eq_ignore_ascii_case(b"next"))
    }

    fn is_about(&self, page: &Url) -> bool {
        let Some(anchor) = &self.anchor else {
            return true;
        };
        let anchor = std::str::from_utf8(anchor).ok();
        let anchor = anchor.and_then(|anchor| page.join(anchor).ok());
        anchor.is_some_and(|mut anchor| {
            anchor.set_fragment(None);
            anchor == *page
        })
    }
}

/// A part of a header that is no link.
struct Malformed<'a>(&'a [u8]);

/// The links of one header (Appendix B.2).
struct Links<'a>(&'a [u8]);

impl<'a> Iterator for Links<'a> {
    type Item = Result<Link<'a>, Malformed<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let separator = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
        let start = self.0.iter().position(|byte| !separator(byte))?;
        let text = self.0.get(start..).unwrap_or_default();
        let mut reader = Reader(text);
        if let Some(link) = reader.link() {
            self.0 = reader.0;
            return Some(Ok(link));
        }
        // Where quotes or brackets are missing, the next link begins behind a comma, with its `<`.
        let begins = |at: &usize| {
            let rest = text.get(at + 1..).unwrap_or_default().trim_ascii_start();
            text.get(*at) == Some(&b',') && rest.first() == Some(&b'<')
        };
        let end = (0..text.len()).find(begins).unwrap_or(text.len());
        let (malformed, rest) = text.split_at(end);
        self.0 = rest;
        Some(Err(Malformed(malformed)))
    }
}

/// What is left of a header.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// One link, up to the comma behind it. `None` where it is malformed.
    fn link(&mut self) -> Option<Link<'a>> {
        self.take(b'<')?;
        let target = self.until(|byte| byte == b'>');
        self.take(b'>')?;
        // The `>` of another link: the target's own one is missing.
        if target.contains(&b'"') || has_relation(target) {
            return None;
        }
        let mut link = Link {
            target,
            relation: None,
            anchor: None,
        };
        while !matches!(self.peek(), None | Some(b',')) {
            self.take(b';')?;
            let (name, value) = self.parameter()?;
            if name.eq_ignore_ascii_case(b"rel") && link.relation.is_none() {
                link.relation = Some(value);
            } else if name.eq_ignore_ascii_case(b"anchor") && link.anchor.is_none() {
                link.anchor = Some(value);
            }
        }
        // Of a relation in typographic quotes or in HTML's `&quot;`, it is not clear where it ends.
        let odd = |byte: &u8| !byte.is_ascii() || matches!(byte, b'&' | b'"' | b'\'' | b'`' | b'\\');
        let is_odd = link
            .relation
            .as_ref()
            .is_some_and(|relation| relation.iter().any(odd));
        (link.is_next() || !is_odd).then_some(link)
    }

    /// A parameter behind its `;`: its name, and its value without quotes.
    fn parameter(&mut self) -> Option<(&'a [u8], Vec<u8>)> {
        let name = self.until(|byte| matches!(byte, b'=' | b';' | b',')).trim_ascii();
        // A token (RFC 9110 §5.6.2), or nothing at all.
        if !name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
        {
            return None;
        }
        if self.take(b'=').is_none() {
            return Some((name, Vec::new()));
        }
        let value = match self.peek() {
            Some(b'"') => self.quoted(b'"')?,
            Some(b'\'') if self.is_in_single_quotes() => self.quoted(b'\'')?,
            _ => self
                .until(|byte| matches!(byte, b';' | b','))
                .trim_ascii()
                .to_vec(),
        };
        Some((name, value))
    }

    /// A second single quote comes before the value ends.
    fn is_in_single_quotes(&self) -> bool {
        let value = self.0.get(1..).unwrap_or_default();
        let end = value.iter().position(|byte| matches!(byte, b'\'' | b'"'));
        end.and_then(|end| value.get(end)) == Some(&b'\'')
    }

    /// A text in quotes, its escapes resolved (RFC 9110 §5.6.4). `None` where the end is missing.
    fn quoted(&mut self, quote: u8) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        let mut bytes = self.0.get(1..)?.iter().enumerate();
        while let Some((at, &byte)) = bytes.next() {
            if byte == quote {
                self.0 = self.0.get(at + 2..)?;
                return Some(text);
            }
            text.push(if byte == b'\\' { *bytes.next()?.1 } else { byte });
        }
        None
    }

    /// The next byte behind blanks.
    fn peek(&mut self) -> Option<u8> {
        self.0 = self.0.trim_ascii_start();
        self.0.first().copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then_some(())?;
        self.0 = self.0.get(1..)?;
        Some(())
    }

    fn until(&mut self, ends: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|byte| ends(*byte)).unwrap_or(self.0.len());
        let (text, rest) = self.0.split_at(end);
        self.0 = rest;
        text
    }
}

/// Whether there is a parameter `rel` in `text`.
fn has_relation(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| *byte == b';').skip(1);
    parts.any(|part| {
        let part = part.trim_ascii_start();
        let name = part.get(..3).unwrap_or_default();
        let rest = part.get(3..).unwrap_or_default().trim_ascii_start();
        name.eq_ignore_ascii_case(b"rel") && rest.first() == Some(&b'=')
    })
}

/// Whether `next` stands behind `rel`, each as a word, perhaps with damaged bytes in it.
fn mentions_next(text: &[u8]) -> bool {
    let undamaged: Vec<u8> = text.iter().copied().filter(u8::is_ascii).collect();
    [text, &undamaged].into_iter().any(|text| {
        let words = text.split(|byte| !byte.is_ascii_alphabetic());
        let mut words = words.skip_while(|word| !word.eq_ignore_ascii_case(b"rel"));
        words.any(|word| word.eq_ignore_ascii_case(b"next"))
    })
}

#[cfg(test)]
mod tests;
