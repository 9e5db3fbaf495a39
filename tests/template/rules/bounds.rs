//! Parameters that a function reads: the template and the function accept the same values, and have the same defaults.

use std::collections::BTreeMap;

use integration_tests::template::Template;
use serde_json::Value;
use shared::header::RESERVED_HEADERS;

use super::{ensure::ensure, parameters::takes};

/// The template accepts exactly what the function accepts, so that a wrong value is refused before a deployment.
fn agrees(
    template: &Template,
    name: &str,
    function_takes: impl Fn(&str) -> bool,
    values: &[&str],
) -> Result<(), String> {
    let (right, wrong): (Vec<&str>, Vec<&str>) = values.iter().partition(|value| function_takes(value));
    ensure!(
        !right.is_empty() && !wrong.is_empty(),
        "{name}: the values show one side only"
    );
    takes(template, name, &right, &wrong)
}

/// Variables, by their names.
pub(super) type Variables<'a> = BTreeMap<&'a str, &'a str>;

/// What the functions need.
pub(super) const REQUIRED: [(&str, &str); 8] = [
    ("SOURCE_URL", "https://api.example.com/"),
    ("SOURCE_SECRET_ARN", "set"),
    ("DESTINATION_URL", "https://api.example.com/"),
    ("TOKEN_URL", "https://api.example.com/"),
    ("DESTINATION_SECRET_ARN", "set"),
    ("QUEUE_URL", "set"),
    ("QUEUE_RETENTION_SECS", "345600"),
    ("DEAD_LETTER_QUEUE_URL", "set"),
];

