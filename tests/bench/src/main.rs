//! Measures the functions and their competitors side by side and from outside: as child processes that find Lambda's
//! runtime API, AWS and both APIs on loopback. The figures are the kernel's accounting of the child and the duration of
//! its answers. They count only if every order and message arrived exactly once and is correct.
//!
//! | what | where |
//! | --- | --- |
//! | the competitors, and how each is started | [`competitor`] |
//! | their environment: runtime API, AWS, both APIs | [`world`], [`tls`]; a process in it: [`function`], [`child`] |
//! | input and expected output | [`customers`], [`batch`]; checked in [`verify`], [`tally`] |
//! | whether a competitor does the whole job | [`conformity`] |
//! | one run | [`submit`], [`cold`], [`fetch`]; all of them: [`scenario`] |
//! | several runs by turns, and their statistics | [`runs`], [`sample`], [`results`], [`machine`] |
//! | the cost of other systems' faults, before and after a change | [`faults`] |
//! | goals | [`goals`] |
//! | output | [`table`], [`chart`] |
//! | derived figures: dollars, and the time to drain a queue | [`cost`], [`prices`], [`drain`]; printed by [`derived`] |
#![allow(clippy::print_stdout, reason = "its output is for a person")]

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
mod faults;
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
    /// Measure, print everything, and write it to a file
    Run(Run),
    /// Measure only the functions and the floors, briefly; fails where a function is far from its floor
    Quick,
    /// Measure submit-orders under faults of other systems, next to an earlier build if one is given
    Faults {
        /// The earlier build's `bootstrap`
        #[arg(long)]
        before: Option<PathBuf>,
    },
    /// Draw the chart of the results
    Chart(ResultsFile),
    /// Print the cost of a million customers
    Cost(ResultsFile),
    /// Print how long a queue takes to drain
    Drain(ResultsFile),
}

#[derive(clap::Args)]
struct Run {
    /// Only scenarios whose name contains this, such as `fetch` or `batches of 100`
    #[arg(long, default_value = "")]
    only: String,
    /// Leave out the competitors in other languages
    #[arg(long)]
    without_peers: bool,
    #[command(flatten)]
    file: ResultsFile,
}

#[derive(clap::Args)]
struct ResultsFile {
    /// The file with the results
    #[arg(long, default_value = "target/bench/results.json")]
    results: PathBuf,
}

// One thread: the other processor is for the measured process.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    match Command::parse() {
        Command::Run(run) => {
            let plan = Plan {
                scope: Scope::Full,
                only: run.only,
                peers: !run.without_peers,
            };
            let results = plan.run(&Tls::new()?).await?;
            results.write(&run.file.results)?;
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
            let results = plan.run(&Tls::new()?).await?;
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
        Command::Faults { before } => {
            faults::measure(before, &Tls::new()?).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Chart(ResultsFile { results }) => {
            let path = results.with_file_name("chart.svg");
            chart::draw(&Results::read(&results)?, &path)?;
            println!("drawn: {}", path.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Cost(ResultsFile { results }) => {
            derived::print_cost(&Results::read(&results)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Drain(ResultsFile { results }) => {
            derived::print_drain(&Results::read(&results)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}
