//! One chart: lines, or stacked areas.

use std::error::Error;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::cloudwatch::Series;
use crate::style::{Area, PALE, color, font, signed};
use crate::widgets::Line;
use crate::words::{grouped, text_width};

/// Pixels: the top of the legend, and the height of one of its lines.
const LEGEND: (i32, i32) = (28, 16);

/// Draws the series below the widget's heading. `time` is the span and the period of a point, in seconds.
pub(crate) fn draw(
    area: &Area<'_>,
    stacked: bool,
    lines: &[Line],
    series: &[Series],
    time: (f64, u64),
) -> Result<(), Box<dyn Error>> {
    let (width, height) = area.dim_in_pixel();
    let head = legend(area, lines, series)?;
    if series.iter().all(Vec::is_empty) {
        let middle = Pos::new(HPos::Center, VPos::Center);
        let center = (signed(width / 2), signed(height / 2));
        let nothing = "not measured by the local AWS".to_owned();
        area.draw(&Text::new(nothing, center, font(13).color(&PALE).pos(middle)))?;
        return Ok(());
    }
    let below = height.saturating_sub(u32::try_from(head)?);
    let plot = area.clone().shrink((0, head), (width, below));
    let layers: Vec<Series> = if stacked {
        stacked_layers(series, time)
    } else {
        series.to_vec()
    };
    let most = |right: bool| {
        let of_side = lines.iter().zip(&layers).filter(|(line, _)| line.right == right);
        let values = of_side.flat_map(|(_, layer)| layer.iter().map(|(_, value)| *value));
        values.fold(0.0_f64, f64::max)
    };
    let has_right = lines.iter().any(|line| line.right);
    let top = |most: f64| if most > 0.0 { most * 1.1 } else { 1.0 };
    let minutes = time.0 / 60.0;
    let mut chart = ChartBuilder::on(&plot)
        .margin_left(4)
        .margin_right(if has_right { 4 } else { 14 })
        .x_label_area_size(20)
        .y_label_area_size(44)
        .right_y_label_area_size(if has_right { 36 } else { 0 })
        .build_cartesian_2d(0.0..minutes, 0.0..top(most(false)))?
        .set_secondary_coord(0.0..minutes, 0.0..top(most(true)));
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(4)
        .x_labels(5)
        .x_label_formatter(&|minutes| clock(*minutes))
        .y_label_formatter(&|value| label(*value))
        .label_style(font(11).color(&PALE))
        .axis_style(PALE.mix(0.4))
        .light_line_style(TRANSPARENT)
        .bold_line_style(PALE.mix(0.15))
        .draw()?;
    if has_right {
        chart
            .configure_secondary_axes()
            .y_labels(4)
            .y_label_formatter(&|value| label(*value))
            .label_style(font(11).color(&PALE))
            .axis_style(PALE.mix(0.4))
            .draw()?;
    }
    // The highest layer first, so that the lower ones stay visible.
    for (at, (line, layer)) in lines.iter().zip(&layers).enumerate().rev() {
        let color = color(line, at);
        if stacked {
            let points = layer.iter().map(in_minutes);
            chart.draw_series(AreaSeries::new(points, 0.0, color.filled()).border_style(color))?;
            continue;
        }
        for points in segments(layer, time.1) {
            let dots = points
                .iter()
                .map(|point| Circle::new(in_minutes(point), 2, color.filled()));
            let path = LineSeries::new(points.iter().map(in_minutes), color.stroke_width(2));
            if line.right {
                chart.draw_secondary_series(path)?;
                chart.draw_secondary_series(dots)?;
            } else {
                chart.draw_series(path)?;
                chart.draw_series(dots)?;
            }
        }
    }
    Ok(())
}

/// Each series on top of those before it; a missing value adds nothing.
fn stacked_layers(series: &[Series], (span_secs, period_secs): (f64, u64)) -> Vec<Series> {
    let period = f64::from(u32::try_from(period_secs).unwrap_or(u32::MAX));
    let times =
        std::iter::successors(Some(0.0), |time| Some(time + period)).take_while(|time| *time < span_secs);
    let mut pile: Series = times.map(|time| (time, 0.0)).collect();
    let mut layers = Vec::new();
    for one in series {
        for (time, height) in &mut pile {
            let value = one.iter().find(|(at, _)| (at - *time).abs() < period / 2.0);
            *height += value.map_or(0.0, |(_, value)| *value);
        }
        layers.push(pile.clone());
    }
    layers
}

/// Splits a series where values are missing: no line is drawn there.
fn segments(series: &Series, period_secs: u64) -> impl Iterator<Item = &[(f64, f64)]> {
    let longest = 1.5 * f64::from(u32::try_from(period_secs).unwrap_or(u32::MAX));
    series.chunk_by(move |(one, _), (next, _)| next - one < longest)
}

/// Draws the legend in as many lines as it needs.
///
/// # Returns
/// The y coordinate of its end.
fn legend(area: &Area<'_>, lines: &[Line], series: &[Series]) -> Result<i32, Box<dyn Error>> {
    let (width, _) = area.dim_in_pixel();
    let (mut x, mut y) = (8, LEGEND.0);
    for (at, (line, series)) in lines.iter().zip(series).enumerate() {
        let nothing = if series.is_empty() { " (no data)" } else { "" };
        let side = if line.right { " →" } else { "" };
        let text = format!("{}{side}{nothing}", line.label);
        let text_width = signed(text_width(&text));
        if x > 8 && x + 12 + text_width > signed(width) {
            (x, y) = (8, y + LEGEND.1);
        }
        area.draw(&Rectangle::new(
            [(x, y), (x + 8, y + 8)],
            color(line, at).filled(),
        ))?;
        area.draw(&Text::new(text, (x + 12, y - 2), font(12)))?;
        x += text_width + 24;
    }
    Ok(y + LEGEND.1)
}

fn in_minutes((secs, value): &(f64, f64)) -> (f64, f64) {
    (secs / 60.0, *value)
}

fn clock(minutes: f64) -> String {
    let secs = (minutes * 60.0).round();
    format!("{:.0}:{:02.0}", (secs / 60.0).floor(), secs % 60.0)
}

/// Small values have one decimal place.
fn label(value: f64) -> String {
    if value > 0.0 && value < 3.0 {
        format!("{value:.1}")
    } else {
        grouped(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacked_layers_add_up_and_gaps_add_nothing() {
        let series = [vec![(0.0, 1.0), (10.0, 2.0)], vec![(0.0, 5.0), (5.0, 7.0)]];
        assert_eq!(
            stacked_layers(&series, (15.0, 5)),
            [
                vec![(0.0, 1.0), (5.0, 0.0), (10.0, 2.0)],
                vec![(0.0, 6.0), (5.0, 7.0), (10.0, 2.0)]
            ]
        );
    }

    #[test]
    fn series_is_split_at_missing_values() {
        let series = vec![(0.0, 1.0), (5.0, 2.0), (15.0, 3.0), (20.0, 4.0)];
        let parts: Vec<usize> = segments(&series, 5).map(<[_]>::len).collect();
        assert_eq!(parts, [2, 2]);
    }

    #[test]
    fn minutes_are_formatted_as_clock() {
        assert_eq!([0.0, 65.0 / 60.0, 10.0].map(clock), ["0:00", "1:05", "10:00"]);
    }
}
