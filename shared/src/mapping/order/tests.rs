//! Every rule of the transformation is a row here.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

fn valid() -> Value {
    json!({
        "customer_id": "123", "first_name": "Given", "last_name": "Family", "email": "customer-1@example.com",
        "address": {"street": "1 Fixture Street", "city": "Anytown", "state": "CA", "zip": "12345"},
        "phone": "555-0101"
    })
}

/// The valid customer with one field set, or removed where `value` is `None`.
fn with(path: &str, value: Option<Value>) -> Value {
    let mut customer = valid();
    let (parent, field) = path.rsplit_once('/').unwrap();
    let parent = customer.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => parent.insert(field.to_owned(), value),
        None => parent.remove(field),
    };
    customer
}

fn transform_text(customer: &str) -> Result<Value, String> {
    let customer = RawValue::from_string(customer.to_owned()).unwrap();
    let message = Message {
        order_date: ORDER_DATE.parse().unwrap(),
        customer: &customer,
    };
    transform(&message)
        .1
        .map(|order| serde_json::to_value(order).unwrap())
        .map_err(|broken| broken.to_string())
}

fn transformed(customer: &Value) -> Result<Value, String> {
    transform_text(&customer.to_string())
}

#[test]
fn a_customer_becomes_the_order_of_the_contract() {
    let customer = r#"{"customer_id": "123", "first_name": "John", "last_name": "Doe",
        "email": "john.doe@example.com", "phone": "555-123-4567",
        "address": {"street": "123 Main St", "city": "Anytown", "state": "CA", "zip": "12345"}}"#;
    let raw = RawValue::from_string(customer.to_owned()).unwrap();
    let order = transform(&Message {
        order_date: ORDER_DATE.parse().unwrap(),
        customer: &raw,
    })
    .1
    .unwrap();
    assert_eq!(
        serde_json::to_string(&order).unwrap(),
        concat!(
            r#"{"orderId":"ORD-20231015-TSKDTY56PWC8QZC3","#,
            r#""customerInfo":{"id":"123","name":"John Doe","contactEmail":"john.doe@example.com","#,
            r#""contactPhone":"555-123-4567"},"#,
            r#""shippingAddress":{"line1":"123 Main St","city":"Anytown","region":"CA","postalCode":"12345"},"#,
            r#""orderDate":"2023-10-15T14:30:00Z"}"#
        )
    );
}

#[test]
fn what_a_rule_allows_is_written_as_it_says() {
    let info = "/customerInfo";
    let ship = "/shippingAddress";
    for (path, value, order_path, expected) in [
        (
            "/customer_id",
            Some(json!(123)),
            format!("{info}/id"),
            json!("123"),
        ),
        (
            "/customer_id",
            Some(json!(" x ")),
            format!("{info}/id"),
            json!(" x "),
        ),
        (
            "/first_name",
            Some(json!("  Given ")),
            format!("{info}/name"),
            json!("Given Family"),
        ),
        ("/first_name", None, format!("{info}/name"), json!("Family")),
        (
            "/first_name",
            Some(json!(null)),
            format!("{info}/name"),
            json!("Family"),
        ),
        (
            "/last_name",
            Some(json!(" \t")),
            format!("{info}/name"),
            json!("Given"),
        ),
        (
            "/last_name",
            Some(json!("Ñ 家\"\\")),
            format!("{info}/name"),
            json!("Given Ñ 家\"\\"),
        ),
        (
            "/email",
            Some(json!(" a+b@example.com ")),
            format!("{info}/contactEmail"),
            json!("a+b@example.com"),
        ),
        ("/phone", None, format!("{info}/contactPhone"), Value::Null),
        (
            "/phone",
            Some(json!(null)),
            format!("{info}/contactPhone"),
            Value::Null,
        ),
        (
            "/phone",
            Some(json!("  ")),
            format!("{info}/contactPhone"),
            Value::Null,
        ),
        (
            "/phone",
            Some(json!(" 555-0102")),
            format!("{info}/contactPhone"),
            json!("555-0102"),
        ),
        (
            "/address/street",
            Some(json!(" 2 Way\n")),
            format!("{ship}/line1"),
            json!("2 Way"),
        ),
        (
            "/address/city",
            Some(json!(" B")),
            format!("{ship}/city"),
            json!("B"),
        ),
        (
            "/address/state",
            Some(json!("NY ")),
            format!("{ship}/region"),
            json!("NY"),
        ),
        (
            "/address/zip",
            Some(json!(" 00501 ")),
            format!("{ship}/postalCode"),
            json!("00501"),
        ),
        (
            "/address/zip",
            Some(json!("SW1A 1AA")),
            format!("{ship}/postalCode"),
            json!("SW1A 1AA"),
        ),
        (
            "/address/zip",
            Some(json!(501)),
            format!("{ship}/postalCode"),
            json!("00501"),
        ),
        (
            "/address/zip",
            Some(json!(0)),
            format!("{ship}/postalCode"),
            json!("00000"),
        ),
        (
            "/address/zip",
            Some(json!(12345)),
            format!("{ship}/postalCode"),
            json!("12345"),
        ),
        (
            "/address/zip",
            Some(json!(560001)),
            format!("{ship}/postalCode"),
            json!("560001"),
        ),
        (
            "/loyalty",
            Some(json!({"tier": 1})),
            format!("{info}/id"),
            json!("123"),
        ),
    ] {
        let order = transformed(&with(path, value.clone())).unwrap();
        let found = order.pointer(&order_path).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{path} = {value:?}");
    }
}

