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

/// The log event of a verdict.
pub(crate) struct VerdictLog<'a> {
    pub(crate) record: &'a Record<'a>,
    pub(crate) context: &'a OrderContext,
    /// For how long the message stays invisible, where it stays on the queue.
    pub(crate) delay: Duration,
    /// Whether the destination's own words are logged.
    pub(crate) error_text: bool,
}

impl VerdictLog<'_> {
    pub(crate) fn write(&self, verdict: &Verdict) {
        let (record, context) = (self.record, self.context);
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
            Verdict::Rejected(rejection) => self.rejected(rejection),
            Verdict::Retried(retry) => self.retried(retry),
            Verdict::Deferred(deferral) => self.deferred(*deferral),
        }
    }

    fn rejected(&self, rejection: &Rejection) {
        let (record, context) = (self.record, self.context);
        let status = rejection.http_status.map(|status| status.as_u16());
        let (reason, detail) = (rejection.reason.as_str(), &rejection.detail);
        let error_code = rejection.error_code.as_ref();
        let error_text = rejection.quote.as_ref().filter(|_| self.error_text);
        log_event!(
            error,
            "order_rejected",
            record,
            context,
            reason,
            detail,
            status,
            error_code,
            error_text,
            "order rejected: the message was dead-lettered"
        );
    }

    fn retried(&self, retry: &Retry) {
        macro_rules! log {
            ($level:ident) => {{
                let (record, context) = (self.record, self.context);
                let status = retry.http_status.map(|status| status.as_u16());
                let (reason, detail) = (retry.reason.as_str(), &retry.detail);
                let error_code = retry.error_code.as_ref();
                let error_text = retry.quote.as_ref().filter(|_| self.error_text);
                let delay_secs = self.delay.as_secs();
                log_event!(
                    $level,
                    "order_retried",
                    record,
                    context,
                    reason,
                    detail,
                    status,
                    error_code,
                    error_text,
                    delay_secs,
                    "order not delivered, retrying"
                );
            }};
        }
        match retry.reason {
            RetryReason::Misconfigured | RetryReason::Panicked => log!(error),
            RetryReason::Transient
            | RetryReason::Unreachable
            | RetryReason::UnderWay
            | RetryReason::OrderBlocked
            | RetryReason::DeadLetterFailed => log!(warn),
        }
    }

    /// At DEBUG: the circuit breaker's own event, or the line of the batch, reports why.
    fn deferred(&self, deferral: Deferral) {
        let (record, context) = (self.record, self.context);
        let (reason, detail) = (deferral.as_str(), deferral.detail());
        let delay_secs = self.delay.as_secs();
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
}
