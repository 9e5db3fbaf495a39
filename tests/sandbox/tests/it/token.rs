//! `POST /oauth/token`

use std::time::Duration;

use sandbox::{ClientAuth, ExpiresIn, Sandbox, Settings, TokenRequest};
use serde_json::json;

use crate::caller::{ask_for_token, client, form, json_of, order, post, start, token};

#[tokio::test]
async fn client_gets_a_bearer_token() {
    let sandbox = start(Settings::default()).await;
    let response = ask_for_token(&sandbox).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer = json_of(response).await;
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(token.len(), "fixture-token-".len() + 32);
    assert_eq!(
        answer,
        json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600})
    );
    let counters = sandbox.counters();
    assert_eq!((counters.token_requests, counters.token_grants), (1, 1));
    assert_eq!(counters.token_statuses, [(200, 1)].into());
    assert!(sandbox.credentials().contains(&token.to_owned()));
}

#[tokio::test]
async fn every_token_is_different() {
    let sandbox = start(Settings::default()).await;
    assert_ne!(token(&sandbox).await, token(&sandbox).await);
}

#[tokio::test]
async fn expires_in_is_number_text_or_absent() {
    for (expires_in, stated) in [
        (ExpiresIn::Number, Some(json!(90))),
        (ExpiresIn::Text, Some(json!("90"))),
        (ExpiresIn::Absent, None),
    ] {
        let token_ttl = Duration::from_secs(90);
        let sandbox = start(Settings {
            expires_in,
            token_ttl,
            ..Settings::default()
        })
        .await;
        let answer = json_of(ask_for_token(&sandbox).send().await.unwrap()).await;
        assert_eq!(answer.get("expires_in"), stated.as_ref());
    }
}

#[tokio::test]
async fn scope_and_audience_are_recorded() {
    let sandbox = start(Settings::default()).await;
    let body = "grant_type=client_credentials&scope=orders%3Awrite+x&audience=https%3A%2F%2Fapi";
    let request = form(&sandbox, body).basic_auth("fixture-client", Some("fixture-client-secret"));
    assert_eq!(request.send().await.unwrap().status(), 200);
    let expected = TokenRequest {
        client_id: Some("fixture-client".into()),
        client_auth: Some(ClientAuth::Basic),
        scope: Some("orders:write x".into()),
        audience: Some("https://api".into()),
        status: 200,
    };
    assert_eq!(sandbox.read(|record| record.token_requests.clone()), [expected]);
}

#[tokio::test]
async fn basic_credentials_are_form_encoded_first() {
    let (client_id, client_secret) = ("a:b c".to_owned(), "s=e&c%r+é".to_owned());
    let sandbox = start(Settings {
        client_id,
        client_secret,
        ..Settings::default()
    })
    .await;
    let ask = |id: &str, secret: &str| {
        form(&sandbox, "grant_type=client_credentials")
            .basic_auth(id.to_owned(), Some(secret.to_owned()))
            .send()
    };
    assert_eq!(
        ask("a%3Ab+c", "s%3De%26c%25r%2B%C3%A9").await.unwrap().status(),
        200
    );
    assert_eq!(
        ask("a%3Ab%20c", "s%3De%26c%25r%2B%C3%A9").await.unwrap().status(),
        200
    );
    assert_eq!(ask("a%3Ab+c", "s=e&c%r+é").await.unwrap().status(), 401);
}

async fn refusal(sandbox: &Sandbox, request: reqwest::RequestBuilder, status: u16, error: &str) -> bool {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), status);
    let challenged = response
        .headers()
        .get("www-authenticate")
        .is_some_and(|value| value == "Basic realm=\"sandbox\"");
    assert_eq!(json_of(response).await, json!({ "error": error }));
    assert_eq!(sandbox.counters().token_grants, 0);
    challenged
}

#[tokio::test]
async fn wrong_client_is_invalid_client() {
    let sandbox = start(Settings::default()).await;
    let ask = || form(&sandbox, "grant_type=client_credentials");
    let wrong_secret = ask().basic_auth("fixture-client", Some("wrong"));
    assert!(refusal(&sandbox, wrong_secret, 401, "invalid_client").await);
    let wrong_id = ask().basic_auth("wrong", Some("fixture-client-secret"));
    assert!(refusal(&sandbox, wrong_id, 401, "invalid_client").await);
    let other_scheme = ask().header("authorization", "Bearer x");
    assert!(refusal(&sandbox, other_scheme, 401, "invalid_client").await);
    assert!(!refusal(&sandbox, ask(), 401, "invalid_client").await);
}

