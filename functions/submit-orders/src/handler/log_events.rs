//! The log events about one message. WARN resolves by itself; ERROR needs a person.
//!
//! They name the order, never what is in it.

use std::time::Duration;

use shared::{domain::order_context::OrderContext, lambda::invocation::trace_id};

use crate::{
    handler::event::Record,
    verdict::{Deferral, Rejection, Retry, RetryReason, Verdict},
};

macro_rules! log_event {
    ($level:ident, $event:literal, $record:expr, $context:expr, $($field:tt)*) => {
        tracing::$level!(
            event = $event,
            message_id = $record.message_id(),
            xray_trace_id = $record.trace_header().and_then(trace_id),
            order_date = $context.order_date.map(display),
            customer_id = $context.customer_id.as_ref().map(display),
            order_id = $context.order_id.as_ref().map(display),
            $($field)*
        )
    };
}

pub(crate) fn log_received(record: &Record<'_>) {
    let receives = record.receives();
    log_event!(
        debug,
        "message_received",
        record,
        OrderContext::default(),
        receives,
        "message received"
    );
}

/// `delay` is when the message is visible again, where it stays on the queue.
pub(crate) fn log_verdict(record: &Record<'_>, context: &OrderContext, verdict: &Verdict, delay: Duration) {
    match verdict {
        Verdict::Delivered { duplicate } => {
            log_event!(
                debug,
                "order_delivered",
                record,
                context,
                duplicate,
                "order delivered"
            );
        }
        Verdict::Rejected(rejection) => log_rejected(record, context, rejection),
        Verdict::Retried(retry) => log_retried(record, context, retry, delay),
        Verdict::Deferred(deferral) => log_deferred(record, context, *deferral, delay),
    }
}

fn log_rejected(record: &Record<'_>, context: &OrderContext, rejection: &Rejection) {
    let status = rejection.http_status.map(|status| status.as_u16());
    let (reason, detail) = (rejection.reason.as_str(), &rejection.detail);
    let error_code = rejection.error_code.as_ref();
    log_event!(
        error,
        "order_rejected",
        record,
        context,
        reason,
        detail,
        status,
        error_code,
        "order rejected: the message was dead-lettered"
    );
}

fn log_retried(record: &Record<'_>, context: &OrderContext, retry: &Retry, delay: Duration) {
    macro_rules! log {
        ($level:ident) => {{
            let status = retry.http_status.map(|status| status.as_u16());
            let (reason, detail, delay_secs) = (retry.reason.as_str(), &retry.detail, delay.as_secs());
            let error_code = retry.error_code.as_ref();
            log_event!(
                $level,
                "order_retried",
                record,
                context,
                reason,
                detail,
                status,
                error_code,
                delay_secs,
                "order not delivered, retrying"
            );
        }};
    }
    match retry.reason {
        RetryReason::Misconfigured | RetryReason::Panicked => log!(error),
        RetryReason::Transient | RetryReason::Unreachable | RetryReason::DeadLetterFailed => log!(warn),
    }
}

/// At DEBUG: the circuit breaker's own event, or the line of the batch, reports why.
fn log_deferred(record: &Record<'_>, context: &OrderContext, deferral: Deferral, delay: Duration) {
    let (reason, detail, delay_secs) = (deferral.as_str(), deferral.detail(), delay.as_secs());
    log_event!(
        debug,
        "order_deferred",
        record,
        context,
        reason,
        detail,
        delay_secs,
        "order deferred"
    );
}
