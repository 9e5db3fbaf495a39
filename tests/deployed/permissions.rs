//! The roles of the translated template, and every AWS call that the deployed functions make in all of these tests.

use std::collections::{BTreeMap, BTreeSet};

use integration_tests::template::Template;
use local_run::LocalDeployment;
use serde_json::Value;

/// An action, as IAM names it, on a resource, by its logical id or the parameter that names it.
pub(crate) type Permission = (String, String);

/// Who uses what a role grants and the function itself does not call. AWS acts in the function's name there, and none
/// of these calls passes the recorder.
pub(crate) fn used_by_aws(role: &str, (action, resource): &Permission) -> Option<&'static str> {
    match (role, action.as_str(), resource.as_str()) {
        (_, "logs:CreateLogStream" | "logs:PutLogEvents", _) => Some("Lambda: what the function prints"),
        (_, "xray:PutTraceSegments" | "xray:PutTelemetryRecords", "*") => Some("Lambda: the trace"),
        ("FetchCustomersRole", "sqs:SendMessage", "FailedRunsQueue") => {
            Some("Lambda: a run that failed in all its attempts")
        }
        (
            "SubmitOrdersRole",
            "sqs:ReceiveMessage" | "sqs:DeleteMessage" | "sqs:GetQueueAttributes",
            "CustomerQueue",
        ) => Some("the event source mapping"),
        _ => None,
    }
}

/// The role of each function, by the name that the function gives itself in its calls.
pub(crate) fn roles() -> BTreeMap<String, String> {
    let functions = Template::product().of_type("AWS::Lambda::Function").unwrap();
    let role_of = |function: integration_tests::template::Resource<'_>| {
        let name = function.text("/Environment/Variables/AWS_SDK_UA_APP_ID");
        assert!(!name.is_empty(), "{} has no AWS_SDK_UA_APP_ID", function.id);
        (name.to_owned(), function.target("/Role").unwrap().id.to_owned())
    };
    functions.into_iter().map(role_of).collect()
}

/// What a role may do, by the policies in it and those attached to it.
pub(crate) fn granted(role: &str) -> BTreeSet<Permission> {
    let template = Template::product();
    let attached = template.of_type("AWS::IAM::Policy").unwrap().into_iter();
    let attached = attached.filter(|policy| policy.target("/Roles/0").unwrap().id == role);
    let statements = std::iter::once(template.resource(role).unwrap())
        .chain(attached)
        .flat_map(|policy| policy.statements());
    statements
        .flat_map(|statement| {
            assert_eq!(statement["Effect"], "Allow", "{statement}");
            let resource = &statement["Resource"];
            // A function alone, or with its versions and aliases, which are the same function.
            let resource = resource.get(0).unwrap_or(resource);
            let name = [resource, &resource["Ref"], &resource["Fn::GetAtt"][0]]
                .into_iter()
                .find_map(Value::as_str)
                .unwrap_or_else(|| panic!("{statement}"));
            let one = statement["Action"].clone();
            let actions = one.as_array().cloned().unwrap_or_else(|| vec![one]);
            let permission = |action: Value| (action.as_str().unwrap().to_owned(), name.to_owned());
            actions.into_iter().map(permission).collect::<Vec<_>>()
        })
        .collect()
}

/// What the functions have called since the stack was deployed, by their role.
pub(crate) fn used(stack: &LocalDeployment) -> BTreeMap<String, BTreeSet<Permission>> {
    let named = ["CustomerQueue", "DeadLetterQueue", "FailedRunsQueue"]
        .map(|queue| (stack.outputs[&format!("{queue}Url")].clone(), queue.to_owned()));
    let functions = ["FetchCustomersFunction", "SubmitOrdersFunction"].map(|function| {
        (
            stack.outputs[&format!("{function}Arn")].clone(),
            function.to_owned(),
        )
    });
    let secrets = ["SourceSecretArn", "DestinationSecretArn"]
        .map(|parameter| (stack.parameters[parameter].clone(), parameter.to_owned()));
    let names: BTreeMap<String, String> = named.into_iter().chain(functions).chain(secrets).collect();
    let roles = roles();
    let mut used: BTreeMap<String, BTreeSet<Permission>> = BTreeMap::new();
    for call in stack.recorder.calls() {
        let caller = call.caller.as_ref().unwrap_or_else(|| panic!("whose? {call:?}"));
        let resource = call.resource.as_ref().and_then(|resource| names.get(resource));
        let resource = resource.unwrap_or_else(|| panic!("on what? {call:?}"));
        let role = used.entry(roles[caller].clone()).or_default();
        role.insert((call.permission(), resource.clone()));
    }
    used
}

/// Whatever the test was: no function has called what its role does not grant.
pub(crate) fn assert_only_granted_rights_are_used(stack: &LocalDeployment) {
    for (role, used) in used(stack) {
        let granted = granted(&role);
        let beyond: Vec<_> = used.difference(&granted).collect();
        assert!(beyond.is_empty(), "{role} does not grant {beyond:?}");
    }
}
