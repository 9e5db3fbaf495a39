//! `bench fetch`

use std::{
    error::Error,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use fetch_customers::split::Splitter;
use sandbox::{Customers, Sandbox, Settings};
use serde_json::{Value, json};

use crate::{
    aws::Aws,
    function::{self, Account, Function},
};

/// What the peak may grow by from the least to the greatest number of customers.
const MOST_GROWTH: f64 = 1.2;

/// What the peak may be.
const MOST_MIB: f64 = 40.0;

#[derive(Args)]
pub(crate) struct Options {
    /// Numbers of customers, streamed on one page; a process of its own for each
    #[arg(long, value_delimiter = ',', default_value = "1000,100000,1000000,5000000")]
    customers: Vec<u64>,
    /// How many milliseconds each call to SQS takes at least
    #[arg(long, default_value_t = 0)]
    sqs_latency_ms: u64,
}

/// What one number of customers took.
struct Row {
    customers: u64,
    whole: Account,
    wall: Duration,
    /// Without calls to SQS.
    dry: Duration,
    /// Nothing but the cutting of the body into elements.
    split: Duration,
}

/// Prints the table, and says whether the goals are met.
pub(crate) async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let binary = function::binary("fetch-customers")?;
    let settings = Settings::default();
    let aws = Aws::start(
        json!({"api_key": settings.api_key}).to_string(),
        Duration::from_millis(options.sqs_latency_ms),
    )
    .await?;
    let mut rows = Vec::new();
    for customers in options.customers.iter().copied() {
        rows.push(measure(&binary, &aws, customers).await?);
    }
    println!("{}", table(&rows));
    goals(&rows);
    Ok(())
}

async fn measure(binary: &Path, aws: &Aws, count: u64) -> Result<Row, Box<dyn Error>> {
    let customers = Customers::MadeUp { count, seed: 7 };
    let sandbox = Sandbox::start(Settings {
        customers: customers.clone(),
        ..Settings::default()
    })
    .await?;
    let environment = [
        ("AWS_ENDPOINT_URL", aws.url.clone()),
        ("SOURCE_URL", sandbox.customers_url()),
        ("SOURCE_SECRET_ARN", "arn:aws:secret".to_owned()),
        ("QUEUE_URL", format!("{}/000000000000/customers", aws.url)),
    ];
    let input = |dry_run: bool| json!({"order_date": "2023-10-15T14:30:00Z", "dry_run": dry_run});

    let mut function = Function::start(binary, &environment).await?;
    let began = Instant::now();
    let summary = function.invoke(input(false)).await?;
    let wall = began.elapsed();
    check(&summary, count)?;
    let whole = function.account()?;
    let messages = aws.take_messages();
    if messages != count {
        return Err(format!("{messages} messages of {count} customers").into());
    }

    let mut function = Function::start(binary, &environment).await?;
    check(&function.invoke(input(true)).await?, count)?;
    let dry = function.account()?.cpu;
    sandbox.stop().await;
    Ok(Row {
        customers: count,
        whole,
        wall,
        dry,
        split: split(count)?,
    })
}

fn check(summary: &Result<Value, Value>, count: u64) -> Result<(), Box<dyn Error>> {
    match summary {
        Ok(summary) if summary["enqueued"] == count && summary["fetched"] == count => Ok(()),
        other => Err(format!("the run did not do what it should: {other:?}").into()),
    }
}

/// The CPU time of cutting so many customers apart, in this process: a MiB of them, again and again.
fn split(count: u64) -> Result<Duration, Box<dyn Error>> {
    const CHUNK: usize = 64 * 1024;
    let mut some = Vec::new();
    let mut customers = 0;
    while some.len() < 16 * CHUNK {
        some.extend_from_slice(sandbox::customers::customer(customers, 7).json.as_bytes());
        some.push(b',');
        customers += 1;
    }
    let some = Bytes::from(some);
    let before = function::account("self")?.cpu;
    let mut splitter = Splitter::new(fetch_customers::queue::BODY_BYTES);
    let mut found = 0;
    let wrong = |_| "what the sandbox makes up is no JSON";
    splitter.next(&mut Bytes::from_static(b"[")).map_err(wrong)?;
    'enough: loop {
        let mut rest = some.clone();
        while !rest.is_empty() {
            let mut chunk = rest.split_to(CHUNK.min(rest.len()));
            while let Some(element) = splitter.next(&mut chunk).map_err(wrong)? {
                black_box(element);
                found += 1;
                if found == count {
                    break 'enough;
                }
            }
        }
    }
    Ok(function::account("self")?.cpu - before)
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "customers",
        "peak MiB",
        "CPU s",
        "customers per CPU s",
        "µs per customer",
        "of it split",
        "of it SQS",
        "of it the rest",
        "wall s",
    ]);
    for row in rows {
        let customers = count(row.customers);
        let micros = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e6 / customers);
        table.add_row([
            row.customers.to_string(),
            format!("{:.1}", mib(row)),
            format!("{:.2}", row.whole.cpu.as_secs_f64()),
            format!("{:.0}", customers / row.whole.cpu.as_secs_f64()),
            micros(row.whole.cpu),
            micros(row.split),
            micros(row.whole.cpu.saturating_sub(row.dry)),
            micros(row.dry.saturating_sub(row.split)),
            format!("{:.1}", row.wall.as_secs_f64()),
        ]);
    }
    table
}

fn goals(rows: &[Row]) {
    let (Some(least), Some(most)) = (rows.first(), rows.last()) else {
        return;
    };
    let growth = mib(most) / mib(least);
    let said = |met: bool| if met { "met" } else { "MISSED" };
    println!(
        "peak at {} customers is {growth:.2} × that at {}: {} (at most {MOST_GROWTH})",
        most.customers,
        least.customers,
        said(growth <= MOST_GROWTH)
    );
    println!(
        "and {:.1} MiB: {} (below {MOST_MIB})",
        mib(most),
        said(mib(most) < MOST_MIB)
    );
}

fn mib(row: &Row) -> f64 {
    count(row.whole.peak_kib) / 1024.0
}

#[expect(clippy::cast_precision_loss, reason = "a table needs no 53 bits")]
fn count(number: u64) -> f64 {
    number as f64
}
