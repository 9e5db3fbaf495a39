//! The preflight check: a function that is asked with `{"check": true}` reads its secret and reaches its APIs as it would
//! at work, without enqueuing or posting anything, and answers what it found step by step.
//!
//! A failed step is a part of the answer, and not a failed invocation. A step that depends on a failed one is left out.

pub mod fix;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::{
    clock::millis,
    input::{Fields, value},
    lambda::invocation::Invocation,
};

/// The field that asks for a check.
const CHECK: &str = "check";

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preflight {
    /// First in the answer: `infra/invoke.sh` looks for it there.
    ok: bool,
    steps: Vec<Step>,
}

/// One step of a check. It never holds a secret, a customer's data or text that an API wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub step: &'static str,
    pub ok: bool,
    pub took_ms: u64,
    pub says: String,
    /// What to change. Only a failed step has it.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// The input has the field `check`, but is not a check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a preflight check is {{\"check\": true}} and nothing else: {}", .problems.join("; "))]
pub struct InvalidCheckInput {
    problems: Vec<String>,
}

/// Whether an input asks for a check.
///
/// # Errors
/// It does, but not only, or not with `true`.
pub fn is_requested(input: &RawValue) -> Result<bool, InvalidCheckInput> {
    let Ok(mut fields) = Fields::of(input) else {
        return Ok(false);
    };
    if !fields.has(CHECK) {
        return Ok(false);
    }
    let is_true = |json: &RawValue| value::<bool>(json)?.then_some(());
    fields.required(CHECK, "must be true", is_true);
    match fields.finish() {
        problems if problems.is_empty() => Ok(true),
        problems => Err(InvalidCheckInput { problems }),
    }
}

impl Step {
    /// A step that began at `started` and passed.
    pub fn passed(step: &'static str, started: Instant, says: impl Into<String>) -> Self {
        Self {
            step,
            ok: true,
            took_ms: millis(started.elapsed()),
            says: says.into(),
            fix: None,
        }
    }

    /// A step that began at `started` and failed. `fix` is what to change.
    pub fn failed(
        step: &'static str,
        started: Instant,
        says: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            ok: false,
            fix: Some(fix.into()),
            ..Self::passed(step, started, says)
        }
    }
}

impl Preflight {
    /// The answer with these steps, which is logged.
    #[must_use]
    pub fn new(steps: Vec<Step>, started: Instant, invocation: Invocation<'_>) -> Self {
        let preflight = Self {
            ok: steps.iter().all(|step| step.ok),
            steps,
        };
        preflight.log(started, invocation);
        preflight
    }

    /// The one line of the invocation.
    fn log(&self, started: Instant, invocation: Invocation<'_>) {
        macro_rules! line {
            ($level:ident, $event:literal, $detail:expr, $message:literal) => {
                tracing::$level!(
                    event = $event,
                    request_id = invocation.request_id,
                    xray_trace_id = invocation.trace_id(),
                    elapsed_ms = millis(started.elapsed()),
                    detail = $detail,
                    $message
                )
            };
        }
        let failed = self.steps.iter().filter(|step| !step.ok);
        let failed: Vec<String> = failed
            .map(|step| format!("{}: {}", step.step, step.says))
            .collect();
        if failed.is_empty() {
            line!(info, "preflight_passed", None::<&str>, "preflight check passed");
        } else {
            let detail = failed.join("; ");
            line!(error, "preflight_failed", detail, "preflight check failed");
        }
    }

    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.ok
    }

    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_requested(json: &str) -> Result<bool, String> {
        let input = RawValue::from_string(json.to_owned()).unwrap();
        super::is_requested(&input).map_err(|error| error.to_string())
    }

    #[test]
    fn check_is_requested_by_its_field_alone() {
        assert_eq!(is_requested(r#" {"check" : true} "#), Ok(true));
        for input in [
            r#"{"order_date": "2023-10-15T14:30:00Z"}"#,
            "[]",
            "true",
            r#""check""#,
            r#"{"check": null}"#,
        ] {
            assert_eq!(is_requested(input), Ok(false), "{input}");
        }
    }

    #[test]
    fn check_beside_other_fields_is_refused() {
        const RULE: &str = r#"a preflight check is {"check": true} and nothing else: "#;
        for (input, problem) in [
            (r#"{"check": false}"#, "check must be true"),
            (r#"{"check": "true"}"#, "check must be true"),
            (
                r#"{"check": true, "dry_run": true, "limit": 1}"#,
                r#"the field "dry_run" is not known; the field "limit" is not known"#,
            ),
        ] {
            assert_eq!(is_requested(input), Err(format!("{RULE}{problem}")));
        }
    }
}
