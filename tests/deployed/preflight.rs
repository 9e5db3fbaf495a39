//! `make check` on the deployed stack.

use std::process::{Command, Output};

use local_run::LocalDeployment;
use sandbox::{Answer, Endpoint, Rule, customers};

use crate::harness::on_the_deployed_stack;

/// Runs `make check` with the answers of an environment that name this stack.
fn make_check(stack: &LocalDeployment) -> Output {
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

/// What it prints, with its errors.
fn printed(output: &Output) -> String {
    let both = [&*output.stdout, &*output.stderr].concat();
    String::from_utf8(both).unwrap()
}

#[test]
fn make_check_reports_both_functions() {
    on_the_deployed_stack(async |stack| {
        stack.sandbox.set_customers(customers::generate(1_200, 61));
        let before = stack.sandbox.counters();
        let passed = make_check(stack);
        let text = printed(&passed);
        println!("{text}");
        assert!(passed.status.success(), "{text}");
        for function in ["fetch-customers", "submit-orders"] {
            assert!(text.contains(&format!("{function}: {{\"ok\":true,")), "{text}");
        }
        let steps = text.lines().filter(|line| line.starts_with("  {\"step\":"));
        assert_eq!(steps.count(), 7, "{text}");
        assert!(text.contains("a next page, by the Link header"), "{text}");

        stack.sandbox.set_faults([
            Rule::on(Endpoint::Customers, Answer::status(403)),
            Rule::on(
                Endpoint::Token,
                Answer::status(400).body("application/json", r#"{"error": "invalid_scope"}"#),
            ),
        ]);
        let failed = make_check(stack);
        let text = printed(&failed);
        println!("{text}");
        assert!(!failed.status.success(), "{text}");
        for says in ["with 403 Forbidden", "400 invalid_scope"] {
            assert!(text.contains(says), "{text}");
        }
        let after = stack.sandbox.counters();
        assert_eq!(after.source_requests, before.source_requests + 2);
        assert_eq!(after.token_requests, before.token_requests + 2);
        assert_eq!(after.order_posts, before.order_posts);
    });
}
