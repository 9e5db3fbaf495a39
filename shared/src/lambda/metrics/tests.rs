use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::config::ConfigError;

const DONE: Metric = Metric::count("Done");
const TOOK: Metric = Metric::milliseconds("Took");

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn written(values: &[(Metric, MetricValue<'_>)]) -> Vec<Value> {
    let paper = Paper::default();
    let settings = Settings {
        namespace: "N".to_owned(),
        stack: "s".to_owned(),
    };
    Metrics::new(settings, paper.clone()).write("r-1", values);
    let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn line_has_metrics_units_and_values() {
    let mut lines = written(&[
        (DONE, MetricValue::One(0)),
        (TOOK, MetricValue::Samples(&[0.1, 20.0])),
    ]);
    let timestamp = lines[0]["_aws"]["Timestamp"].take();
    assert!(timestamp.as_u64().unwrap() > 1_700_000_000_000, "{timestamp}");
    assert_eq!(
        lines,
        [json!({
            "_aws": {"Timestamp": null, "CloudWatchMetrics": [{
                "Namespace": "N", "Dimensions": [["Stack"]],
                "Metrics": [{"Name": "Done", "Unit": "Count"}, {"Name": "Took", "Unit": "Milliseconds"}]
            }]},
            "Stack": "s", "request_id": "r-1", "Done": 0, "Took": [0.1, 20.0]
        })]
    );
}

#[test]
fn only_samples_continue_on_further_lines() {
    for (count, parts) in [
        (1, vec![1]),
        (100, vec![100]),
        (101, vec![100, 1]),
        (250, vec![100, 100, 50]),
    ] {
        let samples: Vec<f64> = (0..count).map(f64::from).collect();
        let lines = written(&[
            (TOOK, MetricValue::Samples(&samples)),
            (DONE, MetricValue::One(7)),
        ]);
        let part = |line: &Value| line["Took"].as_array().unwrap().len();
        assert_eq!(lines.iter().map(part).collect::<Vec<_>>(), parts);
        let all = lines.iter().flat_map(|line| line["Took"].as_array().unwrap());
        assert!(all.map(|value| value.as_f64().unwrap()).eq(samples));
        assert_eq!(lines.iter().filter(|line| line["Done"] == 7).count(), 1);
    }
}

#[test]
fn metric_without_samples_is_omitted() {
    let lines = written(&[(DONE, MetricValue::One(1)), (TOOK, MetricValue::Samples(&[]))]);
    assert_eq!(lines[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"], json!([DONE]));
    assert_eq!(lines[0].get("Took"), None);
    assert_eq!(written(&[(TOOK, MetricValue::Samples(&[]))]), [] as [Value; 0]);
}

fn read(namespace: &str, stack: &str) -> Result<Settings, ConfigError> {
    let lookup = |name: &str| Some(if name == "STACK_NAME" { stack } else { namespace }.to_owned());
    let mut variables = Variables::new(&lookup);
    let settings = Settings::read(&mut variables);
    variables.finish(|| Some(settings))
}

#[test]
fn settings_have_defaults_and_cloudwatchs_rules() {
    let defaults = read("", "").unwrap();
    assert_eq!(defaults.namespace, "CustomerOrderSync");
    assert_eq!(defaults.stack, "customer-order-sync");
    let set = read("Acme: Orders", "orders-prod").unwrap();
    assert_eq!((&*set.namespace, &*set.stack), ("Acme: Orders", "orders-prod"));
    for wrong in [":x", "AWS/Lambda", "ümlaut", " ", &"x".repeat(256)] {
        let error = read(wrong, "\n").unwrap_err().to_string();
        for name in ["METRICS_NAMESPACE must be ", "STACK_NAME must be "] {
            assert!(error.contains(name), "{error}");
        }
    }
}
