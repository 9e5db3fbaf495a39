//! The chart of docs/performance.md: the cost of an order, a cold start and a customer, side by side.

use std::{error::Error, path::Path};

use plotters::{
    coord::Shift,
    prelude::{
        BLACK, ChartBuilder, Color, DrawingArea, IntoDrawingArea, IntoLogRange, RGBColor, Rectangle,
        SVGBackend, Text, WHITE,
    },
    style::{IntoFont, TextStyle},
};

use crate::{
    competitor::Competitor::{self, Floor, Ours, PythonAsync, PythonSync, TypeScript},
    results::Results,
    sample::Figure,
    scenario::Scenario,
};

const WIDTH: u32 = 860;
const PANEL: u32 = 190;

/// Title, scenario, figure, and the range of the axis.
const PANELS: [(&str, Scenario, Figure, f64, f64); 3] = [
    (
        "submit-orders: CPU per order, µs (batches of 100)",
        Scenario::submit(100, 0),
        Figure::CpuMicros,
        10.0,
        2000.0,
    ),
    (
        "cold start over TLS: spawn to first answer, ms",
        Scenario::Cold,
        Figure::WallMillis,
        1.0,
        2000.0,
    ),
    (
        "fetch-customers: CPU per customer, µs (1 million)",
        Scenario::fetch(1_000_000),
        Figure::CpuMicros,
        1.0,
        500.0,
    ),
];

/// From the bottom up.
const BARS: [(Competitor, RGBColor); 5] = [
    (PythonSync, RGBColor(158, 158, 158)),
    (PythonAsync, RGBColor(158, 158, 158)),
    (TypeScript, RGBColor(158, 158, 158)),
    (Floor, RGBColor(120, 170, 220)),
    (Ours, RGBColor(20, 100, 180)),
];

/// The axes are logarithmic: the competitors are orders of magnitude apart.
///
/// # Errors
/// It cannot be written.
pub(crate) fn draw(results: &Results, path: &Path) -> Result<(), Box<dyn Error>> {
    let height = PANEL * u32::try_from(PANELS.len())?;
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, panel) in root.split_evenly((PANELS.len(), 1)).iter().zip(PANELS) {
        draw_panel(results, area, panel)?;
    }
    root.present()?;
    Ok(())
}

fn draw_panel(
    results: &Results,
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    (title, scenario, figure, least, most): (&str, Scenario, Figure, f64, f64),
) -> Result<(), Box<dyn Error>> {
    let font = |size| TextStyle::from(("sans-serif", size).into_font()).color(&BLACK);
    let bars: Vec<_> = BARS
        .iter()
        .filter_map(|(competitor, color)| {
            let spread = results.figure(scenario, *competitor, figure)?;
            Some((competitor, color, spread.median))
        })
        .collect();
    let rows = f64::from(u32::try_from(bars.len())?);
    let mut chart = ChartBuilder::on(area)
        .caption(title, font(16))
        .margin(8)
        .x_label_area_size(24)
        // For the names.
        .margin_left(120)
        .margin_right(60)
        .build_cartesian_2d((least..most).log_scale(), 0.0..rows)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(WHITE)
        .x_label_style(font(12))
        .x_label_formatter(&|value| format!("{value}"))
        .draw()?;
    for (row, (competitor, color, value)) in (0u32..).zip(bars) {
        let (bottom, top) = (f64::from(row) + 0.15, f64::from(row) + 0.85);
        let bar = Rectangle::new([(least, bottom), (value, top)], color.filled());
        chart.draw_series([bar])?;
        let (x, y) = chart.backend_coord(&(value, top));
        let (left, _) = chart.backend_coord(&(least, top));
        let (base_x, base_y) = area.get_base_pixel();
        let number = if value < 10.0 {
            format!("{value:.1}")
        } else {
            format!("{value:.0}")
        };
        area.draw(&Text::new(number, (x - base_x + 5, y - base_y + 2), font(13)))?;
        let name = competitor.to_string();
        area.draw(&Text::new(name, (left - base_x - 105, y - base_y + 2), font(13)))?;
    }
    Ok(())
}
