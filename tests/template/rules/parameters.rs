//! Parameters: what each takes.

use std::collections::BTreeSet;

use regex::Regex;

use super::ensure;
use integration_tests::template::Template;

pub(crate) fn every_parameter_has_a_description(template: &Template) -> Result<(), String> {
    for (name, parameter) in template.parameters() {
        let text = parameter["Description"].as_str().unwrap_or_default();
        ensure!(!text.is_empty(), "{name} does not");
    }
    Ok(())
}

/// Holds the parameter's pattern to what it must take and must refuse.
fn takes(template: &Template, name: &str, right: &[&str], wrong: &[&str]) -> Result<(), String> {
    let pattern = template.parameter(name)["AllowedPattern"]
        .as_str()
        .unwrap_or_default();
    let pattern = Regex::new(pattern).map_err(|error| error.to_string())?;
    for value in right {
        ensure!(pattern.is_match(value), "{name} refuses {value:?}");
    }
    for value in wrong {
        ensure!(!pattern.is_match(value), "{name} takes {value:?}");
    }
    Ok(())
}

pub(crate) fn url_is_https_or_loopback(template: &Template) -> Result<(), String> {
    for name in ["SourceUrl", "DestinationUrl", "TokenUrl"] {
        takes(
            template,
            name,
            &[
                "https://api.example.com",
                "https://api.example.com:8443/v1/customers?active=true&page=1",
                "http://127.0.0.1:8080/orders",
                "http://localhost/orders",
                "http://[::1]:8080",
            ],
            &[
                "",
                "api.example.com",
                "http://api.example.com/",
                "https://",
                "https://a b",
                "http://localhost.example.com",
            ],
        )?;
    }
    Ok(())
}

pub(crate) fn secret_is_a_complete_arn(template: &Template) -> Result<(), String> {
    for name in ["SourceSecretArn", "DestinationSecretArn"] {
        takes(
            template,
            name,
            &[
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders/source-AbC123",
                "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:source-key-a1b2c3",
            ],
            &[
                "orders/source",
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders/source",
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:*",
            ],
        )?;
    }
    Ok(())
}

pub(crate) fn alarm_target_is_topic_or_email(template: &Template) -> Result<(), String> {
    takes(
        template,
        "AlarmTopicArn",
        &["", "arn:aws:sns:eu-central-1:123456789012:on-call"],
        &["on-call", "arn:aws:sqs:eu-central-1:123456789012:on-call"],
    )?;
    takes(
        template,
        "AlarmEmail",
        &["", "on-call@example.com"],
        &["on-call", "on call@example.com", "a@b"],
    )
}

pub(crate) fn nested_parameters_have_the_same_rules(template: &Template) -> Result<(), String> {
    let declared = Template::monitoring().parameters();
    let given = &template.resource("Monitoring")?.properties["Parameters"];
    let given: BTreeSet<&String> = given
        .as_object()
        .into_iter()
        .flat_map(|given| given.keys())
        .collect();
    let wanted: BTreeSet<&String> = declared.keys().collect();
    ensure!(given == wanted, "{given:?} are given, {wanted:?} are wanted");
    for (name, inner) in declared {
        let Some(outer) = template.parameters().get(name) else {
            continue;
        };
        for rule in ["Type", "Default", "AllowedPattern", "MinValue", "MaxValue"] {
            let (inner, outer) = (&inner[rule], &outer[rule]);
            ensure!(inner == outer, "{rule} of {name} is {outer}, and inside {inner}");
        }
    }
    Ok(())
}
