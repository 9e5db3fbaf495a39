//! One run of `submit-orders` or a competitor.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{
    batch,
    competitor::{Competitor, Job},
    customers::Customers,
    function::Function,
    sample::Sample,
    tls::Tls,
    verify,
    world::Source,
};

/// Orders before the measured ones, without latency: they open connections, get the token, and warm up the compilers of
/// the other languages.
const WARM_UP: u64 = 1000;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Messages of one invocation.
    pub(crate) batch: u64,
    /// The destination's latency.
    pub(crate) latency: Duration,
    /// Whether everything but the runtime API is reached by https.
    pub(crate) tls: bool,
    /// Measured orders.
    pub(crate) orders: u64,
}

/// Does a run: one batch after the other, as one instance of a function gets them.
///
/// # Errors
/// The function failed, or an order is missing, wrong or there twice.
pub(crate) async fn measure(
    competitor: Competitor,
    setting: Setting,
    tls: &Tls,
) -> Result<Sample, Box<dyn Error>> {
    let mut function = Function::start(competitor, Job::Submit, Source::default(), tls, setting.tls).await?;
    let all = WARM_UP + setting.orders;
    let customers = Customers::Plain(all);
    let events = |first: u64, past: u64| -> Vec<Bytes> {
        let starts = (first..past).step_by(usize::try_from(setting.batch).unwrap_or(usize::MAX));
        starts
            .map(|start| batch::event(&customers, start, setting.batch))
            .collect()
    };
    let mut answers = Vec::new();
    for event in events(0, WARM_UP) {
        answers.push(function.invoke(event).await?);
    }
    function.remotes().destination.set_latency(setting.latency);

    let events = events(WARM_UP, all);
    let invocations = events.len() as u64;
    let before = function.account().await?;
    let began = Instant::now();
    for event in events {
        answers.push(function.invoke(event).await?);
    }
    let wall = began.elapsed();
    let after = function.account().await?;
    let peak_kib = function.peak_kib()?;

    for answer in &answers {
        verify::keeps(answer, &[])?;
    }
    verify::orders(&function.remotes().destination.take_posted(), &customers, 0..all)?;
    Ok(Sample {
        items: setting.orders,
        invocations,
        cpu: after.cpu.saturating_sub(before.cpu),
        wall,
        peak_kib,
        printed: after.printed - before.printed,
    })
}
