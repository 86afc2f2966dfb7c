//! Milestone 3: a line over time.
//!
//! Somebody asks for May by the day, as they count days in Vienna. The store counts by the hour, in UTC. Between the two lies the
//! calendar.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Serialize, Serializer};

use crate::given::app::Tx;
use crate::given::clock::UnixTime;
use crate::given::events::{HOUR, Kind, Slice};
use crate::given::neighbours::{Hours, Sum};
use crate::given::problem::{FieldError, Problem};

/// The most buckets that a series has.
pub const MOST_POINTS: usize = 1_000;

/// The first day that a span may have.
pub const FIRST_DAY: Date = date(1970, 1, 1);

/// The last day with which a span may end, which does not belong to it.
pub const LAST_DAY: Date = date(2100, 1, 1);

/// The names of the parameters that [`read`] reads.
pub const PARAMETERS: [&str; 5] = ["from", "to", "unit", "zone", "kind"];

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Hour,
    Day,
    Week,
    Month,
}

/// Days of a calendar: `from` belongs to the span, `to` no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    #[serde(serialize_with = "as_text")]
    pub from: Date,
    #[serde(serialize_with = "as_text")]
    pub to: Date,
}

/// A day as `2018-05-01`.
fn as_text<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

/// A piece of time: the start belongs to it, the end no more. Both are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// What stands below it in a chart.
    pub label: String,
    pub start: UnixTime,
    pub end: UnixTime,
}

/// What somebody wants to see.
#[derive(Debug, Clone)]
pub struct Question {
    pub span: Span,
    pub unit: Unit,
    pub zone: TimeZone,
    pub kind: Kind,
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct Series {
    pub unit: Unit,
    /// The name of the zone.
    pub zone: String,
    /// The name of the kind.
    pub kind: &'static str,
    pub now: Part,
    /// The same of [`span_before`].
    pub before: Part,
    pub change: Change,
}

/// The numbers of one span.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    #[serde(flatten)]
    pub span: Span,
    /// All of it.
    pub events: i64,
    /// All of it.
    pub cents: i64,
    /// One for each bucket, in order.
    pub points: Vec<Point>,
}

/// The numbers of one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    pub label: String,
    pub events: i64,
    pub cents: i64,
}

/// By how many tenths of a percent it is more than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    pub events: Option<i64>,
    pub cents: Option<i64>,
}

