//! What a preflight check says of an error of the source, and what to change.

use http::StatusCode;
use shared::{
    http::is_transient,
    preflight::fix::{self, SecretPlace},
};

use super::error::{Format, SourceError};

const SECRET: SecretPlace = SecretPlace {
    parameter: "SourceSecretArn",
    role: "FetchCustomersRoleArn",
};

const URL: &str = "SourceUrl";

impl SourceError {
    /// Without any text of the source, not even the name of another host.
    pub(super) fn says(&self) -> String {
        if let Self::Unreachable { at: 0, reason, .. } = self {
            format!("the source is unreachable: {reason}")
        } else if let Self::CrossOriginLink { page, .. } = self {
            format!("page {page} of the source links to a next page on another origin than SourceUrl")
        } else {
            self.to_string()
        }
    }

    /// What to change.
    pub(super) fn fix(&self) -> String {
        match self {
            Self::Secret(error) => fix::secret(error, SECRET),
            Self::UnusableKey { .. } => "correct `api_key` in the secret (SourceSecretArn): it is the whole value of \
                                         an HTTP header, without line breaks"
                .to_owned(),
            Self::KeyRefused { .. } => "correct `api_key` in the secret (SourceSecretArn): it is the whole value of \
                                        the header in SourceApiKeyHeader, with a scheme such as Bearer where the \
                                        source wants one; or let the source's operator allow this key the list"
                .to_owned(),
            Self::Status {
                status, retry_after, ..
            } => status_fix(*status, retry_after.delay().as_secs()),
            Self::Unreachable { reason, .. } => fix::unreachable(*reason, URL),
            Self::InvalidJson { format, .. } => match format {
                Format::Html => "correct SourceUrl: it leads to a page for people, such as a login".to_owned(),
                Format::Object => "set SourceItems: the list is in an object, such as /data".to_owned(),
                Format::Array => "set SourceItems to empty: the page is the list".to_owned(),
                Format::Expected | Format::Other => {
                    "correct SourceUrl: what is there is not JSON".to_owned()
                }
            },
            Self::InvalidList { .. } | Self::NoList { .. } => {
                "correct SourceItems: the JSON pointer must lead to the list, such as /data/customers".to_owned()
            }
            Self::Coding { .. } => {
                "let the source's operator compress with gzip, br or zstd, or not at all, as the request asks for"
                    .to_owned()
            }
            Self::CutShort { .. } => {
                "run the check again; if it stays, ask the source's operator why the answer ends early".to_owned()
            }
            Self::CrossOriginLink { .. } | Self::CrossOriginStart { .. } => {
                "use the origin (scheme, host and port) in SourceUrl that the source's own links have".to_owned()
            }
            Self::NextPage { .. } => "correct SourceNext and SourceCursorParameter (docs/runs.md has examples); if \
                                      they are right, the source's operator must correct the page"
                .to_owned(),
            Self::OnlyPage { .. } | Self::Loop { .. } | Self::SamePage { .. } | Self::EmptyPages { .. } => {
                "correct SourceNext and SourceCursorParameter: the source pages in another way (docs/runs.md has \
                 examples)"
                    .to_owned()
            }
            Self::ErrorMember { .. } => {
                "correct SourceUrl (its path and query), or ask the source's operator what the error is".to_owned()
            }
            Self::OutOfTime { .. } => "let the source answer in smaller pages".to_owned(),
        }
    }
}

fn status_fix(status: StatusCode, wait_secs: u64) -> String {
    // 401 and 403 with `Retry-After` are a rate limit.
    let is_rate_limit = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    if is_rate_limit || is_transient(status) {
        let wait = match wait_secs {
            0 => "later".to_owned(),
            secs => format!("in {secs} s"),
        };
        return format!("run the check again {wait}; if it stays, ask the source's operator");
    }
    if status.is_redirection() {
        return "correct SourceUrl to the URL that it redirects to: redirects are not followed, since the key must \
                not leave its origin"
            .to_owned();
    }
    "correct SourceUrl: its path, and the query that the source wants".to_owned()
}
