//! `infra/backfill.sh`, with a program in place of the AWS CLI.

use std::{fs, path::Path, process::Command};

struct Outcome {
    succeeded: bool,
    printed: String,
    printed_to_stderr: String,
    calls: Vec<String>,
}

fn backfill(arguments: &[&str], fails_on: &str, environment: &[(&str, &str)]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = tests.join("../infra/backfill.sh");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = vec![tests.join("fakes/backfill")];
    places.extend(std::env::split_paths(&path));
    let output = Command::new("bash")
        .arg(script)
        .args(arguments)
        .env("PATH", std::env::join_paths(places).unwrap())
        .env("CALLS", &calls)
        .env("FAILS_ON", fails_on)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Outcome {
        succeeded: output.status.success(),
        printed: text(output.stdout),
        printed_to_stderr: text(output.stderr),
        calls: fs::read_to_string(calls)
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect(),
    }
}

fn payload(order_date: &str) -> String {
    format!(" < {{\"order_date\": \"{order_date}\"}}")
}

#[test]
fn days_are_run_one_after_the_other() {
    let arguments = [
        "fetch",
        "2024-02-27T14:30:00Z",
        "2024-03-02",
        "--region",
        "eu-west-1",
    ];
    let Outcome {
        succeeded,
        printed,
        calls,
        printed_to_stderr,
    } = backfill(&arguments, "never", &[]);
    assert!(succeeded, "{printed_to_stderr}");
    assert_eq!(printed, "{\"enqueued\": 1}\n".repeat(5));
    assert_eq!(calls.len(), 5);
    for (call, day) in calls.iter().zip(["02-27", "02-28", "02-29", "03-01", "03-02"]) {
        assert!(call.starts_with("lambda invoke --function-name fetch "), "{call}");
        assert!(
            call.contains(&payload(&format!("2024-{day}T14:30:00Z"))),
            "{call}"
        );
        assert!(call.contains("--output text --region eu-west-1 "), "{call}");
    }
}

#[test]
fn failed_run_ends_the_backfill() {
    let arguments = ["fetch", "2023-12-30T00:00:00Z", "2024-01-05"];
    let outcome = backfill(&arguments, "2024-01-01", &[]);
    assert!(!outcome.succeeded);
    assert_eq!(outcome.calls.len(), 3);
    assert_eq!(
        outcome.printed_to_stderr,
        "2024-01-01T00:00:00Z failed: Unhandled\n{\"errorMessage\": \"ended early\"}\n"
    );
}

#[test]
fn further_input_is_passed_on() {
    let arguments = ["fetch", "2023-10-15T14:30:00Z", "2023-10-15"];
    let environment = [
        ("CUSTOMER_IDS", r#"["1", 2]"#),
        ("LIMIT", "5"),
        ("DRY_RUN", "true"),
    ];
    let outcome = backfill(&arguments, "never", &environment);
    let expected =
        r#"{"order_date": "2023-10-15T14:30:00Z", "customer_ids": ["1", 2], "limit": 5, "dry_run": true}"#;
    assert!(outcome.calls[0].contains(expected), "{}", outcome.calls[0]);
}

#[test]
fn invalid_range_prints_the_usage() {
    for arguments in [
        &["fetch"][..],
        &["fetch", "2023-10-15", "2023-10-16"],
        &["fetch", "2023-10-15T14:30:00Z", "16/10/2023"],
    ] {
        let outcome = backfill(arguments, "never", &[]);
        assert!(!outcome.succeeded && outcome.calls.is_empty());
        assert!(
            outcome
                .printed_to_stderr
                .starts_with("Runs fetch-customers for a range"),
            "{}",
            outcome.printed_to_stderr
        );
    }
}
