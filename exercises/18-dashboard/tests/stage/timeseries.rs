use dashboard::given::events::{Dimension, Event, Kind, Slice};
use dashboard::given::neighbours::Hours;
use dashboard::given::problem::Problem;
use dashboard::timeseries::{
    Bucket, Change, FIRST_DAY, LAST_DAY, MOST_POINTS, PARAMETERS, Part, Point, Question, Series,
    Span, Unit, buckets, change, hours, read, series, span_before, zone,
};
use jiff::Timestamp;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;

use crate::helpers::{World, event, seeded_event};

fn tz(name: &str) -> TimeZone {
    zone(name).unwrap_or_else(|problem| panic!("the zone {name}: {problem:?}"))
}

fn span(from: (i16, i8, i8), to: (i16, i8, i8)) -> Span {
    Span {
        from: date(from.0, from.1, from.2),
        to: date(to.0, to.1, to.2),
    }
}

fn pieces(unit: Unit, span: Span, name: &str) -> Vec<Bucket> {
    let pieces: Result<Vec<Bucket>, Problem> = buckets(unit, span, &tz(name));
    pieces.unwrap_or_else(|problem| panic!("{unit:?} of {span:?} in {name}: {problem:?}"))
}

/// The buckets as lines: label, start in UTC, length in hours.
fn lines(buckets: &[Bucket]) -> Vec<String> {
    let line = |bucket: &Bucket| {
        let start = Timestamp::from_second(bucket.start).expect("a moment of a calendar");
        let seconds = bucket.end - bucket.start;
        assert_eq!(
            seconds % 3_600,
            0,
            "seconds of {bucket:?} beyond full hours"
        );
        format!("{} {start} {}h", bucket.label, seconds / 3_600)
    };
    buckets.iter().map(line).collect()
}

/// The fields that a problem names, if it is the refusal of fields.
fn refused<T: std::fmt::Debug>(answer: Result<T, Problem>, case: &str) -> (Vec<String>, String) {
    match answer {
        Ok(value) => panic!("{case} was accepted: {value:?}"),
        Err(problem) => {
            assert_eq!(
                (problem.status().as_u16(), problem.code()),
                (422, "invalid_fields"),
                "{case}: {problem:?}"
            );
            let errors = problem.errors();
            (
                errors.iter().map(|error| error.field.clone()).collect(),
                errors.iter().map(|error| error.message.clone()).collect(),
            )
        }
    }
}

/// A day begins at the midnight of its zone; it has 23 hours when the clock goes forward, and 25 when it goes back.
#[test]
fn a_day_has_23_24_or_25_hours() {
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Day, span((2018, 3, 24), (2018, 3, 27)), "Europe/Berlin")), @r#"
    [
        "2018-03-24 2018-03-23T23:00:00Z 24h",
        "2018-03-25 2018-03-24T23:00:00Z 23h",
        "2018-03-26 2018-03-25T22:00:00Z 24h",
    ]
    "#);
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Day, span((2018, 11, 3), (2018, 11, 6)), "America/New_York")), @r#"
    [
        "2018-11-03 2018-11-03T04:00:00Z 24h",
        "2018-11-04 2018-11-04T04:00:00Z 25h",
        "2018-11-05 2018-11-05T05:00:00Z 24h",
    ]
    "#);
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Day, span((2018, 3, 24), (2018, 3, 26)), "UTC")), @r#"
    [
        "2018-03-24 2018-03-24T00:00:00Z 24h",
        "2018-03-25 2018-03-25T00:00:00Z 24h",
    ]
    "#);
}

/// The hour that the clock shows twice gives two buckets, the hour that it leaves out gives none; the labels tell them apart.
#[test]
fn hours_are_counted_as_they_pass() {
    let autumn = pieces(
        Unit::Hour,
        span((2018, 10, 28), (2018, 10, 29)),
        "Europe/Berlin",
    );
    let spring = pieces(
        Unit::Hour,
        span((2018, 3, 25), (2018, 3, 26)),
        "Europe/Berlin",
    );
    assert_eq!(
        (autumn.len(), spring.len()),
        (25, 23),
        "hours of the two days"
    );
    insta::assert_debug_snapshot!(lines(&autumn[1..5]), @r#"
    [
        "2018-10-28T01:00+02:00 2018-10-27T23:00:00Z 1h",
        "2018-10-28T02:00+02:00 2018-10-28T00:00:00Z 1h",
        "2018-10-28T02:00+01:00 2018-10-28T01:00:00Z 1h",
        "2018-10-28T03:00+01:00 2018-10-28T02:00:00Z 1h",
    ]
    "#);
    insta::assert_debug_snapshot!(lines(&spring[..3]), @r#"
    [
        "2018-03-25T00:00+01:00 2018-03-24T23:00:00Z 1h",
        "2018-03-25T01:00+01:00 2018-03-25T00:00:00Z 1h",
        "2018-03-25T03:00+02:00 2018-03-25T01:00:00Z 1h",
    ]
    "#);
    let utc = pieces(Unit::Hour, span((2018, 1, 1), (2018, 1, 2)), "UTC");
    assert_eq!(
        utc[0].label, "2018-01-01T00:00+00:00",
        "the first hour of a day in UTC"
    );
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Hour, span((2018, 11, 4), (2018, 11, 5)), "America/New_York")[..3]), @r#"
    [
        "2018-11-04T00:00-04:00 2018-11-04T04:00:00Z 1h",
        "2018-11-04T01:00-04:00 2018-11-04T05:00:00Z 1h",
        "2018-11-04T01:00-05:00 2018-11-04T06:00:00Z 1h",
    ]
    "#);
}

