//! `template.yaml`, made worse.

use super::{Mutation, mutations};

pub(super) fn mutations() -> Vec<Mutation> {
    mutations! {
        a_message_is_hidden_for_six_time_outs_of_the_function_and_the_window: "the queue's visibility time-out is five times the function's" {
            "/Resources/CustomerQueue/Properties/VisibilityTimeout": 300
        }
        a_message_is_hidden_for_six_time_outs_of_the_function_and_the_window: "the function has more time" {
            "/Resources/SubmitOrdersFunction/Properties/Timeout": 62
        }
        a_message_is_hidden_for_six_time_outs_of_the_function_and_the_window: "the window is longer" {
            "/Resources/SubmitOrdersFunctionCustomers/Properties/MaximumBatchingWindowInSeconds": 11
        }
        a_message_is_tried_at_least_five_times: "four tries by default" {
            "/Parameters/MaxReceiveCount/Default": 4
        }
        a_message_is_tried_at_least_five_times: "four tries may be asked for" {
            "/Parameters/MaxReceiveCount/MinValue": 4
        }
        a_message_is_tried_at_least_five_times: "it ends where failed runs do" {
            "/Resources/CustomerQueue/Properties/RedrivePolicy/deadLetterTargetArn": {"Fn::GetAtt": ["FailedRunsQueue", "Arn"]}
        }
        a_message_is_tried_at_least_five_times: "no redrive policy at all" {
            "/Resources/CustomerQueue/Properties/RedrivePolicy": null
        }
        the_longest_backoff_fits_into_the_queues_retention: "the queue keeps a message for an hour" {
            "/Resources/CustomerQueue/Properties/MessageRetentionPeriod": 3600
        }
        queues_for_people_keep_a_message_for_14_days_longer_than_the_customer_queue: "dead letters are kept for four days" {
            "/Resources/DeadLetterQueue/Properties/MessageRetentionPeriod": 345600
        }
        queues_for_people_keep_a_message_for_14_days_longer_than_the_customer_queue: "failed runs are kept for SQS's default" {
            "/Resources/FailedRunsQueue/Properties/MessageRetentionPeriod": null
        }
        queues_for_people_keep_a_message_for_14_days_longer_than_the_customer_queue: "a moved message is as old as the queue allows" {
            "/Resources/CustomerQueue/Properties/MessageRetentionPeriod": 1209600
        }
        submit_orders_is_told_the_queues_retention_as_it_is: "the queue changes alone" {
            "/Resources/CustomerQueue/Properties/MessageRetentionPeriod": 172800
        }
        every_queue_is_encrypted: "one is not" {
            "/Resources/FailedRunsQueue/Properties/SqsManagedSseEnabled": false
        }
        every_queue_refuses_plain_http: "a queue without a policy" {
            "/Resources/DeadLetterQueuePolicy": null
        }
        every_queue_refuses_plain_http: "the policy is the wrong way round" {
            "/Resources/CustomerQueuePolicy/Properties/PolicyDocument/Statement/0/Condition/Bool/aws:SecureTransport": "true"
        }

        the_mapping_reports_each_message_that_failed: "one failed message fails its batch" {
            "/Resources/SubmitOrdersFunctionCustomers/Properties/FunctionResponseTypes": null
        }
        the_mapping_reports_each_message_that_failed: "it reads the dead letters" {
            "/Resources/SubmitOrdersFunctionCustomers/Properties/EventSourceArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
        }
        a_batch_of_more_than_ten_has_a_window: "no window" {
            "/Resources/SubmitOrdersFunctionCustomers/Properties/MaximumBatchingWindowInSeconds": 0
        }
        every_call_is_over_before_its_function_is: "submit-orders has as long as one post" {
            "/Resources/SubmitOrdersFunction/Properties/Timeout": 20
        }
        every_call_is_over_before_its_function_is: "fetch-customers has Lambda's default" {
            "/Resources/FetchCustomersFunction/Properties/Timeout": 3
        }
        at_least_two_instances_may_work_and_no_reserved_concurrency_is_below: "one by default" {
            "/Parameters/MaxConcurrency/Default": 1
        }
        at_least_two_instances_may_work_and_no_reserved_concurrency_is_below: "one may be asked for" {
            "/Parameters/MaxConcurrency/MinValue": 1
        }
        at_least_two_instances_may_work_and_no_reserved_concurrency_is_below: "fewer are reserved" {
            "/Resources/SubmitOrdersFunction/Properties/ReservedConcurrentExecutions": 5
        }
        every_function_logs_json_to_a_group_that_forgets: "plain text" {
            "/Resources/SubmitOrdersFunction/Properties/LoggingConfig/LogFormat": "Text"
        }
        every_function_logs_json_to_a_group_that_forgets: "for ever" {
            "/Resources/FetchCustomersLogGroup/Properties/RetentionInDays": null
        }
        no_function_logs_less_than_its_metrics: "WARN, which drops them" {
            "/Parameters/LogLevel/AllowedValues": ["WARN", "INFO", "DEBUG"]
        }
        no_function_logs_less_than_its_metrics: "a level of its own" {
            "/Resources/SubmitOrdersFunction/Properties/LoggingConfig/ApplicationLogLevel": "ERROR"
        }
        every_function_says_who_it_is: "nothing" {
            "/Resources/SubmitOrdersFunction/Properties/Environment/Variables/AWS_SDK_UA_APP_ID": null
        }
        every_function_says_who_it_is: "another one" {
            "/Resources/SubmitOrdersFunction/Properties/Environment/Variables/AWS_SDK_UA_APP_ID": "fetch-customers"
        }
        redrive_orders_is_told_the_two_queues: "the other way round" {
            "/Resources/RedriveOrdersFunction/Properties/Environment/Variables/QUEUE_URL": {"Ref": "DeadLetterQueue"}
        }
        a_redrive_is_done_at_once_or_not_at_all: "it is repeated" {
            "/Resources/RedriveOrdersFunctionEventInvokeConfig/Properties/MaximumRetryAttempts": 2
        }
        a_redrive_is_done_at_once_or_not_at_all: "hours later" {
            "/Resources/RedriveOrdersFunctionEventInvokeConfig/Properties/MaximumEventAgeInSeconds": 21600
        }
        every_function_is_traced: "not at all" {
            "/Resources/FetchCustomersFunction/Properties/TracingConfig": null
        }
        no_credential_is_in_the_environment: "the client's secret itself" {
            "/Resources/SubmitOrdersFunction/Properties/Environment/Variables/CLIENT_SECRET": {"Ref": "OauthScope"}
        }
        no_credential_is_in_the_environment: "in the place of an ARN" {
            "/Resources/FetchCustomersFunction/Properties/Environment/Variables/SOURCE_SECRET_ARN": "{{resolve:secretsmanager:source}}"
        }

        every_function_has_a_role_of_its_own: "two share one" {
            "/Resources/SubmitOrdersFunction/Properties/Role": {"Fn::GetAtt": ["FetchCustomersRole", "Arn"]}
        }
        no_role_has_a_managed_policy: "AWS's own for queues, which grants every queue" {
            "/Resources/SubmitOrdersRole/Properties/ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"]
        }
        every_permission_names_its_actions: "all of SQS" {
            "/Resources/SubmitOrdersRole/Properties/Policies/0/PolicyDocument/Statement/1/Action": "sqs:*"
        }
        every_permission_names_its_actions: "one with a star among others" {
            "/Resources/SubmitOrdersRole/Properties/Policies/0/PolicyDocument/Statement/0/Action/1": "sqs:Delete*"
        }
        every_permission_names_its_actions: "in a policy apart from its role" {
            "/Resources/FetchCustomersContinuation/Properties/PolicyDocument/Statement/0/Action": "lambda:*"
        }
        every_permission_names_its_resources: "every secret" {
            "/Resources/FetchCustomersRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource": "*"
        }
        every_permission_names_its_resources: "every queue of the account" {
            "/Resources/SubmitOrdersRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource": {"Fn::Sub": "arn:aws:sqs:*:${AWS::AccountId}:*"}
        }
        every_permission_names_its_resources: "more than tracing on everything" {
            "/Resources/SubmitOrdersRole/Properties/Policies/0/PolicyDocument/Statement/5/Action": ["xray:PutTraceSegments", "s3:GetObject"]
        }

        what_the_schedule_cannot_start_is_retried_and_then_reported: "no retries" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/Target/RetryPolicy/MaximumRetryAttempts": 0
        }
        what_the_schedule_cannot_start_is_retried_and_then_reported: "reported nowhere" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/Target/DeadLetterConfig": null
        }
        a_run_that_fails_is_retried_and_then_reported: "no retries" {
            "/Resources/FetchCustomersFunctionEventInvokeConfig/Properties/MaximumRetryAttempts": 0
        }
        a_run_that_fails_is_retried_and_then_reported: "among the dead letters" {
            "/Resources/FetchCustomersFunctionEventInvokeConfig/Properties/DestinationConfig/OnFailure/Destination": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
        }
        the_schedule_stamps_its_own_time_on_every_order: "an execution's id is new at each try" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/Target/Input": "{\"order_date\": \"<aws.scheduler.execution-id>\"}"
        }
        the_schedule_is_alone_in_its_group: "in the account's default group" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/GroupName": null
        }
        the_schedule_is_alone_in_its_group: "its role is for schedules of another" {
            "/Resources/ScheduleRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition/StringEquals/aws:SourceArn": "arn:aws:scheduler:us-east-1:123456789012:schedule-group/default"
        }
        the_schedule_is_alone_in_its_group: "another is watched" {
            "/Resources/Monitoring/Properties/Parameters/ScheduleGroup": "default"
        }
        the_default_schedule_is_within_what_the_alarm_expects: "a run is expected before it is due" {
            "/Parameters/RunExpectedWithinHours/Default": 24
        }
        the_default_schedule_is_within_what_the_alarm_expects: "the schedule changes alone" {
            "/Parameters/ScheduleExpression/Default": "rate(7 days)"
        }
        two_stacks_do_not_collide: "a queue with a name" {
            "/Resources/CustomerQueue/Properties/QueueName": "customers"
        }
        two_stacks_do_not_collide: "a schedule with a name" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/Name": "customer-order-sync"
        }
        two_stacks_do_not_collide: "a log group with a name for all" {
            "/Resources/SubmitOrdersLogGroup/Properties/LogGroupName": {"Fn::Sub": "/aws/lambda/${AWS::Region}-submit-orders"}
        }

        every_parameter_says_what_it_is_for: "one says nothing" {
            "/Parameters/BatchSize/Description": ""
        }
        a_url_is_https_or_on_loopback: "plain http to anywhere" {
            "/Parameters/SourceUrl/AllowedPattern": "^https?://\\S+$"
        }
        a_url_is_https_or_on_loopback: "no pattern" {
            "/Parameters/TokenUrl/AllowedPattern": null
        }
        a_secret_is_named_by_its_complete_arn: "its name will do" {
            "/Parameters/DestinationSecretArn/AllowedPattern": "^.+$"
        }
        who_is_told_is_a_topic_or_an_address: "any ARN" {
            "/Parameters/AlarmTopicArn/AllowedPattern": "^(arn:aws:.+)?$"
        }
        who_is_told_is_a_topic_or_an_address: "somebody must be told" {
            "/Parameters/AlarmEmail/AllowedPattern": "^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$"
        }
        monitoring_gets_each_of_its_parameters_by_the_same_rules: "it is not given one" {
            "/Resources/Monitoring/Properties/Parameters/FailedRunsQueue": null
        }
        monitoring_gets_each_of_its_parameters_by_the_same_rules: "it takes less than is offered" {
            "/Parameters/RunExpectedWithinHours/MaxValue": 720
        }
    }
}
