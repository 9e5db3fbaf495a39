//! Whether an answer says that the order exists, or only that an earlier request for it is still under way.

use std::time::Duration;

use http::StatusCode;
use serde_json::Deserializer;
use shared::{http::retry_after::RetryAfter, text::Text};

/// After so long no earlier request is under way any more: API gateways and load balancers end a request after 30 to
/// 60 s by default (Amazon API Gateway 29 s, Application Load Balancer and nginx 60 s).
pub const CONFIRM_AFTER: Duration = Duration::from_secs(60);

/// What 409 says at this destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictMeans {
    /// The order exists.
    Duplicate,
    /// The first request is still under way (The Idempotency-Key HTTP Header Field, draft-07, §2.7).
    Retry,
    /// Unknown: believed once no earlier request can be under way.
    Confirm,
}

/// How this destination reports a duplicate.
#[derive(Debug, Clone)]
pub struct ConflictSettings {
    pub means: ConflictMeans,
    /// A 4xx whose body contains this text says that the order exists; then a 409 without it does not.
    pub duplicate_text: Option<String>,
}

/// What an answer says about earlier requests for the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    Exists,
    /// An earlier request may still be under way; not before this delay is it known how it ended.
    UnderWay {
        min_delay: Duration,
    },
}

impl ConflictSettings {
    /// `since_first_receive` is how long ago the message was received for the first time, as far as that is known.
    ///
    /// # Returns
    /// `None` where the answer says nothing about earlier requests.
    #[must_use]
    pub fn read(
        &self,
        status: StatusCode,
        body: &[u8],
        retry_after: RetryAfter,
        since_first_receive: Option<Duration>,
    ) -> Option<Conflict> {
        if let Some(text) = &self.duplicate_text
            && status.is_client_error()
            && contains(body, text)
        {
            return Some(Conflict::Exists);
        }
        if status != StatusCode::CONFLICT {
            return None;
        }
        let left = CONFIRM_AFTER.saturating_sub(since_first_receive.unwrap_or_default());
        let asked_for = retry_after.delay();
        let conflict = match self.means {
            _ if self.duplicate_text.is_some() => Conflict::UnderWay { min_delay: asked_for },
            ConflictMeans::Duplicate => Conflict::Exists,
            ConflictMeans::Retry => Conflict::UnderWay { min_delay: asked_for },
            ConflictMeans::Confirm if left.is_zero() => Conflict::Exists,
            ConflictMeans::Confirm => Conflict::UnderWay {
                min_delay: left.max(asked_for),
            },
        };
        Some(conflict)
    }
}

/// Whether a body contains the text: as it is, or in a string of its JSON, which may write it with escapes.
fn contains(body: &[u8], text: &str) -> bool {
    let body = String::from_utf8_lossy(body);
    body.contains(text) || has_string_with(&body, text)
}