/// Weeks begin on Monday and have the year and the number of ISO 8601, also around New Year.
#[test]
fn weeks_are_those_of_iso_8601() {
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Week, span((2018, 12, 17), (2019, 1, 14)), "Europe/Berlin")), @r#"
    [
        "2018-W51 2018-12-16T23:00:00Z 168h",
        "2018-W52 2018-12-23T23:00:00Z 168h",
        "2019-W01 2018-12-30T23:00:00Z 168h",
        "2019-W02 2019-01-06T23:00:00Z 168h",
    ]
    "#);
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Week, span((2020, 12, 28), (2021, 1, 11)), "Europe/Berlin")), @r#"
    [
        "2020-W53 2020-12-27T23:00:00Z 168h",
        "2021-W01 2021-01-03T23:00:00Z 168h",
    ]
    "#);
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Week, span((2018, 3, 19), (2018, 4, 2)), "Europe/Berlin")), @r#"
    [
        "2018-W12 2018-03-18T23:00:00Z 167h",
        "2018-W13 2018-03-25T22:00:00Z 168h",
    ]
    "#);
}

/// A week or month that the span cuts keeps its label and has only the days of the span.
#[test]
fn the_span_cuts_its_first_and_last_bucket() {
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Month, span((2018, 1, 15), (2018, 3, 10)), "UTC")), @r#"
    [
        "2018-01 2018-01-15T00:00:00Z 408h",
        "2018-02 2018-02-01T00:00:00Z 672h",
        "2018-03 2018-03-01T00:00:00Z 216h",
    ]
    "#);
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Week, span((2021, 1, 2), (2021, 1, 6)), "UTC")), @r#"
    [
        "2020-W53 2021-01-02T00:00:00Z 48h",
        "2021-W01 2021-01-04T00:00:00Z 48h",
    ]
    "#);
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Month, span((2018, 1, 31), (2018, 2, 1)), "UTC")), @r#"
    [
        "2018-01 2018-01-31T00:00:00Z 24h",
    ]
    "#);
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Week, span((2018, 5, 9), (2018, 5, 11)), "UTC")), @r#"
    [
        "2018-W19 2018-05-09T00:00:00Z 48h",
    ]
    "#);
}

/// Where the clock changes at midnight the day begins with the first moment that there is, and a day that was left out has no bucket.
#[test]
fn not_every_day_has_a_midnight() {
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Day, span((2018, 11, 3), (2018, 11, 6)), "America/Sao_Paulo")), @r#"
    [
        "2018-11-03 2018-11-03T03:00:00Z 24h",
        "2018-11-04 2018-11-04T03:00:00Z 23h",
        "2018-11-05 2018-11-05T02:00:00Z 24h",
    ]
    "#);
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Day, span((2011, 12, 29), (2012, 1, 1)), "Pacific/Apia")), @r#"
    [
        "2011-12-29 2011-12-29T10:00:00Z 24h",
        "2011-12-31 2011-12-30T10:00:00Z 24h",
    ]
    "#);
    insta::assert_debug_snapshot!(
        lines(&pieces(Unit::Day, span((2018, 11, 4), (2018, 11, 5)), "America/Havana")), @r#"
    [
        "2018-11-04 2018-11-04T04:00:00Z 25h",
    ]
    "#);
    let hours = pieces(
        Unit::Hour,
        span((2011, 12, 29), (2012, 1, 1)),
        "Pacific/Apia",
    );
    assert_eq!(
        hours.len(),
        48,
        "hours of three days of which one was left out"
    );
}

const ZONES: [&str; 9] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
];

/// The buckets cover their span from beginning to end, in order, without a gap and without an overlap.
#[test]
fn buckets_cover_the_span_without_a_gap() {
    let mut random = support::seeded(0x1821);
    for round in 0..400 {
        let unit = *random.pick(&[Unit::Hour, Unit::Day, Unit::Week, Unit::Month]);
        let name = *random.pick(&ZONES);
        let days = match unit {
            Unit::Hour => random.number(1..40),
            _ => random.number(1..900),
        };
        let from = some_day(random.number(0..14_600));
        let to = some_day_after(from, days);
        let case = format!("round {round}: {unit:?} from {from} to {to} in {name}");
        let pieces = pieces(unit, Span { from, to }, name);
        let begins = |day: Date| day.to_zoned(tz(name)).map(|at| at.timestamp().as_second());
        assert_eq!(
            pieces.first().map(|bucket| bucket.start),
            begins(from).ok(),
            "the first start, {case}"
        );
        assert_eq!(
            pieces.last().map(|bucket| bucket.end),
            begins(to).ok(),
            "the last end, {case}"
        );
        for two in pieces.windows(2) {
            assert_eq!(
                two[0].end, two[1].start,
                "{} meets {}, {case}",
                two[0].label, two[1].label
            );
            assert_ne!(two[0].label, two[1].label, "two labels, {case}");
        }
        for bucket in &pieces {
            assert!(bucket.start < bucket.end, "{bucket:?} has a length, {case}");
            let label = expected_label(unit, bucket.start, &tz(name));
            assert_eq!(bucket.label, label, "the label of {bucket:?}, {case}");
        }
        assert_eq!(
            pieces.len(),
            expected_count(unit, from, to, &pieces),
            "the number of buckets, {case}"
        );
    }
}

