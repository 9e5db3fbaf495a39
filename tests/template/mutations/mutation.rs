//! A mutation of a template, and the table that they are written in.

use serde_json::Value;

/// A template that breaks a rule, and how to get there. Each edit is a JSON pointer and the value there, `null` to remove
/// it.
pub(super) struct Mutation {
    pub(super) breaks: &'static str,
    pub(super) by: &'static str,
    pub(super) edits: Vec<(&'static str, Value)>,
}

/// Reads a table of mutations: `rule: "what is changed" { "/pointer": value, … }`.
macro_rules! mutations {
    ($($rule:ident: $by:literal { $($pointer:literal: $value:tt),+ $(,)? })+) => {
        vec![$($crate::mutations::mutation::Mutation {
            breaks: stringify!($rule),
            by: $by,
            edits: vec![$(($pointer, serde_json::json!($value))),+],
        }),+]
    };
}
pub(super) use mutations;
