//! The README's tables of failures and of metrics against the code.

use std::{collections::BTreeSet, time::Duration};

use http::StatusCode;
use shared::http::retry_after::RetryAfter;
use submit_orders::verdict::{ResponseClass, classify};

const README: &str = include_str!("../../README.md");

/// The rows of the table whose first column has this title.
fn rows(title: &str) -> Vec<Vec<&'static str>> {
    let table = README
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {title} |")))
        .skip(2);
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    table
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect()
}

/// Whether a row's first cell speaks of this answer.
fn speaks_of(cell: &str, status: u16, with_retry_after: bool) -> bool {
    let (statuses, wants_retry_after) = match cell.strip_suffix(" with `Retry-After`") {
        Some(statuses) => (statuses, true),
        None => (cell, false),
    };
    let named = statuses.split(", ").any(|name| {
        let class = name
            .strip_suffix("xx")
            .and_then(|class| class.parse::<u16>().ok());
        class.map_or(name == status.to_string(), |class| class == status / 100)
    });
    named && (!wants_retry_after || with_retry_after)
}

/// The verdict and the consequence that the table gives for this answer: those of the row that is closest to it.
fn told(status: u16, with_retry_after: bool) -> (&'static str, &'static str) {
    let rows = rows("what the destination does");
    let mut matching: Vec<_> = rows
        .iter()
        .filter(|row| speaks_of(row[0].trim_start_matches("other "), status, with_retry_after))
        .collect();
    // "other" comes after what is named; `Retry-After` says more than its absence.
    matching.sort_by_key(|row| (row[0].starts_with("other "), !row[0].contains("Retry-After")));
    let row = matching.first().unwrap_or_else(|| panic!("no row for {status}"));
    (row[1], row[2])
}

#[test]
fn every_status_has_the_verdict_that_the_table_gives_it() {
    for status in 200..600 {
        for with_retry_after in [false, true] {
            let retry_after = if with_retry_after {
                RetryAfter::Wait(Duration::ZERO)
            } else {
                RetryAfter::Absent
            };
            let (verdict, then) = told(status, with_retry_after);
            let as_told = match classify(StatusCode::from_u16(status).unwrap(), retry_after) {
                ResponseClass::Stored => verdict == "delivered" && then == "done",
                ResponseClass::AlreadyExists => verdict == "delivered" && then.contains("already"),
                ResponseClass::Refused => verdict == "rejected" && then.contains("rejected_by_destination"),
                ResponseClass::Unauthorized => verdict == "retry" && then.contains("new token"),
                ResponseClass::Misconfigured => verdict == "retry" && then.contains("**halt**"),
                ResponseClass::Transient => {
                    verdict == "retry" && then.starts_with("later") && !then.contains("halt")
                }
            };
            assert!(
                as_told,
                "{status}, Retry-After {with_retry_after}: the README says {verdict}, {then}"
            );
        }
    }
}

#[test]
fn the_reasons_of_dead_letters_are_those_of_the_code() {
    use submit_orders::verdict::Reason;
    let everything =
        rows("what else").concat().join(" ") + &rows("what the destination does").concat().join(" ");
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
fn the_metrics_are_those_of_the_code_with_their_units() {
    let told: BTreeSet<(String, String)> = rows("metric")
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].to_owned()))
        .collect();
    let known = fetch_customers::stats::metric::ALL
        .into_iter()
        .chain(submit_orders::handler::stats::metric::ALL);
    let known: BTreeSet<(String, String)> = known
        .map(|metric| (metric.name.to_owned(), format!("{:?}", metric.unit)))
        .collect();
    assert_eq!(told, known);
}
