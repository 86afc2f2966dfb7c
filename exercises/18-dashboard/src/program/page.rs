//! The page: numbers, charts, and a form that is the address.

use axum::Router;
use axum::extract::Query;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use jiff::{Timestamp, ToSpan as _};
use minijinja::{Environment, Value, context};

use super::api::{Pairs, selection};
use crate::breakdowns::{self, Breakdown, Measure};
use crate::filters::Selection;
use crate::given::allowed::Allowed;
use crate::given::app::{App, Cx, Tx};
use crate::given::events::{Dimension, Kind};
use crate::given::problem::Problem;
use crate::page::{Chart, Choice, Field, Figure, Point, Section, Style, Unit, View, render};
use crate::timeseries::{self, Question, Series};

/// The page, and what it is made of.
pub fn routes() -> Router<App> {
    Router::new().route("/", get(page))
}

/// What never changes while the program runs.
pub fn parts() -> Router<App> {
    let style = look::STYLE.to_owned();
    let charts = include_str!("../given/page/dashboard.css").to_owned();
    let file = |kind: &'static str, text: String| {
        get(async move || ([(header::CONTENT_TYPE, kind)], text))
    };
    let script = include_str!("../given/page/live.js").to_owned();
    Router::new()
        .route("/style.css", file("text/css; charset=utf-8", style))
        .route("/dashboard.css", file("text/css; charset=utf-8", charts))
        .route("/live.js", file("text/javascript; charset=utf-8", script))
        .route("/lantern.svg", file("image/svg+xml", look::ICON.to_owned()))
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
    let page = message(context! {
        part => "numbers", heading => "That cannot be shown", text => text.trim(),
        actions => [context! { href => "/", label => "The last thirty days" }],
    });
    match page {
        Ok(page) => (status, Html(page)).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// A page that says one thing.
fn message(values: Value) -> Result<String, Problem> {
    let render = || -> Result<String, minijinja::Error> {
        let mut templates = Environment::new();
        for (name, source) in look::TEMPLATES {
            templates.add_template(name, source)?;
        }
        templates.get_template("look/message.html")?.render(values)
    };
    render().map_err(|error| Problem::internal(&error))
}

/// What one chart shows.
struct Drawn {
    id: &'static str,
    title: String,
    along: &'static str,
    style: Style,
    unit: Unit,
    points: Vec<Point>,
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
    let shown = match question.kind {
        Kind::Cart => &of_kind(Kind::Cart)?,
        Kind::Order => &orders,
        Kind::View => &views,
    };
    let mut charts = vec![line(shown)];
    for (id, along, by) in [
        ("countries", "Country", Dimension::Country),
        ("channels", "Channel", Dimension::Channel),
        ("categories", "Category", Dimension::Category),
    ] {
        let wanted = breakdowns::Question {
            by,
            of: measure(question.kind),
            top: 6,
        };
        let hours = timeseries::hours(question.span, &question.zone)?;
        let slices = chosen.slices();
        let found = breakdowns::breakdown(tx, wanted, question.kind, &slices, hours)?;
        charts.push(bars(id, along, &found));
    }
    render(&View {
        heading: "Numbers",
        span: &span(&question),
        figures: figures(&orders, &views),
        filters: fields(&pairs, &allowed, &chosen),
        sections: charts.iter().map(section).collect(),
        export: &address("/api/export", &pairs),
        version: tx.neighbours().store.version(tx)?,
    })
}

fn section(drawn: &Drawn) -> Section<'_> {
    Section {
        along: drawn.along,
        style: drawn.style,
        chart: Chart {
            id: drawn.id,
            title: &drawn.title,
            unit: drawn.unit,
            points: &drawn.points,
        },
    }
}

