//! Milestone 9: the page.
//!
//! Numbers, a line and bars, drawn on the server: whole without a script, readable without eyes, and at home on a phone.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;

use crate::given::problem::Problem;

/// The size of a line chart, and of the area in it that the line may use. Units of the picture; the browser scales it.
pub const WIDTH: f64 = 640.0;
/// See [`WIDTH`].
pub const HEIGHT: f64 = 248.0;
/// Where the first point of several stands.
pub const LEFT: f64 = 80.0;
/// Where the last point of several stands.
pub const RIGHT: f64 = 584.0;
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

/// A label at a bar is no longer than so many characters.
pub const LONGEST: usize = 30;

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
                BOTTOM + 32.0,
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
                escaped(&shortened(&point.label)),
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

/// The label, or its beginning where it is too long.
fn shortened(label: &str) -> Cow<'_, str> {
    if label.chars().count() <= LONGEST {
        return Cow::Borrowed(label);
    }
    let beginning: String = label.chars().take(LONGEST - 1).collect();
    Cow::Owned(beginning + "…")
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

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// The heading and the name of the page.
    pub heading: &'a str,
    /// Of when it is, in words.
    pub span: &'a str,
    /// The numbers that count.
    pub figures: Vec<Figure<'a>>,
    /// What can be chosen, as a form.
    pub filters: Vec<Field>,
    /// The charts, each with a table.
    pub sections: Vec<Section<'a>>,
    /// Where all of it can be had as a file.
    pub export: &'a str,
    /// The version of the data that this is.
    pub version: i64,
}

/// A number that counts.
#[derive(Debug, Clone)]
pub struct Figure<'a> {
    /// What it is.
    pub label: &'a str,
    /// How much it is.
    pub value: i64,
    /// How much it was in the span before; `None` where there is nothing to compare with.
    pub before: Option<i64>,
    /// What the values are.
    pub unit: Unit,
}

/// A chart, and what its table says above its first column.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    /// What the labels of the points are: `Day`, `Country`.
    pub along: &'a str,
    /// How it is drawn.
    pub style: Style,
    /// What is drawn.
    pub chart: Chart<'a>,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// [`line_chart`]
    Line,
    /// [`bar_chart`]
    Bars,
}

/// Something that can be chosen.
#[derive(Debug, Clone, Serialize)]
pub struct Field {
    /// Its name in the address.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What can be chosen; with none, something can be typed in.
    pub options: Vec<Choice>,
    /// The `type` of what is typed in: `date`, for example.
    #[serde(rename = "type")]
    pub kind: String,
    /// What was typed in.
    pub value: String,
}

/// One thing that can be chosen.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// What the template shows of a [`Figure`].
#[derive(Debug, Serialize)]
struct ShownFigure {
    label: String,
    value: String,
    before: Option<String>,
    change: Option<String>,
    /// A class: `good`, `bad`, or nothing.
    mood: &'static str,
}

/// What the template shows of a [`Section`].
#[derive(Debug, Serialize)]
struct ShownChart {
    id: String,
    title: String,
    /// HTML as it is, not a text: `Value::from_safe_string`.
    svg: Value,
    columns: [String; 2],
    rows: Vec<[String; 2]>,
}

/// The page's template and those of the look, which escape every text. Made once.
static TEMPLATES: LazyLock<Environment> = LazyLock::new(|| {
    let mut templates = Environment::new();
    let page = (
        "dashboard.html",
        include_str!("../../../exercises/18-dashboard/src/given/page/dashboard.html"),
    );
    for (name, source) in look::TEMPLATES.into_iter().chain([page]) {
        // A template that does not parse is missing below, and that is an error of the page.
        let _ = templates.add_template(name, source);
    }
    templates
});

/// By how much a value has changed.
pub fn change(value: i64, before: i64) -> Option<String> {
    let (value, before) = (i128::from(value), i128::from(before));
    if before == 0 {
        return None;
    }
    let (difference, whole) = (value - before, before.abs());
    // Half of the whole, added before whole numbers are divided, rounds away from zero.
    let percent = (difference.abs() * 200 + whole) / (whole * 2);
    let sign = match difference {
        _ if percent == 0 => "",
        1.. => "+",
        _ => "-",
    };
    Some(format!("{sign}{percent} %"))
}

/// The whole page.
///
/// # Errors
///
/// A 500 when the template cannot be rendered.
pub fn render(view: &View) -> Result<String, Problem> {
    let figures: Vec<ShownFigure> = view.figures.iter().map(shown_figure).collect();
    let charts: Vec<ShownChart> = view.sections.iter().map(shown_chart).collect();
    let context = context! {
        part => "dashboard",
        width => "wide",
        heading => view.heading,
        span => view.span,
        figures => Serde(&figures),
        filters => Serde(&view.filters),
        charts => Serde(&charts),
        export => view.export,
        version => view.version,
    };
    TEMPLATES
        .get_template("dashboard.html")
        .and_then(|template| template.render(context))
        .map_err(|error| Problem::internal(&error))
}

fn shown_figure(figure: &Figure) -> ShownFigure {
    let change = figure
        .before
        .and_then(|before| change(figure.value, before));
    let mood = match change.as_deref() {
        Some(change) if change.starts_with('+') => "good",
        Some(change) if change.starts_with('-') => "bad",
        _ => "",
    };
    ShownFigure {
        label: figure.label.to_owned(),
        value: full(figure.value, figure.unit),
        before: figure.before.map(|before| full(before, figure.unit)),
        change,
        mood,
    }
}

fn shown_chart(section: &Section) -> ShownChart {
    let chart = &section.chart;
    let svg = match section.style {
        Style::Line => line_chart(chart),
        Style::Bars => bar_chart(chart),
    };
    let row = |point: &Point| [point.label.clone(), full(point.value, chart.unit)];
    ShownChart {
        id: chart.id.to_owned(),
        title: chart.title.to_owned(),
        svg: Value::from_safe_string(svg),
        columns: [section.along.to_owned(), chart.title.to_owned()],
        rows: chart.points.iter().map(row).collect(),
    }
}
