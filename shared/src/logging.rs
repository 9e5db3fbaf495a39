//! Log lines as CloudWatch wants them.

use tracing_subscriber::EnvFilter;

/// Sends every `tracing` event to standard output as one JSON line, with `timestamp` (RFC 3339), `level`,
/// `message` and the event's fields side by side.
///
/// The least level is the variable `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the function's logging
/// configuration, else INFO. Lambda counts a line without `level` and `timestamp` as INFO, and drops it by
/// that.
pub fn init() {
    let level = crate::config::environment("AWS_LAMBDA_LOG_LEVEL").unwrap_or_default();
    // Other crates' debug lines may hold whole requests, and with them credentials and personal data.
    let ours = ["shared", "fetch_customers", "submit_orders"];
    let filter = ours.iter().fold(EnvFilter::new("warn"), |filter, name| {
        match format!("{name}={}", if level.is_empty() { "info" } else { &level }).parse() {
            Ok(directive) => filter.add_directive(directive),
            Err(_) => filter,
        }
    });
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .init();
    // The default hook prints the panic's message, which may quote what was being handled.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(tracing::field::display);
        tracing::error!(place, "a panic: this is a bug, please report it");
    }));
}
