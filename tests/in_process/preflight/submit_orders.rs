//! `submit-orders`: the secret, a token, and a connection to the destination.

use integration_tests::bridge::DESTINATION_SECRET;

use super::*;

async fn bridge() -> Bridge {
    Bridge::start(Settings::default(), |environment| environment).await
}

async fn checked_with(change: impl FnOnce(Environment) -> Environment) -> Value {
    check_submit_orders(&Bridge::start(Settings::default(), change).await).await
}

/// The answer where the token endpoint's first request meets this.
async fn checked_on(action: impl Into<Action>) -> Value {
    let bridge = bridge().await;
    bridge.sandbox.set_faults([Rule::on(Endpoint::Token, action)]);
    check_submit_orders(&bridge).await
}

/// A refusal as RFC 6749 §5.2 has it, with words that must not be repeated.
fn refusal(status: u16, code: &str) -> Answer {
    let error = json!({"error": code, "error_description": API_TEXT});
    Answer::status(status).body("application/json", error.to_string())
}

#[tokio::test]
async fn destination_that_works_passes_each_step() {
    let bridge = bridge().await;
    let answer = check_submit_orders(&bridge).await;
    assert_eq!(
        outcome(&answer),
        [("secret", true), ("token", true), ("destination", true)]
    );
    assert_eq!(bridge.sandbox.counters().token_requests, 1);
}

#[tokio::test]
async fn check_reads_secret_and_token_anew() {
    let bridge = bridge().await;
    bridge.enqueue([fixture::message(&fixture::customer())]);
    bridge.drain().await;
    bridge.sandbox.rotate_client_secret("fixture-client-secret-2");
    let invocation = until(Instant::now() + FUNCTION_TIMEOUT);
    let answer = bridge.submit.answer(&raw(&check()), invocation).await.unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    assert_failed(
        &answer,
        "token",
        "401 invalid_client",
        "correct client_id and client_secret",
    );
    // The orders' token and circuit breaker are as they were, and their metrics count what is theirs.
    bridge.enqueue([fixture::message(&fixture::customer_with_id("2"))]);
    assert_eq!(bridge.deliver(1).await.1, [""; 0]);
    assert_eq!(bridge.sandbox.counters().token_requests, 2);
    let metrics = bridge.aws.console().metrics();
    assert_eq!(integration_tests::emf::sum(&metrics, "TokenRequests"), 1.0);
}

#[tokio::test]
async fn refused_client_fails() {
    for (answer, says, to_do) in [
        (
            refusal(401, "invalid_client"),
            "401 invalid_client",
            "set OauthClientAuth to post",
        ),
        (
            refusal(400, "invalid_scope"),
            "400 invalid_scope",
            "correct OauthScope",
        ),
        (
            refusal(400, "unauthorized_client"),
            "400 unauthorized_client",
            "client_credentials",
        ),
        (
            refusal(400, "unsupported_grant_type"),
            "400 unsupported_grant_type",
            "correct TokenUrl",
        ),
        (
            refusal(400, "invalid_target"),
            "400 invalid_target",
            "correct OauthAudience",
        ),
        (
            refusal(400, "invalid_request"),
            "400 invalid_request",
            "OauthScope, OauthAudience",
        ),
        (
            Answer::status(401),
            "401 without an error code",
            "correct client_id and client_secret",
        ),
        (Answer::status(404), "404 without", "there is no token endpoint"),
        (
            Answer::redirect("https://idcanary.example.com/"),
            "307 without",
            "that it redirects to",
        ),
        (
            refusal(503, "temporarily_unavailable"),
            "503",
            "run the check again later",
        ),
        (
            Answer::status(429).retry_after(60),
            "429",
            "run the check again in 60 s",
        ),
        (
            Answer::status(200).body("text/html", API_TEXT),
            "without an access token",
            "correct TokenUrl",
        ),
        (
            Answer::status(201).body("application/json", r#"{"access_token": "a\nb"}"#),
            "201 Created, but no HTTP header can carry the access token",
            "visible ASCII",
        ),
    ] {
        let answer = checked_on(answer).await;
        assert_eq!(
            outcome(&answer),
            [("secret", true), ("token", false), ("destination", true)]
        );
        assert_failed(&answer, "token", says, to_do);
    }
}

#[tokio::test]
async fn other_client_authentication_is_suggested() {
    // The sandbox accepts Basic only.
    let answer = checked_with(|environment| environment.with("OAUTH_CLIENT_AUTH", "post")).await;
    assert_failed(
        &answer,
        "token",
        "401 invalid_client",
        "set OauthClientAuth to basic",
    );
}

#[tokio::test]
async fn api_key_is_read_and_not_proven() {
    let by_key = |environment: Environment| {
        environment
            .with("DESTINATION_AUTH", "header")
            .with("TOKEN_URL", "")
    };
    let bridge = Bridge::start(Settings::default(), by_key).await;
    bridge
        .aws
        .set_secret(DESTINATION_SECRET, r#"{"api_key": "hunter2"}"#);
    let answer = check_submit_orders(&bridge).await;
    assert_eq!(outcome(&answer), [("secret", true), ("destination", true)]);
    let says = step(&answer, "secret")["says"].as_str().unwrap();
    assert!(
        says.ends_with("whether the destination accepts it, only the first order shows"),
        "{says}"
    );
    bridge
        .aws
        .set_secret(DESTINATION_SECRET, r#"{"api_key": "hunter2\n"}"#);
    let answer = check_submit_orders(&bridge).await;
    assert_failed(&answer, "secret", "no HTTP header can carry", "correct the value");
}

#[tokio::test]
async fn destination_check_carries_no_credential() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/orders?tenant=7", listener.local_addr().unwrap());
    let request = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
            .await
            .unwrap();
        request.truncate(read);
        String::from_utf8(request).unwrap()
    });
    let answer = checked_with(|environment| environment.with("DESTINATION_URL", url)).await;
    let says = step(&answer, "destination")["says"].as_str().unwrap();
    assert!(says.contains("it answered 405 to HEAD /"), "{says}");
    let request = request.await.unwrap();
    assert!(request.starts_with("HEAD / HTTP/1.1\r\n"), "{request}");
    assert!(!request.to_lowercase().contains("authorization"), "{request}");
}
