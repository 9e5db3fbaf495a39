//! The destination's order.

use std::borrow::Cow;

use serde::Serialize;

use super::customer::{Address, Customer};
use crate::domain::{customer_id::CustomerId, order_date::OrderDate, order_id::OrderId};

/// An order, as the destination API takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Order<'a> {
    /// The same on every redelivery, redrive and backfill.
    pub order_id: OrderId,
    pub customer_info: CustomerInfo<'a>,
    pub shipping_address: ShippingAddress<'a>,
    pub order_date: OrderDate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerInfo<'a> {
    pub id: CustomerId,
    pub name: String,
    pub contact_email: Cow<'a, str>,
    /// Left out of the order where the customer has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_phone: Option<Cow<'a, str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippingAddress<'a> {
    pub line1: Cow<'a, str>,
    pub city: Cow<'a, str>,
    pub region: Cow<'a, str>,
    pub postal_code: Cow<'a, str>,
}

impl<'a> Order<'a> {
    #[must_use]
    pub fn new(order_id: OrderId, order_date: OrderDate, customer: Customer<'a>) -> Self {
        let Customer {
            id,
            name,
            email,
            phone,
            address,
        } = customer;
        let Address {
            street,
            city,
            state,
            zip,
        } = address;
        Self {
            order_id,
            customer_info: CustomerInfo {
                id,
                name,
                contact_email: email,
                contact_phone: phone,
            },
            shipping_address: ShippingAddress {
                line1: street,
                city,
                region: state,
                postal_code: zip,
            },
            order_date,
        }
    }

    /// The values of this order that are personal data, and so belong in no log, metric or error.
    #[must_use]
    pub fn personal_values(&self) -> Vec<&str> {
        // Without `..`: a new field does not compile before it is decided here.
        let Self {
            order_id: _,
            customer_info:
                CustomerInfo {
                    id: _,
                    name,
                    contact_email,
                    contact_phone,
                },
            shipping_address:
                ShippingAddress {
                    line1,
                    city,
                    region,
                    postal_code,
                },
            order_date: _,
        } = self;
        let mut values = vec![name.as_str(), contact_email, line1, city, region, postal_code];
        values.extend(contact_phone.as_deref());
        values
    }
}
