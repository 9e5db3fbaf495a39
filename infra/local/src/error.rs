//! Why a local run failed.

use std::path::PathBuf;

/// Each text says what happened, to what, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path} does not exist: {remedy}")]
    Missing {
        path: PathBuf,
        /// What makes it.
        remedy: &'static str,
    },

    #[error("{changed} was changed since the functions were built: `make build-local` builds them again")]
    Stale { changed: PathBuf },
    #[error("cannot {what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("cannot read the built template {path}: {reason}; `make clean` and try again")]
    Template { path: PathBuf, reason: String },
    /// MiniStack exited, or does not answer.
    #[error("MiniStack {what}; the end of its log {log}:\n{tail}")]
    MiniStack {
        what: &'static str,
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    #[error("`sam {command}` failed; the end of its output:\n{tail}")]
    Sam {
        command: String,
        /// The last lines of its output.
        tail: String,
    },
    #[error("the stack has no output `{0}`: template.yaml must have it")]
    Output(&'static str),
    #[error("{call} failed: {reason}")]
    Aws {
        /// The call, and what it was about.
        call: String,
        reason: String,
    },
    #[error("the schedule `{0}` has no target with an input")]
    Schedule(String),
    #[error("fetch-customers failed in all its attempts: {0}")]
    RunFailed(String),
    #[error("the dry run failed: {0}")]
    DryRunFailed(String),
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

/// The texts of an error and its causes: that of the SDK's error alone says little.
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