/// Reads the question out of the pairs of a query.
pub fn read(pairs: &[(String, String)], default_zone: &str) -> Result<Question, Problem> {
    let given = |name: &str| {
        let pair = pairs.iter().find(|(other, _)| other == name);
        pair.map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let mut errors = Vec::new();
    let mut note = |problem: Problem| errors.extend_from_slice(problem.errors());
    let from = day("from", given("from")).map_err(&mut note).ok();
    let to = day("to", given("to"))
        .and_then(|to| behind(from, to))
        .map_err(&mut note)
        .ok();
    let unit = match given("unit") {
        None => Ok(Unit::Day),
        Some(name) => unit(name).ok_or_else(|| invalid("unit", "hour, day, week or month.")),
    };
    let unit = unit.map_err(&mut note).ok();
    let zone = zone(given("zone").unwrap_or(default_zone))
        .map_err(&mut note)
        .ok();
    let kind = match given("kind") {
        None => Ok(Kind::Order),
        Some(name) => Kind::named(name).ok_or_else(|| invalid("kind", "view, cart or order.")),
    };
    let kind = kind.map_err(&mut note).ok();
    match (from, to, unit, zone, kind) {
        (Some(from), Some(to), Some(unit), Some(zone), Some(kind)) => Ok(Question {
            span: Span { from, to },
            unit,
            zone,
            kind,
        }),
        _ => Err(Problem::invalid_fields(errors)),
    }
}

fn day(field: &str, text: Option<&str>) -> Result<Date, Problem> {
    let day: Option<Date> = text
        .and_then(|text| text.parse().ok())
        // The library reads more than one way to write a date; a link has one.
        .filter(|day: &Date| Some(day.to_string().as_str()) == text)
        .filter(|day| (FIRST_DAY..=LAST_DAY).contains(day));
    day.ok_or_else(|| invalid(field, "A day such as 2018-05-01, from 1970 to 2100."))
}

fn behind(from: Option<Date>, to: Date) -> Result<Date, Problem> {
    if from.is_some_and(|from| to <= from) {
        return Err(invalid("to", "The end has to come after the beginning."));
    }
    Ok(to)
}

fn unit(name: &str) -> Option<Unit> {
    match name {
        "hour" => Some(Unit::Hour),
        "day" => Some(Unit::Day),
        "week" => Some(Unit::Week),
        "month" => Some(Unit::Month),
        _ => None,
    }
}

/// The zone of that name.
pub fn zone(name: &str) -> Result<TimeZone, Problem> {
    TimeZone::get(name)
        .ok()
        .filter(|zone| !zone.is_unknown())
        .ok_or_else(|| invalid("zone", &format!("There is no time zone {name:?}.")))
}

/// The pieces of the span in that zone: first all borders, then what lies between two of them.
pub fn buckets(unit: Unit, span: Span, zone: &TimeZone) -> Result<Vec<Bucket>, Problem> {
    let mut borders: Vec<(String, UnixTime)> = Vec::new();
    let mut day = span.from;
    while day < span.to {
        let starts = day == span.from
            || match unit {
                Unit::Hour | Unit::Day => true,
                Unit::Week => day.weekday() == Weekday::Monday,
                Unit::Month => day.day() == 1,
            };
        if starts {
            borders.push((label(unit, day), begin(day, zone)?));
        }
        if borders.len() > MOST_POINTS + 1 {
            return Err(too_many());
        }
        day = day.tomorrow().map_err(broken)?;
    }
    let end = begin(span.to, zone)?;
    if unit == Unit::Hour {
        borders = hours_between(begin(span.from, zone)?, end, zone)?;
    }
    let ends: Vec<UnixTime> = borders.iter().skip(1).map(|(_, start)| *start).collect();
    let buckets: Vec<Bucket> = borders
        .into_iter()
        .zip(ends.into_iter().chain([end]))
        .map(|((label, start), end)| Bucket { label, start, end })
        .filter(|bucket| bucket.start != bucket.end)
        .collect();
    if buckets.len() > MOST_POINTS {
        return Err(too_many());
    }
    Ok(buckets)
}

fn hours_between(
    start: UnixTime,
    end: UnixTime,
    zone: &TimeZone,
) -> Result<Vec<(String, UnixTime)>, Problem> {
    let count = usize::try_from((end - start) / HOUR).map_err(|error| Problem::internal(&error))?;
    let mut at = Timestamp::from_second(start)
        .map_err(broken)?
        .to_zoned(zone.clone());
    let mut hours = Vec::new();
    for _ in 0..count.min(MOST_POINTS + 1) {
        let clock = at.strftime("%Y-%m-%dT%H:%M");
        let minutes = at.offset().seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hour, minute) = (minutes.abs() / 60, minutes.abs() % 60);
        let label = format!("{clock}{sign}{hour:02}:{minute:02}");
        hours.push((label, at.timestamp().as_second()));
        at = at.checked_add(1.hour()).map_err(broken)?;
    }
    Ok(hours)
}

/// When the day begins: the first moment that the zone counts to it.
fn begin(date: Date, zone: &TimeZone) -> Result<UnixTime, Problem> {
    let ambiguous = zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0));
    let begins = ambiguous.compatible().map_err(broken)?.as_second();
    if begins % HOUR != 0 {
        return Err(off_the_hour(zone));
    }
    Ok(begins)
}

