//! A customer in the making, before anything unusual happens to it.

use std::sync::LazyLock;

use fixture::{Change, customer_with_id};
use serde_json::Value;

use crate::dice;
use crate::order::{CustomerInfo, Order, ShippingAddress};

/// The fixture's order: what all made-up customers have in common.
static ORDER: LazyLock<Order> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a test makes it")]
    serde_json::from_value(fixture::order()).expect("the fixture's order is an order")
});

/// The `customer_id` of the customer at index 0.
pub(super) const FIRST_ID: u64 = 100_000;

/// A customer of the source API in the making, next to the order it should become.
pub(super) struct Draft {
    pub(super) index: u64,
    /// An element of the source's array: the fixture's customer with other values. Any field may be removed, or set to
    /// a wrong type.
    pub(super) element: Value,
    pub(super) customer_info: CustomerInfo,
    pub(super) shipping_address: ShippingAddress,
}

impl Draft {
    pub(super) fn plain(index: u64, seed: u64) -> Self {
        let luck = dice::roll(seed.rotate_left(17), index);
        let (city, region) = match luck % 5 {
            0 => ("Springfield", "IL"),
            1 => ("Riverton", "WY"),
            2 => ("Fairview", "TX"),
            3 => ("Georgetown", "KY"),
            _ => ("Anytown", "CA"),
        };
        let id = (FIRST_ID + index).to_string();
        let (first, last) = (format!("Given{index}"), format!("Family{index}"));
        let (email, phone) = (
            format!("customer-{index}@example.com"),
            format!("555-01{index:02}"),
        );
        let (street, zip) = (
            format!("{index} Fixture Street"),
            format!("{:05}", 10_000 + luck % 90_000),
        );
        let element = customer_with_id(id.as_str())
            .with("/first_name", first.as_str())
            .with("/last_name", last.as_str())
            .with("/email", email.as_str())
            .with("/phone", phone.as_str())
            .with("/address/street", street.as_str())
            .with("/address/city", city)
            .with("/address/state", region)
            .with("/address/zip", zip.as_str());
        let Order {
            mut customer_info,
            mut shipping_address,
            ..
        } = ORDER.clone();
        customer_info.id = id;
        customer_info.name = format!("{first} {last}");
        customer_info.contact_email = email;
        customer_info.contact_phone = Some(phone);
        shipping_address.line1 = street;
        shipping_address.city = city.to_owned();
        shipping_address.region = region.to_owned();
        shipping_address.postal_code = zip;
        Self {
            index,
            element,
            customer_info,
            shipping_address,
        }
    }
}
