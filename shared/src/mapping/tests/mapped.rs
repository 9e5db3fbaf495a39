//! Customers mapped, and the values in the result.

use serde_json::{Value, value::RawValue};

use crate::{
    domain::{message::Message, order_id::OneOrderPer},
    mapping::map_customer,
};

pub(super) fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

/// The order as JSON, or the violations as text.
pub(super) fn map_text(customer: &str) -> Result<String, String> {
    let message = Message {
        order_date: fixture::order_date().parse().unwrap(),
        customer: &raw(customer),
    };
    let (_, order) = map_customer(&message, OneOrderPer::Run);
    order
        .map(|order| serde_json::to_string(&order).unwrap())
        .map_err(|violations| violations.to_string())
}

pub(super) fn map(customer: &Value) -> Result<Value, String> {
    map_text(&customer.to_string()).map(|order| serde_json::from_str(&order).unwrap())
}

/// Every text and number in a JSON value.
pub(super) fn leaves(value: &Value) -> Vec<String> {
    match value {
        Value::Null | Value::Bool(_) => vec![],
        Value::Number(number) => vec![number.to_string()],
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::Object(fields) => fields.values().flat_map(leaves).collect(),
    }
}
