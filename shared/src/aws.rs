//! How the clients of AWS are set up, and how their errors are reported.

use std::{error::Error, fmt::Write, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_sqs::{error::ProvideErrorMetadata, operation::RequestId};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::{ConnectorError, SdkError},
};
use aws_smithy_types::body::SdkBody;
use http::{HeaderValue, header::ACCEPT_ENCODING};
use http_body_util::{BodyExt, Limited};
use reqwest::{Body, Request};

use crate::{
    http::{HttpClient, Unreachable},
    text::one_line,
};

/// How long one call to AWS may take, its retries included. The SDK itself sets no limit; a call that hangs would take
/// the whole invocation with it.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one attempt of a call may take.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// The most bytes of an answer that are read. The largest is SQS's: ten messages that hold 1 MiB together, of which every
/// byte may be escaped to six (`ReceiveMessage`, Amazon SQS API reference).
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Loads region, credentials and endpoint from the function's environment. Calls are sent by `http`.
pub async fn load(http: HttpClient) -> SdkConfig {
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

/// Lets the SDK's requests be sent by `http`, which shares its TLS configuration with the other clients: a client of the
/// SDK's own would read the system's root certificates a second time, which takes milliseconds of every cold start.
///
/// It keeps no timeouts for the SDK: `http` has one for connecting, and the SDK itself keeps those of an attempt and of
/// the whole call.
///
/// A request that broke without an answer is repeated (see [`HttpClient`]). Every call of the three functions may be
/// carried out twice: a second copy of a message or of a dead letter leads to the same order id, which the destination
/// keeps once; a continuation that is invoked twice enqueues the same messages twice; a message that is received but
/// whose answer is lost becomes visible again; deletes, visibilities and reads change nothing the second time. The SDK
/// repeats the same calls on the same errors, but on the pool's next connection, which may be just as dead.
#[must_use]
pub fn http_client(http: HttpClient) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(http));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Connector(HttpClient);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let (parts, body) = request.try_into_http1x().map_err(user)?.into_parts();
            // All bodies are in memory: this copies nothing, and what is repeated must be there as a whole.
            let body = body.collect().await.map_err(user)?.to_bytes();
            let mut request = http::Request::from_parts(parts, Body::from(body));
            // Such answers are not worth compressing, and nothing here would decompress them.
            let identity = HeaderValue::from_static("identity");
            request.headers_mut().insert(ACCEPT_ENCODING, identity);
            let request = Request::try_from(request).map_err(user)?;
            let answer = client.execute(request).await.map_err(|error| failed(&error))?;
            let limited = |body| SdkBody::from_body_1_x(Limited::new(body, MAX_ANSWER));
            let answer = http::Response::from(answer).map(limited);
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn user(error: impl Into<Box<dyn Error + Send + Sync>>) -> ConnectorError {
    ConnectorError::user(error.into())
}

/// By the kind of the error the SDK decides whether to retry.
fn failed(error: &reqwest::Error) -> ConnectorError {
    let why = Unreachable::from(error).into();
    if error.is_timeout() {
        ConnectorError::timeout(why)
    } else {
        ConnectorError::io(why)
    }
}

/// Describes an error of AWS on one line of bounded length: its code, its request id and its message.
///
/// For calls that carry neither customers' data nor a secret: the message may repeat what was sent. Of the other calls,
/// see [`describe_without_message`].
#[must_use]
pub fn describe<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    let mut text = describe_without_message(error);
    if let SdkError::ServiceError(error) = error
        && let Some(message) = error.err().message()
    {
        // Writing to a string cannot fail.
        _ = write!(text, ": {message}");
    }
    one_line(&text)
}

/// Describes an error of AWS on one line: its code and its request id.
///
/// Never what the SDK itself would print of it: that ends in the raw answer, which may hold a secret or a customer.
#[must_use]
pub fn describe_without_message<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    let kind = match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            match error_code(error) {
                Some(code) => code.to_owned(),
                // The SDK reports a garbled success as an error of the service.
                None if answer.raw().status().is_success() => {
                    format!("the answer could not be read, HTTP status {status}")
                }
                None => format!("an error without a code, HTTP status {status}"),
            }
        }
        SdkError::ResponseError(answer) => {
            let status = answer.raw().status().as_u16();
            format!("the answer could not be read, HTTP status {status}")
        }
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => {
            let why = failure.as_connector_error().and_then(Error::source);
            match why.and_then(|why| why.downcast_ref::<Unreachable>()) {
                Some(why) => why.to_string(),
                None if failure.is_timeout() => "no answer in time".to_owned(),
                None => "the request could not be sent".to_owned(),
            }
        }
        // Above all, the function has no credentials or no region.
        SdkError::ConstructionFailure(_) => "the request could not be built".to_owned(),
        _ => "the call failed".to_owned(),
    };
    match error.request_id().filter(|id| is_code(id)) {
        Some(id) => format!("{kind} (request id {id})"),
        None => kind,
    }
}

/// The code of an error that AWS answered, such as `AccessDeniedException`.
#[must_use]
pub fn error_code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    let code = error.as_service_error()?.code();
    code.filter(|code| is_code(code))
}

/// Whether the same call may succeed later without anybody changing anything: AWS did not answer, could not serve it, or
/// was called too often.
#[must_use]
pub fn is_transient<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(answer) => {
            let throttled = answer.err().code().is_some_and(|code| code.contains("Throttl"));
            throttled || !answer.raw().status().is_client_error()
        }
        SdkError::ConstructionFailure(_) | _ => false,
    }
}

/// Whether a text is what AWS uses for codes and request ids, such as `AWS.SimpleQueueService.NonExistentQueue`. An odd
/// answer may hold anything there.
pub(crate) fn is_code(text: &str) -> bool {
    /// AWS's longest codes have about 70 characters.
    const MAX_CODE: usize = 100;
    (1..=MAX_CODE).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'#'))
}
