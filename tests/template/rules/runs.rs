//! The schedule, and what happens to a run that fails.

use super::ensure;
use integration_tests::template::Template;

pub(crate) fn unstarted_run_is_retried_then_reported(template: &Template) -> Result<(), String> {
    let schedule = template.resource("FetchCustomersFunctionSchedule")?;
    let retries = schedule.number("/Target/RetryPolicy/MaximumRetryAttempts")?;
    ensure!(retries > 0, "{retries} retries");
    let age = schedule.number("/Target/RetryPolicy/MaximumEventAgeInSeconds")?;
    ensure!(age >= 60, "within {age} s");
    let reported = schedule.target("/Target/DeadLetterConfig/Arn")?.id;
    ensure!(reported == "FailedRunsQueue", "to {reported}");
    Ok(())
}

pub(crate) fn failed_run_is_retried_then_reported(template: &Template) -> Result<(), String> {
    let asynchronous = template.resource("FetchCustomersFunctionEventInvokeConfig")?;
    let retries = asynchronous.number("/MaximumRetryAttempts")?;
    ensure!(retries > 0, "{retries} retries");
    let age = asynchronous.number("/MaximumEventAgeInSeconds")?;
    ensure!(age >= 60, "within {age} s");
    let reported = asynchronous
        .target("/DestinationConfig/OnFailure/Destination")?
        .id;
    ensure!(reported == "FailedRunsQueue", "to {reported}");
    Ok(())
}

pub(crate) fn schedule_passes_its_scheduled_time(template: &Template) -> Result<(), String> {
    let input = template
        .resource("FetchCustomersFunctionSchedule")?
        .text("/Target/Input");
    ensure!(
        input == r#"{"order_date": "<aws.scheduler.scheduled-time>"}"#,
        "{input}"
    );
    Ok(())
}

/// EventBridge Scheduler counts by group, and its role is for schedules of the group.
pub(crate) fn schedule_has_its_own_group(template: &Template) -> Result<(), String> {
    let group = template
        .resource("FetchCustomersFunctionSchedule")?
        .target("/GroupName")?
        .id;
    let role = template.resource("ScheduleRole")?;
    let allowed =
        role.target("/AssumeRolePolicyDocument/Statement/0/Condition/StringEquals/aws:SourceArn")?;
    ensure!(
        allowed.id == group,
        "it is in {group}, and the role for {}",
        allowed.id
    );
    let watched = template
        .resource("Monitoring")?
        .target("/Parameters/ScheduleGroup")?
        .id;
    ensure!(watched == group, "it is in {group}, and {watched} is watched");
    let schedules = template.of_type("AWS::Scheduler::Schedule")?.len();
    ensure!(schedules == 1, "of {schedules}");
    Ok(())
}

pub(crate) fn default_schedule_fits_the_alarm_window(template: &Template) -> Result<(), String> {
    let expression = template.parameter("ScheduleExpression")["Default"].clone();
    ensure!(expression == "rate(1 day)", "{expression}");
    let hours = template.parameter("RunExpectedWithinHours")["Default"].as_u64();
    // An hour of the schedule's retries, and an hour for the run and its repetitions.
    ensure!(hours == Some(24 + 2), "{hours:?} hours");
    Ok(())
}

/// A physical name is made by CloudFormation, or of the stack's name.
pub(crate) fn two_stacks_do_not_collide(template: &Template) -> Result<(), String> {
    const NAMES: [&str; 9] = [
        "AlarmName",
        "DashboardName",
        "FunctionName",
        "LogGroupName",
        "Name",
        "QueueName",
        "RoleName",
        "TopicName",
        "ManagedPolicyName",
    ];
    for (resource, _) in template.resources() {
        for name in NAMES {
            let value = &resource.properties[name];
            let of_stack = value["Fn::Sub"]
                .as_str()
                .is_some_and(|text| text.contains("StackName}"));
            ensure!(
                value.is_null() || value.is_object() && (of_stack || value["Fn::Sub"].is_null()),
                "{} has the {name} {value}",
                resource.id
            );
        }
    }
    Ok(())
}
