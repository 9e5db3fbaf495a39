//! The body of the dashboard (Amazon CloudWatch User Guide, "Dashboard body structure and syntax"), as far as
//! infra/monitoring.yaml uses it.

use serde_json::Value;

/// A widget, and its place on the grid of 24 columns.
#[derive(Debug, PartialEq)]
pub(crate) struct Widget {
    pub(crate) column: u32,
    pub(crate) row: u32,
    pub(crate) columns: u32,
    pub(crate) rows: u32,
    pub(crate) content: Content,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Content {
    Text(String),
    /// Alarms, by name.
    Alarms {
        title: String,
        names: Vec<String>,
    },
    /// Metrics over time.
    Chart {
        title: String,
        stacked: bool,
        lines: Vec<Line>,
    },
    /// One number for each metric.
    Numbers {
        title: String,
        /// The statistic of the whole time, not of the last period.
        of_all_time: bool,
        lines: Vec<Line>,
    },
}

/// A metric in a widget.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) namespace: String,
    pub(crate) metric: String,
    pub(crate) dimension: (String, String),
    /// `Sum`, `Average`, `Maximum`, or a percentile such as `p95`.
    pub(crate) stat: String,
    pub(crate) label: String,
    /// `#rrggbb`; `None` for a default of the console.
    pub(crate) color: Option<String>,
    /// Whether it uses the axis on the right.
    pub(crate) right: bool,
}

pub(crate) fn read(body: &Value) -> Vec<Widget> {
    let widgets = body.get("widgets").and_then(Value::as_array);
    widgets.into_iter().flatten().filter_map(widget).collect()
}

fn widget(widget: &Value) -> Option<Widget> {
    let number = |name: &str| u32::try_from(widget.get(name)?.as_u64()?).ok();
    let properties = widget.get("properties")?;
    let title = text(properties, "title");
    let lines = || {
        let rows = properties.get("metrics").and_then(Value::as_array);
        let rows = rows.into_iter().flatten();
        rows.filter_map(|row| line(row, &text(properties, "stat")))
            .collect()
    };
    let is = |name: &str| properties.get(name).and_then(Value::as_bool) == Some(true);
    let content = match widget.get("type")?.as_str()? {
        "text" => Content::Text(text(properties, "markdown")),
        "alarm" => Content::Alarms {
            title,
            names: names(properties),
        },
        "metric" if text(properties, "view") == "singleValue" => Content::Numbers {
            title,
            of_all_time: is("setPeriodToTimeRange"),
            lines: lines(),
        },
        "metric" => Content::Chart {
            title,
            stacked: is("stacked"),
            lines: lines(),
        },
        _ => return None,
    };
    Some(Widget {
        column: number("x")?,
        row: number("y")?,
        columns: number("width")?,
        rows: number("height")?,
        content,
    })
}

/// `["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "orders", {"label": "waiting"}]`
fn line(row: &Value, stat: &str) -> Option<Line> {
    let cell = |at: usize| Some(row.get(at)?.as_str()?.to_owned());
    let nothing = Value::Null;
    let options = row.get(4).unwrap_or(&nothing);
    let own_stat = text(options, "stat");
    Some(Line {
        namespace: cell(0)?,
        metric: cell(1)?,
        dimension: (cell(2)?, cell(3)?),
        stat: if own_stat.is_empty() {
            stat.to_owned()
        } else {
            own_stat
        },
        label: text(options, "label"),
        color: options.get("color").and_then(Value::as_str).map(str::to_owned),
        right: text(options, "yAxis") == "right",
    })
}

/// The names in the alarms' ARNs.
fn names(properties: &Value) -> Vec<String> {
    let arns = properties.get("alarms").and_then(Value::as_array);
    let arns = arns.into_iter().flatten().filter_map(Value::as_str);
    arns.filter_map(|arn| arn.rsplit(':').next().map(str::to_owned))
        .collect()
}

fn text(object: &Value, name: &str) -> String {
    object
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_widget_is_read() {
        let at = |kind: &str, properties: Value| json!({"type": kind, "x": 6, "y": 3, "width": 12, "height": 4, "properties": properties});
        let metrics = json!([["A", "m", "Stack", "s", {"label": "first", "color": "#010203"}],
                             ["A", "m", "Stack", "s", {"label": "second", "stat": "p95", "yAxis": "right"}]]);
        let body = json!({"widgets": [
            at("text", json!({"markdown": "# Hello"})),
            at("alarm", json!({"title": "Alarms", "alarms": ["arn:aws:cloudwatch:r:1:alarm:late"]})),
            at("metric", json!({"title": "T", "view": "timeSeries", "stacked": true, "stat": "Sum", "metrics": metrics})),
            at("metric", json!({"title": "N", "view": "singleValue", "setPeriodToTimeRange": true, "stat": "Sum"})),
        ]});
        let first = Line {
            namespace: "A".to_owned(),
            metric: "m".to_owned(),
            dimension: ("Stack".to_owned(), "s".to_owned()),
            stat: "Sum".to_owned(),
            label: "first".to_owned(),
            color: Some("#010203".to_owned()),
            right: false,
        };
        let second = Line {
            stat: "p95".to_owned(),
            label: "second".to_owned(),
            color: None,
            right: true,
            ..first.clone()
        };
        let contents = [
            Content::Text("# Hello".to_owned()),
            Content::Alarms {
                title: "Alarms".to_owned(),
                names: vec!["late".to_owned()],
            },
            Content::Chart {
                title: "T".to_owned(),
                stacked: true,
                lines: vec![first, second],
            },
            Content::Numbers {
                title: "N".to_owned(),
                of_all_time: true,
                lines: Vec::new(),
            },
        ];
        let widgets: Vec<Widget> = contents
            .into_iter()
            .map(|content| Widget {
                column: 6,
                row: 3,
                columns: 12,
                rows: 4,
                content,
            })
            .collect();
        assert_eq!(read(&body), widgets);
    }
}
