//! Answers that repeat what they were sent.

use fixture::Change;
use sandbox::{Echo, EchoFormat, EchoPart, Endpoint, Rule, Settings, Spelling};
use serde_json::{Value, json};

use crate::caller::{ask_for_token, json_of, order, post, problem, start, token};

/// An order, and values that are spelled differently in every spelling.
fn echoed() -> Value {
    let values = json!({"name": "John Doe", "email": "john.doe@example.com", "phone": "555-123-4567",
        "line1": "123 Main St", "zip": "12345"});
    order(1).with("/echoed", values)
}

#[tokio::test]
async fn value_of_the_order_is_repeated_as_spelled() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    for (pointer, spelling, expected) in [
        ("/echoed/name", Spelling::Upper, "JOHN DOE"),
        ("/echoed/phone", Spelling::Digits, "5551234567"),
        ("/echoed/line1", Spelling::Percent, "123%20Main%20St"),
    ] {
        let echo = Echo::problem(422, EchoPart::Value(pointer.to_owned()), spelling);
        sandbox.set_faults([Rule::on(Endpoint::Orders, echo)]);
        let response = post(&sandbox, &token, &echoed()).send().await.unwrap();
        assert_eq!(problem(response, 422).await, expected);
    }
    assert_eq!(sandbox.counters().orders_stored, 0);
}

#[tokio::test]
async fn all_values_are_repeated_in_every_spelling() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let echo = Echo::problem(400, EchoPart::Values, Spelling::Plain).spellings(Spelling::ALL);
    sandbox.set_faults([Rule::on(Endpoint::Orders, echo)]);
    let response = post(&sandbox, &token, &echoed()).send().await.unwrap();
    let detail = problem(response, 400).await;
    for value in ["John Doe", "john.doe@example.com", "12345"] {
        for spelling in Spelling::ALL {
            let spelled = spelling.spell(value);
            assert!(detail.contains(&spelled), "{spelling:?} of {value}: {detail}");
        }
    }
}

#[tokio::test]
async fn gateway_repeats_the_authorization_header() {
    let sandbox = start(Settings::default()).await;
    let echo = Echo::problem(403, EchoPart::Authorization, Spelling::Plain).format(EchoFormat::Text);
    sandbox.set_faults([Rule::on(Endpoint::Token, echo)]);
    let response = ask_for_token(&sandbox).send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["content-type"], "text/plain");
    let basic = data_encoding::BASE64.encode(b"fixture-client:fixture-client-secret");
    assert_eq!(response.text().await.unwrap(), format!("Basic {basic}"));
}

#[tokio::test]
async fn token_endpoint_repeats_the_form_in_its_description() {
    let sandbox = start(Settings::default()).await;
    let echo = Echo::problem(400, EchoPart::Body, Spelling::Percent)
        .parts([EchoPart::Body, EchoPart::Value("grant_type".to_owned())])
        .format(EchoFormat::OauthError);
    sandbox.set_faults([Rule::on(Endpoint::Token, echo)]);
    let response = ask_for_token(&sandbox).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let description = "grant_type%3Dclient_credentials client_credentials";
    assert_eq!(
        json_of(response).await,
        json!({"error": "invalid_request", "error_description": description})
    );
}
