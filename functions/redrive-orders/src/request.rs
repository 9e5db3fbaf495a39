//! What a person asks for.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    domain::customer_id::CustomerId,
    domain::order_date::{OrderDate, ParseOrderDateError},
    input::{Fields, value},
};

use crate::dead_letter::{DeadLetter, DeadLetterReason};

/// What is to be done, and with which dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is to be done with them.
    pub action: Action,
    /// Only those of this kind.
    pub kind: Option<DeadLetterReason>,
    /// Only those of this order date.
    pub order_date: Option<OrderDate>,
    /// Only those of this customer.
    pub customer_id: Option<CustomerId>,
    /// To stop after so many of them.
    pub limit: Option<usize>,
    /// To look and count, but to change nothing. It is the default: who acts says so.
    pub dry_run: bool,
}

/// What can be done with a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Back to the customer queue.
    Redrive,
    /// Away for good.
    Discard,
}

impl Action {
    /// The name in requests, summaries and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redrive => "redrive",
            Self::Discard => "discard",
        }
    }
}

/// The input is no request. The text names everything that is wrong with it, and shows what to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRequest {
    problems: Vec<String>,
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the input of redrive-orders cannot be used: {}; send {{}} to look through all dead letters, and if \
             wanted \"reason\" ({}), \"order_date\" (such as \"2023-10-15T14:30:00Z\"), \"customer_id\", \"limit\" (a \
             whole number of 0 or more), \"dry_run\" (false to act: the default is true) and \"action\" (\"redrive\", \
             the default, or \"discard\", which needs a reason)",
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
    /// It is not exactly a request. Nothing was done.
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
        let names_a_reason = fields.has("reason");
        let kind = fields.optional(
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
        if action == Some(Action::Discard) && !names_a_reason {
            fields.problem("reason is missing: what is discarded must be named by it".to_owned());
        }
        let problems = fields.finish();
        if !problems.is_empty() {
            return Err(InvalidRequest { problems });
        }
        Ok(Self {
            action: action.unwrap_or(Action::Redrive),
            kind,
            order_date,
            customer_id,
            limit,
            dry_run: dry_run.unwrap_or(true),
        })
    }

    /// Whether it is about this dead letter.
    #[must_use]
    pub fn is_about(&self, letter: &DeadLetter) -> bool {
        self.kind.is_none_or(|kind| kind == letter.kind)
            && (self.order_date.is_none() || self.order_date == letter.order_date)
            && (self.customer_id.is_none() || self.customer_id == letter.customer_id)
    }
}

#[cfg(test)]
mod tests;
