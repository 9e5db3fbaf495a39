//! The stack that the tests share.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use aho_corasick::AhoCorasick;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_sqs::types::QueueAttributeName;
use integration_tests::canaries::canaries;
use local_run::paths::Paths;
use local_run::queues::DeadLetter;
use local_run::reconciliation::Reconciliation;
use local_run::run::Run;
use local_run::{LocalDeployment, Settings};
use sandbox::Customer;
use serde_json::{Value, json};
use shared::domain::order_date::OrderDate;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell};

use crate::permissions::assert_only_granted_rights_are_used;

/// A run without progress for longer has failed. A queue is polled once a second, and two cores may have other work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The lowest that the template allows, so that a test reaches it.
pub(crate) const MAX_RECEIVE_COUNT: u64 = 5;

/// Customers on a page of the source.
pub(crate) const PAGE_SIZE: u64 = 500;

/// The stack's servers and clients live as long as this runtime: a test's own would end with the first test.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static STACK: OnceCell<Result<Mutex<LocalDeployment>, String>> = OnceCell::const_new();

/// Waits until no other test uses the stack, resets it, and runs `test`.
///
/// The stack is never stopped here: it stops by itself when this process ends.
pub(crate) fn on_the_deployed_stack(test: impl AsyncFnOnce(&LocalDeployment)) {
    RUNTIME.block_on(async {
        let deployed = STACK.get_or_init(async || deploy().await.map(Mutex::new).map_err(|e| e.to_string()));
        let stack = match deployed.await {
            Ok(stack) => stack.lock().await,
            Err(error) => panic!("the stack could not be deployed: {error}"),
        };
        stack.recorder.deny(&[]);
        stack.sandbox.reset();
        stack.take_dead_letters().await.unwrap();
        test(&stack).await;
        assert_calls_and_logs_are_right(&stack).await;
    });
}

/// Whatever the test was: the functions used only the rights they have, and logged nothing personal or secret.
pub(crate) async fn assert_calls_and_logs_are_right(stack: &LocalDeployment) {
    assert_only_granted_rights_are_used(stack);
    let logs = logs(stack).await;
    let summaries = ["run completed", "run ended early", "preflight check"];
    assert!(
        summaries.iter().any(|message| logs.contains(message)),
        "no logs: {logs}"
    );
    // One pass for all of them: there may be ten thousands.
    let canaries = AhoCorasick::new(canaries(&stack.sandbox)).unwrap();
    let logged = canaries.find(&logs).map(|canary| &logs[canary.range()]);
    assert_eq!(logged, None, "a canary was logged");
}

/// What the functions have logged so far.
pub(crate) async fn logs(stack: &LocalDeployment) -> String {
    let http = shared::http::client().build().unwrap();
    let mut logs = String::new();
    for function in ["fetch-customers", "redrive-orders", "submit-orders"] {
        let group = format!("/aws/lambda/{}-{function}", local_run::STACK);
        let mut token = Value::Null;
        loop {
            // By hand: the SDK's crate would take as long to build as all others together.
            let request = http
                .post(stack.aws_url())
                .header("x-amz-target", "Logs_20140328.FilterLogEvents")
                .header("content-type", "application/x-amz-json-1.1")
                .header(
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=local/20240101/us-east-1/logs/aws4_request",
                )
                .body(json!({"logGroupName": group, "nextToken": token}).to_string());
            let page: Value =
                serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
            let events = page["events"].as_array().unwrap_or_else(|| panic!("{page}"));
            for event in events {
                logs.push_str(event["message"].as_str().unwrap());
                logs.push('\n');
            }
            token = page["nextToken"].clone();
            if token.is_null() {
                break;
            }
        }
    }
    logs
}

