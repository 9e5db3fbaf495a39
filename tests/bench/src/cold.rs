//! One cold start: from the start of the process to its first answer.

use std::error::Error;

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

/// Starts a process with a batch of one message waiting for it, everything but the runtime API behind https.
///
/// # Errors
/// The function failed, or the order is missing or wrong.
pub(crate) async fn measure(competitor: Competitor, tls: &Tls) -> Result<Sample, Box<dyn Error>> {
    let customers = Customers::Plain(1);
    let event = batch::event(&customers, 0, 1);
    let mut function = Function::start(competitor, Job::Submit, Source::default(), tls, true).await?;
    let answer = function.invoke(event).await?;
    let wall = function.started.elapsed();
    let account = function.account().await?;
    let peak_kib = function.peak_kib()?;
    verify::keeps(&answer, &[])?;
    let orders = if posts(competitor) { 1 } else { 0 };
    verify::orders(
        &function.remotes().destination.take_posted(),
        &customers,
        0..orders,
    )?;
    Ok(Sample {
        items: 1,
        invocations: 1,
        cpu: account.cpu,
        wall,
        peak_kib,
        printed: account.printed,
    })
}

/// Whether it does the whole job.
fn posts(competitor: Competitor) -> bool {
    match competitor {
        Competitor::FloorEmpty | Competitor::FloorSecret | Competitor::FloorCut => false,
        Competitor::Ours
        | Competitor::Floor
        | Competitor::TypeScript
        | Competitor::PythonAsync
        | Competitor::PythonSync => true,
    }
}