fn some_day(number: u64) -> Date {
    some_day_after(date(1980, 1, 1), number)
}

fn some_day_after(first: Date, days: u64) -> Date {
    let seconds = i64::try_from(days).expect("a few thousand days") * 86_400;
    let start = first
        .to_zoned(TimeZone::UTC)
        .expect("a day of the calendar")
        .timestamp()
        .as_second();
    let moment = Timestamp::from_second(start + seconds).expect("a moment of the calendar");
    TimeZone::UTC.to_datetime(moment).date()
}

/// What stands below the bucket that begins at this moment.
fn expected_label(unit: Unit, start: i64, zone: &TimeZone) -> String {
    let moment = Timestamp::from_second(start).expect("a moment of the calendar");
    let local = zone.to_datetime(moment);
    let day = local.date();
    let week = day.iso_week_date();
    match unit {
        Unit::Day => day.to_string(),
        Unit::Week => format!("{}-W{:0>2}", week.year(), week.week()),
        Unit::Month => day.to_string()[..7].to_owned(),
        Unit::Hour => {
            let minutes = zone.to_offset(moment).seconds() / 60;
            let sign = if minutes < 0 { '-' } else { '+' };
            let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
            let clock = local.to_string()[..16].to_owned();
            format!("{clock}{sign}{hours:0>2}:{minutes:0>2}")
        }
    }
}

/// How many buckets a span has, counted day by day.
fn expected_count(unit: Unit, from: Date, to: Date, pieces: &[Bucket]) -> usize {
    if unit == Unit::Hour {
        let seconds = pieces[pieces.len() - 1].end - pieces[0].start;
        return usize::try_from(seconds / 3_600).expect("a few thousand hours");
    }
    let (mut count, mut day) = (0, from);
    while day < to {
        let begins = match unit {
            Unit::Week => day.weekday() == Weekday::Monday,
            Unit::Month => day.day() == 1,
            _ => true,
        };
        count += usize::from(begins || day == from);
        day = some_day_after(day, 1);
    }
    count
}

/// A zone whose midnight lies within an hour of UTC is refused, with its name; what counts is the zone's clock in this span.
#[test]
fn zones_off_the_hour_are_refused_by_name() {
    for (name, from, to) in [
        ("Asia/Kolkata", (2018, 5, 1), (2018, 5, 2)),
        ("Asia/Kathmandu", (2018, 5, 1), (2018, 6, 1)),
        ("America/St_Johns", (2018, 5, 1), (2018, 5, 8)),
        ("Australia/Adelaide", (2018, 5, 1), (2018, 5, 8)),
        // Half an hour ahead of its summer time only: the last midnight of the span is off, and then the first.
        ("Australia/Lord_Howe", (2018, 3, 31), (2018, 4, 2)),
        ("Australia/Lord_Howe", (2018, 10, 7), (2018, 10, 9)),
        ("Australia/Lord_Howe", (2018, 6, 1), (2018, 6, 2)),
        // Until it followed the others in 2015, and after that.
        ("Asia/Pyongyang", (2016, 1, 1), (2016, 1, 3)),
    ] {
        for unit in [Unit::Hour, Unit::Day, Unit::Week, Unit::Month] {
            let case = format!("{unit:?} in {name} from {from:?}");
            let (fields, message) = refused(buckets(unit, span(from, to), &tz(name)), &case);
            assert_eq!(fields, ["zone"], "the field, {case}: {message}");
            assert!(message.contains(name), "the zone's name, {case}: {message}");
        }
    }
    for unit in [Unit::Week, Unit::Month] {
        // Off the hour in the middle of the span only.
        let asked = span((2015, 8, 1), (2018, 6, 1));
        let (fields, _) = refused(
            buckets(unit, asked, &tz("Asia/Pyongyang")),
            "three years of Pyongyang",
        );
        assert_eq!(
            fields,
            ["zone"],
            "the field, {unit:?} of three years of Pyongyang"
        );
    }
    for (name, from, to) in [
        ("Australia/Lord_Howe", (2018, 1, 1), (2018, 1, 3)),
        ("Asia/Pyongyang", (2018, 6, 1), (2018, 6, 3)),
        ("Asia/Pyongyang", (2014, 6, 1), (2014, 6, 3)),
    ] {
        for unit in [Unit::Hour, Unit::Day, Unit::Week, Unit::Month] {
            let pieces = pieces(unit, span(from, to), name);
            let hours: i64 = pieces.iter().map(|bucket| bucket.end - bucket.start).sum();
            assert_eq!(
                hours,
                48 * 3_600,
                "seconds by {unit:?} in {name} from {from:?}"
            );
        }
    }
}

