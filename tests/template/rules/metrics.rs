//! Every metric that an alarm or the dashboard names is published by the functions or by AWS.

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::Value;

use super::dashboard::widgets;
use super::ensure::ensure;
use integration_tests::template::Template;

/// The functions' own metrics.
static OURS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let all = fetch_customers::stats::metric::ALL.iter();
    let all = all.chain(&submit_orders::handler::stats::metric::ALL);
    all.map(|metric| metric.name).collect()
});

/// AWS's own, as far as they are used: namespace, dimension, and the metrics that are published with it alone.
const BY_AWS: [(&str, &str, &[&str]); 4] = [
    (
        // Amazon SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
        "AWS/SQS",
        "QueueName",
        &[
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesVisible",
            "NumberOfMessagesDeleted",
            "NumberOfMessagesReceived",
        ],
    ),
    (
        // AWS Lambda Developer Guide, "Types of metrics for Lambda functions".
        "AWS/Lambda",
        "FunctionName",
        &[
            "ConcurrentExecutions",
            "Duration",
            "Errors",
            "Invocations",
            "Throttles",
        ],
    ),
    (
        // EventBridge Scheduler User Guide, "Monitoring Amazon EventBridge Scheduler with Amazon CloudWatch".
        "AWS/Scheduler",
        "ScheduleGroup",
        &["InvocationsFailedToBeSentToDeadLetterCount"],
    ),
    (
        // CloudWatch Logs User Guide, "Monitoring usage with CloudWatch metrics".
        "AWS/Logs",
        "LogGroupName",
        &["EMFParsingErrors", "EMFValidationErrors"],
    ),
];

/// A metric as an alarm or a widget names it: namespace, name, and dimensions.
type Named = (String, String, Vec<String>);

fn of_alarms(template: &Template) -> Result<Vec<Named>, String> {
    let mut named = Vec::new();
    for alarm in template.of_type("AWS::CloudWatch::Alarm")? {
        let queries = alarm.properties["Metrics"].as_array().into_iter().flatten();
        let of_queries = queries.filter_map(|query| query.pointer("/MetricStat/Metric"));
        for metric in of_queries.chain(alarm.properties.get("MetricName").map(|_| alarm.properties)) {
            let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
            let names = dimensions.map(|dimension| text(&dimension["Name"])).collect();
            named.push((text(&metric["Namespace"]), text(&metric["MetricName"]), names));
        }
    }
    Ok(named)
}

fn of_widgets(template: &Template) -> Result<Vec<Named>, String> {
    let mut named = Vec::new();
    for widget in widgets(template)? {
        let rows = widget["properties"]["metrics"].as_array().cloned();
        for row in rows.into_iter().flatten() {
            let cells: Vec<String> = row
                .as_array()
                .into_iter()
                .flatten()
                .filter(|cell| cell.is_string())
                .map(text)
                .collect();
            let [namespace, name, dimensions @ ..] = &cells[..] else {
                return Err(format!("{row} names no metric"));
            };
            let names = dimensions.iter().step_by(2).cloned().collect();
            named.push((namespace.clone(), name.clone(), names));
        }
    }
    Ok(named)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(crate) fn every_metric_is_published(template: &Template) -> Result<(), String> {
    let (of_alarms, of_widgets) = (of_alarms(template)?, of_widgets(template)?);
    ensure!(
        !of_alarms.is_empty() && !of_widgets.is_empty(),
        "there are no metrics"
    );
    for (namespace, name, dimensions) in of_alarms.into_iter().chain(of_widgets) {
        let by_aws = BY_AWS.iter().any(|(space, dimension, names)| {
            *space == namespace && names.contains(&name.as_str()) && dimensions == [*dimension]
        });
        let by_us =
            namespace == "CustomerOrderSync" && OURS.contains(&name.as_str()) && dimensions == ["Stack"];
        ensure!(
            by_aws || by_us,
            "{namespace} {name} is not published by {dimensions:?}"
        );
    }
    Ok(())
}

/// The expression names each metric that is fetched for it, and no other; it alone is compared.
pub(crate) fn expression_uses_every_metric(template: &Template) -> Result<(), String> {
    for alarm in template.of_type("AWS::CloudWatch::Alarm")? {
        let Some(queries) = alarm.properties["Metrics"].as_array() else {
            continue;
        };
        let (compared, fetched): (Vec<_>, Vec<_>) =
            queries.iter().partition(|query| query["ReturnData"] != false);
        let [compared] = compared[..] else {
            return Err(format!("{} compares {compared:?}", alarm.id));
        };
        let expression = text(&compared["Expression"]);
        let used: BTreeSet<&str> = expression
            .split(|letter: char| !letter.is_ascii_alphabetic())
            .filter(|word| !word.is_empty())
            .collect();
        let ids: BTreeSet<&str> = fetched.iter().filter_map(|query| query["Id"].as_str()).collect();
        ensure!(used == ids, "{} fetches {ids:?} for {expression}", alarm.id);
    }
    Ok(())
}
