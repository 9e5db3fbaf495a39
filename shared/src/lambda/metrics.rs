//! Metrics as CloudWatch wants them: lines of the embedded metric format (EMF) on standard output, which
//! CloudWatch turns into metrics by itself (Amazon CloudWatch User Guide, "Specification: Embedded metric
//! format").
//!
//! An invocation keeps its own books and hands them over once, at its end: nothing here is global, and nothing is
//! counted twice.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, Serializer};

use crate::config::Variables;

/// The most values of one metric in one line (the specification's "Target members").
const VALUES_PER_LINE: usize = 100;

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    /// Its name. Dashboards and alarms depend on it.
    pub name: &'static str,
    /// What its values are measured in.
    pub unit: Unit,
}

/// The units in use, by CloudWatch's names (`MetricDatum`, Amazon CloudWatch API reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// So many.
    Count,
    /// Milliseconds.
    Milliseconds,
}

/// What an invocation has to say of a metric.
#[derive(Debug, Clone, Copy)]
pub enum MetricValue<'a> {
    /// One number.
    One(u64),
    /// As many samples as there are; none of them is lost.
    Samples(&'a [f64]),
}

/// Where the metrics are found in CloudWatch.
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
    /// A metric that counts.
    #[must_use]
    pub const fn count(name: &'static str) -> Self {
        let unit = Unit::Count;
        Self { name, unit }
    }

    /// A metric that measures milliseconds.
    #[must_use]
    pub const fn milliseconds(name: &'static str) -> Self {
        let unit = Unit::Milliseconds;
        Self { name, unit }
    }
}

impl<'a> MetricValue<'a> {
    /// What of it stands in the `nth` line, counted from 0.
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

/// What CloudWatch takes for a namespace, and for the value of a dimension as well (`MetricDatum` and `Dimension`,
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

    /// Writes what an invocation has to say, in one go: a line, and further lines for what samples are more than one
    /// can hold. They name the invocation, as its summary in the log does.
    ///
    /// They are no log lines: without a level they count as INFO, so a function whose log level is above that has no
    /// metrics.
    pub fn write(&self, request_id: &str, values: &[(Metric, MetricValue<'_>)]) {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
        let mut lines = Vec::new();
        for nth in 0.. {
            let parts = values
                .iter()
                .filter_map(|(metric, figure)| Some((*metric, figure.part(nth)?)));
            let values: Vec<(Metric, MetricValue<'_>)> = parts.collect();
            if values.is_empty() {
                break;
            }
            let line = self.line(timestamp, request_id, &values);
            // Into memory, and of numbers and strings: writing it cannot fail.
            lines.extend(serde_json::to_vec(&line).unwrap_or_default());
            lines.push(b'\n');
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writer.write_all(&lines).and_then(|()| writer.flush()) {
            tracing::warn!(reason = %error, "the metrics of an invocation could not be written");
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
        serializer.collect_map(self.0.iter().map(|(metric, figure)| (metric.name, figure)))
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
