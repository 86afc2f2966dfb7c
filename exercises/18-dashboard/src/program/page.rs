//! The page: numbers, charts, and a form that is the address.

use axum::Router;
use axum::extract::Query;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use jiff::{Timestamp, ToSpan as _};
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde::Serialize;

use super::api::{Pairs, selection};
use crate::breakdowns::{self, Breakdown, Measure};
use crate::filters::Selection;
use crate::given::allowed::Allowed;
use crate::given::app::{App, Cx, Tx};
use crate::given::events::{Dimension, Kind};
use crate::given::problem::Problem;
use crate::page::{Chart, Point, Unit, bar_chart, full, line_chart};
use crate::timeseries::{self, Question, Series};

/// The page, and what it is made of.
pub fn routes() -> Router<App> {
    Router::new().route("/", get(page))
}

/// What never changes while the program runs.
pub fn parts() -> Router<App> {
    let style = format!("{}\n{}", look::STYLE, include_str!("../given/page/dashboard.css"));
    let file = |kind: &'static str, text: String| get(async move || ([(header::CONTENT_TYPE, kind)], text));
    let script = include_str!("../given/page/live.js").to_owned();
    Router::new()
        .route("/style.css", file("text/css; charset=utf-8", style))
        .route("/live.js", file("text/javascript; charset=utf-8", script))
        .route("/lantern.svg", file("image/svg+xml", look::ICON.to_owned()))
}

