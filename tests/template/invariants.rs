//! The rules, each a sentence.

use std::collections::BTreeSet;
use std::time::Duration;

use regex::Regex;
use serde_json::{Value, json};
use submit_orders::backoff::LONGEST_STEP;

use crate::translated::{of_type, parameters, resource};

const DAY: u64 = 24 * 60 * 60;

#[test]
fn the_mapping_reports_each_message_that_failed() {
    let mapping = resource("SubmitOrdersFunctionCustomers");
    assert_eq!(
        mapping.get("/FunctionResponseTypes"),
        &json!(["ReportBatchItemFailures"])
    );
    assert_eq!(mapping.target("/EventSourceArn").id, "CustomerQueue");
}

#[test]
fn a_message_is_hidden_for_six_time_outs_of_the_function_and_the_window() {
    let mapping = resource("SubmitOrdersFunctionCustomers");
    let time_out = mapping.target("/FunctionName").number("/Timeout");
    let window = mapping.number("/MaximumBatchingWindowInSeconds");
    assert!(resource("CustomerQueue").number("/VisibilityTimeout") >= 6 * time_out + window);
}

#[test]
fn a_batch_of_more_than_ten_has_a_window() {
    assert!(resource("SubmitOrdersFunctionCustomers").number("/MaximumBatchingWindowInSeconds") >= 1);
}

#[test]
fn every_call_is_over_before_its_function_is() {
    let limit = |function: &str| Duration::from_secs(resource(function).number("/Timeout"));
    for function in [
        "FetchCustomersFunction",
        "RedriveOrdersFunction",
        "SubmitOrdersFunction",
    ] {
        assert!(shared::aws::OPERATION_TIMEOUT < limit(function), "{function}");
        assert!(shared::http::CONNECT_TIMEOUT < limit(function), "{function}");
    }
    let post = submit_orders::destination::POST_TIMEOUT + submit_orders::submission::WRAP_UP;
    assert!(post < limit("SubmitOrdersFunction"));
}

#[test]
fn a_message_is_tried_often_enough_and_its_longest_backoff_fits_into_the_queues_retention() {
    let queue = resource("CustomerQueue");
    assert!(queue.number("/RedrivePolicy/maxReceiveCount") >= 5);
    assert!(parameters()["MaxReceiveCount"]["MinValue"].as_u64() >= Some(5));
    assert_eq!(
        queue.target("/RedrivePolicy/deadLetterTargetArn").id,
        "DeadLetterQueue"
    );
    assert!(LONGEST_STEP < Duration::from_secs(queue.number("/MessageRetentionPeriod")));
}

#[test]
fn queues_for_people_keep_a_message_for_14_days_longer_than_the_customer_queue() {
    let customers = resource("CustomerQueue").number("/MessageRetentionPeriod");
    for queue in ["DeadLetterQueue", "FailedRunsQueue"] {
        let retention = resource(queue).number("/MessageRetentionPeriod");
        assert_eq!(retention, 14 * DAY, "{queue}");
        assert!(retention > customers, "{queue}");
    }
}

#[test]
fn submit_orders_is_told_the_queues_retention_as_it_is() {
    let told = resource("SubmitOrdersFunction").number("/Environment/Variables/QUEUE_RETENTION_SECS");
    assert_eq!(told, resource("CustomerQueue").number("/MessageRetentionPeriod"));
}

#[test]
fn every_queue_is_encrypted_and_refuses_plain_http() {
    let policies = of_type("AWS::SQS::QueuePolicy");
    for queue in of_type("AWS::SQS::Queue") {
        assert_eq!(queue.get("/SqsManagedSseEnabled"), &json!(true), "{}", queue.id);
        let policy = policies
            .iter()
            .find(|policy| policy.target("/Queues/0").id == queue.id)
            .expect(queue.id);
        let refusal = json!({
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*",
            "Resource": {"Fn::GetAtt": [queue.id, "Arn"]},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        });
        assert_eq!(policy.statements(), [&refusal], "{}", queue.id);
    }
}

#[test]
fn every_function_has_a_role_of_its_own() {
    let functions = of_type("AWS::Lambda::Function");
    let roles: BTreeSet<&str> = functions
        .iter()
        .map(|function| function.target("/Role").id)
        .collect();
    assert_eq!(roles.len(), functions.len());
}

#[test]
fn a_role_names_what_it_may_use_and_only_x_ray_has_nothing_to_name() {
    for role in of_type("AWS::IAM::Role") {
        assert_eq!(role.get("/ManagedPolicyArns"), &Value::Null, "{}", role.id);
        for statement in role.statements() {
            let actions = statement["Action"]
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![statement["Action"].clone()]);
            let actions: Vec<&str> = actions.iter().map(|action| action.as_str().unwrap()).collect();
            assert!(
                !actions.iter().any(|action| action.contains('*')),
                "{} {statement}",
                role.id
            );
            if statement["Resource"] == "*" {
                assert_eq!(
                    actions,
                    ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                    "{}",
                    role.id
                );
            } else {
                assert!(statement["Resource"].is_object(), "{} {statement}", role.id);
            }
        }
    }
}

