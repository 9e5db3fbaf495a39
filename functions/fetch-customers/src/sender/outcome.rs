//! What became of the messages.

/// What became of the entries. Without a failure, each is sent or rejected.
#[derive(Debug, Default)]
pub struct SendOutcome {
    /// Confirmed by SQS.
    pub sent: u64,
    /// Not acceptable to SQS; logged.
    pub rejected: u64,
    /// Why other entries are not known to be sent.
    pub failure: Option<SendError>,
}

/// Messages could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The call failed, retries of the SDK included.
    #[error("customers could not be enqueued: {0}")]
    Call(String),
    #[error(
        "{entries} customers could not be enqueued in {attempts} attempts, the last time because of {code}"
    )]
    Entries {
        entries: usize,
        attempts: u32,
        /// SQS's code.
        code: String,
    },
    /// Customers that cannot become messages are not dead-lettered either.
    #[error(
        "{0} customers that are not JSON or too large could not be sent to the DeadLetterQueue, because of {1}"
    )]
    DeadLetters(u64, String),
}

impl SendOutcome {
    /// Adds the counts. The first failure is kept.
    pub(super) fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.rejected += other.rejected;
        match (&mut self.failure, other.failure) {
            (Some(SendError::Entries { entries, .. }), Some(SendError::Entries { entries: more, .. })) => {
                *entries += more;
            }
            (Some(SendError::DeadLetters(entries, _)), Some(SendError::DeadLetters(more, _))) => {
                *entries += more;
            }
            (Some(_), _) => {}
            (none, failure) => *none = failure,
        }
    }
}
