//! The commands of `infra/RUNBOOK.md`, read from the document and run as pasted.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use fixture::Change;
use integration_tests::runbook::{Page, Runbook};
use local_run::LocalDeployment;
use sandbox::customers;
use serde_json::{Value, json};

use crate::harness::{PATIENCE, date, on_the_deployed_stack, run};

/// The order date in the first block.
const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

/// A search path with an `aws` that finds the local AWS also for those services for which version 1 of the AWS CLI does
/// not read `AWS_ENDPOINT_URL`.
fn search_path(stack: &LocalDeployment) -> std::ffi::OsString {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let paths = [
        stack.paths.root.join("tests/fakes/local"),
        stack.paths.tools.clone(),
    ];
    std::env::join_paths(paths.into_iter().chain(std::env::split_paths(&inherited))).unwrap()
}

/// Runs commands after the runbook's first block, from the root of the repository, and returns what they print.
fn paste(stack: &LocalDeployment, commands: &str, typed: &str) -> String {
    let script = format!("set -euo pipefail\n{}\n{commands}", Runbook::read().first_block);
    let mut shell = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&stack.paths.root)
        .env("PATH", search_path(stack))
        .env("REAL_AWS", stack.paths.tools.join("aws"))
        .env("HOME", stack.paths.home())
        .env("AWS_ENDPOINT_URL", stack.aws_url())
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Commands that read nothing may have ended by now.
    let _ = shell.stdin.take().unwrap().write_all(typed.as_bytes());
    let printed = shell.wait_with_output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&printed.stdout).into_owned(),
        String::from_utf8_lossy(&printed.stderr),
    );
    assert!(
        printed.status.success(),
        "{}\n{commands}\n{out}\n{err}",
        printed.status
    );
    // What `invoke` prints for a function that failed.
    assert!(!out.lines().any(|line| line == "Unhandled"), "{commands}\n{out}");
    out
}

/// The input for a page that reads some.
fn typed(stack: &LocalDeployment, page: &Page) -> String {
    let known = stack.sandbox.settings();
    match page.anchor.as_str() {
        "rotate-the-api-key" => format!("{}\n", known.api_key),
        "rotate-the-clients-credentials" => format!("{}\n{}\n", known.client_id, known.client_secret),
        _ => String::new(),
    }
}

#[test]
fn every_command_works() {
    on_the_deployed_stack(async |stack| {
        run(stack, date(ORDER_DATE), &customers::generate(40, 51)).await;
        let (mut commands, mut elsewhere) = (0, Vec::new());
        for page in Runbook::read().pages {
            // In one shell: a later block may use what an earlier one has set.
            let all = page.commands.join("\n");
            if !all.is_empty() {
                println!("── {}\n{}", page.anchor, paste(stack, &all, &typed(stack, &page)));
            }
            commands += page.commands.len();
            elsewhere.extend(page.aws_only.iter().map(|_| page.anchor.clone()));
        }
        println!("{commands} blocks of commands; not run here: {elsewhere:?}");
        assert!(commands >= 30, "{commands}");
        assert_eq!(elsewhere, ["misconfigured", "deploying-and-going-back"]);
    });
}

#[test]
fn customer_without_order_is_found_and_fixed() {
    on_the_deployed_stack(async |stack| {
        let page = Runbook::read().page("a-customer-has-no-order");
        let [dead_letter, in_source, history, fix] = &page.commands[..] else {
            panic!("{:?}", page.commands)
        };
        stack
            .sandbox
            .set_customers([fixture::customer().with("/email", "no address")]);
        stack.run(date(ORDER_DATE), PATIENCE, |_| {}).await.unwrap();

        let answer: Value = json_in(&paste(stack, dead_letter, ""));
        let example = &answer["examples"][0];
        assert_eq!(
            [
                &example["customer_id"],
                &example["reason"],
                &example["order_date"]
            ],
            ["123", "invalid_customer", ORDER_DATE]
        );
        assert_eq!(example["detail"], "email: must be a valid e-mail address");
        let answer = json_in(&paste(stack, in_source, ""));
        assert_eq!(
            (&answer["enqueued"], &answer["missing_customer_ids"]),
            (&json!(1), &json!([]))
        );
        assert!(paste(stack, history, "").contains("email: must be a valid e-mail address"));

        stack.sandbox.set_customers([fixture::customer()]);
        paste(stack, fix, "");
        let ordered = stack.sandbox.until(|record| record.counters.orders_stored == 1);
        tokio::time::timeout(PATIENCE, ordered).await.unwrap();
        let orders = stack.sandbox.ledger();
        assert_eq!(
            orders.keys().collect::<Vec<_>>(),
            ["ORD-20231015-TSKDTY56PWC8QZC3"]
        );
        assert_eq!(json_in(&paste(stack, dead_letter, ""))["examined"], 0);
    });
}

/// The JSON document that `invoke` prints after the line `None`.
fn json_in(printed: &str) -> Value {
    let text = printed
        .strip_prefix("None\n")
        .unwrap_or_else(|| panic!("{printed}"));
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
