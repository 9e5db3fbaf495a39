//! A function that cannot be set up answers every invocation with the reason.

use std::fmt;

use lambda_runtime::Diagnostic;

use crate::lambda::invocation::diagnostic;

/// A function could not be set up, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartupError(String);

impl fmt::Display for StartupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartupError {}

impl From<StartupError> for Diagnostic {
    fn from(error: StartupError) -> Self {
        diagnostic("StartupError", &error)
    }
}

/// Logs why a function could not be set up, and returns it for the answer of every invocation: a person who invokes it
/// sees what to change, which the crash of a process would not show.
pub fn ready<T>(set_up: Result<T, impl fmt::Display>) -> Result<T, StartupError> {
    set_up.map_err(|error| {
        let detail = error.to_string();
        tracing::error!(event = "startup_failed", detail, "the function cannot start");
        StartupError(detail)
    })
}
