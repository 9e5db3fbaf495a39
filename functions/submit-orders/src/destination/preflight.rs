//! The destination's part of a preflight check: the credentials, and a connection.

use http::Method;
use reqwest::Request;
use shared::preflight::{Step, fix};
use tokio::time::Instant;

use super::{OrderApi, POST_TIMEOUT, time_left};

impl OrderApi {
    /// Reads the credentials, requests a token where there are tokens, and opens a connection. The circuit breaker and
    /// the token of the orders are left as they are.
    pub(crate) async fn check(&self, deadline: Instant) -> Vec<Step> {
        let mut steps = self.tokens.check(deadline).await;
        steps.push(self.check_connection(deadline).await);
        steps
    }

    /// Sends `HEAD /` without credentials, on the way of a POST: any answer proves the connection, and no other request
    /// proves more without posting an order.
    async fn check_connection(&self, deadline: Instant) -> Step {
        const STEP: &str = "destination";
        let started = Instant::now();
        let mut url = self.settings.url.clone();
        url.set_path("/");
        url.set_query(None);
        let timeout = POST_TIMEOUT.min(time_left(deadline));
        match self
            .transport
            .send(Request::new(Method::HEAD, url), timeout)
            .await
        {
            Ok(answer) => Step::passed(
                STEP,
                started,
                format!(
                    "the destination's host can be reached (it answered {} to HEAD /, and any status will do); whether \
                     it accepts orders, only the first one shows",
                    answer.status().as_u16()
                ),
            ),
            Err(reason) => Step::failed(
                STEP,
                started,
                format!("the destination is unreachable: {reason}"),
                fix::unreachable(reason, "DestinationUrl"),
            ),
        }
    }
}
