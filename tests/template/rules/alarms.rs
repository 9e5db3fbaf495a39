//! Alarms: descriptions, notifications, missing data, and the runbook's page of each.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::ensure::ensure;
use integration_tests::runbook::Runbook;
use integration_tests::template::{Resource, Template};

const DAY: u64 = 24 * 60 * 60;

/// The headings of a page, as prometheus-operator/runbooks has them, and how to see that it worked.
const SECTIONS: [&str; 5] = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Verification"];

/// `PutMetricAlarm`, `PutCompositeAlarm`: AlarmDescription.
const LONGEST_DESCRIPTION: usize = 1024;

/// All alarms, composite ones too.
pub(super) fn alarms(template: &Template) -> Result<Vec<Resource<'_>>, String> {
    let mut all = template.of_type("AWS::CloudWatch::Alarm")?;
    all.extend(template.of_type("AWS::CloudWatch::CompositeAlarm")?);
    Ok(all)
}

/// The logical ids of the alarms in a composite's rule.
pub(super) fn children(composite: Resource<'_>) -> Vec<&str> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"ALARM\("\$\{(\w+)\}"\)"#).unwrap());
    let rule = composite.properties["AlarmRule"]["Fn::Sub"]
        .as_str()
        .unwrap_or_default();
    NAME.captures_iter(rule)
        .map(|captures| captures.extract::<1>().1[0])
        .collect()
}

/// An alarm's description; a parameter in it has its default.
fn description(alarm: Resource<'_>, template: &Template) -> String {
    let text = alarm
        .properties
        .pointer("/AlarmDescription/Fn::Sub")
        .unwrap_or_else(|| alarm.get("/AlarmDescription"));
    let mut text = text.as_str().unwrap_or_default().to_owned();
    for (name, parameter) in template.parameters() {
        let default = &parameter["Default"];
        let default = default
            .as_str()
            .map_or_else(|| default.to_string(), str::to_owned);
        text = text.replace(&format!("${{{name}}}"), &default);
    }
    text
}

/// An alarm's description: its meaning, the first step, and the anchor of its page in the runbook.
///
/// The first step is missing if the alarm sends no notification.
pub(crate) fn page(
    alarm: Resource<'_>,
    template: &Template,
) -> Result<(String, Option<String>, String), String> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?<meaning>.+?\.)(?: (?<first>First .+\.))? infra/RUNBOOK\.md#(?<anchor>[a-z]+(-[a-z]+)*)$",
        )
        .unwrap()
    });
    let text = description(alarm, template);
    ensure!(
        text.len() <= LONGEST_DESCRIPTION,
        "the description of {} has {} bytes",
        alarm.id,
        text.len()
    );
    let parts = FORM
        .captures(&text)
        .ok_or_else(|| format!("the description of {} is {text:?}", alarm.id))?;
    let first = parts.name("first").map(|first| first.as_str().to_owned());
    Ok((parts["meaning"].to_owned(), first, parts["anchor"].to_owned()))
}

/// Whether it sends notifications.
pub(crate) fn notifies(alarm: Resource<'_>) -> bool {
    !alarm.properties["AlarmActions"].is_null()
}

pub(crate) fn alarm_description_has_meaning_first_step_and_page(template: &Template) -> Result<(), String> {
    let pages = Runbook::read().pages;
    for alarm in alarms(template)? {
        let (_, first, anchor) = page(alarm, template)?;
        let page = pages.iter().find(|page| page.anchor == anchor);
        let page = page.ok_or_else(|| format!("{}: the runbook has no page {anchor}", alarm.id))?;
        ensure!(
            page.sections == SECTIONS,
            "the page {anchor} has the sections {:?}",
            page.sections
        );
        ensure!(
            first.is_some() == notifies(alarm),
            "{}: first {first:?}, and it notifies: {}",
            alarm.id,
            notifies(alarm)
        );
    }
    Ok(())
}

pub(crate) fn alarm_name_is_stack_and_page(template: &Template) -> Result<(), String> {
    for alarm in alarms(template)? {
        let (_, _, anchor) = page(alarm, template)?;
        let name = &alarm.properties["AlarmName"];
        let right = json!({"Fn::Sub": format!("${{StackName}}-{anchor}")});
        // One that sends no notification has the page of one that does, and its own name.
        ensure!(
            (*name == right) == notifies(alarm),
            "{} is named {name}",
            alarm.id
        );
    }
    Ok(())
}

