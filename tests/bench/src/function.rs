//! A function's binary as a child process, under the Lambda Runtime API.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{Mutex, mpsc},
};

/// How the kernel counts CPU time in `/proc/PID/stat` (`USER_HZ`, proc(5)): the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// What became of an invocation: the function's answer, or its error.
pub(crate) type Answer = Result<Value, Value>;

/// A running function. Dropping it kills the process.
pub(crate) struct Function {
    child: Child,
    events: mpsc::Sender<Value>,
    answers: mpsc::Receiver<Answer>,
}

/// The kernel's account of a process.
#[derive(Clone, Copy)]
pub(crate) struct Account {
    /// In user and in kernel mode.
    pub(crate) cpu: Duration,
    /// The most memory that was resident at one time.
    pub(crate) peak_kib: u64,
}

struct RuntimeApi {
    events: Mutex<mpsc::Receiver<Value>>,
    answers: mpsc::Sender<Answer>,
}

impl Function {
    /// Starts `binary` with this environment and nothing else of the present one.
    pub(crate) async fn start(binary: &Path, environment: &[(&str, String)]) -> io::Result<Self> {
        let (events, incoming) = mpsc::channel(1);
        let (outgoing, answers) = mpsc::channel(1);
        let api = Arc::new(RuntimeApi {
            events: Mutex::new(incoming),
            answers: outgoing,
        });
        // The Lambda Runtime API (AWS Lambda Developer Guide, "Using the Lambda runtime API").
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .with_state(api);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router).await });
        let child = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "fixture")
            .env("AWS_SECRET_ACCESS_KEY", "fixture")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            child,
            events,
            answers,
        })
    }

    /// Invokes it, and waits for what becomes of that.
    pub(crate) async fn invoke(&mut self, event: Value) -> io::Result<Answer> {
        let gone = || io::Error::other("the function's process ended");
        self.events.send(event).await.map_err(|_| gone())?;
        tokio::select! {
            answer = self.answers.recv() => answer.ok_or_else(gone),
            ended = self.child.wait() => Err(io::Error::other(format!("the function's process ended: {}", ended?))),
        }
    }

    /// What it took so far.
    pub(crate) fn account(&self) -> io::Result<Account> {
        account(&self.child.id().map_or_else(String::new, |id| id.to_string()))
    }
}

/// Where Cargo puts a binary: beside this one.
pub(crate) fn binary(name: &str) -> io::Result<PathBuf> {
    let binary = std::env::current_exe()?.with_file_name(name);
    if binary.exists() {
        Ok(binary)
    } else {
        let how = format!("{} is missing: cargo build --release -p {name}", binary.display());
        Err(io::Error::other(how))
    }
}

/// The account of a process, or of this one: `self`.
pub(crate) fn account(process: &str) -> io::Result<Account> {
    let wrong = || io::Error::other("/proc is not Linux's");
    // proc(5): the second field is a name in parentheses, fields 14 and 15 are user and system time.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").ok_or_else(wrong)?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u32>);
    let ticks: u32 = ticks.sum::<Result<_, _>>().map_err(|_| wrong())?;
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak_kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok());
    Ok(Account {
        cpu: TICK * ticks,
        peak_kib: peak_kib.ok_or_else(wrong)?,
    })
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> impl IntoResponse {
    let event = api.events.lock().await.recv().await.unwrap_or_default();
    let in_15_minutes = SystemTime::now() + Duration::from_secs(15 * 60);
    let deadline = in_15_minutes.duration_since(UNIX_EPOCH).unwrap_or_default();
    let headers = [
        ("lambda-runtime-aws-request-id", "bench".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:bench".to_owned(),
        ),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event.to_string())
}

async fn answered(State(api): State<Arc<RuntimeApi>>, body: String) -> StatusCode {
    take(&api, Ok(serde_json::from_str(&body).unwrap_or_default())).await
}

async fn failed(State(api): State<Arc<RuntimeApi>>, body: String) -> StatusCode {
    take(&api, Err(serde_json::from_str(&body).unwrap_or_default())).await
}

async fn take(api: &RuntimeApi, answer: Answer) -> StatusCode {
    // Without a listener the bench is over.
    let _ = api.answers.send(answer).await;
    StatusCode::ACCEPTED
}
