//! A dry run over all customers: which of them `submit-orders` would reject, and why.

use std::collections::BTreeMap;

use aws_sdk_lambda::primitives::Blob;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::domain::order_date::OrderDate;

use crate::error::Error;
use crate::stack::LocalDeployment;

/// What `fetch-customers` answers to a dry run, as far as it is reported.
#[derive(Debug, Default, Deserialize)]
pub struct DryRun {
    /// Customers that were read.
    pub fetched: u64,
    /// Customers that are no JSON, or too large for a message.
    pub rejected: u64,
    /// Customers that break a rule of the mapping.
    pub would_be_rejected: u64,
    /// How many customers break each rule.
    pub violations: BTreeMap<String, u64>,
    pub examples: Vec<Example>,
    /// The function ran out of time: only the customers up to here are counted.
    pub continued: bool,
}

/// A customer that breaks rules.
#[derive(Debug, Deserialize)]
pub struct Example {
    /// Its place in the run, from 0.
    pub index: u64,
    pub customer_id: Option<String>,
    pub violations: Vec<String>,
}

impl DryRun {
    /// The customers that break this rule, as far as they are examples.
    pub fn examples_of(&self, violation: &str) -> String {
        let examples = self.examples.iter();
        let examples = examples.filter(|example| example.violations.iter().any(|broken| broken == violation));
        let names: Vec<String> = examples
            .map(|example| match &example.customer_id {
                Some(id) => id.clone(),
                None => format!("the one at index {}", example.index),
            })
            .collect();
        names.join(", ")
    }
}

impl LocalDeployment {
    /// Invokes `fetch-customers` for a dry run, and waits for its answer.
    ///
    /// # Errors
    /// The function failed, or the local AWS did.
    pub async fn dry_run(&self, order_date: OrderDate) -> Result<DryRun, Error> {
        let function = self.output("FetchCustomersFunctionArn")?;
        let input = json!({"order_date": order_date.to_string(), "dry_run": true}).to_string();
        let call = format!("Invoke of {function}");
        let invoke = self
            .lambda
            .invoke()
            .function_name(function)
            .payload(Blob::new(input));
        let output = invoke.send().await.map_err(Error::aws(call.clone()))?;
        let payload = output.payload.map(Blob::into_inner).unwrap_or_default();
        if output.function_error.is_some() {
            let error: Value = serde_json::from_slice(&payload).unwrap_or_default();
            let text = error.get("errorMessage").and_then(Value::as_str);
            return Err(Error::DryRunFailed(text.unwrap_or_default().to_owned()));
        }
        serde_json::from_slice(&payload).map_err(Error::aws(call))
    }
}
