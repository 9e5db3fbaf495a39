//! The input of an invocation.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    domain::customer_id::CustomerId,
    domain::order_date::{OrderDate, ParseOrderDateError},
    input::{Fields, value},
};

use crate::dead_letter::{DeadLetter, DeadLetterReason};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub action: Action,
    /// Only dead letters with this reason.
    pub reason: Option<DeadLetterReason>,
    /// Only those of this order date.
    pub order_date: Option<OrderDate>,
    /// Only those of this customer.
    pub customer_id: Option<CustomerId>,
    /// At most this many of them.
    pub limit: Option<usize>,
    /// Count them, but change nothing. It is the default.
    pub dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Copy it to the customer queue, and delete it.
    Redrive,
    /// Delete it for good.
    Discard,
}

impl Action {
    /// Its name in requests, summaries and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redrive => "redrive",
            Self::Discard => "discard",
        }
    }
}

/// The input is not a request. The text lists all problems, and what to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRequest {
    problems: Vec<String>,
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the input of redrive-orders is invalid: {}; send {{}} to report all dead letters. Optional fields: \"reason\" \
             ({}), \"order_date\" (such as \"2023-10-15T14:30:00Z\"), \"customer_id\", \"limit\" (a whole number of 0 or \
             more), \"dry_run\" (false to act; the default is true) and \"action\" (\"redrive\", the default, or \
             \"discard\", which needs a reason)",
            self.problems.join("; "),
            DeadLetterReason::names()
        )
    }
}

impl std::error::Error for InvalidRequest {}

impl Request {
    /// Reads the input of an invocation.
    ///
    /// # Errors
    /// The input has a problem, such as an unknown field.
    pub fn parse(input: &RawValue) -> Result<Self, InvalidRequest> {
        let mut fields = Fields::of(input).map_err(|problems| InvalidRequest { problems })?;
        let action = fields.optional(
            "action",
            "must be \"redrive\" or \"discard\"",
            |name| match value::<String>(name)?.as_str() {
                "redrive" => Some(Action::Redrive),
                "discard" => Some(Action::Discard),
                _ => None,
            },
        );
        let has_reason = fields.has("reason");
        let reason = fields.optional(
            "reason",
            format!("must be one of {}", DeadLetterReason::names()),
            |name| DeadLetterReason::named(&value::<String>(name)?),
        );
        let order_date = fields.optional("order_date", ParseOrderDateError, |date| {
            value::<String>(date)?.parse().ok()
        });
        let customer_id = fields.optional("customer_id", "must be text or an integer", CustomerId::from_json);
        let limit = fields.optional("limit", "must be a whole number of 0 or more", value);
        let dry_run = fields.optional("dry_run", "must be true or false", value);
        if action == Some(Action::Discard) && !has_reason {
            fields.problem("reason is missing: a discard needs it".to_owned());
        }
        let problems = fields.finish();
        if !problems.is_empty() {
            return Err(InvalidRequest { problems });
        }
        Ok(Self {
            action: action.unwrap_or(Action::Redrive),
            reason,
            order_date,
            customer_id,
            limit,
            dry_run: dry_run.unwrap_or(true),
        })
    }

    /// Whether this dead letter is one of those that the request is about. The limit is not considered.
    pub fn matches(&self, letter: &DeadLetter) -> bool {
        self.reason.is_none_or(|reason| reason == letter.reason)
            && (self.order_date.is_none() || self.order_date == letter.order_date)
            && (self.customer_id.is_none() || self.customer_id == letter.customer_id)
    }
}

#[cfg(test)]
mod tests;
