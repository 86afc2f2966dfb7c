//! Milestone 9: the page.
//!
//! Numbers, a line and bars, drawn on the server: whole without a script, readable without eyes, and at home on a
//! phone.

use std::fmt::Write;
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

/// A value in full: digits in groups of three, and for money the euros, a point and two digits of cents.
///
/// | value | `Count` | `Cents` |
/// | --- | --- | --- |
/// | 0 | `0` | `€ 0.00` |
/// | 7 | `7` | `€ 0.07` |
/// | -5 | `-5` | `-€ 0.05` |
/// | 1234567 | `1,234,567` | `€ 12,345.67` |
///
/// Every `i64` has its text, the smallest one, too.
pub fn full(value: i64, unit: Unit) -> String {
    todo!("the sign, the groups, the cents: and no fractions on the way")
}

/// A value as a mark of a scale has it: short, because there is little room.
///
/// Thousands are `k`, millions `M`, 10^9 is `bn`, 10^12 is `tn`, and what is larger stays in `tn`. At most two digits
/// after the point, the rest is cut off (towards zero), and zeros at the end of them are left out, with the point if
/// nothing is behind it. There are no groups. Money is in euros, with `€` directly in front. The sign is the very first
/// character; a zero has none.
///
/// | value | `Count` | `Cents` |
/// | --- | --- | --- |
/// | 0 | `0` | `€0` |
/// | 5 | `5` | `€0.05` |
/// | 999 | `999` | `€9.99` |
/// | 1000 | `1k` | `€10` |
/// | -1250 | `-1.25k` | `-€12.5` |
/// | 999999 | `999.99k` | `€9.99k` |
/// | 120000000 | `120M` | `€1.2M` |
///
/// Every `i64` has its text.
pub fn short(value: i64, unit: Unit) -> String {
    todo!("count in hundredths, and take a thousand away as often as it goes")
}

/// The marks of a scale on which everything from `lowest` to `highest` has its place, and zero.
///
/// Let `low` be the smaller one of `lowest` and 0, and `high` the larger one of `highest` and 0. The marks are
/// multiples of one step, from the last multiple that is not above `low` to the first that is not below `high`, both
/// included. The step is the smallest one of 1, 2, 5, 10, 20, 50, 100, … that needs no more than [`MARKS`] marks. If
/// `low` and `high` are both 0, the marks are 0 and 1.
///
/// Neither is beyond 10^15 or -10^15, and `lowest` is not above `highest`.
///
/// ```text
/// scale(971, 9203)   0, 2000, 4000, 6000, 8000, 10000
/// scale(-30, 50)     -40, -20, 0, 20, 40, 60
/// scale(3, 3)        0, 1, 2, 3
/// ```
pub fn scale(lowest: i64, highest: i64) -> Vec<i64> {
    todo!("try one step after the other, and mind how whole numbers are divided below zero")
}

/// The text as it may stand in HTML and SVG, between tags and in quoted attributes: `&`, `<`, `>`, `"` and `'` become
/// `&amp;`, `&lt;`, `&gt;`, `&quot;` and `&#39;`. Everything else stays as it is; what is escaped already is a text
/// like any other.
pub fn escaped(text: &str) -> String {
    todo!("one character after the other")
}

/// What a chart shows, in words, for those who cannot see it. Values are written [`full`].
///
/// ```text
/// no points     Nothing yet.
/// one           2026-05-01: 12.
/// more          31 values from 2026-05-01 to 2026-05-31. Lowest: 3 (2026-05-05). Highest: 1,204 (2026-05-23).
/// ```
///
/// `from` and `to` name the first and the last point as they stand. Of several lowest the first is named, and so with
/// the highest. The text is plain: it is escaped where it is put into the picture.
pub fn described(chart: &Chart) -> String {
    todo!("three cases; walk through the points once")
}

