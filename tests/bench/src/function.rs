//! A competitor's process in a world of its own.

use std::{
    error::Error,
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use sandbox::Sandbox;
use tokio::process::Command;

use crate::{
    child::Child,
    competitor::{Competitor, Job},
    tls::Tls,
    world::{ENVELOPE_ITEMS, Remotes, Source, World},
};

/// The template's default.
pub(crate) const MAX_IN_FLIGHT: u64 = 20;

/// A process, waiting for its first event. Dropping it ends the process and its world.
pub(crate) struct Function {
    // Dropped first, so that the process does not see its world end.
    child: Child,
    world: World,
    pub(crate) started: Instant,
}

/// Where a process finds both APIs.
struct Apis {
    customers: String,
    orders: String,
    token: String,
}

/// The resources that a process used so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) cpu: Duration,
    pub(crate) printed: u64,
}

#[derive(Debug)]
struct Failed {
    answer: Bytes,
    output_tail: String,
}

impl Function {
    /// Starts `competitor` in a world with these customers, its environment being that of Lambda and the template.
    /// `encrypted` makes it reach everything but the runtime API by https.
    pub(crate) async fn start(
        competitor: Competitor,
        job: Job,
        source: Source,
        tls: &Tls,
        encrypted: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let envelope = source.envelope;
        let world = World::start(tls, source).await?;
        let url = if encrypted { &world.encrypted } else { &world.plain };
        let apis = Apis {
            customers: format!("{url}/customers"),
            orders: format!("{url}/orders"),
            token: format!("{url}/oauth/token"),
        };
        let aws = url.clone();
        let mut command = competitor.command(job)?;
        if envelope {
            command.env("SOURCE_ITEMS", ENVELOPE_ITEMS);
        }
        Self::spawn(command, world, &aws, &apis, MAX_IN_FLIGHT, tls)
    }

    /// Starts the file `program`, some build of `submit-orders`, with the APIs of `sandbox`.
    pub(crate) async fn start_beside(
        program: &Path,
        sandbox: &Sandbox,
        max_in_flight: u64,
        tls: &Tls,
    ) -> Result<Self, Box<dyn Error>> {
        let world = World::start(tls, Source::default()).await?;
        let apis = Apis {
            customers: sandbox.customers_url(),
            orders: sandbox.orders_url(),
            token: sandbox.token_url(),
        };
        let aws = world.plain.clone();
        Self::spawn(Command::new(program), world, &aws, &apis, max_in_flight, tls)
    }

    fn spawn(
        mut command: Command,
        world: World,
        aws: &str,
        apis: &Apis,
        max_in_flight: u64,
        tls: &Tls,
    ) -> Result<Self, Box<dyn Error>> {
        // The competitor's own variables were set before.
        let own: Vec<_> = command.as_std().get_envs().map(own).collect();
        command.env_clear().envs(own.into_iter().flatten());
        command
            .env(
                "AWS_LAMBDA_RUNTIME_API",
                world.plain.trim_start_matches("http://"),
            )
            .envs(LAMBDA)
            .envs(tls.environment())
            .env("HOME", tls.folder())
            .env("AWS_ENDPOINT_URL", aws)
            .env("SOURCE_URL", &apis.customers)
            .env("DESTINATION_URL", &apis.orders)
            .env("TOKEN_URL", &apis.token)
            .env("QUEUE_URL", format!("{aws}/123456789012/customers"))
            .env(
                "DEAD_LETTER_QUEUE_URL",
                format!("{aws}/123456789012/dead-letters"),
            )
            .env("MAX_IN_FLIGHT", max_in_flight.to_string())
            // The destination answers 409 for an order that exists, and only then.
            .env("CONFLICT_MEANS", "duplicate");
        let started = Instant::now();
        Ok(Self {
            child: Child::start(command)?,
            world,
            started,
        })
    }

    /// Hands it an event, and waits for its answer.
    ///
    /// # Errors
    /// It ended, or failed.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Result<Bytes, Box<dyn Error>> {
        let outcome = tokio::select! {
            outcome = self.world.remotes.runtime.invoke(event) => outcome,
            ended = self.child.ended() => return Err(ended.into()),
        };
        outcome.map_err(|answer| {
            let output_tail = self.child.output_tail();
            Failed { answer, output_tail }.into()
        })
    }

    /// The resources that it used so far, once it is idle.
    ///
    /// # Errors
    /// It ended.
    pub(crate) async fn account(&mut self) -> Result<Account, Box<dyn Error>> {
        tokio::select! {
            () = self.world.remotes.runtime.idle() => {}
            ended = self.child.ended() => return Err(ended.into()),
        }
        Ok(Account {
            cpu: self.child.cpu()?,
            printed: self.child.printed(),
        })
    }

    /// Peak memory so far.
    pub(crate) fn peak_kib(&self) -> std::io::Result<u64> {
        self.child.peak_kib()
    }

    pub(crate) fn remotes(&self) -> &Remotes {
        &self.world.remotes
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = String::from_utf8_lossy(&self.answer);
        write!(f, "the function failed: {answer}\n{}", self.output_tail)
    }
}

impl Error for Failed {}

fn own<'a>(
    (name, value): (&'a std::ffi::OsStr, Option<&'a std::ffi::OsStr>),
) -> Option<(std::ffi::OsString, std::ffi::OsString)> {
    Some((name.to_owned(), value?.to_owned()))
}

/// Variables that Lambda sets for every function, and the template for these two.
const LAMBDA: [(&str, &str); 19] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("LANG", "en_US.UTF-8"),
    ("TZ", ":UTC"),
    ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
    (
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "2023/10/15/[$LATEST]0123456789abcdef",
    ),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_DEFAULT_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "fixture"),
    ("AWS_SECRET_ACCESS_KEY", "fixture"),
    ("AWS_SESSION_TOKEN", "fixture"),
    ("SOURCE_SECRET_ARN", SECRET_ARN),
    ("DESTINATION_SECRET_ARN", SECRET_ARN),
    ("QUEUE_RETENTION_SECS", "345600"),
    ("METRICS_NAMESPACE", "CustomerOrderSync"),
    ("STACK_NAME", "bench"),
];

const SECRET_ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:bench-AbCdEf";
