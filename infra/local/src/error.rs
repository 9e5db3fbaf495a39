//! Why a local run could not be done, said to the person who started it.

use std::path::PathBuf;

/// Why a local run could not be done. Each text says what happened, to what, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that make should have made is not there.
    #[error("{path} is not there: {remedy}")]
    Missing {
        /// The file.
        path: PathBuf,
        /// What makes it.
        remedy: &'static str,
    },
    /// What was built is not of the code as it is now.
    #[error("{changed} is newer than what was built of it: `make build-local` builds it again")]
    Stale {
        /// The file that was changed since.
        changed: PathBuf,
    },
    /// The operating system refused something.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was tried, and on what.
        what: String,
        /// The refusal.
        source: std::io::Error,
    },
    /// The built template is none.
    #[error("cannot read the built template {path}: {reason}; `make clean` and try again")]
    Template {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// MiniStack ended, or does not answer.
    #[error("MiniStack {what}; the end of its log {log}:\n{tail}")]
    MiniStack {
        /// What it did.
        what: &'static str,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// The SAM CLI failed.
    #[error("`sam {command}` failed; the end of what it said:\n{tail}")]
    Sam {
        /// Its first arguments.
        command: String,
        /// The last lines of its output.
        tail: String,
    },
    /// The stack has not the output that the run needs.
    #[error("the stack has no output `{0}`: template.yaml must have it")]
    Output(&'static str),
    /// A call to the local AWS failed.
    #[error("{call} failed: {reason}")]
    Aws {
        /// The call, and what it was about.
        call: String,
        /// What the SDK says, causes included.
        reason: String,
    },
    /// The schedule has nothing to start.
    #[error("the schedule `{0}` has no target with an input")]
    Schedule(String),
    /// The run was given up by the function.
    #[error("fetch-customers failed in all its attempts: {0}")]
    RunFailed(String),
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io {
            what: what.into(),
            source,
        }
    }

    pub(crate) fn aws<E: std::error::Error + 'static>(call: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |error| Self::Aws {
            call: call.into(),
            reason: with_causes(&error),
        }
    }
}

/// An error of the SDK says little without its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The last lines of a text, for an error.
pub(crate) fn tail(text: &str) -> String {
    const LINES: usize = 25;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(LINES))
        .map(|line| format!("  {line}\n"))
        .collect()
}
