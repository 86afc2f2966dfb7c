//! What the dashboard promises, in numbers: each figure beside what it is compared with, both measured in this run.
//!
//! `cargo bench -p dashboard-solution` takes some minutes and 4 GiB of the temporary folder; `-- --small` leaves out the database of ten
//! million events. The figures are worth something only on a machine that does nothing else. It ends with 1 when a figure is missed.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use dashboard::given::app::{App, Cx, Parts, Tx};
use dashboard::given::clock::{ManualClock, UnixTime, rfc3339};
use dashboard::given::config::Config;
use dashboard::given::database::{Database, Durability};
use dashboard::given::events::{Dimension, Event, HOUR, Kind, Slice};
use dashboard::given::http;
use dashboard::given::neighbours::{Hours, Neighbours, News};
use dashboard::given::problem::Problem;
use dashboard::storage::{Storage, slices};
use dashboard::timeseries::{Question, Span, Unit, series, zone};
use dashboard::{breakdowns, ingest};
use jiff::civil::date;
use rusqlite::{Connection, params};
use serde_json::json;
use support::Seeded;
use tempfile::TempDir;
use tower::ServiceExt as _;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// 2016-01-01, 2017-01-01, 2017-12-01 and 2018-01-01, in UTC: two years, of which the second is looked at.
const FIRST: UnixTime = 1_451_606_400;
const YEAR: UnixTime = 1_483_228_800;
const DECEMBER: UnixTime = 1_512_086_400;
const LAST: UnixTime = 1_514_764_800;

/// How many events are written in one transaction while a database is filled.
const BATCH: u64 = 10_000;

/// How often a question is asked; the fastest time counts, because whatever else the machine does only adds to it.
const SCANS: usize = 5;
const QUESTIONS: usize = 25;

/// How many events the comparison of writers takes, and in transactions of what sizes.
const WRITTEN: usize = 200_000;
const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// Readers are measured in turns, alone and beside a writer, each for so long.
const TURN: Duration = Duration::from_secs(5);
const TURNS: usize = 3;
/// A thousand events a second.
const AT_ONCE: usize = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// The values of each dimension with their weights, the most frequent first.
const COUNTRIES: [(&str, u64); 8] = [
    ("AT", 38),
    ("DE", 34),
    ("CH", 11),
    ("IT", 6),
    ("CZ", 4),
    ("HU", 3),
    ("SI", 2),
    ("US", 2),
];
const CHANNELS: [(&str, u64); 3] = [("web", 55), ("app", 33), ("till", 12)];
const DEVICES: [(&str, u64); 3] = [("phone", 52), ("desk", 39), ("tablet", 9)];
const CATEGORIES: [(&str, u64); 10] = [
    ("Novels", 27),
    ("Crime", 19),
    ("Children", 16),
    ("Travel", 9),
    ("Cooking", 8),
    ("History", 7),
    ("Science", 6),
    ("Poetry", 4),
    ("Art", 3),
    ("Maps", 1),
];
const KINDS: [(&str, u64); 3] = [("view", 75), ("cart", 17), ("order", 8)];

