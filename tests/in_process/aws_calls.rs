//! How the functions reach AWS: the SDK's calls, carried by the functions' own HTTP client.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_sdk_secretsmanager::{
    Client,
    config::{Credentials, SharedCredentialsProvider},
    error::SdkError,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use integration_tests::bridge::TLS;
use reqwest::ClientBuilder;
use shared::{aws::describe, http::HttpClient};
use tokio::net::TcpListener;

const SECRET: &str = r#"{"ARN": "arn:aws:x", "Name": "x", "SecretString": "{}"}"#;

/// A Secrets Manager that gives each request the next of its answers.
struct SecretsManager {
    client: Client,
    requests: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

impl SecretsManager {
    async fn that_answers(answers: &'static [(u16, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<_>>> = Arc::default();
        let log = Arc::clone(&requests);
        let server = Router::new().fallback(async move |request: Request| {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let mut log = log.lock().unwrap();
            log.push((parts.headers, String::from_utf8(body.into()).unwrap()));
            let (status, body) = answers[log.len() - 1];
            // Where a redirect leads, if it is one.
            let headers = [(header::LOCATION, "/elsewhere")];
            (StatusCode::from_u16(status).unwrap(), headers, body)
        });
        tokio::spawn(async move { axum::serve(listener, server).await });
        Self {
            client: client_of(&url),
            requests,
        }
    }

    fn requests(&self) -> Vec<(HeaderMap, String)> {
        self.requests.lock().unwrap().clone()
    }
}

fn client_of(url: &str) -> Client {
    let credentials = Credentials::new("fixture-key-id", "fixture-secret-key", None, None, "test");
    let http = HttpClient::new(&TLS, ClientBuilder::no_proxy).unwrap();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(TokioSleep::new())
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::ZERO))
        .endpoint_url(url)
        .http_client(shared::aws::http_client(http))
        .build();
    Client::new(&config)
}

#[tokio::test]
async fn a_call_arrives_whole_and_its_answer_is_read() {
    let aws = SecretsManager::that_answers(&[(200, SECRET)]).await;
    let answer = aws.client.get_secret_value().secret_id("x").send().await.unwrap();
    assert_eq!(answer.secret_string(), Some("{}"));
    let requests = aws.requests();
    let [(headers, body)] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(body, r#"{"SecretId":"x"}"#);
    assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
    assert_eq!(headers[header::CONTENT_LENGTH], body.len().to_string());
    assert_eq!(headers[header::ACCEPT_ENCODING], "identity");
    let agent = headers[header::USER_AGENT].to_str().unwrap();
    assert!(agent.starts_with("aws-sdk-rust/"), "{agent}");
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again_and_an_error_of_aws_is_told() {
    let aws = SecretsManager::that_answers(&[
        (503, ""),
        (500, "<html>no JSON</html>"),
        (
            400,
            r#"{"__type": "ResourceNotFoundException", "message": "no such secret"}"#,
        ),
    ])
    .await;
    let error = aws
        .client
        .get_secret_value()
        .secret_id("x")
        .send()
        .await
        .unwrap_err();
    assert!(
        error
            .as_service_error()
            .unwrap()
            .is_resource_not_found_exception()
    );
    assert_eq!(aws.requests().len(), 3);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let aws = SecretsManager::that_answers(&[(303, ""), (200, SECRET)]).await;
    aws.client
        .get_secret_value()
        .secret_id("x")
        .send()
        .await
        .unwrap_err();
    assert_eq!(aws.requests().len(), 1);
}

#[tokio::test]
async fn who_is_not_there_is_an_error_that_says_so_and_counts_as_passing_by_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let call = client_of(&format!("http://{address}"))
        .get_secret_value()
        .secret_id("x");
    let error = call.send().await.unwrap_err();
    assert!(
        matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()),
        "{error:?}"
    );
    assert!(describe(&error).contains("refused"), "{error:?}");
}