async fn deploy() -> Result<LocalDeployment, local_run::Error> {
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deployed");
    // Of the run before.
    let _ = std::fs::remove_dir_all(&work);
    let settings = Settings {
        paths: Paths::of_this_workspace(work)?,
        sandbox: sandbox::Settings {
            page_size: PAGE_SIZE,
            ..sandbox::Settings::default()
        },
        parameters: [
            ("MaxReceiveCount", MAX_RECEIVE_COUNT.to_string()),
            // So that the alarm of missing runs is there.
            ("ScheduleState", "ENABLED".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
    };
    LocalDeployment::start(settings, |_| {}).await
}

/// An order date, which a test keeps to itself.
pub(crate) fn date(text: &str) -> OrderDate {
    text.parse().unwrap()
}

/// Runs these customers through the stack.
pub(crate) async fn run(stack: &LocalDeployment, order_date: OrderDate, customers: &[Customer]) -> Run {
    stack.sandbox.set_customers(customers.to_vec());
    stack.run(order_date, PATIENCE, |_| {}).await.unwrap()
}

/// What a command prints that is an output of the stack: a JSON document, and after it what the AWS CLI says.
pub(crate) fn printed_by(stack: &LocalDeployment, command: &'static str) -> Value {
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let tools = std::iter::once(stack.paths.tools.clone()).chain(std::env::split_paths(&search_path));
    let printed = Command::new("/bin/sh")
        .args(["-c", stack.output(command).unwrap()])
        .env("PATH", std::env::join_paths(tools).unwrap())
        .env("HOME", stack.paths.home())
        .env("AWS_ENDPOINT_URL", stack.aws_url())
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .output()
        .unwrap();
    assert!(
        printed.status.success(),
        "{}",
        String::from_utf8_lossy(&printed.stderr)
    );
    let mut documents = serde_json::Deserializer::from_slice(&printed.stdout).into_iter::<Value>();
    documents.next().unwrap().unwrap()
}

/// What became of them.
pub(crate) async fn reconcile(
    stack: &LocalDeployment,
    order_date: OrderDate,
    customers: &[Customer],
) -> Reconciliation {
    let dead_letters = stack.dead_letters().await.unwrap();
    reconcile_with(stack, order_date, customers, &dead_letters).await
}

/// What became of them, with these dead letters.
pub(crate) async fn reconcile_with(
    stack: &LocalDeployment,
    order_date: OrderDate,
    customers: &[Customer],
    dead_letters: &[DeadLetter],
) -> Reconciliation {
    let expectations = customers
        .iter()
        .map(|customer| (customer.json.as_str(), Some(&customer.expected)));
    let one_order_per = stack.one_order_per().await.unwrap();
    let ledger = stack.sandbox.ledger();
    Reconciliation::new(order_date, one_order_per, expectations, &ledger, dead_letters)
}

/// Sets how long a message that failed is hidden, where the function cannot set it.
///
/// # Returns
/// The queue's redrive policy.
pub(crate) async fn set_visibility_timeout(stack: &LocalDeployment, secs: u64) -> String {
    let url = stack.output("CustomerQueueUrl").unwrap();
    let queue = stack
        .sqs()
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::All);
    let attributes = queue.send().await.unwrap().attributes.unwrap();
    stack
        .sqs()
        .set_queue_attributes()
        .queue_url(url)
        .attributes(QueueAttributeName::VisibilityTimeout, secs.to_string())
        .send()
        .await
        .unwrap();
    attributes[&QueueAttributeName::RedrivePolicy].clone()
}

/// Sets the time-out of fetch-customers.
pub(crate) async fn set_timeout(stack: &LocalDeployment, secs: i32) {
    let arn = stack.output("FetchCustomersFunctionArn").unwrap();
    let change = stack.lambda().update_function_configuration().function_name(arn);
    change.timeout(secs).send().await.unwrap();
}

/// Invokes a function by hand.
///
/// # Returns
/// Its answer.
pub(crate) async fn invoke(stack: &LocalDeployment, function: &'static str, input: Value) -> Value {
    let arn = stack.output(function).unwrap();
    let call = stack.lambda().invoke().function_name(arn);
    let answer = call.payload(Blob::new(input.to_string())).send().await.unwrap();
    let payload: Value = serde_json::from_slice(answer.payload.unwrap().as_ref()).unwrap();
    assert_eq!(answer.function_error, None, "{payload}");
    payload
}
