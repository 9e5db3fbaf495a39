//! What the functions print for CloudWatch to make metrics of, read as CloudWatch reads it.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::Validator;
use serde_json::{Map, Value};

/// The specification's own schema. What it says in words only is in [`faults`].
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../emf/schema.json")).expect("JSON");
    jsonschema::draft7::new(&schema).expect("a schema")
});

/// The metrics of `submit-orders` that each message received is in exactly one of.
pub const ENDS: [&str; 5] = [
    "OrdersDelivered",
    "OrdersDuplicate",
    "OrdersRejected",
    "OrdersRetried",
    "OrdersDeferred",
];

/// Where the lines go in place of standard output. Clones are the same one.
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
    /// What was printed so far.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The metrics in it: each line is found to be one that CloudWatch takes.
    #[must_use]
    pub fn metrics(&self) -> Vec<Line> {
        self.text()
            .lines()
            .map(|line| Line::parse(&serde_json::from_str(line).expect("JSON")))
            .collect()
    }
}

/// One line's metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The namespace.
    pub namespace: String,
    /// The value of the one dimension, `Stack`.
    pub stack: String,
    /// The invocation.
    pub request_id: String,
    /// Name and unit of each metric, in the order of their definition.
    pub metrics: Vec<(String, String)>,
    root: Map<String, Value>,
}

impl Line {
    /// When it was written, in milliseconds since 1970.
    #[must_use]
    pub fn timestamp_ms(&self) -> u64 {
        self.root["_aws"]["Timestamp"].as_u64().expect("a time")
    }

    /// Reads a line, and finds it to be as the specification wants it.
    #[must_use]
    pub fn parse(line: &Value) -> Self {
        let wrong = faults(line);
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

    /// The values of a metric: none where the line does not define it.
    #[must_use]
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

/// All values of a metric.
#[must_use]
pub fn values(lines: &[Line], metric: &str) -> Vec<f64> {
    lines.iter().flat_map(|line| line.values(metric)).collect()
}

/// A metric's sum, as CloudWatch's statistic of that name.
#[must_use]
pub fn sum(lines: &[Line], metric: &str) -> f64 {
    values(lines, metric).iter().sum()
}

/// What is wrong with a line: by the schema, and by what the specification says in words ("Metric definition object",
/// "Target members", "DimensionSet array").
#[must_use]
pub fn faults(line: &Value) -> Vec<String> {
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
