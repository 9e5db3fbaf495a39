//! The mapping: a customer of the source becomes an order of the destination.
//!
//! * [`customer`]: the source's customer, the rules that it must follow, and which of its values are personal data.
//! * [`order`]: the destination's order.
//! * [`violations`]: the rules that a customer breaks.
//!
//! Nothing outside this module knows a field of the customer or of the order.

pub mod customer;
mod field;
pub mod order;
pub mod violations;

#[cfg(test)]
mod cpu_tests;
#[cfg(test)]
mod tests;

use self::{
    customer::{Customer, InvalidCustomer},
    order::Order,
    violations::Violations,
};
use crate::domain::{
    message::Message,
    order_context::OrderContext,
    order_id::{OneOrderPer, OrderId},
};

/// Maps the customer of a message to its order, and says whose order it is, also where the customer is invalid.
///
/// # Errors
/// Every rule that the customer breaks. The same customer will break them again, so the message is rejected.
pub fn map_customer<'a>(
    message: &Message<'a>,
    one_order_per: OneOrderPer,
) -> (OrderContext, Result<Order<'a>, Violations>) {
    let order_date = message.order_date;
    match Customer::read(message.customer) {
        Ok(customer) => {
            let order_id = OrderId::new(&customer.id, order_date, one_order_per);
            let context = OrderContext {
                order_date: Some(order_date),
                customer_id: Some(customer.id.clone()),
                order_id: Some(order_id.clone()),
            };
            (context, Ok(Order::new(order_id, order_date, customer)))
        }
        Err(InvalidCustomer { id, violations }) => {
            (OrderContext::new(order_date, id, one_order_per), Err(violations))
        }
    }
}
