//! When a message that stays on the queue is seen again.

use aws_sdk_sqs::Client;
use shared::sqs::Queue;
pub use shared::sqs::VisibilityChange;
use tokio::time::Instant;

/// The queue that the messages come from.
pub struct CustomerQueue(Queue);

impl CustomerQueue {
    /// Sets up; calls nothing yet.
    #[must_use]
    pub const fn new(client: Client, url: String) -> Self {
        Self(Queue { client, url })
    }

    /// Sets when each message is seen again. What cannot be set is seen after the queue's own visibility
    /// time-out: sooner or later than wished, but nothing is lost, so this does not fail.
    pub async fn change_visibility(&self, changes: Vec<VisibilityChange>, deadline: Instant) {
        let unconfirmed = self.0.change_visibility(changes, deadline).await;
        if unconfirmed > 0 {
            tracing::warn!(
                messages = unconfirmed,
                "some messages' visibility may not be set: the queue's own visibility time-out applies to them"
            );
        }
    }
}
