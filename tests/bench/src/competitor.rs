//! The competitors, and how each is started.
//!
//! All have the same environment and the same work. The peers reuse their connections and their token, have as many
//! orders or batches in flight as the function, apply the same rules, send the same dead letters, and use Powertools for
//! the same logs and metrics. Only the synchronous Python posts one order after the other, as its batch processor does.
//! Python's modules are compiled before the measurement, TypeScript is one minified file. The floors do the same work on
//! the same connections, without validation, logs and metrics.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tokio::process::Command;

/// A program that does one of the functions' jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Competitor {
    /// This project's function, the very file that SAM deploys.
    Ours,
    /// The least that posts orders, and the least that fetches customers by the AWS SDK.
    Floor,
    /// An empty handler.
    FloorEmpty,
    /// Reads one secret.
    FloorSecret,
    /// Reads the source and cuts it into customers.
    FloorCut,
    /// Powertools for AWS Lambda (TypeScript).
    TypeScript,
    /// Powertools for AWS Lambda (Python), its asynchronous batch processor.
    PythonAsync,
    /// The same, one message after the other.
    PythonSync,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// `submit-orders`
    Submit,
    /// `fetch-customers`
    Fetch,
}

impl fmt::Display for Competitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ours => "ours",
            Self::Floor => "floor",
            Self::FloorEmpty => "floor, empty handler",
            Self::FloorSecret => "floor, one secret",
            Self::FloorCut => "floor, read and cut",
            Self::TypeScript => "TypeScript",
            Self::PythonAsync => "Python async",
            Self::PythonSync => "Python sync",
        })
    }
}

impl Competitor {
    /// Whether it is in another language, and has to be installed.
    pub(crate) fn is_peer(self) -> bool {
        match self {
            Self::Ours | Self::Floor | Self::FloorEmpty | Self::FloorSecret | Self::FloorCut => false,
            Self::TypeScript | Self::PythonAsync | Self::PythonSync => true,
        }
    }

    /// The command that starts it, from the root of the repository.
    ///
    /// # Errors
    /// It was not built, or not installed.
    pub(crate) fn command(self, job: Job) -> io::Result<Command> {
        let floor = |name| {
            let mut command = program("target/bench/floors/floor/bootstrap")?;
            command.env("FLOOR", name);
            Ok(command)
        };
        match (self, job) {
            (Self::Ours, job) => program(binary(job)),
            (Self::Floor, Job::Submit) => floor("submit"),
            (Self::Floor, Job::Fetch) => floor("send"),
            (Self::FloorSecret, _) => floor("secret"),
            (Self::FloorCut, _) => floor("cut"),
            (Self::FloorEmpty, _) => program("target/bench/floors/floor-empty/bootstrap"),
            (Self::TypeScript, Job::Submit) => typescript("submit"),
            (Self::TypeScript, Job::Fetch) => typescript("fetch"),
            (Self::PythonAsync, Job::Submit) => python("submit_async"),
            (Self::PythonSync, Job::Submit) => python("submit_sync"),
            (Self::PythonAsync | Self::PythonSync, Job::Fetch) => python("fetch"),
        }
    }
}

/// The function that SAM built for this machine.
pub(crate) fn binary(job: Job) -> &'static str {
    match (job, cfg!(target_arch = "aarch64")) {
        (Job::Submit, false) => ".aws-sam/x86_64/SubmitOrdersFunction/bootstrap",
        (Job::Submit, true) => ".aws-sam/arm64/SubmitOrdersFunction/bootstrap",
        (Job::Fetch, false) => ".aws-sam/x86_64/FetchCustomersFunction/bootstrap",
        (Job::Fetch, true) => ".aws-sam/arm64/FetchCustomersFunction/bootstrap",
    }
}

/// Lambda's own loop around a handler (`awslambdaric`), from PyPI.
fn python(module: &str) -> io::Result<Command> {
    let code = absolute("tests/bench/peers/python")?;
    let mut command = program(".tools/bench/venv/bin/python")?;
    command
        .args(["-m", "awslambdaric", &format!("{module}.handler")])
        // The loop finds the handler by the current folder, as in Lambda.
        .current_dir(&code)
        .env("LAMBDA_TASK_ROOT", code)
        // Modules are compiled once, outside of the sources.
        .env("PYTHONPYCACHEPREFIX", absolute(".tools/bench")?.join("pycache"));
    Ok(command)
}

/// A loop of our own around a handler, `peers/typescript/src/runtime.ts`, which says why.
fn typescript(module: &str) -> io::Result<Command> {
    let code = absolute(".tools/bench/typescript/dist")?;
    let mut command = program(".tools/bench/node")?;
    command
        .args([
            "--enable-source-maps",
            "runtime.mjs",
            &format!("{module}.handler"),
        ])
        .env("LAMBDA_TASK_ROOT", &code)
        .current_dir(code);
    Ok(command)
}

fn program(path: &str) -> io::Result<Command> {
    absolute(path).map(Command::new)
}

/// The absolute path of an existing file.
fn absolute(path: &str) -> io::Result<PathBuf> {
    std::path::absolute(Path::new(path)).and_then(|path| {
        if path.exists() {
            Ok(path)
        } else {
            Err(io::Error::other(format!(
                "{} is missing: see `make help`",
                path.display()
            )))
        }
    })
}
