//! `make dashboard-picture`: draws the dashboard of `infra/monitoring.yaml` with the data of a local run.
//!
//! It is a rendering, not a screenshot: the real templates and functions run on a local AWS, the functions' metrics are
//! taken from its log, and its CloudWatch computes the statistics that the body of the deployed dashboard names.
//!
//! * `scenario`: what happens to the stack. `queues`: the metrics of the queues, which the local AWS does not publish.
//! * `emf`: metrics from a log. `cloudwatch`: data in, statistics out.
//! * `widgets`: the body of the dashboard. `page`, `chart`: the picture of it; `style`: its colors; `words`: its texts.

mod chart;
mod cloudwatch;
mod emf;
mod page;
mod queues;
mod scenario;
mod style;
mod widgets;
mod words;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use cloudwatch::CloudWatch;
use local_run::paths::Paths;
use local_run::{LocalDeployment, Settings};
use page::Drawn;
use widgets::Content;

/// Seconds of a data point. The deployed dashboard has five minutes, and shows days.
const PERIOD_SECS: u64 = 5;

/// Draws the dashboard with the data of a local run.
#[derive(Debug, Parser)]
#[command(name = "make dashboard-picture", version)]
struct Options {
    /// The file to write.
    #[arg(long, value_name = "PATH", default_value = "infra/dashboard.svg")]
    out: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match picture(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("make dashboard-picture: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn picture(options: &Options) -> Result<(), Box<dyn Error>> {
    let work = tempfile::Builder::new().prefix("dashboard-picture-").tempdir()?;
    let settings = Settings {
        paths: Paths::of_this_workspace(work.path().to_owned())?,
        sandbox: sandbox::Settings {
            page_size: 500,
            ..sandbox::Settings::default()
        },
        parameters: [].into(),
    };
    let stack = LocalDeployment::start(settings, |step| say(&format!("• {step}"))).await?;

    let start = now_secs()? / PERIOD_SECS * PERIOD_SECS;
    let mut data = Vec::new();
    tokio::select! {
        played = scenario::play(&stack, Duration::from_secs(2 * PERIOD_SECS), |what| say(&format!("• {what}"))) => played?,
        watched = queues::watch(&stack, &mut data) => watched?,
    }
    let cloudwatch = CloudWatch {
        http: shared::http::client().no_proxy().build()?,
        url: stack.aws_url().to_owned(),
        start,
        end: now_secs()? + 1,
    };
    let printed = emf::data(&std::fs::read_to_string(stack.paths.log())?);
    if printed.is_empty() {
        say("  the functions printed no metrics: their charts are empty");
    }
    data.extend(printed);
    cloudwatch.put(&data).await?;

    let name = stack
        .output("DashboardUrl")?
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let mut drawn = Vec::new();
    for widget in widgets::read(&cloudwatch.dashboard(name).await?) {
        let (lines, period) = match &widget.content {
            Content::Text(_) | Content::Alarms { .. } => (&[][..], PERIOD_SECS),
            Content::Chart { lines, .. } => (&lines[..], PERIOD_SECS),
            Content::Numbers {
                lines, of_all_time, ..
            } => (
                &lines[..],
                // Periods begin at multiples of themselves: one that is longer than the time since 1970 holds all.
                if *of_all_time {
                    cloudwatch.end + 1
                } else {
                    PERIOD_SECS
                },
            ),
        };
        let mut series = Vec::new();
        for line in lines {
            series.push(cloudwatch.series(line, period).await?);
        }
        drawn.push(Drawn { widget, series });
    }
    let span_secs = u32::try_from(cloudwatch.end - cloudwatch.start)?;
    std::fs::write(
        &options.out,
        page::svg(&drawn, f64::from(span_secs), PERIOD_SECS)?,
    )?;
    say(&format!("✓ {}", options.out.display()));
    Ok(())
}

fn now_secs() -> Result<u64, Box<dyn Error>> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

fn say(text: &str) {
    // An output that was closed is not an error.
    let _ = writeln!(std::io::stdout(), "{text}");
}
