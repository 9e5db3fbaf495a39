//! How the clients of AWS are set up.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use http::{HeaderValue, header::ACCEPT_ENCODING};
use reqwest::{Body, Client, Request};

/// How long one call to AWS may take, its retries included. The SDK itself sets no bound; a call that hangs
/// would take the whole invocation with it.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one attempt of a call may take.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// Loads region, credentials and endpoint from the function's environment. Calls go out by `http`.
pub async fn load(http: Client) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(OPERATION_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client(http))
        .timeout_config(timeouts)
        .load()
        .await
}

/// Lets the SDK's requests go out by `http`. A client of the SDK's own would read the system's root certificates a second
/// time, which takes milliseconds of every cold start.
///
/// It keeps no time-outs for the SDK: `http` has one for connecting, and the SDK itself keeps those of an attempt and of
/// the whole call.
#[must_use]
pub fn http_client(http: Client) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(http));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let mut request = request.try_into_http1x().map_err(user)?.map(Body::wrap);
            // What the client would offer to decompress is not worth it for such answers.
            let identity = HeaderValue::from_static("identity");
            request.headers_mut().insert(ACCEPT_ENCODING, identity);
            let request = Request::try_from(request).map_err(user)?;
            let answer = client.execute(request).await.map_err(failed)?;
            let answer = http::Response::from(answer).map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn user(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ConnectorError {
    ConnectorError::user(error.into())
}

/// By its kind the SDK decides whether to try again.
fn failed(error: reqwest::Error) -> ConnectorError {
    let error = error.without_url();
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
