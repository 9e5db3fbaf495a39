//! What holds for any JSON.

use fixture::customer;
use proptest::prelude::*;
use serde_json::Value;

use super::mapped::{leaves, map};

/// Any JSON value, with the names of a customer's fields more often than chance would have them.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z]{1,8}@[a-z]{1,8}\\.com".prop_map(Value::from),
    ];
    let names: Vec<String> = pointers(&customer())
        .iter()
        .map(|pointer| pointer.rsplit('/').next().unwrap().to_owned())
        .collect();
    let name = prop_oneof![prop::sample::select(names), any::<String>()];
    leaf.prop_recursive(4, 64, 10, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..10).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..12)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// The JSON pointers of all fields in an object, those of objects in it included.
fn pointers(value: &Value) -> Vec<String> {
    let Value::Object(fields) = value else {
        return vec![];
    };
    let all = fields.iter().flat_map(|(name, value)| {
        let below = pointers(value)
            .into_iter()
            .map(move |pointer| format!("/{name}{pointer}"));
        std::iter::once(format!("/{name}")).chain(below)
    });
    all.collect()
}

/// The valid customer, some of its fields replaced by any JSON.
fn nearly_valid() -> impl Strategy<Value = Value> {
    let paths = prop::sample::select(pointers(&customer()));
    prop::collection::vec((paths, any_json()), 0..3).prop_map(|changes| {
        changes
            .into_iter()
            .fold(customer(), |mut customer, (path, value)| {
                if let Some(field) = customer.pointer_mut(&path) {
                    *field = value;
                }
                customer
            })
    })
}

proptest! {
    #[test]
    fn any_json_is_an_order_or_violations(customer in prop_oneof![any_json(), nearly_valid()]) {
        let first = map(&customer);
        prop_assert_eq!(&first, &map(&customer));
        match first {
            Err(violations) => prop_assert!(!violations.is_empty()),
            Ok(order) => for value in leaves(&order) {
                prop_assert!(!value.trim().is_empty(), "{} has a blank", order);
            },
        }
    }
}
