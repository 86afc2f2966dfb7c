//! Milestone 9: the page.
//!
//! Numbers, a line and bars, drawn on the server: whole without a script, readable without eyes, and at home on a phone.

use std::fmt::Write as _;

/// The size of a line chart, and of the area in it that the line may use. Units of the picture; the browser scales it.
pub const WIDTH: f64 = 640.0;
/// See [`WIDTH`].
pub const HEIGHT: f64 = 240.0;
/// Where the first point of several stands.
pub const LEFT: f64 = 64.0;
/// Where the last point of several stands.
pub const RIGHT: f64 = 624.0;
/// Where the highest mark of the scale stands.
pub const TOP: f64 = 16.0;
/// Where the lowest mark of the scale stands.
pub const BOTTOM: f64 = 208.0;

/// A scale has no more marks than this.
pub const MARKS: usize = 6;

/// A line chart has no more labels below it than this.
pub const LABELS: usize = 6;

/// How high a row of a bar chart is.
pub const ROW: usize = 44;

/// What a chart shows.
#[derive(Debug, Clone)]
pub struct Chart<'a> {
    /// Unique on the page: the ids of the picture's parts begin with it.
    pub id: &'a str,
    /// What it is about, for people.
    pub title: &'a str,
    /// What the values are.
    pub unit: Unit,
    /// In the order in which they are drawn.
    pub points: &'a [Point],
}

/// One value and what it belongs to: a day, or a country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// What the value belongs to. Anybody may have written it.
    pub label: String,
    /// From -10^15 to 10^15.
    pub value: i64,
}

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things that are counted.
    Count,
    /// Money, in cents.
    Cents,
}

/// A value in full.
pub fn full(value: i64, unit: Unit) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let size = value.unsigned_abs();
    match unit {
        Unit::Count => format!("{sign}{}", grouped(size)),
        Unit::Cents => format!("{sign}€ {}.{:02}", grouped(size / 100), size % 100),
    }
}

/// The digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A value as a mark of a scale has it.
pub fn short(value: i64, unit: Unit) -> String {
    let sign = if value < 0 { "-" } else { "" };
    // Hundredths of what is shown, so that nothing is ever a fraction. A count times 100 needs more than 64 bits.
    let (currency, mut hundredths) = match unit {
        Unit::Count => ("", u128::from(value.unsigned_abs()) * 100),
        Unit::Cents => ("€", u128::from(value.unsigned_abs())),
    };
    let mut suffix = "";
    for next in ["k", "M", "bn", "tn"] {
        if hundredths < 100_000 {
            break;
        }
        hundredths /= 1000;
        suffix = next;
    }
    let fraction = format!("{:02}", hundredths % 100);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!(
        "{sign}{currency}{}{point}{fraction}{suffix}",
        hundredths / 100
    )
}

/// The marks of a scale.
pub fn scale(lowest: i64, highest: i64) -> Vec<i64> {
    let (lowest, highest) = (lowest.min(0), highest.max(0));
    if lowest == highest {
        return vec![0, 1];
    }
    let mut power = 1;
    loop {
        for step in [power, 2 * power, 5 * power] {
            let first = lowest.div_euclid(step);
            let last = -(-highest).div_euclid(step);
            if (last - first) < MARKS as i64 {
                return (first..=last).map(|mark| mark * step).collect();
            }
        }
        power *= 10;
    }
}

/// The text as it may stand in HTML, between tags and in quotes.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// What a chart shows, in a sentence or two.
pub fn described(chart: &Chart) -> String {
    let value = |point: &Point| full(point.value, chart.unit);
    let (first, last) = match chart.points {
        [] => return "Nothing yet.".to_owned(),
        [only] => return format!("{}: {}.", only.label, value(only)),
        [first, .., last] => (first, last),
    };
    let (mut lowest, mut highest) = (first, first);
    for point in chart.points {
        if point.value < lowest.value {
            lowest = point;
        }
        if point.value > highest.value {
            highest = point;
        }
    }
    format!(
        "{} values from {} to {}. Lowest: {} ({}). Highest: {} ({}).",
        chart.points.len(),
        first.label,
        last.label,
        value(lowest),
        lowest.label,
        value(highest),
        highest.label,
    )
}

