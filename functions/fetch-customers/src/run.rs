//! A run: what the schedule or a person asks for, and the summary that answers.

use std::collections::{BTreeMap, HashSet};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use shared::{customer_id::CustomerId, order_date::OrderDate};

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
}

/// The input is no run. The text names everything that is wrong with it, and shows what to send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the input of fetch-customers cannot be used: {}; send {{\"order_date\": \"2023-10-15T14:30:00Z\"}}, and if \
     wanted \"customer_ids\" (a list of at least one id), \"limit\" (a whole number of 0 or more) and \"dry_run\" \
     (true or false)",
    .problems.join("; ")
)]
pub struct NotARun {
    problems: Vec<String>,
}

impl Run {
    /// Reads the input of an invocation.
    ///
    /// # Errors
    /// It is not exactly a run. Nothing was done.
    pub fn parse(input: &RawValue) -> Result<Self, NotARun> {
        let Ok(mut fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(input.get()) else {
            return Err(NotARun {
                problems: vec!["it is not a JSON object".to_owned()],
            });
        };
        let mut problems = Vec::new();

        let order_date = match fields.remove("order_date").map(read::<String>) {
            None => Err("order_date is missing".to_owned()),
            Some(text) => match text.as_deref().map(str::parse) {
                Some(Ok(date)) => Ok(date),
                Some(Err(_)) | None => Err(
                    "order_date must be an RFC 3339 date and time, such as 2023-10-15T14:30:00Z".to_owned(),
                ),
            },
        };
        let order_date = order_date.map_err(|problem| problems.push(problem)).ok();

        let mut optional = |name: &str| fields.remove(name).filter(|value| value.get() != "null");
        let (customer_ids, limit, dry_run) =
            (optional("customer_ids"), optional("limit"), optional("dry_run"));

        let customer_ids = customer_ids.map(ids);
        if customer_ids == Some(None) {
            problems
                .push("customer_ids must be a list of at least one id, each text or an integer".to_owned());
        }
        let limit = limit.map(read::<u64>);
        if limit == Some(None) {
            problems.push("limit must be a whole number of 0 or more".to_owned());
        }
        let dry_run = dry_run.map(read::<bool>);
        if dry_run == Some(None) {
            problems.push("dry_run must be true or false".to_owned());
        }
        problems.extend(
            fields
                .keys()
                .map(|name| format!("the field {name:?} is not known")),
        );

        match order_date {
            Some(order_date) if problems.is_empty() => Ok(Self {
                order_date,
                customer_ids: customer_ids.flatten(),
                limit: limit.flatten(),
                dry_run: dry_run.flatten().unwrap_or(false),
            }),
            Some(_) | None => Err(NotARun { problems }),
        }
    }
}

fn read<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

fn ids(value: &RawValue) -> Option<HashSet<CustomerId>> {
    let ids: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
    let ids: HashSet<CustomerId> = ids
        .into_iter()
        .map(CustomerId::from_json)
        .collect::<Option<_>>()?;
    (!ids.is_empty()).then_some(ids)
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
    /// Whether nothing was put on the queue because nothing was to be.
    pub dry_run: bool,
    /// From the start of the run to its end.
    pub elapsed_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(input: &str) -> Result<Run, String> {
        Run::parse(&RawValue::from_string(input.to_owned()).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_order_date_is_enough() {
        let run = parse(r#"{"order_date": "2023-10-15T14:30:00Z"}"#).unwrap();
        assert_eq!(run.order_date.to_string(), "2023-10-15T14:30:00Z");
        assert_eq!((run.customer_ids, run.limit, run.dry_run), (None, None, false));
    }

    #[test]
    fn everything_can_be_said() {
        let run = parse(
            r#"{"order_date": "2023-10-15T16:30:00+02:00", "customer_ids": ["123", 456], "limit": 0, "dry_run": true}"#,
        )
        .unwrap();
        let mut ids: Vec<String> = run
            .customer_ids
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        ids.sort();
        assert_eq!(ids, ["123", "456"]);
        assert_eq!((run.limit, run.dry_run), (Some(0), true));
    }

    #[test]
    fn null_is_as_good_as_absent_for_what_is_optional() {
        let input =
            r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": null, "limit": null, "dry_run": null}"#;
        assert_eq!(parse(input), parse(r#"{"order_date": "2023-10-15T14:30:00Z"}"#));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_send() {
        for (input, problem) in [
            ("{}", "order_date is missing"),
            ("[]", "it is not a JSON object"),
            (r#""2023-10-15T14:30:00Z""#, "it is not a JSON object"),
            (
                r#"{"order_date": null}"#,
                "order_date must be an RFC 3339 date and time",
            ),
            (
                r#"{"order_date": "15/10/2023"}"#,
                "order_date must be an RFC 3339 date and time",
            ),
            (
                r#"{"order_date": "<aws.scheduler.scheduled-time>"}"#,
                "order_date must be an RFC 3339 date and time",
            ),
            (
                r#"{"order_date": "2023-10-15T14:30:00Z", "limit": -5}"#,
                "limit must be a whole number of 0 or more",
            ),
            (
                r#"{"order_date": "2023-10-15T14:30:00Z", "limit": "5"}"#,
                "limit must be a whole number of 0 or more",
            ),
            (
                r#"{"order_date": "2023-10-15T14:30:00Z", "dry_run": "yes"}"#,
                "dry_run must be true or false",
            ),
            (
                r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": []}"#,
                "customer_ids must be a list",
            ),
            (
                r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": "123"}"#,
                "customer_ids must be a list",
            ),
            (
                r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": [1.5]}"#,
                "customer_ids must be a list",
            ),
            (
                r#"{"order_date": "2023-10-15T14:30:00Z", "dryrun": true}"#,
                r#"the field "dryrun" is not known"#,
            ),
        ] {
            let error = parse(input).unwrap_err();
            assert!(error.contains(problem), "{input}: {error}");
            assert!(
                error.contains(r#"send {"order_date": "2023-10-15T14:30:00Z"}"#),
                "{error}"
            );
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let error = parse(r#"{"limit": -1, "dry_run": 1, "customer_ids": {}, "date": ""}"#).unwrap_err();
        for problem in [
            "order_date is missing",
            "limit must",
            "dry_run must",
            "customer_ids must",
            "\"date\" is not",
        ] {
            assert!(error.contains(problem), "{problem} is not in: {error}");
        }
    }
}
