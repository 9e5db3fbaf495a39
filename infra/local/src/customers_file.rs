//! The user's own customers: a file in the source's format.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use sandbox::Customers;
use serde_json::value::RawValue;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CustomersFileError {
    #[error("cannot read CUSTOMERS_FILE {path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error(
        "CUSTOMERS_FILE {path} must be a JSON array of customers, such as [{{\"{ID}\": \"123\", …}}]: {reason}; if it \
         is a page of a source that wraps its list, set SOURCE_ITEMS to where the list is, such as /data",
        ID = shared::mapping::customer::ID
    )]
    NotCustomers {
        path: PathBuf,
        reason: serde_json::Error,
    },
    #[error("CUSTOMERS_FILE {path} has nothing at {pointer} (SOURCE_ITEMS)")]
    NoList { path: PathBuf, pointer: String },
}

/// The customers of a file, verbatim. `items` is a JSON pointer to the list, if the file is not the list itself.
pub(crate) fn read(path: &Path, items: &str) -> Result<Vec<String>, CustomersFileError> {
    let json = std::fs::read(path).map_err(|source| CustomersFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let list = find(&json, items).ok_or_else(|| CustomersFileError::NoList {
        path: path.to_owned(),
        pointer: items.to_owned(),
    })?;
    match Customers::parse(list) {
        Ok(Customers::Given(elements)) => Ok(elements.to_vec()),
        Ok(Customers::MadeUp { .. } | Customers::Bytes(_)) => Ok(Vec::new()),
        Err(reason) => Err(CustomersFileError::NotCustomers {
            path: path.to_owned(),
            reason,
        }),
    }
}

/// The JSON at a pointer (RFC 6901) of object members, unparsed.
fn find<'a>(json: &'a [u8], pointer: &str) -> Option<&'a [u8]> {
    pointer.split('/').skip(1).try_fold(json, |json, name| {
        let members: HashMap<String, &RawValue> = serde_json::from_slice(json).ok()?;
        let name = name.replace("~1", "/").replace("~0", "~");
        Some(members.get(&name)?.get().as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(json: &str, items: &str) -> Result<Vec<String>, String> {
        let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        std::fs::write(file.path(), json).map_err(|error| error.to_string())?;
        read(file.path(), items).map_err(|error| error.to_string())
    }

    #[test]
    fn customers_are_read_verbatim() {
        let expected = Ok(vec!["{\"n\": 1.50}".to_owned(), "7".to_owned()]);
        assert_eq!(read_text(r#"[{"n": 1.50}, 7]"#, ""), expected);
        assert_eq!(
            read_text(
                r#"{"more": true, "a/b": {"data": [{"n": 1.50}, 7]}}"#,
                "/a~1b/data"
            ),
            expected
        );
    }

    #[test]
    fn file_without_the_list_is_an_error() {
        for (json, items, expected) in [
            (r#"{"data": []}"#, "", "must be a JSON array of customers"),
            (r#"{"data": {}}"#, "/data", "must be a JSON array of customers"),
            (
                r#"{"data": []}"#,
                "/items",
                "has nothing at /items (SOURCE_ITEMS)",
            ),
            ("[]", "/data", "has nothing at /data (SOURCE_ITEMS)"),
        ] {
            let error = read_text(json, items).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
