//! The metrics of the queues, which the local AWS does not publish: polled once a second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local_run::{Error, LocalDeployment};

use crate::emf::Datum;

const EVERY: Duration = Duration::from_secs(1);

/// Polls the queues until it is dropped, and adds to `seen`.
///
/// # Errors
/// A queue cannot be read.
pub(crate) async fn watch(stack: &LocalDeployment, seen: &mut Vec<Datum>) -> Result<(), Error> {
    let mut before = None;
    loop {
        let depth = stack.depth("CustomerQueueUrl").await?;
        let queue = stack.output("CustomerQueueUrl")?;
        let sent = stack.recorder.accepted(queue);
        let mut add = |queue: &str, name: &str, value: u64| seen.push(datum(queue, name, value));
        add(queue, "ApproximateNumberOfMessagesVisible", depth.visible);
        add(queue, "ApproximateNumberOfMessagesNotVisible", depth.in_flight);
        // What came and is not there any more.
        let done = sent.saturating_sub(depth.total());
        let since = done.saturating_sub(before.unwrap_or(done));
        add(queue, "NumberOfMessagesDeleted", since);
        before = Some(before.unwrap_or(0).max(done));
        for output in ["DeadLetterQueueUrl", "FailedRunsQueueUrl"] {
            // Hidden ones too: following a run reads its failure, which hides the message for a while.
            let dead = stack.depth(output).await?.total();
            add(stack.output(output)?, "ApproximateNumberOfMessagesVisible", dead);
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn datum(queue_url: &str, name: &str, value: u64) -> Datum {
    let queue = queue_url.rsplit('/').next().unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Datum {
        namespace: "AWS/SQS".to_owned(),
        name: name.to_owned(),
        unit: "Count".to_owned(),
        dimensions: [("QueueName".to_owned(), queue.to_owned())].into(),
        timestamp_ms: shared::clock::millis(now),
        values: vec![f64::from(u32::try_from(value).unwrap_or(u32::MAX))],
    }
}
