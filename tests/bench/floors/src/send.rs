//! Reads the source, cuts it into customers, and sends each to the queue by the AWS SDK, in batches of ten.

use aws_config::BehaviorVersion;
use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;
use tokio::task::JoinSet;

use crate::{
    RunAnswer,
    cut::{Elements, message},
    variable,
};

/// As many calls at once as the function makes.
const CALLS_IN_FLIGHT: usize = 16;

#[derive(Deserialize)]
struct Run {
    order_date: String,
}

/// Serves as `fetch-customers`.
///
/// # Errors
/// The environment is not complete, or Lambda does not answer.
pub async fn serve() -> Result<(), Error> {
    let sqs = Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    let queue_url = variable("QUEUE_URL")?;
    run(service_fn(async |event: LambdaEvent<Run>| {
        fetch(&sqs, &queue_url, &event.payload.order_date).await
    }))
    .await
}

async fn fetch(sqs: &Client, queue_url: &str, order_date: &str) -> Result<RunAnswer, Error> {
    let mut calls = JoinSet::new();
    let mut batch = Vec::new();
    let mut enqueued = 0;
    let elements = Elements::request().await?;
    let fetched = elements
        .each(async |customer| {
            batch.push(
                SendMessageBatchRequestEntry::builder()
                    .id(batch.len().to_string())
                    .message_body(message(order_date, customer))
                    .build()?,
            );
            if batch.len() == 10 {
                if calls.len() == CALLS_IN_FLIGHT
                    && let Some(sent) = calls.join_next().await
                {
                    enqueued += sent??;
                }
                calls.spawn(send(
                    sqs.clone(),
                    queue_url.to_owned(),
                    std::mem::take(&mut batch),
                ));
            }
            Ok(())
        })
        .await?;
    if !batch.is_empty() {
        calls.spawn(send(sqs.clone(), queue_url.to_owned(), batch));
    }
    while let Some(sent) = calls.join_next().await {
        enqueued += sent??;
    }
    Ok(RunAnswer { fetched, enqueued })
}

async fn send(
    sqs: Client,
    queue_url: String,
    batch: Vec<SendMessageBatchRequestEntry>,
) -> Result<u64, Error> {
    let call = sqs.send_message_batch().queue_url(queue_url);
    let answer = call.set_entries(Some(batch)).send().await?;
    if answer.failed.is_empty() {
        Ok(answer.successful.len().try_into()?)
    } else {
        Err("SQS did not take a message".into())
    }
}
