//! Log lines in the format that CloudWatch and Lambda expect.

use tracing::{Level, Subscriber};
use tracing_subscriber::{filter::Targets, fmt::MakeWriter, layer::SubscriberExt};

/// The crates whose lines are logged from the configured level on. Lines of other crates below WARN may contain whole
/// requests, and with them credentials and personal data.
const OURS: [&str; 4] = ["shared", "fetch_customers", "redrive_orders", "submit_orders"];

/// Sends every `tracing` event to standard output as one JSON line; see [`subscriber`].
///
/// The level is `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the function's logging configuration, or else INFO.
pub fn init() {
    let level = crate::config::environment("AWS_LAMBDA_LOG_LEVEL").unwrap_or_default();
    // It fails only if there is a subscriber already, which is a test's own.
    let _ = tracing::subscriber::set_global_default(subscriber(&level, std::io::stdout));
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
/// by side. Lambda treats a line without `level` and `timestamp` as INFO when it filters by level.
///
/// `level` is the lowest level that is logged; INFO if it is empty or unknown.
pub fn subscriber<W>(level: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = level.parse().unwrap_or(Level::INFO);
    let filter = Targets::new()
        .with_default(Level::WARN)
        .with_targets(OURS.map(|name| (name, level)));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        // The filter alone decides.
        .with_max_level(Level::TRACE)
        .with_writer(writer)
        .finish()
        .with(filter)
}
