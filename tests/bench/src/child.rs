//! A process that is measured, and the kernel's account of it.

use std::{
    io::{self, PipeReader},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    process::{Child as Process, Command},
};

/// How much of what it prints is kept, to be shown if it fails.
const KEPT: usize = 8 * 1024;

/// A running process. Dropping it kills it.
pub(crate) struct Child {
    process: Process,
    pid: i32,
    printed: Arc<Mutex<Printed>>,
}

/// What it has printed, on either stream, as Lambda takes both for its log.
#[derive(Default)]
struct Printed {
    bytes: u64,
    tail: Vec<u8>,
}

impl Child {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let process = command
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .kill_on_drop(true)
            .spawn()?;
        // With it goes the last writer of this process, so that the pipe ends with the child.
        drop(command);
        let pid = process.id().and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.ok_or_else(|| io::Error::other("the process has no id"))?;
        let printed = Arc::default();
        tokio::spawn(drain(reader, Arc::clone(&printed)));
        Ok(Self {
            process,
            pid,
            printed,
        })
    }

    /// Its CPU time so far, in user and in kernel mode, of all threads that it has and had.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        cpu(self.pid)
    }

    /// The most memory that it had resident at one time (`VmHWM`, proc_pid_status(5)).
    pub(crate) fn peak_kib(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok());
        peak.ok_or_else(|| io::Error::other("/proc is not Linux's"))
    }

    /// How many bytes it has printed.
    pub(crate) fn printed(&self) -> u64 {
        self.look().bytes
    }

    /// Waits for its end, and says how it ended and what it said last.
    pub(crate) async fn ended(&mut self) -> io::Error {
        match self.process.wait().await {
            Ok(status) => io::Error::other(format!("the process ended: {status}\n{}", self.last_words())),
            Err(error) => error,
        }
    }

    /// What it printed last.
    pub(crate) fn last_words(&self) -> String {
        String::from_utf8_lossy(&self.look().tail).into_owned()
    }

    fn look(&self) -> std::sync::MutexGuard<'_, Printed> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the process's own CPU-time clock shows (`clock_getcpuclockid(3)`): it counts nanoseconds, can be read while the
/// process runs, and forgets no thread. `/proc/PID/stat` tells the same in steps of 10 ms; `/proc/PID/task` knows living
/// threads only; `wait4(2)` tells it at the end alone.
#[cfg(target_os = "linux")]
fn cpu(pid: i32) -> io::Result<Duration> {
    let clock = nix::time::clock_getcpuclockid(nix::unistd::Pid::from_raw(pid))?;
    Ok(clock.now()?.into())
}

#[cfg(not(target_os = "linux"))]
fn cpu(_: i32) -> io::Result<Duration> {
    Err(io::Error::other(
        "the accounts are those of the Linux kernel: there are none here",
    ))
}

/// Reads what is printed until the end.
async fn drain(reader: PipeReader, printed: Arc<Mutex<Printed>>) -> io::Result<()> {
    let mut reader = pipe::Receiver::from_owned_fd(reader.into())?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let bytes = reader.read(&mut buffer).await?;
        let read = buffer.get(..bytes).unwrap_or_default();
        if read.is_empty() {
            return Ok(());
        }
        let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.bytes += read.len() as u64;
        printed.tail.extend_from_slice(read);
        let over = printed.tail.len().saturating_sub(KEPT);
        printed.tail.drain(..over);
    }
}