/// A zone has a name of the IANA database; anything else is refused.
#[test]
fn a_zone_that_nobody_knows_is_refused() {
    for name in ZONES {
        assert_eq!(tz(name).iana_name(), Some(name), "the zone {name}");
        let small = name.to_lowercase();
        assert_eq!(tz(&small).iana_name(), Some(name), "the zone {small}");
    }
    for name in [
        "",
        " ",
        "Mars/Olympus",
        "Europe/Berlin ",
        " Europe/Berlin",
        "Berlin",
        "Europe",
        "+02:00",
        "UTC+2",
        "Etc/Unknown",
        "etc/unknown",
        "../UTC",
        "Europe/Berlin\0",
        "CEST",
        "local",
    ] {
        let (fields, _) = refused(zone(name), &format!("the zone {name:?}"));
        assert_eq!(fields, ["zone"], "the field for the zone {name:?}");
    }
}

/// A series has at most a thousand points; a span that needs more is refused, however long it is.
#[test]
fn a_series_has_at_most_a_thousand_points() {
    assert_eq!(MOST_POINTS, 1_000, "the limit");
    let days = |count| Span {
        from: date(2016, 1, 1),
        to: some_day_after(date(2016, 1, 1), count),
    };
    assert_eq!(
        pieces(Unit::Day, days(1_000), "Europe/Berlin").len(),
        1_000,
        "a thousand days"
    );
    assert_eq!(
        pieces(Unit::Week, days(6_996), "UTC").len(),
        1_000,
        "a thousand weeks, the first one cut"
    );
    let full = pieces(Unit::Hour, days(41), "UTC");
    assert_eq!(full.len(), 984, "the hours of 41 days");
    let whole = Span {
        from: date(1970, 1, 1),
        to: date(2100, 1, 1),
    };
    for (unit, span, case) in [
        (Unit::Day, days(1_001), "1,001 days"),
        (Unit::Hour, days(42), "1,008 hours"),
        (
            Unit::Week,
            days(6_997),
            "1,001 weeks, the first and the last one cut",
        ),
        (Unit::Hour, whole, "130 years by the hour"),
        (Unit::Day, whole, "130 years by the day"),
        (Unit::Week, whole, "130 years by the week"),
        (Unit::Month, whole, "1,560 months"),
    ] {
        let (fields, _) = refused(buckets(unit, span, &tz("UTC")), case);
        assert_eq!(fields, ["unit"], "the field for {case}");
    }
}

/// The span before a number of whole months is as many months; before any other span, as many days.
#[test]
fn the_span_before_has_as_many_months_or_days() {
    for (from, to, before) in [
        ((2018, 5, 1), (2018, 6, 1), (2018, 4, 1)),
        ((2018, 3, 1), (2018, 4, 1), (2018, 2, 1)),
        ((2018, 1, 1), (2018, 2, 1), (2017, 12, 1)),
        ((2018, 1, 1), (2019, 1, 1), (2017, 1, 1)),
        ((2017, 11, 1), (2018, 2, 1), (2017, 8, 1)),
        ((2016, 12, 1), (2018, 1, 1), (2015, 11, 1)),
        ((2018, 5, 1), (2018, 5, 2), (2018, 4, 30)),
        ((2018, 5, 1), (2018, 5, 31), (2018, 4, 1)),
        ((2018, 5, 2), (2018, 6, 1), (2018, 4, 2)),
        ((2018, 5, 15), (2018, 6, 15), (2018, 4, 14)),
        ((2018, 3, 1), (2018, 3, 15), (2018, 2, 15)),
        ((2016, 3, 1), (2016, 3, 2), (2016, 2, 29)),
        ((2018, 5, 7), (2018, 5, 14), (2018, 4, 30)),
        ((2018, 1, 10), (2019, 1, 10), (2017, 1, 10)),
        ((2017, 1, 10), (2018, 1, 10), (2016, 1, 11)),
    ] {
        let asked = span(from, to);
        let answer: Option<Span> = span_before(asked).ok();
        let (begins, ends) = answer.map_or((None, None), |span| (Some(span.from), Some(span.to)));
        assert_eq!(
            ends,
            Some(asked.from),
            "where the span before {asked:?} ends"
        );
        assert_eq!(
            begins,
            Some(date(before.0, before.1, before.2)),
            "where the span before {asked:?} begins"
        );
    }
    let mut random = support::seeded(0x1822);
    for _ in 0..300 {
        let from = some_day(random.number(0..14_600));
        let days = random.number(1..900);
        let asked = Span {
            from,
            to: some_day_after(from, days),
        };
        if from.day() == 1 && asked.to.day() == 1 {
            continue;
        }
        let before: Option<Span> = span_before(asked).ok();
        let meets = before.map(|span| (some_day_after(span.from, days), span.to));
        assert_eq!(
            meets,
            Some((from, from)),
            "{days} days before {asked:?}, and the end: {before:?}"
        );
    }
}

