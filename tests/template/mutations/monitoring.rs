//! `infra/monitoring.yaml`, made worse.

use super::{Mutation, mutations};

pub(super) fn mutations() -> Vec<Mutation> {
    mutations! {
        every_alarm_says_what_it_means_what_to_do_first_and_where_to_read_on: "a page that the runbook has not" {
            "/Resources/MisconfiguredAlarm/Properties/AlarmDescription": "The destination refuses us. First read the log. infra/RUNBOOK.md#mis-configured"
        }
        every_alarm_says_what_it_means_what_to_do_first_and_where_to_read_on: "no description" {
            "/Resources/FailedRunsAlarm/Properties/AlarmDescription": null
        }
        every_alarm_says_what_it_means_what_to_do_first_and_where_to_read_on: "no page" {
            "/Resources/DeadLettersAlarm/Properties/AlarmDescription": "Orders lie in the DeadLetterQueue. First read them."
        }
        every_alarm_says_what_it_means_what_to_do_first_and_where_to_read_on: "nothing to do first" {
            "/Resources/EmfErrorsAlarm/Properties/AlarmDescription": "CloudWatch cannot read metrics. infra/RUNBOOK.md#emf-errors"
        }
        every_alarm_says_what_it_means_what_to_do_first_and_where_to_read_on: "an anchor that no heading makes" {
            "/Resources/MisconfiguredAlarm/Properties/AlarmDescription": "It refuses us. First look. infra/RUNBOOK.md#It_refuses"
        }
        every_alarm_is_named_after_the_stack_and_its_page: "for all stacks" {
            "/Resources/OrdersRejectedAlarm/Properties/AlarmName": "orders-rejected"
        }
        every_alarm_is_named_after_the_stack_and_its_page: "as another page" {
            "/Resources/OrdersRejectedAlarm/Properties/AlarmName": {"Fn::Sub": "${StackName}-refused"}
        }
        every_alarm_tells_the_topic_or_is_part_of_one_that_does: "nobody" {
            "/Resources/SubmitOrdersErrorsAlarm/Properties/AlarmActions": null
        }
        every_alarm_tells_the_topic_or_is_part_of_one_that_does: "somebody else" {
            "/Resources/FailedRunsAlarm/Properties/AlarmActions": ["arn:aws:sns:us-east-1:123456789012:on-call"]
        }
        every_alarm_tells_the_topic_or_is_part_of_one_that_does: "it is muted" {
            "/Resources/FailedRunsAlarm/Properties/ActionsEnabled": false
        }
        every_alarm_tells_the_topic_or_is_part_of_one_that_does: "its composite tells nobody" {
            "/Resources/DestinationDownAlarm/Properties/AlarmActions": null
        }
        silence_sets_off_the_alarm_of_runs_and_no_other: "CloudWatch's default" {
            "/Resources/EmfErrorsAlarm/Properties/TreatMissingData": null
        }
        silence_sets_off_the_alarm_of_runs_and_no_other: "a quiet system is an error" {
            "/Resources/SubmitOrdersErrorsAlarm/Properties/TreatMissingData": "breaching"
        }
        silence_sets_off_the_alarm_of_runs_and_no_other: "a silent schedule is none" {
            "/Resources/NoCompletedRunAlarm/Properties/TreatMissingData": "notBreaching"
        }
        no_alarm_looks_back_longer_than_cloudwatch_can: "two weeks" {
            "/Parameters/RunExpectedWithinHours/MaxValue": 336
        }
        no_alarm_looks_back_longer_than_cloudwatch_can: "a week in short periods" {
            "/Resources/NoCompletedRunAlarm/Properties/Period": 1800
        }
        no_alarm_looks_back_longer_than_cloudwatch_can: "metrics of different periods" {
            "/Resources/BacklogWaitingAlarm/Properties/Metrics/1/MetricStat/Period": 300
        }
        the_alarms_of_duration_are_just_below_the_time_outs: "it never goes off" {
            "/Resources/SubmitOrdersDurationAlarm/Properties/Threshold": 60000
        }
        the_alarms_of_duration_are_just_below_the_time_outs: "a long run is no news" {
            "/Resources/FetchCustomersDurationAlarm/Properties/Threshold": 600000
        }
        the_topic_takes_alarms_of_this_account_over_tls: "from everybody" {
            "/Resources/AlarmTopicPolicy/Properties/PolicyDocument/Statement/0/Principal": "*"
        }
        the_topic_takes_alarms_of_this_account_over_tls: "from every account's alarms" {
            "/Resources/AlarmTopicPolicy/Properties/PolicyDocument/Statement/0/Condition/StringEquals": null
        }
        the_topic_takes_alarms_of_this_account_over_tls: "over plain http" {
            "/Resources/AlarmTopicPolicy/Properties/PolicyDocument/Statement/1": null
        }

        a_composite_names_alarms_that_exist: "one that does not" {
            "/Resources/DeadLettersAlarm/Properties/AlarmRule": {"Fn::Sub": "ALARM(\"${DeadLettersGoneAlarm}\")"}
        }
        a_composite_names_alarms_that_exist: "none" {
            "/Resources/DeadLettersAlarm/Properties/AlarmRule": {"Fn::Sub": "FALSE"}
        }
        a_composite_names_alarms_that_exist: "a queue as the cause" {
            "/Resources/DeadLettersAlarm/Properties/ActionsSuppressor": {"Ref": "AlarmTopic"}
        }
        a_composite_says_how_long_it_waits_for_the_cause: "not at all" {
            "/Resources/BacklogNotDrainingAlarm/Properties/ActionsSuppressorWaitPeriod": null
        }
        a_composite_says_how_long_it_waits_for_the_cause: "no time to get well" {
            "/Resources/BacklogNotDrainingAlarm/Properties/ActionsSuppressorExtensionPeriod": 0
        }
        a_destination_that_is_down_silences_what_follows_from_it: "the backlog is told as well" {
            "/Resources/BacklogNotDrainingAlarm/Properties/ActionsSuppressor": {"Ref": "EmfErrorsAlarm"}
        }
        a_destination_that_is_down_silences_what_follows_from_it: "a misconfiguration is told twice" {
            "/Resources/DestinationDownAlarm/Properties/ActionsSuppressor": null
        }

        every_metric_is_one_that_somebody_publishes: "a misspelt one" {
            "/Resources/OrdersRejectedAlarm/Properties/MetricName": "OrdersRefused"
        }
        every_metric_is_one_that_somebody_publishes: "in another namespace" {
            "/Resources/MisconfiguredAlarm/Properties/Namespace": "CustomerOrders"
        }
        every_metric_is_one_that_somebody_publishes: "with a dimension that it has not" {
            "/Resources/ScheduleFailedAlarm/Properties/Dimensions/0/Name": "ScheduleName"
        }
        every_metric_is_one_that_somebody_publishes: "inside an expression" {
            "/Resources/NoDeliveriesAlarm/Properties/Metrics/2/MetricStat/Metric/MetricName": "OrdersSent"
        }
        every_metric_is_one_that_somebody_publishes: "on the dashboard" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"properties\": {\"metrics\": [[\"AWS/SQS\", \"Depth\", \"QueueName\", \"q\"]]}}]}"
        }
        every_metric_of_an_expression_is_used: "one is not" {
            "/Resources/NoDeliveriesAlarm/Properties/Metrics/0/Expression": "retried > 20 * delivered"
        }
        every_metric_of_an_expression_is_used: "two are compared" {
            "/Resources/BacklogWaitingAlarm/Properties/Metrics/1/ReturnData": true
        }

        the_dashboard_tells_its_story_in_order: "it does not begin" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"type\": \"text\", \"x\": 0, \"y\": 0, \"properties\": {\"markdown\": \"### 4 · Dead letters\"}}]}"
        }
        the_dashboard_tells_its_story_in_order: "it is no JSON" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [,]}"
        }
        no_widget_lies_on_another_or_outside: "one on another" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"x\": 0, \"y\": 0, \"width\": 6, \"height\": 4}, {\"x\": 5, \"y\": 3, \"width\": 6, \"height\": 4}]}"
        }
        no_widget_lies_on_another_or_outside: "one beyond the right end" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"x\": 20, \"y\": 0, \"width\": 6, \"height\": 4}]}"
        }
        every_alarm_that_tells_is_on_the_dashboard: "one is not" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/1/NoCompletedRun": ""
        }
        the_dashboard_links_to_pages_that_alarms_name: "a page that none does" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"properties\": {\"markdown\": \"[queue](${RunbookUrl}#queue)\"}}]}"
        }
        the_dashboard_links_to_pages_that_alarms_name: "no page" {
            "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub/0": "{\"widgets\": [{\"properties\": {\"markdown\": \"Good luck.\"}}]}"
        }

        every_query_looks_for_what_the_functions_log: "a message that nobody logs" {
            "/Resources/RetriesByStatusQuery/Properties/QueryString": "filter message = \"order retried\""
        }
        every_query_looks_for_what_the_functions_log: "a field that nobody logs" {
            "/Resources/OneCustomerQuery/Properties/QueryString": "filter customer_id = \"123\" | fields @timestamp, customer_email"
        }
        every_query_looks_into_the_log_groups_of_the_stack: "into another" {
            "/Resources/OneCustomerQuery/Properties/LogGroupNames": ["/aws/lambda/orders"]
        }
        every_query_looks_into_the_log_groups_of_the_stack: "into none" {
            "/Resources/OneOrderDateQuery/Properties/LogGroupNames": null
        }

        every_parameter_says_what_it_is_for: "one says nothing" {
            "/Parameters/ScheduleGroup/Description": null
        }
        two_stacks_do_not_collide: "a dashboard with a name" {
            "/Resources/Dashboard/Properties/DashboardName": "customer-order-sync"
        }
        two_stacks_do_not_collide: "a query with a name for all" {
            "/Resources/OneCustomerQuery/Properties/Name": "the story of one customer"
        }
    }
}
