//! Shows how far a run is: a bar per stage on a terminal, lines elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::run::Counts;

const LINE_EVERY: Duration = Duration::from_secs(2);

pub enum Progress {
    Bars(Bars),
    Lines(Lines),
}

pub struct Bars {
    fetched: ProgressBar,
    enqueued: ProgressBar,
    delivered: ProgressBar,
    dead_lettered: ProgressBar,
}

/// Lines of text, at most one in two seconds.
#[derive(Default)]
pub struct Lines {
    shown: Option<(Instant, Counts)>,
    latest: Counts,
}

impl Progress {
    /// Bars if the output is a terminal.
    pub fn new(customers: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines(Lines::default());
        }
        let all = MultiProgress::new();
        let bar = |stage: &'static str| {
            let bar = all.add(ProgressBar::new(customers).with_prefix(stage));
            let style = ProgressStyle::with_template("{prefix:>13} {bar:40} {pos:>7}/{len}  {msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        };
        Self::Bars(Bars {
            fetched: bar("fetched"),
            enqueued: bar("enqueued"),
            delivered: bar("delivered"),
            dead_lettered: bar("dead-lettered"),
        })
    }

    pub fn show(&mut self, counts: &Counts) {
        match self {
            Self::Bars(bars) => bars.show(counts),
            Self::Lines(lines) => lines.show(counts),
        }
    }

    /// Leaves the last state on the screen.
    pub fn finish(self) {
        match self {
            Self::Bars(bars) => {
                for bar in [bars.fetched, bars.enqueued, bars.delivered, bars.dead_lettered] {
                    bar.abandon();
                }
            }
            Self::Lines(lines) => lines.write(),
        }
    }
}

impl Bars {
    fn show(&self, counts: &Counts) {
        self.fetched.set_position(counts.fetched);
        self.enqueued.set_position(counts.enqueued);
        self.delivered.set_position(counts.delivered + counts.duplicates);
        self.dead_lettered.set_position(counts.dead_lettered);
        if counts.duplicates > 0 {
            self.delivered
                .set_message(format!("{} duplicates", counts.duplicates));
        }
        self.enqueued.set_message(format!("{} waiting", counts.waiting));
    }
}

impl Lines {
    fn show(&mut self, counts: &Counts) {
        self.latest = *counts;
        if self.shown.is_none_or(|(at, _)| at.elapsed() >= LINE_EVERY) {
            self.write();
            self.shown = Some((Instant::now(), *counts));
        }
    }

    fn write(&self) {
        if self.shown.is_some_and(|(_, shown)| shown == self.latest) {
            return;
        }
        let Counts {
            customers,
            fetched,
            enqueued,
            delivered,
            duplicates,
            dead_lettered,
            waiting,
        } = self.latest;
        // An output that was closed is not an error.
        let _ = writeln!(
            std::io::stderr(),
            "  fetched {fetched}/{customers}, enqueued {enqueued}, delivered {delivered}, duplicate {duplicates}, \
             dead-lettered {dead_lettered}, waiting {waiting}"
        );
    }
}
