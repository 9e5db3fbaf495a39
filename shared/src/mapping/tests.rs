//! Every rule of the mapping is a row here.

mod mapped;
mod personal;
mod properties;

use fixture::{Change, customer, customer_with_id, only_id, order};
use serde_json::{Value, json};

use super::{customer::read_customer_id, *};
use mapped::{map, map_text, raw};

const ID: &str = fixture::ID_POINTER;

#[test]
fn example_customer_becomes_its_order() {
    assert_eq!(map(&customer()), Ok(order()));
}

#[test]
fn id_constant_matches_the_example() {
    assert_eq!(customer::ID, fixture::ID);
}

#[test]
fn values_are_mapped_as_the_rules_say() {
    for (path, value, order_path, expected) in [
        (ID, json!(7), "/customerInfo/id", json!("7")),
        (ID, json!(" x "), "/customerInfo/id", json!(" x ")),
        (
            "/first_name",
            json!("  Given "),
            "/customerInfo/name",
            json!("Given Doe"),
        ),
        ("/first_name", json!(null), "/customerInfo/name", json!("Doe")),
        ("/last_name", json!(" \t"), "/customerInfo/name", json!("John")),
        (
            "/last_name",
            json!("Ñ 家\"\\"),
            "/customerInfo/name",
            json!("John Ñ 家\"\\"),
        ),
        (
            "/email",
            json!(" a+b@example.com "),
            "/customerInfo/contactEmail",
            json!("a+b@example.com"),
        ),
        (
            "/phone",
            json!(" 555-0102"),
            "/customerInfo/contactPhone",
            json!("555-0102"),
        ),
        (
            "/address/street",
            json!(" 2 Way\n"),
            "/shippingAddress/line1",
            json!("2 Way"),
        ),
        ("/address/city", json!(" B"), "/shippingAddress/city", json!("B")),
        (
            "/address/state",
            json!("NY "),
            "/shippingAddress/region",
            json!("NY"),
        ),
        (
            "/address/zip",
            json!(" 00501 "),
            "/shippingAddress/postalCode",
            json!("00501"),
        ),
        (
            "/address/zip",
            json!("SW1A 1AA"),
            "/shippingAddress/postalCode",
            json!("SW1A 1AA"),
        ),
        (
            "/address/zip",
            json!(501),
            "/shippingAddress/postalCode",
            json!("00501"),
        ),
        (
            "/address/zip",
            json!(0),
            "/shippingAddress/postalCode",
            json!("00000"),
        ),
        (
            "/address/zip",
            json!(12345),
            "/shippingAddress/postalCode",
            json!("12345"),
        ),
        (
            "/address/zip",
            json!(560001),
            "/shippingAddress/postalCode",
            json!("560001"),
        ),
    ] {
        let mapped = map(&customer().with(path, value.clone())).unwrap();
        let found = mapped.pointer(order_path).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{path} = {value}");
    }
}

#[test]
fn either_name_alone_is_the_name() {
    for (absent, name) in [("/first_name", "Doe"), ("/last_name", "John")] {
        let mapped = map(&customer().without(absent)).unwrap();
        assert_eq!(mapped["customerInfo"]["name"], name);
    }
}

