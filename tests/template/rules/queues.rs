//! Queues: visibility, attempts, retention, encryption and access.

use std::time::Duration;

use serde_json::json;
use shared::http::backoff::MAX_DELAY;

use super::ensure::ensure;
use integration_tests::template::Template;

const DAY: u64 = 24 * 60 * 60;

pub(crate) fn visibility_covers_six_timeouts_and_window(template: &Template) -> Result<(), String> {
    let mapping = template.resource("SubmitOrdersFunctionCustomers")?;
    let timeout = mapping.target("/FunctionName")?.number("/Timeout")?;
    let window = mapping.number("/MaximumBatchingWindowInSeconds")?;
    let hidden = mapping.target("/EventSourceArn")?.number("/VisibilityTimeout")?;
    ensure!(hidden >= 6 * timeout + window, "{hidden} s");
    Ok(())
}

pub(crate) fn message_has_at_least_five_attempts(template: &Template) -> Result<(), String> {
    let queue = template.resource("CustomerQueue")?;
    let attempts = queue.number("/RedrivePolicy/maxReceiveCount")?;
    ensure!(attempts >= 5, "{attempts} attempts");
    let least = &template.parameter("MaxReceiveCount")["MinValue"];
    ensure!(least.as_u64() >= Some(5), "the parameter may be {least}");
    let dead = queue.target("/RedrivePolicy/deadLetterTargetArn")?.id;
    ensure!(dead == "DeadLetterQueue", "it moves messages to {dead}");
    Ok(())
}

pub(crate) fn longest_backoff_fits_into_retention(template: &Template) -> Result<(), String> {
    let retention = template
        .resource("CustomerQueue")?
        .number("/MessageRetentionPeriod")?;
    ensure!(MAX_DELAY < Duration::from_secs(retention), "{retention} s");
    Ok(())
}

pub(crate) fn dead_letters_outlive_the_customer_queue(template: &Template) -> Result<(), String> {
    let customers = template
        .resource("CustomerQueue")?
        .number("/MessageRetentionPeriod")?;
    for queue in ["DeadLetterQueue", "FailedRunsQueue"] {
        let retention = template.resource(queue)?.number("/MessageRetentionPeriod")?;
        ensure!(retention == 14 * DAY, "{queue} keeps it {retention} s");
        ensure!(retention > customers, "CustomerQueue keeps it {customers} s");
    }
    Ok(())
}

pub(crate) fn submit_orders_knows_the_queues_retention(template: &Template) -> Result<(), String> {
    let function = template.resource("SubmitOrdersFunction")?;
    let known = function.number("/Environment/Variables/QUEUE_RETENTION_SECS")?;
    let retention = template
        .resource("CustomerQueue")?
        .number("/MessageRetentionPeriod")?;
    ensure!(
        known == retention,
        "it is {retention} s, the function knows {known} s"
    );
    Ok(())
}

pub(crate) fn every_queue_is_encrypted(template: &Template) -> Result<(), String> {
    for queue in template.of_type("AWS::SQS::Queue")? {
        let own_key = queue.properties["KmsMasterKeyId"] == json!({"Ref": "KmsKeyArn"});
        ensure!(
            own_key || queue.get("/SqsManagedSseEnabled") == &json!(true),
            "{} is not encrypted",
            queue.id
        );
    }
    Ok(())
}

pub(crate) fn people_queues_outlive_the_stack(template: &Template) -> Result<(), String> {
    for queue in ["DeadLetterQueue", "FailedRunsQueue"] {
        let declaration = template.resource(queue)?.declaration;
        // But not a first deployment that fails: it would leave an empty queue at each attempt.
        for (policy, right) in [
            ("DeletionPolicy", "RetainExceptOnCreate"),
            ("UpdateReplacePolicy", "Retain"),
        ] {
            let is = &declaration[policy];
            ensure!(is == right, "{queue}: {policy} is {is}");
        }
    }
    Ok(())
}

pub(crate) fn only_dead_letter_queue_accepts_redrive(template: &Template) -> Result<(), String> {
    for queue in template.of_type("AWS::SQS::Queue")? {
        let right = if queue.id == "DeadLetterQueue" {
            "allowAll"
        } else {
            "denyAll"
        };
        let is = queue.get("/RedriveAllowPolicy/redrivePermission");
        ensure!(is == right, "{}: {is}", queue.id);
    }
    Ok(())
}

pub(crate) fn every_queue_refuses_plain_http(template: &Template) -> Result<(), String> {
    let policies = template.of_type("AWS::SQS::QueuePolicy")?;
    for queue in template.of_type("AWS::SQS::Queue")? {
        let refusal = json!({
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*",
            "Resource": {"Fn::GetAtt": [queue.id, "Arn"]},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        });
        let refuses = policies.iter().any(|policy| {
            let of_queue = policy.target("/Queues/0").is_ok_and(|named| named.id == queue.id);
            of_queue && policy.statements() == [&refusal]
        });
        ensure!(refuses, "{} accepts plain http", queue.id);
    }
    Ok(())
}
