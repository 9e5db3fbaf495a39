//! How long a remote asks to be left alone.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header::RETRY_AFTER};

/// What an answer's `Retry-After` asks for (RFC 9110 §10.2.3), as seen at `now`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// The answer has no such header.
    Absent,
    /// To wait this long: zero for a time that is past, and for a header that cannot be read.
    Wait(Duration),
}

impl RetryAfter {
    /// Reads the header, in either of its forms: seconds or an HTTP date.
    #[must_use]
    pub fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        let Some(value) = headers.get(RETRY_AFTER) else {
            return Self::Absent;
        };
        let text = value.to_str().unwrap_or_default().trim();
        let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than a u64 holds are absurd, and the caller bounds all of them.
            Duration::from_secs(text.parse().unwrap_or(u64::MAX))
        } else {
            httpdate::parse_http_date(text)
                .ok()
                .and_then(|date| date.duration_since(now).ok())
                .unwrap_or_default()
        };
        Self::Wait(wait)
    }

    /// The wait asked for, zero where there is none.
    #[must_use]
    pub fn wait(self) -> Duration {
        match self {
            Self::Absent => Duration::ZERO,
            Self::Wait(wait) => wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        for (value, expected) in [
            (None, RetryAfter::Absent),
            (Some("120"), RetryAfter::Wait(secs(120))),
            (Some(" 0 "), RetryAfter::Wait(Duration::ZERO)),
            (Some("99999999999999999999999"), RetryAfter::Wait(secs(u64::MAX))),
            (Some("Sun, 06 Nov 1994 08:50:37 GMT"), RetryAfter::Wait(secs(60))),
            (
                Some("Sun, 06 Nov 1994 08:48:37 GMT"),
                RetryAfter::Wait(Duration::ZERO),
            ),
            (Some("soon"), RetryAfter::Wait(Duration::ZERO)),
            (Some("-1"), RetryAfter::Wait(Duration::ZERO)),
            (Some("1.5"), RetryAfter::Wait(Duration::ZERO)),
            (Some(""), RetryAfter::Wait(Duration::ZERO)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(RETRY_AFTER, value.parse().unwrap());
            }
            assert_eq!(RetryAfter::read(&headers, now), expected, "{value:?}");
        }
    }
}
