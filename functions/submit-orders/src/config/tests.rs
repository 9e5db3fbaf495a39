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
    assert_eq!(config.max_in_flight.get(), 20);
    assert_eq!(config.destination.order_interval, None);
    assert_eq!(config.destination.conflicts.means, ConflictMeans::Confirm);
    assert_eq!(config.destination.conflicts.duplicate_text, None);
    assert!(config.log_customer_ids && !config.log_error_text);
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
        ("MAX_IN_FLIGHT", "7"),
        ("ORDERS_PER_SECOND", "2.5"),
        ("CONFLICT_MEANS", "retry"),
        ("DUPLICATE_TEXT", "already exists"),
        ("LOG_CUSTOMER_IDS", "false"),
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
    assert_eq!(config.max_in_flight.get(), 7);
    assert_eq!(
        config.destination.order_interval,
        Some(Duration::from_millis(400))
    );
    assert!(!config.log_customer_ids && config.log_error_text);
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

/// All problems that are reported of these variables.
fn problems(changed: &[(&str, &str)]) -> String {
    let error = read(changed).unwrap_err().to_string();
    error.split_once(": ").unwrap().1.to_owned()
}

#[test]
fn invalid_authentication_is_its_only_problem() {
    let by_what = [("DESTINATION_AUTH", "key"), ("TOKEN_URL", "")];
    assert_eq!(problems(&by_what), "DESTINATION_AUTH must be oauth or header");
}

#[test]
fn variables_of_oauth_contradict_an_api_key() {
    let by_key = [("DESTINATION_AUTH", "header"), ("TOKEN_URL", "")];
    for (changed, problem) in [
        (
            ("TOKEN_URL", "https://login.example.com/token"),
            "TOKEN_URL must be empty where DESTINATION_AUTH is header",
        ),
        (
            ("OAUTH_SCOPE", "orders:write"),
            "OAUTH_SCOPE must be empty where DESTINATION_AUTH is header",
        ),
        (
            ("OAUTH_AUDIENCE", "orders"),
            "OAUTH_AUDIENCE must be empty where DESTINATION_AUTH is header",
        ),
        (
            ("OAUTH_CLIENT_AUTH", "post"),
            "OAUTH_CLIENT_AUTH must be basic or empty where DESTINATION_AUTH is header",
        ),
    ] {
        let changed: Vec<_> = [changed].into_iter().chain(by_key).collect();
        assert_eq!(problems(&changed), problem);
    }
    // As the template sets it.
    let default = [by_key[0], by_key[1], ("OAUTH_CLIENT_AUTH", "basic")];
    assert!(read(&default).is_ok());
}

#[test]
fn key_header_contradicts_oauth() {
    let problem = "DESTINATION_API_KEY_HEADER must be Authorization or empty where DESTINATION_AUTH is oauth";
    assert_eq!(problems(&[("DESTINATION_API_KEY_HEADER", "x-api-key")]), problem);
    // As the template sets it.
    assert!(read(&[("DESTINATION_API_KEY_HEADER", "Authorization")]).is_ok());
}

#[test]
fn headers_in_use_carry_no_key() {
    let by_key = [("DESTINATION_AUTH", "header"), ("TOKEN_URL", "")];
    let of_http = "must not be a header that HTTP or every request uses, such as Host, Connection or Accept";
    let same = [
        ("DESTINATION_API_KEY_HEADER", "x-key"),
        ("IDEMPOTENCY_KEY_HEADER", "X-Key"),
    ];
    for (changed, problem) in [
        (
            &[("DESTINATION_API_KEY_HEADER", "Transfer-Encoding")][..],
            format!("DESTINATION_API_KEY_HEADER {of_http}"),
        ),
        (
            &[("IDEMPOTENCY_KEY_HEADER", "Connection")],
            format!("IDEMPOTENCY_KEY_HEADER {of_http}"),
        ),
        (
            &[("IDEMPOTENCY_KEY_HEADER", "authorization")],
            "IDEMPOTENCY_KEY_HEADER must not be Authorization, which carries the token or the API key"
                .to_owned(),
        ),
        (
            &same,
            "DESTINATION_API_KEY_HEADER must not be IDEMPOTENCY_KEY_HEADER".to_owned(),
        ),
    ] {
        let changed: Vec<_> = changed.iter().copied().chain(by_key).collect();
        assert_eq!(problems(&changed), problem);
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
        ("LOG_CUSTOMER_IDS", "flase"),
        ("LOG_ERROR_TEXT", "yes"),
        ("DUPLICATE_TEXT", " "),
        ("OAUTH_SCOPE", "a\tb"),
        ("OAUTH_AUDIENCE", "é"),
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
        "LOG_CUSTOMER_IDS must be true or false",
        "LOG_ERROR_TEXT must be true or false",
        "DUPLICATE_TEXT must not be blank",
        "OAUTH_SCOPE must be printable ASCII",
        "OAUTH_AUDIENCE must be printable ASCII",
        "QUEUE_RETENTION_SECS must be a whole number of seconds",
        "MAX_IN_FLIGHT must be a whole number from 1 to 400",
        "ORDERS_PER_SECOND must be a number",
        "METRICS_NAMESPACE must be at most 255 letters",
    ] {
        assert!(error.contains(problem), "{problem} is not in: {error}");
    }
}
