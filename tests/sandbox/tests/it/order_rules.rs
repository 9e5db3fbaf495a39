//! The rules of an order at `POST /orders`.

use sandbox::Settings;
use serde_json::{Value, json};

use crate::caller::{order, post, problem, start, token};

#[tokio::test]
async fn violation_is_a_422_naming_the_field() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let blank = "must not be blank";
    let blanks = "must not begin or end with blanks";
    let rules: [(&str, Value, String); 30] = [
        (
            "/orderId",
            json!("ORD-1"),
            "orderId: must match ^ORD-(([0-9]{6}|[0-9]{8})-)?[0-9A-HJKMNP-TV-Z]{16}$".into(),
        ),
        (
            "/orderId",
            json!(1),
            "orderId: invalid type: integer `1`, expected a string".into(),
        ),
        (
            "/orderDate",
            json!("2023-10-15"),
            "orderDate: must be RFC 3339 in UTC, in whole seconds, ending in Z".into(),
        ),
        (
            "/customerInfo",
            json!([]),
            "customerInfo: invalid length 0, expected struct CustomerInfo".into(),
        ),
        (
            "/customerInfo",
            json!(null),
            "customerInfo: invalid type: null, expected struct CustomerInfo".into(),
        ),
        (
            "/customerInfo/id",
            json!(7),
            "customerInfo.id: invalid type: integer `7`, expected a string".into(),
        ),
        ("/customerInfo/id", json!(""), format!("customerInfo.id: {blank}")),
        (
            "/customerInfo/name",
            json!(" "),
            format!("customerInfo.name: {blank}"),
        ),
        (
            "/customerInfo/name",
            json!(" x"),
            format!("customerInfo.name: {blanks}"),
        ),
        (
            "/customerInfo/contactEmail",
            json!(""),
            format!("customerInfo.contactEmail: {blank}"),
        ),
        (
            "/customerInfo/contactEmail",
            json!("x"),
            "customerInfo.contactEmail: must be an e-mail address".into(),
        ),
        (
            "/customerInfo/contactPhone",
            json!(null),
            "customerInfo.contactPhone: invalid type: null, expected a string".into(),
        ),
        (
            "/customerInfo/contactPhone",
            json!(" "),
            format!("customerInfo.contactPhone: {blank}"),
        ),
        (
            "/customerInfo/contactPhone",
            json!("1 "),
            format!("customerInfo.contactPhone: {blanks}"),
        ),
        (
            "/shippingAddress/line1",
            json!("\t"),
            format!("shippingAddress.line1: {blank}"),
        ),
        (
            "/shippingAddress/line1",
            json!("x\n"),
            format!("shippingAddress.line1: {blanks}"),
        ),
        (
            "/shippingAddress/city",
            json!(""),
            format!("shippingAddress.city: {blank}"),
        ),
        (
            "/shippingAddress/city",
            json!(" x"),
            format!("shippingAddress.city: {blanks}"),
        ),
        (
            "/shippingAddress/region",
            json!(""),
            format!("shippingAddress.region: {blank}"),
        ),
        (
            "/shippingAddress/region",
            json!("x "),
            format!("shippingAddress.region: {blanks}"),
        ),
        (
            "/shippingAddress/postalCode",
            json!(""),
            format!("shippingAddress.postalCode: {blank}"),
        ),
        (
            "/shippingAddress/postalCode",
            json!(12345),
            "shippingAddress.postalCode: invalid type: integer `12345`, expected a string".into(),
        ),
        ("-/orderId", json!(null), "missing field `orderId`".into()),
        ("-/orderDate", json!(null), "missing field `orderDate`".into()),
        (
            "-/customerInfo",
            json!(null),
            "missing field `customerInfo`".into(),
        ),
        (
            "-/customerInfo/name",
            json!(null),
            "customerInfo: missing field `name`".into(),
        ),
        (
            "-/shippingAddress/city",
            json!(null),
            "shippingAddress: missing field `city`".into(),
        ),
        ("/more", json!(1), "more: unknown field `more`".into()),
        (
            "/customerInfo/more",
            json!(1),
            "customerInfo.more: unknown field `more`".into(),
        ),
        (
            "/shippingAddress/line2",
            json!("x"),
            "shippingAddress.line2: unknown field `line2`".into(),
        ),
    ];
    for (field, value, expected) in rules {
        let mut order = order(1);
        let (parent, name) = field.trim_start_matches('-').rsplit_once('/').unwrap();
        let parent = order.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if field.starts_with('-') {
            parent.remove(name);
        } else {
            parent.insert(name.to_owned(), value);
        }
        let detail = problem(post(&sandbox, &token, &order).send().await.unwrap(), 422).await;
        assert!(detail.contains(&expected), "{field}: {detail}");
    }
    assert_eq!(sandbox.counters().orders_stored, 0);
}

#[tokio::test]
async fn order_without_phone_is_valid() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let mut order = order(1);
    order["customerInfo"]
        .as_object_mut()
        .unwrap()
        .remove("contactPhone");
    assert_eq!(post(&sandbox, &token, &order).send().await.unwrap().status(), 201);
    let entry = sandbox.ledger().remove("ORD-20231015-0000000000000001").unwrap();
    assert_eq!(serde_json::to_value(&entry.order).unwrap(), order);
}
