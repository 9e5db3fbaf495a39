//! A measured process, and the kernel's accounting of it.

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

/// Bytes of its output that are kept, to be shown if it fails.
const TAIL: usize = 8 * 1024;

/// A running process. Dropping it kills it.
pub(crate) struct Child {
    process: Process,
    pid: i32,
    printed: Arc<Mutex<Printed>>,
}

/// Its output on both streams, as Lambda logs both.
#[derive(Default)]
struct Printed {
    bytes: u64,
    tail: Vec<u8>,
}

impl Child {
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

    /// Peak resident memory (`VmHWM`, proc_pid_status(5)).
    pub(crate) fn peak_kib(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok());
        peak.ok_or_else(|| io::Error::other("/proc is not Linux's"))
    }

    /// Bytes printed so far.
    pub(crate) fn printed(&self) -> u64 {
        self.look().bytes
    }

    /// Waits for its end, and returns how it ended, with the end of its output.
    pub(crate) async fn ended(&mut self) -> io::Error {
        match self.process.wait().await {
            Ok(status) => io::Error::other(format!("the process ended: {status}\n{}", self.output_tail())),
            Err(error) => error,
        }
    }

    /// The end of its output.
    pub(crate) fn output_tail(&self) -> String {
        String::from_utf8_lossy(&self.look().tail).into_owned()
    }

    fn look(&self) -> std::sync::MutexGuard<'_, Printed> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The process's CPU-time clock (`clock_getcpuclockid(3)`): it counts nanoseconds, can be read while the process runs,
/// and includes threads that ended. `/proc/PID/stat` has steps of 10 ms; `/proc/PID/task` has living threads only;
/// `wait4(2)` works only at the end.
#[cfg(target_os = "linux")]
fn cpu(pid: i32) -> io::Result<Duration> {
    let clock = nix::time::clock_getcpuclockid(nix::unistd::Pid::from_raw(pid))?;
    Ok(clock.now()?.into())
}

#[cfg(not(target_os = "linux"))]
fn cpu(_: i32) -> io::Result<Duration> {
    Err(io::Error::other(
        "CPU time is read from the Linux kernel, and this is another one",
    ))
}

/// Reads the output until its end.
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
        let over = printed.tail.len().saturating_sub(TAIL);
        printed.tail.drain(..over);
    }
}
