//! Parameters: the values that each accepts.

use std::collections::BTreeSet;

use fancy_regex::Regex;
use integration_tests::template::Template;

use super::ensure::ensure;

pub(crate) fn every_parameter_has_a_description(template: &Template) -> Result<(), String> {
    for (name, parameter) in template.parameters() {
        let text = parameter["Description"].as_str().unwrap_or_default();
        ensure!(!text.is_empty(), "{name} has none");
    }
    Ok(())
}

/// The groups are the order in which the console shows the parameters.
pub(crate) fn every_parameter_is_in_one_group(template: &Template) -> Result<(), String> {
    let interface = template.metadata("AWS::CloudFormation::Interface");
    let mut grouped = BTreeSet::new();
    for group in interface["ParameterGroups"].as_array().into_iter().flatten() {
        let label = group["Label"].as_object();
        let only_text = label.is_some_and(|label| label.len() == 1 && label["default"].is_string());
        ensure!(only_text, "a label is {}", group["Label"]);
        for name in group["Parameters"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            ensure!(grouped.insert(name), "{name} is in two groups");
        }
    }
    let declared: BTreeSet<&str> = template.parameters().keys().map(String::as_str).collect();
    let differ: Vec<_> = declared.symmetric_difference(&grouped).collect();
    ensure!(differ.is_empty(), "{differ:?} are in no group, or not declared");
    Ok(())
}

/// Checks that the parameter's pattern accepts the right values and refuses the wrong ones.
pub(super) fn takes(template: &Template, name: &str, right: &[&str], wrong: &[&str]) -> Result<(), String> {
    let pattern = template.parameter(name)["AllowedPattern"]
        .as_str()
        .unwrap_or_default();
    let pattern = Regex::new(pattern).map_err(|error| error.to_string())?;
    for value in right {
        ensure!(matches(&pattern, value)?, "{name} refuses {value:?}");
    }
    for value in wrong {
        ensure!(!matches(&pattern, value)?, "{name} accepts {value:?}");
    }
    Ok(())
}

fn matches(pattern: &Regex, value: &str) -> Result<bool, String> {
    pattern.is_match(value).map_err(|error| error.to_string())
}

pub(crate) fn optional_id_is_exact_or_empty(template: &Template) -> Result<(), String> {
    takes(
        template,
        "KmsKeyArn",
        &[
            "",
            "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ],
        &[
            "alias/orders",
            "arn:aws:kms:eu-central-1:123456789012:alias/orders",
            "*",
        ],
    )?;
    takes(
        template,
        "PermissionsBoundaryArn",
        &[
            "",
            "arn:aws:iam::123456789012:policy/teams/developers",
            "arn:aws:iam::aws:policy/PowerUserAccess",
        ],
        &["developers", "arn:aws:iam::123456789012:role/developers"],
    )?;
    takes(
        template,
        "SubnetIds",
        &["", "subnet-0a1b2c3d4e5f67890"],
        &["vpc-0a1b2c3d", "subnet-"],
    )?;
    takes(
        template,
        "SecurityGroupIds",
        &["", "sg-0a1b2c3d4e5f67890"],
        &["default", "sg-"],
    )
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
                "api.example.com",
                "http://api.example.com/",
                "https://",
                "https://a b",
                "http://localhost.example.com",
            ],
        )?;
    }
    takes(template, "TokenUrl", &[""], &[])?;
    for name in ["SourceUrl", "DestinationUrl"] {
        takes(template, name, &[], &[""])?;
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
