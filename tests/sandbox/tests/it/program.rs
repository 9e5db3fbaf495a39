//! The binary.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::json;

use crate::caller::{client, json_of, order};

/// Ends the program also where the test fails.
struct Running(Child, Lines<BufReader<ChildStdout>>);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sandbox"))
}

fn start(arguments: &[&str]) -> (Running, String) {
    let mut child = program()
        .args(["--port", "0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut running = Running(child, lines);
    let line = running
        .1
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.contains("/customers"))
        .unwrap();
    (running, line.split_whitespace().last().unwrap().to_owned())
}

#[tokio::test]
async fn program_serves_generated_customers() {
    let (_running, url) = start(&["--customers", "7", "--page-size", "4", "--api-key", "fixture-k"]);
    let response = client()
        .get(&url)
        .header("x-api-key", "fixture-k")
        .send()
        .await
        .unwrap();
    assert!(response.headers().contains_key("link"));
    assert_eq!(json_of(response).await.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn program_serves_customers_of_a_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let customers = json!([fixture::customer()]).to_string();
    file.write_all(customers.as_bytes()).unwrap();
    let (_running, url) = start(&["--customers-file", file.path().to_str().unwrap()]);
    let response = client()
        .get(&url)
        .header("x-api-key", "fixture-api-key")
        .send()
        .await
        .unwrap();
    assert_eq!(response.text().await.unwrap(), customers);
}

fn fails(output: Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn program_reports_unusable_file() {
    let missing = fails(
        program()
            .args(["--customers-file", "/nowhere.json"])
            .output()
            .unwrap(),
    );
    assert!(missing.contains("/nowhere.json: No such file"), "{missing}");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"{}").unwrap();
    let wrong = fails(
        program()
            .arg("--customers-file")
            .arg(file.path())
            .output()
            .unwrap(),
    );
    assert!(wrong.contains("expected a sequence"), "{wrong}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let taken = fails(program().args(["--port", &port]).output().unwrap());
    assert!(taken.contains(&format!("port {port} on 127.0.0.1: ")), "{taken}");
}

#[tokio::test]
async fn program_speaks_another_style_and_takes_a_key() {
    let options = [
        "--source-style",
        "stripe",
        "--destination-api-key",
        "Key fixture-key",
    ];
    let (_running, url) = start(&options);
    let page = client().get(&url).header("x-api-key", "fixture-api-key");
    let page = json_of(page.send().await.unwrap()).await;
    assert_eq!(page["object"], "list");
    let order = order(1);
    let orders = url.replace("/customers", "/orders");
    let post = client()
        .post(orders)
        .header("authorization", "Key fixture-key")
        .header("content-type", "application/json")
        .header("idempotency-key", fixture::example().order_id(&order).unwrap())
        .body(order.to_string());
    assert_eq!(post.send().await.unwrap().status(), 201);
}
