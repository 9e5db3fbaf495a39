//! A run: the input from the schedule or a person, and the summary that is the answer.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use shared::{
    domain::customer_id::CustomerId,
    domain::order_date::{OrderDate, ParseOrderDateError},
    input::{Fields, value},
};
use url::Url;

use crate::dry_run::Findings;

/// What a run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The date of every order of the run.
    pub order_date: OrderDate,
    /// Only these customers; `None` for all.
    pub customer_ids: Option<HashSet<CustomerId>>,
    /// The run ends after so many customers that are enqueued.
    pub limit: Option<u64>,
    /// Customers are read and counted, but not enqueued.
    pub dry_run: bool,
    /// The page of the source to start with, if not the first.
    pub page_url: Option<Url>,
    /// What earlier invocations did of the same run.
    pub totals: Totals,
}

/// What is left of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remainder {
    /// The page to start with: nothing of it was read.
    pub page_url: Url,
    /// What is left of the run's limit.
    pub limit: Option<u64>,
}

/// The input is not a run. The text lists every problem, and shows what to send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the input of fetch-customers cannot be used: {}; send {{\"order_date\": \"2023-10-15T14:30:00Z\"}}, and if \
     wanted \"customer_ids\" (a list of at least one id), \"limit\" (a whole number of 0 or more), \"dry_run\" \
     (true or false) and \"page_url\" (the whole URL of the page to start with)",
    .problems.join("; ")
)]
pub struct InvalidRunInput {
    problems: Vec<String>,
}

impl Run {
    /// Reads the input of an invocation.
    ///
    /// # Errors
    /// It is not exactly a run.
    pub fn parse(input: &RawValue) -> Result<Self, InvalidRunInput> {
        let mut fields = Fields::of(input).map_err(|problems| InvalidRunInput { problems })?;
        let order_date = fields.required("order_date", ParseOrderDateError, |date| {
            value::<String>(date)?.parse().ok()
        });
        let customer_ids = fields.optional(
            "customer_ids",
            "must be a list of at least one id, each text or an integer",
            ids,
        );
        let limit = fields.optional("limit", "must be a whole number of 0 or more", value);
        let dry_run = fields.optional("dry_run", "must be true or false", value);
        let page_url = fields.optional(
            "page_url",
            "must be the whole URL of one of the source's pages",
            |url| Url::parse(&value::<String>(url)?).ok(),
        );
        let totals = fields.optional(
            "totals",
            "is only for the function itself, when it continues a run",
            value,
        );
        match (order_date, fields.finish()) {
            (Some(order_date), problems) if problems.is_empty() => Ok(Self {
                order_date,
                customer_ids,
                limit,
                dry_run: dry_run.unwrap_or(false),
                page_url,
                totals: totals.unwrap_or_default(),
            }),
            (Some(_) | None, problems) => Err(InvalidRunInput { problems }),
        }
    }

    /// Whether the run is over all customers.
    #[must_use]
    pub const fn is_of_all(&self) -> bool {
        self.customer_ids.is_none() && self.limit.is_none()
    }

    /// The progress of the run before this invocation.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut progress = self.totals.progress.clone();
        if progress.missing_customer_ids.is_none() {
            let ids = self.customer_ids.as_ref();
            progress.missing_customer_ids = ids.map(|ids| ids.iter().map(ToString::to_string).collect());
        }
        progress
    }

    /// What the run found out before this invocation: nothing, unless it is a dry run.
    #[must_use]
    pub fn findings(&self) -> Option<Findings> {
        self.dry_run
            .then(|| self.totals.findings.clone().unwrap_or_default())
    }

    /// The input for the invocation that does the rest.
    #[must_use]
    pub fn continuation(
        &self,
        remainder: &Remainder,
        progress: &Progress,
        findings: Option<&Findings>,
    ) -> String {
        let totals = Totals {
            invocations: self.totals.invocations + 1,
            progress: progress.clone(),
            findings: findings.cloned(),
        };
        let ids = self.customer_ids.as_ref();
        json!({
            "order_date": self.order_date,
            "customer_ids": ids.map(|ids| ids.iter().map(CustomerId::as_str).collect::<Vec<_>>()),
            "limit": remainder.limit,
            "dry_run": self.dry_run,
            "page_url": remainder.page_url.as_str(),
            "totals": totals,
        })
        .to_string()
    }
}

fn ids(ids: &RawValue) -> Option<HashSet<CustomerId>> {
    let ids: Vec<&RawValue> = serde_json::from_str(ids.get()).ok()?;
    let ids: HashSet<CustomerId> = ids
        .into_iter()
        .map(CustomerId::from_json)
        .collect::<Option<_>>()?;
    (!ids.is_empty()).then_some(ids)
}

/// What the invocations before this one did of the same run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Totals {
    /// How many invocations.
    pub invocations: u32,
    #[serde(flatten)]
    pub progress: Progress,
    /// Only of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Findings>,
}

/// How far a run is, in all its invocations: `fetched = enqueued + skipped + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Pages of which at least the beginning was read.
    pub pages: u64,
    /// Customers that were read.
    pub fetched: u64,
    /// Customers that are enqueued; in a dry run, those that would be.
    pub enqueued: u64,
    /// Customers that the run's `customer_ids` do not name.
    pub skipped: u64,
    /// Customers that cannot become messages. Each is logged, with the reason, and is a dead letter, unless SQS refused it.
    pub rejected: u64,
    /// Customers, not skipped, whose id came before: they share one order. Counted within one invocation, as far as
    /// [`DuplicateFilter`](shared::duplicate_filter::DuplicateFilter) remembers.
    pub repeated: u64,
    /// Ids of the run's `customer_ids` that are not in the source. `None` where the run names no ids, and where its
    /// `limit` ended it before all of the source was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_customer_ids: Option<BTreeSet<String>>,
    /// The time that the run's invocations took, without the time between them.
    pub elapsed_ms: u64,
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub order_date: OrderDate,
    #[serde(flatten)]
    pub progress: Progress,
    /// Only of a dry run.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Findings>,
    /// Nothing was enqueued, because the run asked for that.
    pub dry_run: bool,
    /// Another invocation continues the run; its summary includes this progress.
    pub continued: bool,
}

#[cfg(test)]
mod tests;
