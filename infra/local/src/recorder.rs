//! A reverse proxy between the functions and the local AWS, which records every call.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::error::Error;

/// The 1 MiB of payload that SQS allows, escaped as JSON within JSON.
const LARGEST_BODY: usize = 16 << 20;
/// No call of the functions takes longer; a long poll would take 20 seconds.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One call of an AWS API by a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The function, by the name it gives AWS: the `AWS_SDK_UA_APP_ID` that `template.yaml` gives it.
    pub caller: Option<String>,
    /// The service as IAM names it, such as `sqs`.
    pub service: &'static str,
    /// The action as the API names it, such as `SendMessageBatch`.
    pub action: String,
    /// The resource: the URL of a queue, the ARN of a secret or a function.
    pub resource: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// Messages that were accepted: one for `SendMessage`, those of the batch for `SendMessageBatch`.
    pub accepted: u64,
}

impl Call {
    /// The permission that the call needs. A batch call needs that of its entries (Service Authorization Reference,
    /// "Actions defined by Amazon SQS").
    pub fn permission(&self) -> String {
        let action = match (self.service, self.action.as_str()) {
            ("lambda", "Invoke") => "InvokeFunction",
            ("sqs", action) => action.strip_suffix("Batch").unwrap_or(action),
            (_, action) => action,
        };
        format!("{}:{action}", self.service)
    }
}

/// The running proxy. Dropping it stops it.
#[derive(Debug)]
pub struct Recorder {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    client: reqwest::Client,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    calls: Vec<Call>,
    denied: BTreeSet<String>,
}

impl Recorder {
    pub(crate) async fn start(upstream: String) -> Result<Self, Error> {
        let client = shared::http::client().no_proxy().timeout(TIMEOUT).build();
        let client = client.map_err(Error::aws("create an HTTP client"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(Error::io("listen on a free port"))?;
        let address = listener
            .local_addr()
            .map_err(Error::io("listen on a free port"))?;
        let shared = Arc::new(Shared {
            upstream,
            client,
            notes: Mutex::default(),
        });
        let router = Router::new().fallback(forward).with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It accepts until it is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            url: format!("http://{address}"),
            shared,
            server,
        })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every call so far, in the order of the answers.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.notes().calls.clone()
    }

    /// How often each action was called.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for call in &self.shared.notes().calls {
            *counts.entry(call.action.clone()).or_default() += 1;
        }
        counts
    }

    /// How many messages were accepted for `queue_url`.
    pub fn accepted(&self, queue_url: &str) -> u64 {
        let notes = self.shared.notes();
        let calls = notes
            .calls
            .iter()
            .filter(|call| call.resource.as_deref() == Some(queue_url));
        calls.map(|call| call.accepted).sum()
    }

    /// Denies these actions from now on, like a missing permission; an empty list allows all.
    pub fn deny(&self, actions: &[&str]) {
        self.shared.notes().denied = actions.iter().map(|&action| action.to_owned()).collect();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        // Nothing panics while it holds the lock.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut call = describe(&parts.headers, &parts.method, parts.uri.path(), &body);
    if shared.notes().denied.contains(&call.action) {
        let status = StatusCode::FORBIDDEN;
        call.status = status.as_u16();
        shared.notes().calls.push(call);
        let problem = json!({"__type": "AccessDeniedException", "message": "denied by the recorder"});
        return (status, problem.to_string()).into_response();
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let sent = shared
        .client
        .request(parts.method, format!("{}{path}", shared.upstream))
        .headers(end_to_end(parts.headers))
        .body(body)
        .send()
        .await;
    let Ok(answer) = sent else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (status, headers) = (answer.status(), end_to_end(answer.headers().clone()));
    let Ok(body) = answer.bytes().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    call.status = status.as_u16();
    call.accepted = accepted(&call.action, status, &body);
    shared.notes().calls.push(call);
    (status, headers, Body::from(body)).into_response()
}

/// Service, action and resource of a request. The JSON protocols name service and action in a header; Lambda's REST
/// protocol has them in method and path.
fn describe(headers: &HeaderMap, method: &Method, path: &str, body: &Bytes) -> Call {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let target = text("x-amz-target").and_then(|target| target.split_once('.'));
    let (service, action, resource) = match (target, invoked_function(path)) {
        (Some(("AmazonSQS", action)), _) => ("sqs", action.to_owned(), field(body, "QueueUrl")),
        (Some(("secretsmanager", action)), _) => {
            ("secretsmanager", action.to_owned(), field(body, "SecretId"))
        }
        (None, Some(function)) => ("lambda", "Invoke".to_owned(), Some(function)),
        (Some(_) | None, _) => ("unknown", format!("{method} {path}"), None),
    };
    let mut user_agent = text("x-amz-user-agent").unwrap_or_default().split(' ');
    Call {
        caller: user_agent
            .find_map(|part| part.strip_prefix("app/"))
            .map(str::to_owned),
        service,
        action,
        resource,
        status: 0,
        accepted: 0,
    }
}

/// The function of `POST /2015-03-31/functions/FUNCTION/invocations`.
fn invoked_function(path: &str) -> Option<String> {
    let function = path
        .strip_prefix("/2015-03-31/functions/")?
        .strip_suffix("/invocations")?;
    Some(function.replace("%3A", ":"))
}

fn field(body: &Bytes, name: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body.get(name)?.as_str().map(str::to_owned)
}

fn accepted(action: &str, status: StatusCode, body: &Bytes) -> u64 {
    if !status.is_success() {
        return 0;
    }
    match action {
        "SendMessage" => 1,
        "SendMessageBatch" => {
            let answer: Value = serde_json::from_slice(body).unwrap_or_default();
            answer
                .get("Successful")
                .and_then(Value::as_array)
                .map_or(0, |entries| entries.len() as u64)
        }
        _ => 0,
    }
}

/// Removes the headers of one connection (RFC 9110 §7.6.1), and the length, which is set again.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        header::TE,
        header::UPGRADE,
    ] {
        headers.remove(name);
    }
    headers
}
