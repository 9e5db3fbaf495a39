//! `make check` on the deployed stack.

use std::process::{Command, Output};

use local_run::LocalDeployment;
use sandbox::{Answer, Endpoint, Rule, customers};
use serde_json::{Value, json};

use crate::harness::on_the_deployed_stack;

/// Runs `make check` with the answers of an environment that name this stack.
pub(crate) fn make_check(stack: &LocalDeployment) -> Output {
    let answers = stack.paths.work.join("answers.toml");
    let text = format!("stack_name = \"{}\"\nregion = \"us-east-1\"\n", local_run::STACK);
    std::fs::write(&answers, text).unwrap();
    Command::new("make")
        .args(["--no-print-directory", "check"])
        .arg(format!("CONFIG={}", answers.display()))
        .current_dir(&stack.paths.root)
        .env("HOME", stack.paths.home())
        .env("AWS_ENDPOINT_URL", stack.aws_url())
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .output()
        .unwrap()
}

/// The answers that it prints, each after its function's name.
pub(crate) fn answers(output: &Output) -> [Value; 2] {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    println!("{text}");
    let both = text
        .strip_prefix("fetch-customers: ")
        .and_then(|text| text.split_once("submit-orders: "));
    let (fetch, submit) = both.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    [fetch, submit].map(|answer| serde_json::from_str(answer).unwrap())
}

/// The names of the steps that passed, or of those that failed.
pub(crate) fn steps(answer: &Value, ok: bool) -> Vec<&str> {
    let steps = answer["steps"].as_array().unwrap().iter();
    let steps = steps.filter(|step| step["ok"] == ok);
    steps.map(|step| step["step"].as_str().unwrap()).collect()
}

#[test]
fn make_check_reports_both_functions() {
    on_the_deployed_stack(async |stack| {
        stack.sandbox.set_customers(customers::generate(1_200, 61));
        let before = stack.sandbox.counters();
        let output = make_check(stack);
        let [fetch, submit] = answers(&output);
        assert!(output.status.success());
        let all = ["secret", "source", "customer", "next_page"];
        assert_eq!(steps(&fetch, true), all);
        assert_eq!(steps(&submit, true), ["secret", "token", "destination"]);
        assert_eq!((&fetch["ok"], &submit["ok"]), (&json!(true), &json!(true)));

        let scope = Answer::status(400).body("application/json", r#"{"error": "invalid_scope"}"#);
        stack.sandbox.set_faults([
            Rule::on(Endpoint::Customers, Answer::status(403)),
            Rule::on(Endpoint::Token, scope),
        ]);
        let output = make_check(stack);
        let [fetch, submit] = answers(&output);
        assert!(!output.status.success());
        assert_eq!(
            (steps(&fetch, true), steps(&fetch, false)),
            (vec!["secret"], vec!["source"])
        );
        assert_eq!(steps(&submit, true), ["secret", "destination"]);
        assert_eq!(steps(&submit, false), ["token"]);

        let after = stack.sandbox.counters();
        assert_eq!(after.source_requests, before.source_requests + 2);
        assert_eq!(after.token_requests, before.token_requests + 2);
        assert_eq!(after.order_posts, before.order_posts);
        let dead_letters = stack.take_dead_letters().await.unwrap();
        assert!(dead_letters.is_empty());
    });
}
