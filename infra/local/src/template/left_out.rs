//! Resources that MiniStack 1.5 does not know: one of them would make the whole stack roll back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::visit;

const UNKNOWN_TYPES: [&str; 2] = ["AWS::CloudWatch::CompositeAlarm", "AWS::Logs::QueryDefinition"];

/// Takes them out of the template. Where another resource or an output names one of them, its logical id is left as text.
///
/// # Returns
/// What was left out and why, a line for a person each.
pub(super) fn take_out(template: &mut Value) -> Vec<String> {
    let mut left_out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if let Some(resources) = template.get_mut("Resources").and_then(Value::as_object_mut) {
        resources.retain(|id, resource| match unknown(resource) {
            Some(what) => {
                left_out.entry(what).or_default().push(id.clone());
                false
            }
            None => true,
        });
    }
    let ids = left_out.values().flatten();
    let ids: Vec<&str> = ids.map(String::as_str).collect();
    visit(template, &mut |value| forget(value, &ids));
    let note = |(what, ids): (&String, &Vec<String>)| {
        format!("left out: {}, since MiniStack has no {what}", ids.join(", "))
    };
    left_out.iter().map(note).collect()
}

fn unknown(resource: &Value) -> Option<String> {
    let kind = resource.get("Type").and_then(Value::as_str)?;
    if UNKNOWN_TYPES.contains(&kind) {
        return Some(kind.to_owned());
    }
    let has_math = resource.pointer("/Properties/Metrics").is_some();
    (kind == "AWS::CloudWatch::Alarm" && has_math).then(|| "alarms on metric math".to_owned())
}

/// Puts the id of what is gone in the place of what referred to it.
fn forget(value: &mut Value, gone: &[&str]) {
    let named = |value: &Value| {
        let first = value.get(0).unwrap_or(value).as_str()?;
        let id = first.split('.').next()?;
        gone.contains(&id).then(|| json!(id))
    };
    let reference = value.get("Ref").or_else(|| value.get("Fn::GetAtt"));
    if let Some(id) = reference.and_then(named) {
        *value = id;
        return;
    }
    match value.get_mut("Fn::Sub") {
        Some(Value::String(text)) => *text = without(text, gone),
        Some(Value::Array(parts)) => {
            if let Some(Value::String(text)) = parts.first_mut() {
                *text = without(text, gone);
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

/// `${Gone}` and `${Gone.Arn}` become `Gone`.
fn without(text: &str, gone: &[&str]) -> String {
    let mut parts = text.split("${");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let reference = part.split_once('}');
        let of_gone = reference.and_then(|(name, rest)| {
            let id = name.split('.').next()?;
            gone.contains(&id).then(|| format!("{id}{rest}"))
        });
        result.push_str(&of_gone.unwrap_or_else(|| format!("${{{part}")));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ministack_does_not_know_is_left_out_and_named() {
        let mut template = json!({"Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Stories": {"Type": "AWS::Logs::QueryDefinition"},
            "Slowest": {"Type": "AWS::Logs::QueryDefinition"},
            "Down": {"Type": "AWS::CloudWatch::CompositeAlarm"},
            "Plain": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}},
            "Math": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": []}},
        }});
        let notes = take_out(&mut template);
        assert_eq!(
            notes,
            [
                "left out: Down, since MiniStack has no AWS::CloudWatch::CompositeAlarm",
                "left out: Slowest, Stories, since MiniStack has no AWS::Logs::QueryDefinition",
                "left out: Math, since MiniStack has no alarms on metric math",
            ]
        );
        let left: Vec<&String> = template["Resources"].as_object().unwrap().keys().collect();
        assert_eq!(left, ["Plain", "Queue"]);
    }

    #[test]
    fn what_referred_to_it_has_its_id_as_text() {
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
        take_out(&mut template);
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
