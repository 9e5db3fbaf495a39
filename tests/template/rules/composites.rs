//! Composite alarms, and which one suppresses which.

use serde_json::json;

use super::alarms::{alarms, children};
use super::ensure::ensure;
use integration_tests::template::Template;

pub(crate) fn composite_names_existing_alarms(template: &Template) -> Result<(), String> {
    let alarms = alarms(template)?;
    for composite in template.of_type("AWS::CloudWatch::CompositeAlarm")? {
        let children = children(composite);
        ensure!(!children.is_empty(), "{} names no alarm", composite.id);
        let suppressor = composite.target("/ActionsSuppressor")?.id;
        for child in children.into_iter().chain([suppressor]) {
            ensure!(
                alarms.iter().any(|alarm| alarm.id == child),
                "{} names {child}",
                composite.id
            );
        }
    }
    Ok(())
}

/// CloudWatch requires both if there is a suppressor.
pub(crate) fn composite_has_suppressor_periods(template: &Template) -> Result<(), String> {
    for composite in template.of_type("AWS::CloudWatch::CompositeAlarm")? {
        for period in [
            "/ActionsSuppressorWaitPeriod",
            "/ActionsSuppressorExtensionPeriod",
        ] {
            let secs = composite.number(period)?;
            ensure!(secs >= 60, "{}{period} is {secs} s", composite.id);
        }
    }
    Ok(())
}

pub(crate) fn destination_down_suppresses_its_consequences(template: &Template) -> Result<(), String> {
    let suppressed_by = |cause: &str| -> Result<Vec<&str>, String> {
        let composites = template.of_type("AWS::CloudWatch::CompositeAlarm")?.into_iter();
        let suppressed =
            composites.filter(|composite| composite.properties["ActionsSuppressor"] == json!({"Ref": cause}));
        Ok(suppressed.map(|composite| composite.id).collect())
    };
    let consequences = suppressed_by("DestinationDownAlarm")?;
    ensure!(
        consequences == ["BacklogNotDrainingAlarm", "DeadLettersAlarm"],
        "{consequences:?}"
    );
    // It is itself a consequence of a misconfiguration, which notifies at once.
    let consequences = suppressed_by("MisconfiguredAlarm")?;
    ensure!(consequences == ["DestinationDownAlarm"], "{consequences:?}");
    Ok(())
}
