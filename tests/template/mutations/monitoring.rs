//! Mutations of `infra/monitoring.yaml`.

use super::mutation::{Mutation, mutations};

pub(super) fn mutations() -> Vec<Mutation> {
    mutations! {
        alarm_description_has_meaning_first_step_and_page: "a page that the runbook does not have" {
            "/Resources/MisconfiguredAlarm/Properties/AlarmDescription": "The destination refuses us. First read the log. infra/RUNBOOK.md#mis-configured"
        }
        alarm_description_has_meaning_first_step_and_page: "no description" {
            "/Resources/FailedRunsAlarm/Properties/AlarmDescription": null
        }
        alarm_description_has_meaning_first_step_and_page: "no page" {
            "/Resources/DeadLettersAlarm/Properties/AlarmDescription": "There are orders in the DeadLetterQueue. First read them."
        }
        alarm_description_has_meaning_first_step_and_page: "no first step" {
            "/Resources/EmfErrorsAlarm/Properties/AlarmDescription": "CloudWatch cannot read metrics. infra/RUNBOOK.md#emf-errors"
        }
        alarm_description_has_meaning_first_step_and_page: "an anchor that no heading makes" {
            "/Resources/MisconfiguredAlarm/Properties/AlarmDescription": "It refuses us. First look. infra/RUNBOOK.md#It_refuses"
        }
        alarm_name_is_stack_and_page: "for all stacks" {
            "/Resources/OrdersRejectedAlarm/Properties/AlarmName": "orders-rejected"
        }
        alarm_name_is_stack_and_page: "as another page" {
            "/Resources/OrdersRejectedAlarm/Properties/AlarmName": {"Fn::Sub": "${StackName}-refused"}
        }
        alarm_notifies_or_is_part_of_composite: "it notifies no topic" {
            "/Resources/SubmitOrdersErrorsAlarm/Properties/AlarmActions": null
        }
        alarm_notifies_or_is_part_of_composite: "it notifies another topic" {
            "/Resources/FailedRunsAlarm/Properties/AlarmActions": ["arn:aws:sns:us-east-1:123456789012:on-call"]
        }
        alarm_notifies_or_is_part_of_composite: "it is muted" {
            "/Resources/FailedRunsAlarm/Properties/ActionsEnabled": false
        }
        alarm_notifies_or_is_part_of_composite: "its composite does not notify" {
            "/Resources/DestinationDownAlarm/Properties/AlarmActions": null
        }
        missing_data_breaches_only_for_runs: "CloudWatch's default" {
            "/Resources/EmfErrorsAlarm/Properties/TreatMissingData": null
        }
        missing_data_breaches_only_for_runs: "an idle system is an error" {
            "/Resources/SubmitOrdersErrorsAlarm/Properties/TreatMissingData": "breaching"
        }
        missing_data_breaches_only_for_runs: "a schedule that is off is no error" {
            "/Resources/NoCompletedRunAlarm/Properties/TreatMissingData": "notBreaching"
        }
        disabled_schedule_has_no_run_alarm: "it is always" {
            "/Conditions/RunIsExpected": {"Fn::Not": [{"Fn::Equals": [{"Ref": "RunExpectedWithinHours"}, "0"]}]}
        }
        names_fit_the_longest_stack_name: "the sender's name has the stack's" {
            "/Resources/AlarmTopic/Properties/DisplayName": {"Fn::Sub": "${StackName} alarms"}
        }
        alarm_window_is_within_cloudwatchs_limit: "two weeks" {
            "/Parameters/RunExpectedWithinHours/MaxValue": 336
        }
        alarm_window_is_within_cloudwatchs_limit: "a week in short periods" {
            "/Resources/NoCompletedRunAlarm/Properties/Period": 1800
        }
        alarm_window_is_within_cloudwatchs_limit: "metrics of different periods" {
            "/Resources/BacklogWaitingAlarm/Properties/Metrics/1/MetricStat/Period": 300
        }
        duration_alarm_is_just_below_timeout: "it never goes off" {
            "/Resources/SubmitOrdersDurationAlarm/Properties/Threshold": 60000
        }
        duration_alarm_is_just_below_timeout: "a long run sets it off" {
            "/Resources/FetchCustomersDurationAlarm/Properties/Threshold": 600000
        }
        topic_accepts_only_own_alarms_over_tls: "from every principal" {
            "/Resources/AlarmTopicPolicy/Properties/PolicyDocument/Statement/0/Principal": "*"
        }
        topic_accepts_only_own_alarms_over_tls: "from every account's alarms" {
            "/Resources/AlarmTopicPolicy/Properties/PolicyDocument/Statement/0/Condition/StringEquals": null
        }
        topic_accepts_only_own_alarms_over_tls: "over plain http" {
            "/Resources/AlarmTopicPolicy/Properties/PolicyDocument/Statement/1": null
        }

        composite_names_existing_alarms: "one that does not" {
            "/Resources/DeadLettersAlarm/Properties/AlarmRule": {"Fn::Sub": "ALARM(\"${DeadLettersGoneAlarm}\")"}
        }
        composite_names_existing_alarms: "none" {
            "/Resources/DeadLettersAlarm/Properties/AlarmRule": {"Fn::Sub": "FALSE"}
        }
        composite_names_existing_alarms: "a queue as the cause" {
            "/Resources/DeadLettersAlarm/Properties/ActionsSuppressor": {"Ref": "AlarmTopic"}
        }
        composite_has_suppressor_periods: "no wait period" {
            "/Resources/BacklogNotDrainingAlarm/Properties/ActionsSuppressorWaitPeriod": null
        }
        composite_has_suppressor_periods: "no extension period" {
            "/Resources/BacklogNotDrainingAlarm/Properties/ActionsSuppressorExtensionPeriod": 0
        }
        destination_down_suppresses_its_consequences: "the backlog notifies as well" {
            "/Resources/BacklogNotDrainingAlarm/Properties/ActionsSuppressor": {"Ref": "EmfErrorsAlarm"}
        }
        destination_down_suppresses_its_consequences: "a misconfiguration notifies twice" {
            "/Resources/DestinationDownAlarm/Properties/ActionsSuppressor": null
        }

        every_metric_is_published: "a misspelled name" {
            "/Resources/OrdersRejectedAlarm/Properties/MetricName": "OrdersRefused"
        }
        every_metric_is_published: "in another namespace" {
            "/Resources/MisconfiguredAlarm/Properties/Namespace": "CustomerOrders"
        }
        every_metric_is_published: "with a dimension that it does not have" {
            "/Resources/ScheduleFailedAlarm/Properties/Dimensions/0/Name": "ScheduleName"
        }
        every_metric_is_published: "inside an expression" {
            "/Resources/NoDeliveriesAlarm/Properties/Metrics/2/MetricStat/Metric/MetricName": "OrdersSent"
        }
        every_metric_is_published: "on the dashboard" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"properties\": {\"metrics\": [[\"AWS/SQS\", \"Depth\", \"QueueName\", \"q\"]]}}]}"
        }
        expression_uses_every_metric: "one is not" {
            "/Resources/NoDeliveriesAlarm/Properties/Metrics/0/Expression": "retried > 20 * delivered"
        }
        expression_uses_every_metric: "two are compared" {
            "/Resources/BacklogWaitingAlarm/Properties/Metrics/1/ReturnData": true
        }

        dashboard_columns_are_in_order: "the first columns are missing" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"type\": \"text\", \"x\": 0, \"y\": 0, \"properties\": {\"markdown\": \"### 4 · Dead letters\"}}]}"
        }
        dashboard_columns_are_in_order: "it is not JSON" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [,]}"
        }
        widgets_fit_without_overlap: "one on another" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"x\": 0, \"y\": 0, \"width\": 6, \"height\": 4}, {\"x\": 5, \"y\": 3, \"width\": 6, \"height\": 4}]}"
        }
        widgets_fit_without_overlap: "one beyond the right end" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"x\": 20, \"y\": 0, \"width\": 6, \"height\": 4}]}"
        }
        dashboard_shows_every_notifying_alarm: "one is not" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/1/NoCompletedRun": ""
        }
        dashboard_links_lead_to_alarm_pages: "a page of no alarm" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"properties\": {\"markdown\": \"[queue](${RunbookUrl}#queue)\"}}]}"
        }
        dashboard_links_lead_to_alarm_pages: "no link" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"properties\": {\"markdown\": \"Good luck.\"}}]}"
        }

        query_uses_logged_events_and_fields: "an event that is not logged" {
            "/Resources/RetriesByStatusQuery/Properties/QueryString": "filter event = \"order_refused\""
        }
        query_uses_logged_events_and_fields: "a sentence" {
            "/Resources/RetriesByStatusQuery/Properties/QueryString": "filter message = \"order retried\""
        }
        query_uses_logged_events_and_fields: "a field that is not logged" {
            "/Resources/OneCustomerQuery/Properties/QueryString": "filter customer_id = \"123\" | fields @timestamp, customer_email"
        }
        query_reads_the_stacks_log_groups: "into another" {
            "/Resources/OneCustomerQuery/Properties/LogGroupNames": ["/aws/lambda/orders"]
        }
        query_reads_the_stacks_log_groups: "into none" {
            "/Resources/OneOrderDateQuery/Properties/LogGroupNames": null
        }

        every_parameter_has_a_description: "one has none" {
            "/Parameters/ScheduleGroup/Description": null
        }
        two_stacks_do_not_collide: "a dashboard with a name" {
            "/Resources/Dashboard/Properties/DashboardName": "customer-order-sync"
        }
        two_stacks_do_not_collide: "a query with a name for all" {
            "/Resources/OneCustomerQuery/Properties/Name": "history of one customer"
        }
    }
}
