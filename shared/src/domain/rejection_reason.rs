//! Why a message was dead-lettered.

/// The attribute `reason` of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The body is not a message: something else sent it, or the source's customer cannot become one.
    MalformedMessage,
    /// The customer breaks a rule of the mapping.
    InvalidCustomer,
    /// The destination does not accept this order.
    RejectedByDestination,
    /// The queue would have deleted the message before it could be attempted again.
    Expired,
}

impl Reason {
    pub const ALL: [Self; 4] = [
        Self::MalformedMessage,
        Self::InvalidCustomer,
        Self::RejectedByDestination,
        Self::Expired,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedMessage => "malformed_message",
            Self::InvalidCustomer => "invalid_customer",
            Self::RejectedByDestination => "rejected_by_destination",
            Self::Expired => "expired",
        }
    }
}
