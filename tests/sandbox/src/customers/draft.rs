//! A customer in the making, before anything unusual happens to it.

use fixture::{Change, customer_with_id, order};
use serde_json::Value;

use crate::dice;

/// The id of the customer at index 0.
pub(super) const FIRST_ID: u64 = 100_000;

/// A customer of the source API in the making, next to the order it should become.
pub(super) struct Draft {
    pub(super) index: u64,
    /// An element of the source's array: the fixture's customer with other values. Any field may be removed, or set to
    /// a wrong type.
    pub(super) element: Value,
    /// The fixture's order with the same values.
    pub(super) order: Value,
    pub(super) id: String,
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
        let mut order = order()
            .with("/customerInfo/name", format!("{first} {last}"))
            .with("/customerInfo/contactEmail", email)
            .with("/customerInfo/contactPhone", phone)
            .with("/shippingAddress/line1", street)
            .with("/shippingAddress/city", city)
            .with("/shippingAddress/region", region)
            .with("/shippingAddress/postalCode", zip);
        if let Some(pointer) = &fixture::example().customer_id_pointer {
            order.set(pointer, id.as_str());
        }
        Self {
            index,
            element,
            order,
            id,
        }
    }
}
