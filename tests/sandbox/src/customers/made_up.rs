//! Customers generated from a seed: each depends on its index and the seed alone.

use fixture::{Change, ID, ID_POINTER};
use serde_json::{Value, json};

use super::draft::Draft;
use super::expected::{Customer, Expected};
use crate::dice;

/// One customer of each block is invalid: 3 %.
const BLOCK: u64 = 33;
/// The ways of being invalid, taken in turn, so that a few blocks show many.
const WAYS: u64 = 12;
/// The kinds of valid customers, taken by chance.
const KINDS: u64 = 15;

/// Where an order has what several kinds change.
const NAME: &str = "/customerInfo/name";
const PHONE: &str = "/customerInfo/contactPhone";
const POSTAL_CODE: &str = "/shippingAddress/postalCode";

/// The customer at `index` of `seed`.
pub fn customer(index: u64, seed: u64) -> Customer {
    let mut draft = Draft::plain(index, seed);
    let block = index / BLOCK;
    if index % BLOCK == dice::roll(seed, block) % BLOCK {
        return draft.spoiled(block.wrapping_add(seed) % WAYS);
    }
    // Not the stream of numbers that the blocks draw from.
    let kind = dice::roll(!seed, index) % KINDS;
    draft.vary(kind);
    draft.finished(kind)
}

impl Draft {
    /// Breaks one rule.
    fn spoiled(mut self, way: u64) -> Customer {
        let index = self.index;
        let element = &mut self.element;
        let field = match way {
            0 => {
                element.remove("/email");
                "email"
            }
            1 => {
                element.set("/email", format!("customer-{index}.example.com"));
                "email"
            }
            2 => {
                element.set("/address/city", "  ");
                "address.city"
            }
            3 => {
                element.remove("/first_name");
                element.remove("/last_name");
                "first_name"
            }
            4 => {
                element.remove("/address");
                "address"
            }
            5 => {
                element.set("/address/zip", true);
                "address.zip"
            }
            6 => {
                element.remove(ID_POINTER);
                ID
            }
            7 => {
                let json = json!(format!("Given{index} Family{index}")).to_string();
                return rejected(None, json, "customer");
            }
            8 => {
                element.remove("/address/state");
                "address.state"
            }
            9 => {
                element.set("/address/street", Value::Null);
                "address.street"
            }
            10 => {
                element.set(ID_POINTER, Value::Null);
                ID
            }
            _ => {
                element.set("/email", json!([format!("customer-{index}@example.com")]));
                "email"
            }
        };
        let has_id = self.element.get(ID).is_some_and(Value::is_string);
        let id = has_id.then(|| self.id.clone());
        rejected(id, self.element.to_string(), field)
    }

    /// Uses a freedom that the rules leave.
    fn vary(&mut self, kind: u64) {
        let index = self.index;
        // From 00501, the lowest there is, to what still has a leading zero.
        let short_zip = 501 + index % 9_000;
        let Self { element, order, .. } = self;
        let text = |element: &Value, pointer: &str| {
            element
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        match kind {
            1 => {
                order.set(POSTAL_CODE, format!("{short_zip:05}"));
                element.set("/address/zip", short_zip);
            }
            2 => {
                let zip: Option<u64> = text(element, "/address/zip").parse().ok();
                element.set("/address/zip", zip);
            }
            3 => {
                order.remove(PHONE);
                element.set("/phone", Value::Null);
            }
            4 => {
                order.remove(PHONE);
                element.set("/phone", " ");
            }
            5 => {
                order.remove(PHONE);
                element.remove("/phone");
            }
            6 => {
                order.set(NAME, format!("Given{index}"));
                element.remove("/last_name");
            }
            7 => {
                order.set(NAME, format!("Family{index}"));
                element.remove("/first_name");
            }
            8 => element.set(ID_POINTER, 100_000 + index),
            9 => {
                element.set("/orderId", "mine");
                element.set("/tags", json!(["new", null, 1.5e3]));
                element.set("/more", json!({"nested": {}}));
            }
            10 => {
                let street = format!("{index} Fixture Straße 🏠");
                order.set(NAME, format!("Given{index} Žofie Family{index} 李"));
                order.set("/shippingAddress/line1", street.as_str());
                element.set("/first_name", format!("Given{index} Žofie"));
                element.set("/last_name", format!("Family{index} 李"));
                element.set("/address/street", street);
            }
            11 => {
                element.set("/first_name", format!("  Given{index} "));
                element.set("/last_name", format!("\tFamily{index}\n"));
                element.set("/address/street", format!(" {index} Fixture Street  "));
                let city = text(element, "/address/city");
                element.set("/address/city", format!(" {city}"));
            }
            12 => {
                order.set(NAME, format!("Given{index} \"Nick\" Family{index}"));
                element.set("/first_name", format!("Given{index} \"Nick\""));
            }
            14 => {
                let zip = format!("{}-1234", text(element, "/address/zip"));
                order.set(POSTAL_CODE, zip.as_str());
                element.set("/address/zip", zip);
            }
            _ => {}
        }
    }

    fn finished(self, kind: u64) -> Customer {
        let plain = self.element.to_string();
        let json = match kind {
            // Needless escapes, which do not change the value.
            12 => plain
                .replace("Fixture", "\\u0046ixture")
                .replace("example", "ex\\u0061mple"),
            // Blanks between the tokens: verbatim means that they stay.
            13 => plain.replace("\":", "\" :\t").replace(",\"", " ,\n  \""),
            _ => plain,
        };
        Customer {
            id: Some(self.id),
            json,
            expected: Expected::Order(self.order),
        }
    }
}

fn rejected(id: Option<String>, json: String, field: &'static str) -> Customer {
    Customer {
        id,
        json,
        expected: Expected::Rejected {
            reason: "invalid_customer",
            field,
        },
    }
}
