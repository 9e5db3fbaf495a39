//! One run of `fetch-customers` or a competitor.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    competitor::{Competitor, Job},
    customers::{Customers, ORDER_DATE},
    function::Function,
    sample::Sample,
    tally::Exactness,
    tls::Tls,
    verify,
    world::Source,
};

/// What a run reads, and where.
pub(crate) struct Setting {
    pub(crate) customers: Customers,
    /// They are in a list inside of an object.
    pub(crate) envelope: bool,
    /// Nothing is sent.
    pub(crate) dry_run: bool,
    /// SQS's, for each batch of messages.
    pub(crate) sqs_latency: Duration,
}

impl Setting {
    /// An array, a real run, and an SQS without latency.
    pub(crate) const fn array(customers: Customers) -> Self {
        Self {
            customers,
            envelope: false,
            dry_run: false,
            sqs_latency: Duration::ZERO,
        }
    }
}

/// Does one run.
///
/// # Errors
/// The function failed, or a message is missing, wrong or there twice.
pub(crate) async fn measure(
    competitor: Competitor,
    setting: Setting,
    tls: &Tls,
) -> Result<Sample, Box<dyn Error>> {
    let Setting {
        customers,
        envelope,
        dry_run,
        sqs_latency,
    } = setting;
    let source = Source {
        customers: customers.clone(),
        envelope,
    };
    let mut function = Function::start(competitor, Job::Fetch, source, tls, false).await?;
    let exactness = exactness(competitor);
    let aws = &function.remotes().aws;
    aws.set_exactness(exactness);
    aws.set_latency(sqs_latency);

    let before = function.account().await?;
    let began = Instant::now();
    let summary = function
        .invoke(
            json!({"order_date": ORDER_DATE, "dry_run": dry_run})
                .to_string()
                .into(),
        )
        .await?;
    let wall = began.elapsed();
    let after = function.account().await?;
    let peak_kib = function.peak_kib()?;

    let sent = function.remotes().aws.take_sent();
    // The process is done, and the check takes a while.
    drop(function);
    if competitor == Competitor::FloorCut {
        verify::cut(&summary, &customers)?;
    } else if dry_run {
        verify::dry_run(sent, &summary, &customers)?;
    } else {
        verify::messages(sent, &summary, &customers, exactness)?;
    }
    Ok(Sample {
        items: customers.count(),
        invocations: 1,
        cpu: after.cpu.saturating_sub(before.cpu),
        wall,
        peak_kib,
        printed: after.printed - before.printed,
    })
}

/// The peers parse customers and write them again, so that only the JSON is the same.
fn exactness(competitor: Competitor) -> Exactness {
    if competitor.is_peer() {
        Exactness::SameJson
    } else {
        Exactness::Verbatim
    }
}
