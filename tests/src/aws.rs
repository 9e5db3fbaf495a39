//! AWS in memory, as the SDK's own HTTP client: Secrets Manager and SQS, with faults.
//!
//! Nothing leaves the process, so that it runs on a test's paused clock.

pub(crate) mod call;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::{
    emf::Console,
    sqs::{QueueSettings, Queues},
    sqs_api,
};
pub use call::{Call, Fault};

type Faults = Box<dyn FnMut(&Call) -> Option<Fault> + Send>;
type Latency = Box<dyn FnMut() -> Duration + Send>;

#[derive(Default)]
struct Account {
    secrets: HashMap<String, String>,
    queues: Queues,
    calls: Vec<Call>,
    console: Console,
    faults: Option<Faults>,
    latency: Option<Latency>,
}

/// An AWS account in memory. Clones are the same account.
#[derive(Clone, Default)]
pub struct Aws(Arc<Mutex<Account>>);

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Aws")
    }
}

impl Aws {
    fn account(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_secret(&self, arn: &str, text: impl Into<String>) {
        self.account().secrets.insert(arn.to_owned(), text.into());
    }

    pub fn create_queue(&self, url: &str, settings: QueueSettings) {
        self.account().queues.create(url, settings);
    }

    /// Reads or changes the queues directly.
    pub fn queues<R>(&self, look: impl FnOnce(&mut Queues) -> R) -> R {
        look(&mut self.account().queues)
    }

    /// From now on, `faults` decides which calls fail.
    pub fn set_faults(&self, faults: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        self.account().faults = Some(Box::new(faults));
    }

    /// From now on, `latency` decides the delay before a call is carried out, and again the one after it.
    pub fn set_latency(&self, latency: impl FnMut() -> Duration + Send + 'static) {
        self.account().latency = Some(Box::new(latency));
    }

    /// The calls of an action so far.
    pub fn calls(&self, action: &str) -> Vec<Call> {
        self.account()
            .calls
            .iter()
            .filter(|call| call.action == action)
            .cloned()
            .collect()
    }

    /// The functions' standard output.
    pub fn console(&self) -> Console {
        self.account().console.clone()
    }

    /// The model's time of day.
    pub fn wall_clock(&self) -> SystemTime {
        self.account().queues.wall_clock()
    }

    /// The configuration of the functions' clients.
    pub fn sdk_config(&self) -> SdkConfig {
        let aws = self.clone();
        let credentials = Credentials::new("fixture-key-id", "fixture-secret-key", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(TokioSleep::new())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(shared::aws::OPERATION_TIMEOUT)
                    .operation_attempt_timeout(shared::aws::ATTEMPT_TIMEOUT)
                    .build(),
            )
            .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(aws.clone())))
            .build()
    }

    fn pause(&self) -> Duration {
        self.account()
            .latency
            .as_mut()
            .map(|latency| latency())
            .unwrap_or_default()
    }

    /// Long polling: waits until a message is visible.
    async fn wait_for_messages(&self, call: &Call) {
        if let Some(deadline) = self.queues(|queues| sqs_api::poll_deadline(queues, call)) {
            tokio::time::sleep_until(deadline).await;
        }
    }

    async fn answer(self, call: Call) -> Result<HttpResponse, ConnectorError> {
        let pause = self.pause();
        tokio::time::sleep(pause).await;
        let fault = {
            let mut account = self.account();
            account.calls.push(call.clone());
            account.faults.as_mut().and_then(|faults| faults(&call))
        };
        let answer = match &fault {
            Some(Fault::Refuse(status, code)) => Err((*status, *code)),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::LoseAnswer | Fault::CutAnswer | Fault::Answer(..) | Fault::FailEntries { .. })
            | None => {
                self.wait_for_messages(&call).await;
                self.account()
                    .carry_out(&call, fault.as_ref())
                    .map_err(|code| (400, code))
            }
        };
        let pause = self.pause();
        tokio::time::sleep(pause).await;
        if fault == Some(Fault::LoseAnswer) {
            return Err(ConnectorError::io("the connection broke".into()));
        }
        let (status, body, code) = match answer {
            Ok(output) => (200, output, None),
            Err((status, code)) => (
                status,
                json!({"__type": code, "message": "by the model"}),
                Some(code),
            ),
        };
        let mut body = body.to_string().into_bytes();
        let mut status = status;
        if let Some(Fault::Answer(other, text)) = &fault {
            (status, body) = (*other, text.clone().into_bytes());
        }
        let status = status.try_into().expect("a status");
        if fault == Some(Fault::CutAnswer) {
            body.truncate(body.len() - 2);
        }
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        if let Some(code) = code {
            response
                .headers_mut()
                .insert("x-amzn-query-error", format!("{code};Sender"));
        }
        Ok(response)
    }
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let action = target.rsplit('.').next().unwrap_or_default().to_owned();
        let input = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let call = match invoked_function(request.uri()) {
            // Lambda's API is a REST one: the body is the input of the function, and nothing else.
            Some(function) => Call {
                action: "Invoke".to_owned(),
                input: json!({
                    "FunctionName": function,
                    "InvocationType": request.headers().get("x-amz-invocation-type"),
                    "Payload": input,
                }),
            },
            None => Call { action, input },
        };
        HttpConnectorFuture::new(self.clone().answer(call))
    }
}

/// The function of `POST /2015-03-31/functions/FUNCTION/invocations`.
fn invoked_function(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once("/2015-03-31/functions/")?;
    let function = rest.strip_suffix("/invocations")?;
    Some(function.replace("%3A", ":"))
}

impl Account {
    fn carry_out(&mut self, call: &Call, fault: Option<&Fault>) -> Result<Value, &'static str> {
        let input = &call.input;
        match call.action.as_str() {
            "GetSecretValue" => {
                let arn = input["SecretId"].as_str().unwrap_or_default();
                let text = self.secrets.get(arn).ok_or("ResourceNotFoundException")?;
                Ok(json!({"ARN": arn, "SecretString": text}))
            }
            "Invoke" => Ok(Value::Null),
            action => sqs_api::carry_out(&mut self.queues, action, input, fault),
        }
    }
}