pub(crate) fn alarm_notifies_or_is_part_of_composite(template: &Template) -> Result<(), String> {
    let topic = json!({"Fn::If": ["GivenTopic", [{"Ref": "AlarmTopicArn"}],
        {"Fn::If": ["OwnTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}]});
    let composites = template.of_type("AWS::CloudWatch::CompositeAlarm")?;
    for alarm in alarms(template)? {
        let actions = &alarm.properties["AlarmActions"];
        let is_part = composites
            .iter()
            .any(|composite| notifies(*composite) && children(*composite).contains(&alarm.id));
        ensure!(
            *actions == topic || (actions.is_null() && is_part),
            "{} notifies {actions}",
            alarm.id
        );
        ensure!(
            alarm.properties["ActionsEnabled"].is_null(),
            "{} is muted",
            alarm.id
        );
    }
    Ok(())
}

pub(crate) fn missing_data_breaches_only_for_runs(template: &Template) -> Result<(), String> {
    for alarm in template.of_type("AWS::CloudWatch::Alarm")? {
        let right = if alarm.id == "NoCompletedRunAlarm" {
            "breaching"
        } else {
            "notBreaching"
        };
        let missing = alarm.text("/TreatMissingData");
        ensure!(missing == right, "{}: {missing:?}", alarm.id);
    }
    Ok(())
}

/// Silence is what a schedule that is off should bring.
pub(crate) fn disabled_schedule_has_no_run_alarm(template: &Template) -> Result<(), String> {
    let alarm = template.resource("NoCompletedRunAlarm")?;
    let condition = alarm.declaration["Condition"].as_str().unwrap_or_default();
    let condition = template.condition(condition);
    let enabled = json!({"Fn::Equals": [{"Ref": "ScheduleState"}, "ENABLED"]});
    let needs_it = condition["Fn::And"]
        .as_array()
        .is_some_and(|all| all.contains(&enabled));
    ensure!(needs_it, "it is there under {condition}");
    Ok(())
}

/// A day, or seven if the period is an hour or more (`PutMetricAlarm`: Period).
pub(crate) fn alarm_window_is_within_cloudwatchs_limit(template: &Template) -> Result<(), String> {
    for alarm in template.of_type("AWS::CloudWatch::Alarm")? {
        let queries = alarm.properties["Metrics"].as_array().into_iter().flatten();
        let mut periods: Vec<u64> = queries
            .filter_map(|query| query.pointer("/MetricStat/Period")?.as_u64())
            .collect();
        periods.extend(alarm.get("/Period").as_u64());
        periods.dedup();
        let [period] = periods[..] else {
            return Err(format!("{} has the periods {periods:?}", alarm.id));
        };
        let evaluations = &alarm.properties["EvaluationPeriods"];
        let most = evaluations["Ref"]
            .as_str()
            .map_or(evaluations, |name| &template.parameter(name)["MaxValue"]);
        let back = period * most.as_u64().unwrap_or(u64::MAX / period);
        let can = if period < 3600 { DAY } else { 7 * DAY };
        ensure!(back <= can, "{} looks back {back} s", alarm.id);
    }
    Ok(())
}

/// Within a twentieth of it: an earlier one would be noise, a later one would come too late.
pub(crate) fn duration_alarm_is_just_below_timeout(template: &Template) -> Result<(), String> {
    for function in ["FetchCustomers", "SubmitOrders"] {
        let timeout = Template::product()
            .resource(&format!("{function}Function"))?
            .number("/Timeout")?
            * 1000;
        let threshold = template
            .resource(&format!("{function}DurationAlarm"))?
            .number("/Threshold")?;
        ensure!(
            threshold < timeout && threshold * 20 > timeout * 19,
            "{function}: {threshold} of {timeout} ms"
        );
    }
    Ok(())
}

pub(crate) fn topic_accepts_only_own_alarms_over_tls(template: &Template) -> Result<(), String> {
    let policy = template.resource("AlarmTopicPolicy")?;
    let topic = policy.target("/Topics/0")?.id;
    let of_topic = |statement: &&&Value| statement["Resource"]["Ref"] == topic;
    let statements = policy.statements();
    ensure!(
        statements.iter().filter(of_topic).count() == statements.len(),
        "it has statements about others"
    );
    let deny = json!({"Bool": {"aws:SecureTransport": "false"}});
    let denies = statements
        .iter()
        .any(|s| s["Effect"] == "Deny" && s["Principal"] == "*" && s["Condition"] == deny);
    ensure!(denies, "it accepts plain http");
    for statement in statements
        .iter()
        .filter(|statement| statement["Effect"] == "Allow")
    {
        let publisher = &statement["Principal"];
        let account = &statement["Condition"]["StringEquals"]["aws:SourceAccount"]["Ref"];
        ensure!(
            *publisher == json!({"Service": "cloudwatch.amazonaws.com"}) && account == "AWS::AccountId",
            "{publisher} of {account} may publish"
        );
    }
    Ok(())
}