#[test]
fn an_absent_phone_is_left_out_of_the_order() {
    let order = transformed(&with("/phone", None)).unwrap();
    assert!(
        order
            .pointer("/customerInfo")
            .unwrap()
            .get("contactPhone")
            .is_none()
    );
}

#[test]
fn what_breaks_a_rule_is_told_field_and_rule() {
    const ID: &str = "customer_id: required: a string that is not blank, or an integer";
    const NAMES: &str = "first_name, last_name: one of the two is required, and not blank";
    const EMAIL: &str = "email: must be a valid e-mail address";
    const ZIP: &str = "address.zip: must be text or an integer of 0 or more";
    for (path, value, expected) in [
        ("/customer_id", None, ID),
        ("/customer_id", Some(json!(null)), ID),
        ("/customer_id", Some(json!("")), ID),
        ("/customer_id", Some(json!(" ")), ID),
        ("/customer_id", Some(json!(1.5)), ID),
        ("/customer_id", Some(json!(["123"])), ID),
        ("/first_name", Some(json!(7)), "first_name: must be text"),
        ("/last_name", Some(json!(["Family"])), "last_name: must be text"),
        ("/email", None, "email: required, and not blank"),
        ("/email", Some(json!(null)), "email: required, and not blank"),
        ("/email", Some(json!(" ")), "email: required, and not blank"),
        ("/email", Some(json!(1)), "email: must be text"),
        ("/email", Some(json!("example.com")), EMAIL),
        ("/email", Some(json!("a@")), EMAIL),
        ("/email", Some(json!("@example.com")), EMAIL),
        ("/email", Some(json!("a b@example.com")), EMAIL),
        ("/email", Some(json!("a@b@example.com")), EMAIL),
        ("/email", Some(json!("Given <a@example.com>")), EMAIL),
        ("/phone", Some(json!(5_550_101)), "phone: must be text"),
        ("/address", None, "address: required"),
        ("/address", Some(json!(null)), "address: required"),
        (
            "/address",
            Some(json!("1 Fixture Street")),
            "address: must be an object",
        ),
        (
            "/address",
            Some(json!(["s", "c", "st", "z"])),
            "address: must be an object",
        ),
        ("/address/street", None, "address.street: required, and not blank"),
        (
            "/address/street",
            Some(json!("")),
            "address.street: required, and not blank",
        ),
        (
            "/address/city",
            Some(json!(null)),
            "address.city: required, and not blank",
        ),
        ("/address/city", Some(json!({})), "address.city: must be text"),
        (
            "/address/state",
            Some(json!("\u{a0}")),
            "address.state: required, and not blank",
        ),
        ("/address/zip", None, "address.zip: required, and not blank"),
        (
            "/address/zip",
            Some(json!(null)),
            "address.zip: required, and not blank",
        ),
        (
            "/address/zip",
            Some(json!("")),
            "address.zip: required, and not blank",
        ),
        ("/address/zip", Some(json!(-1)), ZIP),
        ("/address/zip", Some(json!(1234.5)), ZIP),
        ("/address/zip", Some(json!(true)), ZIP),
    ] {
        assert_eq!(
            transformed(&with(path, value.clone())).unwrap_err(),
            expected,
            "{path} = {value:?}"
        );
    }
    let mut nameless = with("/first_name", None);
    nameless.as_object_mut().unwrap().remove("last_name");
    assert_eq!(transformed(&nameless).unwrap_err(), NAMES);
}

