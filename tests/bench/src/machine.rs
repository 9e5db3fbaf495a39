//! The machine of a measurement.

use std::{collections::BTreeMap, fmt, fs, process::Command, thread};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A machine, and the versions of the competitors' languages on it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Machine {
    /// When, in UTC.
    pub(crate) at: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    /// By the program's name.
    pub(crate) versions: BTreeMap<String, String>,
}

impl Machine {
    /// This machine, now. An unknown value is empty.
    pub(crate) fn this() -> Self {
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = processor.lines().find_map(|line| line.strip_prefix("model name"));
        let processor = processor.map(|model| model.trim_start_matches([' ', '\t', ':']).to_owned());
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let versions = [
            ("rustc", "rustc"),
            ("node", ".tools/bench/node"),
            ("python", ".tools/bench/venv/bin/python"),
        ];
        Self {
            at: OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            processor: processor.unwrap_or_default(),
            cores: thread::available_parallelism().map_or(0, usize::from),
            kernel: kernel.trim().to_owned(),
            versions: versions
                .into_iter()
                .filter_map(|(name, program)| Some((name.to_owned(), version(program)?)))
                .collect(),
        }
    }
}

fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            processor,
            cores,
            kernel,
            versions,
        } = self;
        write!(f, "{at}: {processor}, {cores} cores, Linux {kernel}")?;
        versions.values().try_for_each(|version| write!(f, ", {version}"))
    }
}
