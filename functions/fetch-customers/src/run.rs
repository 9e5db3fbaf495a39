//! A run: what the schedule or a person asks for, and the summary that answers.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use shared::{
    domain::customer_id::CustomerId,
    domain::order_date::{OrderDate, ParseOrderDateError},
    input::{Fields, value},
};
use url::Url;

/// What a run is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Stamped on every order of the run.
    pub order_date: OrderDate,
    /// Only these customers; all of them where it is absent.
    pub customer_ids: Option<HashSet<CustomerId>>,
    /// To stop after so many customers that would be enqueued.
    pub limit: Option<u64>,
    /// To read and count, but to put nothing on the queue.
    pub dry_run: bool,
    /// To begin with this page of the source.
    pub page_url: Option<Url>,
    /// What became of the run so far, if it goes on with this invocation.
    pub totals: Totals,
}

/// What is left of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remainder {
    /// The page to begin with: nothing of it was read.
    pub page_url: Url,
    /// What is left of the run's limit.
    pub limit: Option<u64>,
}

/// The input is no run. The text names everything that is wrong with it, and shows what to send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the input of fetch-customers cannot be used: {}; send {{\"order_date\": \"2023-10-15T14:30:00Z\"}}, and if \
     wanted \"customer_ids\" (a list of at least one id), \"limit\" (a whole number of 0 or more) and \"dry_run\" \
     (true or false)",
    .problems.join("; ")
)]
pub struct InvalidRunInput {
    problems: Vec<String>,
}

impl Run {
    /// Reads the input of an invocation.
    ///
    /// # Errors
    /// It is not exactly a run. Nothing was done.
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
            "is only for the function itself, when it goes on with a run",
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

    /// Whether it is over all customers, whoever they are.
    #[must_use]
    pub const fn is_of_all(&self) -> bool {
        self.customer_ids.is_none() && self.limit.is_none()
    }

    /// The input with which another invocation does the rest.
    #[must_use]
    pub fn going_on(&self, rest: &Remainder, books: &Summary) -> String {
        let totals = Totals {
            invocations: self.totals.invocations + 1,
            pages: books.pages,
            fetched: books.fetched,
            enqueued: books.enqueued,
            skipped: books.skipped,
            rejected: books.rejected,
            repeated: books.repeated,
            missing_customer_ids: books.missing_customer_ids.clone(),
            elapsed_ms: books.elapsed_ms,
        };
        let ids = self.customer_ids.as_ref();
        json!({
            "order_date": self.order_date,
            "customer_ids": ids.map(|ids| ids.iter().map(CustomerId::as_str).collect::<Vec<_>>()),
            "limit": rest.limit,
            "dry_run": self.dry_run,
            "page_url": rest.page_url.as_str(),
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

/// What the invocations before this one did of the same run: the fields of their [`Summary`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Totals {
    /// How many they were.
    pub invocations: u32,
    pages: u64,
    fetched: u64,
    enqueued: u64,
    skipped: u64,
    rejected: u64,
    repeated: u64,
    missing_customer_ids: Option<BTreeSet<String>>,
    elapsed_ms: u64,
}

/// What became of a run: `fetched = enqueued + skipped + rejected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The run's order date.
    pub order_date: OrderDate,
    /// The pages that were read.
    pub pages: u64,
    /// The customers that were read.
    pub fetched: u64,
    /// Of them, put on the queue; in a dry run, those that would have been.
    pub enqueued: u64,
    /// Of them, not asked for by the run's `customer_ids`.
    pub skipped: u64,
    /// Of them, what the queue cannot take. Each is logged, with the reason.
    pub rejected: u64,
    /// Of those that were not skipped, the ones whose id had come before: they share one order. Counted within
    /// one invocation, as far as [`DuplicateFilter`](crate::seen::DuplicateFilter) remembers.
    pub repeated: u64,
    /// Asked for by the run's `customer_ids`, but not in the source. Absent where no ids were asked for, and
    /// where the run's `limit` ended it before all of the source was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_customer_ids: Option<BTreeSet<String>>,
    /// Whether nothing was put on the queue because nothing was to be.
    pub dry_run: bool,
    /// Whether another invocation goes on with the run: its summary holds these numbers too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub continued: bool,
    /// From the start of the run to its end, without what lies between its invocations.
    pub elapsed_ms: u64,
}

impl Summary {
    /// The summary of a run that this invocation has yet to begin, or to go on with.
    #[must_use]
    pub fn at_the_start_of(run: &Run) -> Self {
        let totals = run.totals.clone();
        let ids = run.customer_ids.as_ref();
        let all = ids.map(|ids| ids.iter().map(ToString::to_string).collect());
        Self {
            order_date: run.order_date,
            pages: totals.pages,
            fetched: totals.fetched,
            enqueued: totals.enqueued,
            skipped: totals.skipped,
            rejected: totals.rejected,
            repeated: totals.repeated,
            missing_customer_ids: totals.missing_customer_ids.or(all),
            dry_run: run.dry_run,
            continued: false,
            elapsed_ms: totals.elapsed_ms,
        }
    }
}

#[cfg(test)]
mod tests;