/// A page without a span shows the last thirty days, today included.
fn fill_in(tx: &Tx, pairs: &mut Pairs) -> Result<(), Problem> {
    let has = |pairs: &Pairs, name: &str| {
        pairs
            .iter()
            .any(|(other, value)| other == name && !value.is_empty())
    };
    if has(pairs, "from") || has(pairs, "to") {
        return Ok(());
    }
    let named = pairs
        .iter()
        .find(|(name, value)| name == "zone" && !value.is_empty());
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

fn figures(orders: &Series, views: &Series) -> Vec<Figure<'static>> {
    let figure = |label, value, before, unit| Figure {
        label,
        value,
        before: Some(before),
        unit,
    };
    let (now, before) = (&orders.now, &orders.before);
    vec![
        figure("revenue", now.cents, before.cents, Unit::Cents),
        figure("orders", now.events, before.events, Unit::Count),
        figure(
            "books looked at",
            views.now.events,
            views.before.events,
            Unit::Count,
        ),
    ]
}

fn line(series: &Series) -> Drawn {
    let (unit, title) = match series.kind {
        "order" => (Unit::Cents, "Revenue"),
        "cart" => (Unit::Count, "Put into a cart"),
        _ => (Unit::Count, "Looked at"),
    };
    let value = |point: &timeseries::Point| match unit {
        Unit::Cents => point.cents,
        Unit::Count => point.events,
    };
    Drawn {
        id: "time",
        title: title.to_owned(),
        along: "When",
        style: Style::Line,
        unit,
        points: series
            .now
            .points
            .iter()
            .map(|point| Point {
                label: short(series.unit, &point.label).to_owned(),
                value: value(point),
            })
            .collect(),
    }
}

/// A label without the year, which stands above: on a phone six of them have to fit.
fn short(unit: timeseries::Unit, label: &str) -> &str {
    let part = match unit {
        timeseries::Unit::Hour => label.get(5..16),
        timeseries::Unit::Day => label.get(5..),
        timeseries::Unit::Week | timeseries::Unit::Month => None,
    };
    part.unwrap_or(label)
}

fn bars(id: &'static str, along: &'static str, found: &Breakdown) -> Drawn {
    let share = |share: Option<i64>| match share {
        Some(share) => format!(" · {}.{} %", share / 10, share % 10),
        None => String::new(),
    };
    let rows = found.rows.iter().map(|row| Point {
        label: format!("{}{}", row.value, share(row.share)),
        value: row.amount,
    });
    let rest = found.others.as_ref().map(|others| Point {
        label: format!("{} others{}", others.values, share(others.share)),
        value: others.amount,
    });
    Drawn {
        id,
        title: format!("By {}", along.to_lowercase()),
        along,
        style: Style::Bars,
        unit: match found.of {
            Measure::Cents => Unit::Cents,
            Measure::Events => Unit::Count,
        },
        points: rows.chain(rest).collect(),
    }
}

fn fields(pairs: &Pairs, allowed: &Allowed, chosen: &Selection) -> Vec<Field> {
    let value = |name: &str| {
        let pair = pairs.iter().find(|(other, _)| other == name);
        pair.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let field = |name: &str, label: &str, kind: &str, options: Vec<Choice>| Field {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: kind.to_owned(),
        value: value(name),
        options,
    };
    let choices = |name: &str, choices: &[(&str, &str)]| -> Vec<Choice> {
        choices
            .iter()
            .map(|(choice, label)| Choice {
                value: (*choice).to_owned(),
                label: (*label).to_owned(),
                chosen: value(name) == *choice,
            })
            .collect()
    };
    let units = [
        ("day", "day"),
        ("hour", "hour"),
        ("week", "week"),
        ("month", "month"),
    ];
    let kinds = [("order", "orders"), ("cart", "carts"), ("view", "views")];
    let mut fields = vec![
        field("from", "From", "date", Vec::new()),
        field("to", "Up to", "date", Vec::new()),
        field("unit", "By", "", choices("unit", &units)),
        field("kind", "What", "", choices("kind", &kinds)),
    ];
    for (dimension, label) in [
        (Dimension::Country, "Country"),
        (Dimension::Channel, "Channel"),
        (Dimension::Device, "Device"),
        (Dimension::Category, "Category"),
    ] {
        let options = options(dimension, allowed, chosen);
        fields.push(field(dimension.name(), label, "", options));
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
