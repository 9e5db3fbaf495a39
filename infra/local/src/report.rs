//! The table at the end.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::account::Account;
use crate::run::Run;

/// Lines of what is wrong that are shown; the rest is counted.
const SHOWN: usize = 10;

/// The table of what became of every customer.
pub fn table(run: &Run, account: &Account, apis: &[(&str, u64)]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic);
    let mut row = |what: String, count: String, note: String| {
        table.add_row([what, count, note]);
    };
    let seconds = run.elapsed.as_secs_f64();
    let orders = run.counts.delivered + run.counts.duplicates;
    row(
        "customers".into(),
        account.customers.to_string(),
        format!("order date {}", run.order_date),
    );
    row(
        "orders".into(),
        account.ordered.to_string(),
        format!("{} came into being now", run.counts.delivered),
    );
    row(
        "duplicates".into(),
        run.counts.duplicates.to_string(),
        "were there already".into(),
    );
    row(
        "dead letters".into(),
        account.dead_letters().to_string(),
        String::new(),
    );
    for (reason, dead) in &account.dead {
        row(
            format!("  {reason}"),
            dead.count.to_string(),
            format!("e.g. {}", dead.example),
        );
    }
    row(
        "not accounted for".into(),
        account.wrong.len().to_string(),
        String::new(),
    );
    row(
        "elapsed".into(),
        format!("{seconds:.1} s"),
        "from the schedule's call to the last order".into(),
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

/// What is wrong, for a person.
pub fn complaints(run: &Run, account: &Account) -> Vec<String> {
    let mut lines = Vec::new();
    if !run.settled {
        lines.push(format!(
            "nothing moved any more, with {} messages on the customer queue",
            run.counts.waiting
        ));
    }
    lines.extend(account.wrong.iter().take(SHOWN).cloned());
    if account.wrong.len() > SHOWN {
        lines.push(format!("and {} more", account.wrong.len() - SHOWN));
    }
    lines
}
