//! The destination's order.

use std::borrow::Cow;

use serde::Serialize;

use super::customer::{Address, Customer};
use crate::domain::{customer_id::CustomerId, order_date::OrderDate, order_id::OrderId};

/// An order, as the destination API takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order<'a> {
    /// The same on every redelivery, redrive and backfill.
    #[serde(rename = "reference_id")]
    pub order_id: OrderId,
    pub ordered_at: OrderDate,
    pub recipient: Recipient<'a>,
    pub tags: [Tag; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recipient<'a> {
    pub name: Cow<'a, str>,
    pub email: Cow<'a, str>,
    /// Left out of the order where the customer has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Cow<'a, str>>,
    pub address: RecipientAddress<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecipientAddress<'a> {
    pub address1: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address2: Option<Cow<'a, str>>,
    pub city: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Cow<'a, str>>,
    pub zip_code: Cow<'a, str>,
    pub country: Cow<'a, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tag {
    pub name: &'static str,
    pub value: CustomerId,
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
            line1,
            line2,
            city,
            state,
            postal_code,
            country,
        } = address;
        Self {
            order_id,
            ordered_at: order_date,
            recipient: Recipient {
                name,
                email,
                phone_number: phone,
                address: RecipientAddress {
                    address1: line1,
                    address2: line2,
                    city,
                    state,
                    zip_code: postal_code,
                    country,
                },
            },
            tags: [Tag {
                name: "customer",
                value: id,
            }],
        }
    }

    /// The values of this order that are personal data, and so belong in no log, metric or error.
    #[must_use]
    pub fn personal_values(&self) -> Vec<&str> {
        // Without `..`: a new field does not compile before it is decided here.
        let Self {
            order_id: _,
            ordered_at: _,
            recipient:
                Recipient {
                    name,
                    email,
                    phone_number,
                    address:
                        RecipientAddress {
                            address1,
                            address2,
                            city,
                            state,
                            zip_code,
                            country,
                        },
                },
            tags: _,
        } = self;
        let mut values = vec![name.as_ref(), email, address1, city, zip_code, country];
        values.extend(
            [phone_number, address2, state]
                .into_iter()
                .flatten()
                .map(AsRef::as_ref),
        );
        values
    }
}
