//! The page: each widget at its place on the grid, as in the console.

use std::error::Error;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::chart;
use crate::cloudwatch::Series;
use crate::style::{Area, FONT, INK, PALE, PAPER, color, font, signed};
use crate::widgets::{Content, Line, Widget};
use crate::words::{grouped, page_of, plain, text_width, wrapped};

/// Pixels of a cell of the grid.
const CELL: (u32, u32) = (52, 44);
const COLUMNS: u32 = 24;
/// Pixels of the caption below the grid.
const CAPTION: u32 = 24;

/// A widget with its data: a series for each of its lines.
pub(crate) struct Drawn {
    pub(crate) widget: Widget,
    pub(crate) series: Vec<Series>,
}

/// Draws the widgets with the data of `span_secs` seconds, a point every `period_secs`.
pub(crate) fn svg(widgets: &[Drawn], span_secs: f64, period_secs: u64) -> Result<String, Box<dyn Error>> {
    let bottom = |drawn: &Drawn| drawn.widget.row + drawn.widget.rows;
    let rows = widgets.iter().map(bottom).max().unwrap_or(0);
    let (width, height) = (COLUMNS * CELL.0, rows * CELL.1 + CAPTION);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        root.fill(&PAPER)?;
        for Drawn { widget, series } in widgets {
            let corner = (widget.column * CELL.0 + 3, widget.row * CELL.1 + 3);
            let size = (widget.columns * CELL.0 - 6, widget.rows * CELL.1 - 6);
            let area = root.clone().shrink(corner, size);
            area.fill(&WHITE)?;
            match &widget.content {
                Content::Text(markdown) => text(&area, markdown)?,
                Content::Alarms { title, names } => alarms(&area, title, names)?,
                Content::Chart {
                    title,
                    stacked,
                    lines,
                } => {
                    heading(&area, title)?;
                    chart::draw(&area, *stacked, lines, series, (span_secs, period_secs))?;
                }
                Content::Numbers { title, lines, .. } => {
                    heading(&area, title)?;
                    numbers(&area, lines, series)?;
                }
            }
        }
        let caption = format!(
            "A rendering, not a screenshot: the dashboard of infra/monitoring.yaml with the data of a local run of {span_secs:.0} \
             seconds. A data point is {period_secs} seconds, not five minutes."
        );
        let at = (6, signed(height - CAPTION + 6));
        root.draw(&Text::new(caption, at, font(14).color(&PALE)))?;
        root.present()?;
    }
    Ok(svg)
}

fn heading(area: &Area<'_>, title: &str) -> Result<(), Box<dyn Error>> {
    let style = (FONT, 15, FontStyle::Bold).into_font().color(&INK);
    area.draw(&Text::new(title.to_owned(), (8, 6), style))?;
    Ok(())
}

/// Markdown as plain text: its first line is a heading, a link is its text.
fn text(area: &Area<'_>, markdown: &str) -> Result<(), Box<dyn Error>> {
    let (width, _) = area.dim_in_pixel();
    let mut lines = markdown.lines();
    heading(
        area,
        lines.next().unwrap_or_default().trim_start_matches(['#', ' ']),
    )?;
    let mut y = 28;
    for paragraph in lines.filter(|line| !line.is_empty()) {
        for line in wrapped(&plain(paragraph), width) {
            area.draw(&Text::new(line, (8, y), font(13)))?;
            y += 17;
        }
        y += 5;
    }
    Ok(())
}

/// The names of the alarms, in boxes: a local run is too short for the states of most of them.
fn alarms(area: &Area<'_>, title: &str, names: &[String]) -> Result<(), Box<dyn Error>> {
    heading(area, title)?;
    let (width, _) = area.dim_in_pixel();
    let (mut x, mut y) = (8, 28);
    for name in names {
        let name = page_of(name);
        let box_width = signed(text_width(&name) + 20);
        if x + box_width > signed(width) {
            (x, y) = (8, y + 30);
        }
        let corners = [(x, y), (x + box_width, y + 24)];
        area.draw(&Rectangle::new(corners, PAPER.filled()))?;
        area.draw(&Rectangle::new(corners, PALE.stroke_width(1)))?;
        let center = Pos::new(HPos::Center, VPos::Center);
        area.draw(&Text::new(
            name,
            (x + box_width / 2, y + 12),
            font(13).pos(center),
        ))?;
        x += box_width + 8;
    }
    Ok(())
}

/// The last value of each, large, side by side.
fn numbers(area: &Area<'_>, lines: &[Line], series: &[Series]) -> Result<(), Box<dyn Error>> {
    let (width, height) = area.dim_in_pixel();
    let each = width / u32::try_from(lines.len().max(1))?;
    let top = Pos::new(HPos::Center, VPos::Center);
    let mut x = signed(each / 2);
    for (at, (line, series)) in lines.iter().zip(series).enumerate() {
        let value = series
            .last()
            .map_or_else(|| "–".to_owned(), |(_, value)| grouped(*value));
        let style = (FONT, 34).into_font().color(&color(line, at)).pos(top);
        area.draw(&Text::new(value, (x, signed(height / 2 + 8)), style))?;
        let label = font(13).color(&PALE).pos(top);
        area.draw(&Text::new(line.label.clone(), (x, signed(height - 22)), label))?;
        x += signed(each);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn svg_shows_every_widget_with_its_data() {
        let line = |label: &str| Line {
            namespace: "A".to_owned(),
            metric: "m".to_owned(),
            dimension: ("Stack".to_owned(), "s".to_owned()),
            stat: "Sum".to_owned(),
            label: label.to_owned(),
            color: None,
            right: false,
        };
        let widget = |row, content| Widget {
            column: 0,
            row,
            columns: 6,
            rows: 6,
            content,
        };
        let chart = Content::Chart {
            title: "Orders".to_owned(),
            stacked: true,
            lines: vec![line("delivered"), line("rejected")],
        };
        let numbers = Content::Numbers {
            title: "Now".to_owned(),
            of_all_time: true,
            lines: vec![line("orders")],
        };
        let drawn = [
            Drawn {
                widget: widget(0, Content::Text("### Story\nOnce **upon**".to_owned())),
                series: Vec::new(),
            },
            Drawn {
                widget: widget(6, chart),
                series: vec![vec![(0.0, 3.0), (5.0, 1400.0)], Series::new()],
            },
            Drawn {
                widget: widget(12, numbers),
                series: vec![vec![(0.0, 12_345.0)]],
            },
        ];
        let svg = svg(&drawn, 60.0, 5).unwrap();
        for shown in [
            "Story",
            "Once upon",
            "Orders",
            "delivered",
            "rejected (no data)",
            "12,345",
            "not a screenshot",
        ] {
            assert!(svg.contains(shown), "{shown}: {svg}");
        }
        assert!(
            svg.starts_with("<svg width=\"1248\" height=\"816\""),
            "{}",
            &svg[..60]
        );
    }
}
