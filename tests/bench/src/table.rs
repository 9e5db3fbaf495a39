//! Tables in Markdown, for a person and for pasting.

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use crate::{
    goals::Judged,
    results::Results,
    sample::{Figure, Spread},
    scenario::Scenario,
};

/// A table in Markdown.
pub(crate) fn markdown<T: ToString>(header: impl IntoIterator<Item = T>) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header);
    table
}

/// One table per scenario.
pub(crate) fn print(results: &Results) {
    let mut scenarios: Vec<Scenario> = results.measured.iter().map(|of| of.scenario).collect();
    scenarios.dedup();
    for scenario in scenarios {
        println!("\n{scenario}\n\n{}", of(results, scenario));
    }
}

pub(crate) fn print_goals(judged: &[Judged]) {
    let mut table = markdown(["figure", "ours", "compared", "goal", ""]);
    for Judged {
        what,
        ours,
        compared,
        goal,
        met,
    } in judged
    {
        let said = if *met { "met" } else { "MISSED" };
        table.add_row([what.as_str(), ours, compared, goal, said]);
    }
    println!("\n{table}");
}

fn of(results: &Results, scenario: Scenario) -> Table {
    let figures = scenario.figures();
    let mut header = vec!["", "runs"];
    header.extend(figures.iter().map(|figure| title(scenario, *figure)));
    header.push("× ours");
    let mut table = markdown(header);
    let first = |figures: &std::collections::BTreeMap<Figure, Spread>| {
        Some(figures.get(figures_first(scenario)?)?.median)
    };
    let measured = || results.measured.iter().filter(|of| of.scenario == scenario);
    let ours = measured().next().and_then(|of| first(&of.figures));
    for of in measured() {
        let mut row = vec![of.competitor.to_string(), of.samples.len().to_string()];
        let spreads = figures.iter().map(|figure| of.figures.get(figure));
        row.extend(spreads.map(|spread| spread.map(shown).unwrap_or_default()));
        let ratio = first(&of.figures).zip(ours).map(|(theirs, ours)| theirs / ours);
        row.push(ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default());
        table.add_row(row);
    }
    table
}

fn figures_first(scenario: Scenario) -> Option<&'static Figure> {
    scenario.figures().first()
}

fn title(scenario: Scenario, figure: Figure) -> &'static str {
    match (figure, scenario) {
        (
            Figure::CpuMicros,
            Scenario::Fetch { .. }
            | Scenario::Envelope { .. }
            | Scenario::DryRun { .. }
            | Scenario::Largest { .. },
        ) => "CPU µs per customer",
        (Figure::CpuMicros, Scenario::Submit { .. } | Scenario::Cold) => "CPU µs per order",
        (
            Figure::PerSecond,
            Scenario::Fetch { .. }
            | Scenario::Envelope { .. }
            | Scenario::DryRun { .. }
            | Scenario::Largest { .. },
        ) => "customers/s",
        (Figure::PerSecond, Scenario::Submit { .. } | Scenario::Cold) => "orders/s",
        (Figure::WallMillis, Scenario::Cold) => "ms",
        (
            Figure::WallMillis,
            Scenario::Submit { .. }
            | Scenario::Fetch { .. }
            | Scenario::Envelope { .. }
            | Scenario::DryRun { .. }
            | Scenario::Largest { .. },
        ) => "ms per invocation",
        (Figure::CpuMillis, _) => "CPU ms",
        (Figure::Peak, _) => "peak MiB",
        (Figure::Printed, _) => "bytes logged per invocation",
    }
}

/// The median, and both extremes where they differ.
fn shown(spread: &Spread) -> String {
    let number = |value: f64| {
        let digits = if value < 10.0 {
            2
        } else if value < 1000.0 {
            1
        } else {
            0
        };
        format!("{value:.digits$}")
    };
    let [median, least, most] = [spread.median, spread.least, spread.most].map(number);
    if least == most {
        median
    } else {
        format!("{median} ({least}–{most})")
    }
}