const POSTED: &str =
    "grant_type=client_credentials&client_id=fixture-client&client_secret=fixture-client-secret";

#[tokio::test]
async fn client_auth_other_than_set_is_refused() {
    let sandbox = start(Settings::default()).await;
    refusal(&sandbox, form(&sandbox, POSTED), 401, "invalid_client").await;

    let client_auth = ClientAuth::Post;
    let sandbox = start(Settings {
        client_auth,
        ..Settings::default()
    })
    .await;
    refusal(&sandbox, ask_for_token(&sandbox), 401, "invalid_client").await;
    assert_eq!(form(&sandbox, POSTED).send().await.unwrap().status(), 200);
    assert_eq!(
        sandbox.read(|record| record.token_requests[1].client_auth),
        Some(ClientAuth::Post)
    );
}

#[tokio::test]
async fn both_client_auths_are_an_invalid_request() {
    for client_auth in [ClientAuth::Basic, ClientAuth::Post] {
        let sandbox = start(Settings {
            client_auth,
            ..Settings::default()
        })
        .await;
        let both = form(&sandbox, POSTED).basic_auth("fixture-client", Some("fixture-client-secret"));
        refusal(&sandbox, both, 400, "invalid_request").await;
    }
}

#[tokio::test]
async fn other_grants_are_refused() {
    let sandbox = start(Settings::default()).await;
    for (body, error) in [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        (
            "grant_type=client_credentials&grant_type=client_credentials",
            "invalid_request",
        ),
    ] {
        let request = form(&sandbox, body).basic_auth("fixture-client", Some("fixture-client-secret"));
        refusal(&sandbox, request, 400, error).await;
    }
    let json = client()
        .post(sandbox.token_url())
        .basic_auth("fixture-client", Some("fixture-client-secret"));
    refusal(
        &sandbox,
        json.header("content-type", "application/json").body("{}"),
        400,
        "invalid_request",
    )
    .await;
}

#[tokio::test]
async fn rotated_secret_keeps_issued_tokens() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let with_the_former = ask_for_token(&sandbox);
    sandbox.rotate_client_secret("fixture-client-secret-2");
    assert_eq!(with_the_former.send().await.unwrap().status(), 401);
    assert_eq!(ask_for_token(&sandbox).send().await.unwrap().status(), 200);
    assert_eq!(
        post(&sandbox, &token, &order(1)).send().await.unwrap().status(),
        201
    );
    let credentials = sandbox.credentials();
    assert!(credentials.contains(&"fixture-client-secret".to_owned()));
    assert!(credentials.contains(&"fixture-client-secret-2".to_owned()));
}

#[tokio::test]
async fn token_expires() {
    let token_ttl = Duration::from_secs(60);
    let sandbox = start(Settings {
        token_ttl,
        ..Settings::default()
    })
    .await;
    let token = token(&sandbox).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    assert_eq!(
        post(&sandbox, &token, &order(1)).send().await.unwrap().status(),
        201
    );
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    assert_eq!(
        post(&sandbox, &token, &order(2)).send().await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn token_is_used_up() {
    let sandbox = start(Settings {
        token_uses: 2,
        ..Settings::default()
    })
    .await;
    let first = token(&sandbox).await;
    let mut statuses = Vec::new();
    for number in 1..=3 {
        statuses.push(
            post(&sandbox, &first, &order(number))
                .send()
                .await
                .unwrap()
                .status()
                .as_u16(),
        );
    }
    let second = token(&sandbox).await;
    statuses.push(
        post(&sandbox, &second, &order(3))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
    );
    assert_eq!(statuses, [201, 201, 401, 201]);
}

#[tokio::test]
async fn revoked_tokens_are_refused() {
    let sandbox = start(Settings::default()).await;
    let former = token(&sandbox).await;
    sandbox.revoke_tokens();
    assert_eq!(
        post(&sandbox, &former, &order(1)).send().await.unwrap().status(),
        401
    );
    let next = token(&sandbox).await;
    assert_eq!(
        post(&sandbox, &next, &order(1)).send().await.unwrap().status(),
        201
    );
    assert!(sandbox.credentials().contains(&former));
}

#[tokio::test]
async fn token_is_accepted_only_after_its_delay() {
    let token_delay = Duration::from_secs(1);
    let sandbox = start(Settings {
        token_delay,
        ..Settings::default()
    })
    .await;
    let token = token(&sandbox).await;
    let early = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(early.status(), 401);
    tokio::time::pause();
    tokio::time::advance(token_delay).await;
    tokio::time::resume();
    let later = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(later.status(), 201);
}
