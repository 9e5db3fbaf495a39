//! Token, client secret and API key: in no log, no metric, no error and no dead letter, in whatever spelling an API repeats
//! them.

use std::sync::LazyLock;

use data_encoding::BASE64;
use integration_tests::bridge::{Bridge, DESTINATION_SECRET};
use sandbox::{ClientAuth, Echo, EchoFormat, EchoPart, Endpoint, Rule, Settings, Spelling};
use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::logs::{LOGGING, logged};

/// A secret that each encoding spells in another way.
const ODD_SECRET: &str = "fixture+client/secret=with&odd<signs>\"in\"it~1";

const FORMATS: [EchoFormat; 3] = [EchoFormat::Text, EchoFormat::Problem, EchoFormat::OauthError];

/// The spellings in which a credential could still be read: not its digits alone.
fn spellings() -> Vec<Spelling> {
    let mut spellings = Spelling::ALL.to_vec();
    spellings.retain(|spelling| *spelling != Spelling::Digits);
    spellings
}

/// Everything that an API repeats of a request, in each spelling.
fn echo(status: u16, format: EchoFormat) -> Vec<Echo> {
    let parts = [EchoPart::Authorization, EchoPart::Body, EchoPart::Values];
    let each = parts.iter().flat_map(|part| {
        let part = part.clone();
        spellings()
            .into_iter()
            .map(move |spelling| (part.clone(), spelling))
    });
    each.map(|(part, spelling)| Echo::problem(status, part, spelling).format(format))
        .collect()
}

/// Whether the text holds one of the credentials in any spelling, or in two on top of each other.
fn assert_none(text: &str, credentials: &[String], what: &str) {
    let text = text.to_lowercase();
    for credential in credentials {
        for outer in spellings() {
            for inner in spellings() {
                let spelled = outer.spell(&inner.spell(credential)).to_lowercase();
                assert!(!text.contains(&spelled), "{what}: {spelled} is in {text}");
            }
        }
    }
}

/// What leaves `submit-orders` while one message is delivered: log, metrics, and the attributes of dead letters.
async fn output(bridge: &Bridge, id: u64) -> String {
    bridge.enqueue([fixture::message(&fixture::customer_with_id(id))]);
    bridge.deliver(10).await;
    let letters = bridge.dead_letters();
    let attributes = letters
        .iter()
        .flat_map(|letter| letter.attributes.values().cloned());
    let mut output: Vec<String> = attributes.collect();
    output.extend([logged(), bridge.aws.console().text()]);
    output.join("\n")
}

#[tokio::test]
async fn token_endpoint_repeats_credentials_in_vain() {
    LazyLock::force(&LOGGING);
    for client_auth in [ClientAuth::Basic, ClientAuth::Post] {
        let settings = Settings {
            client_secret: ODD_SECRET.to_owned(),
            client_auth,
            ..Settings::default()
        };
        let id = settings.client_id.clone();
        let name = match client_auth {
            ClientAuth::Basic => "basic",
            ClientAuth::Post => "post",
        };
        let form = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let basic = BASE64.encode(format!("{}:{}", form(&id), form(ODD_SECRET)).as_bytes());
        let credentials = [ODD_SECRET.to_owned(), basic];
        for (status, format) in [
            (403, FORMATS[0]),
            (400, FORMATS[1]),
            (401, FORMATS[2]),
            (200, FORMATS[2]),
        ] {
            // One bridge for all: its circuit is open after the first, so each has its own.
            for echo in echo(status, format) {
                let what = format!("{name}: {echo:?}");
                let bridge = Bridge::start(settings.clone(), |environment| {
                    environment.with("OAUTH_CLIENT_AUTH", name)
                })
                .await;
                bridge.sandbox.set_faults([Rule::on(Endpoint::Token, echo)]);
                let output = output(&bridge, 1).await;
                assert!(output.contains("order_retried"), "{what}: {output}");
                assert_none(&output, &credentials, &what);
            }
        }
    }
}

#[tokio::test]
async fn destination_repeats_token_in_vain() {
    LazyLock::force(&LOGGING);
    for (status, format) in [
        (422, FORMATS[0]),
        (422, FORMATS[1]),
        (403, FORMATS[1]),
        (503, FORMATS[2]),
    ] {
        for spelling in spellings() {
            let bridge = Bridge::start(Settings::default(), |environment| environment).await;
            let echo = Echo::problem(status, EchoPart::Authorization, spelling).format(format);
            let what = format!("{echo:?}");
            bridge.sandbox.set_faults([Rule::on(Endpoint::Orders, echo)]);
            let output = output(&bridge, 1).await;
            assert_none(&output, &bridge.sandbox.credentials(), &what);
        }
    }
}

#[tokio::test]
async fn destination_repeats_api_key_in_vain() {
    LazyLock::force(&LOGGING);
    let basic = BASE64.encode(format!("fixture-user:{ODD_SECRET}").as_bytes());
    for spelling in spellings() {
        let settings = Settings {
            destination_api_key: Some(("Authorization".to_owned(), format!("Basic {basic}"))),
            ..Settings::default()
        };
        let bridge = Bridge::start(settings, |environment| {
            environment
                .with("DESTINATION_AUTH", "header")
                .with("TOKEN_URL", "")
        })
        .await;
        let secret =
            json!({"api_key": format!("Basic {basic}"), "headers": {"x-app-key": "fixture-app-key"}});
        bridge.aws.set_secret(DESTINATION_SECRET, secret.to_string());
        let echo = Echo::problem(422, EchoPart::Authorization, spelling);
        let password = sandbox::Answer::status(422).body("text/plain", spelling.spell(ODD_SECRET));
        let app_key = sandbox::Answer::status(422).body("text/plain", spelling.spell("fixture-app-key"));
        bridge.sandbox.set_faults([
            Rule::on(Endpoint::Orders, echo).calls(1),
            Rule::on(Endpoint::Orders, password).calls(2),
            Rule::on(Endpoint::Orders, app_key).calls(3),
        ]);
        let mut all = String::new();
        for id in 1..=3 {
            all.push_str(&output(&bridge, id).await);
        }
        assert_eq!(bridge.sandbox.counters().order_posts, 3);
        let credentials = [basic.clone(), ODD_SECRET.to_owned(), "fixture-app-key".to_owned()];
        assert_none(&all, &credentials, &format!("{spelling:?}"));
    }
}

#[tokio::test]
async fn unusable_secret_is_not_shown() {
    LazyLock::force(&LOGGING);
    for secret in [
        ODD_SECRET.to_owned(),
        json!({"client_id": "x", "client_secret": [ODD_SECRET]}).to_string(),
        json!({"client_id": "x", "secret": ODD_SECRET}).to_string(),
        json!([ODD_SECRET]).to_string(),
    ] {
        let bridge = Bridge::start(Settings::default(), |environment| environment).await;
        bridge.aws.set_secret(DESTINATION_SECRET, secret.clone());
        let output = output(&bridge, 1).await;
        assert!(output.contains("misconfigured"), "{output}");
        assert_none(&output, &[ODD_SECRET.to_owned()], &secret);
    }
}
