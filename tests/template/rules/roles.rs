//! Who may do what.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ensure;
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
        let managed = role.get("/ManagedPolicyArns");
        ensure!(managed.is_null(), "{} has {managed}", role.id);
    }
    Ok(())
}

fn permissions(template: &Template) -> Result<Vec<(Resource<'_>, &Value)>, String> {
    let roles = template.of_type("AWS::IAM::Role")?;
    let policies = template.of_type("AWS::IAM::Policy")?;
    let all = roles.into_iter().chain(policies);
    Ok(all
        .flat_map(|holder| {
            holder
                .statements()
                .into_iter()
                .map(move |statement| (holder, statement))
        })
        .collect())
}

fn actions(statement: &Value) -> Vec<&str> {
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

/// X-Ray alone has no resources to name.
pub(crate) fn every_permission_names_its_resources(template: &Template) -> Result<(), String> {
    for (holder, statement) in permissions(template)? {
        let resource = &statement["Resource"];
        let traces = actions(statement) == ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
        let exact = resource.is_object() && resource.get("Fn::Sub").is_none();
        ensure!(
            exact || (traces && resource == &json!("*")),
            "{} may {statement}",
            holder.id
        );
    }
    Ok(())
}
