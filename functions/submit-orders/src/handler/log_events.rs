//! The log lines about one message. WARN heals itself; ERROR needs a person.
//!
//! They name the order, never what is in it.

use std::time::Duration;

use shared::lambda::invocation::trace_id;

use crate::{
    handler::event::Record,
    verdict::{Cause, Rejection, Retry},
};
use shared::domain::order_context::OrderContext;

macro_rules! journal {
    ($level:ident, $record:expr, $about:expr, $($field:tt)*) => {
        tracing::$level!(
            message_id = $record.message_id(),
            xray_trace_id = $record.trace_header().and_then(trace_id),
            order_date = $about.order_date.map(display),
            customer_id = $about.customer_id.as_ref().map(display),
            order_id = $about.order_id.as_ref().map(display),
            $($field)*
        )
    };
}

pub(crate) fn log_received(record: &Record<'_>) {
    let receives = record.receives();
    journal!(
        debug,
        record,
        OrderContext::default(),
        receives,
        "message received"
    );
}

pub(crate) fn log_delivered(record: &Record<'_>, about: &OrderContext, duplicate: bool) {
    journal!(debug, record, about, duplicate, "order delivered");
}

pub(crate) fn log_rejected(record: &Record<'_>, about: &OrderContext, rejection: &Rejection) {
    let status = rejection.http_status.map(|status| status.as_u16());
    let (reason, detail) = (rejection.reason.as_str(), &rejection.detail);
    journal!(
        error,
        record,
        about,
        reason,
        detail,
        status,
        "order rejected: it is in the dead-letter queue"
    );
}

pub(crate) fn log_retry(record: &Record<'_>, about: &OrderContext, retry: &Retry, delay: Duration) {
    let status = retry.http_status.map(|status| status.as_u16());
    let (reason, detail, delay_secs) = (retry.cause.as_str(), &retry.detail, delay.as_secs());
    match retry.cause {
        Cause::Misconfigured | Cause::Panicked => {
            journal!(
                error,
                record,
                about,
                reason,
                detail,
                status,
                delay_secs,
                "order to be retried"
            );
        }
        Cause::Transient | Cause::Unreachable | Cause::DeadLetterError => {
            journal!(
                warn,
                record,
                about,
                reason,
                detail,
                status,
                delay_secs,
                "order to be retried"
            );
        }
        // The halt itself, or the batch's own line, tells of these.
        Cause::CircuitOpen | Cause::OutOfTime => {
            journal!(
                debug,
                record,
                about,
                reason,
                detail,
                status,
                delay_secs,
                "order to be retried"
            );
        }
    }
}
