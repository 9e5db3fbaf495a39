//! The rules: each is a function whose name is the sentence.

mod alarms;
mod composites;
mod dashboard;
mod functions;
mod metrics;
mod parameters;
mod queries;
mod queues;
mod roles;
mod runs;

pub(crate) use alarms::{page, tells};

use integration_tests::template::Template;

/// A rule: it holds for a template, or says what is wrong.
pub(crate) type Rule = fn(&Template) -> Result<(), String>;

/// Ends a rule with what is wrong, unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err(format!($($what)+));
        }
    };
}
use ensure;

macro_rules! rules {
    ($($module:ident::{$($rule:ident),+ $(,)?}),+ $(,)?) => {
        &[$($((stringify!($rule), $module::$rule as Rule)),+),+]
    };
}

/// The rules of `template.yaml`.
pub(crate) const PRODUCT: &[(&str, Rule)] = rules![
    queues::{
        a_message_is_hidden_for_six_time_outs_of_the_function_and_the_window,
        a_message_is_tried_at_least_five_times,
        the_longest_backoff_fits_into_the_queues_retention,
        queues_for_people_keep_a_message_for_14_days_longer_than_the_customer_queue,
        submit_orders_is_told_the_queues_retention_as_it_is,
        every_queue_is_encrypted,
        every_queue_refuses_plain_http,
    },
    functions::{
        the_mapping_reports_each_message_that_failed,
        a_batch_of_more_than_ten_has_a_window,
        every_call_is_over_before_its_function_is,
        at_least_two_instances_may_work_and_no_reserved_concurrency_is_below,
        every_function_logs_json_to_a_group_that_forgets,
        no_function_logs_less_than_its_metrics,
        every_function_says_who_it_is,
        redrive_orders_is_told_the_two_queues,
        a_redrive_is_done_at_once_or_not_at_all,
        every_function_is_traced,
        no_credential_is_in_the_environment,
    },
    roles::{
        every_function_has_a_role_of_its_own,
        no_role_has_a_managed_policy,
        every_permission_names_its_actions,
        every_permission_names_its_resources,
    },
    runs::{
        what_the_schedule_cannot_start_is_retried_and_then_reported,
        a_run_that_fails_is_retried_and_then_reported,
        the_schedule_stamps_its_own_time_on_every_order,
        the_schedule_is_alone_in_its_group,
        the_default_schedule_is_within_what_the_alarm_expects,
        two_stacks_do_not_collide,
    },
    parameters::{
        every_parameter_says_what_it_is_for,
        a_url_is_https_or_on_loopback,
        a_secret_is_named_by_its_complete_arn,
        who_is_told_is_a_topic_or_an_address,
        monitoring_gets_each_of_its_parameters_by_the_same_rules,
    },
];

/// The rules of `infra/monitoring.yaml`.
pub(crate) const MONITORING: &[(&str, Rule)] = rules![
    alarms::{
        every_alarm_says_what_it_means_what_to_do_first_and_where_to_read_on,
        every_alarm_is_named_after_the_stack_and_its_page,
        every_alarm_tells_the_topic_or_is_part_of_one_that_does,
        silence_sets_off_the_alarm_of_runs_and_no_other,
        no_alarm_looks_back_longer_than_cloudwatch_can,
        the_alarms_of_duration_are_just_below_the_time_outs,
        the_topic_takes_alarms_of_this_account_over_tls,
    },
    composites::{
        a_composite_names_alarms_that_exist,
        a_composite_says_how_long_it_waits_for_the_cause,
        a_destination_that_is_down_silences_what_follows_from_it,
    },
    metrics::{
        every_metric_is_one_that_somebody_publishes,
        every_metric_of_an_expression_is_used,
    },
    dashboard::{
        the_dashboard_tells_its_story_in_order,
        no_widget_lies_on_another_or_outside,
        every_alarm_that_tells_is_on_the_dashboard,
        the_dashboard_links_to_pages_that_alarms_name,
    },
    queries::{
        every_query_looks_for_what_the_functions_log,
        every_query_looks_into_the_log_groups_of_the_stack,
    },
    parameters::{every_parameter_says_what_it_is_for},
    runs::{two_stacks_do_not_collide},
];

fn broken(rules: &[(&str, Rule)], template: &Template) -> Vec<String> {
    let failed = rules.iter().filter_map(|(name, rule)| {
        let problem = rule(template).err()?;
        Some(format!("{name}: {problem}"))
    });
    failed.collect()
}

#[test]
fn what_runs_keeps_every_rule() {
    assert_eq!(broken(PRODUCT, Template::product()), [""; 0]);
}

#[test]
fn what_watches_it_keeps_every_rule() {
    assert_eq!(broken(MONITORING, Template::monitoring()), [""; 0]);
}
