//! The colors and fonts of the picture.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::widgets::Line;

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(crate) const FONT: &str = "sans-serif";
pub(crate) const INK: RGBColor = RGBColor(0x16, 0x19, 0x1f);
pub(crate) const PALE: RGBColor = RGBColor(0x68, 0x70, 0x78);
pub(crate) const PAPER: RGBColor = RGBColor(0xf2, 0xf3, 0xf3);

/// The default colors of the console, in its order.
const COLORS: [RGBColor; 6] = [
    RGBColor(0x1f, 0x77, 0xb4),
    RGBColor(0xff, 0x7f, 0x0e),
    RGBColor(0x2c, 0xa0, 0x2c),
    RGBColor(0xd6, 0x27, 0x28),
    RGBColor(0x94, 0x67, 0xbd),
    RGBColor(0x8c, 0x56, 0x4b),
];

pub(crate) fn font(size: u32) -> TextStyle<'static> {
    (FONT, size).into_font().color(&INK)
}

/// Coordinates are signed, sizes are not.
pub(crate) fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The color of the line, or the default color of the place `at` among the lines of its widget.
pub(crate) fn color(line: &Line, at: usize) -> RGBColor {
    let own = line.color.as_deref().and_then(|color| {
        let part = |from: usize| u8::from_str_radix(color.get(from..from + 2)?, 16).ok();
        Some(RGBColor(part(1)?, part(3)?, part(5)?))
    });
    let default = COLORS.iter().cycle().nth(at).copied();
    own.or(default).unwrap_or(INK)
}