/// The hours of a span reach from the beginning of its first day to that of the day behind its last.
#[test]
fn a_span_has_hours_of_utc() {
    for (from, to, name, hour, behind) in [
        (
            (2018, 3, 25),
            (2018, 3, 26),
            "Europe/Berlin",
            "2018-03-24T23:00:00Z",
            "2018-03-25T22:00:00Z",
        ),
        (
            (2018, 5, 1),
            (2018, 6, 1),
            "UTC",
            "2018-05-01T00:00:00Z",
            "2018-06-01T00:00:00Z",
        ),
        (
            (2018, 11, 4),
            (2018, 11, 6),
            "America/Sao_Paulo",
            "2018-11-04T03:00:00Z",
            "2018-11-06T02:00:00Z",
        ),
    ] {
        let answer: Option<Hours> = hours(span(from, to), &tz(name)).ok();
        let told = answer.map(|hours| {
            [hours.from, hours.to]
                .map(|at| Timestamp::from_second(at).map(|at| at.to_string()).ok())
        });
        let wanted = [hour, behind].map(|at| Some(at.to_owned()));
        assert_eq!(
            told,
            Some(wanted),
            "the hours from {from:?} to {to:?} in {name}"
        );
    }
    let (fields, message) = refused(
        hours(span((2018, 5, 1), (2018, 5, 2)), &tz("Asia/Kolkata")),
        "Kolkata",
    );
    assert_eq!(fields, ["zone"], "the field for Kolkata: {message}");
    assert!(
        message.contains("Asia/Kolkata"),
        "the zone's name: {message}"
    );
}

/// The change is told in tenths of a percent, rounded to the nearest; from nothing, or from less, there is none.
#[test]
fn change_is_told_in_tenths_of_a_percent() {
    for (before, now, expected) in [
        (100, 100, Some(0)),
        (100, 150, Some(500)),
        (100, 50, Some(-500)),
        (100, 0, Some(-1_000)),
        (100, -50, Some(-1_500)),
        (3, 4, Some(333)),
        (3, 5, Some(667)),
        (3, 2, Some(-333)),
        (3, 1, Some(-667)),
        // Half a tenth of a percent more, and less; and a hair below that.
        (2_000, 2_001, Some(1)),
        (2_000, 1_999, Some(-1)),
        (2_001, 2_002, Some(0)),
        (2_001, 2_000, Some(0)),
        (2_000, 2_003, Some(2)),
        (2_000, 1_997, Some(-2)),
        (1, 1_000_000_000_000_000, Some(999_999_999_999_999_000)),
        (1_000_000_000_000_000, 999_999_999_999_999, Some(0)),
        (1_000_000_000_000_000, -1_000_000_000_000_000, Some(-2_000)),
        (0, 0, None),
        (0, 5, None),
        (0, -5, None),
        (-1, 5, None),
        (-100, -50, None),
    ] {
        let answer: Option<i64> = change(before, now);
        assert_eq!(answer, expected, "the change from {before} to {now}");
    }
}

const MAY: [(&str, &str); 2] = [("from", "2018-05-01"), ("to", "2018-06-01")];

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// May, and other pairs in front of it.
fn may_and(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    owned(&[pairs, &MAY].concat())
}

/// What a question asks for, as a line.
fn told(question: Result<Question, Problem>, case: &str) -> String {
    let question = question.unwrap_or_else(|problem| panic!("{case} was refused: {problem:?}"));
    let Question {
        span,
        unit,
        zone,
        kind,
    } = question;
    format!(
        "{} {} {unit:?} {} {kind:?}",
        span.from,
        span.to,
        zone.iana_name().unwrap_or("?")
    )
}

/// A question has both ends; days, the operator's zone and orders are what it is about unless it says something else.
#[test]
fn a_question_is_read_from_its_parameters() {
    assert_eq!(
        PARAMETERS,
        ["from", "to", "unit", "zone", "kind"],
        "the parameters"
    );
    for (pairs, zone, expected) in [
        (
            &[][..],
            "Asia/Tokyo",
            "2018-05-01 2018-06-01 Day Asia/Tokyo Order",
        ),
        (&[], "UTC", "2018-05-01 2018-06-01 Day UTC Order"),
        (
            &[("unit", ""), ("zone", ""), ("kind", "")],
            "Asia/Tokyo",
            "2018-05-01 2018-06-01 Day Asia/Tokyo Order",
        ),
        (
            &[("unit", "hour")],
            "UTC",
            "2018-05-01 2018-06-01 Hour UTC Order",
        ),
        (
            &[("unit", "day")],
            "UTC",
            "2018-05-01 2018-06-01 Day UTC Order",
        ),
        (
            &[("unit", "week")],
            "UTC",
            "2018-05-01 2018-06-01 Week UTC Order",
        ),
        (
            &[("unit", "month")],
            "UTC",
            "2018-05-01 2018-06-01 Month UTC Order",
        ),
        (
            &[("kind", "view")],
            "UTC",
            "2018-05-01 2018-06-01 Day UTC View",
        ),
        (
            &[("kind", "cart")],
            "UTC",
            "2018-05-01 2018-06-01 Day UTC Cart",
        ),
        (
            &[("kind", "order")],
            "UTC",
            "2018-05-01 2018-06-01 Day UTC Order",
        ),
        (
            &[
                ("country", "AT"),
                ("zone", "Europe/Berlin"),
                ("x", "y"),
                ("kind", "view"),
                ("unit", "week"),
            ],
            "Nowhere",
            "2018-05-01 2018-06-01 Week Europe/Berlin View",
        ),
    ] {
        let answer: Result<Question, Problem> = read(&may_and(pairs), zone);
        assert_eq!(
            told(answer, &format!("{pairs:?}")),
            expected,
            "May and {pairs:?}, by default in {zone}"
        );
    }
    assert_eq!(
        (FIRST_DAY, LAST_DAY),
        (date(1970, 1, 1), date(2100, 1, 1)),
        "the first and the last day"
    );
    let whole = owned(&[
        ("to", "2100-01-01"),
        ("from", "1970-01-01"),
        ("unit", "month"),
    ]);
    assert_eq!(
        told(read(&whole, "UTC"), "everything"),
        "1970-01-01 2100-01-01 Month UTC Order",
        "the longest span, its end first"
    );
    let leap = owned(&[("from", "2016-02-29"), ("to", "2016-03-01")]);
    assert_eq!(
        told(read(&leap, "UTC"), "a day"),
        "2016-02-29 2016-03-01 Day UTC Order",
        "a single day"
    );
}

