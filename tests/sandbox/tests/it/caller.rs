//! A client of the sandbox.

use std::time::Duration;

use fixture::Change;
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use sandbox::{Sandbox, Settings};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Long enough for any machine, and short enough to end a hanging test.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn start(settings: Settings) -> Sandbox {
    Sandbox::start(settings).await.unwrap()
}

pub(crate) fn client() -> Client {
    client_that_waits(TIMEOUT)
}

pub(crate) fn client_that_waits(patience: Duration) -> Client {
    let client = Client::builder()
        .timeout(patience)
        .redirect(Policy::none())
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_zstd();
    // No server here has a certificate, and the system's take a while to load.
    client.tls_certs_only([]).build().unwrap()
}

/// Fails where `what` takes longer than [`TIMEOUT`].
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, what).await.unwrap()
}

pub(crate) async fn json_of(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// Asserts a problem (RFC 9457) of this status, and returns its detail.
pub(crate) async fn problem(response: Response, status: u16) -> String {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem = json_of(response).await;
    assert_eq!(problem["status"], status);
    problem["detail"].as_str().unwrap().to_owned()
}

pub(crate) fn get_customers(sandbox: &Sandbox) -> RequestBuilder {
    let settings = sandbox.settings();
    client()
        .get(sandbox.customers_url())
        .header(settings.api_key_header, settings.api_key)
}

pub(crate) fn ask_for_token(sandbox: &Sandbox) -> RequestBuilder {
    let settings = sandbox.settings();
    form(sandbox, "grant_type=client_credentials")
        .basic_auth(settings.client_id, Some(settings.client_secret))
}

pub(crate) fn form(sandbox: &Sandbox, body: &'static str) -> RequestBuilder {
    client()
        .post(sandbox.token_url())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

pub(crate) async fn token(sandbox: &Sandbox) -> String {
    let answer = json_of(ask_for_token(sandbox).send().await.unwrap()).await;
    answer["access_token"].as_str().unwrap().to_owned()
}

/// A valid order.
pub(crate) fn order(number: u32) -> Value {
    let example = fixture::example();
    let mut order = fixture::order().with(&example.order_id_pointer, format!("ORD-20231015-{number:016}"));
    if let Some(pointer) = &example.customer_id_pointer {
        order.set(pointer, number.to_string());
    }
    order
}

/// A POST of `order` with its own id as the key.
pub(crate) fn post(sandbox: &Sandbox, token: &str, order: &Value) -> RequestBuilder {
    post_with(client(), sandbox, token, order)
}

pub(crate) fn post_with(client: Client, sandbox: &Sandbox, token: &str, order: &Value) -> RequestBuilder {
    client
        .post(sandbox.orders_url())
        .bearer_auth(token)
        .header("content-type", "application/json")
        .header(
            "idempotency-key",
            fixture::example().order_id(order).unwrap_or("no id"),
        )
        .body(order.to_string())
}

/// A request to write to a connection.
pub(crate) const PAGE_REQUEST: &[u8] =
    b"GET /customers HTTP/1.1\r\nhost: x\r\nx-api-key: fixture-api-key\r\n\r\n";

pub(crate) async fn connect(sandbox: &Sandbox) -> TcpStream {
    let address = sandbox.base_url().replace("http://", "");
    TcpStream::connect(address).await.unwrap()
}

/// Sends a request and reads its whole answer, whose body is `[]`.
pub(crate) async fn request_page(stream: &mut TcpStream) -> String {
    stream.write_all(PAGE_REQUEST).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n0\r\n\r\n") && !answer.ends_with(b"\r\n\r\n[]") {
        answer.push(soon(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(answer).unwrap()
}

/// Posts the orders one after the other.
pub(crate) async fn statuses(
    sandbox: &Sandbox,
    token: &str,
    numbers: impl IntoIterator<Item = u32>,
) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in numbers {
        statuses.push(
            post(sandbox, token, &order(number))
                .send()
                .await
                .unwrap()
                .status()
                .as_u16(),
        );
    }
    statuses
}
