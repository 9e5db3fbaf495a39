//! JSON pointers (RFC 6901) to members of objects.

use std::fmt;

/// The names of the members, from the outermost object in; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// # Errors
    /// The rule that an invalid pointer breaks.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const RULE: &str = "must be a JSON pointer to a member, such as /data or /data/customers";
        let names = text.strip_prefix('/').ok_or(RULE)?.split('/');
        // `~` is an escape: `~1` is a slash, `~0` is `~` itself (§4).
        let name = |name: &str| {
            let escapes = name.split('~').skip(1);
            let is_valid = escapes
                .map(|rest| rest.bytes().next())
                .all(|byte| matches!(byte, Some(b'0' | b'1')));
            is_valid.then(|| name.replace("~1", "/").replace("~0", "~"))
        };
        names.map(name).collect::<Option<_>>().map(Self).ok_or(RULE)
    }

    pub(super) fn names(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |name: &String| name.replace('~', "~0").replace('/', "~1");
        self.0.iter().try_for_each(|name| write!(f, "/{}", escaped(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointer_names_members() {
        for (text, names) in [
            ("/data", &["data"][..]),
            ("/paging/next/link", &["paging", "next", "link"]),
            ("/@odata.nextLink", &["@odata.nextLink"]),
            ("/a~1b~0c~01", &["a/b~c~1"]),
            ("/", &[""]),
        ] {
            let pointer = Pointer::parse(text).unwrap();
            assert_eq!(pointer.names(), names, "{text}");
            assert_eq!(pointer.to_string(), text);
        }
        for text in ["", "data", "#/data", "/a~2", "/a~"] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }
}
