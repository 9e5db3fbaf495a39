//! What is sent: a customer's message, with the attributes of a dead letter where it is one.

use std::sync::Arc;

use shared::{
    domain::{customer_id::CustomerId, order_date::OrderDate, rejection_reason::Reason},
    sqs::BATCH_BYTES,
};

/// The largest body. The rest of a message is reserved for the attributes of a dead letter, which count towards its size:
/// `submit-orders` and this function need them.
pub const MAX_BODY_BYTES: usize = BATCH_BYTES - 16 * 1024;

/// The run that messages belong to.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// For the log.
    pub order_date: OrderDate,
    /// The X-Ray header of the run, which each message carries on.
    pub trace_header: Option<Arc<str>>,
}

/// One customer's message.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The customer's place in the run, from 0.
    pub index: u64,
    pub customer_id: Option<CustomerId>,
    pub body: String,
    /// Why it is a dead letter, if it is one.
    pub rejection: Option<Rejection>,
}

/// The attributes of a dead letter.
#[derive(Debug, Clone)]
pub struct Rejection {
    pub reason: Reason,
    pub detail: String,
}

impl Rejection {
    const REASON: &str = "reason";
    const DETAIL: &str = "detail";
    pub(super) const TYPE: &str = "String";

    /// What the attributes take of a message: names, types and values (Amazon SQS Developer Guide, "Message attribute
    /// components").
    pub(super) const fn bytes(&self) -> usize {
        let names = Self::REASON.len() + Self::DETAIL.len();
        names + 2 * Self::TYPE.len() + self.reason.as_str().len() + self.detail.len()
    }

    pub(super) fn attributes(&self) -> [(&'static str, &str); 2] {
        [(Self::REASON, self.reason.as_str()), (Self::DETAIL, &self.detail)]
    }
}
