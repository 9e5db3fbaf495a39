//! The rules, one function each.

mod alarms;
mod authentication;
mod bounds;
mod composites;
mod dashboard;
mod ensure;
mod functions;
mod metrics;
mod options;
mod parameters;
mod queries;
mod queues;
mod roles;
mod runs;

pub(crate) use alarms::{notifies, page};
pub(crate) use queries::{check as check_query, events};

use integration_tests::template::Template;

/// A rule: it holds for a template, or returns what breaks it.
pub(crate) type Rule = fn(&Template) -> Result<(), String>;

macro_rules! rules {
    ($($module:ident::{$($rule:ident),+ $(,)?}),+ $(,)?) => {
        &[$($((stringify!($rule), $module::$rule as Rule)),+),+]
    };
}

/// The rules of `template.yaml`.
pub(crate) const PRODUCT: &[(&str, Rule)] = rules![
    queues::{
        visibility_covers_six_timeouts_and_window,
        message_has_at_least_five_attempts,
        longest_backoff_fits_into_retention,
        dead_letters_outlive_the_customer_queue,
        submit_orders_knows_the_queues_retention,
        people_queues_outlive_the_stack,
        only_dead_letter_queue_accepts_redrive,
        every_queue_is_encrypted,
        every_queue_refuses_plain_http,
    },
    functions::{
        event_source_mapping_reports_item_failures,
        batch_above_ten_has_a_window,
        calls_end_before_their_function,
        concurrency_is_at_least_two_and_unreserved,
        function_logs_json_with_retention,
        log_level_lets_metrics_through,
        function_names_itself_to_aws,
        redrive_orders_knows_both_queues,
        redrive_is_not_retried,
        every_function_is_traced,
        environment_has_no_credential,
    },
    roles::{
        every_function_has_its_own_role,
        no_role_has_a_managed_policy,
        every_permission_names_its_actions,
        every_permission_names_its_resources,
    },
    runs::{
        unstarted_run_is_retried_then_reported,
        failed_run_is_retried_then_reported,
        deployment_starts_no_run,
        schedule_passes_its_scheduled_time,
        schedule_has_its_own_group,
        default_schedule_fits_the_alarm_window,
        two_stacks_do_not_collide,
        names_fit_the_longest_stack_name,
    },
    parameters::{
        every_parameter_has_a_description,
        every_parameter_is_in_one_group,
        url_is_https_or_loopback,
        secret_is_a_complete_arn,
        optional_id_is_exact_or_empty,
        alarm_target_is_topic_or_email,
        nested_parameters_have_the_same_rules,
    },
    bounds::{
        url_bounds_are_the_functions,
        text_bounds_are_the_functions,
        header_bounds_are_the_functions,
        max_in_flight_bounds_are_submit_orders,
        defaults_are_the_functions,
    },
    authentication::{authentication_rules_are_submit_orders},
];

/// The rules of what is in `template.yaml` only where an optional parameter asks for it.
pub(crate) const OPTIONS: &[(&str, Rule)] = rules![
    options::{
        functions_are_in_given_subnets_or_none,
        network_rights_need_subnets_and_lambda,
        key_encrypts_queues_and_log_groups,
        key_rights_are_exact,
        boundary_bounds_every_role,
        options_add_no_other_permission,
    },
];

/// The rules of `infra/monitoring.yaml`.
pub(crate) const MONITORING: &[(&str, Rule)] = rules![
    alarms::{
        alarm_description_has_meaning_first_step_and_page,
        alarm_name_is_stack_and_page,
        alarm_notifies_or_is_part_of_composite,
        missing_data_breaches_only_for_runs,
        disabled_schedule_has_no_run_alarm,
        alarm_window_is_within_cloudwatchs_limit,
        duration_alarm_is_just_below_timeout,
        topic_accepts_only_own_alarms_over_tls,
    },
    composites::{
        composite_names_existing_alarms,
        composite_has_suppressor_periods,
        destination_down_suppresses_its_consequences,
    },
    metrics::{
        every_metric_is_published,
        expression_uses_every_metric,
    },
    dashboard::{
        dashboard_columns_are_in_order,
        widgets_fit_without_overlap,
        dashboard_shows_every_notifying_alarm,
        dashboard_links_lead_to_alarm_pages,
    },
    queries::{
        query_uses_logged_events_and_fields,
        query_reads_the_stacks_log_groups,
    },
    parameters::{every_parameter_has_a_description},
    runs::{two_stacks_do_not_collide, names_fit_the_longest_stack_name},
];

fn broken(rules: &[(&str, Rule)], template: &Template) -> Vec<String> {
    let failed = rules.iter().filter_map(|(name, rule)| {
        let problem = rule(template).err()?;
        Some(format!("{name}: {problem}"))
    });
    failed.collect()
}

#[test]
fn product_template_keeps_every_rule() {
    for (combination, template) in Template::combinations() {
        let mut broken_rules = broken(PRODUCT, template);
        broken_rules.extend(broken(OPTIONS, template));
        assert_eq!(broken_rules, [""; 0], "with {combination}");
    }
}

#[test]
fn monitoring_template_keeps_every_rule() {
    assert_eq!(broken(MONITORING, Template::monitoring()), [""; 0]);
}
