//! The credentials' part of a preflight check.

use shared::preflight::Step;
use tokio::time::Instant;

use super::{AuthMethod, TokenErrorKind, Tokens};
use crate::destination::{POST_TIMEOUT, call_stats::CallRecorder};

const SECRET: &str = "secret";
const TOKEN: &str = "token";

impl Tokens {
    /// Reads the secret anew and, with OAuth, requests a token, which is not kept. The request counts in no batch's
    /// metrics.
    pub(in crate::destination) async fn check(&self, deadline: Instant) -> Vec<Step> {
        let started = Instant::now();
        let failed = |step, started, error: TokenErrorKind| {
            Step::failed(step, started, error.says(), error.fix(&self.settings.method))
        };
        let settings = match &self.settings.method {
            AuthMethod::ApiKey { header } => {
                let key = self.read_api_key(header, deadline).await;
                return vec![match key {
                    Ok(_) => Step::passed(
                        SECRET,
                        started,
                        "the secret has an API key; whether the destination accepts it, only the first order shows",
                    ),
                    Err(error) => failed(SECRET, started, error),
                }];
            }
            AuthMethod::Oauth(settings) => settings,
        };
        let secret = match self.read_client(deadline).await {
            Ok(secret) => secret,
            Err(error) => return vec![failed(SECRET, started, error.into())],
        };
        let says = "the secret has a client id and a client secret";
        let secret_step = Step::passed(SECRET, started, says);
        let started = Instant::now();
        let deadline = deadline.min(started + POST_TIMEOUT);
        let calls = CallRecorder::default();
        let token_step = match self.exchange(settings, secret, &calls, deadline).await {
            Ok(_) => Step::passed(TOKEN, started, "the token endpoint issued a token"),
            Err(error) => failed(TOKEN, started, error),
        };
        vec![secret_step, token_step]
    }
}
