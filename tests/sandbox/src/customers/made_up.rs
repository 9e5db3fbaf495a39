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
                let json = json!(self.customer_info.name).to_string();
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
                element.set("/email", json!([self.customer_info.contact_email]));
                "email"
            }
        };
        let has_id = self.element.get(ID).is_some_and(Value::is_string);
        let id = has_id.then(|| self.customer_info.id.clone());
        rejected(id, self.element.to_string(), field)
    }

    /// Uses a freedom that the rules leave.
    fn vary(&mut self, kind: u64) {
        let index = self.index;
        // From 00501, the lowest there is, to what still has a leading zero.
        let short_zip = 501 + index % 9_000;
        let Self {
            element,
            customer_info,
            shipping_address,
            ..
        } = self;
        match kind {
            1 => {
                shipping_address.postal_code = format!("{short_zip:05}");
                element.set("/address/zip", short_zip);
            }
            2 => {
                let zip: Option<u64> = shipping_address.postal_code.parse().ok();
                element.set("/address/zip", zip);
            }
            3 => {
                customer_info.contact_phone = None;
                element.set("/phone", Value::Null);
            }
            4 => {
                customer_info.contact_phone = None;
                element.set("/phone", " ");
            }
            5 => {
                customer_info.contact_phone = None;
                element.remove("/phone");
            }
            6 => {
                customer_info.name = format!("Given{index}");
                element.remove("/last_name");
            }
            7 => {
                customer_info.name = format!("Family{index}");
                element.remove("/first_name");
            }
            8 => element.set(ID_POINTER, 100_000 + index),
            9 => {
                element.set("/orderId", "mine");
                element.set("/tags", json!(["new", null, 1.5e3]));
                element.set("/more", json!({"nested": {}}));
            }
            10 => {
                customer_info.name = format!("Given{index} Žofie Family{index} 李");
                shipping_address.line1 = format!("{index} Fixture Straße 🏠");
                element.set("/first_name", format!("Given{index} Žofie"));
                element.set("/last_name", format!("Family{index} 李"));
                element.set("/address/street", shipping_address.line1.as_str());
            }
            11 => {
                element.set("/first_name", format!("  Given{index} "));
                element.set("/last_name", format!("\tFamily{index}\n"));
                element.set("/address/street", format!(" {index} Fixture Street  "));
                element.set("/address/city", format!(" {}", shipping_address.city));
            }
            12 => {
                customer_info.name = format!("Given{index} \"Nick\" Family{index}");
                element.set("/first_name", format!("Given{index} \"Nick\""));
            }
            14 => {
                shipping_address.postal_code.push_str("-1234");
                element.set("/address/zip", shipping_address.postal_code.as_str());
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
        let Self {
            customer_info,
            shipping_address,
            ..
        } = self;
        let id = Some(customer_info.id.clone());
        Customer {
            id,
            json,
            expected: Expected::Order {
                customer_info,
                shipping_address,
            },
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
