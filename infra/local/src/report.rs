//! The table of a finished run.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::reconciliation::Reconciliation;
use crate::run::Run;

/// How many discrepancies are listed; the rest is counted.
const SHOWN: usize = 10;

/// The width of a table, in columns, where the terminal does not say its own.
const DEFAULT_WIDTH: u16 = 80;

/// What became of the customers, and how many calls it took.
pub fn table(run: &Run, reconciliation: &Reconciliation, apis: &[(&str, u64)]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic);
    // Some terminals report 0.
    if table.width() == Some(0) {
        table.set_width(DEFAULT_WIDTH);
    }
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
    if let Some(counts) = table.column_mut(1) {
        counts.set_cell_alignment(CellAlignment::Right);
    }
    table
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