/// The configuration that each function reads, by its name.
pub(super) fn configurations(variables: &Variables<'_>) -> BTreeMap<&'static str, Result<String, String>> {
    let lookup = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    macro_rules! read {
        ($function:ident) => {
            match $function::config::Config::read(&lookup) {
                Ok(config) => Ok(format!("{config:?}")),
                Err(error) => Err(error.to_string()),
            }
        };
    }
    [
        ("fetch-customers", read!(fetch_customers)),
        ("submit-orders", read!(submit_orders)),
        ("redrive-orders", read!(redrive_orders)),
    ]
    .into()
}

/// Whether every function starts with this value of a variable.
fn functions_take(variable: &str, value: &str) -> bool {
    let mut variables = Variables::from(REQUIRED);
    if variable == "DESTINATION_API_KEY_HEADER" {
        // It is read only where a key is sent.
        variables.extend([("DESTINATION_AUTH", "header"), ("TOKEN_URL", "")]);
    }
    variables.insert(variable, value);
    configurations(&variables).values().all(Result::is_ok)
}

pub(crate) fn url_bounds_are_the_functions(template: &Template) -> Result<(), String> {
    for name in ["SourceUrl", "DestinationUrl", "TokenUrl"] {
        agrees(
            template,
            name,
            |value| shared::config::api_url(value).is_ok(),
            &[
                "https://api.example.com",
                "https://api.example.com/",
                "https://api.example.com?page_size=500",
                "https://api.example.com:8443/v1/customers?active=true&page=1",
                "https://api.example.com/users/a@b",
                "https://[2001:db8::1]:8443/",
                "http://127.0.0.1:8080/orders",
                "http://[::1]",
                "http://localhost",
                "https://user@api.example.com/",
                "https://user:password@api.example.com/",
                "https://:password@api.example.com/",
                "https://api.example.com/#part",
                "https://api.example.com#part",
                "https://",
                "http://api.example.com/",
                "http://localhost.example.com/",
                "http://localhost@api.example.com/",
                "http://10.0.0.1/",
                "ftp://127.0.0.1/",
                "api.example.com",
            ],
        )?;
    }
    Ok(())
}

pub(crate) fn text_bounds_are_the_functions(template: &Template) -> Result<(), String> {
    for (parameter, variable, values) in [
        (
            "OrdersPerSecond",
            "ORDERS_PER_SECOND",
            &[
                "0",
                "0.001",
                "2.5",
                "99999.999",
                "100000",
                "100000.1",
                "100001",
                "0.0001",
                "0.1234",
                "1e2",
                ".5",
                "5.",
                "+5",
                "-0",
                "-1",
                "ten",
            ][..],
        ),
        (
            "OauthScope",
            "OAUTH_SCOPE",
            &["orders:write orders:read", "orders\u{7f}", "orders\tread", "é"],
        ),
        (
            "OauthAudience",
            "OAUTH_AUDIENCE",
            &["https://api.example.com/", "a\nb", "é"],
        ),
        (
            "DuplicateText",
            "DUPLICATE_TEXT",
            &["", "already exists", " é\n", " ", "\n\t"],
        ),
    ] {
        agrees(
            template,
            parameter,
            |value| functions_take(variable, value),
            values,
        )?;
    }
    Ok(())
}

pub(crate) fn header_bounds_are_the_functions(template: &Template) -> Result<(), String> {
    let others = [
        "Accept",
        "ACCEPT",
        "AUTHORIZATION",
        "Authorization",
        "content-type",
        "Host",
        "Idempotency Key",
        "Idempotency-Key",
        "User-Agent",
        "X-Api-Key",
        "X-Authorization",
        "X-Host",
    ];
    let reserved = RESERVED_HEADERS.iter().map(|name| name.as_str());
    for (parameter, variable) in [
        ("SourceApiKeyHeader", "SOURCE_API_KEY_HEADER"),
        ("IdempotencyKeyHeader", "IDEMPOTENCY_KEY_HEADER"),
        ("DestinationApiKeyHeader", "DESTINATION_API_KEY_HEADER"),
    ] {
        // Which is the other one's default.
        let is_other = |name: &&str| variable != "DESTINATION_API_KEY_HEADER" || *name != "Idempotency-Key";
        let names: Vec<&str> = others
            .into_iter()
            .filter(is_other)
            .chain(reserved.clone())
            .collect();
        agrees(
            template,
            parameter,
            |value| functions_take(variable, value),
            &names,
        )?;
    }
    Ok(())
}

/// Both bounds of each number that a function reads as well.
pub(crate) fn max_in_flight_bounds_are_submit_orders(template: &Template) -> Result<(), String> {
    let parameter = template.parameter("MaxInFlight");
    let bound = |name: &str| parameter[name].as_u64().unwrap_or_default();
    let (least, most) = (bound("MinValue"), bound("MaxValue"));
    let takes = |count: u64| functions_take("MAX_IN_FLIGHT", &count.to_string());
    ensure!(
        takes(least) && takes(most) && !takes(least - 1) && !takes(most + 1),
        "MaxInFlight is {least} to {most}, and submit-orders has others"
    );
    Ok(())
}

/// A function whose variables are not set does what it does with the template's defaults.
pub(crate) fn defaults_are_the_functions(template: &Template) -> Result<(), String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let unset = configurations(&Variables::from(REQUIRED));
    for function in template.of_type("AWS::Lambda::Function")? {
        let declared = function.properties["Environment"]["Variables"].as_object();
        let defaults: BTreeMap<&str, String> = declared
            .into_iter()
            .flatten()
            .filter_map(|(variable, value)| {
                let parameter = template.parameters().get(value["Ref"].as_str()?)?;
                Some((variable.as_str(), text(parameter.get("Default")?)))
            })
            .collect();
        let mut variables: Variables<'_> = defaults
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        variables.extend(REQUIRED);
        let name = function.text("/Environment/Variables/AWS_SDK_UA_APP_ID");
        let (with, without) = (&configurations(&variables)[name], &unset[name]);
        ensure!(without.is_ok(), "{name} does not start: {without:?}");
        ensure!(
            with == without,
            "{name} is {without:?} by itself, and {with:?} by default"
        );
    }
    Ok(())
}
