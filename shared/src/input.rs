//! The input of a function that a person invokes: a JSON object, with every problem in one error.

use std::{collections::BTreeMap, fmt};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The fields of an input. Each is read once; a field that is left at the end is unknown.
#[derive(Debug)]
pub struct Fields<'a> {
    left: BTreeMap<String, &'a RawValue>,
    problems: Vec<String>,
}

impl<'a> Fields<'a> {
    /// # Errors
    /// The input is not a JSON object: the only problem then.
    pub fn of(input: &'a RawValue) -> Result<Self, Vec<String>> {
        match serde_json::from_str(input.get()) {
            Ok(left) => Ok(Self {
                left,
                problems: Vec::new(),
            }),
            Err(_) => Err(vec!["it is not a JSON object".to_owned()]),
        }
    }

    /// Reads a field that must be there. `parse` returns `None` where the value breaks the `rule` ("must be …"), which is
    /// reported after the field's name. The value is not repeated.
    pub fn required<T>(
        &mut self,
        name: &str,
        rule: impl fmt::Display,
        parse: impl FnOnce(&RawValue) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.left.remove(name) else {
            self.problem(format!("{name} is missing"));
            return None;
        };
        let parsed = parse(value);
        if parsed.is_none() {
            self.problem(format!("{name} {rule}"));
        }
        parsed
    }

    /// Reads a field that may be left out or `null`: `None` then, and where it breaks the rule.
    pub fn optional<T>(
        &mut self,
        name: &str,
        rule: impl fmt::Display,
        parse: impl FnOnce(&RawValue) -> Option<T>,
    ) -> Option<T> {
        if self.has(name) {
            self.required(name, rule, parse)
        } else {
            self.left.remove(name);
            None
        }
    }

    /// Whether a field is there, is not `null`, and was not read yet.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|value| value.get() != "null")
    }

    /// Adds a problem, such as one of several fields together.
    pub fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// # Returns
    /// All problems, unknown fields included.
    #[must_use]
    pub fn finish(mut self) -> Vec<String> {
        let unknown = self.left.keys();
        self.problems
            .extend(unknown.map(|name| format!("the field {name:?} is not known")));
        self.problems
    }
}

/// Parses a JSON value; `None` where it has another type.
#[must_use]
pub fn value<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn valid_fields_are_read_without_problems() {
        let input = raw(r#"{"a": 1, "b": null, "c": "x"}"#);
        let mut fields = Fields::of(&input).unwrap();
        assert_eq!(
            (fields.has("a"), fields.has("b"), fields.has("d")),
            (true, false, false)
        );
        assert_eq!(fields.required("a", "must be a number", value::<u64>), Some(1));
        assert_eq!(fields.optional("b", "must be a number", value::<u64>), None);
        assert_eq!(
            fields.optional("c", "must be text", value::<String>),
            Some("x".to_owned())
        );
        assert_eq!(fields.optional("d", "must be a number", value::<u64>), None);
        assert_eq!(fields.finish(), [""; 0]);
    }

    #[test]
    fn all_problems_are_reported_in_order() {
        let input = raw(r#"{"a": "secret", "b": null, "e": 1}"#);
        let mut fields = Fields::of(&input).unwrap();
        assert_eq!(fields.required("a", "must be a number", value::<u64>), None);
        assert_eq!(fields.required("b", "must be a number", value::<u64>), None);
        assert_eq!(fields.required("c", "must be a number", value::<u64>), None);
        fields.problem("a and b exclude each other".to_owned());
        assert_eq!(
            fields.finish(),
            [
                "a must be a number",
                "b must be a number",
                "c is missing",
                "a and b exclude each other",
                "the field \"e\" is not known"
            ]
        );
    }

    #[test]
    fn input_that_is_no_object_is_invalid() {
        for input in ["[]", "null", r#""text""#, "1"] {
            assert_eq!(
                Fields::of(&raw(input)).unwrap_err(),
                ["it is not a JSON object"],
                "{input}"
            );
        }
    }
}
