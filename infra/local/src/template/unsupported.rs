//! Resources that MiniStack 1.5 does not support: one of them would make the whole stack roll back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::visit::visit;

const UNSUPPORTED_TYPES: [&str; 2] = ["AWS::CloudWatch::CompositeAlarm", "AWS::Logs::QueryDefinition"];

/// Removes them from the template. A reference to one of them is replaced by its logical id as text.
///
/// # Returns
/// What was removed and why, one line each.
pub(super) fn remove(template: &mut Value) -> Vec<String> {
    let mut removed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if let Some(resources) = template.get_mut("Resources").and_then(Value::as_object_mut) {
        resources.retain(|id, resource| match unsupported(resource) {
            Some(what) => {
                removed.entry(what).or_default().push(id.clone());
                false
            }
            None => true,
        });
    }
    let ids = removed.values().flatten();
    let ids: Vec<&str> = ids.map(String::as_str).collect();
    visit(template, &mut |value| replace_reference(value, &ids));
    let note = |(what, ids): (&String, &Vec<String>)| {
        format!(
            "not deployed, because MiniStack does not support {what}: {}",
            ids.join(", ")
        )
    };
    removed.iter().map(note).collect()
}

fn unsupported(resource: &Value) -> Option<String> {
    let kind = resource.get("Type").and_then(Value::as_str)?;
    if UNSUPPORTED_TYPES.contains(&kind) {
        return Some(kind.to_owned());
    }
    let has_math = resource.pointer("/Properties/Metrics").is_some();
    (kind == "AWS::CloudWatch::Alarm" && has_math).then(|| "alarms on metric math".to_owned())
}

/// Replaces a reference to a removed resource by its id.
fn replace_reference(value: &mut Value, removed: &[&str]) {
    let named = |value: &Value| {
        let first = value.get(0).unwrap_or(value).as_str()?;
        let id = first.split('.').next()?;
        removed.contains(&id).then(|| json!(id))
    };
    let reference = value.get("Ref").or_else(|| value.get("Fn::GetAtt"));
    if let Some(id) = reference.and_then(named) {
        *value = id;
        return;
    }
    match value.get_mut("Fn::Sub") {
        Some(Value::String(text)) => *text = without(text, removed),
        Some(Value::Array(parts)) => {
            if let Some(Value::String(text)) = parts.first_mut() {
                *text = without(text, removed);
            }
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {}
    }
    if let Some(others) = value.get_mut("DependsOn") {
        if let Some(list) = others.as_array_mut() {
            list.retain(|other| named(other).is_none());
        } else if named(others).is_some() {
            *others = json!([]);
        }
    }
}

/// `${Removed}` and `${Removed.Arn}` become `Removed`.
fn without(text: &str, removed: &[&str]) -> String {
    let mut parts = text.split("${");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let reference = part.split_once('}');
        let of_removed = reference.and_then(|(name, rest)| {
            let id = name.split('.').next()?;
            removed.contains(&id).then(|| format!("{id}{rest}"))
        });
        result.push_str(&of_removed.unwrap_or_else(|| format!("${{{part}")));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_resources_are_removed_and_named() {
        let mut template = json!({"Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Stories": {"Type": "AWS::Logs::QueryDefinition"},
            "Slowest": {"Type": "AWS::Logs::QueryDefinition"},
            "Down": {"Type": "AWS::CloudWatch::CompositeAlarm"},
            "Plain": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}},
            "Math": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": []}},
        }});
        let notes = remove(&mut template);
        assert_eq!(
            notes,
            [
                "not deployed, because MiniStack does not support AWS::CloudWatch::CompositeAlarm: Down",
                "not deployed, because MiniStack does not support AWS::Logs::QueryDefinition: Slowest, Stories",
                "not deployed, because MiniStack does not support alarms on metric math: Math",
            ]
        );
        let left: Vec<&String> = template["Resources"].as_object().unwrap().keys().collect();
        assert_eq!(left, ["Plain", "Queue"]);
    }

    #[test]
    fn reference_to_removed_resource_becomes_text() {
        let mut template = json!({
            "Resources": {
                "Down": {"Type": "AWS::CloudWatch::CompositeAlarm"},
                "Board": {"Type": "AWS::CloudWatch::Dashboard", "DependsOn": ["Down", "Queue"], "Properties": {
                    "Body": {"Fn::Sub": "\"${Down.Arn}\", ${Down}, ${Queue.Arn}, ${!Down}"},
                    "Other": {"Fn::Sub": ["${Down} ${X}", {"X": {"Ref": "Down"}}]},
                    "Arn": {"Fn::GetAtt": ["Down", "Arn"]},
                }},
                "Late": {"Type": "AWS::SQS::Queue", "DependsOn": "Down"},
            },
            "Outputs": {"Down": {"Value": {"Fn::GetAtt": "Down.Arn"}}, "Queue": {"Value": {"Ref": "Queue"}}},
        });
        remove(&mut template);
        assert_eq!(
            template,
            json!({
                "Resources": {
                    "Board": {"Type": "AWS::CloudWatch::Dashboard", "DependsOn": ["Queue"], "Properties": {
                        "Body": {"Fn::Sub": "\"Down\", Down, ${Queue.Arn}, ${!Down}"},
                        "Other": {"Fn::Sub": ["Down ${X}", {"X": "Down"}]},
                        "Arn": "Down",
                    }},
                    "Late": {"Type": "AWS::SQS::Queue", "DependsOn": []},
                },
                "Outputs": {"Down": {"Value": "Down"}, "Queue": {"Value": {"Ref": "Queue"}}},
            })
        );
    }
}