/// Days are written as 2018-05-01, exist, lie between 1970 and 2100, and the end comes after the beginning.
#[test]
fn days_are_checked() {
    for day in [
        "",
        " ",
        "2018-5-1",
        "2018-05-1",
        "20180501",
        "2018-05-01 ",
        " 2018-05-01",
        "2018-05-01T00:00",
        "2018-05-01Z",
        "2018-05-01T00:00:00[Europe/Berlin]",
        "01.05.2018",
        "05/01/2018",
        "2018-02-29",
        "2018-13-01",
        "2018-00-10",
        "2018-05-00",
        "2018-05-32",
        "2018-W18-2",
        "2018-121",
        "yesterday",
        "1525132800",
        "2018",
        "2018-05",
        "1969-12-31",
        "2100-01-02",
        "9999-12-31",
        "-000001-01-01",
        "0000-01-01",
        "+002018-05-01",
        "2018-05-01\0",
        "２０１８-05-01",
        "2018/05/01",
        "2018-05-01,2018-06-01",
    ] {
        let from = read(&owned(&[("from", day), ("to", "2099-01-01")]), "UTC");
        assert_eq!(
            refused(from, &format!("from {day:?}")).0,
            ["from"],
            "the field for from={day:?}"
        );
        let to = read(&owned(&[("from", "1975-01-01"), ("to", day)]), "UTC");
        assert_eq!(
            refused(to, &format!("to {day:?}")).0,
            ["to"],
            "the field for to={day:?}"
        );
    }
    for (from, to) in [
        ("2018-05-01", "2018-05-01"),
        ("2018-05-02", "2018-05-01"),
        ("2018-05-01", "2017-06-01"),
        ("2100-01-01", "2100-01-01"),
        ("2100-01-01", "1970-01-01"),
    ] {
        let answer = read(&owned(&[("from", from), ("to", to)]), "UTC");
        assert_eq!(
            refused(answer, &format!("{from} to {to}")).0,
            ["to"],
            "the fields for {from} to {to}"
        );
    }
}

/// Everything that is wrong with a question is told at once, in the order of the parameters.
#[test]
fn everything_wrong_with_a_question_is_told_at_once() {
    for (pairs, fields) in [
        (&[][..], &["from", "to"][..]),
        (&[("to", "2018-05-01")], &["from"]),
        (&[("from", "2018-05-01")], &["to"]),
        (
            &[
                ("kind", "x"),
                ("zone", "x"),
                ("unit", "x"),
                ("to", "x"),
                ("from", "x"),
            ],
            &["from", "to", "unit", "zone", "kind"],
        ),
        (
            &[
                ("from", "2018-05-01"),
                ("kind", "Order"),
                ("to", "2018-05-01"),
                ("unit", "Day"),
            ],
            &["to", "unit", "kind"],
        ),
        (
            &[
                ("from", "2018-05-01"),
                ("to", "2018-05-02"),
                ("unit", "days"),
            ],
            &["unit"],
        ),
        (
            &[
                ("from", "2018-05-01"),
                ("to", "2018-05-02"),
                ("unit", "year"),
            ],
            &["unit"],
        ),
        (
            &[
                ("from", "2018-05-01"),
                ("to", "2018-05-02"),
                ("unit", " day"),
            ],
            &["unit"],
        ),
        (
            &[
                ("from", "2018-05-01"),
                ("to", "2018-05-02"),
                ("kind", "orders"),
            ],
            &["kind"],
        ),
        (
            &[("from", "2018-05-01"), ("to", "2018-05-02"), ("kind", "%")],
            &["kind"],
        ),
        (
            &[
                ("from", "2018-05-01"),
                ("to", "2018-05-02"),
                ("zone", "Mars/Olympus"),
            ],
            &["zone"],
        ),
    ] {
        let answer = read(&owned(pairs), "UTC");
        assert_eq!(
            refused(answer, &format!("{pairs:?}")).0,
            fields,
            "the fields for {pairs:?}"
        );
    }
    assert_eq!(
        refused(read(&may_and(&[]), "Nowhere"), "a default").0,
        ["zone"],
        "a default that is no zone"
    );
}

