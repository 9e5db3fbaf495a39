//! When a message that stays on the queue is seen again.

use aws_sdk_sqs::Client;
use shared::sqs;
pub use shared::sqs::Returned;
use tokio::time::Instant;

/// The queue that the messages come from.
pub struct CustomerQueue {
    sqs: Client,
    url: String,
}

impl CustomerQueue {
    /// Sets up; calls nothing yet.
    #[must_use]
    pub const fn new(sqs: Client, url: String) -> Self {
        Self { sqs, url }
    }

    /// Sets when each message is seen again. What cannot be set is seen after the queue's own visibility
    /// time-out: sooner or later than wished, but nothing is lost, so this does not fail.
    pub async fn hide(&self, returned: Vec<Returned>, until: Instant) {
        let not_set = sqs::set(&self.sqs, &self.url, &returned, until).await;
        if not_set > 0 {
            tracing::warn!(
                messages = not_set,
                "some messages' visibility may not be set: the queue's own visibility time-out applies to them"
            );
        }
    }
}
