//! A customer in the making, before anything unusual happens to it.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::dice;
use crate::order::{CustomerInfo, ShippingAddress};

/// The `customer_id` of the customer at index 0.
pub(super) const FIRST_ID: u64 = 100_000;

/// A customer of the source API in the making, next to the order it should become.
pub(super) struct Draft {
    pub(super) index: u64,
    pub(super) element: Element,
    pub(super) customer_info: CustomerInfo,
    pub(super) shipping_address: ShippingAddress,
}

/// An element of the source's array. Any field may be missing or of a wrong type.
#[derive(Serialize)]
pub(super) struct Element {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customer_id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_name: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_name: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<Value>,
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

#[derive(Serialize)]
pub(super) struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) street: Option<Value>,
    pub(super) city: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<Value>,
    pub(super) zip: Value,
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
        let customer_info = CustomerInfo {
            id,
            name: format!("{first} {last}"),
            contact_email: format!("customer-{index}@example.com"),
            contact_phone: Some(format!("555-01{index:02}")),
        };
        let shipping_address = ShippingAddress {
            line1: format!("{index} Fixture Street"),
            city: city.to_owned(),
            region: region.to_owned(),
            postal_code: format!("{:05}", 10_000 + luck % 90_000),
        };
        let element = Element {
            customer_id: Some(json!(customer_info.id)),
            first_name: Some(json!(first)),
            last_name: Some(json!(last)),
            email: Some(json!(customer_info.contact_email)),
            address: Some(Address {
                street: Some(json!(shipping_address.line1)),
                city: json!(shipping_address.city),
                state: Some(json!(shipping_address.region)),
                zip: json!(shipping_address.postal_code),
            }),
            phone: Some(json!(customer_info.contact_phone)),
            extra: Map::new(),
        };
        Self {
            index,
            element,
            customer_info,
            shipping_address,
        }
    }

    pub(super) fn json(&self) -> String {
        // Strings, numbers and objects with text keys: nothing in it can fail.
        serde_json::to_string(&self.element).unwrap_or_default()
    }
}
