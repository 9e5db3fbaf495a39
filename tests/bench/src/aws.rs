//! Secrets Manager and SQS, as far as the functions call them: nothing is kept but counts.

use std::{
    borrow::Cow,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

/// AWS on loopback.
pub(crate) struct Aws {
    /// For `AWS_ENDPOINT_URL`.
    pub(crate) url: String,
    account: Arc<Account>,
}

struct Account {
    secret: String,
    latency: Duration,
    messages: AtomicU64,
}

impl Aws {
    /// With one secret, whatever it is asked for by. Each call to SQS takes at least `latency`.
    pub(crate) async fn start(secret: String, latency: Duration) -> io::Result<Self> {
        let account = Arc::new(Account {
            secret,
            latency,
            messages: AtomicU64::new(0),
        });
        let router = Router::new()
            .fallback(call)
            .layer(DefaultBodyLimit::disable())
            .with_state(account.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, account })
    }

    /// How many messages were sent since the last time.
    pub(crate) fn take_messages(&self) -> u64 {
        self.account.messages.swap(0, Ordering::Relaxed)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessageBatch<'a> {
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    message_body: Cow<'a, str>,
}

async fn call(State(account): State<Arc<Account>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    match target.and_then(|target| target.rsplit('.').next()) {
        Some("GetSecretValue") => json!({"ARN": "arn:aws:secret", "SecretString": account.secret})
            .to_string()
            .into_response(),
        Some("SendMessageBatch") => {
            let Ok(call) = serde_json::from_slice::<SendMessageBatch<'_>>(&body) else {
                return StatusCode::BAD_REQUEST.into_response();
            };
            let sent: Vec<_> = call
                .entries
                .iter()
                .map(|entry| {
                    let md5 = HEXLOWER.encode(&Md5::digest(entry.message_body.as_bytes()));
                    json!({"Id": entry.id, "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274",
                           "MD5OfMessageBody": md5})
                })
                .collect();
            account.messages.fetch_add(sent.len() as u64, Ordering::Relaxed);
            tokio::time::sleep(account.latency).await;
            json!({"Successful": sent}).to_string().into_response()
        }
        Some(_) | None => StatusCode::NOT_FOUND.into_response(),
    }
}
