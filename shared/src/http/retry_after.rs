//! `Retry-After`: how long a remote API asks its client to wait.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header::RETRY_AFTER};

/// The longest delay that is followed. An API that asks for more has most likely written a timestamp or milliseconds
/// where seconds belong, or stands for a page that says "never": neither is advice about when to retry, and a queue
/// that followed it would stand still for days after the API has recovered.
pub const MAX_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What an answer's `Retry-After` asks for (RFC 9110 §10.2.3), as seen at `now`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// The answer has no such header, or one that asks for more than [`MAX_DELAY`].
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
        let delay = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than a u64 holds are far above the maximum.
            Duration::from_secs(text.parse().unwrap_or(u64::MAX))
        } else {
            httpdate::parse_http_date(text)
                .ok()
                .and_then(|date| date.duration_since(now).ok())
                .unwrap_or_default()
        };
        if delay > MAX_DELAY {
            Self::Absent
        } else {
            Self::Wait(delay)
        }
    }

    /// The delay asked for, zero where there is none.
    #[must_use]
    pub fn delay(self) -> Duration {
        match self {
            Self::Absent => Duration::ZERO,
            Self::Wait(delay) => delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// Sun, 06 Nov 1994 08:49:37 GMT
    fn read(value: Option<&str>) -> RetryAfter {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(RETRY_AFTER, value.parse().unwrap());
        }
        RetryAfter::read(&headers, SystemTime::UNIX_EPOCH + secs(784_111_777))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        for (value, expected) in [
            (None, RetryAfter::Absent),
            (Some("120"), RetryAfter::Wait(secs(120))),
            (Some(" 0 "), RetryAfter::Wait(Duration::ZERO)),
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
            assert_eq!(read(value), expected, "{value:?}");
        }
    }

    #[test]
    fn retry_after_of_more_than_a_day_is_ignored() {
        for (value, expected) in [
            ("86400", RetryAfter::Wait(MAX_DELAY)),
            ("86401", RetryAfter::Absent),
            // A timestamp in seconds where a delay belongs.
            ("784111837", RetryAfter::Absent),
            ("99999999999999999999999", RetryAfter::Absent),
            ("Mon, 07 Nov 1994 08:49:37 GMT", RetryAfter::Wait(MAX_DELAY)),
            ("Mon, 07 Nov 1994 08:49:38 GMT", RetryAfter::Absent),
            ("Fri, 31 Dec 9999 23:59:59 GMT", RetryAfter::Absent),
        ] {
            assert_eq!(read(Some(value)), expected, "{value}");
        }
    }
}
