//! The tables of a finished run and of a dry run.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use shared::domain::order_date::OrderDate;

use crate::dry_run::DryRun;
use crate::reconciliation::Reconciliation;
use crate::run::Run;

/// How many discrepancies are listed; the rest is counted.
const SHOWN: usize = 10;

/// The width of a table, in columns, where the terminal does not say its own.
const DEFAULT_WIDTH: u16 = 80;

/// What became of the customers, and how many calls it took.
pub fn table(run: &Run, reconciliation: &Reconciliation, apis: &[(&str, u64)]) -> Table {
    let mut table = empty_table();
    let mut row = |what: String, count: String, note: String| {
        table.add_row([what, count, note]);
    };
    let seconds = run.elapsed.as_secs_f64();
    let orders = run.counts.delivered + run.counts.duplicates;
    row(
        "customers".into(),
        reconciliation.customers.to_string(),
        format!("order date {}", run.order_date),
    );
    row(
        "orders".into(),
        reconciliation.ordered.to_string(),
        format!("{} created by this run", run.counts.delivered),
    );
    row(
        "duplicates".into(),
        run.counts.duplicates.to_string(),
        "existed before this run".into(),
    );
    row(
        "dead letters".into(),
        reconciliation.dead_letter_count().to_string(),
        String::new(),
    );
    for (reason, group) in &reconciliation.dead_letters {
        row(
            format!("  {reason}"),
            group.count.to_string(),
            format!("for example {}", group.example),
        );
    }
    row(
        "not accounted for".into(),
        reconciliation.discrepancies.len().to_string(),
        String::new(),
    );
    row(
        "elapsed".into(),
        format!("{seconds:.1} s"),
        "from the start of the schedule to the last order".into(),
    );
    if seconds > 0.0 {
        let rate = orders as f64 / seconds;
        row("orders per second".into(), format!("{rate:.0}"), String::new());
    }
    for (api, count) in apis {
        row("API calls".into(), count.to_string(), (*api).to_owned());
    }
    for (action, count) in &run.aws_calls {
        row("AWS calls".into(), count.to_string(), action.clone());
    }
    align_counts(&mut table);
    table
}

/// How many customers would be rejected, and by which rules. It shows fields, rules and ids, never a customer's values.
pub fn dry_run_table(dry_run: &DryRun, order_date: OrderDate) -> Table {
    let mut table = empty_table();
    let mut row = |what: String, count: u64, note: String| {
        table.add_row([what, count.to_string(), note]);
    };
    let note = if dry_run.continued {
        "the first ones: the function's time was over"
    } else {
        ""
    };
    let orders = dry_run
        .fetched
        .saturating_sub(dry_run.rejected + dry_run.would_be_rejected);
    row("customers".into(), dry_run.fetched, note.into());
    row(
        "would be ordered".into(),
        orders,
        format!("order date {order_date}"),
    );
    row("no JSON, or too large".into(), dry_run.rejected, String::new());
    row(
        "would be rejected".into(),
        dry_run.would_be_rejected,
        String::new(),
    );
    for (violation, count) in &dry_run.violations {
        let examples = dry_run.examples_of(violation);
        row(
            format!("  {violation}"),
            *count,
            format!("for example {examples}"),
        );
    }
    align_counts(&mut table);
    table
}

fn empty_table() -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic);
    // Some terminals report 0.
    if table.width() == Some(0) {
        table.set_width(DEFAULT_WIDTH);
    }
    table
}

fn align_counts(table: &mut Table) {
    if let Some(counts) = table.column_mut(1) {
        counts.set_cell_alignment(CellAlignment::Right);
    }
}

/// Why not every customer is accounted for, one line each; empty if all are.
pub fn problems(run: &Run, reconciliation: &Reconciliation) -> Vec<String> {
    let mut lines = Vec::new();
    if !run.settled {
        lines.push(format!(
            "the run made no more progress, with {} messages on the customer queue",
            run.counts.waiting
        ));
    }
    lines.extend(reconciliation.discrepancies.iter().take(SHOWN).cloned());
    if reconciliation.discrepancies.len() > SHOWN {
        lines.push(format!("and {} more", reconciliation.discrepancies.len() - SHOWN));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dry_run_table_shows_rules_and_ids() {
        let answer = json!({"order_date": "2023-10-15T14:30:00Z", "pages": 1, "fetched": 9, "enqueued": 8, "skipped": 0,
            "rejected": 1, "repeated": 0, "dry_run": true, "continued": false, "elapsed_ms": 4, "would_be_rejected": 2,
            "violations": {"email: rule": 2, "phone: rule": 1},
            "examples": [{"index": 3, "customer_id": null, "violations": ["email: rule", "phone: rule"]},
                         {"index": 5, "customer_id": "123", "violations": ["email: rule"]}]});
        let dry_run: DryRun = serde_json::from_value(answer).unwrap();
        let mut table = dry_run_table(&dry_run, "2023-10-15T14:30:00Z".parse().unwrap());
        let lines = table.set_width(200).to_string();
        let rows: Vec<Vec<&str>> = lines
            .lines()
            .filter(|line| line.starts_with('│'))
            .map(|line| line.trim_matches('│').split('┆').map(str::trim).collect())
            .collect();
        assert_eq!(
            rows,
            [
                ["customers", "9", ""],
                ["would be ordered", "6", "order date 2023-10-15T14:30:00Z"],
                ["no JSON, or too large", "1", ""],
                ["would be rejected", "2", ""],
                ["email: rule", "2", "for example the one at index 3, 123"],
                ["phone: rule", "1", "for example the one at index 3"],
            ]
        );
    }
}
