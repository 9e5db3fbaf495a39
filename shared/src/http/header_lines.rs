//! Header lines that HTTP forbids, as lines that it allows.
//!
//! A line that is dropped may be the one that counts: the `Link` to a source's next page. So none is.

use std::borrow::Cow;

use http::HeaderName;

/// What stands for a byte that no header line may have (RFC 9110 §5.5). It is part of no UTF-8 text, so that
/// a reader of the line sees that it was damaged.
const FORBIDDEN: u8 = 0xff;

/// Repairs the lines of a head, one after the other.
#[derive(Debug, Default)]
pub(super) struct HeaderLines {
    lines: usize,
    is_informational: bool,
}

impl HeaderLines {
    /// A line as it may stand in a head, with its line end. `None` after the last line.
    pub(super) fn repair<'a>(&mut self, line: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.is_empty() {
            // Another head follows one with a status of 1xx.
            let is_last = !std::mem::take(&mut self.is_informational);
            self.lines = 0;
            return (!is_last).then_some(Cow::Borrowed(line));
        }
        self.lines += 1;
        match self.lines {
            1 => {
                self.is_informational = text.get(8..10) == Some(b" 1");
                Some(Cow::Borrowed(line))
            }
            2 => Some(Cow::Owned(header(text.trim_ascii_start()))),
            // It continues the line before it (RFC 9112 §5.2).
            _ if matches!(text.first(), Some(b' ' | b'\t')) => Some(Cow::Owned(allowed(text))),
            _ => Some(Cow::Owned(header(text))),
        }
    }
}

fn header(line: &[u8]) -> Vec<u8> {
    let colon = line.iter().position(|byte| *byte == b':');
    let name = colon.and_then(|colon| line.get(..colon)).unwrap_or_default();
    if HeaderName::from_bytes(name.trim_ascii_end()).is_ok() {
        return allowed(line);
    }
    // It is no header, and often nothing at all; but where a `Link` was broken into lines, or its name damaged, this is a
    // part of it. As a part of a `Link`, text that names no relation means nothing.
    allowed(&[b"link: ", line].concat())
}

fn allowed(line: &[u8]) -> Vec<u8> {
    let is_allowed = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    let bytes = line
        .iter()
        .map(|&byte| if is_allowed(byte) { byte } else { FORBIDDEN });
    bytes.chain(*b"\r\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The repaired head, up to its end.
    fn repaired(head: &[u8]) -> Vec<u8> {
        let mut lines = HeaderLines::default();
        let repaired = head.split_inclusive(|byte| *byte == b'\n');
        repaired
            .map_while(|line| lines.repair(line))
            .flat_map(Cow::into_owned)
            .collect()
    }

    fn assert_repaired(head: &[u8], expected: &[u8]) {
        let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let all = |lines: &[u8]| [b"HTTP/1.1 200 OK\r\n", lines].concat();
        let repaired = repaired(&[&all(head), &b"\r\n"[..]].concat());
        assert_eq!(shown(&repaired), shown(&all(expected)));
    }

    #[test]
    fn allowed_lines_stay_as_they_are() {
        let lines = b"Link: <a>;\trel=next\r\nX : \xff\r\n folded\r\nEmpty:\r\n";
        assert_repaired(lines, lines);
        assert_repaired(b"A: 1\nB: 2\n", b"A: 1\r\nB: 2\r\n");
    }

    #[test]
    fn forbidden_bytes_are_marked() {
        assert_repaired(
            b"A: \x01\0\x7f\r1\r\n \x1b\r\n",
            b"A: \xff\xff\xff\xff1\r\n \xff\r\n",
        );
    }

    #[test]
    fn line_that_is_no_header_is_part_of_a_link() {
        assert_repaired(b"A: 1\r\n<b>; rel=next\r\n", b"A: 1\r\nlink: <b>; rel=next\r\n");
        assert_repaired(b"A: 1\r\nLi\x01nk: <b>\r\n", b"A: 1\r\nlink: Li\xffnk: <b>\r\n");
        assert_repaired(b" Link: <b>\r\n", b"Link: <b>\r\n");
    }

    #[test]
    fn head_ends_with_an_empty_line() {
        let twice = b"HTTP/1.1 103 Early Hints\r\nA: \x01\r\n\r\nHTTP/1.1 200 OK\r\nA: \x01\r\n";
        let expected = b"HTTP/1.1 103 Early Hints\r\nA: \xff\r\n\r\nHTTP/1.1 200 OK\r\nA: \xff\r\n";
        assert_eq!(repaired(&[&twice[..], b"\r\n\x01\r\n"].concat()), expected);
        assert_eq!(repaired(&[&twice[..], b"\n\x01\r\n"].concat()), expected);
    }
}