/// Reads each byte once: it stops where the text is no JSON, and where a body was cut.
fn has_string_with(json: &str, text: &str) -> bool {
    let mut rest = json;
    // Outside of its strings, JSON has no quotation mark.
    while let Some((_, string)) = rest.find('"').map(|at| rest.split_at(at)) {
        let mut strings = Deserializer::from_str(string).into_iter::<Text<'_>>();
        match strings.next() {
            Some(Ok(decoded)) if decoded.contains(text) => return true,
            Some(Ok(_)) => rest = string.get(strings.byte_offset()..).unwrap_or_default(),
            Some(Err(_)) | None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn read(
        means: ConflictMeans,
        text: Option<&str>,
        answer: (u16, &str, RetryAfter),
        since_first_receive: u64,
    ) -> Option<Conflict> {
        let settings = ConflictSettings {
            means,
            duplicate_text: text.map(str::to_owned),
        };
        let (status, body, retry_after) = answer;
        let since = Some(Duration::from_secs(since_first_receive));
        settings.read(
            StatusCode::from_u16(status).unwrap(),
            body.as_bytes(),
            retry_after,
            since,
        )
    }

    fn under_way(secs: u64) -> Option<Conflict> {
        Some(Conflict::UnderWay {
            min_delay: Duration::from_secs(secs),
        })
    }

    #[test]
    fn conflict_means_what_is_configured() {
        let conflict = (409, "", RetryAfter::Absent);
        let with_delay = (409, "", RetryAfter::Wait(7 * SECOND));
        assert_eq!(
            read(ConflictMeans::Duplicate, None, conflict, 0),
            Some(Conflict::Exists)
        );
        assert_eq!(read(ConflictMeans::Retry, None, conflict, 3_600), under_way(0));
        assert_eq!(read(ConflictMeans::Retry, None, with_delay, 3_600), under_way(7));
    }

    #[test]
    fn confirm_believes_a_conflict_after_a_minute() {
        let conflict = (409, "", RetryAfter::Absent);
        for (since_first_receive, left) in [(0, 60), (1, 59), (59, 1)] {
            let read = read(ConflictMeans::Confirm, None, conflict, since_first_receive);
            assert_eq!(read, under_way(left));
        }
        for since_first_receive in [60, 61, 86_400] {
            let read = read(ConflictMeans::Confirm, None, conflict, since_first_receive);
            assert_eq!(read, Some(Conflict::Exists));
        }
    }

    #[test]
    fn confirm_without_a_first_receive_is_under_way() {
        let settings = ConflictSettings {
            means: ConflictMeans::Confirm,
            duplicate_text: None,
        };
        let read = settings.read(StatusCode::CONFLICT, b"", RetryAfter::Absent, None);
        assert_eq!(read, under_way(60));
    }

    #[test]
    fn confirm_keeps_the_longer_of_both_delays() {
        let conflict = |secs| (409, "", RetryAfter::Wait(secs * SECOND));
        assert_eq!(read(ConflictMeans::Confirm, None, conflict(5), 10), under_way(50));
        assert_eq!(
            read(ConflictMeans::Confirm, None, conflict(90), 10),
            under_way(90)
        );
        let read = read(ConflictMeans::Confirm, None, conflict(5), 60);
        assert_eq!(read, Some(Conflict::Exists));
    }

    #[test]
    fn duplicate_text_in_a_4xx_is_a_duplicate() {
        let text = Some("already exists");
        for status in [400, 403, 409, 422, 499] {
            let answer = (
                status,
                r#"{"message": "order already exists"}"#,
                RetryAfter::Absent,
            );
            assert_eq!(
                read(ConflictMeans::Retry, text, answer, 0),
                Some(Conflict::Exists)
            );
        }
        for status in [200, 302, 500, 503] {
            let answer = (status, "already exists", RetryAfter::Absent);
            assert_eq!(read(ConflictMeans::Duplicate, text, answer, 0), None);
        }
    }

    #[test]
    fn conflict_without_duplicate_text_is_under_way() {
        for means in [
            ConflictMeans::Duplicate,
            ConflictMeans::Retry,
            ConflictMeans::Confirm,
        ] {
            let answer = (409, "still running", RetryAfter::Absent);
            assert_eq!(read(means, Some("already exists"), answer, 3_600), under_way(0));
        }
        let other = (422, "no such region", RetryAfter::Absent);
        assert_eq!(
            read(ConflictMeans::Duplicate, Some("already exists"), other, 0),
            None
        );
    }

    #[test]
    fn duplicate_text_with_escapes_is_found() {
        let text = r#"a/b: "é" 😀"#;
        for body in [
            r#"a/b: "é" 😀"#,
            r#"{"message": "a/b: \"é\" 😀"}"#,
            r#"{"code": 7, "errors": [{"message": "no: a\/b: \"\u00E9\" \ud83d\uDE00!"}]}"#,
            r#"{"a\/b: \"\u00e9\" \ud83d\ude00": true}"#,
            // Cut, and with a byte order mark.
            "\u{feff}[\"a\\/b: \\\"é\\\" 😀\", \"and mo",
        ] {
            let read = read(
                ConflictMeans::Retry,
                Some(text),
                (422, body, RetryAfter::Absent),
                0,
            );
            assert_eq!(read, Some(Conflict::Exists), "{body}");
        }
        for body in [
            // Not in one string.
            r#"["a/b: ", "\"é\" 😀"]"#,
            // Escaped twice: a string that shows JSON.
            r#"{"message": "a\\/b: \\\"é\\\" 😀"}"#,
            r#"{"message": "\ud800", "#,
            "\"",
        ] {
            let read = read(
                ConflictMeans::Retry,
                Some(text),
                (422, body, RetryAfter::Absent),
                0,
            );
            assert_eq!(read, None, "{body}");
        }
    }
}
