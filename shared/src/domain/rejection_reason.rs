//! Why a message was laid down on the dead-letter queue.

/// The kinds of rejection: the attribute `reason` of a dead letter that `submit-orders` laid down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The body is no message of `fetch-customers`.
    MalformedMessage,
    /// The customer breaks a rule of the transformation.
    InvalidCustomer,
    /// The destination refuses this order.
    RejectedByDestination,
    /// The queue would have deleted the message before it could be tried again.
    Expired,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::MalformedMessage,
        Self::InvalidCustomer,
        Self::RejectedByDestination,
        Self::Expired,
    ];

    /// The attribute's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedMessage => "malformed_message",
            Self::InvalidCustomer => "invalid_customer",
            Self::RejectedByDestination => "rejected_by_destination",
            Self::Expired => "expired",
        }
    }
}