/// A line through the points, as SVG: one element `svg` that is well-formed XML as well as HTML, with an end tag for
/// each element, and drawn by these rules.
///
/// - `svg` has the class `chart`, `viewBox="0 0 640 248"` ([`WIDTH`], [`HEIGHT`]), `role="img"`, and `aria-labelledby`
///   with two ids: those of `title`, its first child, and `desc`, its second. They are the chart's id with `-title` and
///   with `-desc` behind it. `title` holds the chart's title, `desc` what [`described`] says.
/// - The marks are the [`scale`] of the lowest and the highest value (of 0 and 0 when there is none). The first mark
///   stands at y = [`BOTTOM`], the last at y = [`TOP`], all others in proportion: y grows downwards.
/// - Each mark has a `path` of the class `axis`, whose `d` is `M80 YH584`, and a `text` with the mark in [`short`],
///   `x="72"`, `text-anchor="end"`, 4 below the mark's y.
/// - The first of several points stands at x = [`LEFT`], the last at x = [`RIGHT`], the others evenly between them.
/// - Two points and more: a single `polyline` of the class `line`, whose `points` are `x,y` of all of them in their
///   order, with a blank between two.
/// - One point: no line, but a `circle` of the class `bar-1` with `r="4"`, halfway between left and right.
/// - None: neither, but a `text` that says `Nothing yet`, somewhere on the picture.
/// - Below the line are labels: the first point has one, and then every nth, where n is the smallest that gives no more
///   than [`LABELS`] labels. Each is a `text` at its point's x, `text-anchor="middle"`, 32 below [`BOTTOM`].
///
/// All numbers have one digit after the point or none (`332.0` or `332`). There is no other `text`, `path`, `circle` or
/// `polyline`. The chart's id is a plain word; its title and the labels may hold anything.
pub fn line_chart(chart: &Chart) -> String {
    todo!("open the picture, then marks, line, labels: a small function for each")
}

/// One bar for each point, as SVG, in the points' order. `svg`, `title` and `desc` are as in [`line_chart`], but
/// `viewBox` is as high as [`ROW`] times the number of points, and at least one row.
///
/// The widest span is from the lowest value, or 0 if that is lower, to the highest, or 0 if that is higher; it takes
/// the whole width: its lower end stands at x = 0, its upper end at x = [`WIDTH`], every value between them in
/// proportion. When both ends are 0, there are only bars without length, at x = 0.
///
/// The nth point (the first is number 0) has, with `top` = n times [`ROW`]:
///
/// - a `text` with its label, at x = 0 and 18 below `top`; of a label of more than [`LONGEST`] characters (`char`) the
///   first 29 and `…`, so that it does not run into the value
/// - a `text` with its value in [`full`], at x = 640, as high as the label, `text-anchor="end"`
/// - a `rect` 24 below `top`, 14 high, between the x of zero and the x of its value: to the left of zero for a value
///   below it. Its class is `bar-1` for the first point, `bar-2` for the second, up to `bar-5`, and then `bar-1` again.
///
/// Without points there is a `text` that says `Nothing yet`, and no `rect`. Numbers are written as in [`line_chart`].
pub fn bar_chart(chart: &Chart) -> String {
    todo!("where zero stands, where the value stands, and the bar between them")
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
    let page = ("dashboard.html", include_str!("given/page/dashboard.html"));
    for (name, source) in look::TEMPLATES.into_iter().chain([page]) {
        // A template that does not parse is missing below, and that is an error of the page.
        let _ = templates.add_template(name, source);
    }
    templates
});

/// By how much a value has changed, in whole percent of what it was: `+12 %`, `-3 %`, `0 %` (which has no sign). Halves
/// are rounded away from zero: from 200 to 201 it is `+1 %`, to 199 `-1 %`. A value below zero counts with its size:
/// from -10 to 5 it is `+150 %`. From zero there is no percentage: `None`. Every two `i64` have their answer.
pub fn change(value: i64, before: i64) -> Option<String> {
    todo!(
        "the difference, times a hundred, divided by the size of what was: in whole numbers that are large enough"
    )
}

/// The whole page: `dashboard.html` of [`TEMPLATES`] (read `given/page/dashboard.html`), with what it names.
///
/// - `part` is `dashboard` and `width` is `wide`; `heading`, `span`, `filters`, `export` and `version` are those of the
///   view.
/// - `figures`: values are written [`full`]; `before` and `change` are missing where there is nothing to compare with,
///   `change` also where before it was zero. `mood` is `good` for a change with `+`, `bad` for one with `-`, and
///   otherwise empty.
/// - `charts`: one for each section, in their order, with the chart's id and title, and the picture in the section's
///   style. `columns` are the section's `along` and the chart's title; `rows` has each point's label and its value in
///   [`full`], in the points' order.
///
/// A list of what serde can serialise becomes a value of `context!` in `Serde(&list)`. The template escapes every text.
/// The picture is no text: it goes in as it is.
///
/// # Errors
///
/// A 500 when the template cannot be rendered.
pub fn render(view: &View) -> Result<String, Problem> {
    todo!(
        "a `ShownFigure` for each figure, a `ShownChart` for each section, a `context!`, and `render`"
    )
}
