//! Log lines in the format that CloudWatch and Lambda expect.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    filter::Targets,
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
};

use crate::{
    config::{Variables, environment, flag},
    text::{MAX_LINE, one_line},
};

/// The crates whose lines are logged from the configured level on. Lines of other crates below WARN may contain whole
/// requests, and with them credentials and personal data.
const OURS: [&str; 4] = ["shared", "fetch_customers", "redrive_orders", "submit_orders"];

/// Reads `LOG_CUSTOMER_IDS`: whether customer ids are logged. They are by default.
pub fn read_customer_ids(variables: &mut Variables<'_>) -> bool {
    variables.optional("LOG_CUSTOMER_IDS", flag).unwrap_or(true)
}

/// Sends every `tracing` event to standard output as one JSON line; see [`subscriber`].
///
/// The level is `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the function's logging configuration, or else INFO.
pub fn init(customer_ids: bool) {
    let level = environment("AWS_LAMBDA_LOG_LEVEL").unwrap_or_default();
    let subscriber = subscriber(&level, customer_ids, std::io::stdout);
    // It fails only if there is a subscriber already, which is a test's own.
    let _ = tracing::subscriber::set_global_default(subscriber);
    // The default hook prints the panic's message, which may quote a customer.
    std::panic::set_hook(Box::new(|info| {
        let location = info.location().map(tracing::field::display);
        tracing::error!(
            event = "panicked",
            location,
            "the code panicked: this is a bug, please report it"
        );
    }));
}

/// Writes each event as one JSON line, with `timestamp` (RFC 3339), `level`, `message` and the event's fields side
/// by side. Lambda treats a line without `level` and `timestamp` as INFO when it filters by level. Each text has at most
/// [`MAX_LINE`] characters.
///
/// `level` is the lowest level that is logged; INFO if it is empty or unknown. Without `customer_ids` the field
/// `customer_id` is left out.
pub fn subscriber<W>(level: &str, customer_ids: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = level.parse().unwrap_or(Level::INFO);
    let filter = Targets::new()
        .with_default(Level::WARN)
        .with_targets(OURS.map(|name| (name, level)));
    tracing_subscriber::fmt()
        .event_format(JsonLine { customer_ids })
        // The filter alone decides.
        .with_max_level(Level::TRACE)
        .with_writer(writer)
        .finish()
        .with(filter)
}

struct JsonLine {
    customer_ids: bool,
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let metadata = event.metadata();
        let mut line = Line {
            fields: Map::new(),
            customer_ids: self.customer_ids,
        };
        line.put("timestamp", timestamp.into());
        line.put("level", metadata.level().as_str().into());
        event.record(&mut line);
        line.put("target", metadata.target().into());
        writeln!(writer, "{}", Value::Object(line.fields))
    }
}

/// The fields of one line.
struct Line {
    fields: Map<String, Value>,
    customer_ids: bool,
}

impl Line {
    fn put(&mut self, name: &str, value: Value) {
        if self.customer_ids || name != "customer_id" {
            self.fields.insert(name.to_owned(), value);
        }
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), one_line(value).into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = Bounded::default();
        // It fails where the text is complete, or long enough.
        let _ = write!(text, "{value:?}");
        self.put(field.name(), one_line(&text.0).into());
    }
}

/// As much of a text as can be a part of its line. What is formatted stops there.
#[derive(Default)]
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        /// Of the characters that a line can have, each of 4 bytes, and as many blanks that it will not have.
        const MAX_BYTES: usize = 8 * MAX_LINE;
        if self.0.len() >= MAX_BYTES {
            return Err(fmt::Error);
        }
        self.0.extend(text.chars().take(MAX_BYTES - self.0.len()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines of what `log` logs.
    fn logged(customer_ids: bool, log: impl FnOnce()) -> Vec<Value> {
        let bytes = Log::default();
        let writer = bytes.clone();
        let subscriber = subscriber("TRACE", customer_ids, move || writer.clone());
        tracing::subscriber::with_default(subscriber, log);
        let text = String::from_utf8(bytes.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn line_has_level_timestamp_and_fields() {
        let mut lines = logged(true, || {
            tracing::warn!(
                event = "panicked",
                customer_id = "7",
                count = 3,
                ratio = 0.5,
                done = true,
                reason = %"a\nb",
                absent = None::<&str>,
                "a \"test\""
            );
        });
        let timestamp = lines[0].as_object_mut().unwrap().remove("timestamp").unwrap();
        assert!(timestamp.as_str().unwrap().ends_with('Z'), "{timestamp}");
        let expected = serde_json::json!({
            "level": "WARN", "event": "panicked", "customer_id": "7", "count": 3, "ratio": 0.5, "done": true,
            "reason": "a b", "message": "a \"test\"", "target": "shared::lambda::logging::tests"
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn customer_id_is_left_out_where_configured() {
        let lines = logged(false, || {
            tracing::error!(customer_id = "a@example.com", order_id = "ORD-1", "one");
            tracing::info!(customer_id = %"a@example.com", order_id = "ORD-1", "two");
        });
        assert_eq!(lines.len(), 2);
        for line in lines {
            assert_eq!(line["order_id"], "ORD-1");
            assert!(!line.to_string().contains("example.com"), "{line}");
        }
    }

    #[test]
    fn field_is_bounded() {
        let long = "é".repeat(1_000_000);
        let lines = logged(true, || {
            tracing::error!(detail = long, reason = %long, other = ?long, "{long}");
        });
        for field in ["detail", "reason", "other", "message"] {
            assert_eq!(
                lines[0][field].as_str().unwrap().chars().count(),
                MAX_LINE,
                "{field}"
            );
        }
    }

    #[test]
    fn formatting_stops_where_the_field_is_full() {
        struct Endless<'a>(&'a Cell<u64>);
        impl fmt::Display for Endless<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                loop {
                    self.0.set(self.0.get() + 1);
                    f.write_str("more and ")?;
                }
            }
        }
        let writes = Cell::new(0);
        logged(true, || tracing::error!(reason = %Endless(&writes), "full"));
        assert!(writes.get() < 1_000, "{}", writes.get());
    }
}
