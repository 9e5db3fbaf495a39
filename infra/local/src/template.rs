//! What of the built template the local AWS cannot do. The template itself knows nothing of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::error::Error;

/// Resource types that MiniStack 1.5 does not know: one of them would make the whole stack roll back.
const UNKNOWN_TYPES: [&str; 2] = ["AWS::CloudWatch::CompositeAlarm", "AWS::Logs::QueryDefinition"];

/// Properties that MiniStack 1.5 compares as numbers, but keeps as the text that a parameter is.
const NUMBERS: [&str; 1] = ["MaximumConcurrency"];

/// A template that can be deployed locally.
#[derive(Debug)]
pub(crate) struct LocalTemplate {
    /// The file.
    pub(crate) path: PathBuf,
    /// What was changed, a line for a person each.
    pub(crate) notes: Vec<String>,
}

/// Writes the template that is deployed locally to `path`: the built one, less what MiniStack cannot do.
pub(crate) fn adapt(
    built: &Path,
    path: PathBuf,
    parameters: &BTreeMap<String, String>,
) -> Result<LocalTemplate, Error> {
    let unreadable = |reason: String| Error::Template {
        path: built.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(built).map_err(Error::io(format!("read {}", built.display())))?;
    let mut template: Value = serde_saphyr::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    let mut notes = leave_out_unknown(&mut template);
    notes.extend(write_numbers(&mut template, parameters));
    make_absolute(&mut template, built.parent().unwrap_or(Path::new("/")));
    let text = serde_json::to_vec_pretty(&template).map_err(|error| unreadable(error.to_string()))?;
    std::fs::write(&path, text).map_err(Error::io(format!("write {}", path.display())))?;
    Ok(LocalTemplate { path, notes })
}

fn leave_out_unknown(template: &mut Value) -> Vec<String> {
    let Some(resources) = template.get_mut("Resources").and_then(Value::as_object_mut) else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    resources.retain(|name, resource| {
        let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
        let known = !UNKNOWN_TYPES.contains(&kind);
        if !known {
            notes.push(format!("{name} is left out: MiniStack has no {kind}"));
        }
        known
    });
    notes
}

fn write_numbers(template: &mut Value, parameters: &BTreeMap<String, String>) -> Vec<String> {
    let declared = template
        .get("Parameters")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
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
            for property in NUMBERS {
                let Some(value) = object.get_mut(property) else {
                    continue;
                };
                let reference = value.get("Ref").and_then(Value::as_str);
                let Some(number) = reference.and_then(value_of) else {
                    continue;
                };
                *value = json!(number);
                notes.push(format!(
                    "{property} is written as the number {number}: MiniStack takes a parameter for text"
                ));
            }
        });
    }
    notes
}

/// The built template's paths are relative to itself.
fn make_absolute(template: &mut Value, folder: &Path) {
    visit(template, &mut |object| {
        if let Some(Value::String(artifact)) = object.get_mut("CodeUri") {
            *artifact = folder.join(&*artifact).display().to_string();
        }
    });
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn visit(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    if let Some(object) = value.as_object_mut() {
        change(object);
        object.values_mut().for_each(|value| visit(value, change));
    } else if let Some(array) = value.as_array_mut() {
        array.iter_mut().for_each(|value| visit(value, change));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ministack_does_not_know_is_left_out_and_named() {
        let mut template = json!({"Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Query": {"Type": "AWS::Logs::QueryDefinition"},
        }});
        let notes = leave_out_unknown(&mut template);
        assert_eq!(
            notes,
            ["Query is left out: MiniStack has no AWS::Logs::QueryDefinition"]
        );
        assert_eq!(
            template,
            json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
        );
    }

    #[test]
    fn a_number_is_that_of_the_parameter_or_its_default() {
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
            assert_eq!(write_numbers(&mut template, &parameters).len(), 1);
            let written = template.pointer("/Resources/Mapping/Properties/0/MaximumConcurrency");
            assert_eq!(written, Some(&json!(number)));
        }
    }
}