/// A line through the points, as SVG.
pub fn line_chart(chart: &Chart) -> String {
    let values = || chart.points.iter().map(|point| point.value);
    let marks = scale(values().min().unwrap_or(0), values().max().unwrap_or(0));
    let mut svg = opened(chart, HEIGHT);
    for mark in &marks {
        let y = height(*mark, &marks);
        draw(
            &mut svg,
            format_args!(r#"<path class="axis" d="M{LEFT} {y:.1}H{RIGHT}"></path>"#),
        );
        let label = short(*mark, chart.unit);
        draw(
            &mut svg,
            format_args!(
                r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{label}</text>"#,
                LEFT - 8.0,
                y + 4.0
            ),
        );
    }
    draw_line(&mut svg, chart.points, &marks);
    draw_labels(&mut svg, chart.points);
    svg.push_str("</svg>");
    svg
}

fn draw_line(svg: &mut String, points: &[Point], marks: &[i64]) {
    match points {
        [] => draw(
            svg,
            format_args!(
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">Nothing yet</text>"#,
                (LEFT + RIGHT) / 2.0,
                (TOP + BOTTOM) / 2.0
            ),
        ),
        // A line of one point has no length, and cannot be seen.
        [only] => draw(
            svg,
            format_args!(
                r#"<circle class="bar-1" cx="{:.1}" cy="{:.1}" r="4"></circle>"#,
                across(0, 1),
                height(only.value, marks)
            ),
        ),
        _ => {
            svg.push_str(r#"<polyline class="line" points=""#);
            for (place, point) in points.iter().enumerate() {
                let gap = if place == 0 { "" } else { " " };
                let (x, y) = (across(place, points.len()), height(point.value, marks));
                draw(svg, format_args!("{gap}{x:.1},{y:.1}"));
            }
            svg.push_str(r#""></polyline>"#);
        }
    }
}

fn draw_labels(svg: &mut String, points: &[Point]) {
    let every = points.len().div_ceil(LABELS).max(1);
    for (place, point) in points.iter().enumerate().step_by(every) {
        draw(
            svg,
            format_args!(
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                across(place, points.len()),
                BOTTOM + 22.0,
                escaped(&point.label)
            ),
        );
    }
}

/// One bar a point, each with its label and its value above it, as SVG.
pub fn bar_chart(chart: &Chart) -> String {
    let values = || chart.points.iter().map(|point| point.value);
    let lowest = values().min().unwrap_or(0).min(0);
    let highest = values().max().unwrap_or(0).max(0);
    let span = if lowest == highest {
        1.0
    } else {
        (highest - lowest) as f64
    };
    let across = |value: i64| (value - lowest) as f64 / span * WIDTH;
    let mut svg = opened(chart, (chart.points.len().max(1) * ROW) as f64);
    if chart.points.is_empty() {
        svg.push_str(r#"<text x="0" y="18">Nothing yet</text>"#);
    }
    for (place, point) in chart.points.iter().enumerate() {
        let top = place * ROW;
        let (zero, end) = (across(0), across(point.value));
        draw(
            &mut svg,
            format_args!(
                r#"<text x="0" y="{0}">{1}</text><text x="{WIDTH}" y="{0}" text-anchor="end">{2}</text>"#,
                top + 18,
                escaped(&point.label),
                full(point.value, chart.unit)
            ),
        );
        draw(
            &mut svg,
            format_args!(
                r#"<rect class="bar-{}" x="{:.1}" y="{}" width="{:.1}" height="14"></rect>"#,
                place % 5 + 1,
                zero.min(end),
                top + 24,
                (end - zero).abs()
            ),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// The beginning of a picture, with what a screen reader says about it.
fn opened(chart: &Chart, height: f64) -> String {
    let id = escaped(chart.id);
    format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{id}-title {id}-desc"><title id="{id}-title">{}</title><desc id="{id}-desc">{}</desc>"#,
        escaped(chart.title),
        escaped(&described(chart))
    )
}

/// How far to the right the point at `place` of `count` stands.
fn across(place: usize, count: usize) -> f64 {
    match count {
        0 | 1 => (LEFT + RIGHT) / 2.0,
        _ => LEFT + (RIGHT - LEFT) * place as f64 / (count - 1) as f64,
    }
}

/// How far down a value stands on the scale.
fn height(value: i64, marks: &[i64]) -> f64 {
    let (Some(first), Some(last)) = (marks.first(), marks.last()) else {
        return BOTTOM;
    };
    BOTTOM - (BOTTOM - TOP) * (value - first) as f64 / (last - first) as f64
}

/// Appends to the picture.
fn draw(svg: &mut String, part: std::fmt::Arguments) {
    // Writing to a `String` never fails.
    let _ = svg.write_fmt(part);
}
