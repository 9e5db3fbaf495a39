//! One chart: lines, or areas one on another.

use std::error::Error;

use plotters::prelude::*;

use crate::cloudwatch::Series;
use crate::page::{Area, PALE, color, font, grouped, signed};
use crate::widgets::Line;

/// Where the legend ends and the chart begins.
const HEAD: i32 = 44;

/// Draws the series beneath the widget's heading. `time` is how many seconds there are, and how many one point is.
pub(crate) fn draw(
    area: &Area<'_>,
    stacked: bool,
    lines: &[Line],
    series: &[Series],
    time: (f64, u64),
) -> Result<(), Box<dyn Error>> {
    legend(area, lines, series)?;
    let (width, height) = area.dim_in_pixel();
    let head = u32::try_from(HEAD)?;
    let plot = area
        .clone()
        .shrink((0, HEAD), (width, height.saturating_sub(head)));
    let layers: Vec<Series> = if stacked {
        piled(series, time)
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
    let mut chart = ChartBuilder::on(&plot)
        .margin_left(4)
        .margin_right(if has_right { 4 } else { 14 })
        .x_label_area_size(20)
        .y_label_area_size(44)
        .right_y_label_area_size(if has_right { 36 } else { 0 })
        .build_cartesian_2d(0.0..time.0, 0.0..top(most(false)))?
        .set_secondary_coord(0.0..time.0, 0.0..top(most(true)));
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(4)
        .y_labels(4)
        .x_label_formatter(&|secs| clock(*secs))
        .y_label_formatter(&|value| label(*value))
        .label_style(font(10).color(&PALE))
        .axis_style(PALE.mix(0.4))
        .light_line_style(TRANSPARENT)
        .bold_line_style(PALE.mix(0.15))
        .draw()?;
    if has_right {
        chart
            .configure_secondary_axes()
            .y_labels(4)
            .y_label_formatter(&|value| label(*value))
            .label_style(font(10).color(&PALE))
            .axis_style(PALE.mix(0.4))
            .draw()?;
    }
    // The highest pile first, so that those beneath are seen.
    for (at, (line, layer)) in lines.iter().zip(&layers).enumerate().rev() {
        let color = color(line, at);
        let points = layer.iter().copied();
        if stacked {
            chart.draw_series(AreaSeries::new(points, 0.0, color.filled()).border_style(color))?;
        } else if line.right {
            chart.draw_secondary_series(LineSeries::new(points.clone(), color.stroke_width(2)))?;
            chart.draw_secondary_series(points.map(|point| Circle::new(point, 2, color.filled())))?;
        } else {
            chart.draw_series(LineSeries::new(points.clone(), color.stroke_width(2)))?;
            chart.draw_series(points.map(|point| Circle::new(point, 2, color.filled())))?;
        }
    }
    Ok(())
}

/// Each series on those before it; where one has no value it adds nothing.
fn piled(series: &[Series], (span_secs, period_secs): (f64, u64)) -> Vec<Series> {
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

fn legend(area: &Area<'_>, lines: &[Line], series: &[Series]) -> Result<(), Box<dyn Error>> {
    let mut x = 8;
    for (at, (line, series)) in lines.iter().zip(series).enumerate() {
        let color = color(line, at);
        area.draw(&Rectangle::new([(x, 28), (x + 8, 36)], color.filled()))?;
        let nothing = if series.is_empty() { " (no data)" } else { "" };
        let side = if line.right { " →" } else { "" };
        let text = format!("{}{side}{nothing}", line.label);
        let width = signed(u32::try_from(text.chars().count())? * 11 / 2);
        area.draw(&Text::new(text, (x + 11, 27), font(10)))?;
        x += width + 20;
    }
    Ok(())
}

fn clock(secs: f64) -> String {
    format!("{:.0}:{:02.0}", (secs / 60.0).floor(), secs % 60.0)
}

/// Small values have a digit after the point.
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
    fn a_pile_is_as_high_as_all_of_it_and_a_gap_adds_nothing() {
        let series = [vec![(0.0, 1.0), (10.0, 2.0)], vec![(0.0, 5.0), (5.0, 7.0)]];
        assert_eq!(
            piled(&series, (15.0, 5)),
            [
                vec![(0.0, 1.0), (5.0, 0.0), (10.0, 2.0)],
                vec![(0.0, 6.0), (5.0, 7.0), (10.0, 2.0)]
            ]
        );
    }

    #[test]
    fn seconds_are_read_as_on_a_clock() {
        assert_eq!([0.0, 65.0, 600.0].map(clock), ["0:00", "1:05", "10:00"]);
    }
}
