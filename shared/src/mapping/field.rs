//! A field of the customer, and the rules that any field may have to follow.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::violations::{Invalid, Violations};
use crate::{
    fields::{self, InvalidObject},
    text::Text,
};

/// A field of the source's customer, unparsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    /// Where it is in the customer, such as `address.zip`. The last part is its name in the JSON.
    pub(super) path: &'static str,
    /// `None` where it is absent or null.
    pub(super) json: Option<&'a RawValue>,
}

impl<'a> Field<'a> {
    /// Finds the fields with these paths in the object that they are all a part of.
    pub(super) fn find<const N: usize>(
        object: &'a RawValue,
        paths: [&'static str; N],
    ) -> Result<[Self; N], InvalidObject> {
        let names = paths.map(|path| path.rsplit('.').next().unwrap_or(path));
        let mut values = fields::fields(object.get(), names)?.into_iter();
        Ok(paths.map(|path| Self {
            path,
            json: values.next().flatten().filter(|json| json.get() != "null"),
        }))
    }

    /// Text, trimmed; `None` where it is absent or blank.
    pub(super) fn optional_text(&self, violations: &mut Violations) -> Result<Option<Cow<'a, str>>, Invalid> {
        let Some(json) = self.json else {
            return Ok(None);
        };
        let Ok(Text(text)) = serde_json::from_str(json.get()) else {
            return Err(violations.add(self.path, "must be text"));
        };
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        Ok((!text.is_empty()).then_some(text))
    }

    /// Text, trimmed and not blank.
    pub(super) fn required_text(&self, violations: &mut Violations) -> Result<Cow<'a, str>, Invalid> {
        self.optional_text(violations)?
            .ok_or_else(|| violations.add(self.path, "required, and not blank"))
    }
}
