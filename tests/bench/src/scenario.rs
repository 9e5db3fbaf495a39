//! What is measured, and which competitors take part.

use std::{error::Error, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    cold,
    competitor::{Competitor, Job},
    customers::Customers,
    fetch,
    sample::{Figure, Sample},
    submit::{self, Setting},
    tls::Tls,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scenario {
    Submit {
        /// Messages per invocation.
        batch: u64,
        /// The destination's latency.
        latency_ms: u64,
        /// Over https.
        tls: bool,
    },
    /// A process starts and posts one order, over https.
    Cold,
    Fetch {
        customers: u64,
        /// SQS's latency for a batch of ten.
        sqs_latency_ms: u64,
    },
    /// As `Fetch`, from a list inside of an object.
    Envelope { customers: u64 },
    /// As `Fetch`, but nothing is sent.
    DryRun { customers: u64 },
    /// As `Fetch`, with the largest customers that a message can hold, and an SQS that takes a while for each.
    Largest { customers: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Full,
    /// Just enough for a ratio to the floor.
    Quick,
}

impl Scenario {
    /// Without TLS.
    pub(crate) const fn submit(batch: u64, latency_ms: u64) -> Self {
        Self::Submit {
            batch,
            latency_ms,
            tls: false,
        }
    }

    /// SQS without latency.
    pub(crate) const fn fetch(customers: u64) -> Self {
        Self::Fetch {
            customers,
            sqs_latency_ms: 0,
        }
    }

    pub(crate) fn all(scope: Scope) -> Vec<Self> {
        match scope {
            Scope::Quick => vec![
                Self::submit(100, 0),
                Self::submit(10, 0),
                Self::submit(100, 20),
                Self::Cold,
                Self::fetch(1_000),
                Self::fetch(50_000),
                Self::Envelope { customers: 50_000 },
                Self::DryRun { customers: 50_000 },
                Self::Largest { customers: 60 },
            ],
            Scope::Full => vec![
                Self::submit(100, 0),
                Self::submit(10, 0),
                Self::Submit {
                    batch: 100,
                    latency_ms: 0,
                    tls: true,
                },
                Self::submit(100, 20),
                Self::submit(10, 20),
                Self::submit(100, 100),
                Self::submit(10, 100),
                Self::Cold,
                Self::fetch(1_000),
                Self::fetch(100_000),
                Self::Fetch {
                    customers: 100_000,
                    sqs_latency_ms: 20,
                },
                Self::fetch(1_000_000),
                Self::Envelope { customers: 1_000 },
                Self::Envelope { customers: 1_000_000 },
                Self::DryRun { customers: 1_000 },
                Self::DryRun { customers: 1_000_000 },
                Self::Largest { customers: 200 },
                Self::fetch(5_000_000),
            ],
        }
    }

    /// The measured function.
    pub(crate) fn job(self) -> Job {
        match self {
            Self::Submit { .. } | Self::Cold => Job::Submit,
            Self::Fetch { .. } | Self::Envelope { .. } | Self::DryRun { .. } | Self::Largest { .. } => {
                Job::Fetch
            }
        }
    }

    /// The competitors that take part, the function first.
    pub(crate) fn competitors(self) -> &'static [Competitor] {
        use Competitor::{
            Floor, FloorCut, FloorEmpty, FloorSecret, Ours, PythonAsync, PythonSync, TypeScript,
        };
        match self {
            Self::Submit { .. } => &[Ours, Floor, TypeScript, PythonAsync, PythonSync],
            Self::Cold => &[
                Ours,
                Floor,
                FloorSecret,
                FloorEmpty,
                TypeScript,
                PythonAsync,
                PythonSync,
            ],
            Self::Fetch {
                customers: ..=1_000_000,
                ..
            } => &[Ours, Floor, FloorCut, TypeScript, PythonSync],
            // The others would take hours, with the same result.
            Self::Fetch { .. } | Self::Envelope { .. } | Self::DryRun { .. } | Self::Largest { .. } => {
                &[Ours]
            }
        }
    }

    /// Its figures, the most important first.
    pub(crate) fn figures(self) -> &'static [Figure] {
        match self {
            Self::Submit { .. }
            | Self::Fetch { .. }
            | Self::Envelope { .. }
            | Self::DryRun { .. }
            | Self::Largest { .. } => &[
                Figure::CpuMicros,
                Figure::PerSecond,
                Figure::Peak,
                Figure::WallMillis,
                Figure::Printed,
            ],
            Self::Cold => &[Figure::WallMillis, Figure::CpuMillis, Figure::Peak],
        }
    }

    /// The number of runs, if time allows.
    pub(crate) fn runs(self, scope: Scope) -> usize {
        match (self, scope) {
            (Self::Cold, Scope::Full) => 20,
            // Mostly waiting, which varies little, or without competitors.
            (
                Self::Submit { latency_ms: 1.., .. }
                | Self::Fetch {
                    sqs_latency_ms: 1.., ..
                }
                | Self::Fetch {
                    customers: 1_000_001..,
                    ..
                },
                Scope::Full,
            ) => 3,
            (Self::Cold, Scope::Quick)
            | (
                Self::Submit { .. }
                | Self::Fetch { .. }
                | Self::Envelope { .. }
                | Self::DryRun { .. }
                | Self::Largest { .. },
                Scope::Full,
            ) => 5,
            (
                Self::Submit { .. }
                | Self::Fetch { .. }
                | Self::Envelope { .. }
                | Self::DryRun { .. }
                | Self::Largest { .. },
                Scope::Quick,
            ) => 3,
        }
    }

    /// Measures `competitor` once.
    ///
    /// # Errors
    /// It failed, or did not do the job.
    pub(crate) async fn measure(
        self,
        competitor: Competitor,
        scope: Scope,
        tls: &Tls,
    ) -> Result<Sample, Box<dyn Error>> {
        match self {
            Self::Submit {
                batch,
                latency_ms,
                tls: encrypted,
            } => {
                let setting = Setting {
                    batch,
                    latency: Duration::from_millis(latency_ms),
                    tls: encrypted,
                    orders: orders(competitor, latency_ms, scope),
                };
                submit::measure(competitor, setting, tls).await
            }
            Self::Cold => cold::measure(competitor, tls).await,
            Self::Fetch {
                customers,
                sqs_latency_ms,
            } => {
                let setting = fetch::Setting {
                    sqs_latency: Duration::from_millis(sqs_latency_ms),
                    ..fetch::Setting::array(Customers::Plain(customers))
                };
                fetch::measure(competitor, setting, tls).await
            }
            Self::Envelope { customers } => {
                let setting = fetch::Setting {
                    envelope: true,
                    ..fetch::Setting::array(Customers::Plain(customers))
                };
                fetch::measure(competitor, setting, tls).await
            }
            Self::DryRun { customers } => {
                let setting = fetch::Setting {
                    dry_run: true,
                    ..fetch::Setting::array(Customers::Plain(customers))
                };
                fetch::measure(competitor, setting, tls).await
            }
            Self::Largest { customers } => {
                let setting = fetch::Setting {
                    sqs_latency: Duration::from_millis(100),
                    ..fetch::Setting::array(Customers::largest(customers))
                };
                fetch::measure(competitor, setting, tls).await
            }
        }
    }
}

