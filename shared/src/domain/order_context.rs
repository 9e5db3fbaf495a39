//! Whose order a message is about.

use crate::domain::{
    customer_id::CustomerId,
    order_date::OrderDate,
    order_id::{OneOrderPer, OrderId},
};

/// The identities that a message reveals: what logs and dead letters name it by. None of a message that cannot be read,
/// and no customer of a message without a valid id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderContext {
    pub order_date: Option<OrderDate>,
    pub customer_id: Option<CustomerId>,
    pub order_id: Option<OrderId>,
}

impl OrderContext {
    pub fn new(order_date: OrderDate, customer_id: Option<CustomerId>, one_order_per: OneOrderPer) -> Self {
        Self {
            order_date: Some(order_date),
            order_id: customer_id
                .as_ref()
                .map(|id| OrderId::new(id, order_date, one_order_per)),
            customer_id,
        }
    }
}
