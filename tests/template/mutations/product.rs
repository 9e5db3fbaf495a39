//! Mutations of `template.yaml`.

use super::mutation::{Mutation, mutations};

pub(super) fn mutations() -> Vec<Mutation> {
    mutations! {
        visibility_covers_six_timeouts_and_window: "the queue's visibility time-out is five times the function's" {
            "/Resources/CustomerQueue/Properties/VisibilityTimeout": 300
        }
        visibility_covers_six_timeouts_and_window: "the function has more time" {
            "/Resources/SubmitOrdersFunction/Properties/Timeout": 62
        }
        visibility_covers_six_timeouts_and_window: "the window is longer" {
            "/Resources/SubmitOrdersFunctionCustomers/Properties/MaximumBatchingWindowInSeconds": 11
        }
        message_has_at_least_five_attempts: "four tries by default" {
            "/Parameters/MaxReceiveCount/Default": 4
        }
        message_has_at_least_five_attempts: "four tries may be asked for" {
            "/Parameters/MaxReceiveCount/MinValue": 4
        }
        message_has_at_least_five_attempts: "it ends where failed runs do" {
            "/Resources/CustomerQueue/Properties/RedrivePolicy/deadLetterTargetArn": {"Fn::GetAtt": ["FailedRunsQueue", "Arn"]}
        }
        message_has_at_least_five_attempts: "no redrive policy at all" {
            "/Resources/CustomerQueue/Properties/RedrivePolicy": null
        }
        longest_backoff_fits_into_retention: "the queue keeps a message for an hour" {
            "/Resources/CustomerQueue/Properties/MessageRetentionPeriod": 3600
        }
        dead_letters_outlive_the_customer_queue: "dead letters are kept for four days" {
            "/Resources/DeadLetterQueue/Properties/MessageRetentionPeriod": 345600
        }
        dead_letters_outlive_the_customer_queue: "failed runs are kept for SQS's default" {
            "/Resources/FailedRunsQueue/Properties/MessageRetentionPeriod": null
        }
        dead_letters_outlive_the_customer_queue: "a moved message is as old as the queue allows" {
            "/Resources/CustomerQueue/Properties/MessageRetentionPeriod": 1209600
        }
        submit_orders_knows_the_queues_retention: "the queue changes alone" {
            "/Resources/CustomerQueue/Properties/MessageRetentionPeriod": 172800
        }
        every_queue_is_encrypted: "one is not" {
            "/Resources/FailedRunsQueue/Properties/SqsManagedSseEnabled": false
        }
        people_queues_outlive_the_stack: "dead letters are deleted with it" {
            "/Resources/DeadLetterQueue/DeletionPolicy": null
        }
        people_queues_outlive_the_stack: "a failed first deployment leaves a queue behind" {
            "/Resources/FailedRunsQueue/DeletionPolicy": "Retain"
        }
        people_queues_outlive_the_stack: "failed runs are deleted with a queue that is replaced" {
            "/Resources/FailedRunsQueue/UpdateReplacePolicy": "Delete"
        }
        only_dead_letter_queue_accepts_redrive: "any queue's messages end among failed runs" {
            "/Resources/FailedRunsQueue/Properties/RedriveAllowPolicy": null
        }
        only_dead_letter_queue_accepts_redrive: "CustomerQueue cannot use it" {
            "/Resources/DeadLetterQueue/Properties/RedriveAllowPolicy/redrivePermission": "denyAll"
        }
        every_queue_refuses_plain_http: "a queue without a policy" {
            "/Resources/DeadLetterQueuePolicy": null
        }
        every_queue_refuses_plain_http: "the policy is the wrong way round" {
            "/Resources/CustomerQueuePolicy/Properties/PolicyDocument/Statement/0/Condition/Bool/aws:SecureTransport": "true"
        }

        event_source_mapping_reports_item_failures: "one failed message fails its batch" {
            "/Resources/SubmitOrdersFunctionCustomers/Properties/FunctionResponseTypes": null
        }
        event_source_mapping_reports_item_failures: "it reads the dead letters" {
            "/Resources/SubmitOrdersFunctionCustomers/Properties/EventSourceArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
        }
        batch_above_ten_has_a_window: "no window" {
            "/Resources/SubmitOrdersFunctionCustomers/Properties/MaximumBatchingWindowInSeconds": 0
        }
        calls_end_before_their_function: "submit-orders has as long as one post" {
            "/Resources/SubmitOrdersFunction/Properties/Timeout": 20
        }
        calls_end_before_their_function: "fetch-customers has Lambda's default" {
            "/Resources/FetchCustomersFunction/Properties/Timeout": 3
        }
        concurrency_is_at_least_two_and_unreserved: "one by default" {
            "/Parameters/MaxConcurrency/Default": 1
        }
        concurrency_is_at_least_two_and_unreserved: "one may be asked for" {
            "/Parameters/MaxConcurrency/MinValue": 1
        }
        concurrency_is_at_least_two_and_unreserved: "fewer are reserved" {
            "/Resources/SubmitOrdersFunction/Properties/ReservedConcurrentExecutions": 5
        }
        function_logs_json_with_retention: "plain text" {
            "/Resources/SubmitOrdersFunction/Properties/LoggingConfig/LogFormat": "Text"
        }
        function_logs_json_with_retention: "for ever" {
            "/Resources/FetchCustomersLogGroup/Properties/RetentionInDays": null
        }
        log_level_lets_metrics_through: "WARN, which drops them" {
            "/Parameters/LogLevel/AllowedValues": ["WARN", "INFO", "DEBUG"]
        }
        log_level_lets_metrics_through: "a level of its own" {
            "/Resources/SubmitOrdersFunction/Properties/LoggingConfig/ApplicationLogLevel": "ERROR"
        }
        function_names_itself_to_aws: "nothing" {
            "/Resources/SubmitOrdersFunction/Properties/Environment/Variables/AWS_SDK_UA_APP_ID": null
        }
        function_names_itself_to_aws: "another one" {
            "/Resources/SubmitOrdersFunction/Properties/Environment/Variables/AWS_SDK_UA_APP_ID": "fetch-customers"
        }
        redrive_orders_knows_both_queues: "the other way round" {
            "/Resources/RedriveOrdersFunction/Properties/Environment/Variables/QUEUE_URL": {"Ref": "DeadLetterQueue"}
        }
        redrive_is_not_retried: "it is repeated" {
            "/Resources/RedriveOrdersFunctionEventInvokeConfig/Properties/MaximumRetryAttempts": 2
        }
        redrive_is_not_retried: "hours later" {
            "/Resources/RedriveOrdersFunctionEventInvokeConfig/Properties/MaximumEventAgeInSeconds": 21600
        }
        every_function_is_traced: "not at all" {
            "/Resources/FetchCustomersFunction/Properties/TracingConfig": null
        }
        environment_has_no_credential: "the client's secret itself" {
            "/Resources/SubmitOrdersFunction/Properties/Environment/Variables/CLIENT_SECRET": {"Ref": "OauthScope"}
        }
        environment_has_no_credential: "in the place of an ARN" {
            "/Resources/FetchCustomersFunction/Properties/Environment/Variables/SOURCE_SECRET_ARN": "{{resolve:secretsmanager:source}}"
        }

        every_function_has_its_own_role: "two share one" {
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
        every_permission_names_its_resources: "aliases of every function" {
            "/Resources/FetchCustomersContinuation/Properties/PolicyDocument/Statement/0/Resource/1": {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:*"}
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

        unstarted_run_is_retried_then_reported: "no retries" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/Target/RetryPolicy/MaximumRetryAttempts": 0
        }
        unstarted_run_is_retried_then_reported: "reported nowhere" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/Target/DeadLetterConfig": null
        }
        failed_run_is_retried_then_reported: "no retries" {
            "/Resources/FetchCustomersFunctionEventInvokeConfig/Properties/MaximumRetryAttempts": 0
        }
        failed_run_is_retried_then_reported: "among the dead letters" {
            "/Resources/FetchCustomersFunctionEventInvokeConfig/Properties/DestinationConfig/OnFailure/Destination": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
        }
        deployment_starts_no_run: "it does by default" {
            "/Parameters/ScheduleState/Default": "ENABLED"
        }
        deployment_starts_no_run: "whatever the parameter is" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/State": "ENABLED"
        }
        schedule_passes_its_scheduled_time: "an execution's id is new at each try" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/Target/Input": "{\"order_date\": \"<aws.scheduler.execution-id>\"}"
        }
        schedule_has_its_own_group: "in the account's default group" {
            "/Resources/FetchCustomersFunctionSchedule/Properties/GroupName": null
        }
        schedule_has_its_own_group: "its role is for schedules of another" {
            "/Resources/ScheduleRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition/StringEquals/aws:SourceArn": "arn:aws:scheduler:us-east-1:123456789012:schedule-group/default"
        }
        schedule_has_its_own_group: "another is watched" {
            "/Resources/Monitoring/Properties/Parameters/ScheduleGroup": "default"
        }
        default_schedule_fits_the_alarm_window: "a run is expected before it is due" {
            "/Parameters/RunExpectedWithinHours/Default": 24
        }
        default_schedule_fits_the_alarm_window: "the schedule changes alone" {
            "/Parameters/ScheduleExpression/Default": "rate(7 days)"
        }
        names_fit_the_longest_stack_name: "a log group with a long name" {
            "/Resources/SubmitOrdersLogGroup/Properties/LogGroupName": {"Fn::Sub": "/${AWS::StackName}/${AWS::StackName}/${AWS::StackName}/${AWS::StackName}"}
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
    }
}
