//! The clients of the remote APIs, and which of their answers are transient.

pub mod backoff;
mod client;
mod every_line;
mod header_lines;
mod proxy;
pub mod retry_after;
mod unreachable;

use http::StatusCode;

pub use client::{CONNECT_TIMEOUT, HttpClient, POOL_IDLE_TIMEOUT, Repeated, Tls, client};
pub use unreachable::Unreachable;

/// Whether the same request may succeed later without anybody changing anything: the row "transient" of the failure
/// table.
#[must_use]
pub fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_statuses_are_408_425_429_and_5xx() {
        let transient: Vec<u16> = (100..=999)
            .filter(|status| is_transient(StatusCode::from_u16(*status).unwrap()))
            .collect();
        let expected: Vec<u16> = [408, 425, 429].into_iter().chain(500..=599).collect();
        assert_eq!(transient, expected);
    }
}
