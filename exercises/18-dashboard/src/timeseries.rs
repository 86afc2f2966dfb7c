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

/// How long a bucket is: an hour, a day, a week from Monday to Sunday, a month of the calendar.
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

/// Reads the question out of the pairs of a query: `[("from", "2018-05-01"), ("to", "2018-06-01"), ("unit", "day")]`.
///
/// | name | value | if it is missing or empty |
/// | --- | --- | --- |
/// | `from`, `to` | a day, written as `2018-05-01` and in no other way, from [`FIRST_DAY`] to [`LAST_DAY`], both included | an error |
/// | `unit` | `hour`, `day`, `week` or `month` | `day` |
/// | `zone` | see [`zone`] | `default_zone` |
/// | `kind` | `view`, `cart` or `order` | `order` |
///
/// `to` comes after `from`; where both are days and it does not, the error is one of `to`. Values are taken to the letter. Pairs with
/// other names are not looked at, and no name comes twice: `filters` has refused it.
///
/// # Errors
///
/// [`Problem::invalid_fields`] with an error for each parameter that is wrong, in the order of the table.
pub fn read(pairs: &[(String, String)], default_zone: &str) -> Result<Question, Problem> {
    todo!("collect what is wrong, and look at the end whether anything is")
}

/// The time zone of that name in the IANA database, for example `Europe/Vienna` or `UTC`.
///
/// # Errors
///
/// [`Problem::invalid_fields`] for `zone` when there is none, or when it is the one that stands for "unknown"
/// (`TimeZone::is_unknown`). No other zone takes its place. Capitals do not matter, as jiff has it; everything else does: a blank in
/// front is an error.
pub fn zone(name: &str) -> Result<TimeZone, Problem> {
    todo!("jiff has the database")
}

/// The pieces of the span in that zone, in order. They cover the span without a gap and without an overlap.
///
/// - A day begins with the first moment that the zone's clock counts to it: usually 00:00, but where the clock goes forward at
///   midnight, 01:00; where it shows midnight twice, the first time. It ends where the next day begins, after 23, 24 or 25 hours.
///   A day that a zone left out (30 December 2011 in `Pacific/Apia`) has no bucket.
/// - Hours are counted as they pass, 3,600 seconds each, from the beginning of the span on: a day of 25 hours has 25 of them.
/// - Weeks begin on Monday, months on the first. A week or month that the span cuts has only the days of the span.
/// - Labels: `2018-05-01T14:00+02:00` for an hour, with the zone's distance from UTC *then* (`+00:00` for UTC itself); `2018-05-01`
///   for a day; `2018-W18` for a week, year and number of ISO 8601, the number with two digits; `2018-05` for a month. A bucket that was
///   cut keeps the label of its week or month.
///
/// The span ends after it begins, and lies between the years 1800 and 2200.
///
/// # Errors
///
/// [`Problem::invalid_fields`]
///
/// - for `zone`, with the zone's name in the message, when the start or the end of a bucket is not on a full hour of UTC: the store
///   counts by those. What decides is the zone's clock on the days of the span: `Australia/Lord_Howe` is 11 hours ahead in January,
///   and ten and a half in June.
/// - for `unit` when there would be more than [`MOST_POINTS`] buckets.
///
/// Where both are wrong, either of the two.
pub fn buckets(unit: Unit, span: Span, zone: &TimeZone) -> Result<Vec<Bucket>, Problem> {
    todo!("go from one day on which a bucket begins to the next; only then ask for moments")
}

/// The span before, to compare with: it ends where the span begins.
///
/// Whole months (both ends are the first of a month) are compared with as many months: May with April, a year with the year
/// before. Anything else is compared with as many days: from 1 to 31 May, the 31st excluded, with the 30 days before 1 May.
///
/// # Errors
///
/// A 500 where the calendar ends, which no span of a [`Question`] reaches.
pub fn span_before(span: Span) -> Result<Span, Problem> {
    todo!("how many months lie between two firsts of a month?")
}

/// The hours of UTC that the span has in that zone: from the beginning of its first day to the beginning of the day behind its
/// last.
///
/// # Errors
///
/// As [`buckets`] for `zone`, when one of the two is not on a full hour of UTC.
pub fn hours(span: Span, zone: &TimeZone) -> Result<Hours, Problem> {
    todo!("the beginnings of two days")
}

/// The numbers of the span and of the span before it, in all of these slices together. The slices have no event in common.
///
/// Each part has a point for each of its [`buckets`], in order; a bucket in which nothing happened is zero. Its sums are those of
/// its points. Without a slice all is zero.
///
/// The store is asked once for each slice, for the hours of both spans together, and for no hour more. The two spans meet.
///
/// # Errors
///
/// Those of [`buckets`], for either span, and then the store is not asked; and whatever the store answers.
pub fn series(tx: &Tx, question: &Question, slices: &[Slice]) -> Result<Series, Problem> {
    todo!("make all buckets first, then give each hour of the store to its bucket")
}

/// By how many tenths of a percent `now` is more than `before`: 500 for a half more, -1,000 when nothing is left. Rounded to the
/// nearest, a half away from zero: 0.5 is 1, and -0.5 is -1. `None` when `before` is zero or negative.
///
/// Amounts lie between -10^15 and 10^15.
pub fn change(before: i64, now: i64) -> Option<i64> {
    todo!("whole numbers only: how much is a half, when everything is doubled?")
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
