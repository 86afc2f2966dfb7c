//! Milestone 3: a line over time.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::given::problem::{FieldError, Problem};

type UnixTime = i64;
const HOUR: i64 = 3_600;

/// The most buckets that a series has.
pub const MOST_POINTS: usize = 1_000;

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Hour,
    Day,
    Week,
    Month,
}

/// Days of a calendar: the first belongs to the span, the last no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Date,
    pub to: Date,
}

/// A piece of time: the start belongs to it, the end no more. Both are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub label: String,
    pub start: UnixTime,
    pub end: UnixTime,
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
            Unit::Hour => hours(start, end, zone, &mut buckets)?,
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

/// The hours of one day: as many as it has.
fn hours(
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

fn invalid(field: &str, message: &str) -> Problem {
    Problem::invalid_fields(vec![FieldError::new(field, message)])
}
fn too_many() -> Problem {
    invalid(
        "unit",
        "Too many points: choose a larger unit or a shorter span.",
    )
}
fn off_the_hour(zone: &TimeZone) -> Problem {
    let name = zone.iana_name().unwrap_or("of this name");
    invalid(
        "zone",
        &format!("Days in {name} do not begin on a full hour of UTC, by which we count."),
    )
}
fn broken(error: jiff::Error) -> Problem {
    Problem::internal(&error)
}
