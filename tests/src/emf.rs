//! The functions' metrics in the embedded metric format, read as CloudWatch reads them.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::Validator;
use serde_json::{Map, Value};

/// The specification's schema. Its rules in prose are in [`violations`].
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../emf/schema.json")).expect("JSON");
    jsonschema::draft7::new(&schema).expect("a schema")
});

/// One metric for each verdict: `submit-orders` counts every message in exactly one of them.
pub const VERDICT_METRICS: [&str; 5] = [
    "OrdersDelivered",
    "OrdersDuplicate",
    "OrdersRejected",
    "OrdersRetried",
    "OrdersDeferred",
];

/// Takes the place of standard output. Clones share their content.
#[derive(Debug, Clone, Default)]
pub struct Console(Arc<Mutex<Vec<u8>>>);

impl io::Write for Console {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Console {
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The metrics of every line, each of which must be valid.
    pub fn metrics(&self) -> Vec<Line> {
        self.text()
            .lines()
            .map(|line| Line::parse(&serde_json::from_str(line).expect("JSON")))
            .collect()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub namespace: String,
    /// The value of the one dimension, `Stack`.
    pub stack: String,
    pub request_id: String,
    /// Name and unit of each metric, in the order of their definition.
    pub metrics: Vec<(String, String)>,
    root: Map<String, Value>,
}

impl Line {
    /// In milliseconds since 1970.
    pub fn timestamp_ms(&self) -> u64 {
        self.root["_aws"]["Timestamp"].as_u64().expect("a time")
    }

    /// Parses a line, which must be valid.
    pub fn parse(line: &Value) -> Self {
        let wrong = violations(line);
        assert_eq!(wrong, [] as [String; 0], "{line}");
        let root = line.as_object().expect("an object").clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let directives = root["_aws"]["CloudWatchMetrics"].as_array().expect("an array");
        assert_eq!(directives.len(), 1, "{line}");
        assert_eq!(directives[0]["Dimensions"], serde_json::json!([["Stack"]]));
        let definitions = directives[0]["Metrics"].as_array().into_iter().flatten();
        Self {
            namespace: text(&directives[0]["Namespace"]),
            stack: text(&root["Stack"]),
            request_id: text(&root["request_id"]),
            metrics: definitions
                .map(|metric| (text(&metric["Name"]), text(&metric["Unit"])))
                .collect(),
            root,
        }
    }

    /// None where the line does not define the metric.
    pub fn values(&self, metric: &str) -> Vec<f64> {
        if !self.metrics.iter().any(|(name, _)| name == metric) {
            return Vec::new();
        }
        match &self.root[metric] {
            Value::Array(values) => values.iter().filter_map(Value::as_f64).collect(),
            value => value.as_f64().into_iter().collect(),
        }
    }
}

pub fn values(lines: &[Line], metric: &str) -> Vec<f64> {
    lines.iter().flat_map(|line| line.values(metric)).collect()
}

/// CloudWatch's statistic `Sum`.
pub fn sum(lines: &[Line], metric: &str) -> f64 {
    values(lines, metric).iter().sum()
}

/// Violations of the schema and of the specification's rules in prose ("Metric definition object", "Target members",
/// "DimensionSet array").
pub fn violations(line: &Value) -> Vec<String> {
    let mut wrong: Vec<String> = SCHEMA.iter_errors(line).map(|error| error.to_string()).collect();
    if !wrong.is_empty() {
        return wrong;
    }
    for directive in line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten() {
        let metrics = directive["Metrics"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if metrics.is_empty() || metrics.len() > 100 {
            wrong.push(format!("{} metrics", metrics.len()));
        }
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap_or_default();
            let is_good = match &line[name] {
                Value::Array(values) => {
                    (1..=100).contains(&values.len()) && values.iter().all(Value::is_number)
                }
                value => value.is_number(),
            };
            if !is_good {
                wrong.push(format!("{name} is no number, nor 1 to 100 of them"));
            }
        }
        let sets = directive["Dimensions"].as_array().into_iter().flatten();
        for dimension in sets.flat_map(|set| set.as_array().into_iter().flatten()) {
            let value = line[dimension.as_str().unwrap_or_default()]
                .as_str()
                .unwrap_or_default();
            if !(1..=1024).contains(&value.len()) {
                wrong.push(format!("the dimension {dimension} has no value"));
            }
        }
    }
    wrong
}
