//! The rules that a customer breaks.

use std::fmt;

/// A rule that a customer breaks. Both parts are fixed texts of the mapping, so neither can hold a customer's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Violation {
    /// The source's name of the field, such as `address.zip`; of two fields, both.
    pub field: &'static str,
    /// What the field must be, such as `must be text`.
    pub rule: &'static str,
}

/// Written as `email: must be a valid e-mail address`.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, rule } = self;
        write!(f, "{field}: {rule}")
    }
}

/// All the rules that a customer breaks, in the order of the customer's fields; at least one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    pub fn iter(&self) -> impl Iterator<Item = Violation> {
        self.0.iter().copied()
    }

    /// Records a violation.
    ///
    /// # Returns
    /// [`Invalid`], to stand where the value would be.
    pub(super) fn add(&mut self, field: &'static str, rule: &'static str) -> Invalid {
        self.0.push(Violation { field, rule });
        Invalid(())
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, violation) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// There is no value, and the [`Violations`] say why: only [`Violations::add`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Invalid(());
