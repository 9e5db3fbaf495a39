//! Rights: one role per function, exact actions, exact resources.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ensure::ensure;
use integration_tests::template::{Resource, Template};

pub(crate) fn every_function_has_its_own_role(template: &Template) -> Result<(), String> {
    let mut roles = BTreeSet::new();
    for function in template.of_type("AWS::Lambda::Function")? {
        let role = function.target("/Role")?.id;
        ensure!(roles.insert(role), "{} shares {role}", function.id);
    }
    Ok(())
}

pub(crate) fn no_role_has_a_managed_policy(template: &Template) -> Result<(), String> {
    for role in template.of_type("AWS::IAM::Role")? {
        for managed in role.get("/ManagedPolicyArns").as_array().into_iter().flatten() {
            let own = managed["Ref"]
                .as_str()
                .is_some_and(|id| template.resource(id).is_ok());
            ensure!(own, "{} has {managed}", role.id);
        }
    }
    Ok(())
}

/// Every statement of every policy, with the resource that holds it.
pub(super) fn permissions(template: &Template) -> Result<Vec<(Resource<'_>, &Value)>, String> {
    let roles = template.of_type("AWS::IAM::Role")?;
    let policies = template.of_type("AWS::IAM::Policy")?;
    let managed = template.of_type("AWS::IAM::ManagedPolicy").unwrap_or_default();
    let all = roles.into_iter().chain(policies).chain(managed);
    Ok(all
        .flat_map(|holder| {
            holder
                .statements()
                .into_iter()
                .map(move |statement| (holder, statement))
        })
        .collect())
}

pub(super) fn actions(statement: &Value) -> Vec<&str> {
    let action = &statement["Action"];
    let several = action.as_array().into_iter().flatten();
    several.chain([action]).filter_map(Value::as_str).collect()
}

pub(crate) fn every_permission_names_its_actions(template: &Template) -> Result<(), String> {
    for (holder, statement) in permissions(template)? {
        let actions = actions(statement);
        let exact = !actions.is_empty() && actions.iter().all(|action| !action.contains('*'));
        ensure!(exact, "{} may {statement}", holder.id);
    }
    Ok(())
}

/// Whether it is one resource or parameter, or a function's versions and aliases.
fn is_exact(template: &Template, resource: &Value) -> bool {
    let Some(text) = resource["Fn::Sub"].as_str() else {
        return resource.is_object() && resource.get("Fn::Sub").is_none();
    };
    let id = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix(".Arn}:*"));
    id.is_some_and(|id| {
        let functions = template.of_type("AWS::Lambda::Function").unwrap_or_default();
        functions.iter().any(|function| function.id == id)
    })
}

/// X-Ray has no resources to name, and the network interfaces that Lambda creates do not exist yet.
pub(crate) fn every_permission_names_its_resources(template: &Template) -> Result<(), String> {
    for (holder, statement) in permissions(template)? {
        let resource = &statement["Resource"];
        let traces = actions(statement) == ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
        let attaches = statement["Sid"] == "AttachToSubnets" && holder.id == "NetworkPolicy";
        let several = resource
            .as_array()
            .map_or_else(|| vec![resource], |all| all.iter().collect());
        let exact = several.iter().all(|resource| is_exact(template, resource));
        ensure!(
            exact || ((traces || attaches) && resource == &json!("*")),
            "{} may {statement}",
            holder.id
        );
    }
    Ok(())
}
