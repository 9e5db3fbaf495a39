//! `make run`: the whole system on this machine, from the deployment to the table of what became of each customer.

mod customers_file;
mod keep_hints;
mod options;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use local_run::paths::Paths;
use local_run::progress::Progress;
use local_run::reconciliation::Reconciliation;
use local_run::{LocalDeployment, Settings, report};
use options::Options;
use tokio::signal::unix::{SignalKind, signal};

/// The exit code of a program that Ctrl-C ended, by the convention of shells.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = tokio::select! {
        outcome = local_run(&options) => outcome,
        // What was started ends with the dropped future.
        () = interrupted() => {
            say("interrupted: everything that was started is stopped");
            return INTERRUPTED.into();
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("make run: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// # Returns
/// Whether every customer is accounted for; a dry run is only a report.
async fn local_run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let (source, order_date) = (options.source()?, options.order_date()?);
    let mut work = tempfile::Builder::new()
        .prefix("customer-order-sync-")
        .tempdir()?;
    let settings = Settings {
        paths: Paths::of_this_workspace(work.path().to_owned())?,
        sandbox: sandbox::Settings {
            customers: source.served(),
            ..sandbox::Settings::default()
        },
        parameters: [].into(),
    };
    let stack = LocalDeployment::start(settings, |step| say(&format!("• {step}")))
        .await
        .inspect_err(|_| {
            // The logs explain it.
            work.disable_cleanup(true);
        })?;
    for note in &stack.notes {
        say(&format!("  {note}"));
    }

    if options.dry_run {
        say(&format!("• dry run of {} customers", source.served().count()));
        let dry_run = stack.dry_run(order_date).await?;
        say(&report::dry_run_table(&dry_run, order_date).to_string());
        say("✓ nothing was enqueued, nothing was posted");
        return Ok(true);
    }
    say(&format!("• running {} customers", source.served().count()));
    let mut progress = Progress::new(source.served().count());
    let run = stack
        .run(order_date, options.patience(), |counts| progress.show(counts))
        .await;
    progress.finish();
    let run = run?;

    let (ledger, dead_letters) = (stack.sandbox.ledger(), stack.dead_letters().await?);
    let one_order_per = stack.one_order_per().await?;
    let reconciliation = Reconciliation::new(
        order_date,
        one_order_per,
        source.expectations(),
        &ledger,
        &dead_letters,
    );
    let seen = stack.sandbox.counters();
    let apis = [
        ("GET of the source", seen.source_requests),
        ("POST to the token endpoint", seen.token_requests),
        ("POST to the destination", seen.order_posts),
    ];
    say(&report::table(&run, &reconciliation, &apis).to_string());
    let problems = report::problems(&run, &reconciliation);
    for problem in &problems {
        say(&format!("✗ {problem}"));
    }
    if problems.is_empty() {
        say("✓ every customer is accounted for");
    } else {
        work.disable_cleanup(true);
        say(&format!(
            "The log of the functions: {}",
            stack.paths.log().display()
        ));
    }
    if options.keep {
        say(&keep_hints::hints(&stack).await?);
        std::future::pending::<()>().await;
    }
    Ok(problems.is_empty())
}

/// Ctrl-C, `kill`, or a terminal that was closed.
async fn interrupted() {
    let listen = || -> std::io::Result<_> {
        Ok((
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ))
    };
    // Without a listener the signal ends this program, and with it everything that was started.
    let Ok((mut interrupt, mut terminate, mut hangup)) = listen() else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

fn say(text: &str) {
    // An output that was closed is not an error.
    let _ = writeln!(std::io::stdout(), "{text}");
}
