//! APIs that cannot be reached, or do not answer.

use std::sync::Arc;

use integration_tests::bridge::{account, http_client, submit_orders_over};

use super::*;
use crate::connections::tls::Authority;

/// URLs at which no API can be reached, with what the step says and what to do.
const UNREACHABLE: [(&str, &str, &str); 3] = [
    (
        "http://127.0.0.1:1/",
        "the connection was refused",
        "start the service",
    ),
    ("https://no-such-host.invalid/", "(DNS)", "correct the host name"),
    (
        "https://127.0.0.1:1/",
        "the connection was refused",
        "correct host and port",
    ),
];

/// A listener that accepts connections and never writes.
async fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// The answer of the function that has this variable, where it is `url`.
async fn checked_with(variable: &str, url: &str) -> Value {
    let bridge = Bridge::start(Settings::default(), |environment| environment.with(variable, url)).await;
    if variable == "SOURCE_URL" {
        check_fetch_customers(&bridge).await
    } else {
        check_submit_orders(&bridge).await
    }
}

#[tokio::test]
async fn unreachable_api_fails_its_step_alone() {
    let submit = |token, destination| vec![("secret", true), ("token", token), ("destination", destination)];
    for (variable, parameter, name, expected) in [
        (
            "SOURCE_URL",
            "SourceUrl",
            "source",
            vec![("secret", true), ("source", false)],
        ),
        ("TOKEN_URL", "TokenUrl", "token", submit(false, true)),
        (
            "DESTINATION_URL",
            "DestinationUrl",
            "destination",
            submit(true, false),
        ),
    ] {
        for (url, says, to_do) in UNREACHABLE {
            let answer = checked_with(variable, url).await;
            assert_eq!(outcome(&answer), expected);
            assert_failed(&answer, name, says, to_do);
            assert_failed(&answer, name, "is unreachable", parameter);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn api_that_does_not_answer_fails_its_step() {
    let (_listener, address) = silent().await;
    for (variable, name) in [
        ("SOURCE_URL", "source"),
        ("TOKEN_URL", "token"),
        ("DESTINATION_URL", "destination"),
    ] {
        for (scheme, says, to_do) in [
            ("http", "no answer in time", "does not answer in time"),
            ("https", "no connection in time", "security group"),
        ] {
            let answer = checked_with(variable, &format!("{scheme}://{address}/")).await;
            assert_failed(&answer, name, says, to_do);
        }
    }
}

#[tokio::test]
async fn certificate_that_is_not_accepted_fails_its_step() {
    let authority = Authority::new();
    for (name, client, says, to_do) in [
        (
            "127.0.0.1",
            http_client(),
            "an authority that this system trusts",
            "public authority",
        ),
        (
            "api.example.com",
            authority.client(),
            "for another host name",
            "the host name",
        ),
    ] {
        let url = authority.serve(name, None).await;
        let environment = Environment::at(&url, &url, &url);
        let aws = account(&Settings::default());
        let config = ::fetch_customers::config::Config::read(&|name| environment.get(name)).unwrap();
        let fetch = ::fetch_customers::handler::Handler::new(
            config,
            &aws.sdk_config(),
            client.clone(),
            shared::clock::system(),
            aws.console(),
        );
        let submit = submit_orders_over(&environment, &aws, Arc::new(client));
        let (input, invocation) = (raw(&check()), until(Instant::now() + FUNCTION_TIMEOUT));
        let answer = fetch.answer(&input, invocation).await.unwrap();
        assert_failed(&serde_json::to_value(answer).unwrap(), "source", says, to_do);
        let answer = submit.answer(&input, invocation).await.unwrap();
        let answer = serde_json::to_value(answer).unwrap();
        assert_failed(&answer, "token", says, to_do);
        assert_failed(&answer, "destination", says, to_do);
    }
}
