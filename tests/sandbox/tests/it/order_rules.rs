//! The rules of an order at `POST /orders`: that it looks like the example's. This example is theirs alone.

use std::sync::LazyLock;

use fixture::Example;
use reqwest::RequestBuilder;
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};

use crate::caller::{client, problem, start, token};

const ORDER_ID: &str = "ORD-20231015-0000000000000001";

static EXAMPLE: LazyLock<Example> = LazyLock::new(|| {
    let json = json!({
        "order_date": "2023-10-15T14:30:00Z",
        "customer": {"id": "123"},
        "order": {
            "orderId": ORDER_ID,
            "customerInfo": {
                "id": "123",
                "name": "John Doe",
                "contactEmail": "john.doe@example.com",
                "contactPhone": "555-123-4567"
            },
            "shippingAddress": {"line1": "123 Main St", "city": "Anytown", "region": "CA", "postalCode": "12345"},
            "orderDate": "2023-10-15T14:30:00Z"
        },
        "optional": ["/customerInfo/contactPhone"]
    });
    Example::parse(&json.to_string(), "id")
});

fn settings() -> Settings {
    Settings {
        example: &EXAMPLE,
        ..Settings::default()
    }
}

fn post(sandbox: &Sandbox, token: &str, order: &Value) -> RequestBuilder {
    client()
        .post(sandbox.orders_url())
        .bearer_auth(token)
        .header("content-type", "application/json")
        .header("idempotency-key", order["orderId"].as_str().unwrap_or("no id"))
        .body(order.to_string())
}

#[tokio::test]
async fn violation_is_a_422_naming_the_field() {
    let sandbox = start(settings()).await;
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
        let mut order = EXAMPLE.order.clone();
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
    let sandbox = start(settings()).await;
    let token = token(&sandbox).await;
    let mut order = EXAMPLE.order.clone();
    order["customerInfo"]
        .as_object_mut()
        .unwrap()
        .remove("contactPhone");
    assert_eq!(post(&sandbox, &token, &order).send().await.unwrap().status(), 201);
    let entry = sandbox.ledger().remove(ORDER_ID).unwrap();
    assert_eq!(serde_json::to_value(&entry.order).unwrap(), order);
}