fn label(unit: Unit, date: Date) -> String {
    let format = match unit {
        Unit::Hour | Unit::Day => "%Y-%m-%d",
        Unit::Week => "%G-W%V",
        Unit::Month => "%Y-%m",
    };
    date.strftime(format).to_string()
}

/// The span before, to compare with.
pub fn span_before(span: Span) -> Result<Span, Problem> {
    let months = i32::from(span.to.year() - span.from.year()) * 12
        + i32::from(span.to.month() - span.from.month());
    let back = if span.from.day() == 1 && span.to.day() == 1 {
        months.months()
    } else {
        span.from.until(span.to).map_err(broken)?
    };
    let from = span.from.checked_sub(back).map_err(broken)?;
    Ok(Span {
        from,
        to: span.from,
    })
}

/// The hours of UTC that the span has in that zone.
pub fn hours(span: Span, zone: &TimeZone) -> Result<Hours, Problem> {
    Ok(Hours {
        from: begin(span.from, zone)?,
        to: begin(span.to, zone)?,
    })
}

/// The numbers of the span and of the one before it: one walk through sorted hours.
pub fn series(tx: &Tx, question: &Question, slices: &[Slice]) -> Result<Series, Problem> {
    let (span, zone, unit) = (question.span, &question.zone, question.unit);
    let before = span_before(span)?;
    let pieces = [buckets(unit, before, zone)?, buckets(unit, span, zone)?];
    let asked = Hours {
        from: begin(before.from, zone)?,
        to: begin(span.to, zone)?,
    };
    let mut sums: BTreeMap<UnixTime, Sum> = BTreeMap::new();
    for slice in slices {
        for (hour, sum) in tx
            .neighbours()
            .store
            .hours(tx, question.kind, slice, asked)?
        {
            let all = sums.entry(hour).or_default();
            all.events += sum.events;
            all.cents += sum.cents;
        }
    }
    let [before_points, now_points] = pieces.map(|pieces| {
        pieces
            .into_iter()
            .map(|bucket| {
                let within = sums.range(bucket.start..bucket.end);
                let (events, cents) = within.fold((0, 0), |(events, cents), (_, sum)| {
                    (events + sum.events, cents + sum.cents)
                });
                Point {
                    label: bucket.label,
                    events,
                    cents,
                }
            })
            .collect::<Vec<_>>()
    });
    let (before, now) = (part(before, before_points), part(span, now_points));
    Ok(Series {
        unit,
        zone: zone.iana_name().unwrap_or_default().to_owned(),
        kind: question.kind.name(),
        change: Change {
            events: change(before.events, now.events),
            cents: change(before.cents, now.cents),
        },
        now,
        before,
    })
}

fn part(span: Span, points: Vec<Point>) -> Part {
    Part {
        span,
        events: points.iter().map(|point| point.events).sum(),
        cents: points.iter().map(|point| point.cents).sum(),
        points,
    }
}

/// The change in tenths of a percent: the amount rounded, and then the sign.
pub fn change(before: i64, now: i64) -> Option<i64> {
    if before < 1 {
        return None;
    }
    let before = i128::from(before);
    let change = (i128::from(now) - before) * 1_000;
    let (whole, rest) = (change.abs() / before, change.abs() % before);
    let rounded = whole + i128::from(rest * 2 >= before);
    i64::try_from(rounded * change.signum()).ok()
}

fn invalid(field: &str, message: &str) -> Problem {
    Problem::invalid_fields(vec![FieldError::new(field, message)])
}

fn too_many() -> Problem {
    let message = "That would be more than 1,000 points: choose a larger unit or a shorter span.";
    invalid("unit", message)
}

fn off_the_hour(zone: &TimeZone) -> Problem {
    let name = zone.iana_name().unwrap_or("this zone");
    let message = format!("Days in {name} do not begin on a full hour of UTC, by which we count.");
    invalid("zone", &message)
}

fn broken(error: jiff::Error) -> Problem {
    Problem::internal(&error)
}
