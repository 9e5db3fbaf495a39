//! Members of the object around a list.

use super::pointer::Pointer;

/// A member that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Captured {
    /// The object has no such member.
    #[default]
    Absent,
    /// Verbatim.
    Json(Vec<u8>),
    /// It is too long to be kept, or something on the way to it is no object.
    Unreadable,
}

impl Captured {
    /// Whether the member is absent, or what programs write for "none".
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Json(json) => is_nothing(json),
            Self::Unreadable => false,
        }
    }

    /// Whether the member has a value.
    pub(super) fn is_something(&self) -> bool {
        matches!(self, Self::Json(json) if !is_nothing(json))
    }
}

/// PHP writes an empty object as an empty list.
fn is_nothing(json: &[u8]) -> bool {
    let json: Vec<u8> = json
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    matches!(&*json, b"null" | b"false" | b"0" | b"\"\"" | b"[]" | b"{}")
}

/// Where the member is that a pointer names, seen from a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is this value.
    There,
    /// It would be inside, if this were an object.
    Inside,
    Elsewhere,
}

impl Place {
    /// `path` has the names of the value, from the outermost object in.
    pub(super) fn of(pointer: &Pointer, path: &[Option<String>]) -> Self {
        let names = pointer.names();
        let mut both = path.iter().map(Option::as_deref).zip(names);
        if names.len() < path.len() || !both.all(|(name, wanted)| name == Some(wanted)) {
            Self::Elsewhere
        } else if names.len() == path.len() {
            Self::There
        } else {
            Self::Inside
        }
    }
}
