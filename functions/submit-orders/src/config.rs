//! The function's configuration.

mod auth;

use std::{num::NonZeroUsize, time::Duration};

use http::{HeaderName, header::AUTHORIZATION};
use shared::{
    config::{ConfigError, Variables, api_url, flag, one_order_per, text},
    domain::order_id::OneOrderPer,
    header::key_header_name,
    lambda::{logging, metrics},
};

use crate::destination::{
    OrderApiSettings,
    conflict::{ConflictMeans, ConflictSettings},
    oauth::AuthSettings,
};
use auth::{method_header, read_method};

/// How many orders are posted at once where `MAX_IN_FLIGHT` is not set: as many as with the stack's default.
const DEFAULT_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// The variables, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `DESTINATION_URL`, `IDEMPOTENCY_KEY_HEADER` (default `Idempotency-Key`), `ORDERS_PER_SECOND` (no limit),
    /// `CONFLICT_MEANS` (`confirm`), `DUPLICATE_TEXT`.
    pub destination: OrderApiSettings,
    /// `DESTINATION_AUTH` and its variables, `DESTINATION_SECRET_ARN`.
    pub auth: AuthSettings,
    /// `ONE_ORDER_PER` (`run`): what makes two orders the same.
    pub one_order_per: OneOrderPer,
    /// `QUEUE_URL`: the CustomerQueue.
    pub queue_url: String,
    /// `QUEUE_RETENTION_SECS`: after how long that queue deletes a message.
    pub queue_retention: Duration,
    /// `DEAD_LETTER_QUEUE_URL`.
    pub dead_letter_queue_url: String,
    /// `MAX_IN_FLIGHT` (20): how many orders of one invocation are posted at once.
    pub max_in_flight: NonZeroUsize,
    /// `LOG_CUSTOMER_IDS` (`true`).
    pub log_customer_ids: bool,
    /// `LOG_ERROR_TEXT` (`false`): whether the destination's own words are logged, which may repeat personal data.
    pub log_error_text: bool,
    /// `METRICS_NAMESPACE`, `STACK_NAME`.
    pub metrics: metrics::Settings,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Every invalid variable, in one error. Each invocation then fails with it, and the messages stay on the queue.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(lookup);
        let destination_url = variables.required("DESTINATION_URL", api_url);
        let idempotency_key_header = variables.optional("IDEMPOTENCY_KEY_HEADER", idempotency_key_header);
        let idempotency_key_header =
            idempotency_key_header.unwrap_or(HeaderName::from_static("idempotency-key"));
        let method = read_method(&mut variables, &idempotency_key_header);
        let secret_arn = variables.required("DESTINATION_SECRET_ARN", text);
        let one_order_per = variables.optional("ONE_ORDER_PER", one_order_per);
        let queue_url = variables.required("QUEUE_URL", text);
        let queue_retention = variables.required("QUEUE_RETENTION_SECS", secs);
        let dead_letter_queue_url = variables.required("DEAD_LETTER_QUEUE_URL", text);
        let max_in_flight = variables.optional("MAX_IN_FLIGHT", in_flight);
        let order_interval = variables.optional("ORDERS_PER_SECOND", interval);
        let conflict_means = variables.optional("CONFLICT_MEANS", conflict_means);
        let duplicate_text = variables.optional("DUPLICATE_TEXT", duplicate_text);
        let log_customer_ids = logging::read_customer_ids(&mut variables);
        let log_error_text = variables.optional("LOG_ERROR_TEXT", flag);
        let metrics = metrics::Settings::read(&mut variables);
        variables.finish(|| {
            Some(Self {
                destination: OrderApiSettings {
                    url: destination_url?,
                    idempotency_key_header: idempotency_key_header.clone(),
                    order_interval: order_interval.filter(|interval| !interval.is_zero()),
                    conflicts: ConflictSettings {
                        means: conflict_means.unwrap_or(ConflictMeans::Confirm),
                        duplicate_text,
                    },
                },
                auth: AuthSettings {
                    own_headers: vec![method_header(method.as_ref()?), idempotency_key_header],
                    method: method?,
                    secret_arn: secret_arn?,
                },
                one_order_per: one_order_per.unwrap_or_default(),
                queue_url: queue_url?,
                queue_retention: queue_retention?,
                dead_letter_queue_url: dead_letter_queue_url?,
                max_in_flight: max_in_flight.unwrap_or(DEFAULT_IN_FLIGHT),
                log_customer_ids,
                log_error_text: log_error_text.unwrap_or(false),
                metrics,
            })
        })
    }
}

fn conflict_means(value: &str) -> Result<ConflictMeans, &'static str> {
    match value {
        "duplicate" => Ok(ConflictMeans::Duplicate),
        "retry" => Ok(ConflictMeans::Retry),
        "confirm" => Ok(ConflictMeans::Confirm),
        _ => Err("must be duplicate, retry or confirm"),
    }
}

fn secs(value: &str) -> Result<Duration, &'static str> {
    // SQS keeps a message for 60 s to 14 days (SetQueueAttributes, Amazon SQS API reference).
    match value.parse() {
        Ok(secs @ 60..=1_209_600) => Ok(Duration::from_secs(secs)),
        Ok(_) | Err(_) => Err("must be a whole number of seconds from 60 to 1209600"),
    }
}

fn idempotency_key_header(value: &str) -> Result<HeaderName, &'static str> {
    match key_header_name(value)? {
        AUTHORIZATION => Err("must not be Authorization, which carries the token or the API key"),
        name => Ok(name),
    }
}

/// A text that every answer contains would make a duplicate of every order that the destination does not accept.
fn duplicate_text(value: &str) -> Result<String, &'static str> {
    match value.trim() {
        "" => Err("must not be blank"),
        _ => Ok(value.to_owned()),
    }
}

/// Each POST in flight may have a connection of its own, and a function has 1,024 file descriptors (Lambda quotas):
/// with 1,000 in flight some fail, with 500 none.
fn in_flight(value: &str) -> Result<NonZeroUsize, &'static str> {
    match value.parse::<NonZeroUsize>() {
        Ok(count) if count.get() <= 400 => Ok(count),
        Ok(_) | Err(_) => Err("must be a whole number from 1 to 400"),
    }
}

/// `0` stands for no limit, as the parameter's default needs a value; no time at all is between two orders then.
fn interval(value: &str) -> Result<Duration, &'static str> {
    const RULE: &str = "must be a number from 0.001 to 100000 with at most three decimals, or 0 for no limit";
    let (whole, decimals) = value.split_once('.').unwrap_or((value, "0"));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_decimal = !whole.is_empty() && (1..=3).contains(&decimals.len());
    // Rust reads `1e2`, `.5` and `+5` as well.
    if !is_decimal || !are_digits(whole) || !are_digits(decimals) {
        return Err(RULE);
    }
    match value.parse::<f64>() {
        Ok(0.0) => Ok(Duration::ZERO),
        Ok(rate) if (0.001..=100_000.0).contains(&rate) => Ok(Duration::from_secs_f64(1.0 / rate)),
        Ok(_) | Err(_) => Err(RULE),
    }
}

#[cfg(test)]
mod tests;
