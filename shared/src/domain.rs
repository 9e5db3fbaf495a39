//! The identities of the contract.

pub mod customer_id;
pub mod message;
pub mod order_context;
pub mod order_date;
pub mod order_id;
pub mod rejection_reason;
