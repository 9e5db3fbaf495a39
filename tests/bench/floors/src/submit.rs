//! Posts the order of each message, some at once, with a token that is requested once.

use bytes::Bytes;
use data_encoding::BASE64;
use futures::{StreamExt, stream};
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::{
    BatchAnswer, Failure,
    http::{HttpClient, client},
    order::{Message, Order},
    secret, variable,
};

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

struct Submitter {
    http: HttpClient,
    url: Uri,
    in_flight: usize,
    authorization: OnceCell<HeaderValue>,
}

/// Serves as `submit-orders`.
///
/// # Errors
/// The environment is not complete, or Lambda does not answer.
pub async fn serve() -> Result<(), Error> {
    let submitter = Submitter {
        http: client()?,
        url: variable("DESTINATION_URL")?.parse()?,
        in_flight: variable("MAX_IN_FLIGHT")?.parse()?,
        authorization: OnceCell::new(),
    };
    run(service_fn(async |event: LambdaEvent<Event>| {
        Ok::<_, Error>(submitter.handle(event.payload).await)
    }))
    .await
}

impl Submitter {
    async fn handle(&self, event: Event) -> BatchAnswer {
        let failures = stream::iter(event.records)
            .map(|record| async move {
                let posted = self.post(&record.body).await;
                posted.err().map(|_| Failure {
                    item_identifier: record.message_id,
                })
            })
            .buffer_unordered(self.in_flight)
            .filter_map(async |failure| failure);
        BatchAnswer {
            batch_item_failures: failures.collect().await,
        }
    }

    async fn post(&self, body: &str) -> Result<(), Error> {
        let message: Message<'_> = serde_json::from_str(body)?;
        let order = Order::of(&message);
        let authorization = self.authorization.get_or_try_init(|| self.sign_in()).await?;
        let request = Request::post(self.url.clone())
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", &order.order_id)
            .body(Full::from(serde_json::to_vec(&order)?))?;
        self.send(request).await?;
        Ok(())
    }

    /// The client-credentials grant (RFC 6749 §4.4).
    async fn sign_in(&self) -> Result<HeaderValue, Error> {
        let secret = secret::read(variable("DESTINATION_SECRET_ARN")?).await?;
        let basic = BASE64.encode(format!("{}:{}", secret.client_id, secret.client_secret).as_bytes());
        let request = Request::post(variable("TOKEN_URL")?)
            .header(header::AUTHORIZATION, format!("Basic {basic}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from("grant_type=client_credentials"))?;
        let granted: Granted = serde_json::from_slice(&self.send(request).await?)?;
        Ok(format!("Bearer {}", granted.access_token).parse()?)
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Bytes, Error> {
        let answer = self.http.request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status.is_success() {
            Ok(body)
        } else {
            Err(status.to_string().into())
        }
    }
}
