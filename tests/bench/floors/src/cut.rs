//! Reads the source's array, and cuts it into its elements by `serde_json` alone.

use std::hint::black_box;

use bytes::{Buf, BytesMut};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Deserializer, error::Category, value::RawValue};

use crate::{RunAnswer, http::client, secret, variable};

/// Serves as a function that reads the source, and does nothing with it.
///
/// # Errors
/// Lambda does not answer.
pub async fn serve() -> Result<(), Error> {
    run(service_fn(async |_: LambdaEvent<Box<RawValue>>| {
        let elements = Elements::request().await?;
        let fetched = elements
            .each(async |customer| {
                black_box(customer);
                Ok(())
            })
            .await?;
        Ok::<_, Error>(RunAnswer { fetched, enqueued: 0 })
    }))
    .await
}

/// The source's array, while it arrives.
pub struct Elements {
    body: Incoming,
    buffer: BytesMut,
}

impl Elements {
    /// Asks the source.
    ///
    /// # Errors
    /// It does not answer, or does not like the key.
    pub async fn request() -> Result<Self, Error> {
        let secret = secret::read(variable("SOURCE_SECRET_ARN")?).await?;
        let request = Request::get(variable("SOURCE_URL")?).header("x-api-key", secret.api_key);
        let answer = client()?.request(request.body(Full::default())?).await?;
        if answer.status().is_success() {
            Ok(Self {
                body: answer.into_body(),
                buffer: BytesMut::new(),
            })
        } else {
            Err(answer.status().to_string().into())
        }
    }

    /// Hands each element to `take`, and says how many there were.
    ///
    /// # Errors
    /// The body breaks off, is not JSON, or `take` fails.
    pub async fn each(
        mut self,
        mut take: impl AsyncFnMut(&RawValue) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let mut count = 0;
        while let Some(frame) = self.body.frame().await {
            self.buffer
                .extend_from_slice(&frame?.into_data().unwrap_or_default());
            loop {
                let blanks = self.buffer.iter().take_while(|byte| b"[,] \n\r\t".contains(byte));
                self.buffer.advance(blanks.count());
                let mut elements = Deserializer::from_slice(&self.buffer).into_iter::<&RawValue>();
                match elements.next() {
                    Some(Ok(element)) => {
                        take(element).await?;
                        count += 1;
                    }
                    Some(Err(error)) if error.classify() != Category::Eof => return Err(error.into()),
                    Some(Err(_)) | None => break,
                }
                let taken = elements.byte_offset();
                self.buffer.advance(taken);
            }
        }
        if self.buffer.is_empty() {
            Ok(count)
        } else {
            Err("the body ends in the middle".into())
        }
    }
}

/// An element's message.
#[must_use]
pub fn message(order_date: &str, customer: &RawValue) -> String {
    format!(r#"{{"order_date":"{order_date}","customer":{customer}}}"#)
}
