//! The template's own rules, of parameters that belong together: they refuse what submit-orders does not start with.

use integration_tests::template::Template;
use serde_json::Value;

use super::{
    bounds::{REQUIRED, Variables, configurations},
    ensure::ensure,
};

/// Parameters of which a stack has some, and submit-orders the variables of the same values.
const AUTHENTICATION: [(&str, &str, &[&str]); 6] = [
    ("DestinationAuth", "DESTINATION_AUTH", &["oauth", "header"]),
    ("TokenUrl", "TOKEN_URL", &["", "https://api.example.com/token"]),
    ("OauthScope", "OAUTH_SCOPE", &["", "orders"]),
    ("OauthAudience", "OAUTH_AUDIENCE", &["", "orders"]),
    ("OauthClientAuth", "OAUTH_CLIENT_AUTH", &["basic", "post"]),
    (
        "DestinationApiKeyHeader",
        "DESTINATION_API_KEY_HEADER",
        &["Authorization", "x-api-key"],
    ),
];

/// Every combination of their values: the template's own rules refuse it where the function does.
pub(crate) fn authentication_rules_are_submit_orders(template: &Template) -> Result<(), String> {
    for number in 0..1 << AUTHENTICATION.len() {
        let chosen = AUTHENTICATION.iter().enumerate();
        let chosen = chosen
            .map(|(at, (parameter, variable, values))| (*parameter, *variable, values[(number >> at) & 1]));
        let mut variables = Variables::from(REQUIRED);
        variables.extend(chosen.clone().map(|(_, variable, value)| (variable, value)));
        let parameters: Variables<'_> = chosen.map(|(parameter, _, value)| (parameter, value)).collect();
        let function = configurations(&variables)["submit-orders"].clone();
        let refused = refused(template.rules(), &parameters)?;
        ensure!(
            function.is_ok() == refused.is_empty(),
            "of {parameters:?} the template says {refused:?}, and submit-orders {function:?}"
        );
    }
    Ok(())
}

/// The descriptions of the assertions that do not hold.
fn refused(rules: &Value, parameters: &Variables<'_>) -> Result<Vec<String>, String> {
    let mut refused = Vec::new();
    for rule in rules.as_object().into_iter().flat_map(|rules| rules.values()) {
        if !holds(&rule["RuleCondition"], parameters)? {
            continue;
        }
        for assertion in rule["Assertions"].as_array().into_iter().flatten() {
            if !holds(&assertion["Assert"], parameters)? {
                let description = assertion["AssertDescription"].as_str().unwrap_or_default();
                ensure!(!description.is_empty(), "an assertion has no description");
                refused.push(description.to_owned());
            }
        }
    }
    Ok(refused)
}

/// As CloudFormation evaluates it (User Guide, "Rules section syntax"): the functions that the template uses.
fn holds(expression: &Value, parameters: &Variables<'_>) -> Result<bool, String> {
    if let Some([negated]) = expression["Fn::Not"].as_array().map(Vec::as_slice) {
        return holds(negated, parameters).map(|holds| !holds);
    }
    let Some([left, right]) = expression["Fn::Equals"].as_array().map(Vec::as_slice) else {
        return Err(format!("a rule has {expression}"));
    };
    let value = |side: &'_ Value| match side["Ref"].as_str() {
        Some(name) => parameters.get(name).map(|value| (*value).to_owned()),
        None => side.as_str().map(str::to_owned),
    };
    match (value(left), value(right)) {
        (Some(left), Some(right)) => Ok(left == right),
        _ => Err(format!("a rule compares {left} and {right}")),
    }
}
