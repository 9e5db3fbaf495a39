//! Secrets Manager and SQS, as far as the functions and their competitors call them.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use data_encoding::HEXLOWER;
use http::{HeaderMap, StatusCode};
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{Answer, json as answer, wait},
    source::API_KEY,
    token::{CLIENT_ID, CLIENT_SECRET},
};
use crate::tally::{Exactness, Tally};

/// An account with one secret, under every name, and with queues that take everything.
#[derive(Default)]
pub(crate) struct Aws {
    account: Mutex<Account>,
}

#[derive(Default)]
struct Account {
    exactness: Exactness,
    latency: Duration,
    sent: Tally,
    dead_letters: Vec<DeadLetter>,
    visibilities: Vec<(String, Duration)>,
}

/// A message that was sent by itself, and so to the dead-letter queue.
pub(crate) struct DeadLetter {
    pub(crate) body: String,
    /// Its attributes, which are all text.
    pub(crate) attributes: BTreeMap<String, String>,
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

impl Aws {
    /// How alike a message must be to count as the one that is expected.
    pub(crate) fn set_exactness(&self, exactness: Exactness) {
        self.change(|account| account.exactness = exactness);
    }

    /// A batch of messages is answered after `latency` from now on.
    pub(crate) fn set_latency(&self, latency: Duration) {
        self.change(|account| account.latency = latency);
    }

    /// Messages sent in batches since the last call.
    pub(crate) fn take_sent(&self) -> Tally {
        self.change(|account| std::mem::take(&mut account.sent))
    }

    /// Messages sent one by one since the last call.
    pub(crate) fn take_dead_letters(&self) -> Vec<DeadLetter> {
        self.change(|account| std::mem::take(&mut account.dead_letters))
    }

    /// Visibilities set since the last call, by receipt handle.
    pub(crate) fn take_visibilities(&self) -> Vec<(String, Duration)> {
        self.change(|account| std::mem::take(&mut account.visibilities))
    }

    pub(super) async fn call(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
        let done = match target.and_then(|target| target.rsplit('.').next()) {
            Some("GetSecretValue") => Some(secret()),
            Some("SendMessageBatch") => self.send_batch(body).await,
            Some("SendMessage") => self.send(body),
            Some("ChangeMessageVisibilityBatch") => self.change_visibility(body),
            Some(_) | None => None,
        };
        match done {
            Some(done) => answer(StatusCode::OK, done),
            None => answer(StatusCode::BAD_REQUEST, r#"{"__type":"ValidationException"}"#),
        }
    }

    async fn send_batch(&self, body: &[u8]) -> Option<String> {
        let call: SendMessageBatch<'_> = serde_json::from_slice(body).ok()?;
        let exactness = self.change(|account| account.exactness);
        let mut sent = Tally::default();
        let mut done = String::with_capacity(1500);
        done.push_str(r#"{"Failed":[],"Successful":["#);
        for (at, Entry { id, message_body }) in call.entries.iter().enumerate() {
            let digest = Md5::digest(message_body.as_bytes());
            sent.add(message_body, digest.into(), exactness)?;
            let comma = if at == 0 { "" } else { "," };
            let md5 = HEXLOWER.encode(&digest);
            write!(
                done,
                r#"{comma}{{"Id":"{id}","MessageId":"{MESSAGE_ID}","MD5OfMessageBody":"{md5}"}}"#
            )
            .ok()?;
        }
        done.push_str("]}");
        let latency = self.change(|account| {
            account.sent.merge(sent);
            account.latency
        });
        wait(latency).await;
        Some(done)
    }

    fn send(&self, body: &[u8]) -> Option<String> {
        let call: Value = serde_json::from_slice(body).ok()?;
        let body = call.get("MessageBody")?.as_str()?.to_owned();
        let attributes = call.get("MessageAttributes").and_then(Value::as_object);
        let attributes = attributes.into_iter().flatten().filter_map(|(name, value)| {
            let value = value.get("StringValue")?.as_str()?;
            Some((name.clone(), value.to_owned()))
        });
        let md5 = HEXLOWER.encode(&Md5::digest(&body));
        let letter = DeadLetter {
            attributes: attributes.collect(),
            body,
        };
        self.change(|account| account.dead_letters.push(letter));
        Some(json!({"MessageId": MESSAGE_ID, "MD5OfMessageBody": md5}).to_string())
    }

    fn change_visibility(&self, body: &[u8]) -> Option<String> {
        let call: Value = serde_json::from_slice(body).ok()?;
        let entries = call.get("Entries")?.as_array()?;
        let visibility = |entry: &Value| {
            let secs = entry.get("VisibilityTimeout")?.as_u64()?;
            Some((
                entry.get("ReceiptHandle")?.as_str()?.to_owned(),
                Duration::from_secs(secs),
            ))
        };
        let visibilities: Vec<_> = entries.iter().filter_map(visibility).collect();
        self.change(|account| account.visibilities.extend(visibilities));
        let done: Vec<_> = entries
            .iter()
            .map(|entry| json!({"Id": entry.get("Id")}))
            .collect();
        Some(json!({"Successful": done, "Failed": []}).to_string())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Account) -> T) -> T {
        change(&mut self.account.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

const MESSAGE_ID: &str = "5fea7756-0ea4-451a-a703-a558b933e274";

/// Both functions' credentials in one.
fn secret() -> String {
    let credentials = json!({"api_key": API_KEY, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
    json!({
        "ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:bench-AbCdEf",
        "Name": "bench",
        "VersionId": "0a1b2c3d-0000-4000-8000-000000000000",
        "VersionStages": ["AWSCURRENT"],
        "SecretString": credentials.to_string(),
    })
    .to_string()
}