#[derive(Serialize)]
struct Field {
    name: &'static str,
    label: &'static str,
    r#type: &'static str,
    value: String,
    options: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Figure {
    value: String,
    label: &'static str,
    before: String,
    change: Option<String>,
    mood: &'static str,
}

#[derive(Serialize)]
struct Picture {
    id: &'static str,
    title: String,
    svg: Value,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

async fn page(cx: Cx, Query(pairs): Query<Pairs>) -> Response {
    match cx.run(move |cx| cx.read(|tx| answer(tx, pairs))).await {
        Ok(html) => Html(html).into_response(),
        Err(problem) => told(problem),
    }
}

/// What went wrong, as a page, with the status that programs see as well.
fn told(problem: Problem) -> Response {
    let status = problem.status();
    let errors: Vec<String> = problem
        .errors()
        .iter()
        .map(|error| format!("{}: {}", error.field, error.message))
        .collect();
    let text = format!("{} {}", problem.detail(), errors.join(" "));
    let page = rendered(
        "look/message.html",
        context! {
            part => "numbers", heading => "That cannot be shown", text => text.trim(),
            actions => [context! { href => "/", label => "The last thirty days" }],
        },
    );
    match page {
        Ok(page) => (status, Html(page)).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn rendered(template: &str, values: Value) -> Result<String, Problem> {
    let render = || -> Result<String, minijinja::Error> {
        let mut templates = Environment::new();
        for (name, source) in look::TEMPLATES {
            templates.add_template(name, source)?;
        }
        let source = include_str!("../given/page/dashboard.html");
        templates.add_template("dashboard.html", source)?;
        templates.get_template(template)?.render(values)
    };
    render().map_err(|error| Problem::internal(&error))
}

fn answer(tx: &Tx, mut pairs: Pairs) -> Result<String, Problem> {
    fill_in(tx, &mut pairs)?;
    let allowed = Allowed::known(tx)?;
    let chosen = selection(tx, &pairs, &[&timeseries::PARAMETERS])?;
    let question = timeseries::read(&pairs, &tx.config().zone)?;
    let of_kind = |kind: Kind| {
        let question = Question {
            kind,
            ..question.clone()
        };
        timeseries::series(tx, &question, &chosen.slices())
    };
    let orders = of_kind(Kind::Order)?;
    let views = of_kind(Kind::View)?;
    let shown = of_kind(question.kind)?;
    let mut pictures = vec![line(&shown)];
    for (id, by) in [
        ("countries", Dimension::Country),
        ("channels", Dimension::Channel),
        ("categories", Dimension::Category),
    ] {
        let wanted = breakdowns::Question {
            by,
            of: measure(question.kind),
            top: 6,
        };
        let hours = timeseries::hours(question.span, &question.zone)?;
        let slices = chosen.slices();
        let found = breakdowns::breakdown(tx, wanted, question.kind, &slices, hours)?;
        pictures.push(bars(id, by, &found));
    }
    let version = tx.neighbours().store.version(tx)?;
    rendered(
        "dashboard.html",
        context! {
            part => "numbers", width => "wide", heading => "Numbers",
            filters => Serde(fields(&pairs, &allowed, &chosen)),
            span => span(&question), figures => Serde(figures(&orders, &views)),
            charts => Serde(pictures),
            export => address("/api/export", &pairs), version => version,
        },
    )
}

/// A page without a span shows the last thirty days, today included.
fn fill_in(tx: &Tx, pairs: &mut Pairs) -> Result<(), Problem> {
    let has = |pairs: &Pairs, name: &str| pairs.iter().any(|(other, value)| other == name && !value.is_empty());
    if has(pairs, "from") || has(pairs, "to") {
        return Ok(());
    }
    let named = pairs.iter().find(|(name, value)| name == "zone" && !value.is_empty());
    let zone = timeseries::zone(named.map_or(&tx.config().zone, |(_, value)| value))?;
    let broken = |error: jiff::Error| Problem::internal(&error);
    let now = Timestamp::from_second(tx.now()).map_err(broken)?;
    let to = now.to_zoned(zone).date().tomorrow().map_err(broken)?;
    let from = to.checked_sub(30.days()).map_err(broken)?;
    pairs.retain(|(name, _)| name != "from" && name != "to");
    pairs.push(("from".to_owned(), from.to_string()));
    pairs.push(("to".to_owned(), to.to_string()));
    Ok(())
}

fn measure(kind: Kind) -> Measure {
    match kind {
        Kind::Order => Measure::Cents,
        Kind::View | Kind::Cart => Measure::Events,
    }
}

fn span(question: &Question) -> String {
    let zone = question.zone.iana_name().unwrap_or("UTC");
    format!(
        "From {} up to, and without, {}, as days are counted in {zone}.",
        question.span.from, question.span.to
    )
}

fn figures(orders: &Series, views: &Series) -> Vec<Figure> {
    let figure = |label, now, before, change: Option<i64>, unit| Figure {
        label,
        value: full(now, unit),
        before: full(before, unit),
        change: change.map(per_cent),
        mood: match change {
            Some(change) if change > 0 => "good",
            Some(change) if change < 0 => "bad",
            _ => "",
        },
    };
    vec![
        figure(
            "revenue",
            orders.now.cents,
            orders.before.cents,
            orders.change.cents,
            Unit::Cents,
        ),
        figure(
            "orders",
            orders.now.events,
            orders.before.events,
            orders.change.events,
            Unit::Count,
        ),
        figure(
            "books looked at",
            views.now.events,
            views.before.events,
            views.change.events,
            Unit::Count,
        ),
    ]
}

/// Tenths of a percent as people write them: `+12.5 %`.
fn per_cent(tenths: i64) -> String {
    let sign = if tenths < 0 { "−" } else { "+" };
    let size = tenths.unsigned_abs();
    format!("{sign}{}.{} %", size / 10, size % 10)
}

fn line(series: &Series) -> Picture {
    let is_order = series.kind == Kind::Order.name();
    let (unit, title, column) = match is_order {
        true => (Unit::Cents, "Revenue".to_owned(), "Revenue"),
        false => (Unit::Count, format!("Events of the kind {}", series.kind), "Events"),
    };
    let points: Vec<Point> = series
        .now
        .points
        .iter()
        .map(|point| Point {
            label: point.label.clone(),
            value: if is_order { point.cents } else { point.events },
        })
        .collect();
    let chart = Chart {
        id: "time",
        title: &title,
        unit,
        points: &points,
    };
    let svg = Value::from_safe_string(line_chart(&chart));
    picture("time", title, svg, vec!["When", column], rows(&points, unit))
}

fn bars(id: &'static str, by: Dimension, found: &Breakdown) -> Picture {
    let (unit, column) = match found.of {
        Measure::Cents => (Unit::Cents, "Revenue"),
        Measure::Events => (Unit::Count, "Events"),
    };
    let rest = found.others.as_ref().map(|others| Point {
        label: format!("{} others", others.values),
        value: others.amount,
    });
    let points: Vec<Point> = found
        .rows
        .iter()
        .map(|row| Point {
            label: row.value.clone(),
            value: row.amount,
        })
        .chain(rest)
        .collect();
    let title = format!("By {}", by.name());
    let chart = Chart {
        id,
        title: &title,
        unit,
        points: &points,
    };
    let svg = Value::from_safe_string(bar_chart(&chart));
    let shares = found
        .rows
        .iter()
        .map(|row| row.share)
        .chain(found.others.as_ref().map(|others| others.share));
    let mut table = rows(&points, unit);
    for (row, share) in table.iter_mut().zip(shares) {
        row.push(share.map_or_else(
            || "–".to_owned(),
            |share| format!("{}.{} %", share / 10, share % 10),
        ));
    }
    picture(id, title, svg, vec!["Value", column, "Share"], table)
}

fn rows(points: &[Point], unit: Unit) -> Vec<Vec<String>> {
    points
        .iter()
        .map(|point| vec![point.label.clone(), full(point.value, unit)])
        .collect()
}

fn picture(
    id: &'static str,
    title: String,
    svg: Value,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
) -> Picture {
    Picture {
        id,
        title,
        svg,
        columns,
        rows,
    }
}

fn fields(pairs: &Pairs, allowed: &Allowed, chosen: &Selection) -> Vec<Field> {
    let value = |name: &str| {
        let pair = pairs.iter().find(|(other, _)| other == name);
        pair.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let date = |name, label| Field {
        name,
        label,
        r#type: "date",
        value: value(name),
        options: Vec::new(),
    };
    let choose = |name: &'static str, label, choices: &[(&str, &str)]| Field {
        name,
        label,
        r#type: "",
        value: String::new(),
        options: choices
            .iter()
            .map(|(choice, label)| Choice {
                value: (*choice).to_owned(),
                label: (*label).to_owned(),
                chosen: value(name) == *choice,
            })
            .collect(),
    };
    let mut fields = vec![
        date("from", "From"),
        date("to", "Up to"),
        choose(
            "unit",
            "By",
            &[("day", "day"), ("hour", "hour"), ("week", "week"), ("month", "month")],
        ),
        choose(
            "kind",
            "What",
            &[("order", "orders"), ("cart", "carts"), ("view", "views")],
        ),
    ];
    for (dimension, label) in [
        (Dimension::Country, "Country"),
        (Dimension::Channel, "Channel"),
        (Dimension::Device, "Device"),
        (Dimension::Category, "Category"),
    ] {
        fields.push(Field {
            name: dimension.name(),
            label,
            r#type: "",
            value: String::new(),
            options: options(dimension, allowed, chosen),
        });
    }
    fields
}

fn options(dimension: Dimension, allowed: &Allowed, chosen: &Selection) -> Vec<Choice> {
    let taken = chosen.values(dimension);
    let all = Choice {
        value: String::new(),
        label: "all".to_owned(),
        chosen: taken.is_empty(),
    };
    let each = allowed.values(dimension).map(|value| Choice {
        value: value.to_owned(),
        label: value.to_owned(),
        chosen: taken.contains(&value),
    });
    std::iter::once(all).chain(each).collect()
}

/// An address with these pairs as its query.
fn address(path: &str, pairs: &Pairs) -> String {
    let encoded = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    format!("{path}?{}", pairs.join("&"))
}
