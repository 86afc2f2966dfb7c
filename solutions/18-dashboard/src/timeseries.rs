//! Milestone 3: a line over time.
//!
//! Somebody asks for May by the day, as they count days in Vienna. The store counts by the hour, in UTC. Between the two lies the
//! calendar.

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

/// The pieces of the span in that zone, in order.
pub fn buckets(unit: Unit, span: Span, zone: &TimeZone) -> Result<Vec<Bucket>, Problem> {
    let mut buckets = Vec::new();
    let mut date = span.from;
    while date < span.to {
        // The calendar's week or month may go on behind the span: the bucket does not.
        let next = next(unit, date)?.min(span.to);
        let (start, end) = (begin(date, zone)?, begin(next, zone)?);
        match unit {
            Unit::Hour => hours_of_a_day(start, end, zone, &mut buckets)?,
            // A day that a zone left out has no length, and nothing can have happened in it.
            _ if start < end => buckets.push(Bucket {
                label: label(unit, date),
                start,
                end,
            }),
            _ => {}
        }
        if buckets.len() > MOST_POINTS {
            return Err(too_many());
        }
        date = next;
    }
    Ok(buckets)
}

/// As many as the day has.
fn hours_of_a_day(
    start: UnixTime,
    end: UnixTime,
    zone: &TimeZone,
    buckets: &mut Vec<Bucket>,
) -> Result<(), Problem> {
    let mut hour = start;
    while hour < end {
        let at = Timestamp::from_second(hour)
            .map_err(broken)?
            .to_zoned(zone.clone());
        // The distance from UTC tells the two apart that the clock shows alike.
        buckets.push(Bucket {
            label: at.strftime("%Y-%m-%dT%H:%M%:z").to_string(),
            start: hour,
            end: hour + HOUR,
        });
        hour += HOUR;
    }
    Ok(())
}

/// When the day begins: the first moment that the zone counts to it.
fn begin(date: Date, zone: &TimeZone) -> Result<UnixTime, Problem> {
    let begins = date
        .to_zoned(zone.clone())
        .map_err(broken)?
        .timestamp()
        .as_second();
    if begins.rem_euclid(HOUR) == 0 {
        return Ok(begins);
    }
    Err(off_the_hour(zone))
}

/// The first day after the piece of the calendar in which `date` lies.
fn next(unit: Unit, date: Date) -> Result<Date, Problem> {
    match unit {
        Unit::Hour | Unit::Day => date.tomorrow(),
        Unit::Week => date.nth_weekday(1, Weekday::Monday),
        Unit::Month => date.last_of_month().tomorrow(),
    }
    .map_err(broken)
}

fn label(unit: Unit, date: Date) -> String {
    match unit {
        Unit::Hour | Unit::Day => date.to_string(),
        Unit::Week => {
            let week = date.iso_week_date();
            format!("{:04}-W{:02}", week.year(), week.week())
        }
        Unit::Month => date.strftime("%Y-%m").to_string(),
    }
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

/// The numbers of the span and of the one before it.
pub fn series(tx: &Tx, question: &Question, slices: &[Slice]) -> Result<Series, Problem> {
    let (span, zone) = (question.span, &question.zone);
    let before = span_before(span)?;
    let mut now = Filling::new(span, &buckets(question.unit, span, zone)?);
    let mut earlier = Filling::new(before, &buckets(question.unit, before, zone)?);
    let (ours, theirs) = (hours(span, zone)?, hours(before, zone)?);
    // The two spans meet, so one question is enough for both.
    let both = Hours {
        from: theirs.from,
        to: ours.to,
    };
    for slice in slices {
        for (hour, sum) in tx
            .neighbours()
            .store
            .hours(tx, question.kind, slice, both)?
        {
            if hour < ours.from {
                earlier.add(hour, sum);
            } else {
                now.add(hour, sum);
            }
        }
    }
    Ok(Series {
        unit: question.unit,
        zone: zone.iana_name().unwrap_or_default().to_owned(),
        kind: question.kind.name(),
        change: Change {
            events: change(earlier.part.events, now.part.events),
            cents: change(earlier.part.cents, now.part.cents),
        },
        now: now.part,
        before: earlier.part,
    })
}

/// A part, and where its buckets begin.
struct Filling {
    part: Part,
    starts: Vec<UnixTime>,
}

impl Filling {
    /// All zero: what no event falls into is shown, too.
    fn new(span: Span, buckets: &[Bucket]) -> Self {
        let empty = |bucket: &Bucket| Point {
            label: bucket.label.clone(),
            events: 0,
            cents: 0,
        };
        Self {
            part: Part {
                span,
                events: 0,
                cents: 0,
                points: buckets.iter().map(empty).collect(),
            },
            starts: buckets.iter().map(|bucket| bucket.start).collect(),
        }
    }

    fn add(&mut self, hour: UnixTime, sum: Sum) {
        let behind = self.starts.partition_point(|&start| start <= hour);
        let place = behind.checked_sub(1);
        if let Some(point) = place.and_then(|place| self.part.points.get_mut(place)) {
            point.events += sum.events;
            point.cents += sum.cents;
            self.part.events += sum.events;
            self.part.cents += sum.cents;
        }
    }
}

/// The change in tenths of a percent, rounded to the nearest, halves away from zero.
pub fn change(before: i64, now: i64) -> Option<i64> {
    if before <= 0 {
        return None;
    }
    let (before, now) = (i128::from(before), i128::from(now));
    let double = (now - before) * 2_000;
    // Division cuts towards zero, so that half of it more on either side rounds away from zero.
    let rounded = (double + before * double.signum()) / (2 * before);
    i64::try_from(rounded).ok()
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