#[test]
fn absent_phone_is_left_out() {
    let expected = order().without("/customerInfo/contactPhone");
    assert_eq!(map(&customer().without("/phone")), Ok(expected.clone()));
    for phone in [json!(null), json!("  ")] {
        assert_eq!(map(&customer().with("/phone", phone)), Ok(expected.clone()));
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let customer = customer()
        .with("/loyalty", json!({"tier": 1}))
        .with("/address/floor", 2);
    assert_eq!(map(&customer), Ok(order()));
}

#[test]
fn escapes_in_unknown_fields_are_ignored() {
    for field in [
        r#""tag \ud83d":1"#,
        r#""tag":"\ud83d""#,
        r#""\udc00":{"\ud83d":[]}"#,
    ] {
        let customer = customer().to_string();
        // In the customer, and in each object in it.
        let customer = customer.replace('{', &format!("{{{field},"));
        let mapped: Value = serde_json::from_str(&map_text(&customer).unwrap()).unwrap();
        assert_eq!(mapped, order(), "{field}");
    }
}

#[test]
fn broken_rule_is_a_violation_of_its_field() {
    const REQUIRED: &str = "required, and not blank";
    const TEXT: &str = "must be text";
    const ID_RULE: &str = "required: a string that is not blank, or an integer";
    const EMAIL: &str = "must be a valid e-mail address";
    const ZIP: &str = "must be text or an integer of 0 or more";
    const OBJECT: &str = "must be an object";
    for (path, value, rule) in [
        (ID, json!(null), ID_RULE),
        (ID, json!(""), ID_RULE),
        (ID, json!(" "), ID_RULE),
        (ID, json!(1.5), ID_RULE),
        (ID, json!(["123"]), ID_RULE),
        ("/first_name", json!(7), TEXT),
        ("/last_name", json!(["Family"]), TEXT),
        ("/email", json!(null), REQUIRED),
        ("/email", json!(" "), REQUIRED),
        ("/email", json!(1), TEXT),
        ("/email", json!("example.com"), EMAIL),
        ("/email", json!("a@"), EMAIL),
        ("/email", json!("@example.com"), EMAIL),
        ("/email", json!("a b@example.com"), EMAIL),
        ("/email", json!("a@b@example.com"), EMAIL),
        ("/email", json!("Given <a@example.com>"), EMAIL),
        ("/phone", json!(5_550_101), TEXT),
        ("/address", json!(null), "required"),
        ("/address", json!("1 Fixture Street"), OBJECT),
        ("/address", json!(["s", "c", "st", "z"]), OBJECT),
        ("/address/street", json!(""), REQUIRED),
        ("/address/city", json!(null), REQUIRED),
        ("/address/city", json!({}), TEXT),
        ("/address/state", json!("\u{a0}"), REQUIRED),
        ("/address/zip", json!(null), REQUIRED),
        ("/address/zip", json!(""), REQUIRED),
        ("/address/zip", json!(-1), ZIP),
        ("/address/zip", json!(1234.5), ZIP),
        ("/address/zip", json!(true), ZIP),
    ] {
        let field = path.trim_start_matches('/').replace('/', ".");
        let expected = Err(format!("{field}: {rule}"));
        assert_eq!(map(&customer().with(path, value.clone())), expected, "{value}");
        if value.is_null() {
            assert_eq!(map(&customer().without(path)), expected, "absent");
        }
    }
}

#[test]
fn customer_without_names_is_invalid() {
    let nameless = customer().without("/first_name").without("/last_name");
    let expected = "first_name, last_name: one of the two is required, and not blank";
    assert_eq!(map(&nameless).unwrap_err(), expected);
}

#[test]
fn name_without_text_is_one_violation() {
    let expected = "first_name: must be text";
    let customer = customer().with("/first_name", 7).without("/last_name");
    assert_eq!(map(&customer).unwrap_err(), expected);
    let lone_surrogate = fixture::customer().to_string().replace("John", "\\ud800");
    assert_eq!(map_text(&lone_surrogate).unwrap_err(), expected);
}

#[test]
fn what_is_no_object_is_no_customer() {
    for customer in [
        "null",
        "5",
        r#""Given Family""#,
        r#"["123", "Given"]"#,
        "[]",
        "true",
    ] {
        let expected = "customer: must be an object";
        assert_eq!(map_text(customer).unwrap_err(), expected, "{customer}");
    }
}

#[test]
fn repeated_field_is_a_violation() {
    let twice = |field: &str| customer().to_string().replacen('{', &format!("{{{field},"), 1);
    let expected = "customer: a field is there twice";
    for field in [format!(r#""{}":"7""#, fixture::ID), r#""email":null"#.to_owned()] {
        assert_eq!(map_text(&twice(&field)).unwrap_err(), expected, "{field}");
    }
    let expected = "address: a field is there twice";
    let twice = customer().to_string().replace(r#""zip""#, r#""zip":"1","zip""#);
    assert_eq!(map_text(&twice).unwrap_err(), expected);
}

#[test]
fn all_violations_are_reported_together() {
    let customer = json!({"email": "x", "address": {"street": "x", "city": " ", "zip": []}, "phone": 1});
    assert_eq!(
        map(&customer).unwrap_err(),
        format!(
            "{}: required: a string that is not blank, or an integer; \
         first_name, last_name: one of the two is required, and not blank; \
         email: must be a valid e-mail address; phone: must be text; \
         address.city: required, and not blank; address.state: required, and not blank; \
         address.zip: must be text or an integer of 0 or more",
            fixture::ID
        )
    );
}

#[test]
fn order_id_depends_on_customer_and_instant() {
    let id = |customer: Value, order_date: &str| {
        let message = Message {
            order_date: order_date.parse().unwrap(),
            customer: &raw(&customer.to_string()),
        };
        map_customer(&message, OneOrderPer::Run)
            .1
            .unwrap()
            .order_id
            .to_string()
    };
    let date = fixture::order_date();
    let customer_id = fixture::customer_id();
    let expected = fixture::order_id();
    assert_eq!(id(customer(), date), expected);
    assert_eq!(id(customer_with_id(customer_id), date), expected);
    if let Ok(integer) = customer_id.parse::<u64>() {
        assert_eq!(id(customer_with_id(integer), date), expected);
    }
    assert_eq!(id(customer().with("/email", "other@example.com"), date), expected);
    assert_ne!(id(customer_with_id(format!("0{customer_id}")), date), expected);
    let id = |order_date| id(customer(), order_date);
    assert_eq!(id("2023-10-15T14:30:00Z"), id("2023-10-15T16:30:00.5+02:00"));
    assert_ne!(id("2023-10-15T14:30:00Z"), id("2023-10-15T14:30:01Z"));
}

#[test]
fn invalid_customer_still_has_its_context() {
    for (customer, id) in [
        (only_id(fixture::customer_id()), Some(fixture::customer_id())),
        (customer().with(ID, json!(null)), None),
        (json!([]), None),
    ] {
        let message = Message {
            order_date: fixture::order_date().parse().unwrap(),
            customer: &raw(&customer.to_string()),
        };
        let (context, order) = map_customer(&message, OneOrderPer::Run);
        assert!(order.is_err());
        assert_eq!(context.order_date, Some(message.order_date));
        assert_eq!(context.customer_id.as_ref().map(|id| id.as_str()), id);
        let order_id = id.map(|_| fixture::order_id().to_owned());
        assert_eq!(context.order_id.map(|id| id.to_string()), order_id);
    }
}

#[test]
fn customer_id_is_found_in_json() {
    let id = |json: &str| read_customer_id(&raw(&json.replace("ID", fixture::ID))).map(|id| id.to_string());
    assert_eq!(id(r#"{"email": null, "ID": 7}"#), Some("7".to_owned()));
    assert_eq!(id(r#"{"tag \ud83d": 1, "ID": "7"}"#), Some("7".to_owned()));
    for json in [
        "{}",
        r#"{"ID": null}"#,
        r#"{"ID": "1", "ID": "2"}"#,
        r#"["123"]"#,
        r#""123""#,
        "null",
    ] {
        assert_eq!(id(json), None, "{json}");
    }
}
