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
        ("/orderId", json!(1), "orderId: must be text".into()),
        (
            "/orderDate",
            json!("2023-10-15"),
            "orderDate: must be RFC 3339 in UTC, in whole seconds, ending in Z".into(),
        ),
        (
            "/customerInfo",
            json!([]),
            "customerInfo: must be an object".into(),
        ),
        (
            "/customerInfo",
            json!(null),
            "customerInfo: must be an object".into(),
        ),
        (
            "/customerInfo/id",
            json!(7),
            "customerInfo.id: must be text".into(),
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
            "customerInfo.contactPhone: must be text".into(),
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
            "shippingAddress.postalCode: must be text".into(),
        ),
        ("-/orderId", json!(null), "orderId: is missing".into()),
        ("-/orderDate", json!(null), "orderDate: is missing".into()),
        ("-/customerInfo", json!(null), "customerInfo: is missing".into()),
        (
            "-/customerInfo/name",
            json!(null),
            "customerInfo.name: is missing".into(),
        ),
        (
            "-/shippingAddress/city",
            json!(null),
            "shippingAddress.city: is missing".into(),
        ),
        ("/more", json!(1), "more: is not a field of an order".into()),
        (
            "/customerInfo/more",
            json!(1),
            "customerInfo.more: is not a field of an order".into(),
        ),
        (
            "/shippingAddress/line2",
            json!("x"),
            "shippingAddress.line2: is not a field of an order".into(),
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
