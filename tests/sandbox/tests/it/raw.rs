//! Answers that are written to the connection as they are.

use sandbox::{Action, Customers, Endpoint, RawAnswer, Rule, Settings, Then, case};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::caller::{
    PAGE_REQUEST, ask_for_token, connect, get_customers, order, post, request_page, soon, start, token,
};

/// All bytes until the end of the connection.
async fn rest_of(mut stream: TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await.map(|_| bytes)
}

async fn bytes_answered(action: impl Into<Action>) -> Vec<u8> {
    let sandbox = start(Settings::default()).await;
    sandbox.set_faults([Rule::on(Endpoint::Customers, action)]);
    let mut stream = connect(&sandbox).await;
    stream.write_all(PAGE_REQUEST).await.unwrap();
    rest_of(stream).await.unwrap()
}

#[tokio::test]
async fn raw_answer_arrives_byte_for_byte() {
    let bytes = b"HTTP/1.1 200 OK\nX : \xff\r\n folded\r\nno header\r\nX: 1\r\nX: 2\r\n\r\nbody";
    let raw = RawAnswer::new(&bytes[..]).then(Then::Close);
    assert_eq!(bytes_answered(raw).await, bytes);
}

#[tokio::test]
async fn raw_answer_that_is_not_http_arrives_too() {
    let raw = RawAnswer::new("SSH-2.0-x\r\n").then(Then::Close);
    assert_eq!(bytes_answered(raw).await, b"SSH-2.0-x\r\n");
}

#[tokio::test]
async fn raw_answer_has_lines_and_body() {
    let lines = ["HTTP/1.1 201 Created", "Server : x"];
    let raw = RawAnswer::with_length(lines, b"ab").then(Then::Close);
    assert_eq!(
        bytes_answered(raw).await,
        b"HTTP/1.1 201 Created\r\nServer : x\r\nContent-Length: 2\r\n\r\nab"
    );
    let lines = ["HTTP/1.1 201 Created", "Content-Length: 7"];
    let raw = RawAnswer::without_length(lines, b"ab").then(Then::Close);
    assert_eq!(
        bytes_answered(raw).await,
        b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\nab"
    );
}

#[tokio::test]
async fn connection_is_reused_after_raw_answer() {
    let sandbox = start(Settings::default()).await;
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    sandbox.set_faults([
        Rule::on(Endpoint::Customers, Action::raw(empty)).calls(1),
        Rule::on(Endpoint::Customers, RawAnswer::new("end").then(Then::Close)).calls(3),
    ]);
    let mut stream = connect(&sandbox).await;
    stream.write_all(PAGE_REQUEST).await.unwrap();
    let mut first = vec![0; empty.len()];
    soon(stream.read_exact(&mut first)).await.unwrap();
    assert_eq!(first, empty.as_bytes());
    let second = request_page(&mut stream).await;
    assert!(second.starts_with("HTTP/1.1 200 OK\r\n"), "{second}");
    stream.write_all(PAGE_REQUEST).await.unwrap();
    assert_eq!(rest_of(stream).await.unwrap(), b"end");
}

#[tokio::test]
async fn raw_answer_can_end_in_a_reset() {
    let sandbox = start(Settings::default()).await;
    let raw = RawAnswer::new("HTTP/1.1 200 OK\r\n").then(Then::Reset);
    sandbox.set_faults([Rule::on(Endpoint::Customers, raw)]);
    let mut stream = connect(&sandbox).await;
    stream.write_all(PAGE_REQUEST).await.unwrap();
    let error = rest_of(stream).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn raw_answer_is_counted_by_its_status() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let created = case("token-201.http").unwrap();
    let in_progress = case("orders-409-in-progress.http").unwrap();
    sandbox.set_faults([
        Rule::on(Endpoint::Token, Action::raw(created)),
        Rule::on(Endpoint::Orders, Action::raw(in_progress)),
    ]);
    assert_eq!(ask_for_token(&sandbox).send().await.unwrap().status(), 201);
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(response.status(), 409);
    let counters = sandbox.counters();
    assert_eq!(counters.token_statuses, [(200, 1), (201, 1)].into());
    assert_eq!(counters.order_statuses, [(409, 1)].into());
    assert_eq!(counters.orders_stored, 0);
}

/// What a lenient client makes of each file of `cases`: status and length of the body.
#[tokio::test]
async fn every_case_is_playable() {
    for (name, status, length) in [
        ("link-bad-port.http", 200, 146),
        ("link-utf8-in-another-link.http", 200, 146),
        ("orders-409-in-progress.http", 409, 97),
        ("source-204.http", 204, 0),
        ("source-403-retry-after.http", 403, 53),
        ("source-json-as-text-html.http", 200, 146),
        ("token-201.http", 201, 73),
        ("token-text-html.http", 200, 73),
    ] {
        let sandbox = start(Settings::default()).await;
        let raw = Action::raw(case(name).unwrap());
        sandbox.set_faults([Rule::on(Endpoint::Customers, raw)]);
        let response = get_customers(&sandbox).send().await.unwrap();
        assert_eq!(response.status(), status, "{name}");
        assert_eq!(response.bytes().await.unwrap().len(), length, "{name}");
    }
    let raw = RawAnswer::new(case("header-space-before-colon.http").unwrap()).then(Then::Close);
    assert!(bytes_answered(raw).await.starts_with(b"HTTP/1.1 201 Created\r\n"));
    let unknown = case("no-such-case.http").unwrap_err();
    assert_eq!(unknown.kind(), std::io::ErrorKind::NotFound);
}

#[tokio::test]
async fn malformed_elements_are_served_verbatim() {
    let elements = [
        &b"{\"score\":NaN}"[..],
        b"\"a\tb\"",
        b"\"\xe9\"",
        br#"{"\ud83d":1}"#,
    ];
    let customers = Customers::bytes(elements);
    let sandbox = start(Settings {
        customers,
        ..Settings::default()
    })
    .await;
    let body = get_customers(&sandbox).send().await.unwrap().bytes().await;
    assert_eq!(
        body.unwrap(),
        &b"[{\"score\":NaN},\"a\tb\",\"\xe9\",{\"\\ud83d\":1}]"[..]
    );
    assert_eq!(sandbox.counters().customers_served, 4);
}
