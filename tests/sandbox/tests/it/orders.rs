//! `POST /orders`

use fixture::Change;
use sandbox::{OrderRequest, Settings};
use serde_json::json;

use crate::caller::{client, json_of, order, post, problem, start, token};

#[tokio::test]
async fn first_post_stores_its_bytes() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let order = order(1);
    let pretty = serde_json::to_string_pretty(&order).unwrap();
    let response = post(&sandbox, &token, &order)
        .body(pretty.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(
        json_of(response).await,
        json!({"orderId": "ORD-20231015-0000000000000001"})
    );
    let ledger = sandbox.ledger();
    assert_eq!(
        ledger.keys().collect::<Vec<_>>(),
        ["ORD-20231015-0000000000000001"]
    );
    let entry = &ledger["ORD-20231015-0000000000000001"];
    assert_eq!(entry.body, pretty);
    assert_eq!(entry.posts, 1);
    assert_eq!(serde_json::to_value(&entry.order).unwrap(), order);
}

#[tokio::test]
async fn second_post_is_a_duplicate() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let first = order(1);
    assert_eq!(post(&sandbox, &token, &first).send().await.unwrap().status(), 201);
    let second = first
        .clone()
        .with(&fixture::example().order_date_pointer, "2023-10-15T14:30:01Z");
    let response = post(&sandbox, &token, &second).send().await.unwrap();
    assert!(!response.headers().contains_key("retry-after"));
    assert_eq!(problem(response, 409).await, "an order with this orderId exists");
    let entry = sandbox.ledger().remove("ORD-20231015-0000000000000001").unwrap();
    assert_eq!(entry.body, first.to_string());
    assert_eq!(entry.posts, 2);
    let counters = sandbox.counters();
    assert_eq!(
        (
            counters.order_posts,
            counters.orders_stored,
            counters.orders_duplicate
        ),
        (2, 1, 1)
    );
    assert_eq!(counters.order_statuses, [(201, 1), (409, 1)].into());
    let request = |attempt, status| OrderRequest {
        order_id: "ORD-20231015-0000000000000001".into(),
        customer_id: "1".into(),
        attempt,
        status: Some(status),
    };
    assert_eq!(
        sandbox.read(|record| record.order_requests.clone()),
        [request(1, 201), request(2, 409)]
    );
}

#[tokio::test]
async fn invalid_token_is_challenged() {
    let sandbox = start(Settings::default()).await;
    let detail = "the bearer token is missing or not valid";
    let response = post(&sandbox, "wrong", &order(1)).send().await.unwrap();
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer realm=\"sandbox\", error=\"invalid_token\""
    );
    assert_eq!(problem(response, 401).await, detail);
    let response = client()
        .post(sandbox.orders_url())
        .body(order(1).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"sandbox\"");
    assert_eq!(problem(response, 401).await, detail);
    assert_eq!(sandbox.counters().orders_stored, 0);
    // Both were posts of the same order, the second identified by its body alone.
    let attempts = sandbox.read(|record| {
        record
            .order_requests
            .iter()
            .map(|post| post.attempt)
            .collect::<Vec<_>>()
    });
    assert_eq!(attempts, [1, 2]);
}

#[tokio::test]
async fn idempotency_key_must_be_the_order_id() {
    let idempotency_key_header = "x-once".to_owned();
    let sandbox = start(Settings {
        idempotency_key_header,
        ..Settings::default()
    })
    .await;
    let token = token(&sandbox).await;
    let order = order(1);
    let missing = post(&sandbox, &token, &order).send().await.unwrap();
    assert_eq!(problem(missing, 400).await, "x-once is missing");
    let other = post(&sandbox, &token, &order).header("x-once", "ORD-20231015-0000000000000002");
    assert_eq!(
        problem(other.send().await.unwrap(), 400).await,
        "x-once is not the orderId"
    );
    let same = post(&sandbox, &token, &order).header("X-Once", "ORD-20231015-0000000000000001");
    assert_eq!(same.send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn repeated_field_is_refused() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let order = order(1);
    let name = order.as_object().unwrap().keys().next().unwrap();
    let twice = order.to_string().replacen('{', &format!(r#"{{"{name}":1,"#), 1);
    let request = post(&sandbox, &token, &order).body(twice);
    let detail = problem(request.send().await.unwrap(), 422).await;
    assert!(
        detail.contains(&format!("{name}: the field is there twice")),
        "{detail}"
    );
}

#[tokio::test]
async fn body_that_is_not_json_is_refused() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let request = || post(&sandbox, &token, &order(1));
    let cut = problem(request().body("{\"orderId\"").send().await.unwrap(), 400).await;
    assert!(cut.contains("EOF"), "{cut}");
    let twice = problem(
        request().body(format!("{} {{}}", order(1))).send().await.unwrap(),
        400,
    )
    .await;
    assert!(twice.contains("trailing characters"), "{twice}");
    let form = client()
        .post(sandbox.orders_url())
        .bearer_auth(&token)
        .header("idempotency-key", "ORD-20231015-0000000000000001")
        .header("content-type", "text/plain")
        .body(order(1).to_string());
    assert_eq!(
        problem(form.send().await.unwrap(), 415).await,
        "send application/json"
    );
    assert_eq!(sandbox.counters().orders_stored, 0);
}

#[tokio::test]
async fn unreadable_order_is_recorded_by_its_key() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let without_id = order(9).without(&fixture::example().order_id_pointer);
    for (key, body) in [("K1", "not json".to_owned()), ("K2", without_id.to_string())] {
        let request = client()
            .post(sandbox.orders_url())
            .bearer_auth(&token)
            .header("idempotency-key", key);
        request
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
    }
    let ids = sandbox.read(|record| {
        let ids = record
            .order_requests
            .iter()
            .map(|post| (post.order_id.clone(), post.customer_id.clone()));
        ids.collect::<Vec<_>>()
    });
    assert_eq!(ids, [("K1".into(), String::new()), ("K2".into(), "9".into())]);
}

#[tokio::test]
async fn api_key_takes_the_place_of_a_token() {
    let destination_api_key = Some(("x-key".to_owned(), "Key fixture-key".to_owned()));
    let sandbox = start(Settings {
        destination_api_key,
        ..Settings::default()
    })
    .await;
    let missing = post(&sandbox, "no token", &order(1)).send().await.unwrap();
    assert!(!missing.headers().contains_key("www-authenticate"));
    assert_eq!(problem(missing, 401).await, "x-key is missing or wrong");
    let right = post(&sandbox, "no token", &order(1)).header("X-Key", "Key fixture-key");
    assert_eq!(right.send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn static_headers_are_required_as_set() {
    let destination_headers = vec![("x-version".to_owned(), "2".to_owned())];
    let sandbox = start(Settings {
        destination_headers,
        ..Settings::default()
    })
    .await;
    let token = token(&sandbox).await;
    let request = || post(&sandbox, &token, &order(1));
    for wrong in [request(), request().header("x-version", "1")] {
        let response = wrong.send().await.unwrap();
        assert_eq!(problem(response, 400).await, "x-version is missing or wrong");
    }
    let right = request().header("X-Version", "2");
    assert_eq!(right.send().await.unwrap().status(), 201);
}
