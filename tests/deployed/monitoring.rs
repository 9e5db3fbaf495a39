//! What watches the stack, as it is deployed. The local AWS has no composite alarms and none on metric math: it judges
//! the others by their thresholds.

use std::collections::{BTreeMap, BTreeSet};

use local_run::{LocalDeployment, STACK};
use sandbox::customers;
use serde_json::{Value, json};

use crate::harness::{date, on_the_deployed_stack, run};

/// By hand: the SDK's crate would take minutes to build.
async fn cloudwatch(stack: &LocalDeployment, action: &str, input: Value) -> Value {
    let http = shared::http::client().build().unwrap();
    let request = http
        .post(stack.aws_url())
        .header("x-amz-target", format!("GraniteServiceVersion20100801.{action}"))
        .header("content-type", "application/x-amz-json-1.0")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20240101/us-east-1/monitoring/aws4_request",
        )
        .body(input.to_string());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{action}");
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

/// Each alarm's state, by its name without the stack's.
async fn states(stack: &LocalDeployment) -> BTreeMap<String, String> {
    let answer = cloudwatch(stack, "DescribeAlarms", json!({})).await;
    let alarms = answer["MetricAlarms"].as_array().unwrap();
    let name = |alarm: &Value| {
        let name = alarm["AlarmName"].as_str().unwrap();
        name.strip_prefix(&format!("{STACK}-")).unwrap().to_owned()
    };
    let state = |alarm: &Value| alarm["StateValue"].as_str().unwrap().to_owned();
    alarms.iter().map(|alarm| (name(alarm), state(alarm))).collect()
}

#[test]
fn each_deployed_alarm_fires_at_its_condition() {
    // Namespace, metric, what is wrong, and whose it is: the local AWS looks at a metric's name alone.
    let metrics: [(&str, &str, f64, &[&str]); 8] = [
        (
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            1.0,
            &["dead-letters-visible", "failed-runs"],
        ),
        (
            "AWS/Scheduler",
            "InvocationsFailedToBeSentToDeadLetterCount",
            1.0,
            &["schedule-failed"],
        ),
        ("CustomerOrderSync", "RunCompleted", 0.0, &["no-completed-run"]),
        ("CustomerOrderSync", "OrdersRejected", 1.0, &["orders-rejected"]),
        (
            "CustomerOrderSync",
            "DestinationMisconfigured",
            1.0,
            &["misconfigured"],
        ),
        (
            "AWS/Lambda",
            "Errors",
            2.0,
            &["fetch-customers-errors", "submit-orders-errors"],
        ),
        (
            "AWS/Lambda",
            "Throttles",
            1.0,
            &["fetch-customers-throttled", "submit-orders-throttled"],
        ),
        (
            "AWS/Lambda",
            "Duration",
            890_001.0,
            &["fetch-customers-duration", "submit-orders-duration"],
        ),
    ];
    on_the_deployed_stack(async |stack| {
        run(stack, date("2024-06-01T06:00:00Z"), &customers::generate(3, 51)).await;
        for (namespace, metric, value, _) in metrics {
            let data =
                json!({"Namespace": namespace, "MetricData": [{"MetricName": metric, "Value": value}]});
            cloudwatch(stack, "PutMetricData", data).await;
        }
        let on = metrics.iter().flat_map(|(.., alarms)| *alarms);
        let on: BTreeMap<String, String> = on.map(|name| ((*name).to_owned(), "ALARM".to_owned())).collect();
        assert_eq!(states(stack).await, on);
    });
}

/// The values of a metric's dimensions, which come from the parameters of the nested stack.
fn watched(body: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut watched: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let widgets = body["widgets"].as_array().unwrap().iter();
    for row in widgets.flat_map(|widget| widget["properties"]["metrics"].as_array().into_iter().flatten()) {
        let [_, metric, dimension, value] = [0, 1, 2, 3].map(|at| row[at].as_str().unwrap());
        let label = row[4]["label"].as_str().unwrap();
        if dimension == "Stack" {
            watched
                .entry("Stack".to_owned())
                .or_default()
                .insert(value.to_owned());
        } else {
            watched
                .entry(format!("{metric}: {label}"))
                .or_default()
                .insert(value.to_owned());
        }
    }
    watched
}

#[test]
fn dashboard_shows_queues_and_functions_of_stack() {
    on_the_deployed_stack(async |stack| {
        run(stack, date("2024-06-02T06:00:00Z"), &customers::generate(3, 52)).await;
        let url = stack.output("DashboardUrl").unwrap();
        let name = url.rsplit('/').next().unwrap();
        assert_eq!(name, format!("{STACK}-us-east-1"));
        let answer = cloudwatch(stack, "GetDashboard", json!({"DashboardName": name})).await;
        let body: Value = serde_json::from_str(answer["DashboardBody"].as_str().unwrap()).unwrap();

        let last = |output, separator: char| {
            let value = stack.output(output).unwrap();
            BTreeSet::from([value.rsplit(separator).next().unwrap().to_owned()])
        };
        let watched = watched(&body);
        assert_eq!(watched["Stack"], BTreeSet::from([STACK.to_owned()]));
        let visible = "ApproximateNumberOfMessagesVisible";
        assert_eq!(
            watched[&format!("{visible}: waiting")],
            last("CustomerQueueUrl", '/')
        );
        assert_eq!(
            watched[&format!("{visible}: orders")],
            last("DeadLetterQueueUrl", '/')
        );
        assert_eq!(
            watched[&format!("{visible}: runs")],
            last("FailedRunsQueueUrl", '/')
        );
        assert_eq!(
            watched["Duration: fetch-customers"],
            last("FetchCustomersFunctionArn", ':')
        );
        assert_eq!(
            watched["Duration: submit-orders"],
            last("SubmitOrdersFunctionArn", ':')
        );
    });
}
