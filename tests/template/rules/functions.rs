//! Functions, and the event source mapping of submit-orders.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use super::ensure::ensure;
use integration_tests::template::Template;

pub(crate) fn event_source_mapping_reports_item_failures(template: &Template) -> Result<(), String> {
    let mapping = template.resource("SubmitOrdersFunctionCustomers")?;
    let types = mapping.get("/FunctionResponseTypes");
    ensure!(types == &json!(["ReportBatchItemFailures"]), "{types}");
    let source = mapping.target("/EventSourceArn")?.id;
    ensure!(source == "CustomerQueue", "it reads {source}");
    Ok(())
}

pub(crate) fn batch_above_ten_has_a_window(template: &Template) -> Result<(), String> {
    let window = template
        .resource("SubmitOrdersFunctionCustomers")?
        .number("/MaximumBatchingWindowInSeconds")?;
    ensure!(window >= 1, "{window} s");
    Ok(())
}

pub(crate) fn calls_end_before_their_function(template: &Template) -> Result<(), String> {
    let post = submit_orders::destination::POST_TIMEOUT + submit_orders::submission::WRAP_UP;
    for (function, longest) in [
        ("FetchCustomersFunction", shared::aws::OPERATION_TIMEOUT),
        ("FetchCustomersFunction", shared::http::CONNECT_TIMEOUT),
        ("RedriveOrdersFunction", shared::aws::OPERATION_TIMEOUT),
        ("SubmitOrdersFunction", shared::aws::OPERATION_TIMEOUT),
        ("SubmitOrdersFunction", shared::http::CONNECT_TIMEOUT),
        ("SubmitOrdersFunction", post),
    ] {
        let limit = Duration::from_secs(template.resource(function)?.number("/Timeout")?);
        ensure!(
            longest < limit,
            "{function} has {limit:?}, and a call may take {longest:?}"
        );
    }
    Ok(())
}

pub(crate) fn concurrency_is_at_least_two_and_unreserved(template: &Template) -> Result<(), String> {
    let mapping = template.resource("SubmitOrdersFunctionCustomers")?;
    let most = mapping.number("/ScalingConfig/MaximumConcurrency")?;
    ensure!(most >= 2, "{most}");
    let least = &template.parameter("MaxConcurrency")["MinValue"];
    ensure!(least.as_u64() >= Some(2), "the parameter may be {least}");
    for function in template.of_type("AWS::Lambda::Function")? {
        let reserved = function.get("/ReservedConcurrentExecutions");
        ensure!(
            reserved.is_null() || reserved.as_u64() >= Some(most),
            "{} has {reserved}",
            function.id
        );
    }
    Ok(())
}

pub(crate) fn function_logs_json_with_retention(template: &Template) -> Result<(), String> {
    for function in template.of_type("AWS::Lambda::Function")? {
        let format = function.text("/LoggingConfig/LogFormat");
        ensure!(format == "JSON", "{} logs {format}", function.id);
        let days = function
            .target("/LoggingConfig/LogGroup")?
            .number("/RetentionInDays")?;
        ensure!(days > 0, "{} keeps logs {days} days", function.id);
    }
    Ok(())
}

/// CloudWatch drops the metrics of a function whose level is above INFO.
pub(crate) fn log_level_lets_metrics_through(template: &Template) -> Result<(), String> {
    for function in template.of_type("AWS::Lambda::Function")? {
        let level = &function.properties["LoggingConfig"]["ApplicationLogLevel"]["Ref"];
        ensure!(level == "LogLevel", "{} has the level {level}", function.id);
    }
    let allowed = &template.parameter("LogLevel")["AllowedValues"];
    ensure!(allowed == &json!(["INFO", "DEBUG"]), "it may be {allowed}");
    Ok(())
}

pub(crate) fn function_names_itself_to_aws(template: &Template) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for function in template.of_type("AWS::Lambda::Function")? {
        let name = function.text("/Environment/Variables/AWS_SDK_UA_APP_ID");
        let group = function.target("/LoggingConfig/LogGroup")?.get("/LogGroupName");
        let group = group.to_string();
        ensure!(
            group.ends_with(&format!("-{name}\"}}")) && names.insert(name),
            "{} is named {name:?}, and logs to {group}",
            function.id
        );
    }
    Ok(())
}

pub(crate) fn redrive_orders_knows_both_queues(template: &Template) -> Result<(), String> {
    let function = template.resource("RedriveOrdersFunction")?;
    for (variable, queue) in [
        ("QUEUE_URL", "CustomerQueue"),
        ("DEAD_LETTER_QUEUE_URL", "DeadLetterQueue"),
    ] {
        let queue_of_variable = function.target(&format!("/Environment/Variables/{variable}"))?.id;
        ensure!(queue_of_variable == queue, "{variable} is {queue_of_variable}");
    }
    Ok(())
}

pub(crate) fn redrive_is_not_retried(template: &Template) -> Result<(), String> {
    let asynchronous = template.resource("RedriveOrdersFunctionEventInvokeConfig")?;
    let retries = asynchronous.number("/MaximumRetryAttempts")?;
    ensure!(retries == 0, "{retries} retries");
    let age = asynchronous.number("/MaximumEventAgeInSeconds")?;
    ensure!(age == 60, "within {age} s");
    Ok(())
}

pub(crate) fn every_function_is_traced(template: &Template) -> Result<(), String> {
    for function in template.of_type("AWS::Lambda::Function")? {
        let mode = function.text("/TracingConfig/Mode");
        ensure!(mode == "Active", "{} is {mode}", function.id);
    }
    Ok(())
}

/// A variable for a secret has the parameter with its ARN, and no other variable is about one.
pub(crate) fn environment_has_no_credential(template: &Template) -> Result<(), String> {
    for function in template.of_type("AWS::Lambda::Function")? {
        let variables = function.properties["Environment"]["Variables"].as_object();
        for (name, value) in variables.into_iter().flatten() {
            let is_about_secret = ["SECRET", "PASSWORD", "CREDENTIAL"]
                .iter()
                .any(|word| name.contains(word));
            let parameter = value.get("Ref").and_then(Value::as_str).unwrap_or_default();
            ensure!(
                !is_about_secret || (name.ends_with("_SECRET_ARN") && parameter.ends_with("SecretArn")),
                "{} has {name}: {value}",
                function.id
            );
        }
    }
    Ok(())
}
