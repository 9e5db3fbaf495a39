//! Customers made up from a seed.

use std::collections::{BTreeMap, HashSet};

use fixture::ID;
use sandbox::{Expected, customers};
use serde_json::Value;

#[test]
fn customer_depends_on_index_and_seed() {
    let all = customers::generate(500, 7);
    assert_eq!(all[321], customers::customer(321, 7));
    assert_eq!(all, customers::generate(500, 7));
    assert_ne!(all, customers::generate(500, 8));
}

#[test]
fn about_three_percent_are_invalid() {
    for seed in 0..50 {
        let customers = customers::generate(200, seed);
        let rejected: Vec<_> = customers
            .iter()
            .filter(|customer| !customer.expected.is_order())
            .collect();
        assert!(
            (6..=7).contains(&rejected.len()),
            "seed {seed}: {}",
            rejected.len()
        );
        let without_digits = |json: &str| json.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
        let ways: HashSet<_> = rejected
            .iter()
            .map(|customer| without_digits(&customer.json))
            .collect();
        assert!(ways.len() >= 5, "seed {seed}: {ways:?}");
    }
}

#[test]
fn twelve_blocks_show_every_way_of_being_invalid() {
    let mut fields = BTreeMap::new();
    for customer in customers::generate(12 * 33, 0) {
        if let Expected::Rejected { reason, field } = customer.expected {
            assert_eq!(reason, "invalid_customer");
            *fields.entry(field).or_insert(0) += 1;
        }
    }
    let expected = [
        ("address", 1),
        ("address.city", 1),
        ("address.state", 1),
        ("address.street", 1),
        ("address.zip", 1),
        ("customer", 1),
        (ID, 2),
        ("email", 3),
        ("first_name", 1),
    ];
    assert_eq!(fields, expected.into());
}

#[test]
fn elements_are_json_with_unique_ids() {
    let customers = customers::generate(5_000, 11);
    let mut ids = HashSet::new();
    for customer in &customers {
        let value: Value = serde_json::from_str(&customer.json).unwrap();
        let id = &value[ID];
        let id = id
            .as_str()
            .map(str::to_owned)
            .or(id.as_u64().map(|id| id.to_string()));
        assert_eq!(customer.id, id, "{}", customer.json);
        if let Some(id) = id {
            assert!(ids.insert(id), "{}", customer.json);
        }
        if let Expected::Order(order) = &customer.expected {
            assert_eq!(fixture::example().customer_id(order), customer.id.as_deref());
        }
    }
    assert!(ids.len() > 4_900);
}

/// An own, short reading of the rules, so that the expectations do not rest on themselves alone.
#[test]
fn expectation_follows_from_the_element() {
    for customer in customers::generate(3_000, 5) {
        let Expected::Order(order) = customer.expected else {
            continue;
        };
        let ordered = |pointer: &str| order.pointer(pointer).and_then(Value::as_str);
        let value: Value = serde_json::from_str(&customer.json).unwrap();
        let text = |pointer: &str| {
            value
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::trim)
                .filter(|text| !text.is_empty())
        };
        let name = [text("/first_name"), text("/last_name")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(ordered("/customerInfo/name"), Some(name.as_str()));
        assert_eq!(ordered("/customerInfo/contactEmail"), text("/email"));
        assert_eq!(ordered("/customerInfo/contactPhone"), text("/phone"));
        assert_eq!(ordered("/shippingAddress/line1"), text("/address/street"));
        assert_eq!(ordered("/shippingAddress/city"), text("/address/city"));
        assert_eq!(ordered("/shippingAddress/region"), text("/address/state"));
        let zip = &value["address"]["zip"];
        let zip = zip
            .as_str()
            .map(str::to_owned)
            .or(zip.as_u64().map(|zip| format!("{zip:05}")))
            .unwrap();
        assert_eq!(ordered("/shippingAddress/postalCode"), Some(zip.as_str()));
    }
}

#[test]
fn valid_customers_use_every_freedom() {
    let valid: Vec<_> = customers::generate(200, 0)
        .into_iter()
        .filter(|customer| customer.expected.is_order())
        .collect();
    let any = |what: fn(&str, &Value) -> bool| {
        valid
            .iter()
            .any(|customer| what(&customer.json, &serde_json::from_str(&customer.json).unwrap()))
    };
    assert!(any(|_, value| value["address"]["zip"]
        .as_u64()
        .is_some_and(|zip| zip < 10_000)));
    assert!(any(|_, value| value["address"]["zip"]
        .as_u64()
        .is_some_and(|zip| zip >= 10_000)));
    assert!(any(|_, value| value["address"]["zip"]
        .as_str()
        .is_some_and(|zip| zip.contains('-'))));
    assert!(any(|_, value| value.get("phone").is_some_and(Value::is_null)));
    assert!(any(|_, value| value["phone"] == " "));
    assert!(any(|_, value| value.get("phone").is_none()));
    assert!(any(|_, value| value.get("last_name").is_none()));
    assert!(any(|_, value| value.get("first_name").is_none()));
    assert!(any(|_, value| value[ID].is_u64()));
    assert!(any(|_, value| value.get("tags").is_some()));
    assert!(any(|json, _| json.contains("Žofie")));
    assert!(any(|json, _| json.contains("\"  Given")));
    assert!(any(|json, _| json.contains("\\u0046ixture")));
    assert!(any(|json, _| json.contains(" :\t")));
}

#[test]
fn documented_counts_of_seed_seven_hold() {
    let orders = customers::generate(200, 7)
        .iter()
        .filter(|customer| customer.expected.is_order())
        .count();
    assert_eq!(orders, 193);
}
