//! A customer becomes an order: every rule of the transformation.

use std::{borrow::Cow, fmt};

use crate::{
    domain::customer_id::CustomerId, domain::message::Message, domain::order_date::OrderDate,
    domain::order_id::OrderId, text::Text,
};
use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An order as the destination API takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Order<'a> {
    /// The order's identity, the same on every redelivery, redrive and backfill.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer_info: CustomerInfo<'a>,
    /// Where the order goes.
    pub shipping_address: ShippingAddress<'a>,
    /// The order date of the run.
    pub order_date: OrderDate,
}

/// Who ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerInfo<'a> {
    /// The source's `customer_id`, to the letter.
    pub id: CustomerId,
    /// First and last name.
    pub name: String,
    /// A valid address (RFC 5321).
    pub contact_email: Cow<'a, str>,
    /// Left out of the order where the customer has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_phone: Option<Cow<'a, str>>,
}

/// Where an order goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippingAddress<'a> {
    /// The street with its number.
    pub line1: Cow<'a, str>,
    /// The city.
    pub city: Cow<'a, str>,
    /// The state.
    pub region: Cow<'a, str>,
    /// The zip code.
    pub postal_code: Cow<'a, str>,
}

/// Whose order it is, as far as the message tells: what logs and dead letters may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderContext {
    /// The order date of the run.
    pub order_date: Option<OrderDate>,
    /// The customer.
    pub customer_id: Option<CustomerId>,
    /// The order's id.
    pub order_id: Option<OrderId>,
}

impl OrderContext {
    fn new(order_date: OrderDate, customer_id: Option<CustomerId>) -> Self {
        Self {
            order_date: Some(order_date),
            order_id: customer_id.as_ref().map(|id| OrderId::new(id, order_date)),
            customer_id,
        }
    }
}

/// The rules that a customer breaks, all of them. Names fields and rules, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations(Vec<String>);

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for Violations {}

/// A customer's fields, none read yet. Fields that are not named here are ignored.
#[derive(Deserialize)]
struct Customer<'a> {
    #[serde(borrow)]
    customer_id: Option<&'a RawValue>,
    #[serde(borrow)]
    first_name: Option<&'a RawValue>,
    #[serde(borrow)]
    last_name: Option<&'a RawValue>,
    #[serde(borrow)]
    email: Option<&'a RawValue>,
    #[serde(borrow)]
    phone: Option<&'a RawValue>,
    #[serde(borrow)]
    address: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Address<'a> {
    #[serde(borrow)]
    street: Option<&'a RawValue>,
    #[serde(borrow)]
    city: Option<&'a RawValue>,
    #[serde(borrow)]
    state: Option<&'a RawValue>,
    #[serde(borrow)]
    zip: Option<&'a RawValue>,
}

/// Makes the order of a customer, and says whose it is, also where the customer breaks a rule.
///
/// # Errors
/// Every rule that the customer breaks. The same customer will break them again, so the message is rejected.
pub fn transform<'a>(message: &Message<'a>) -> (OrderContext, Result<Order<'a>, Violations>) {
    let mut rules = Rules::default();
    let customer: Option<Customer<'_>> = rules.object("customer", message.customer);
    let about = OrderContext::new(
        message.order_date,
        match &customer {
            Some(customer) => customer.customer_id.and_then(CustomerId::from_json),
            // Perhaps it is another field that is there twice.
            None => CustomerId::of(message.customer),
        },
    );
    let order = customer.and_then(|customer| order(&about, &customer, &mut rules));
    let order = match order {
        Some(order) if rules.broken.is_empty() => Ok(order),
        Some(_) | None => Err(Violations(rules.broken)),
    };
    (about, order)
}

/// # Returns
/// `None` where a part of the order is missing. There may be one also where a rule is broken.
fn order<'a>(about: &OrderContext, customer: &Customer<'a>, rules: &mut Rules) -> Option<Order<'a>> {
    if about.customer_id.is_none() {
        rules.broken(
            "customer_id",
            "required: a string that is not blank, or an integer",
        );
    }
    let first_name = rules.text("first_name", customer.first_name);
    let last_name = rules.text("last_name", customer.last_name);
    if first_name == Some(None) && last_name == Some(None) {
        rules.broken(
            "first_name, last_name",
            "one of the two is required, and not blank",
        );
    }
    let email = rules.required("email", customer.email);
    // A bare address, without a display name in front.
    let bare = Options::default().without_display_text();
    if email
        .as_ref()
        .is_some_and(|email| EmailAddress::parse_with_options(email, bare).is_err())
    {
        rules.broken("email", "must be a valid e-mail address");
    }
    let phone = rules.text("phone", customer.phone);

    let address: Option<Address<'_>> = match customer.address {
        Some(address) => rules.object("address", address),
        None => {
            rules.broken("address", "required");
            None
        }
    };
    let shipping_address = address.and_then(|address| {
        let line1 = rules.required("address.street", address.street);
        let city = rules.required("address.city", address.city);
        let region = rules.required("address.state", address.state);
        let postal_code = rules.zip(address.zip);
        Some(ShippingAddress {
            line1: line1?,
            city: city?,
            region: region?,
            postal_code: postal_code?,
        })
    });

    let name: Vec<Cow<'_, str>> = [first_name?, last_name?].into_iter().flatten().collect();
    Some(Order {
        order_id: about.order_id.clone()?,
        customer_info: CustomerInfo {
            id: about.customer_id.clone()?,
            name: name.join(" "),
            contact_email: email?,
            contact_phone: phone?,
        },
        shipping_address: shipping_address?,
        order_date: about.order_date?,
    })
}

/// Reads fields, and gathers the rules that they break. What breaks a rule is read as `None`.
#[derive(Default)]
struct Rules {
    broken: Vec<String>,
}

impl Rules {
    fn broken(&mut self, field: &str, rule: &str) {
        self.broken.push(format!("{field}: {rule}"));
    }

    fn object<'a, T: Deserialize<'a>>(&mut self, field: &str, value: &'a RawValue) -> Option<T> {
        // serde would read an array as the fields in their order.
        let rule = if value.get().starts_with('{') {
            match serde_json::from_str(value.get()) {
                Ok(object) => return Some(object),
                // The fields are read as they stand, so nothing else can be wrong with an object.
                Err(_) => "a field is there twice",
            }
        } else {
            "must be an object"
        };
        self.broken(field, rule);
        None
    }

    /// Text, trimmed; `Some(None)` where it is absent, null or blank.
    fn text<'a>(&mut self, field: &str, value: Option<&'a RawValue>) -> Option<Option<Cow<'a, str>>> {
        let Some(value) = value else { return Some(None) };
        let Ok(Text(text)) = serde_json::from_str(value.get()) else {
            self.broken(field, "must be text");
            return None;
        };
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        Some((!text.is_empty()).then_some(text))
    }

    fn required<'a>(&mut self, field: &str, value: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
        let text = self.text(field, value)?;
        if text.is_none() {
            self.broken(field, "required, and not blank");
        }
        text
    }

    /// A zip code. An integer has lost its leading zeros: a US zip has five digits.
    fn zip<'a>(&mut self, value: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
        match value.map(|value| value.get()) {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(format!("{digits:0>5}").into())
            }
            Some(json) if !json.starts_with('"') => {
                self.broken("address.zip", "must be text or an integer of 0 or more");
                None
            }
            Some(_) | None => self.required("address.zip", value),
        }
    }
}

#[cfg(test)]
mod tests;
