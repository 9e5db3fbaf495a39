//! Parameters that must be numbers, which MiniStack treats as text.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::visit::visit;

/// Properties that MiniStack 1.5 compares as numbers, but stores as the text of the parameter.
const NUMERIC_PROPERTIES: [&str; 1] = ["MaximumConcurrency"];

/// Replaces references to parameters by numbers: the value given, or the default.
///
/// # Returns
/// What was changed, one line each.
pub(super) fn write(template: &mut Value, parameters: &BTreeMap<String, String>) -> Vec<String> {
    let declared = template.get("Parameters").cloned().unwrap_or_default();
    let value_of = |name: &str| {
        let default = || {
            declared
                .get(name)
                .and_then(|parameter| parameter.get("Default"))
                .map(as_text)
        };
        parameters
            .get(name)
            .cloned()
            .or_else(default)?
            .parse::<u64>()
            .ok()
    };
    let mut notes = Vec::new();
    if let Some(resources) = template.get_mut("Resources") {
        visit(resources, &mut |object| {
            for property in NUMERIC_PROPERTIES {
                let Some(value) = object.get_mut(property) else {
                    continue;
                };
                let reference = value.get("Ref").and_then(Value::as_str);
                let Some(number) = reference.and_then(value_of) else {
                    continue;
                };
                *value = json!(number);
                notes.push(format!(
                    "{property} is deployed as the number {number}, because MiniStack treats a parameter as text"
                ));
            }
        });
    }
    notes
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_the_parameter_or_its_default() {
        let template = json!({
            "Parameters": {"Most": {"Type": "Number", "Default": 10}},
            "Resources": {"Mapping": {"Properties": [{"MaximumConcurrency": {"Ref": "Most"}}]}},
        });
        for (given, number) in [(None, 10), (Some("3"), 3)] {
            let parameters = given
                .map(|value| ("Most".to_owned(), value.to_owned()))
                .into_iter()
                .collect();
            let mut template = template.clone();
            assert_eq!(write(&mut template, &parameters).len(), 1);
            let written = template.pointer("/Resources/Mapping/Properties/0/MaximumConcurrency");
            assert_eq!(written, Some(&json!(number)));
        }
    }
}
