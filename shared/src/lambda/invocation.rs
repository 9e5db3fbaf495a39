//! What Lambda passes with an invocation, and the answer of a failed one.

use std::{
    fmt::Display,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambda_runtime::{Context, Diagnostic};
use tokio::time::Instant;

#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// When Lambda ends it.
    pub deadline: Instant,
    pub request_id: &'a str,
    pub trace_header: Option<&'a str>,
    /// The ARN of the function, with the alias or version that was invoked.
    pub function: &'a str,
}

impl<'a> Invocation<'a> {
    pub fn of(context: &'a Context) -> Self {
        Self {
            deadline: deadline(context.deadline),
            request_id: &context.request_id,
            trace_header: context.xray_trace_id.as_deref(),
            function: &context.invoked_function_arn,
        }
    }

    /// The id of its trace.
    pub fn trace_id(&self) -> Option<&'a str> {
        self.trace_header.and_then(trace_id)
    }
}

/// The id of the trace in an X-Ray header such as `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=1` (AWS
/// X-Ray Developer Guide, "Tracing header").
pub fn trace_id(header: &str) -> Option<&str> {
    header
        .split(';')
        .find_map(|field| field.trim().strip_prefix("Root="))
}

/// The answer of an invocation that failed. `error_type` is a stable name; the runtime would use the name of a Rust type.
pub fn diagnostic(error_type: &str, error: &impl Display) -> Diagnostic {
    Diagnostic {
        error_type: error_type.to_owned(),
        error_message: error.to_string(),
    }
}

/// How long before its deadline an invocation must have finished its work, so that its answer is sent in time.
pub const ANSWER_MARGIN: Duration = Duration::from_secs(1);

/// The share of the remaining time that is reserved for the end of an invocation that has little time.
const RESERVED_SHARE: u32 = 5;

/// How much of the time until `deadline` is reserved for the end of an invocation: at most `max`, and at most a fifth.
pub fn reserve(deadline: Instant, max: Duration) -> Duration {
    let left = deadline.saturating_duration_since(Instant::now());
    max.min(left / RESERVED_SHARE)
}

/// The instant `margin` before `deadline`.
pub fn minus_margin(deadline: Instant, margin: Duration) -> Instant {
    deadline.checked_sub(margin).unwrap_or(deadline)
}

/// The timeout of an invocation whose deadline is in the past when it begins. Lambda sends no such deadline;
/// cargo-lambda's emulator (1.9.2) sends 600,000 ms since 1970 and means ten minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// The instant at which Lambda ends the invocation, from its deadline in milliseconds since 1970.
pub fn deadline(epoch_ms: u64) -> Instant {
    let until = UNIX_EPOCH
        .checked_add(Duration::from_millis(epoch_ms))
        .unwrap_or(UNIX_EPOCH);
    let left = until.duration_since(SystemTime::now()).unwrap_or(DEFAULT_TIMEOUT);
    // Lambda's longest timeout is 15 minutes; the bound keeps a wrong deadline from overflowing.
    Instant::now() + left.min(Duration::from_secs(15 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_id_is_the_headers_root() {
        let id = "1-5759e988-bd862e3fe1be46a994272793";
        for header in [
            format!("Root={id}"),
            format!("Root={id};Parent=53995c3f42cd8ad8;Sampled=1"),
            format!("Self=1-67891234-12456789abcdef012345678a; Root={id};Lineage=a:1|b:2"),
        ] {
            assert_eq!(trace_id(&header), Some(id), "{header}");
        }
        for header in ["", "Sampled=1", "root=1-2-3"] {
            assert_eq!(trace_id(header), None, "{header:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reserve_is_a_fifth_at_most() {
        let reserved = |secs: u64| {
            reserve(
                Instant::now() + Duration::from_secs(secs),
                Duration::from_secs(20),
            )
        };
        assert_eq!(reserved(900), Duration::from_secs(20));
        assert_eq!(reserved(60), Duration::from_secs(12));
        assert_eq!(reserved(0), Duration::ZERO);
    }

    fn secs_left(epoch_ms: u64) -> f64 {
        (deadline(epoch_ms) - Instant::now()).as_secs_f64().round()
    }

    #[test]
    fn deadline_is_at_most_15_minutes_away() {
        let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        assert_eq!(secs_left(now + 60_000), 60.0);
        assert_eq!(secs_left(now + 86_400_000), 900.0);
        assert_eq!(secs_left(u64::MAX), 900.0);
        assert_eq!(secs_left(600_000), 600.0);
    }
}