/// What [`series`] answers to this question.
fn answer(world: &World, pairs: &[(&str, &str)], slices: &[Slice]) -> Series {
    let question =
        read(&owned(pairs), "UTC").unwrap_or_else(|problem| panic!("{pairs:?}: {problem:?}"));
    world.read(|tx| series(tx, &question, slices))
}

fn everything() -> Vec<Slice> {
    vec![Slice::everything()]
}

fn at(text: &str) -> i64 {
    let moment: Timestamp = text
        .parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    moment.as_second()
}

/// The answer has a point for each bucket, also where nothing happened, the sums, the same of the span before, and the change.
#[test]
fn a_series_has_no_gaps() {
    let world = World::new(|_| {});
    world.journal.put([
        Event {
            cents: 1_500,
            ..event("a", at("2018-03-24T23:00:00Z"))
        },
        event("b", at("2018-03-25T21:59:59Z")),
        Event {
            cents: -300,
            ..event("c", at("2018-03-27T22:30:00Z"))
        },
        // Of the four days before: the last second of the last one, and two around a midnight in Berlin.
        event("d", at("2018-03-24T22:59:59Z")),
        event("e", at("2018-03-21T23:00:00Z")),
        event("f", at("2018-03-21T22:59:59Z")),
        // The first second behind the span.
        event("g", at("2018-03-28T22:00:00Z")),
        Event {
            kind: Kind::View,
            ..event("h", at("2018-03-26T10:00:00Z"))
        },
        Event {
            country: "DE".to_owned(),
            ..event("i", at("2018-03-26T10:00:00Z"))
        },
    ]);
    let pairs = [
        ("from", "2018-03-25"),
        ("to", "2018-03-29"),
        ("zone", "Europe/Berlin"),
    ];
    let austria = [Slice::everything().with(Dimension::Country, "AT")];
    insta::assert_json_snapshot!(answer(&world, &pairs, &austria), @r#"
    {
      "unit": "day",
      "zone": "Europe/Berlin",
      "kind": "order",
      "now": {
        "from": "2018-03-25",
        "to": "2018-03-29",
        "events": 3,
        "cents": 2200,
        "points": [
          {
            "label": "2018-03-25",
            "events": 2,
            "cents": 2500
          },
          {
            "label": "2018-03-26",
            "events": 0,
            "cents": 0
          },
          {
            "label": "2018-03-27",
            "events": 0,
            "cents": 0
          },
          {
            "label": "2018-03-28",
            "events": 1,
            "cents": -300
          }
        ]
      },
      "before": {
        "from": "2018-03-21",
        "to": "2018-03-25",
        "events": 3,
        "cents": 3000,
        "points": [
          {
            "label": "2018-03-21",
            "events": 1,
            "cents": 1000
          },
          {
            "label": "2018-03-22",
            "events": 1,
            "cents": 1000
          },
          {
            "label": "2018-03-23",
            "events": 0,
            "cents": 0
          },
          {
            "label": "2018-03-24",
            "events": 1,
            "cents": 1000
          }
        ]
      },
      "change": {
        "events": 0,
        "cents": -267
      }
    }
    "#);
}

/// Each event is counted in the bucket in which it happened, whatever the unit, the zone, the kind and the slices.
#[test]
fn every_event_is_counted_where_it_happened() {
    let world = World::new(|_| {});
    let mut random = support::seeded(0x1826);
    let begin = at("2017-09-01T00:00:00Z");
    for number in 0..500 {
        let id = format!("e{number}");
        world
            .journal
            .put([seeded_event(&mut random, &id, begin, 24 * 300)]);
    }
    let events: Vec<Event> = world.journal.events();
    for round in 0..40 {
        let unit = *random.pick(&["hour", "day", "week", "month"]);
        let name = *random.pick(&ZONES);
        let kind = *random.pick(&Kind::ALL);
        let days = random.number(1..if unit == "hour" { 40 } else { 200 });
        let from = some_day_after(date(2017, 10, 1), random.number(0..150));
        let to = some_day_after(from, days);
        let (first, last) = (from.to_string(), to.to_string());
        let pairs = [
            ("from", first.as_str()),
            ("to", &last),
            ("unit", unit),
            ("zone", name),
            ("kind", kind.name()),
        ];
        let slices = match random.number(0..4) {
            0 => everything(),
            1 => vec![Slice::everything().with(Dimension::Country, "DE")],
            2 => ["AT", "CH"]
                .map(|value| Slice::everything().with(Dimension::Country, value))
                .to_vec(),
            _ => ["app", "till"]
                .map(|value| {
                    Slice::everything()
                        .with(Dimension::Channel, value)
                        .with(Dimension::Category, "Ärzte")
                })
                .to_vec(),
        };
        let case = format!("round {round}: {pairs:?} {slices:?}");
        let series: Series = answer(&world, &pairs, &slices);
        let (asked, before) = (Span { from, to }, span_before(Span { from, to }));
        let before = before.unwrap_or_else(|problem| panic!("{case}: {problem:?}"));
        for (part, span) in [(&series.now, asked), (&series.before, before)] {
            let unit = match unit {
                "hour" => Unit::Hour,
                "day" => Unit::Day,
                "week" => Unit::Week,
                _ => Unit::Month,
            };
            let expected: Vec<Point> = pieces(unit, span, name)
                .into_iter()
                .map(|bucket| {
                    let counts = |event: &&Event| {
                        event.kind == kind
                            && (bucket.start..bucket.end).contains(&event.at)
                            && slices.iter().any(|slice| slice.holds(event))
                    };
                    let (events, cents) = events
                        .iter()
                        .filter(counts)
                        .fold((0, 0), |(events, cents), event| {
                            (events + 1, cents + event.cents)
                        });
                    Point {
                        label: bucket.label,
                        events,
                        cents,
                    }
                })
                .collect();
            let Part {
                span: told,
                events,
                cents,
                points,
            } = part;
            assert_eq!(
                (told.from, told.to),
                (span.from, span.to),
                "the span, {case}"
            );
            let line = |point: &Point| (point.label.clone(), point.events, point.cents);
            assert_eq!(
                points.iter().map(line).collect::<Vec<_>>(),
                expected.iter().map(line).collect::<Vec<_>>(),
                "the points, {case}"
            );
            let sums = expected.iter().fold((0, 0), |sums, point| {
                (sums.0 + point.events, sums.1 + point.cents)
            });
            assert_eq!((*events, *cents), sums, "the sums, {case}");
        }
        let Change { events, cents } = series.change;
        assert_eq!(
            (events, cents),
            (
                change(series.before.events, series.now.events),
                change(series.before.cents, series.now.cents)
            ),
            "the change, {case}"
        );
        assert_eq!(
            (series.zone.as_str(), series.kind),
            (name, kind.name()),
            "zone and kind, {case}"
        );
    }
}

/// The store is asked once for each slice, for both spans together, and for no hour more.
#[test]
fn one_question_a_slice_is_enough() {
    let world = World::new(|_| {});
    let pairs = [
        ("from", "2018-03-24"),
        ("to", "2018-03-26"),
        ("zone", "Europe/Berlin"),
        ("kind", "cart"),
    ];
    let (from, to) = (at("2018-03-21T23:00:00Z"), at("2018-03-25T22:00:00Z"));
    for (slices, wanted) in [
        (everything(), vec![format!("hours cart {from} {to}")]),
        (
            ["AT", "DE"]
                .map(|value| Slice::everything().with(Dimension::Country, value))
                .to_vec(),
            vec![
                format!("hours cart country=AT {from} {to}"),
                format!("hours cart country=DE {from} {to}"),
            ],
        ),
        (Vec::new(), Vec::new()),
    ] {
        let series: Series = answer(&world, &pairs, &slices);
        let mut asked: Vec<String> = world.journal.asked();
        asked.sort();
        assert_eq!(asked, wanted, "what the store was asked for {slices:?}");
        assert_eq!(
            (series.now.points.len(), series.before.points.len()),
            (2, 2),
            "points for {slices:?}"
        );
    }
}

/// A span is refused when itself or the span before it cannot be told, and then the store is not asked.
#[test]
fn what_cannot_be_told_is_refused_unasked() {
    let world = World::new(|_| {});
    for (pairs, field) in [
        (
            [
                ("from", "2018-05-01"),
                ("to", "2018-05-08"),
                ("zone", "Asia/Kolkata"),
                ("unit", "day"),
            ],
            "zone",
        ),
        // On the full hour since May 2018; the days before it are not.
        (
            [
                ("from", "2018-05-06"),
                ("to", "2018-05-13"),
                ("zone", "Asia/Pyongyang"),
                ("unit", "day"),
            ],
            "zone",
        ),
        (
            [
                ("from", "2018-01-01"),
                ("to", "2018-03-01"),
                ("zone", "UTC"),
                ("unit", "hour"),
            ],
            "unit",
        ),
        (
            [
                ("from", "1970-01-01"),
                ("to", "2100-01-01"),
                ("zone", "UTC"),
                ("unit", "day"),
            ],
            "unit",
        ),
    ] {
        let question =
            read(&owned(&pairs), "UTC").unwrap_or_else(|problem| panic!("{pairs:?}: {problem:?}"));
        let answer = world.cx().read(|tx| series(tx, &question, &everything()));
        let (fields, message) = refused(answer, &format!("{pairs:?}"));
        assert_eq!(fields, [field], "the field for {pairs:?}: {message}");
        let asked: Vec<String> = world.journal.asked();
        assert_eq!(asked, [""; 0], "what the store was asked for {pairs:?}");
    }
}

/// A store that fails is a failure of ours, and not a line of zeros.
#[test]
fn a_broken_store_is_no_line_of_zeros() {
    let world = World::new(|_| {});
    world.journal.break_down(true);
    let question = read(&may_and(&[]), "UTC").unwrap_or_else(|problem| panic!("May: {problem:?}"));
    let answer = world.cx().read(|tx| series(tx, &question, &everything()));
    match answer {
        Ok(series) => panic!("a broken store gave {series:?}"),
        Err(problem) => assert_eq!(problem.status().as_u16(), 500, "{problem:?}"),
    }
}
