use dashboard::given::problem::Problem;
use dashboard::timeseries::{Bucket, MOST_POINTS, Span, Unit, buckets, span_before, zone};
use jiff::Timestamp;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;

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
