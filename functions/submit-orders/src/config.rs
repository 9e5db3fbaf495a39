//! The function's configuration.

mod auth;

use std::{num::NonZeroUsize, time::Duration};

use http::{
    HeaderName,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST},
};
use shared::{
    config::{ConfigError, Variables, api_url, header_name, one_order_per, text},
    domain::order_id::OneOrderPer,
    lambda::metrics,
};

use crate::destination::{
    OrderApiSettings,
    conflict::{ConflictMeans, ConflictSettings},
    oauth::AuthSettings,
};
use auth::{method_header, read_method};

/// How many orders are posted at once where `MAX_IN_FLIGHT` is not set.
const DEFAULT_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// The variables, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `DESTINATION_URL`, `IDEMPOTENCY_KEY_HEADER` (default `Idempotency-Key`), `ORDERS_PER_SECOND` (no limit),
    /// `CONFLICT_MEANS` (`confirm`), `DUPLICATE_TEXT`.
    pub destination: OrderApiSettings,
    /// `DESTINATION_AUTH` and its variables, `DESTINATION_SECRET_ARN`.
    pub auth: AuthSettings,
    /// `ONE_ORDER_PER`: what makes two orders the same.
    pub one_order_per: OneOrderPer,
    /// `QUEUE_URL`: the CustomerQueue.
    pub queue_url: String,
    /// `QUEUE_RETENTION_SECS`: after how long that queue deletes a message.
    pub queue_retention: Duration,
    /// `DEAD_LETTER_QUEUE_URL`.
    pub dead_letter_queue_url: String,
    /// `MAX_IN_FLIGHT`: how many orders of one invocation are posted at once.
    pub max_in_flight: NonZeroUsize,
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
        let duplicate_text = variables.optional("DUPLICATE_TEXT", text);
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
                log_error_text: log_error_text.unwrap_or(false),
                metrics,
            })
        })
    }
}

fn flag(value: &str) -> Result<bool, &'static str> {
    value.parse().map_err(|_| "must be true or false")
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

/// A header that the request does not have anyway.
fn idempotency_key_header(value: &str) -> Result<HeaderName, &'static str> {
    let name = header_name(value)?;
    let taken = [AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST];
    if taken.contains(&name) {
        return Err("must not be Authorization, Content-Length, Content-Type or Host");
    }
    Ok(name)
}

/// Each POST in flight may have a connection of its own, and a function has 1,024 file descriptors (Lambda quotas):
/// with 1,000 in flight some fail, with 500 none.
fn in_flight(value: &str) -> Result<NonZeroUsize, &'static str> {
    match value.parse() {
        Ok(count @ 1..=400) => NonZeroUsize::new(count).ok_or("must not be 0"),
        Ok(_) | Err(_) => Err("must be a whole number from 1 to 400"),
    }
}

