//! One message becomes one verdict. Knows nothing of batches, nor of SQS.

use std::time::{Duration, SystemTime};

use shared::{
    domain::{message::Message, order_context::OrderContext, order_id::OneOrderPer},
    mapping::map_customer,
};
use tokio::time::Instant;

use crate::{
    destination::OrderApi,
    verdict::{Reason, Rejection, Verdict},
};

/// The part of the function's time that is kept for what follows the POSTs: dead letters, visibility, the answer.
pub const WRAP_UP: Duration = Duration::from_secs(5);

/// Maps messages to orders and posts them.
pub struct Submission {
    destination: OrderApi,
    one_order_per: OneOrderPer,
}

impl Submission {
    pub(crate) const fn new(destination: OrderApi, one_order_per: OneOrderPer) -> Self {
        Self {
            destination,
            one_order_per,
        }
    }

    pub(crate) const fn destination(&self) -> &OrderApi {
        &self.destination
    }

    /// Ends [`WRAP_UP`] before `deadline` at the latest.
    ///
    /// `first_received` is when the message was received for the first time, as far as that is known.
    pub async fn submit(
        &self,
        body: &str,
        first_received: Option<SystemTime>,
        deadline: Instant,
    ) -> (OrderContext, Verdict) {
        let message = match Message::parse(body) {
            Ok(message) => message,
            Err(error) => {
                let rejection = Rejection::new(Reason::MalformedMessage, error.to_string());
                return (OrderContext::default(), Verdict::Rejected(rejection));
            }
        };
        let (context, order) = map_customer(&message, self.one_order_per);
        let verdict = match order {
            Ok(order) => {
                tracing::debug!(
                    event = "order_mapped",
                    order_date = %message.order_date,
                    customer_id = context.customer_id.as_ref().map(tracing::field::display),
                    order_id = %order.order_id,
                    "order mapped"
                );
                let deadline = deadline.checked_sub(WRAP_UP).unwrap_or_else(Instant::now);
                self.destination.post(&order, first_received, deadline).await
            }
            Err(violations) => {
                Verdict::Rejected(Rejection::new(Reason::InvalidCustomer, violations.to_string()))
            }
        };
        (context, verdict)
    }

    /// Whether the destination blocks this order while it accepts others.
    pub(crate) fn is_blocked_alone(&self, context: &OrderContext) -> bool {
        let order_id = context.order_id.as_ref();
        order_id.is_some_and(|order_id| self.destination.is_blocked_alone(order_id))
    }

    /// To be called when a batch is over.
    pub(crate) async fn forget_api_key(&self) {
        self.destination.forget_api_key().await;
    }
}
