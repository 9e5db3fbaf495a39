//! Measures the functions and what competes with them, side by side and from outside: as child processes that find
//! Lambda's runtime API, AWS and both APIs on loopback. What is measured is the kernel's account of the child, and how
//! long its answers take; it counts only if every order and message arrived exactly once and right.
//!
//! | what | where |
//! | --- | --- |
//! | who competes, and how each is started | [`competitor`] |
//! | what they find around them | [`world`], [`tls`]; a process in it: [`function`], [`child`] |
//! | what they are given, and what must come of it | [`customers`], [`batch`]; checked in [`verify`], [`tally`] |
//! | whether they do the whole job | [`conformity`] |
//! | one run | [`submit`], [`cold`], [`fetch`]; which there are: [`scenario`] |
//! | several runs by turns, and what they say together | [`runs`], [`sample`], [`results`], [`machine`] |
//! | what is asked of it | [`goals`] |
//! | what is shown | [`table`], [`chart`] |
//! | what follows from it: dollars, and time to drain a queue | [`cost`], [`prices`], [`drain`]; shown by [`derived`] |
#![allow(
    clippy::print_stdout,
    reason = "what it prints is for a person, and is all that it prints"
)]

mod batch;
mod chart;
mod child;
mod cold;
mod competitor;
mod conformity;
mod cost;
mod customers;
mod derived;
mod drain;
mod fetch;
mod function;
mod goals;
mod machine;
mod prices;
mod results;
mod runs;
mod sample;
mod scenario;
mod submit;
mod table;
mod tally;
mod tls;
mod verify;
mod world;

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;

use crate::{results::Results, runs::Plan, scenario::Scope, tls::Tls};

/// Measures the functions and their competitors, which must have been built before. From the root of the repository.
#[derive(Parser)]
enum Command {
    /// Measure, print everything, and keep it in a file
    Run(Run),
    /// Measure ours and the floors shortly; fails where ours is far from its floor
    Quick,
    /// Draw the chart of what was measured
    Chart(Kept),
    /// Print what a million customers cost
    Cost(Kept),
    /// Print how long a queue takes to drain
    Drain(Kept),
}

#[derive(clap::Args)]
struct Run {
    /// Only what has this in its name, such as `fetch` or `batches of 100`
    #[arg(long, default_value = "")]
    only: String,
    /// Leave out the competitors in other languages
    #[arg(long)]
    without_peers: bool,
    #[command(flatten)]
    kept: Kept,
}

#[derive(clap::Args)]
struct Kept {
    /// Where the results are kept
    #[arg(long, default_value = "target/bench/results.json")]
    results: PathBuf,
}

// One thread: the other processor is for who is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    match Command::parse() {
        Command::Run(run) => {
            let plan = Plan {
                scope: Scope::Full,
                only: run.only,
                peers: !run.without_peers,
            };
            let results = plan.carry_out(&Tls::new()?).await?;
            results.write(&run.kept.results)?;
            table::print(&results);
            table::print_goals(&goals::judge(&results, plan.scope));
            Ok(ExitCode::SUCCESS)
        }
        Command::Quick => {
            let plan = Plan {
                scope: Scope::Quick,
                only: String::new(),
                peers: false,
            };
            let results = plan.carry_out(&Tls::new()?).await?;
            table::print(&results);
            let judged = goals::judge(&results, plan.scope);
            table::print_goals(&judged);
            let all_met = judged.iter().all(|judged| judged.met);
            Ok(if all_met {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Command::Chart(Kept { results }) => {
            let path = results.with_file_name("chart.svg");
            chart::draw(&Results::read(&results)?, &path)?;
            println!("drawn: {}", path.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Cost(Kept { results }) => {
            derived::print_cost(&Results::read(&results)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Drain(Kept { results }) => {
            derived::print_drain(&Results::read(&results)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}
