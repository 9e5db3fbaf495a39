//! The tables of docs/performance.md that follow from what was measured: what it costs, and how long a queue takes to drain.

use crate::{
    competitor::Competitor::{Ours, PythonAsync, PythonSync, TypeScript},
    cost::{Bill, SUBMIT_MB, bill, bill_of_pipes, billed_batch, monthly},
    drain::Setup,
    results::Results,
    table::markdown,
};

/// Prints dollars for a million customers, and what comes by the month.
pub(crate) fn print_cost(results: &Results) {
    let mut table = markdown([
        "a million customers, $",
        "submit",
        "fetch",
        "SQS",
        "logs",
        "rest",
        "total",
    ]);
    for (batch, latency_ms) in [(100, 20), (10, 20), (100, 100), (10, 100)] {
        for who in [Ours, TypeScript, PythonAsync, PythonSync] {
            if let Some(bill) = bill(results, who, batch, latency_ms) {
                table.add_row(row(&format!("{who}, batches of {batch}, {latency_ms} ms"), &bill));
            }
        }
    }
    if let Some(bill) = bill_of_pipes(results) {
        table.add_row(row("EventBridge Pipes and an API destination", &bill));
    }
    println!("\n{table}\n");
    let mut table = markdown(["a month, $", ""]);
    for (what, dollars) in monthly() {
        table.add_row([what.to_owned(), format!("{dollars:.2}")]);
    }
    println!("{table}");
    print_memory(results);
}

fn row(what: &str, bill: &Bill) -> Vec<String> {
    let Bill {
        submit,
        fetch,
        sqs,
        logs,
        rest,
    } = *bill;
    let mut row = vec![what.to_owned()];
    row.extend([submit, fetch, sqs, logs, rest, bill.total()].map(|dollars| format!("{dollars:.3}")));
    row
}

/// Prints the billed time of one batch of 100 and the compute of a million customers, by memory.
fn print_memory(results: &Results) {
    let mut table = markdown([
        "submit-orders, MB",
        "ms per batch at 20 ms",
        "$",
        "ms per batch at 100 ms",
        "$",
    ]);
    for mb in [128.0, 256.0, 512.0, 1024.0, 1769.0] {
        let mut row = vec![format!("{mb}")];
        for latency_ms in [20, 100] {
            let Some(ms) = billed_batch(results, Ours, 100, latency_ms, mb) else {
                return;
            };
            row.extend([
                format!("{ms}"),
                format!("{:.4}", 1e4 * crate::cost::lambda(ms, mb)),
            ]);
        }
        table.add_row(row);
    }
    println!("\n{table}");
}

/// Prints how long queues of some lengths take to drain, by concurrency and latency.
pub(crate) fn print_drain(results: &Results) {
    let Some(billed) = billed_batch(results, Ours, 100, 20, SUBMIT_MB) else {
        println!("no batches of 100 at 20 ms were measured");
        return;
    };
    // Beside five rounds of 20 ms.
    let overhead = (billed / 1e3 - 0.1).max(0.0);
    println!(
        "\nBesides waiting, a batch of 100 takes {:.0} ms at {SUBMIT_MB} MB.\n",
        overhead * 1e3
    );
    let mut table = markdown([
        "MaxConcurrency",
        "MaxInFlight",
        "latency",
        "orders/s",
        "10,000",
        "100,000",
        "1,000,000",
    ]);
    for (max_concurrency, max_in_flight) in [(2.0, 20.0), (10.0, 20.0), (10.0, 100.0), (100.0, 20.0)] {
        for latency in [0.02, 0.1, 0.5] {
            let setup = Setup {
                max_concurrency,
                batch: 100.0,
                max_in_flight,
                orders_per_second: 0.0,
                latency,
                overhead,
            };
            let mut row = vec![
                format!("{max_concurrency}"),
                format!("{max_in_flight}"),
                format!("{:.0} ms", latency * 1e3),
                format!("{:.0}", setup.orders_in_a_second()),
            ];
            row.extend([1e4, 1e5, 1e6].map(|orders| time(setup.seconds(orders))));
            table.add_row(row);
        }
    }
    println!("{table}");
}

fn time(seconds: f64) -> String {
    if seconds < 120.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}
