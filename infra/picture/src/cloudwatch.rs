//! CloudWatch of the local AWS: data in, statistics out. Without the SDK, whose crate would take minutes to build.

use std::error::Error;

use serde_json::{Value, json};

use crate::emf::Datum;
use crate::widgets::Line;

/// How many data one call may hold (`PutMetricData`).
const DATA: usize = 1000;

/// A metric's values: seconds since the start, and the statistic of the period that begins then.
pub(crate) type Series = Vec<(f64, f64)>;

/// CloudWatch, and the time range of its statistics.
pub(crate) struct CloudWatch {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    /// Seconds since 1970: a multiple of the period.
    pub(crate) start: u64,
    /// Seconds since 1970: the first one after the range.
    pub(crate) end: u64,
}

impl CloudWatch {
    pub(crate) async fn dashboard(&self, name: &str) -> Result<Value, Box<dyn Error>> {
        let answer = self.call("GetDashboard", json!({"DashboardName": name})).await?;
        let body = answer.get("DashboardBody").and_then(Value::as_str);
        Ok(serde_json::from_str(body.unwrap_or_default())?)
    }

    /// Stores data of any namespace, those of AWS included.
    pub(crate) async fn put(&self, data: &[Datum]) -> Result<(), Box<dyn Error>> {
        for same in data.chunk_by(|one, other| one.namespace == other.namespace) {
            for some in same.chunks(DATA) {
                let namespace = some.first().map(|datum| &datum.namespace);
                let data: Vec<Value> = some
                    .iter()
                    .filter(|datum| !datum.values.is_empty())
                    .map(json_of)
                    .collect();
                self.call(
                    "PutMetricData",
                    json!({"Namespace": namespace, "MetricData": data}),
                )
                .await?;
            }
        }
        Ok(())
    }

    /// The statistic of a metric, for each period that has data.
    pub(crate) async fn series(&self, line: &Line, period_secs: u64) -> Result<Series, Box<dyn Error>> {
        let (dimension, value) = &line.dimension;
        let metric = json!({"Namespace": line.namespace, "MetricName": line.metric,
                            "Dimensions": [{"Name": dimension, "Value": value}]});
        let query =
            json!({"Id": "m", "MetricStat": {"Metric": metric, "Period": period_secs, "Stat": line.stat}});
        let input = json!({"StartTime": self.start, "EndTime": self.end, "MetricDataQueries": [query]});
        let answer = self.call("GetMetricData", input).await?;
        let list = |name: &str| {
            let values = answer.pointer(&format!("/MetricDataResults/0/{name}"));
            values.and_then(Value::as_array).cloned().unwrap_or_default()
        };
        // Seconds since 1970, as the JSON protocol has it.
        let start = f64::from(u32::try_from(self.start)?);
        let since = |time: &Value| time.as_f64().map(|time| time - start);
        let values = list("Values");
        let values = values.iter().filter_map(Value::as_f64);
        Ok(list("Timestamps").iter().filter_map(since).zip(values).collect())
    }

    async fn call(&self, action: &str, input: Value) -> Result<Value, Box<dyn Error>> {
        let request = self
            .http
            .post(&self.url)
            .header("x-amz-target", format!("GraniteServiceVersion20100801.{action}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20240101/us-east-1/monitoring/aws4_request",
            )
            .body(input.to_string());
        let answer = request.send().await?.error_for_status()?;
        let text = answer.text().await?;
        Ok(if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)?
        })
    }
}

fn json_of(datum: &Datum) -> Value {
    let dimensions: Vec<Value> = datum
        .dimensions
        .iter()
        .map(|(name, value)| json!({"Name": name, "Value": value}))
        .collect();
    json!({"MetricName": datum.name, "Dimensions": dimensions, "Unit": datum.unit, "Values": datum.values,
           "Timestamp": datum.timestamp_ms / 1000})
}
