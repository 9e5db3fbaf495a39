//! The commands of `docs/deployment.md`, read from the document and run as pasted, by somebody who has never deployed it:
//! on a local AWS of their own, where nothing is deployed yet.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use integration_tests::documents::{DEPLOYMENT, commands};
use local_run::LocalAws;
use local_run::paths::Paths;
use sandbox::Sandbox;
use sandbox::customers::{self, Customers};
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell};

use crate::harness::{PATIENCE, RUNTIME};

/// The stack of the default environment, and the beginning of the names of its secrets.
const STACK: &str = "customer-order-sync";

/// The sandbox's first order id of the document's customer and order date.
const FIRST_ORDER: &str = "ORD-20231015-TSKDTY56PWC8QZC3";

/// What the document has the reader change in the file of the answers.
const DISABLED: &str = r#"ScheduleState=\"DISABLED\""#;
const ENABLED: &str = r#"ScheduleState=\"ENABLED\""#;

/// An account with the default environment, deployed and not used.
struct Account {
    aws: LocalAws,
    /// The repository, with nothing built and without answers.
    clone: PathBuf,
    /// What `make deploy` would have built.
    template: PathBuf,
}

static ACCOUNT: OnceCell<Mutex<Account>> = OnceCell::const_new();

/// Waits until no other test uses the account, and runs `test`.
fn on_a_new_account(test: impl AsyncFnOnce(&Account)) {
    RUNTIME.block_on(async {
        let account = ACCOUNT
            .get_or_init(async || Mutex::new(Account::open().await))
            .await;
        test(&*account.lock().await).await;
    });
}

impl Account {
    async fn open() -> Self {
        let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("first-day");
        // Of the run before.
        let _ = fs::remove_dir_all(&work);
        let paths = Paths::of_this_workspace(work).unwrap();
        let clone = clone(&paths);
        let aws = LocalAws::start(paths, sandbox::Settings::default())
            .await
            .unwrap();
        let template = aws.template(&BTreeMap::new()).unwrap().path;
        let account = Self { aws, clone, template };
        let [source, destination, deploy, ..] = first_deployment();
        let secrets = account.create_secrets([&source, &destination], &account.aws.sandbox);
        account.paste(&deploy, &account.answers(&account.aws.sandbox, secrets));
        account
    }

    /// Runs commands after the document's first ones, from the root of the clone, and returns what they print.
    fn paste(&self, commands: &str, typed: &str) -> String {
        let [first] = &self::commands(DEPLOYMENT, "# Deployment")[..] else {
            panic!("more than one block at the beginning")
        };
        let mut shell = Command::new("bash")
            .args([
                "-c",
                &format!("set -euo pipefail\n{{ {first}\n}} >&2\n{commands}"),
            ])
            .current_dir(&self.clone)
            // Those of a `make test` around this test, and in place of a build of minutes what was built for it.
            .env_remove("MAKELEVEL")
            .env("MAKEFLAGS", format!("BUILT={}", self.template.display()))
            .env("HOME", self.aws.paths.home())
            .env("TMPDIR", self.aws.paths.temp())
            .env("AWS_ENDPOINT_URL", self.aws.url())
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            // By default it polls the events of the stack every 5 seconds.
            .env("SAM_CLI_POLL_DELAY", "0.25")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Commands that read nothing may have ended by now.
        let _ = shell.stdin.take().unwrap().write_all(typed.as_bytes());
        let printed = shell.wait_with_output().unwrap();
        let out = String::from_utf8_lossy(&printed.stdout).into_owned();
        let error = String::from_utf8_lossy(&printed.stderr);
        let status = printed.status;
        assert!(status.success(), "{status}\n{commands}\n{out}\n{error}");
        out
    }

