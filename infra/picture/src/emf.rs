//! Metrics from a log, as CloudWatch Logs extracts them: lines of the embedded metric format (Amazon CloudWatch User
//! Guide, "Specification: Embedded metric format").

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The values of one metric in one line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Datum {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) dimensions: BTreeMap<String, String>,
    /// Since 1970.
    pub(crate) timestamp_ms: u64,
    pub(crate) values: Vec<f64>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "_aws")]
    metadata: Metadata,
    #[serde(flatten)]
    members: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    timestamp: u64,
    cloud_watch_metrics: Vec<Directive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: String,
    dimensions: Vec<Vec<String>>,
    metrics: Vec<Definition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: String,
    #[serde(default)]
    unit: Option<String>,
}

/// All data of a log, once for each set of dimensions. Lines without metrics are ignored.
pub(crate) fn data(log: &str) -> Vec<Datum> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok());
    lines.flat_map(|line| of_line(&line)).collect()
}

fn of_line(line: &Line) -> Vec<Datum> {
    let mut data = Vec::new();
    for directive in &line.metadata.cloud_watch_metrics {
        for dimensions in &directive.dimensions {
            for metric in &directive.metrics {
                let value =
                    |name: &String| Some((name.clone(), line.members.get(name)?.as_str()?.to_owned()));
                data.push(Datum {
                    namespace: directive.namespace.clone(),
                    name: metric.name.clone(),
                    unit: metric.unit.clone().unwrap_or_else(|| "None".to_owned()),
                    dimensions: dimensions.iter().filter_map(value).collect(),
                    timestamp_ms: line.metadata.timestamp,
                    values: line.members.get(&metric.name).map(numbers).unwrap_or_default(),
                });
            }
        }
    }
    data
}

/// A number, or an array of numbers.
fn numbers(value: &Value) -> Vec<f64> {
    let several = value.as_array().into_iter().flatten();
    several.chain([value]).filter_map(Value::as_f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_emf_lines_have_metrics() {
        let log = concat!(
            "2026-11-25 04:11:56 INFO [lambda] output:\n",
            r#"{"timestamp":"2026-11-25T04:11:56.092095Z","level":"INFO","message":"batch settled","received":3}"#,
            "\n",
            r#"{"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":[{"Namespace":"Orders","Dimensions":[["Stack"]],"#,
            r#""Metrics":[{"Name":"Delivered","Unit":"Count"},{"Name":"Latency","Unit":"Milliseconds"}]}]},"#,
            r#""Stack":"a","Delivered":3,"Latency":[1.5,20,7],"request_id":"x"}"#,
            "\n{\"_aws\": not JSON\n",
        );
        let datum = |name: &str, unit: &str, values: &[f64]| Datum {
            namespace: "Orders".to_owned(),
            name: name.to_owned(),
            unit: unit.to_owned(),
            dimensions: [("Stack".to_owned(), "a".to_owned())].into(),
            timestamp_ms: 1_574_109_732_004,
            values: values.to_vec(),
        };
        assert_eq!(
            data(log),
            [
                datum("Delivered", "Count", &[3.0]),
                datum("Latency", "Milliseconds", &[1.5, 20.0, 7.0])
            ]
        );
    }
}