/// `0` stands for no limit, as the parameter's default needs a value; no time at all is between two orders then.
fn interval(value: &str) -> Result<Duration, &'static str> {
    match value.parse::<f64>() {
        Ok(0.0) => Ok(Duration::ZERO),
        Ok(rate) if (0.001..=100_000.0).contains(&rate) => Ok(Duration::from_secs_f64(1.0 / rate)),
        Ok(_) | Err(_) => Err("must be a number from 0.001 to 100000, or 0 for no limit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::oauth::{AuthMethod, ClientAuth};

    const REQUIRED: [(&str, &str); 6] = [
        ("DESTINATION_URL", "https://api.example.com/orders"),
        ("TOKEN_URL", "https://login.example.com/token"),
        (
            "DESTINATION_SECRET_ARN",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:destination",
        ),
        (
            "QUEUE_URL",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/queue",
        ),
        ("QUEUE_RETENTION_SECS", "345600"),
        (
            "DEAD_LETTER_QUEUE_URL",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters",
        ),
    ];

    fn read(changed: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let all: Vec<(&str, &str)> = changed.iter().chain(&REQUIRED).copied().collect();
        Config::read(&|name| {
            all.iter()
                .find(|(set, _)| *set == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn optional_variables_have_defaults() {
        let config = read(&[("ORDERS_PER_SECOND", "0"), ("OAUTH_SCOPE", "")]).unwrap();
        assert_eq!(config.destination.idempotency_key_header, "Idempotency-Key");
        let AuthMethod::Oauth(oauth) = config.auth.method else {
            panic!("not OAuth")
        };
        assert_eq!(oauth.client_auth, ClientAuth::Basic);
        assert_eq!((oauth.scope, oauth.audience), (None, None));
        assert_eq!(config.one_order_per, OneOrderPer::Run);
        assert_eq!(config.max_in_flight.get(), 10);
        assert_eq!(config.destination.order_interval, None);
        assert_eq!(config.destination.conflicts.means, ConflictMeans::Confirm);
        assert_eq!(config.destination.conflicts.duplicate_text, None);
        assert!(!config.log_error_text);
        assert_eq!(config.metrics.namespace, "CustomerOrderSync");
    }

    #[test]
    fn every_variable_is_read() {
        let config = read(&[
            ("IDEMPOTENCY_KEY_HEADER", "X-Request-Key"),
            ("OAUTH_SCOPE", "orders:write"),
            ("OAUTH_AUDIENCE", "https://api.example.com"),
            ("OAUTH_CLIENT_AUTH", "post"),
            ("ONE_ORDER_PER", "month"),
            ("MAX_IN_FLIGHT", "20"),
            ("ORDERS_PER_SECOND", "2.5"),
            ("CONFLICT_MEANS", "retry"),
            ("DUPLICATE_TEXT", "already exists"),
            ("LOG_ERROR_TEXT", "true"),
            ("METRICS_NAMESPACE", "Acme"),
            ("STACK_NAME", "orders"),
        ])
        .unwrap();
        assert_eq!(config.destination.url.as_str(), "https://api.example.com/orders");
        assert_eq!(config.destination.idempotency_key_header, "x-request-key");
        let AuthMethod::Oauth(oauth) = &config.auth.method else {
            panic!("not OAuth")
        };
        assert_eq!(oauth.url.as_str(), "https://login.example.com/token");
        assert_eq!(oauth.scope.as_deref(), Some("orders:write"));
        assert_eq!(oauth.audience.as_deref(), Some("https://api.example.com"));
        assert_eq!(oauth.client_auth, ClientAuth::Post);
        assert!(config.auth.secret_arn.ends_with(":destination"));
        assert!(config.queue_url.ends_with("/queue"));
        assert_eq!(config.queue_retention, Duration::from_secs(345_600));
        assert!(config.dead_letter_queue_url.ends_with("/dead-letters"));
        assert_eq!(config.one_order_per, OneOrderPer::Month);
        assert_eq!(config.max_in_flight.get(), 20);
        assert_eq!(
            config.destination.order_interval,
            Some(Duration::from_millis(400))
        );
        assert!(config.log_error_text);
        let conflicts = config.destination.conflicts;
        assert_eq!(conflicts.means, ConflictMeans::Retry);
        assert_eq!(conflicts.duplicate_text.as_deref(), Some("already exists"));
        assert_eq!(
            (&*config.metrics.namespace, &*config.metrics.stack),
            ("Acme", "orders")
        );
    }

    #[test]
    fn api_key_replaces_oauth() {
        for (changed, expected) in [
            (None, "authorization"),
            (Some(("DESTINATION_API_KEY_HEADER", "X-Api-Key")), "x-api-key"),
        ] {
            let by_key = [("DESTINATION_AUTH", "header"), ("TOKEN_URL", "")];
            let config = read(&by_key.into_iter().chain(changed).collect::<Vec<_>>()).unwrap();
            let AuthMethod::ApiKey { header } = config.auth.method else {
                panic!("not a key")
            };
            assert_eq!(header, expected);
            assert_eq!(config.auth.own_headers, [expected, "idempotency-key"]);
        }
    }

    #[test]
    fn contradictory_authentication_is_reported() {
        let by_key = ("DESTINATION_AUTH", "header");
        for (changed, problem) in [
            (
                vec![("DESTINATION_AUTH", "key")],
                "DESTINATION_AUTH must be oauth or header",
            ),
            (
                vec![by_key],
                "TOKEN_URL must be empty where DESTINATION_AUTH is header",
            ),
            (
                vec![by_key, ("DESTINATION_API_KEY_HEADER", "Host"), ("TOKEN_URL", "")],
                "DESTINATION_API_KEY_HEADER must not be Content-Length, Content-Type or Host",
            ),
            (
                vec![
                    by_key,
                    ("TOKEN_URL", ""),
                    ("DESTINATION_API_KEY_HEADER", "x-key"),
                    ("IDEMPOTENCY_KEY_HEADER", "X-Key"),
                ],
                "DESTINATION_API_KEY_HEADER must not be IDEMPOTENCY_KEY_HEADER",
            ),
        ] {
            let error = read(&changed).unwrap_err().to_string();
            assert!(error.ends_with(problem), "{problem} is not in: {error}");
        }
    }

    #[test]
    fn invalid_variables_are_reported_together() {
        let error = read(&[
            ("DESTINATION_URL", "http://api.example.com"),
            ("TOKEN_URL", ""),
            ("OAUTH_CLIENT_AUTH", "digest"),
            ("ONE_ORDER_PER", "week"),
            ("QUEUE_RETENTION_SECS", "4 days"),
            ("MAX_IN_FLIGHT", "0"),
            ("CONFLICT_MEANS", "exists"),
            ("LOG_ERROR_TEXT", "yes"),
            ("ORDERS_PER_SECOND", "-1"),
            ("METRICS_NAMESPACE", "AWS/Lambda"),
        ])
        .unwrap_err()
        .to_string();
        for problem in [
            "DESTINATION_URL must be an https:// URL",
            "TOKEN_URL is not set",
            "OAUTH_CLIENT_AUTH must be basic or post",
            "ONE_ORDER_PER must be run, day, month or customer",
            "CONFLICT_MEANS must be duplicate, retry or confirm",
            "LOG_ERROR_TEXT must be true or false",
            "QUEUE_RETENTION_SECS must be a whole number of seconds",
            "MAX_IN_FLIGHT must be a whole number from 1 to 400",
            "ORDERS_PER_SECOND must be a number",
            "METRICS_NAMESPACE must be at most 255 letters",
        ] {
            assert!(error.contains(problem), "{problem} is not in: {error}");
        }
    }
}
