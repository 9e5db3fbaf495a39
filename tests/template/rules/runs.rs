//! The schedule, and what happens to a run that fails.

use super::ensure::ensure;
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

/// A `rate(…)` schedule without a start date fires as soon as it is enabled (EventBridge Scheduler User Guide, "Schedule
/// types").
pub(crate) fn deployment_starts_no_run(template: &Template) -> Result<(), String> {
    let schedule = template.resource("FetchCustomersFunctionSchedule")?;
    let state = &schedule.properties["State"]["Ref"];
    ensure!(state == "ScheduleState", "its state is {state}");
    let default = schedule.get("/State");
    ensure!(default == "DISABLED", "it is {default}");
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

/// A stack's name has up to 128 characters (CloudFormation, CreateStack: StackName), a region's up to 14.
pub(crate) fn names_fit_the_longest_stack_name(template: &Template) -> Result<(), String> {
    // Each limit is that of the property in its service's API reference.
    const LIMITS: [(&str, &str, usize); 6] = [
        ("AWS::SNS::Topic", "DisplayName", 100),
        ("AWS::CloudWatch::Alarm", "AlarmName", 255),
        ("AWS::CloudWatch::CompositeAlarm", "AlarmName", 255),
        ("AWS::CloudWatch::Dashboard", "DashboardName", 255),
        ("AWS::Logs::LogGroup", "LogGroupName", 512),
        ("AWS::Logs::QueryDefinition", "Name", 255),
    ];
    let stack = "s".repeat(128);
    for (kind, property, limit) in LIMITS {
        for resource in template.of_type(kind).unwrap_or_default() {
            let name = &resource.properties[property];
            let name = name["Fn::Sub"]
                .as_str()
                .or_else(|| name.as_str())
                .unwrap_or_default();
            let longest = name
                .replace("${StackName}", &stack)
                .replace("${AWS::StackName}", &stack)
                .replace("${AWS::Region}", "ap-southeast-1");
            let length = longest.chars().count();
            ensure!(
                (1..=limit).contains(&length) && !longest.contains("${"),
                "the {property} of {} may have {length} characters: {name}",
                resource.id
            );
        }
    }
    Ok(())
}
