//! Metrics: lines in the embedded metric format (EMF) on standard output, which CloudWatch turns into metrics (Amazon
//! CloudWatch User Guide, "Specification: Embedded metric format").
//!
//! An invocation has its own statistics and writes them once, at its end: nothing here is global, and nothing is counted
//! twice.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, Serializer};

use crate::{clock::millis, config::Variables};

/// The maximum number of values of one metric in one line (the specification's "Target members").
const VALUES_PER_LINE: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    /// Dashboards and alarms depend on it.
    pub name: &'static str,
    pub unit: Unit,
}

/// The units in use, by CloudWatch's names (`MetricDatum`, Amazon CloudWatch API reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    Count,
    Milliseconds,
}

/// The value of a metric in one invocation.
#[derive(Debug, Clone, Copy)]
pub enum MetricValue<'a> {
    One(u64),
    /// All of them are written, on as many lines as they need.
    Samples(&'a [f64]),
}

/// Namespace and dimension of the metrics in CloudWatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `METRICS_NAMESPACE`: `CustomerOrderSync` by default.
    pub namespace: String,
    /// `STACK_NAME`: the value of their one dimension, `Stack`; `customer-order-sync` by default.
    pub stack: String,
}

/// Writes the metrics of invocations.
pub struct Metrics {
    settings: Settings,
    writer: Mutex<Box<dyn Write + Send>>,
}

impl Metric {
    pub const fn count(name: &'static str) -> Self {
        let unit = Unit::Count;
        Self { name, unit }
    }

    pub const fn milliseconds(name: &'static str) -> Self {
        let unit = Unit::Milliseconds;
        Self { name, unit }
    }
}

impl<'a> MetricValue<'a> {
    /// The part of it that is in the `nth` line, counted from 0.
    fn part(self, nth: usize) -> Option<Self> {
        match self {
            Self::One(_) => (nth == 0).then_some(self),
            Self::Samples(samples) => samples.chunks(VALUES_PER_LINE).nth(nth).map(Self::Samples),
        }
    }
}

impl Settings {
    /// Reads `METRICS_NAMESPACE` and `STACK_NAME`, which have defaults.
    pub fn read(variables: &mut Variables<'_>) -> Self {
        let namespace = variables.optional("METRICS_NAMESPACE", name);
        let stack = variables.optional("STACK_NAME", name);
        Self {
            namespace: namespace.unwrap_or_else(|| "CustomerOrderSync".to_owned()),
            stack: stack.unwrap_or_else(|| "customer-order-sync".to_owned()),
        }
    }
}

/// What CloudWatch accepts as a namespace, and as the value of a dimension (`MetricDatum` and `Dimension`,
/// Amazon CloudWatch API reference).
fn name(value: &str) -> Result<String, &'static str> {
    const RULE: &str =
        "must be at most 255 letters, digits, blanks or characters of ._-/#: and not begin with : or AWS/";
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-/#:".contains(c);
    let reserved = value.starts_with(':') || value.starts_with("AWS/");
    if value.trim() == value && value.len() <= 255 && value.chars().all(allowed) && !reserved {
        Ok(value.to_owned())
    } else {
        Err(RULE)
    }
}

impl Metrics {
    /// Writes to `writer`: in Lambda, standard output.
    pub fn new(settings: Settings, writer: impl Write + Send + 'static) -> Self {
        let writer: Box<dyn Write + Send> = Box::new(writer);
        Self {
            settings,
            writer: Mutex::new(writer),
        }
    }

    /// Writes the metrics of an invocation: a line, and further lines for samples beyond the limit of one line. They
    /// contain the request id, as the summary in the log does.
    ///
    /// They are not log lines: without a level they count as INFO, so a function with a log level above that has no metrics.
    pub fn write(&self, request_id: &str, values: &[(Metric, MetricValue<'_>)]) {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp = millis(since_1970);
        let mut lines = Vec::new();
        for nth in 0.. {
            let parts = values
                .iter()
                .filter_map(|(metric, value)| Some((*metric, value.part(nth)?)));
            let values: Vec<(Metric, MetricValue<'_>)> = parts.collect();
            if values.is_empty() {
                break;
            }
            let line = self.line(timestamp, request_id, &values);
            // Numbers and strings, into memory: this cannot fail.
            lines.extend(serde_json::to_vec(&line).unwrap_or_default());
            lines.push(b'\n');
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writer.write_all(&lines).and_then(|()| writer.flush()) {
            tracing::warn!(
                event = "metrics_not_written",
                detail = %error,
                "the metrics of the invocation could not be written"
            );
        }
    }

    fn line<'a>(
        &'a self,
        timestamp: u64,
        request_id: &'a str,
        values: &'a [(Metric, MetricValue<'a>)],
    ) -> Line<'a> {
        let directive = Directive {
            namespace: &self.settings.namespace,
            dimensions: [["Stack"]],
            metrics: values.iter().map(|(metric, _)| *metric).collect(),
        };
        Line {
            metadata: Metadata {
                timestamp,
                cloud_watch_metrics: [directive],
            },
            stack: &self.settings.stack,
            request_id,
            values: Values(values),
        }
    }
}

/// The specification's root node.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "_aws")]
    metadata: Metadata<'a>,
    #[serde(rename = "Stack")]
    stack: &'a str,
    request_id: &'a str,
    #[serde(flatten)]
    values: Values<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    timestamp: u64,
    cloud_watch_metrics: [Directive<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: [[&'static str; 1]; 1],
    metrics: Vec<Metric>,
}

struct Values<'a>(&'a [(Metric, MetricValue<'a>)]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(metric, value)| (metric.name, value)))
    }
}

impl Serialize for MetricValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(number) => number.serialize(serializer),
            Self::Samples(samples) => samples.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests;
