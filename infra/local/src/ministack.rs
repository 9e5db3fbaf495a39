//! The local AWS as a child process that never outlives this one.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Error, tail};
use crate::paths::Paths;

/// Starts MiniStack, and stops it when the other end of the pipe is closed: on purpose, or because this process crashed or
/// was killed. MiniStack stops the functions that it started. What is left of the process group then, or two seconds
/// later, is killed.
const SUPERVISOR: &str = r#"
exec 3<&0
"$@" < /dev/null 3<&- &
ministack=$!
{ cat <&3; kill -TERM "$ministack"; sleep 2; kill -KILL 0; } > /dev/null &
wait "$ministack"
kill -KILL 0
"#;

/// Loading MiniStack takes a second; on a machine that runs a build, some more.
const READY_WITHIN: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(50);

/// The region of all local resources.
pub(crate) const REGION: &str = "us-east-1";

/// A running MiniStack. Dropping it stops it, and every function that it started.
#[derive(Debug)]
pub(crate) struct MiniStack {
    supervisor: Child,
    /// Held open as long as MiniStack is to run.
    lifeline: Option<ChildStdin>,
    url: String,
}

impl MiniStack {
    /// Starts it on `port` of loopback. `functions_endpoint` is the URL of AWS for the functions.
    pub(crate) async fn start(paths: &Paths, port: u16, functions_endpoint: &str) -> Result<Self, Error> {
        let path = paths.log();
        let log = File::create(&path).map_err(Error::io(format!("write {}", path.display())))?;
        let errors = log
            .try_clone()
            .map_err(Error::io(format!("write {}", path.display())))?;
        let mut supervisor = Command::new("/bin/sh")
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(paths.ministack())
            .current_dir(&paths.work)
            // The functions inherit the environment of MiniStack: of the caller's only the search path.
            .env_clear()
            .env("PATH", paths.search_path())
            .env("HOME", paths.home())
            .env("TMPDIR", paths.temp())
            .env("STATE_DIR", paths.work.join("state"))
            .env("S3_DATA_DIR", paths.work.join("s3"))
            .env("BIND_HOST", Ipv4Addr::LOCALHOST.to_string())
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_REGION", REGION)
            .env("AWS_ENDPOINT_URL", functions_endpoint)
            // It would serve MQTT and SFTP too, and remove Docker containers, if there is a Docker.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .env("DOCKER_HOST", "unix:///nonexistent")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(Error::io(format!("start {}", paths.ministack().display())))?;
        let lifeline = supervisor.stdin.take();
        let mut ministack = Self {
            supervisor,
            lifeline,
            url: format!("http://127.0.0.1:{port}"),
        };
        ministack.ready(paths).await?;
        Ok(ministack)
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    async fn ready(&mut self, paths: &Paths) -> Result<(), Error> {
        let problem = |what| {
            let text = std::fs::read_to_string(paths.log()).unwrap_or_default();
            Error::MiniStack {
                what,
                log: paths.log(),
                tail: tail(&text),
            }
        };
        let client = shared::http::client()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build();
        let client = client.map_err(Error::aws("create an HTTP client"))?;
        let health = format!("{}/_ministack/health", self.url);
        let deadline = Instant::now() + READY_WITHIN;
        while Instant::now() < deadline {
            if client
                .get(&health)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return Ok(());
            }
            if !matches!(self.supervisor.try_wait(), Ok(None)) {
                return Err(problem("exited while it started"));
            }
            tokio::time::sleep(READY_POLL).await;
        }
        Err(problem("did not start in time"))
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // It was killed: its status means nothing.
        let _ = self.supervisor.wait();
    }
}

/// A port of loopback that is not in use.
pub(crate) fn free_port() -> Result<u16, Error> {
    let find = || Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port());
    find().map_err(Error::io("find a free port"))
}
