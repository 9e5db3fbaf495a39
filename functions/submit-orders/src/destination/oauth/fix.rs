//! What a preflight check says of a missing token, and what to change.

use http::StatusCode;
use shared::preflight::fix::{self, SecretPlace};

use super::{AuthMethod, ClientAuth, TokenErrorKind};

const SECRET: SecretPlace = SecretPlace {
    parameter: "DestinationSecretArn",
    role: "SubmitOrdersRoleArn",
};

const URL: &str = "TokenUrl";

impl TokenErrorKind {
    /// Without `error_description`, which is text of the token endpoint.
    pub(super) fn says(&self) -> String {
        let Self::Refused {
            status, error_code, ..
        } = self
        else {
            return self.to_string();
        };
        let code = error_code.as_deref().unwrap_or("without an error code");
        format!("the token endpoint answered {} {code}", status.as_u16())
    }

    /// What to change, for a client that authenticates itself like this.
    pub(super) fn fix(&self, method: &AuthMethod) -> String {
        match self {
            Self::Credentials(error) => fix::secret(error, SECRET),
            Self::Refused {
                status, error_code, ..
            } => refusal_fix(*status, error_code.as_deref(), method),
            Self::Transient { min_delay, .. } => {
                let wait = match min_delay.as_secs() {
                    0 => "later".to_owned(),
                    secs => format!("in {secs} s"),
                };
                format!("run the check again {wait}; if it stays, ask the token endpoint's operator")
            }
            Self::Unreachable(reason) => fix::unreachable(*reason, URL),
            Self::NotEnded => "run the check again".to_owned(),
            Self::NoToken { .. } => "correct TokenUrl: what answers there issues no token".to_owned(),
            Self::UnusableToken { .. } => {
                "let the token endpoint's operator correct what it issues: a token is visible ASCII (RFC 6749 §A.12)"
                    .to_owned()
            }
        }
    }
}

/// By the codes of RFC 6749 §5.2 and RFC 8707 §2, else by the status.
fn refusal_fix(status: StatusCode, code: Option<&str>, method: &AuthMethod) -> String {
    match code {
        Some("unauthorized_client") => {
            "let the token endpoint's operator allow this client the grant client_credentials".to_owned()
        }
        Some("invalid_scope") => {
            "correct OauthScope: the token endpoint does not know the scope, or does not allow it to this client"
                .to_owned()
        }
        Some("invalid_target") => {
            "correct OauthAudience: the token endpoint does not know it, or does not allow it to this client".to_owned()
        }
        Some("unsupported_grant_type") => {
            "correct TokenUrl: this endpoint has no grant client_credentials".to_owned()
        }
        Some("invalid_client") => client_fix(method),
        _ if status.is_redirection() => {
            "correct TokenUrl to the URL that it redirects to: redirects are not followed, since the client's secret \
             must not leave its origin"
                .to_owned()
        }
        _ if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => client_fix(method),
        _ if matches!(
            status,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE
        ) =>
        {
            "correct TokenUrl: there is no token endpoint".to_owned()
        }
        _ => "correct what the token endpoint requires: OauthScope, OauthAudience, OauthClientAuth, or a query in \
              TokenUrl; its operator knows which"
            .to_owned(),
    }
}

fn client_fix(method: &AuthMethod) -> String {
    let other = match method {
        AuthMethod::Oauth(settings) if settings.client_auth == ClientAuth::Basic => "post",
        AuthMethod::Oauth(_) | AuthMethod::ApiKey { .. } => "basic",
    };
    format!(
        "correct client_id and client_secret in the secret (DestinationSecretArn); if they are right, set \
         OauthClientAuth to {other}, or let the token endpoint's operator enable the client"
    )
}
