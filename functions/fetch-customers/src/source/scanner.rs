//! Finds the end of a JSON value by its brackets and strings alone, without checking that it is JSON.

use memchr::memchr2;

/// The position of the last byte among the brackets and strings of one value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanner {
    depth: usize,
    string: bool,
    escape: bool,
    /// The bracket that closes what holds the value: it ends a number or a word.
    closing: u8,
}

impl Scanner {
    /// For a value in an array (`closing` is `]`) or in an object (`}`).
    pub(super) const fn new(closing: u8) -> Self {
        Self {
            depth: 0,
            string: false,
            escape: false,
            closing,
        }
    }

    /// How many of `bytes` belong to the value, and whether it ends with them. `first`: it begins with them.
    pub(super) fn scan(&mut self, bytes: &[u8], first: bool) -> (usize, bool) {
        let mut at = 0;
        if first {
            match bytes.first() {
                Some(b'{' | b'[') => (at, self.depth) = (1, 1),
                Some(b'"') => (at, self.string) = (1, true),
                Some(_) | None => {}
            }
        }
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.escape {
                self.escape = false;
                at += 1;
                continue;
            }
            let found = if self.string {
                memchr2(b'"', b'\\', rest)
            } else if self.depth > 0 {
                rest.iter()
                    .position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))
            } else {
                // A number, or a word: it ends where something else begins.
                let ends =
                    |byte: &u8| matches!(byte, b',' | b' ' | b'\t' | b'\n' | b'\r') || *byte == self.closing;
                let end = rest.iter().position(ends);
                return end.map_or((bytes.len(), false), |end| (at + end, true));
            };
            let Some((found, byte)) = found.and_then(|found| Some((found, rest.get(found)?))) else {
                break;
            };
            at += found + 1;
            match byte {
                b'"' => self.string = !self.string,
                b'\\' => self.escape = true,
                b'{' | b'[' => self.depth += 1,
                _ => self.depth -= 1,
            }
            if self.depth == 0 && !self.string {
                return (at, true);
            }
        }
        (bytes.len(), false)
    }
}
