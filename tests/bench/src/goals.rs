//! Goals for the figures, and whether they are met.
//!
//! All are ratios within one run on one machine, since absolute figures vary, or sizes, which do not.

use crate::{
    competitor::Competitor::{self, Floor, Ours, PythonAsync, PythonSync, TypeScript},
    results::Results,
    sample::{Figure, float},
    scenario::{Scenario, Scope},
};

/// The maximum size of a deployed binary, in MiB.
const MAX_BINARY: f64 = 9.5;

/// The most memory, in MiB, that any page of the source may take.
const MAX_PAGE: f64 = 64.0;

struct Goal {
    what: &'static str,
    scenario: Scenario,
    figure: Figure,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtMostTimes(f64, Competitor),
    AtLeastTimes(f64, Competitor),
    /// At most so many times the figure of another scenario.
    AtMostTimesScenario(f64, Scenario),
    /// At most so much more than in another scenario.
    GrowsAtMost(f64, Scenario),
}

pub(crate) struct Judged {
    pub(crate) what: String,
    pub(crate) ours: String,
    /// Its ratio to the competitor's figure, if the goal is one.
    pub(crate) compared: String,
    pub(crate) goal: String,
    pub(crate) met: bool,
}

/// Judges all goals that there are figures for.
pub(crate) fn judge(results: &Results, scope: Scope) -> Vec<Judged> {
    let goals = match scope {
        Scope::Full => full(),
        Scope::Quick => quick(),
    };
    let mut judged: Vec<_> = goals.iter().filter_map(|goal| goal.judge(results)).collect();
    if scope == Scope::Full {
        judged.extend(results.binaries.iter().map(|(name, bytes)| binary(name, *bytes)));
    }
    judged
}

fn full() -> Vec<Goal> {
    let (at_100, at_10) = (Scenario::submit(100, 0), Scenario::submit(10, 0));
    let million = Scenario::fetch(1_000_000);
    let mut goals = Vec::new();
    for (what, scenario, floor) in [
        ("submit, CPU per order, batches of 100", at_100, 1.35),
        ("submit, CPU per order, batches of 10", at_10, 1.4),
    ] {
        for (times, of) in [
            (floor, Floor),
            (0.29, TypeScript),
            (0.11, PythonAsync),
            (0.05, PythonSync),
        ] {
            goals.push(goal(
                what,
                scenario,
                Figure::CpuMicros,
                Bound::AtMostTimes(times, of),
            ));
        }
    }
    let throughput = "submit, orders per second, batches of 100, 20 ms";
    let at_20_ms = Scenario::submit(100, 20);
    let as_fast = Bound::AtLeastTimes(0.97, Floor);
    goals.push(goal(throughput, at_20_ms, Figure::PerSecond, as_fast));
    let peak = "submit, peak memory, MiB";
    for bound in [Bound::AtMostTimes(1.25, Floor), Bound::AtMost(12.0)] {
        goals.push(goal(peak, at_100, Figure::Peak, bound));
    }
    let cold = "cold start over TLS, ms";
    for (times, of) in [
        (1.3, Floor),
        (1.0 / 25.0, TypeScript),
        (1.0 / 45.0, PythonAsync),
        (1.0 / 45.0, PythonSync),
    ] {
        goals.push(goal(
            cold,
            Scenario::Cold,
            Figure::WallMillis,
            Bound::AtMostTimes(times, of),
        ));
    }
    let fetch = "fetch, CPU per customer, 1 M";
    for (times, of) in [(1.2, Floor), (1.0 / 10.0, TypeScript), (1.0 / 14.0, PythonSync)] {
        goals.push(goal(
            fetch,
            million,
            Figure::CpuMicros,
            Bound::AtMostTimes(times, of),
        ));
    }
    let envelope = Scenario::Envelope { customers: 1_000_000 };
    goals.push(goal(
        "fetch, CPU per customer, envelope to array",
        envelope,
        Figure::CpuMicros,
        Bound::AtMostTimesScenario(1.2, million),
    ));
    goals.push(goal(
        "fetch, peak memory, MiB, envelope to array",
        envelope,
        Figure::Peak,
        Bound::GrowsAtMost(2.0, million),
    ));
    let dry_run = |customers| Scenario::DryRun { customers };
    for (what, scenario, bound) in [
        (
            "fetch, peak memory, MiB, envelope, 1 k to 1 M",
            envelope,
            Bound::GrowsAtMost(2.0, Scenario::Envelope { customers: 1_000 }),
        ),
        (
            "fetch, peak memory, MiB, dry run, 1 k to 1 M",
            dry_run(1_000_000),
            Bound::GrowsAtMost(2.0, dry_run(1_000)),
        ),
        (
            "fetch, peak memory, MiB, customers of 1 MiB",
            Scenario::Largest { customers: 200 },
            Bound::AtMost(MAX_PAGE),
        ),
    ] {
        goals.push(goal(what, scenario, Figure::Peak, bound));
    }
    let most = Scenario::fetch(5_000_000);
    let growth = Bound::GrowsAtMost(2.0, Scenario::fetch(1_000));
    goals.push(goal(
        "fetch, peak memory, MiB, 5 M",
        most,
        Figure::Peak,
        Bound::AtMost(13.0),
    ));
    goals.push(goal(
        "fetch, peak memory, MiB, 1 k to 5 M",
        most,
        Figure::Peak,
        growth,
    ));
    goals
}

