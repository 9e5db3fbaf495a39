//! What Lambda tells about an invocation, and what it is told where one fails.

use std::fmt::Display;

use lambda_runtime::{Context, Diagnostic};
use tokio::time::Instant;

/// One invocation.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// When it is ended.
    pub deadline: Instant,
    /// Lambda's id of it.
    pub request_id: &'a str,
    /// The X-Ray header that it was made with.
    pub trace_header: Option<&'a str>,
    /// The function that was invoked: its ARN, with the alias or version that was asked for.
    pub function: &'a str,
}

impl<'a> Invocation<'a> {
    /// What the runtime tells.
    #[must_use]
    pub fn of(context: &'a Context) -> Self {
        Self {
            deadline: crate::startup::deadline(context.deadline),
            request_id: &context.request_id,
            trace_header: context.xray_trace_id.as_deref(),
            function: &context.invoked_function_arn,
        }
    }

    /// The id of its trace, for the log.
    #[must_use]
    pub fn trace_id(&self) -> Option<&'a str> {
        self.trace_header.and_then(trace_id)
    }
}

/// The id of the trace in an X-Ray header such as `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=1` (AWS
/// X-Ray Developer Guide, "Tracing header").
#[must_use]
pub fn trace_id(header: &str) -> Option<&str> {
    header
        .split(';')
        .find_map(|field| field.trim().strip_prefix("Root="))
}

/// The answer of an invocation that failed. `error_type` is a short name that alarms and queries may rely on; the
/// runtime would put the name of a Rust type there.
#[must_use]
pub fn failure(error_type: &str, error: &impl Display) -> Diagnostic {
    Diagnostic {
        error_type: error_type.to_owned(),
        error_message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_id_is_the_headers_root() {
        let id = "1-5759e988-bd862e3fe1be46a994272793";
        for header in [
            format!("Root={id}"),
            format!("Root={id};Parent=53995c3f42cd8ad8;Sampled=1"),
            format!("Self=1-67891234-12456789abcdef012345678a; Root={id};Lineage=a:1|b:2"),
        ] {
            assert_eq!(trace_id(&header), Some(id), "{header}");
        }
        for header in ["", "Sampled=1", "root=1-2-3"] {
            assert_eq!(trace_id(header), None, "{header:?}");
        }
    }
}
