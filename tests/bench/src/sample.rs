//! The measurements of one run, and statistics of several.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One run, from an idle process to an idle process; a cold start from the spawn.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// Orders or customers.
    pub(crate) items: u64,
    pub(crate) invocations: u64,
    /// The process's CPU time, from the kernel.
    pub(crate) cpu: Duration,
    /// The time from the first event to the last answer.
    pub(crate) wall: Duration,
    /// Peak memory since the process began.
    pub(crate) peak_kib: u64,
    /// Bytes printed: the ingestion of CloudWatch Logs.
    pub(crate) printed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Figure {
    /// CPU time of one order or customer, in microseconds.
    CpuMicros,
    /// Orders or customers in a second.
    PerSecond,
    /// The wall time of one invocation, in milliseconds.
    WallMillis,
    /// CPU time of the whole run, in milliseconds.
    CpuMillis,
    /// In MiB.
    Peak,
    /// Bytes printed in one invocation.
    Printed,
}

/// Median and extremes of several runs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Sample {
    pub(crate) fn figure(&self, figure: Figure) -> f64 {
        let (items, invocations) = (float(self.items), float(self.invocations));
        match figure {
            Figure::CpuMicros => self.cpu.as_secs_f64() * 1e6 / items,
            Figure::PerSecond => items / self.wall.as_secs_f64(),
            Figure::WallMillis => self.wall.as_secs_f64() * 1e3 / invocations,
            Figure::CpuMillis => self.cpu.as_secs_f64() * 1e3,
            Figure::Peak => float(self.peak_kib) / 1024.0,
            Figure::Printed => float(self.printed) / invocations,
        }
    }
}

impl Spread {
    /// `None` without values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        let upper = *values.get(half)?;
        let lower = if values.len().is_multiple_of(2) {
            *values.get(half.checked_sub(1)?)?
        } else {
            upper
        };
        Some(Self {
            median: f64::midpoint(lower, upper),
            least: *values.first()?,
            most: *values.last()?,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "no count here needs 53 bits")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(values: &[f64]) -> Option<(f64, f64, f64)> {
        Spread::of(values.iter().copied()).map(|spread| (spread.least, spread.median, spread.most))
    }

    #[test]
    fn median_of_even_count_is_the_midpoint() {
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some((1.0, 2.0, 3.0)));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), Some((1.0, 2.5, 4.0)));
        assert_eq!(spread(&[7.0]), Some((7.0, 7.0, 7.0)));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn figures_are_per_item_or_invocation() {
        let sample = Sample {
            items: 200,
            invocations: 2,
            cpu: Duration::from_millis(10),
            wall: Duration::from_millis(250),
            peak_kib: 2560,
            printed: 600,
        };
        let figures = [
            (Figure::CpuMicros, 50.0),
            (Figure::PerSecond, 800.0),
            (Figure::WallMillis, 125.0),
            (Figure::CpuMillis, 10.0),
            (Figure::Peak, 2.5),
            (Figure::Printed, 300.0),
        ];
        for (figure, expected) in figures {
            assert_eq!(sample.figure(figure), expected, "{figure:?}");
        }
    }
}
