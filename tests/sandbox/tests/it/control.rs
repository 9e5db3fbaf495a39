//! `/control/…`

use reqwest::RequestBuilder;
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};

use crate::caller::{
    ask_for_token, client, get_customers, json_of, order, post, problem, soon, start, token,
};

fn send(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request
        .header("content-type", "application/json")
        .body(body.to_string())
}

async fn put_faults(sandbox: &Sandbox, rules: Value) -> u16 {
    let request = client().put(format!("{}/control/faults", sandbox.base_url()));
    send(request, &rules).send().await.unwrap().status().as_u16()
}

async fn do_post(sandbox: &Sandbox, path: &str, body: Value) -> u16 {
    let request = client().post(format!("{}/control/{path}", sandbox.base_url()));
    send(request, &body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn state_reports_the_record() {
    let sandbox = start(Settings::default()).await;
    let url = format!("{}/control/state", sandbox.base_url());
    let empty = json!({
        "counters": {
            "source_requests": 0, "customers_served": 0, "token_requests": 0, "token_grants": 0,
            "order_posts": 0, "orders_stored": 0, "orders_duplicate": 0,
            "posts_in_flight": 0, "max_posts_in_flight": 0,
            "source_statuses": {}, "token_statuses": {}, "order_statuses": {},
        },
        "ledger": {}, "order_requests": [], "token_requests": [], "rule_hits": [],
    });
    assert_eq!(json_of(client().get(&url).send().await.unwrap()).await, empty);

    let token = token(&sandbox).await;
    let order = order(1);
    post(&sandbox, &token, &order).send().await.unwrap();
    let state = json_of(client().get(&url).send().await.unwrap()).await;
    let id = "ORD-20231015-0000000000000001";
    assert_eq!(
        state["ledger"],
        json!({id: {"order": order, "body": order.to_string(), "posts": 1}})
    );
    assert_eq!(
        state["order_requests"],
        json!([{"order_id": id, "customer_id": "1", "attempt": 1, "status": 201}])
    );
    assert_eq!(
        state["token_requests"],
        json!([{"client_id": "fixture-client", "client_auth": "basic", "scope": null, "audience": null, "status": 200}])
    );
    assert_eq!(state["counters"]["order_statuses"], json!({"201": 1}));
    let all = state.to_string();
    assert!(!all.contains(&token) && !all.contains("fixture-client-secret"));
}

#[tokio::test]
async fn faults_are_a_list_of_rules() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let rules = json!([
        {"endpoint": "orders", "attempts": [1], "calls": {"from": 1, "to": 1}, "latency_ms": 1,
         "action": {"answer": {"status": 503, "headers": {"retry-after": "2"}, "body": "later"}}},
        {"endpoint": "orders", "attempts": {"from": 1}, "customer_id": "2", "action": {"oversize": {"bytes": 2,
         "instead": {"status": 413, "body": "x"}}}},
        {"endpoint": "orders", "order_id": "ORD-20231015-0000000000000003", "action": "reset"},
        {"endpoint": "token", "chance": {"percent": 100, "seed": 5}, "action": {"answer": {"status": 500}}},
        {"endpoint": "customers", "action": {"truncate": {"reset": true}}},
        {"endpoint": "customers", "action": {"slow": {"delay_ms": 5}}},
        {"endpoint": "customers", "action": "close"},
        {"endpoint": "customers", "action": "hang"},
        {"endpoint": "customers", "action": "lose_answer"},
        {"endpoint": "customers", "action": {"raw": {"text": "HTTP/1.1 204 No Content\r\n\r\n", "then": "close"}}},
        {"endpoint": "customers", "action": {"alter": {"status": 201, "headers": [["x", "y"]], "without": ["link"],
         "before": "\u{feff}"}}},
        {"endpoint": "customers", "action": {"echo": {"status": 400, "format": "text",
         "parts": ["authorization", "body", "values", {"value": "/a"}], "spellings": ["plain", "json_in_json"]}}},
        {"endpoint": "customers", "action": {"under_way": {"ends_after_ms": 1, "fails": true}}},
        {"endpoint": "customers", "action": {"disconnect": {"reset": true}}},
        {"endpoint": "customers", "action": {"bomb": {"coding": "brotli", "bytes": 9, "zeros": true}}},
        {"endpoint": "orders", "body_contains": "x", "chance": {"percent": 1, "whole_orders": true}, "action": "hang"},
        {"endpoint": "customers", "action": "pass"},
        {"endpoint": "customers"},
    ]);
    assert_eq!(put_faults(&sandbox, rules).await, 204);
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(
        (response.status().as_u16(), response.text().await.unwrap()),
        (503, "later".to_owned())
    );
    let response = post(&sandbox, &token, &order(2)).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.text().await.unwrap()),
        (413, "  x".to_owned())
    );
    assert!(post(&sandbox, &token, &order(3)).send().await.is_err());
    assert_eq!(ask_for_token(&sandbox).send().await.unwrap().status(), 500);
    assert_eq!(put_faults(&sandbox, json!([])).await, 204);
    assert_eq!(ask_for_token(&sandbox).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn invalid_rule_is_refused() {
    let sandbox = start(Settings::default()).await;
    for wrong in [
        json!({"endpoint": "orders"}),
        json!([{}]),
        json!([{"endpoint": "nowhere"}]),
        json!([{"endpoint": "orders", "atempts": [1]}]),
        json!([{"endpoint": "orders", "action": "explode"}]),
        json!([{"endpoint": "orders", "action": {"answer": {"status": 503, "retry_after": 2}}}]),
        json!([{"endpoint": "orders", "action": {"slow": {}}}]),
    ] {
        assert_eq!(put_faults(&sandbox, wrong.clone()).await, 422, "{wrong}");
    }
}

#[tokio::test]
async fn customers_are_replaced_verbatim() {
    let sandbox = start(Settings::default()).await;
    let url = format!("{}/control/customers", sandbox.base_url());
    let response = client()
        .put(&url)
        .body("[ {\"a\" : 1}, 2 ]")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(
        get_customers(&sandbox)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "[{\"a\" : 1},2]"
    );
    let detail = problem(client().put(&url).body("{}").send().await.unwrap(), 400).await;
    assert!(detail.starts_with("send a JSON array of customers: "), "{detail}");
    let many = format!("[{}1]", "\"0123456789\",".repeat(400_000));
    assert_eq!(client().put(&url).body(many).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn tokens_are_revoked() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    assert_eq!(do_post(&sandbox, "tokens/revoke", json!(null)).await, 204);
    assert_eq!(
        post(&sandbox, &token, &order(1)).send().await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn credentials_are_rotated() {
    let sandbox = start(Settings::default()).await;
    let (former_key, former_secret) = (get_customers(&sandbox), ask_for_token(&sandbox));
    assert_eq!(
        do_post(&sandbox, "client-secret", json!({"client_secret": "s2"})).await,
        204
    );
    assert_eq!(do_post(&sandbox, "api-key", json!({"api_key": "k2"})).await, 204);
    assert_eq!(former_key.send().await.unwrap().status(), 401);
    assert_eq!(former_secret.send().await.unwrap().status(), 401);
    let settings = sandbox.settings();
    assert_eq!(
        (settings.api_key.as_str(), settings.client_secret.as_str()),
        ("k2", "s2")
    );
    assert_eq!(
        do_post(&sandbox, "client-secret", json!({"secret": "s3"})).await,
        422
    );
}

#[tokio::test]
async fn reset_keeps_customers_and_settings() {
    let sandbox = start(Settings::default()).await;
    sandbox.set_customers(sandbox::Customers::parse(b"[1]").unwrap());
    let former = token(&sandbox).await;
    assert_eq!(
        put_faults(
            &sandbox,
            json!([{"endpoint": "orders", "attempts": [2], "action": "reset"}])
        )
        .await,
        204
    );
    post(&sandbox, &former, &order(1)).send().await.unwrap();
    assert_eq!(do_post(&sandbox, "reset", json!(null)).await, 204);
    assert_eq!(sandbox.counters(), sandbox::Counters::default());
    assert_eq!(
        post(&sandbox, &former, &order(1)).send().await.unwrap().status(),
        401
    );
    let next = token(&sandbox).await;
    assert_eq!(
        post(&sandbox, &next, &order(1)).send().await.unwrap().status(),
        201
    );
    let attempts = sandbox.read(|record| {
        record
            .order_requests
            .iter()
            .map(|post| post.attempt)
            .collect::<Vec<_>>()
    });
    assert_eq!(attempts, [1, 2]);
    assert_eq!(
        get_customers(&sandbox)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "[1]"
    );
}

#[tokio::test]
async fn connections_are_frozen_and_requests_finished() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let rules = json!([{"endpoint": "orders", "attempts": [1], "action": {"under_way": {}}}]);
    assert_eq!(put_faults(&sandbox, rules).await, 204);
    let under_way = tokio::spawn(post(&sandbox, &token, &order(1)).send());
    soon(sandbox.until(|record| record.counters.order_posts == 1)).await;
    let pooling = client();
    let page = || {
        pooling
            .get(sandbox.customers_url())
            .header("x-api-key", "fixture-api-key")
    };
    page().send().await.unwrap().bytes().await.unwrap();
    assert_eq!(do_post(&sandbox, "freeze", json!(null)).await, 204);
    assert!(page().send().await.is_err());
    assert_eq!(do_post(&sandbox, "requests/finish", json!(null)).await, 204);
    let response = soon(under_way).await.unwrap().unwrap();
    assert_eq!(response.status(), 201);
}

/// The rules in the table of docs/development.md.
fn documented_rules() -> Vec<Value> {
    let document = include_str!("../../../../docs/development.md");
    let cells = document.lines().filter_map(|line| line.split("| `{").nth(1));
    let rules = cells.filter_map(|cell| cell.strip_suffix("` |"));
    rules
        .map(|rule| serde_json::from_str(&format!("{{{rule}")).unwrap())
        .collect()
}

#[tokio::test]
async fn documented_rules_are_accepted() {
    let sandbox = start(Settings::default()).await;
    let rules = documented_rules();
    assert!(rules.len() > 10, "{rules:?}");
    for rule in rules {
        assert_eq!(put_faults(&sandbox, json!([rule])).await, 204, "{rule}");
    }
}
