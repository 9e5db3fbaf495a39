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
    http::{HeaderMap, HeaderName, StatusCode, header},
};
use integration_tests::bridge::TLS;
use reqwest::ClientBuilder;
use shared::{
    aws::{describe, describe_without_message},
    http::HttpClient,
    text::MAX_LINE,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

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
            let headers = [
                (header::LOCATION, "/elsewhere"),
                (HeaderName::from_static("x-amzn-requestid"), "fixture-request"),
            ];
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
async fn call_arrives_complete_and_answer_is_read() {
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
async fn transient_aws_error_is_retried_before_permanent() {
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
async fn redirect_of_aws_is_not_followed() {
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
async fn refused_aws_connection_is_an_io_error() {
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

/// The error of a call that is answered like this, as it is logged with and without AWS's message.
async fn described(answers: &'static [(u16, &'static str)]) -> (String, String) {
    let aws = SecretsManager::that_answers(answers).await;
    let call = aws.client.get_secret_value().secret_id("x");
    let error = call.send().await.unwrap_err();
    (describe(&error), describe_without_message(&error))
}

#[tokio::test]
async fn error_of_aws_is_code_request_id_and_message() {
    let refused = r#"{"__type": "AccessDeniedException", "message": "not authorized:\n secretsmanager:GetSecretValue"}"#;
    assert_eq!(
        described(Box::leak(Box::new([(400, refused)]))).await,
        (
            "AccessDeniedException (request id fixture-request): not authorized: \
             secretsmanager:GetSecretValue"
                .to_owned(),
            "AccessDeniedException (request id fixture-request)".to_owned()
        )
    );
}

#[tokio::test]
async fn error_of_aws_is_bounded() {
    let long = format!(
        r#"{{"__type": "{}", "message": "{}"}}"#,
        "C".repeat(100_000),
        "m".repeat(2_000_000)
    );
    let (with, without) = described(Box::leak(Box::new([(400, &*long.leak())]))).await;
    assert_eq!(with.chars().count(), MAX_LINE);
    assert_eq!(
        without,
        "an error without a code, HTTP status 400 (request id fixture-request)"
    );
}

#[tokio::test]
async fn garbled_answer_of_aws_shows_no_secret() {
    const GARBLED: &str = r#"{"SecretString": "{\"client_secret\": \"hunter2\"}", "#;
    let (with, without) = described(&[(200, GARBLED), (200, GARBLED), (200, GARBLED)]).await;
    let expected = "the answer could not be read, HTTP status 200 (request id fixture-request)";
    assert_eq!((&*with, &*without), (expected, expected));
}

/// A server whose answers never end.
async fn server_that_never_ends() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 16 * 1024];
                _ = stream.read(&mut request).await;
                _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
                let blanks = vec![b' '; 1024 * 1024];
                while stream.write_all(&blanks).await.is_ok() {}
            });
        }
    });
    url
}

#[tokio::test]
async fn endless_answer_of_aws_is_abandoned() {
    let client = client_of(&server_that_never_ends().await);
    let call = client.get_secret_value().secret_id("x").send();
    assert_eq!(
        describe(&call.await.unwrap_err()),
        "the answer could not be read, HTTP status 200"
    );
}

/// A server on which each connection serves one request, and answers the next one with RST.
async fn server_that_resets_second_requests() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 16 * 1024];
                _ = stream.read(&mut request).await;
                let length = SECRET.len();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{SECRET}");
                _ = stream.write_all(answer.as_bytes()).await;
                _ = stream.read(&mut request).await;
                _ = stream.set_zero_linger();
            });
        }
    });
    url
}

#[tokio::test]
async fn reset_connection_costs_no_attempt() {
    let client = client_of(&server_that_resets_second_requests().await);
    let once = aws_sdk_secretsmanager::config::Builder::default().retry_config(RetryConfig::disabled());
    for call in 1..=10 {
        let request = client.get_secret_value().secret_id("x").customize();
        let answer = request.config_override(once.clone()).send().await;
        assert!(answer.is_ok(), "{call}: {answer:?}");
    }
}