/// Orders of one run, which takes some seconds.
fn orders(competitor: Competitor, latency_ms: u64, scope: Scope) -> u64 {
    let orders = match (scope, latency_ms) {
        (Scope::Full, 0) => 20_000,
        (Scope::Full, ..=20) => 2_000,
        (Scope::Full, _) => 1_000,
        (Scope::Quick, 0) => 5_000,
        (Scope::Quick, _) => 1_000,
    };
    // Posted one after the other, each takes the whole latency.
    if competitor == Competitor::PythonSync && latency_ms > 0 {
        orders / 10
    } else {
        orders
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submit {
                batch,
                latency_ms,
                tls,
            } => {
                let tls = if *tls { ", TLS" } else { "" };
                write!(
                    f,
                    "submit, batches of {batch}, destination at {latency_ms} ms{tls}"
                )
            }
            Self::Cold => f.write_str("submit, cold start over TLS, from spawn to first answer"),
            Self::Fetch {
                customers,
                sqs_latency_ms: 0,
            } => write!(f, "fetch, {customers} customers"),
            Self::Fetch {
                customers,
                sqs_latency_ms,
            } => write!(f, "fetch, {customers} customers, SQS at {sqs_latency_ms} ms"),
            Self::Envelope { customers } => write!(f, "fetch, {customers} customers in an envelope"),
            Self::DryRun { customers } => write!(f, "fetch, dry run over {customers} customers"),
            Self::Largest { customers } => write!(f, "fetch, {customers} customers of 1 MiB"),
        }
    }
}
