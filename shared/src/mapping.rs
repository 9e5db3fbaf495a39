//! The mapping: a customer of the source becomes an order of the destination.

pub mod order;
