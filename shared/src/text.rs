//! JSON text, read without a copy where it can be.

use std::{borrow::Cow, ops::Deref};

use serde::Deserialize;

/// A JSON string. It is a part of the JSON itself where it stands there without an escape, as most do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_an_escape_is_copied() {
        let text = |json| serde_json::from_str::<Text<'_>>(json).unwrap().0;
        assert!(matches!(text(r#""é x""#), Cow::Borrowed("é x")));
        assert!(matches!(text(r#""\u00e9 x""#), Cow::Owned(copy) if copy == "é x"));
    }
}
