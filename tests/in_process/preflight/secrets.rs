//! Secrets that cannot be read or used.

use integration_tests::{
    aws::Fault,
    bridge::{DESTINATION_SECRET, SOURCE_SECRET},
};

use super::*;

async fn bridge() -> Bridge {
    Bridge::start(Settings::default(), |environment| environment).await
}

#[tokio::test]
async fn unusable_source_secret_ends_the_check() {
    for (secret, says, to_do) in [
        ("hunter2", "it is not a JSON object", "correct the value"),
        (
            r#"{"key": "hunter2"}"#,
            "missing, empty or not text: api_key",
            "correct the value",
        ),
        (
            r#"{"api_key": "hunter2\n"}"#,
            "no HTTP header can carry",
            "correct `api_key`",
        ),
    ] {
        let bridge = bridge().await;
        bridge.aws.set_secret(SOURCE_SECRET, secret);
        let answer = check_fetch_customers(&bridge).await;
        assert_eq!(outcome(&answer), [("secret", false)]);
        assert_failed(&answer, "secret", says, to_do);
        assert_failed(&answer, "secret", says, "SourceSecretArn");
        assert_eq!(bridge.sandbox.counters().source_requests, 0);
    }
}

#[tokio::test]
async fn unusable_destination_secret_leaves_the_token_out() {
    for (secret, says) in [
        ("hunter2", "it is not a JSON object"),
        (
            r#"{"client_id": "hunter2"}"#,
            "missing, empty or not text: client_secret",
        ),
    ] {
        let bridge = bridge().await;
        bridge.aws.set_secret(DESTINATION_SECRET, secret);
        let answer = check_submit_orders(&bridge).await;
        // The connection does not depend on it.
        assert_eq!(outcome(&answer), [("secret", false), ("destination", true)]);
        assert_failed(&answer, "secret", says, "DestinationSecretArn");
        assert_eq!(bridge.sandbox.counters().token_requests, 0);
    }
}

#[tokio::test]
async fn secret_that_cannot_be_read_fails() {
    for (code, fetch_does, submit_does) in [
        (
            "ResourceNotFoundException",
            "correct SourceSecretArn",
            "correct DestinationSecretArn",
        ),
        (
            "AccessDeniedException",
            "FetchCustomersRoleArn",
            "SubmitOrdersRoleArn",
        ),
        ("DecryptionFailure", "kms:Decrypt", "kms:Decrypt"),
    ] {
        let bridge = bridge().await;
        bridge.aws.set_faults(move |_| Some(Fault::Refuse(400, code)));
        let answer = check_fetch_customers(&bridge).await;
        assert_failed(&answer, "secret", code, fetch_does);
        let answer = check_submit_orders(&bridge).await;
        assert_failed(&answer, "secret", code, submit_does);
    }
}

#[tokio::test(start_paused = true)]
async fn silent_secrets_manager_fails() {
    let bridge = bridge().await;
    bridge.aws.set_faults(|_| Some(Fault::Hang));
    let answer = check_fetch_customers(&bridge).await;
    assert_failed(&answer, "secret", "no answer in time", "NAT gateway");
}
