//! Customers generated from a seed: each depends on its index and the seed alone.

use serde_json::{Value, json};

use super::draft::{Address, Draft};
use super::{Customer, Expected};
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
        let mut spoil_address = |spoil: fn(&mut Address)| element.address.iter_mut().for_each(spoil);
        let field = match way {
            0 => {
                element.email = None;
                "email"
            }
            1 => {
                element.email = Some(json!(format!("customer-{index}.example.com")));
                "email"
            }
            2 => {
                spoil_address(|address| address.city = json!("  "));
                "address.city"
            }
            3 => {
                (element.first_name, element.last_name) = (None, None);
                "first_name"
            }
            4 => {
                element.address = None;
                "address"
            }
            5 => {
                spoil_address(|address| address.zip = json!(true));
                "address.zip"
            }
            6 => {
                element.customer_id = None;
                "customer_id"
            }
            7 => {
                let json = json!(self.customer_info.name).to_string();
                return rejected(None, json, "customer");
            }
            8 => {
                spoil_address(|address| address.state = None);
                "address.state"
            }
            9 => {
                spoil_address(|address| address.street = Some(Value::Null));
                "address.street"
            }
            10 => {
                element.customer_id = Some(Value::Null);
                "customer_id"
            }
            _ => {
                element.email = Some(json!([self.customer_info.contact_email]));
                "email"
            }
        };
        let has_id = self.element.customer_id.as_ref().is_some_and(Value::is_string);
        let id = has_id.then(|| self.customer_info.id.clone());
        rejected(id, self.json(), field)
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
                element
                    .address
                    .iter_mut()
                    .for_each(|address| address.zip = json!(short_zip));
            }
            2 => {
                let zip: Option<u64> = shipping_address.postal_code.parse().ok();
                element
                    .address
                    .iter_mut()
                    .for_each(|address| address.zip = json!(zip));
            }
            3 => (element.phone, customer_info.contact_phone) = (Some(Value::Null), None),
            4 => (element.phone, customer_info.contact_phone) = (Some(json!(" ")), None),
            5 => (element.phone, customer_info.contact_phone) = (None, None),
            6 => {
                customer_info.name = format!("Given{index}");
                element.last_name = None;
            }
            7 => {
                customer_info.name = format!("Family{index}");
                element.first_name = None;
            }
            8 => element.customer_id = Some(json!(100_000 + index)),
            9 => {
                let unknown =
                    json!({"orderId": "mine", "tags": ["new", null, 1.5e3], "more": {"nested": {}}});
                element.extra = unknown.as_object().cloned().unwrap_or_default();
            }
            10 => {
                customer_info.name = format!("Given{index} Žofie Family{index} 李");
                shipping_address.line1 = format!("{index} Fixture Straße 🏠");
                element.first_name = Some(json!(format!("Given{index} Žofie")));
                element.last_name = Some(json!(format!("Family{index} 李")));
                let street = json!(shipping_address.line1);
                element
                    .address
                    .iter_mut()
                    .for_each(|address| address.street = Some(street.clone()));
            }
            11 => {
                element.first_name = Some(json!(format!("  Given{index} ")));
                element.last_name = Some(json!(format!("\tFamily{index}\n")));
                let street = json!(format!(" {index} Fixture Street  "));
                let city = json!(format!(" {}", shipping_address.city));
                element.address.iter_mut().for_each(|address| {
                    (address.street, address.city) = (Some(street.clone()), city.clone());
                });
            }
            12 => {
                customer_info.name = format!("Given{index} \"Nick\" Family{index}");
                element.first_name = Some(json!(format!("Given{index} \"Nick\"")));
            }
            14 => {
                shipping_address.postal_code.push_str("-1234");
                let zip = json!(shipping_address.postal_code);
                element
                    .address
                    .iter_mut()
                    .for_each(|address| address.zip = zip.clone());
            }
            _ => {}
        }
    }

    fn finished(self, kind: u64) -> Customer {
        let plain = self.json();
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
