//! What exists only with an optional parameter: the rules hold for every combination.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ensure::ensure;
use super::roles::{actions, permissions};
use integration_tests::template::{Resource, Template};

/// Whether the parameter is set in this combination.
fn is_set(template: &Template, parameter: &str) -> bool {
    template.parameter(parameter)["Default"] != ""
}

/// The value of a property that is there only with the parameter.
fn only_with(template: &Template, parameter: &str, value: Value) -> Value {
    if is_set(template, parameter) {
        value
    } else {
        Value::Null
    }
}

pub(crate) fn functions_are_in_given_subnets_or_none(template: &Template) -> Result<(), String> {
    let subnets = json!({"SubnetIds": {"Ref": "SubnetIds"}, "SecurityGroupIds": {"Ref": "SecurityGroupIds"}});
    let right = only_with(template, "SubnetIds", subnets);
    for function in template.of_type("AWS::Lambda::Function")? {
        let is = &function.properties["VpcConfig"];
        ensure!(*is == right, "{} is in {is}", function.id);
    }
    Ok(())
}

/// The roles of the functions.
fn function_roles(template: &Template) -> Result<Vec<Resource<'_>>, String> {
    let functions = template.of_type("AWS::Lambda::Function")?;
    functions
        .into_iter()
        .map(|function| function.target("/Role"))
        .collect()
}

pub(crate) fn network_rights_need_subnets_and_lambda(template: &Template) -> Result<(), String> {
    let attached = only_with(template, "SubnetIds", json!([{"Ref": "NetworkPolicy"}]));
    for role in function_roles(template)? {
        let managed = &role.properties["ManagedPolicyArns"];
        ensure!(*managed == attached, "{} has {managed}", role.id);
    }
    // A function's own calls carry the key: with this condition, only Lambda's pass.
    let lambda_only = json!({"Null": {"lambda:SourceFunctionArn": "true"}});
    let mut grants = 0;
    for (holder, statement) in permissions(template)? {
        if actions(statement).iter().any(|action| action.starts_with("ec2:")) {
            grants += 1;
            let right = holder.id == "NetworkPolicy" && statement["Condition"] == lambda_only;
            ensure!(right, "{} may {statement}", holder.id);
        }
    }
    let right = usize::from(is_set(template, "SubnetIds"));
    ensure!(grants == right, "{grants} statements");
    Ok(())
}

pub(crate) fn key_encrypts_queues_and_log_groups(template: &Template) -> Result<(), String> {
    let key = only_with(template, "KmsKeyArn", json!({"Ref": "KmsKeyArn"}));
    for (kind, property) in [
        ("AWS::SQS::Queue", "KmsMasterKeyId"),
        ("AWS::Logs::LogGroup", "KmsKeyId"),
    ] {
        for resource in template.of_type(kind)? {
            let is = &resource.properties[property];
            ensure!(*is == key, "{} has the key {is}", resource.id);
            let both = !is.is_null() && !resource.properties["SqsManagedSseEnabled"].is_null();
            ensure!(!both, "{} has two kinds of encryption", resource.id);
        }
    }
    Ok(())
}

/// A role that sends to an encrypted queue needs both, one that receives needs `Decrypt` (SQS Developer Guide, "Key
/// management"): each role here sends to one.
pub(crate) fn key_rights_are_exact(template: &Template) -> Result<(), String> {
    let mut holders = BTreeSet::new();
    for (holder, statement) in permissions(template)? {
        let actions = actions(statement);
        if !actions.iter().any(|action| action.starts_with("kms:")) {
            continue;
        }
        let right = actions == ["kms:Decrypt", "kms:GenerateDataKey"]
            && statement["Resource"] == json!({"Ref": "KmsKeyArn"});
        ensure!(right, "{} may {statement}", holder.id);
        ensure!(holders.insert(holder.id), "{} has it twice", holder.id);
    }
    let users: BTreeSet<&str> = if is_set(template, "KmsKeyArn") {
        let senders = permissions(template)?.into_iter();
        let sends = senders.filter(|(_, statement)| actions(statement).contains(&"sqs:SendMessage"));
        sends.map(|(holder, _)| holder.id).collect()
    } else {
        BTreeSet::new()
    };
    ensure!(
        holders == users,
        "{holders:?} may use the key, and {users:?} must"
    );
    Ok(())
}

pub(crate) fn boundary_bounds_every_role(template: &Template) -> Result<(), String> {
    let boundary = json!({"Ref": "PermissionsBoundaryArn"});
    let right = only_with(template, "PermissionsBoundaryArn", boundary);
    for role in template.of_type("AWS::IAM::Role")? {
        let is = &role.properties["PermissionsBoundary"];
        ensure!(*is == right, "{} is bounded by {is}", role.id);
    }
    Ok(())
}

pub(crate) fn options_add_no_other_permission(template: &Template) -> Result<(), String> {
    let of_options = |statement: &Value| {
        actions(statement)
            .iter()
            .all(|action| action.starts_with("ec2:") || action.starts_with("kms:"))
    };
    let rest = |template| {
        let all = permissions(template)?.into_iter();
        let rest = all.filter(|(_, statement)| !of_options(statement));
        Ok::<Vec<_>, String>(
            rest.map(|(holder, statement)| format!("{}: {statement}", holder.id))
                .collect(),
        )
    };
    let (without, with) = (rest(Template::product())?, rest(template)?);
    let more: Vec<_> = with
        .iter()
        .filter(|statement| !without.contains(statement))
        .collect();
    ensure!(more.is_empty(), "{more:?}");
    ensure!(with.len() == without.len(), "some are gone");
    Ok(())
}
