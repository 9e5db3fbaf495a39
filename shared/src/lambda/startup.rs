//! What every `main` does around its handler.

use std::fmt;

use lambda_runtime::Diagnostic;

use crate::lambda::invocation::diagnostic;

/// A function could not be set up. The text says why, once for all invocations.
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

/// Keeps a function alive that could not be set up, so that every invocation is answered with the reason:
/// whoever invokes it by hand sees what to change, which the crash of a process would not tell them.
///
/// # Errors
/// The reason, also logged here.
pub fn ready<T>(set_up: Result<T, impl fmt::Display>) -> Result<T, StartupError> {
    set_up.map_err(|error| {
        let reason = error.to_string();
        tracing::error!(reason, "the function cannot start");
        StartupError(reason)
    })
}
