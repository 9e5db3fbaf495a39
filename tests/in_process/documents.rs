//! The documents' tables of failures and of metrics against the code.

use std::collections::BTreeSet;

use http::StatusCode;
use integration_tests::documents::{FAILURES, MONITORING, rows};
use submit_orders::verdict::{ResponseClass, classify};

/// The titles of the two tables of `docs/failures.md` about orders.
const ANSWERS: &str = "the destination answers";
const OTHER_FAILURES: &str = "what else fails";

/// Whether a row's first cell names this status.
fn names(cell: &str, status: u16) -> bool {
    cell.split(", ").any(|name| {
        let class = name
            .strip_suffix("xx")
            .and_then(|class| class.parse::<u16>().ok());
        class.map_or(name == status.to_string(), |class| class == status / 100)
    })
}

/// The verdict and the consequence that the table gives for this status: those of the row that is closest to it.
fn documented(status: u16) -> (&'static str, &'static str) {
    let rows = rows(FAILURES, ANSWERS);
    let mut matching: Vec<_> = rows
        .iter()
        .filter(|row| names(row[0].trim_start_matches("other "), status))
        .collect();
    // "other" comes after what is named.
    matching.sort_by_key(|row| row[0].starts_with("other "));
    let row = matching.first().unwrap_or_else(|| panic!("no row for {status}"));
    (row[1], row[2])
}

#[test]
fn failure_table_agrees_with_classify() {
    for status in 200..600 {
        let (verdict, then) = documented(status);
        let agrees = match classify(StatusCode::from_u16(status).unwrap()) {
            ResponseClass::Stored => verdict == "delivered" && then == "done",
            ResponseClass::Conflict => verdict == "delivered or retried" && then.contains("`ConflictMeans`"),
            ResponseClass::Refused => verdict == "rejected" && then.contains("rejected_by_destination"),
            ResponseClass::Unauthorized => verdict == "retried" && then.contains("new token"),
            ResponseClass::Blocked => verdict == "retried" && then.contains("the circuit opens"),
            ResponseClass::Transient => {
                verdict == "retried" && then.starts_with("later") && !then.contains("circuit opens")
            }
        };
        assert!(agrees, "{status}: the table says {verdict}, {then}");
    }
}

#[test]
fn dead_letter_reasons_are_documented() {
    use submit_orders::verdict::Reason;
    let everything =
        rows(FAILURES, OTHER_FAILURES).concat().join(" ") + &rows(FAILURES, ANSWERS).concat().join(" ");
    for reason in [
        Reason::MalformedMessage,
        Reason::InvalidCustomer,
        Reason::RejectedByDestination,
        Reason::Expired,
    ] {
        assert!(
            everything.contains(&format!("`{}`", reason.as_str())),
            "{reason:?}"
        );
    }
}

#[test]
fn metric_table_is_the_codes() {
    let documented: BTreeSet<(String, String)> = rows(MONITORING, "metric")
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].to_owned()))
        .collect();
    let known = fetch_customers::stats::metric::ALL
        .into_iter()
        .chain(submit_orders::handler::stats::metric::ALL);
    let known: BTreeSet<(String, String)> = known
        .map(|metric| (metric.name.to_owned(), format!("{:?}", metric.unit)))
        .collect();
    assert_eq!(documented, known);
}
