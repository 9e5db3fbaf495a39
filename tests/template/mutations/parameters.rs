//! Mutations of the parameters of `template.yaml`.

use super::mutation::{Mutation, mutations};

pub(super) fn mutations() -> Vec<Mutation> {
    mutations! {
        every_parameter_has_a_description: "one has none" {
            "/Parameters/BatchSize/Description": ""
        }
        every_parameter_is_in_one_group: "one is in none" {
            "/Metadata/AWS::CloudFormation::Interface/ParameterGroups/0/Parameters/0": null
        }
        every_parameter_is_in_one_group: "a comma in a label without quotes" {
            "/Metadata/AWS::CloudFormation::Interface/ParameterGroups/0/Label": {"default": "Network", "keys": null}
        }
        url_is_https_or_loopback: "plain http to anywhere" {
            "/Parameters/SourceUrl/AllowedPattern": "^https?://\\S+$"
        }
        url_is_https_or_loopback: "no pattern" {
            "/Parameters/TokenUrl/AllowedPattern": null
        }
        url_is_https_or_loopback: "a destination may be left out" {
            "/Parameters/DestinationUrl/AllowedPattern": "^(https://\\S+)?$"
        }
        header_bounds_are_the_functions: "a key in a header of HTTP's own" {
            "/Parameters/DestinationApiKeyHeader/AllowedPattern": "^[A-Za-z0-9-]+$"
        }
        secret_is_a_complete_arn: "its name is enough" {
            "/Parameters/DestinationSecretArn/AllowedPattern": "^.+$"
        }
        url_bounds_are_the_functions: "with a user and a password" {
            "/Parameters/DestinationUrl/AllowedPattern": "^(https://[^\\s/]+(/\\S*)?|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:\\d+)?(/[^\\s#]*)?)$"
        }
        header_bounds_are_the_functions: "the source's key as well" {
            "/Parameters/SourceApiKeyHeader/AllowedPattern": "^(?!(?i:host)$)[A-Za-z0-9-]+$"
        }
        header_bounds_are_the_functions: "a header that holds the token" {
            "/Parameters/IdempotencyKeyHeader/AllowedPattern": "^[A-Za-z0-9-]+$"
        }
        text_bounds_are_the_functions: "any rate" {
            "/Parameters/OrdersPerSecond/AllowedPattern": "^[0-9.]+$"
        }
        text_bounds_are_the_functions: "a blank is in every answer" {
            "/Parameters/DuplicateText/AllowedPattern": null
        }
        text_bounds_are_the_functions: "a scope that no form can carry" {
            "/Parameters/OauthScope/AllowedPattern": "^.*$"
        }
        defaults_are_the_functions: "another number than the function's own" {
            "/Parameters/MaxInFlight/Default": 10
        }
        defaults_are_the_functions: "another header than the function's own" {
            "/Parameters/SourceApiKeyHeader/Default": "api-key"
        }
        authentication_rules_are_submit_orders: "none" {
            "/Rules": null
        }
        authentication_rules_are_submit_orders: "no token endpoint" {
            "/Rules/OauthNeedsTokenUrl/Assertions/0": null
        }
        authentication_rules_are_submit_orders: "a key's header that is not sent" {
            "/Rules/OauthNeedsTokenUrl/Assertions/1": null
        }
        authentication_rules_are_submit_orders: "a token endpoint that is not asked" {
            "/Rules/ApiKeyNeedsNoOauth/Assertions/0": null
        }
        authentication_rules_are_submit_orders: "a scope that is not requested" {
            "/Rules/ApiKeyNeedsNoOauth/Assertions/1": null
        }
        authentication_rules_are_submit_orders: "an audience that is not requested" {
            "/Rules/ApiKeyNeedsNoOauth/Assertions/2": null
        }
        authentication_rules_are_submit_orders: "an authentication that is not used" {
            "/Rules/ApiKeyNeedsNoOauth/Assertions/3": null
        }
        authentication_rules_are_submit_orders: "a refusal without a word" {
            "/Rules/OauthNeedsTokenUrl/Assertions/0/AssertDescription": null
        }
        authentication_rules_are_submit_orders: "for both kinds" {
            "/Rules/ApiKeyNeedsNoOauth/RuleCondition": {"Fn::Equals": ["header", "header"]}
        }
        max_in_flight_bounds_are_submit_orders: "more than Lambda has file descriptors for" {
            "/Parameters/MaxInFlight/MaxValue": 1000
        }
        max_in_flight_bounds_are_submit_orders: "none" {
            "/Parameters/MaxInFlight/MinValue": 2
        }
        optional_id_is_exact_or_empty: "any key" {
            "/Parameters/KmsKeyArn/AllowedPattern": "^.*$"
        }
        optional_id_is_exact_or_empty: "a boundary is required" {
            "/Parameters/PermissionsBoundaryArn/AllowedPattern": "^arn:.+$"
        }
        alarm_target_is_topic_or_email: "any ARN" {
            "/Parameters/AlarmTopicArn/AllowedPattern": "^(arn:aws:.+)?$"
        }
        alarm_target_is_topic_or_email: "an address is required" {
            "/Parameters/AlarmEmail/AllowedPattern": "^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$"
        }
        nested_parameters_have_the_same_rules: "it is not given one" {
            "/Resources/Monitoring/Properties/Parameters/FailedRunsQueue": null
        }
        nested_parameters_have_the_same_rules: "it accepts less than is offered" {
            "/Parameters/RunExpectedWithinHours/MaxValue": 720
        }
    }
}