#[test]
fn every_function_logs_json_to_a_group_that_forgets_and_is_traced() {
    for function in of_type("AWS::Lambda::Function") {
        assert_eq!(
            function.get("/LoggingConfig/LogFormat"),
            "JSON",
            "{}",
            function.id
        );
        assert!(
            function
                .target("/LoggingConfig/LogGroup")
                .number("/RetentionInDays")
                > 0,
            "{}",
            function.id
        );
        assert_eq!(function.get("/TracingConfig/Mode"), "Active", "{}", function.id);
    }
}

#[test]
fn at_least_two_instances_may_work_at_a_time_and_no_reserved_concurrency_is_below() {
    let mapping = resource("SubmitOrdersFunctionCustomers");
    assert!(mapping.number("/ScalingConfig/MaximumConcurrency") >= 2);
    assert!(parameters()["MaxConcurrency"]["MinValue"].as_u64() >= Some(2));
    for function in of_type("AWS::Lambda::Function") {
        assert_eq!(
            function.get("/ReservedConcurrentExecutions"),
            &Value::Null,
            "{}",
            function.id
        );
    }
}

#[test]
fn a_run_is_retried_and_then_reported() {
    let schedule = resource("FetchCustomersFunctionSchedule");
    assert!(schedule.number("/Target/RetryPolicy/MaximumRetryAttempts") > 0);
    assert!(schedule.number("/Target/RetryPolicy/MaximumEventAgeInSeconds") >= 60);
    assert_eq!(
        schedule.target("/Target/DeadLetterConfig/Arn").id,
        "FailedRunsQueue"
    );
    assert_eq!(schedule.get("/Name"), &Value::Null, "two stacks would collide");

    let asynchronous = resource("FetchCustomersFunctionEventInvokeConfig");
    assert!(asynchronous.number("/MaximumRetryAttempts") > 0);
    assert!(asynchronous.number("/MaximumEventAgeInSeconds") >= 60);
    assert_eq!(
        asynchronous.target("/DestinationConfig/OnFailure/Destination").id,
        "FailedRunsQueue"
    );
}

#[test]
fn a_redrive_is_done_at_once_or_not_at_all() {
    let asynchronous = resource("RedriveOrdersFunctionEventInvokeConfig");
    assert_eq!(asynchronous.number("/MaximumRetryAttempts"), 0);
    assert_eq!(asynchronous.number("/MaximumEventAgeInSeconds"), 60);
}

#[test]
fn redrive_orders_is_told_the_two_queues() {
    let function = resource("RedriveOrdersFunction");
    for (variable, queue) in [
        ("QUEUE_URL", "CustomerQueue"),
        ("DEAD_LETTER_QUEUE_URL", "DeadLetterQueue"),
    ] {
        let told = function.target(&format!("/Environment/Variables/{variable}"));
        assert_eq!(told.id, queue);
    }
}

#[test]
fn the_schedule_stamps_its_own_time_on_every_order() {
    let input = resource("FetchCustomersFunctionSchedule").get("/Target/Input");
    assert_eq!(input, r#"{"order_date": "<aws.scheduler.scheduled-time>"}"#);
}

#[test]
fn every_parameter_says_what_it_is_for() {
    for (name, parameter) in parameters() {
        assert!(
            parameter["Description"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{name}"
        );
    }
}

#[test]
fn a_url_is_https_or_on_loopback() {
    for name in ["SourceUrl", "DestinationUrl", "TokenUrl"] {
        let pattern = Regex::new(parameters()[name]["AllowedPattern"].as_str().unwrap()).unwrap();
        for url in [
            "https://api.example.com",
            "https://api.example.com:8443/v1/customers?active=true&page=1",
            "http://127.0.0.1:8080/orders",
            "http://localhost/orders",
            "http://[::1]:8080",
        ] {
            assert!(pattern.is_match(url), "{name} {url}");
        }
        for url in [
            "",
            "api.example.com",
            "http://api.example.com/",
            "https://",
            "https://a b",
            "http://localhost.example.com",
        ] {
            assert!(!pattern.is_match(url), "{name} {url}");
        }
    }
}

#[test]
fn a_secret_is_named_by_its_complete_arn() {
    for name in ["SourceSecretArn", "DestinationSecretArn"] {
        let pattern = Regex::new(parameters()[name]["AllowedPattern"].as_str().unwrap()).unwrap();
        for arn in [
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders/source-AbC123",
            "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:source-key-a1b2c3",
        ] {
            assert!(pattern.is_match(arn), "{name} {arn}");
        }
        for arn in [
            "orders/source",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders/source",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:*",
        ] {
            assert!(!pattern.is_match(arn), "{name} {arn}");
        }
    }
}
