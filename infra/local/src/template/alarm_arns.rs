//! ARNs of alarms, which MiniStack 1.5 forgets: an update of a nested stack drops the attributes of what did not change.

use serde_json::Value;

use super::visit::visit;

/// Writes `${Alarm.Arn}` as the text that it stands for, with the alarm's name, which MiniStack keeps.
pub(super) fn write(template: &mut Value) {
    let resources = template.get("Resources").and_then(Value::as_object);
    let alarms = resources.into_iter().flatten().filter(|(_, resource)| {
        resource.get("Type").and_then(Value::as_str) == Some("AWS::CloudWatch::Alarm")
    });
    let replacements: Vec<(String, String)> = alarms
        .map(|(id, _)| {
            let arn = format!(
                "arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:${{{id}}}"
            );
            (format!("${{{id}.Arn}}"), arn)
        })
        .collect();
    visit(template, &mut |value| {
        let text = match value.get_mut("Fn::Sub") {
            Some(Value::Array(parts)) => parts.first_mut(),
            other => other,
        };
        if let Some(Value::String(text)) = text {
            for (attribute, arn) in &replacements {
                *text = text.replace(attribute, arn);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arn_of_alarm_is_made_of_its_name() {
        let mut template = json!({
            "Resources": {
                "Late": {"Type": "AWS::CloudWatch::Alarm"},
                "Queue": {"Type": "AWS::SQS::Queue"},
                "Dashboard": {"Body": {"Fn::Sub": ["${More} ${Late.Arn}", {"More": {"Fn::Sub": "${Late.Arn} ${Queue.Arn}"}}]}},
            },
        });
        write(&mut template);
        let arn = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${Late}";
        assert_eq!(
            template.pointer("/Resources/Dashboard/Body"),
            Some(&json!({"Fn::Sub": [
                format!("${{More}} {arn}"),
                {"More": {"Fn::Sub": format!("{arn} ${{Queue.Arn}}")}},
            ]}))
        );
    }
}
