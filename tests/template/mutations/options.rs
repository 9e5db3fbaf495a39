//! Mutations of `template.yaml` with its optional parameters.

use super::mutation::{Mutation, mutations};

/// Where all of them are set.
pub(super) fn with_all() -> Vec<Mutation> {
    mutations! {
        functions_are_in_given_subnets_or_none: "one is not" {
            "/Resources/SubmitOrdersFunction/Properties/VpcConfig": null
        }
        network_rights_need_subnets_and_lambda: "a function cannot be attached" {
            "/Resources/RedriveOrdersRole/Properties/ManagedPolicyArns": null
        }
        network_rights_need_subnets_and_lambda: "the function's own code has them too" {
            "/Resources/NetworkPolicy/Properties/PolicyDocument/Statement/0/Condition": null
        }
        key_encrypts_queues_and_log_groups: "a queue has the key of the service" {
            "/Resources/FailedRunsQueue/Properties/KmsMasterKeyId": "alias/aws/sqs"
        }
        key_encrypts_queues_and_log_groups: "a log group has none" {
            "/Resources/RedriveOrdersLogGroup/Properties/KmsKeyId": null
        }
        key_encrypts_queues_and_log_groups: "SQS refuses both kinds at once" {
            "/Resources/CustomerQueue/Properties/SqsManagedSseEnabled": true
        }
        key_rights_are_exact: "the schedule cannot report a failed run" {
            "/Resources/ScheduleRole/Properties/Policies/0/PolicyDocument/Statement/2": null
        }
        key_rights_are_exact: "every key of the account" {
            "/Resources/ScheduleRole/Properties/Policies/0/PolicyDocument/Statement/2/Resource": "*"
        }
        key_rights_are_exact: "more than its use" {
            "/Resources/ScheduleRole/Properties/Policies/0/PolicyDocument/Statement/2/Action": ["kms:Decrypt", "kms:CreateGrant"]
        }
        boundary_bounds_every_role: "one role goes beyond" {
            "/Resources/ScheduleRole/Properties/PermissionsBoundary": null
        }
        options_add_no_other_permission: "secrets of the account come along" {
            "/Resources/NetworkPolicy/Properties/PolicyDocument/Statement/0/Action": ["ec2:DescribeSubnets", "secretsmanager:GetSecretValue"]
        }
    }
}

/// Where none is set.
pub(super) fn with_none() -> Vec<Mutation> {
    mutations! {
        functions_are_in_given_subnets_or_none: "a VPC without the parameter" {
            "/Resources/FetchCustomersFunction/Properties/VpcConfig": {"SubnetIds": {"Ref": "SubnetIds"}, "SecurityGroupIds": {"Ref": "SecurityGroupIds"}}
        }
        network_rights_need_subnets_and_lambda: "rights without a VPC" {
            "/Resources/SubmitOrdersRole/Properties/Policies/0/PolicyDocument/Statement/5/Action": ["ec2:CreateNetworkInterface"]
        }
        key_encrypts_queues_and_log_groups: "an empty key" {
            "/Resources/CustomerQueue/Properties/KmsMasterKeyId": {"Ref": "KmsKeyArn"}
        }
        key_rights_are_exact: "rights without a key" {
            "/Resources/SubmitOrdersRole/Properties/Policies/0/PolicyDocument/Statement/5/Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "/Resources/SubmitOrdersRole/Properties/Policies/0/PolicyDocument/Statement/5/Resource": {"Ref": "KmsKeyArn"}
        }
        boundary_bounds_every_role: "an empty boundary" {
            "/Resources/SubmitOrdersRole/Properties/PermissionsBoundary": {"Ref": "PermissionsBoundaryArn"}
        }
        options_add_no_other_permission: "a permission for all" {
            "/Resources/SubmitOrdersRole/Properties/Policies/0/PolicyDocument/Statement/5/Action": ["logs:PutRetentionPolicy"]
        }
    }
}