fn main() -> ExitCode {
    let small = std::env::args().any(|argument| argument == "--small");
    match figures(small) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(missed) => {
            println!("\n{missed} missed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures everything, and says how many figures were missed.
fn figures(small: bool) -> Result<usize> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut report = Report::default();
    let place = TempDir::new()?;

    println!("writing, {WRITTEN} events:");
    for size in SIZES {
        writers(&runtime, place.path(), size, &mut report)?;
    }

    let one = Shop::new(&place.path().join("one.db"), 1_000_000)?;
    println!("reading, 1,000,000 events:");
    let of_one = reading(&one, &mut report)?;
    println!("reading while 1,000 events a second come in:");
    beside_a_writer(&runtime, &one, &mut report)?;

    if !small {
        let ten = Shop::new(&place.path().join("ten.db"), 10_000_000)?;
        println!("reading, 10,000,000 events:");
        let of_ten = reading(&ten, &mut report)?;
        println!("ten times the events:");
        for ((name, one), (_, ten)) in of_one.iter().zip(&of_ten) {
            let grown = ten.as_secs_f64() / one.as_secs_f64();
            report.at_most(name, grown, 1.2, "times the time");
        }
    }
    Ok(report.missed)
}

/// Figures as they are found.
#[derive(Default)]
struct Report {
    missed: usize,
}

impl Report {
    fn at_least(&mut self, name: &str, found: f64, wanted: f64, unit: &str) {
        self.line(
            found >= wanted,
            name,
            found,
            &format!("{unit}, at least {wanted}"),
        );
    }

    fn at_most(&mut self, name: &str, found: f64, wanted: f64, unit: &str) {
        self.line(
            found <= wanted,
            name,
            found,
            &format!("{unit}, at most {wanted}"),
        );
    }

    fn line(&mut self, reached: bool, name: &str, found: f64, rest: &str) {
        self.missed += usize::from(!reached);
        let verdict = if reached { "pass" } else { "FAIL" };
        println!("  {verdict} {found:8.2} {rest}: {name}");
    }
}

/// A database with its program around it.
struct Shop {
    app: App,
    raw: Connection,
}

/// Nobody listens.
struct Silence;

impl News for Silence {
    fn publish(&self, _version: i64) {}
}

impl Shop {
    /// An empty one.
    fn empty(path: &Path) -> Result<Self> {
        let app = App::new(Parts {
            config: Config::default(),
            clock: Arc::new(ManualClock::at(LAST + HOUR)),
            database: Database::open(path, Durability::Full)?,
            neighbours: Neighbours {
                store: Arc::new(Storage),
                news: Arc::new(Silence),
            },
        });
        let raw = Connection::open(path)?;
        Ok(Self { app, raw })
    }

    /// One with so many events, evenly over the two years.
    fn new(path: &Path, count: u64) -> Result<Self> {
        let shop = Self::empty(path)?;
        let begun = Instant::now();
        let mut values = support::seeded(0x18);
        let span = LAST.abs_diff(FIRST);
        for first in (0..count).step_by(usize::try_from(BATCH)?) {
            let events = (first..count.min(first + BATCH))
                .map(|number| {
                    let second = number * span / count;
                    event(&mut values, number, FIRST.saturating_add_unsigned(second))
                })
                .collect::<Vec<_>>();
            shop.write(|tx| tx.neighbours().store.record(tx, &events).map(drop))?;
        }
        println!(
            "{count} events filled in within {:.1} s",
            begun.elapsed().as_secs_f64()
        );
        Ok(shop)
    }

    fn read<T>(&self, work: impl FnOnce(&Tx) -> std::result::Result<T, Problem>) -> Result<T> {
        told(Cx::new(self.app.clone()).read(work))
    }

    fn write<T>(&self, work: impl FnOnce(&Tx) -> std::result::Result<T, Problem>) -> Result<T> {
        told(Cx::new(self.app.clone()).write(work))
    }

    fn handler(&self) -> Router {
        http::service(self.app.clone(), ingest::routes())
    }
}

fn told<T>(answer: std::result::Result<T, Problem>) -> Result<T> {
    answer.map_err(|problem| format!("{}: {}", problem.status(), problem.detail()).into())
}

fn pick(values: &mut Seeded, choices: &[(&'static str, u64)]) -> &'static str {
    let mut place = values.number(0..choices.iter().map(|(_, weight)| weight).sum());
    for (choice, weight) in choices {
        if place < *weight {
            return choice;
        }
        place -= weight;
    }
    ""
}

fn event(values: &mut Seeded, number: u64, at: UnixTime) -> Event {
    let kind = Kind::named(pick(values, &KINDS)).unwrap_or(Kind::View);
    Event {
        id: format!("shop-{number:08}"),
        at,
        kind,
        country: pick(values, &COUNTRIES).to_owned(),
        channel: pick(values, &CHANNELS).to_owned(),
        device: pick(values, &DEVICES).to_owned(),
        category: pick(values, &CATEGORIES).to_owned(),
        cents: i64::try_from(values.number(0..9_000)).unwrap_or(0),
    }
}

/// The shortest of several times, and what was answered the last time.
fn fastest<T>(times: usize, mut work: impl FnMut() -> Result<T>) -> Result<(Duration, T)> {
    let mut best = Duration::MAX;
    let mut answer = None;
    for _ in 0..times {
        let begun = Instant::now();
        let found = black_box(work()?);
        best = best.min(begun.elapsed());
        answer = Some(found);
    }
    Ok((best, answer.ok_or("nothing was measured")?))
}

/// The questions of the dashboard against scans of the single events; answers how long a year by the day took.
fn reading(shop: &Shop, report: &mut Report) -> Result<Vec<(String, Duration)>> {
    let mut years = Vec::new();
    for slice in slices_to_try() {
        let name = named(&slice);
        let wanted = if slice.parts().len() < 2 { 50.0 } else { 10.0 };
        let (scan, events) = fastest(SCANS, || year_by_scan(&shop.raw, &slice))?;
        let (served, answer) = fastest(QUESTIONS, || year_by_day(shop, &slice))?;
        same(&name, answer, events)?;
        println!("       a year by day, {name}: scan {scan:.1?}, served {served:.2?}");
        let ratio = scan.as_secs_f64() / served.as_secs_f64();
        report.at_least(
            &format!("a year by day, {name}"),
            ratio,
            wanted,
            "times faster",
        );
        if slice.parts().len() < 2 {
            years.push((format!("a year by day, {name}"), served));
        }
    }
    for dimension in Dimension::ALL {
        let name = format!("the largest of December by {}", dimension.name());
        let (scan, events) = fastest(SCANS, || month_by_scan(&shop.raw, dimension))?;
        let (served, answer) = fastest(QUESTIONS, || month(shop, dimension))?;
        same(&name, answer, events)?;
        println!("       {name}: scan {scan:.1?}, served {served:.2?}");
        let ratio = scan.as_secs_f64() / served.as_secs_f64();
        report.at_least(&name, ratio, 10.0, "times faster");
    }
    Ok(years)
}

/// A fast answer that is another one is worth nothing.
fn same(name: &str, served: i64, scanned: i64) -> Result<()> {
    if served == scanned {
        return Ok(());
    }
    Err(format!("{name}: {served} events were served, the scan finds {scanned}").into())
}

/// Everything; the most and the least frequent value of each dimension; each pair of the most frequent ones.
fn slices_to_try() -> Vec<Slice> {
    let lists: [(Dimension, &[(&str, u64)]); 4] = [
        (Dimension::Country, &COUNTRIES),
        (Dimension::Channel, &CHANNELS),
        (Dimension::Device, &DEVICES),
        (Dimension::Category, &CATEGORIES),
    ];
    let mut tried = vec![Slice::everything()];
    let ends = lists.map(|(dimension, list)| (dimension, list.first(), list.last()));
    for (dimension, first, last) in ends {
        for (value, _) in [first, last].into_iter().flatten() {
            tried.push(Slice::everything().with(dimension, value));
        }
    }
    for (place, (one, first, _)) in ends.iter().enumerate() {
        for (other, second, _) in ends.iter().skip(place + 1) {
            if let (Some((first, _)), Some((second, _))) = (first, second) {
                tried.push(Slice::everything().with(*one, first).with(*other, second));
            }
        }
    }
    tried
}

fn named(slice: &Slice) -> String {
    let parts = slice.parts().iter();
    let parts: Vec<String> = parts
        .map(|(dimension, value)| format!("{}={value}", dimension.name()))
        .collect();
    if parts.is_empty() {
        return "everything".to_owned();
    }
    parts.join(" ")
}

/// As the dashboard answers it, with the year before to compare with.
fn year_by_day(shop: &Shop, slice: &Slice) -> Result<i64> {
    let question = Question {
        span: Span {
            from: date(2017, 1, 1),
            to: date(2018, 1, 1),
        },
        unit: Unit::Day,
        zone: told(zone("UTC"))?,
        kind: Kind::View,
    };
    let answer = shop.read(|tx| series(tx, &question, std::slice::from_ref(slice)))?;
    Ok(black_box(answer).now.events)
}

/// The year alone, from single events that have no index: less than what the dashboard answers.
fn year_by_scan(raw: &Connection, slice: &Slice) -> Result<i64> {
    let mut sql = "SELECT at - at % 86400 AS day, count(*), sum(cents) FROM events NOT INDEXED
         WHERE at >= ? AND at < ? AND kind = 'view'"
        .to_owned();
    for (dimension, _) in slice.parts() {
        // The names of the columns are our own.
        sql.push_str(&format!(" AND {} = ?", dimension.name()));
    }
    sql.push_str(" GROUP BY day ORDER BY day");
    let mut bound: Vec<&dyn rusqlite::ToSql> = vec![&YEAR, &LAST];
    bound.extend(
        slice
            .parts()
            .iter()
            .map(|(_, value)| value as &dyn rusqlite::ToSql),
    );
    counted(raw, &sql, &bound)
}

fn month(shop: &Shop, by: Dimension) -> Result<i64> {
    let question = breakdowns::Question {
        by,
        of: breakdowns::Measure::Events,
        top: breakdowns::ROWS,
    };
    let hours = Hours {
        from: DECEMBER,
        to: LAST,
    };
    let everything = [Slice::everything()];
    let answer =
        shop.read(|tx| breakdowns::breakdown(tx, question, Kind::View, &everything, hours))?;
    Ok(black_box(answer).total)
}

fn month_by_scan(raw: &Connection, by: Dimension) -> Result<i64> {
    let name = by.name();
    let sql = format!(
        "SELECT {name}, count(*), sum(cents) FROM events NOT INDEXED
         WHERE at >= ? AND at < ? AND kind = 'view' GROUP BY {name} ORDER BY count(*) DESC"
    );
    counted(raw, &sql, &[&DECEMBER, &LAST])
}

/// Reads every row, and adds up its second column.
fn counted(raw: &Connection, sql: &str, bound: &[&dyn rusqlite::ToSql]) -> Result<i64> {
    let mut statement = raw.prepare_cached(sql)?;
    let mut rows = statement.query(bound)?;
    let mut events = 0;
    while let Some(row) = rows.next()? {
        events += row.get::<_, i64>(1)?;
        black_box(row.get::<_, i64>(2)?);
    }
    Ok(events)
}

/// The handler, parsing included, against statements without any parsing.
fn writers(
    runtime: &tokio::runtime::Runtime,
    place: &Path,
    size: usize,
    report: &mut Report,
) -> Result<()> {
    let mut values = support::seeded(0x1A);
    // As they come in: the last hours of a busy shop, in order.
    let events: Vec<Event> = (0..WRITTEN)
        .map(|number| {
            let at = LAST - 20 * HOUR + i64::try_from(number * 72_000 / WRITTEN)?;
            Ok(event(&mut values, u64::try_from(number)?, at))
        })
        .collect::<Result<_>>()?;

    let shop = Shop::empty(&place.join(format!("handler-{size}.db")))?;
    let bodies: Vec<String> = events.chunks(size).map(lines).collect();
    let handler = shop.handler();
    let begun = Instant::now();
    let mut accepted = 0;
    for body in bodies {
        accepted += runtime.block_on(post(handler.clone(), body))?;
    }
    let by_handler = rate(begun);
    same("events that were sent", accepted, i64::try_from(WRITTEN)?)?;

    let plain = Shop::empty(&place.join(format!("plain-{size}.db")))?;
    let by_upsert = upserts(&plain, &events, size, false)?;
    let each = Shop::empty(&place.join(format!("each-{size}.db")))?;
    let by_each = upserts(&each, &events, size, true)?;
    println!(
        "       by {size}: handler {by_handler:.0}/s, one upsert an event {by_upsert:.0}/s, with its roll-ups one by one {by_each:.0}/s"
    );
    let name = format!("the handler against one upsert an event, by {size}");
    report.at_least(&name, by_handler / by_upsert, 1.0, "times the rate");
    // The plain upsert keeps no roll-ups: this one does the handler's whole work, event by event.
    let name = format!("the handler against upserts with roll-ups, by {size}");
    report.at_least(&name, by_handler / by_each, 1.0, "times the rate");
    Ok(())
}

fn rate(begun: Instant) -> f64 {
    WRITTEN as f64 / begun.elapsed().as_secs_f64()
}

fn upserts(shop: &Shop, events: &[Event], size: usize, rolled_up: bool) -> Result<f64> {
    let begun = Instant::now();
    for batch in events.chunks(size) {
        shop.write(|tx| {
            let mut statement = tx.prepare_cached(
                "INSERT INTO events (id, at, kind, country, channel, device, category, cents)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING",
            )?;
            let mut counting = tx.prepare_cached(
                "INSERT INTO rollups (facet, value, kind, hour, events, cents)
                 VALUES (?1, ?2, ?3, ?4, 1, ?5)
                 ON CONFLICT DO UPDATE SET events = events + 1, cents = cents + excluded.cents",
            )?;
            for event in batch {
                let kind = event.kind.name();
                statement.execute(params![
                    event.id,
                    event.at,
                    kind,
                    event.country,
                    event.channel,
                    event.device,
                    event.category,
                    event.cents
                ])?;
                if !rolled_up {
                    continue;
                }
                for slice in slices(event) {
                    let (facet, value) = (slice.facet(), slice.value_text());
                    counting.execute(params![facet, value, kind, event.hour(), event.cents])?;
                }
            }
            Ok(())
        })?;
    }
    Ok(rate(begun))
}

fn lines(events: &[Event]) -> String {
    let mut body = String::new();
    for event in events {
        let line = json!({
            "id": event.id, "at": rfc3339(event.at), "kind": event.kind.name(), "country": event.country,
            "channel": event.channel, "device": event.device, "category": event.category, "cents": event.cents,
        });
        body.push_str(&line.to_string());
        body.push('\n');
    }
    body
}

/// How many of the body's events were accepted.
async fn post(handler: Router, body: String) -> Result<i64> {
    let request = Request::post("/api/events")
        .header(header::CONTENT_TYPE, "application/x-ndjson")
        .body(Body::from(body))?;
    let response = handler.oneshot(request).await?;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await?;
    let answer: serde_json::Value = serde_json::from_slice(&bytes)?;
    let accepted = answer.get("accepted").and_then(serde_json::Value::as_i64);
    accepted.ok_or_else(|| format!("{status}: {}", bytes.escape_ascii()).into())
}

/// The 99th percentile of readers, alone and while events come in, in turns.
fn beside_a_writer(
    runtime: &tokio::runtime::Runtime,
    shop: &Shop,
    report: &mut Report,
) -> Result<()> {
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let mut sent = 0;
    for turn in 0..TURNS {
        readers(shop, &mut alone)?;
        let done = Arc::new(AtomicBool::new(false));
        let writer = runtime.spawn(arrivals(shop.handler(), turn, Arc::clone(&done)));
        let read = readers(shop, &mut beside);
        done.store(true, Ordering::SeqCst);
        sent += runtime
            .block_on(writer)?
            .map_err(|error| error.to_string())?;
        read?;
    }
    let came_in = sent as f64 / (TURN * u32::try_from(TURNS)?).as_secs_f64();
    let (quiet, busy) = (percentile(&mut alone)?, percentile(&mut beside)?);
    println!(
        "       99 of 100 within {quiet:.2?} alone ({}), {busy:.2?} beside the writer ({}), {came_in:.0} events/s",
        alone.len(),
        beside.len()
    );
    // A writer that cannot keep up would make the comparison too easy.
    report.at_least("what came in", came_in, 950.0, "events a second");
    let grown = busy.as_secs_f64() / quiet.as_secs_f64();
    report.at_most(
        "the readers' p99 beside a writer",
        grown,
        2.0,
        "times the time",
    );
    Ok(())
}

fn readers(shop: &Shop, times: &mut Vec<Duration>) -> Result<()> {
    let begun = Instant::now();
    let tried = slices_to_try();
    for slice in tried.iter().cycle() {
        if begun.elapsed() >= TURN {
            break;
        }
        let asked = Instant::now();
        black_box(year_by_day(shop, slice)?);
        times.push(asked.elapsed());
    }
    Ok(())
}

/// Sends events at an even pace until it is told to stop; answers how many were accepted.
async fn arrivals(
    handler: Router,
    turn: usize,
    done: Arc<AtomicBool>,
) -> std::result::Result<i64, String> {
    let mut values = support::seeded(0x1B);
    let mut pace = tokio::time::interval(PAUSE);
    let mut accepted = 0;
    for round in 0.. {
        pace.tick().await;
        if done.load(Ordering::SeqCst) {
            break;
        }
        let batch: Vec<Event> = (0..AT_ONCE)
            .map(|place| {
                let mut event = event(&mut values, 0, LAST);
                event.id = format!("late-{turn}-{round}-{place}");
                event
            })
            .collect();
        accepted += post(handler.clone(), lines(&batch))
            .await
            .map_err(|error| error.to_string())?;
    }
    Ok(accepted)
}

fn percentile(times: &mut [Duration]) -> Result<Duration> {
    times.sort_unstable();
    let place = (times.len() * 99).div_ceil(100).saturating_sub(1);
    Ok(*times.get(place).ok_or("nothing was measured")?)
}
