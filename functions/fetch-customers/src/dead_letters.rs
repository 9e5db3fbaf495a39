//! Customers that cannot become messages become dead letters.

use shared::domain::{customer_id::CustomerId, rejection_reason::Reason};

use crate::{
    log_events,
    malformed::{self, Place, Unusable},
    run::{Progress, Run},
    sender::{
        BatchSender,
        message::{Entry, Rejection},
        outcome::SendOutcome,
    },
};

/// The dead letters of one invocation.
pub(crate) struct DeadLetters<'a> {
    run: &'a Run,
    sender: BatchSender,
}

/// A customer that cannot become a message.
pub(crate) struct UnusableCustomer<'a> {
    /// `None` where it could not be read.
    pub(crate) id: Option<CustomerId>,
    /// Its text, or as much of it as a message's body holds.
    pub(crate) text: &'a [u8],
    pub(crate) why: Unusable,
    pub(crate) place: Place,
}

impl<'a> DeadLetters<'a> {
    pub(crate) const fn new(run: &'a Run, sender: BatchSender) -> Self {
        Self { run, sender }
    }

    /// Whether further dead letters are of no use.
    pub(crate) const fn has_failed(&self) -> bool {
        self.sender.has_failed()
    }

    /// Takes a customer that was fetched. In a dry run it is only counted. A run of chosen customers skips one without an
    /// id: it may be any.
    pub(crate) async fn push(&mut self, customer: UnusableCustomer<'_>, progress: &mut Progress) {
        let UnusableCustomer { id, text, why, place } = customer;
        if self.run.customer_ids.is_some() && id.is_none() {
            progress.skipped += 1;
            return;
        }
        let order_date = self.run.order_date;
        log_events::customer_unusable(order_date, place, id.as_ref(), why);
        if self.run.dry_run {
            progress.rejected += 1;
            return;
        }
        let entry = Entry {
            index: place.index,
            customer_id: id,
            body: malformed::body(order_date, text),
            rejection: Some(Rejection {
                reason: Reason::MalformedMessage,
                detail: format!("{why}: {place}"),
            }),
        };
        self.sender.push(entry).await;
    }

    /// Sends the last ones.
    pub(crate) async fn finish(self) -> SendOutcome {
        self.sender.finish().await
    }
}
