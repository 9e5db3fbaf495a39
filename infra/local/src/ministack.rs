//! The local AWS as a child process that never outlives this one.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Error, tail};
use crate::places::Places;

/// Starts MiniStack, and ends it when the other end of the pipe is closed: when we say so, and also when we crash
/// or are killed. MiniStack ends the functions that it started. What is left of the process group then, or two
/// seconds later, is killed.
const SUPERVISOR: &str = r#"
exec 3<&0
"$@" < /dev/null 3<&- &
ministack=$!
{ cat <&3; kill -TERM "$ministack"; sleep 2; kill -KILL 0; } > /dev/null &
wait "$ministack"
kill -KILL 0
"#;

/// Loading MiniStack takes a second; a machine that is busy with a build takes some more.
const READY_WITHIN: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(50);

/// The region that everything local is in.
pub(crate) const REGION: &str = "us-east-1";

/// A running MiniStack. Dropping it ends it, and every function that it started.
#[derive(Debug)]
pub(crate) struct MiniStack {
    supervisor: Child,
    /// Held open as long as MiniStack shall live.
    lifeline: Option<ChildStdin>,
    url: String,
}

impl MiniStack {
    /// Starts it on `port` of loopback. `functions_endpoint` is where the functions find AWS.
    pub(crate) async fn start(places: &Places, port: u16, functions_endpoint: &str) -> Result<Self, Error> {
        let path = places.log();
        let log = File::create(&path).map_err(Error::io(format!("write {}", path.display())))?;
        let errors = log
            .try_clone()
            .map_err(Error::io(format!("write {}", path.display())))?;
        let mut supervisor = Command::new("/bin/sh")
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(places.ministack())
            .current_dir(&places.work)
            // The functions inherit what MiniStack has: nothing of the caller's but the search path.
            .env_clear()
            .env("PATH", places.search_path())
            .env("HOME", places.home())
            .env("TMPDIR", places.temp())
            .env("STATE_DIR", places.work.join("state"))
            .env("S3_DATA_DIR", places.work.join("s3"))
            .env("BIND_HOST", Ipv4Addr::LOCALHOST.to_string())
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_REGION", REGION)
            .env("AWS_ENDPOINT_URL", functions_endpoint)
            // It would serve MQTT and SFTP as well, and tidy up Docker containers, where there is a Docker.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .env("DOCKER_HOST", "unix:///nonexistent")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(Error::io(format!("start {}", places.ministack().display())))?;
        let lifeline = supervisor.stdin.take();
        let mut ministack = Self {
            supervisor,
            lifeline,
            url: format!("http://127.0.0.1:{port}"),
        };
        ministack.ready(places).await?;
        Ok(ministack)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    async fn ready(&mut self, places: &Places) -> Result<(), Error> {
        let problem = |what| {
            let text = std::fs::read_to_string(places.log()).unwrap_or_default();
            Error::MiniStack {
                what,
                log: places.log(),
                tail: tail(&text),
            }
        };
        let client = shared::http::client()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build();
        let client = client.map_err(Error::aws("making an HTTP client"))?;
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
                return Err(problem("ended while it started"));
            }
            tokio::time::sleep(READY_POLL).await;
        }
        Err(problem("did not start in time"))
    }
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // It was killed, so there is nothing to learn.
        let _ = self.supervisor.wait();
    }
}

/// A port of loopback that nobody listens on.
pub(crate) fn free_port() -> Result<u16, Error> {
    let find = || Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port());
    find().map_err(Error::io("find a free port"))
}
