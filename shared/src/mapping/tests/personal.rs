//! Which values are personal.

use fixture::{Change, customer, order};
use serde_json::{Value, json};

use super::mapped::{leaves, raw};
use crate::{
    domain::{message::Message, order_id::OneOrderPer},
    mapping::{customer::personal_values, map_customer},
};

fn sorted(mut values: Vec<String>) -> Vec<String> {
    values.sort();
    values
}

#[test]
fn every_value_except_id_is_personal() {
    let expected = sorted(leaves(&customer().without(fixture::ID_POINTER)));
    let unknown = customer().with("/loyalty", "gold");
    assert_eq!(sorted(personal_values(&raw(&unknown.to_string()))), expected);
}

#[test]
fn values_that_break_a_rule_are_personal() {
    let values = |customer: &Value| sorted(personal_values(&raw(&customer.to_string())));
    let odd =
        json!({"first_name": ["Given", {"x": "Middle"}], "phone": 5_550_101, "address": "1 Fixture Street"});
    assert_eq!(values(&odd), ["1 Fixture Street", "5550101", "Given", "Middle"]);
    assert_eq!(values(&json!("Given Family")), ["Given Family"]);
}

#[test]
fn order_values_except_identities_are_personal() {
    let customer = raw(&customer().to_string());
    let message = Message {
        order_date: fixture::order_date().parse().unwrap(),
        customer: &customer,
    };
    let mapped = map_customer(&message, OneOrderPer::Run).1.unwrap();
    let values = mapped.personal_values().into_iter().map(str::to_owned).collect();
    let example = fixture::example();
    let mut rest = order()
        .without(&example.order_id_pointer)
        .without(&example.order_date_pointer);
    if let Some(pointer) = &example.customer_id_pointer {
        rest.remove(pointer);
    }
    assert_eq!(sorted(values), sorted(leaves(&rest)));
}
