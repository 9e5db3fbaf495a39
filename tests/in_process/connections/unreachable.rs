//! Each way in which a remote API is not reached is an error of its own.

use std::time::Duration;

use integration_tests::bridge::http_client;
use shared::http::{HttpClient, Unreachable};
use submit_orders::destination::transport::Transport;
use time::OffsetDateTime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{post, tls::Authority};

const LOOPBACK: &str = "127.0.0.1";

/// A server that answers each connection's first request with these bytes and closes it.
async fn serve(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            _ = stream.read(&mut [0; 4096]).await;
            _ = stream.write_all(bytes).await;
        }
    });
    url
}

/// A listener that accepts connections and never writes.
async fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

async fn error(client: &HttpClient, url: &str) -> Unreachable {
    let answer = client.send(post(url), Duration::from_secs(30)).await;
    answer.expect_err("no answer")
}

#[tokio::test]
async fn trusted_certificate_is_accepted() {
    let authority = Authority::new();
    let url = authority.serve(LOOPBACK, None).await;
    let answer = authority.client().send(post(&url), Duration::from_secs(30)).await;
    assert_eq!(answer.unwrap().status(), 204);
}

#[tokio::test]
async fn untrusted_certificate_is_named() {
    let url = Authority::new().serve(LOOPBACK, None).await;
    for client in [http_client(), Authority::new().client()] {
        assert_eq!(error(&client, &url).await, Unreachable::CertificateNotTrusted);
    }
}

#[tokio::test]
async fn certificate_for_other_host_is_named() {
    let authority = Authority::new();
    let url = authority.serve("api.example.com", None).await;
    let error = error(&authority.client(), &url).await;
    assert_eq!(error, Unreachable::CertificateForOtherHost);
}

#[tokio::test]
async fn expired_certificate_is_named() {
    let authority = Authority::new();
    let in_1970 = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(86_400);
    let url = authority.serve(LOOPBACK, Some(in_1970)).await;
    let error = error(&authority.client(), &url).await;
    assert_eq!(error, Unreachable::CertificateExpired);
}

#[tokio::test]
async fn server_without_tls_is_named() {
    let url = serve(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let url = url.replace("http://", "https://");
    assert_eq!(error(&http_client(), &url).await, Unreachable::TlsFailed);
}

#[tokio::test]
async fn refused_connection_is_named() {
    let url = sandbox::refused_url();
    assert_eq!(error(&http_client(), &url).await, Unreachable::Refused);
}

#[tokio::test]
async fn unknown_host_name_is_named() {
    // `invalid` is never a top-level domain (RFC 2606 §2).
    let url = "http://no-such-host.invalid/";
    assert_eq!(error(&http_client(), url).await, Unreachable::NameNotResolved);
}

#[tokio::test(start_paused = true)]
async fn silent_server_is_timed_out() {
    let (_listener, address) = silent().await;
    let error = error(&http_client(), &format!("http://{address}/")).await;
    assert_eq!(error, Unreachable::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn silent_handshake_is_connect_timed_out() {
    let (_listener, address) = silent().await;
    let error = error(&http_client(), &format!("https://{address}/")).await;
    assert_eq!(error, Unreachable::ConnectTimedOut);
}

#[tokio::test]
async fn answer_that_is_no_http_is_named() {
    let url = serve(b"SSH-2.0-OpenSSH_9.9\r\n").await;
    assert_eq!(error(&http_client(), &url).await, Unreachable::NotHttp);
}

#[tokio::test]
async fn connection_that_breaks_twice_is_interrupted() {
    for bytes in [&b""[..], b"HTTP/1.1 20"] {
        let url = serve(bytes).await;
        assert_eq!(error(&http_client(), &url).await, Unreachable::Interrupted);
    }
}