/// So generous that only a change of the code misses them, on any machine under any load.
fn quick() -> Vec<Goal> {
    let (at_100, at_10) = (Scenario::submit(100, 0), Scenario::submit(10, 0));
    let (least, most) = (Scenario::fetch(1_000), Scenario::fetch(50_000));
    let times = |times| Bound::AtMostTimes(times, Floor);
    vec![
        goal(
            "submit, CPU per order, batches of 100",
            at_100,
            Figure::CpuMicros,
            times(2.2),
        ),
        goal(
            "submit, CPU per order, batches of 10",
            at_10,
            Figure::CpuMicros,
            times(2.2),
        ),
        goal(
            "submit, orders per second, batches of 100, 20 ms",
            Scenario::submit(100, 20),
            Figure::PerSecond,
            Bound::AtLeastTimes(0.7, Floor),
        ),
        goal("submit, peak memory, MiB", at_100, Figure::Peak, times(1.5)),
        goal(
            "cold start over TLS, ms",
            Scenario::Cold,
            Figure::WallMillis,
            times(3.0),
        ),
        goal("fetch, CPU per customer", most, Figure::CpuMicros, times(2.2)),
        goal(
            "fetch, CPU per customer, envelope to array",
            Scenario::Envelope { customers: 50_000 },
            Figure::CpuMicros,
            Bound::AtMostTimesScenario(1.6, most),
        ),
        goal("fetch, peak memory, MiB", most, Figure::Peak, times(1.7)),
        goal(
            "fetch, peak memory, MiB, 1 k to 50 k",
            most,
            Figure::Peak,
            Bound::GrowsAtMost(6.0, least),
        ),
        goal(
            "fetch, peak memory, MiB, dry run to 1 k customers",
            Scenario::DryRun { customers: 50_000 },
            Figure::Peak,
            Bound::GrowsAtMost(6.0, least),
        ),
        goal(
            "fetch, peak memory, MiB, customers of 1 MiB",
            Scenario::Largest { customers: 60 },
            Figure::Peak,
            Bound::AtMost(MAX_PAGE),
        ),
    ]
}

const fn goal(what: &'static str, scenario: Scenario, figure: Figure, bound: Bound) -> Goal {
    Goal {
        what,
        scenario,
        figure,
        bound,
    }
}

impl Goal {
    /// `None` where one of the two figures is not there.
    fn judge(&self, results: &Results) -> Option<Judged> {
        let median = |scenario, of| Some(results.figure(scenario, of, self.figure)?.median);
        let ours = median(self.scenario, Ours)?;
        let (compared, goal, met) = match self.bound {
            Bound::AtMost(most) => (String::new(), format!("≤ {most}"), ours <= most),
            Bound::AtMostTimes(most, of) => {
                let ratio = ours / median(self.scenario, of)?;
                (times(ratio, of), format!("≤ {}", times(most, of)), ratio <= most)
            }
            Bound::AtLeastTimes(least, of) => {
                let ratio = ours / median(self.scenario, of)?;
                (
                    times(ratio, of),
                    format!("≥ {}", times(least, of)),
                    ratio >= least,
                )
            }
            Bound::AtMostTimesScenario(most, from) => {
                let ratio = ours / median(from, Ours)?;
                (format!("{ratio:.2} ×"), format!("≤ {most} ×"), ratio <= most)
            }
            Bound::GrowsAtMost(most, from) => {
                let grown = ours - median(from, Ours)?;
                (format!("+ {grown:.1}"), format!("≤ + {most}"), grown <= most)
            }
        };
        Some(Judged {
            what: self.what.to_owned(),
            ours: format!("{ours:.1}"),
            compared,
            goal,
            met,
        })
    }
}

fn times(ratio: f64, of: Competitor) -> String {
    // 1.35 × floor, but 0.022 × Python.
    let digits = if ratio < 0.1 { 3 } else { 2 };
    format!("{ratio:.digits$} × {of}")
}

fn binary(name: &str, bytes: u64) -> Judged {
    let mib = float(bytes) / 1024.0 / 1024.0;
    Judged {
        what: format!("binary of {name}, MiB"),
        ours: format!("{mib:.1}"),
        compared: String::new(),
        goal: format!("≤ {MAX_BINARY}"),
        met: mib <= MAX_BINARY,
    }
}