    /// Runs a command that prints a JSON document.
    fn json(&self, command: &str, typed: &str) -> Value {
        let printed = self.paste(command, typed);
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// The ARNs of the source's and the destination's secret, which the commands print.
    fn create_secrets(&self, commands: [&str; 2], apis: &Sandbox) -> [String; 2] {
        let known = apis.settings();
        let typed = [
            format!("{}\n", known.api_key),
            format!("{}\n{}\n", known.client_id, known.client_secret),
        ];
        [0, 1].map(|at| {
            let created = self.json(commands[at], &typed[at]);
            created["ARN"].as_str().unwrap().to_owned()
        })
    }

    /// What is typed when a first deployment asks: Enter, where there is a default.
    fn answers(&self, apis: &Sandbox, [source, destination]: [String; 2]) -> String {
        let answers = BTreeMap::from([
            ("SourceUrl", apis.customers_url()),
            ("SourceSecretArn", source),
            ("DestinationUrl", apis.orders_url()),
            ("TokenUrl", apis.token_url()),
            ("DestinationSecretArn", destination),
            // The sandbox answers 409 for an order that exists, and only then.
            ("ConflictMeans", "duplicate".to_owned()),
        ]);
        self.guided(&answers)
    }

    /// Name of the stack, region, parameters, three questions about the deployment, three about the file of the answers;
    /// at last, whether to deploy.
    fn guided(&self, answers: &BTreeMap<&str, String>) -> String {
        let template: Value = serde_json::from_slice(&fs::read(&self.template).unwrap()).unwrap();
        let parameters = template["Parameters"].as_object().unwrap().keys();
        let parameters: Vec<&str> = parameters
            .map(|name| answers.get(name.as_str()).map_or("", String::as_str))
            .collect();
        format!("\n\n{}\n\n\n\n\n\n\ny\n", parameters.join("\n"))
    }

    /// The state of the schedule of a stack.
    fn schedule(&self, stack: &str) -> String {
        let output = |key| {
            format!(
                "$(aws cloudformation describe-stacks --stack-name {stack} --output text \
                 --query \"Stacks[0].Outputs[?OutputKey=='{key}'].OutputValue\")"
            )
        };
        let state = self.paste(
            &format!(
                "aws scheduler get-schedule --group-name {} --name {} --output text --query State",
                output("ScheduleGroupName"),
                output("ScheduleName")
            ),
            "",
        );
        state.trim().to_owned()
    }

    fn answers_of(&self, environment: &str) -> String {
        fs::read_to_string(self.clone.join(format!("config/{environment}.toml"))).unwrap()
    }

    /// The tracked file is the repository's, whatever was answered.
    fn assert_samconfig_is_unchanged(&self) {
        let [ours, theirs] = [&self.clone, &self.aws.paths.root].map(|root| root.join("samconfig.toml"));
        assert_eq!(fs::read(ours).unwrap(), fs::read(theirs).unwrap());
    }
}

/// A folder as a fresh clone has it, by links; a copy of what could be written.
fn clone(paths: &Paths) -> PathBuf {
    let clone = paths.work.join("clone");
    fs::create_dir(&clone).unwrap();
    for name in [
        "Makefile",
        "Cargo.toml",
        "functions",
        "infra",
        "shared",
        "tests",
        ".tools",
    ] {
        symlink(paths.root.join(name), clone.join(name)).unwrap();
    }
    fs::copy(paths.root.join("samconfig.toml"), clone.join("samconfig.toml")).unwrap();
    clone
}

/// The blocks of the procedure: two secrets, the deployment, a check, a dry run, one customer, all, their dead letters, and
/// the deployment that enables the schedule.
fn first_deployment() -> [String; 9] {
    let blocks = commands(DEPLOYMENT, "## First deployment");
    blocks.try_into().unwrap()
}

/// The line of the answers that has the parameters.
fn parameters(answers: &str) -> &str {
    let mut lines = answers
        .lines()
        .filter(|line| line.starts_with("parameter_overrides"));
    lines.next().unwrap()
}

/// The document's customer and others; and how many of them are invalid.
fn some_customers() -> (Customers, u64) {
    let others = customers::generate(60, 71);
    let invalid = others.iter().filter(|customer| !customer.expected.is_order());
    let invalid = invalid.count() as u64;
    let first = fixture::customer().to_string();
    let all = std::iter::once(first).chain(others.into_iter().map(|customer| customer.json));
    (Customers::Given(all.collect()), invalid)
}

#[test]
fn first_day_orders_once_for_each_customer() {
    on_a_new_account(async |account| {
        let [_, _, _, check, dry_run, one, all, dead_letters, enable] = first_deployment();
        let apis = &account.aws.sandbox;
        assert_eq!(account.schedule(STACK), "DISABLED");
        let calls = apis.counters();
        assert_eq!((calls.source_requests, calls.order_posts), (0, 0));
        account.assert_samconfig_is_unchanged();

        let (customers, invalid) = some_customers();
        let count = customers.count();
        let valid = count - invalid;
        assert!(invalid > 0);
        apis.set_customers(customers);
        account.paste(&check, "");
        let answer = account.json(&dry_run, "");
        assert_eq!(
            (&answer["fetched"], &answer["would_be_rejected"]),
            (&json!(count), &json!(invalid)),
            "{answer}"
        );

        let answer = account.json(&one, "");
        assert_eq!(
            (&answer["enqueued"], &answer["skipped"]),
            (&json!(1), &json!(count - 1))
        );
        let ordered = apis.until(|record| record.counters.orders_stored > 0);
        tokio::time::timeout(PATIENCE, ordered).await.unwrap();
        assert!(apis.ledger().keys().eq([FIRST_ORDER]));
        assert_eq!(apis.counters().order_posts, 1);

        let answer = account.json(&all, "");
        assert_eq!(answer["enqueued"], count, "{answer}");
        let settled = async {
            while account.json(&dead_letters, "")["by_reason"] != json!({"invalid_customer": invalid}) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            apis.until(|record| record.counters.order_posts > valid).await;
        };
        tokio::time::timeout(PATIENCE, settled).await.unwrap();
        let ledger = apis.ledger();
        assert_eq!(ledger.len() as u64, valid);
        for (id, entry) in ledger {
            assert_eq!(entry.posts, if id == FIRST_ORDER { 2 } else { 1 }, "{id}");
        }

        let answers = account.answers_of("default");
        assert!(DEPLOYMENT.contains(DISABLED) && DEPLOYMENT.contains(ENABLED));
        assert_eq!(answers.matches(DISABLED).count(), 1, "{answers}");
        let file = account.clone.join("config/default.toml");
        fs::write(file, answers.replace(DISABLED, ENABLED)).unwrap();
        account.paste(&enable, "y\n");
        assert_eq!(account.schedule(STACK), "ENABLED");
        account.assert_samconfig_is_unchanged();
    });
}

#[test]
fn second_environment_has_its_own_stack_and_answers() {
    on_a_new_account(async |account| {
        let staging = format!("{STACK}-staging");
        let [source, destination, ..] =
            first_deployment().map(|block| block.replace(&format!("{STACK}/"), &format!("{staging}/")));
        let [deploy, again, invocations] = &commands(DEPLOYMENT, "## Environments")[..] else {
            panic!("other commands")
        };
        let [.., all, _, _] =
            first_deployment().map(|block| block.replace("make invoke", "make invoke ENV=staging"));
        let (default, default_answers) = (&account.aws.sandbox, account.answers_of("default"));
        let calls = |apis: &Sandbox| (apis.counters().source_requests, apis.counters().order_posts);
        let calls_of_default = calls(default);
        let apis = Sandbox::start(sandbox::Settings {
            customers: [fixture::customer()].into(),
            ..sandbox::Settings::default()
        });
        let apis = apis.await.unwrap();

        let secrets = account.create_secrets([&source, &destination], &apis);
        account.paste(deploy, &account.answers(&apis, secrets));
        assert_eq!(account.schedule(&staging), "DISABLED");
        assert_eq!(calls(&apis), (0, 0));
        let [check, dry_run, dead_letters] = [0, 1, 2].map(|at| invocations.lines().nth(at).unwrap());
        account.paste(check, "");
        let answer = account.json(dry_run, "");
        assert_eq!(answer["fetched"], 1, "{answer}");
        assert_eq!(account.json(dead_letters, "")["examined"], 0);
        account.json(&all, "");
        let ordered = apis.until(|record| record.counters.orders_stored > 0);
        tokio::time::timeout(PATIENCE, ordered).await.unwrap();
        assert_eq!(calls(&apis), (3, 1));
        assert_eq!(calls(default), calls_of_default);

        let answers = account.answers_of("staging");
        account.paste(again, &account.guided(&[("LogLevel", "DEBUG".to_owned())].into()));
        assert_eq!(
            parameters(&account.answers_of("staging")),
            parameters(&answers).replace(r#"LogLevel=\"INFO\""#, r#"LogLevel=\"DEBUG\""#)
        );
        // Without a change it asks nothing.
        account.paste(deploy, "");
        assert_eq!(account.answers_of("default"), default_answers);
        account.assert_samconfig_is_unchanged();
    });
}