#[test]
fn what_is_no_customer_at_all_is_told_so() {
    for customer in [
        "null",
        "5",
        r#""Given Family""#,
        r#"["123", "Given"]"#,
        "[]",
        "true",
    ] {
        assert_eq!(
            transform_text(customer).unwrap_err(),
            "customer: must be an object",
            "{customer}"
        );
    }
    let twice = r#"{"customer_id": "1", "customer_id": "2"}"#;
    assert_eq!(
        transform_text(twice).unwrap_err(),
        "customer: a field is there twice"
    );
    let lone_surrogate = valid().to_string().replace("Given", "\\ud800");
    assert_eq!(
        transform_text(&lone_surrogate).unwrap_err(),
        "first_name: must be text"
    );
}

#[test]
fn all_broken_rules_are_told_at_once() {
    let customer = json!({"email": "nobody", "address": {"street": "x", "city": " ", "zip": []}, "phone": 1});
    assert_eq!(
        transformed(&customer).unwrap_err(),
        "customer_id: required: a string that is not blank, or an integer; \
         first_name, last_name: one of the two is required, and not blank; \
         email: must be a valid e-mail address; phone: must be text; \
         address.city: required, and not blank; address.state: required, and not blank; \
         address.zip: must be text or an integer of 0 or more"
    );
}

#[test]
fn the_order_id_depends_on_the_customer_and_the_instant_only() {
    let id = |customer: Value, order_date: &str| {
        let customer = RawValue::from_string(customer.to_string()).unwrap();
        let message = Message {
            order_date: order_date.parse().unwrap(),
            customer: &customer,
        };
        transform(&message).1.unwrap().order_id.to_string()
    };
    let expected = "ORD-20231015-TSKDTY56PWC8QZC3";
    assert_eq!(id(valid(), ORDER_DATE), expected);
    assert_eq!(id(with("/customer_id", Some(json!(123))), ORDER_DATE), expected);
    assert_eq!(
        id(with("/email", Some(json!("other@example.com"))), ORDER_DATE),
        expected
    );
    assert_eq!(id(valid(), "2023-10-15T16:30:00.5+02:00"), expected);
    assert_ne!(
        id(with("/customer_id", Some(json!("0123"))), ORDER_DATE),
        expected
    );
    assert_ne!(id(valid(), "2023-10-15T14:30:01Z"), expected);
}

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
    let name = prop_oneof![
        prop::sample::select(vec![
            "customer_id",
            "first_name",
            "last_name",
            "email",
            "phone",
            "address",
            "street",
            "city",
            "state",
            "zip",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    leaf.prop_recursive(4, 64, 10, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..10).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..12)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// The valid customer, some of its fields replaced by any JSON.
fn nearly_valid() -> impl Strategy<Value = Value> {
    let paths = prop::sample::select(vec![
        "/customer_id",
        "/first_name",
        "/last_name",
        "/email",
        "/phone",
        "/address",
        "/address/street",
        "/address/city",
        "/address/state",
        "/address/zip",
    ]);
    prop::collection::vec((paths, any_json()), 0..3).prop_map(|changes| {
        changes.into_iter().fold(valid(), |mut customer, (path, value)| {
            if let Some(field) = customer.pointer_mut(path) {
                *field = value;
            }
            customer
        })
    })
}

proptest! {
    #[test]
    fn any_json_is_an_order_or_broken_rules_and_the_same_each_time(
        customer in prop_oneof![any_json(), nearly_valid()],
    ) {
        let first = transformed(&customer);
        prop_assert_eq!(&first, &transformed(&customer));
        match first {
            Err(broken) => prop_assert!(!broken.is_empty()),
            Ok(order) => for path in ["/customerInfo/id", "/customerInfo/name", "/customerInfo/contactEmail",
                "/shippingAddress/line1", "/shippingAddress/city", "/shippingAddress/region", "/shippingAddress/postalCode"] {
                let value = order.pointer(path).and_then(Value::as_str).unwrap();
                prop_assert!(!value.trim().is_empty(), "{} is blank", path);
            },
        }
    }
}
