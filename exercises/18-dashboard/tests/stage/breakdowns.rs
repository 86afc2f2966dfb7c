use std::collections::BTreeMap;

use dashboard::breakdowns::{
    Breakdown, MOST_ROWS, Measure, Others, PARAMETERS, Question, ROWS, Row, breakdown, read, shares,
};
use dashboard::given::events::{Dimension, Event, HOUR, Kind, Slice};
use dashboard::given::neighbours::Hours;
use dashboard::given::problem::Problem;

use crate::helpers::{START, World, event, seeded_event};

fn tenths(parts: &[i64]) -> Vec<i64> {
    shares(parts).unwrap_or_else(|| panic!("{parts:?} has shares"))
}

/// Shares are tenths of a percent, rounded down first; what is left goes to those who lost most by that.
#[test]
fn what_rounding_left_goes_to_those_who_lost_most() {
    for (parts, expected) in [
        (vec![1], vec![1_000]),
        (vec![1, 1], vec![500, 500]),
        (vec![3, 1], vec![750, 250]),
        // 333.3 three times: the first gets what is left.
        (vec![1, 1, 1], vec![334, 333, 333]),
        // 166.6 six times: four of them get one more.
        (vec![7, 7, 7, 7, 7, 7], vec![167, 167, 167, 167, 166, 166]),
        // 857.1 and 142.8: the smaller one lost more.
        (vec![6, 1], vec![857, 143]),
        // 454.5, 272.7, 181.8, 90.9: three are left over, and the largest part gets none of them.
        (vec![5, 3, 2, 1], vec![454, 273, 182, 91]),
        (vec![0, 2, 0], vec![0, 1_000, 0]),
        // 0.99 and 999.00: hardly anything is not nothing.
        (vec![1, 1_009], vec![1, 999]),
        (vec![1, 9_999], vec![0, 1_000]),
        (vec![1, 1_000_000, 1], vec![0, 1_000, 0]),
    ] {
        assert_eq!(tenths(&parts), expected, "the shares of {parts:?}");
    }
}

/// Shares add up to a hundred percent exactly, and none is a tenth of a percent away from the truth.
#[test]
fn shares_add_up_to_a_hundred_percent() {
    let mut random = support::seeded(0x1823);
    for _ in 0..2_000 {
        let largest = *random.pick(&[3, 10, 1_000, 1_000_000, 9_000_000_000_000]);
        let parts: Vec<i64> = (0..random.number(1..60))
            .map(|_| i64::try_from(random.number(0..largest)).expect("below 2^63"))
            .collect();
        let total: i128 = parts.iter().map(|&part| i128::from(part)).sum();
        if total == 0 {
            continue;
        }
        let shares: Vec<i64> = tenths(&parts);
        assert_eq!(shares.len(), parts.len(), "a share for each of {parts:?}");
        assert_eq!(
            shares.iter().sum::<i64>(),
            1_000,
            "the sum of {shares:?} of {parts:?}"
        );
        for (part, share) in parts.iter().zip(&shares) {
            let exact = i128::from(*part) * 1_000;
            let away = (exact - i128::from(*share) * total).abs();
            assert!(away < total, "the share {share} of {part} in {parts:?}");
        }
        for (one, other) in (0..parts.len()).zip(1..parts.len()) {
            if parts[one] > parts[other] {
                assert!(
                    shares[one] >= shares[other],
                    "more has no smaller share: {parts:?}, {shares:?}"
                );
            }
        }
    }
}

/// Amounts may be as large as an `i64`, and their sum larger.
#[test]
fn large_amounts_have_shares() {
    for (parts, expected) in [
        (vec![i64::MAX], vec![1_000]),
        (vec![i64::MAX, i64::MAX], vec![500, 500]),
        (vec![i64::MAX, i64::MAX, i64::MAX], vec![334, 333, 333]),
        (vec![i64::MAX / 4 * 3, i64::MAX / 4], vec![750, 250]),
        (vec![(1 << 53) + 1, 1 << 53], vec![500, 500]),
        // 333.5 twice, one of them a hair more: it gets what is left.
        (
            vec![
                333_500_000_000_000_000,
                333_500_000_000_000_001,
                332_999_999_999_999_999,
            ],
            vec![333, 334, 333],
        ),
    ] {
        assert_eq!(tenths(&parts), expected, "the shares of {parts:?}");
    }
}

/// Of nothing there are no shares, and none where a part is negative.
#[test]
fn some_sums_have_no_shares() {
    for parts in [
        vec![],
        vec![0],
        vec![0, 0, 0],
        vec![-1],
        vec![5, -1],
        vec![-1, 5],
        vec![1, -5, 1],
        vec![3, -3],
        vec![i64::MIN, i64::MAX],
    ] {
        let answer: Option<Vec<i64>> = shares(&parts);
        assert_eq!(answer, None, "the shares of {parts:?}");
    }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// A question names its dimension; it is about events and ten rows unless it says something else.
#[test]
fn a_question_is_read_from_its_parameters() {
    assert_eq!(
        (PARAMETERS, ROWS, MOST_ROWS),
        (["by", "of", "top"], 10, 50),
        "parameters and limits"
    );
    for (pairs, expected) in [
        (&[("by", "country")][..], "Country Events 10"),
        (
            &[("by", "channel"), ("of", ""), ("top", "")],
            "Channel Events 10",
        ),
        (&[("of", "cents"), ("by", "device")], "Device Cents 10"),
        (
            &[("top", "1"), ("of", "events"), ("by", "category")],
            "Category Events 1",
        ),
        (&[("by", "country"), ("top", "49")], "Country Events 49"),
        (
            &[
                ("by", "country"),
                ("top", "50"),
                ("country", "AT"),
                ("x", "y"),
            ],
            "Country Events 50",
        ),
    ] {
        let answer: Result<Question, Problem> = read(&owned(pairs));
        let told = answer.map(|Question { by, of, top }| format!("{by:?} {of:?} {top}"));
        assert_eq!(
            told.ok().as_deref(),
            Some(expected),
            "the question {pairs:?}"
        );
    }
}

/// Everything that is wrong with a question is told at once, in the order of the parameters.
#[test]
fn everything_wrong_with_a_question_is_told_at_once() {
    type Case<'c> = (Vec<(&'c str, &'c str)>, Vec<&'c str>);
    let mut cases: Vec<Case> = vec![
        (vec![], vec!["by"]),
        (vec![("by", "")], vec!["by"]),
        (
            vec![("top", "0"), ("of", "euros"), ("by", "id")],
            vec!["by", "of", "top"],
        ),
        (
            vec![("top", "51"), ("of", "Events")],
            vec!["by", "of", "top"],
        ),
        (
            vec![("by", "country"), ("of", "cents "), ("top", "x")],
            vec!["of", "top"],
        ),
    ];
    for by in [
        "Country",
        "country ",
        "countries",
        "kind",
        "id",
        "at",
        "cents",
        "country, id",
        "1",
    ] {
        cases.push((vec![("by", by)], vec!["by"]));
    }
    for of in [
        "Cents", "CENTS", "event", "amount", " cents", "events;", "0",
    ] {
        cases.push((vec![("by", "device"), ("of", of)], vec!["of"]));
    }
    for top in [
        "0",
        "51",
        "100",
        "-1",
        "+5",
        "05",
        "5 ",
        " 5",
        "5.0",
        "1e1",
        "ten",
        "all",
        "256",
        "257",
        "65537",
        "4294967297",
        "18446744073709551617",
        "-18446744073709551615",
        "٥",
        "5\0",
    ] {
        cases.push((vec![("top", top), ("by", "country")], vec!["top"]));
    }
    for (pairs, fields) in cases {
        match read(&owned(&pairs)) {
            Ok(question) => panic!("{pairs:?} was accepted: {question:?}"),
            Err(problem) => {
                let kind = (problem.status().as_u16(), problem.code());
                assert_eq!(kind, (422, "invalid_fields"), "{pairs:?}: {problem:?}");
                let found: Vec<&str> = problem
                    .errors()
                    .iter()
                    .map(|error| error.field.as_str())
                    .collect();
                assert_eq!(found, fields, "the fields for {pairs:?}");
            }
        }
    }
}

/// The first hour of the tests: 2017-07-14T02:00:00Z.
const FIRST: i64 = START - 2_400;

const DAY: Hours = Hours {
    from: FIRST,
    to: FIRST + 24 * HOUR,
};

fn of(by: Dimension, of: Measure, top: usize) -> Question {
    Question { by, of, top }
}

fn answer(
    world: &World,
    question: Question,
    kind: Kind,
    slices: &[Slice],
    hours: Hours,
) -> Breakdown {
    world.read(|tx| breakdown(tx, question, kind, slices, hours))
}

fn slice(parts: &[(Dimension, &str)]) -> Slice {
    let with = |slice: Slice, (dimension, value): &(Dimension, &str)| slice.with(*dimension, value);
    parts.iter().fold(Slice::everything(), with)
}

/// So many orders of each category within the day, each of 1,000 cents.
fn orders(world: &World, categories: &[(&str, i64)]) {
    for (category, count) in categories {
        let order = |number: i64| Event {
            category: (*category).to_owned(),
            ..event(&format!("{category} {number}"), FIRST + number * 60)
        };
        world.journal.put((0..*count).map(order));
    }
}

/// The largest come first, the others are one line, and the shares of all add up.
#[test]
fn the_largest_and_the_others() {
    let world = World::new(|_| {});
    orders(
        &world,
        &[
            ("Poetry", 2),
            ("Art", 6),
            ("Travel", 3),
            ("R&B", 1),
            ("Crime", 2),
        ],
    );
    let question = of(Dimension::Category, Measure::Events, 2);
    let answer = answer(&world, question, Kind::Order, &[Slice::everything()], DAY);
    insta::assert_json_snapshot!(answer, @r#"
    {
      "by": "category",
      "of": "events",
      "total": 14,
      "rows": [
        {
          "value": "Art",
          "amount": 6,
          "share": 429
        },
        {
          "value": "Travel",
          "amount": 3,
          "share": 214
        }
      ],
      "others": {
        "values": 3,
        "amount": 5,
        "share": 357
      }
    }
    "#);
}

/// The line of the others is there for one value, too, and null when there is none.
#[test]
fn others_are_there_when_something_is_left() {
    let world = World::new(|_| {});
    let everything = [Slice::everything()];
    let none = answer(
        &world,
        of(Dimension::Category, Measure::Events, 5),
        Kind::Order,
        &everything,
        DAY,
    );
    assert_eq!(
        (none.total, none.rows.len(), none.others.is_none()),
        (0, 0, true),
        "of nothing: {none:?}"
    );
    orders(
        &world,
        &[
            ("Art", 5),
            ("Crime", 4),
            ("Poetry", 3),
            ("R&B", 2),
            ("Travel", 1),
        ],
    );
    for (top, rows, others) in [
        (1, 1, Some((4, 10))),
        (2, 2, Some((3, 6))),
        (4, 4, Some((1, 1))),
        (5, 5, None),
        (6, 5, None),
        (50, 5, None),
    ] {
        let question = of(Dimension::Category, Measure::Events, top);
        let answer: Breakdown = answer(&world, question, Kind::Order, &everything, DAY);
        let found = answer
            .others
            .as_ref()
            .map(|Others { values, amount, .. }| (*values, *amount));
        assert_eq!(
            (answer.rows.len(), found),
            (rows, others),
            "rows and others of the top {top}: {answer:?}"
        );
        assert_eq!(answer.total, 15, "the total of the top {top}: {answer:?}");
        let shares: Vec<Option<i64>> = shown(&answer).into_iter().map(|(_, share)| share).collect();
        let sum: Option<i64> = shares.iter().copied().sum();
        assert_eq!(
            sum,
            Some(1_000),
            "the sum of the shares of the top {top}: {answer:?}"
        );
    }
}

/// The amounts and shares that are shown, those of the others last.
fn shown(answer: &Breakdown) -> Vec<(i64, Option<i64>)> {
    let rows = answer
        .rows
        .iter()
        .map(|Row { amount, share, .. }| (*amount, *share));
    let others = answer
        .others
        .iter()
        .map(|Others { amount, share, .. }| (*amount, *share));
    rows.chain(others).collect()
}

fn told(answer: &Breakdown) -> Vec<(String, i64)> {
    let told = |row: &Row| (row.value.clone(), row.amount);
    answer.rows.iter().map(told).collect()
}

/// Equal amounts come in the order of the bytes of their values, also where the rows end.
#[test]
fn ties_are_always_broken_the_same_way() {
    let world = World::new(|_| {});
    let names = [
        "Zoo", "art", "Ärzte", "Art", "", "10", "9", "Poetry", "料理", "a",
    ];
    orders(&world, &names.map(|name| (name, 2)));
    orders(&world, &[("Most", 3), ("Least", 1)]);
    let mut sorted = names;
    sorted.sort_unstable();
    let mut expected = vec![("Most".to_owned(), 3)];
    expected.extend(sorted.map(|name| (name.to_owned(), 2)));
    expected.push(("Least".to_owned(), 1));
    for top in 1..=12 {
        let question = of(Dimension::Category, Measure::Events, top);
        let answer: Breakdown = answer(&world, question, Kind::Order, &[Slice::everything()], DAY);
        assert_eq!(told(&answer), expected[..top], "the rows of the top {top}");
    }
}

/// A value of which nothing was earned, or less than nothing, is a value like any other; a share is told only where it means something.
#[test]
fn amounts_may_be_zero_or_negative() {
    let world = World::new(|_| {});
    let paid = |id: &str, category: &str, cents: i64| Event {
        category: category.to_owned(),
        cents,
        ..event(id, START)
    };
    let cents = |top: usize| of(Dimension::Category, Measure::Cents, top);
    let rows = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
        pairs
            .iter()
            .map(|(value, amount)| ((*value).to_owned(), *amount))
            .collect()
    };
    let ask = |top: usize| answer(&world, cents(top), Kind::Order, &[Slice::everything()], DAY);
    world.journal.put([
        paid("a", "Gift", 0),
        paid("b", "Art", 500),
        paid("c", "Free", 0),
    ]);
    let answer: Breakdown = ask(9);
    assert_eq!(
        told(&answer),
        rows(&[("Art", 500), ("Free", 0), ("Gift", 0)]),
        "zeros: {answer:?}"
    );
    assert_eq!(
        shown(&answer)[1],
        (0, Some(0)),
        "a part of zero has a share of zero: {answer:?}"
    );
    world.journal.put([
        paid("d", "Crime", -200),
        paid("e", "Travel", 700),
        paid("f", "Art", -100),
    ]);
    let answer: Breakdown = ask(9);
    let expected = rows(&[
        ("Travel", 700),
        ("Art", 400),
        ("Free", 0),
        ("Gift", 0),
        ("Crime", -200),
    ]);
    assert_eq!(
        (told(&answer), answer.total),
        (expected, 900),
        "one is negative: {answer:?}"
    );
    assert!(
        shown(&answer).iter().all(|(_, share)| share.is_none()),
        "no share means anything: {answer:?}"
    );
    let answer: Breakdown = ask(2);
    assert_eq!(
        shown(&answer),
        [(700, None), (400, None), (-200, None)],
        "the others are negative together: {answer:?}"
    );
    world.journal.put([paid("g", "Gift", 300)]);
    let answer: Breakdown = ask(2);
    assert_eq!(
        shown(&answer),
        [(700, Some(584)), (400, Some(333)), (100, Some(83))],
        "the others are positive together, so what is shown has shares: {answer:?}"
    );
}

/// Only events of the kind, the hours and the slices count, each in the measure that is asked for.
#[test]
fn every_event_is_counted_where_it_belongs() {
    let world = World::new(|_| {});
    let mut random = support::seeded(0x1827);
    for number in 0..400 {
        let id = format!("e{number}");
        world
            .journal
            .put([seeded_event(&mut random, &id, FIRST - 24 * HOUR, 72)]);
    }
    let events: Vec<Event> = world.journal.events();
    for round in 0..200 {
        let by = *random.pick(&Dimension::ALL);
        let measure = *random.pick(&[Measure::Events, Measure::Cents]);
        let kind = *random.pick(&Kind::ALL);
        let top = random.size(1..6);
        let from = FIRST + HOUR * i64::try_from(random.number(0..40)).expect("it fits") - 20 * HOUR;
        let hours = Hours {
            from,
            to: from + HOUR * i64::try_from(random.number(0..40)).expect("it fits"),
        };
        let slices = match random.number(0..5) {
            0 => vec![Slice::everything()],
            1 => vec![slice(&[(Dimension::Country, "DE")])],
            2 => ["AT", "CH", "FR"]
                .map(|value| slice(&[(Dimension::Country, value)]))
                .to_vec(),
            3 => ["app", "till"]
                .map(|value| slice(&[(Dimension::Channel, value), (Dimension::Device, "phone")]))
                .to_vec(),
            _ => [("AT", "app"), ("AT", "web"), ("IT", "app"), ("IT", "web")]
                .map(|(country, channel)| {
                    slice(&[(Dimension::Country, country), (Dimension::Channel, channel)])
                })
                .to_vec(),
        };
        let case =
            format!("round {round}: {measure:?} of {kind:?} by {by:?}, {hours:?}, {slices:?}");
        let answer: Breakdown = answer(&world, of(by, measure, top), kind, &slices, hours);
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for event in &events {
            let within = event.kind == kind && (hours.from..hours.to).contains(&event.at);
            if within && slices.iter().any(|slice| slice.holds(event)) {
                let amount = if measure == Measure::Events {
                    1
                } else {
                    event.cents
                };
                *sums.entry(event.along(by).to_owned()).or_default() += amount;
            }
        }
        let mut expected: Vec<(String, i64)> = sums.into_iter().collect();
        expected.sort_by_key(|(value, amount)| (-amount, value.clone()));
        let total: i64 = expected.iter().map(|(_, amount)| amount).sum();
        let rest = expected.split_off(top.min(expected.len()));
        assert_eq!(told(&answer), expected, "the rows, {case}");
        let left: i64 = rest.iter().map(|(_, amount)| amount).sum();
        let others = answer
            .others
            .as_ref()
            .map(|others| (others.values, others.amount));
        assert_eq!(
            others,
            (!rest.is_empty()).then_some((rest.len(), left)),
            "the others, {case}"
        );
        assert_eq!(
            (answer.by, answer.of, answer.total),
            (by.name(), measure, total),
            "the head, {case}"
        );
        let (amounts, found): (Vec<i64>, Vec<Option<i64>>) = shown(&answer).into_iter().unzip();
        let wanted = match shares(&amounts) {
            Some(shares) => shares.into_iter().map(Some).collect(),
            None => vec![None; amounts.len()],
        };
        assert_eq!(found, wanted, "the shares of {amounts:?}, {case}");
    }
}

/// The store is asked once for each slice; slices that differ in the compared dimension only are asked for once together.
#[test]
fn no_question_is_asked_twice() {
    let world = World::new(|_| {});
    let (from, to) = (DAY.from, DAY.to);
    for (slices, by, wanted) in [
        (
            vec![Slice::everything()],
            "country",
            vec![format!("country {from} {to}")],
        ),
        (vec![], "country", vec![]),
        (
            ["AT", "DE", "CH"]
                .map(|value| slice(&[(Dimension::Country, value)]))
                .to_vec(),
            "country",
            vec![format!("country {from} {to}")],
        ),
        (
            ["AT", "DE"]
                .map(|value| slice(&[(Dimension::Country, value)]))
                .to_vec(),
            "channel",
            vec![
                format!("channel country=AT {from} {to}"),
                format!("channel country=DE {from} {to}"),
            ],
        ),
        (
            [("AT", "app"), ("AT", "web"), ("IT", "app"), ("IT", "web")]
                .map(|(country, channel)| {
                    slice(&[(Dimension::Country, country), (Dimension::Channel, channel)])
                })
                .to_vec(),
            "channel",
            vec![
                format!("channel country=AT {from} {to}"),
                format!("channel country=IT {from} {to}"),
            ],
        ),
    ] {
        let dimension = Dimension::named(by).expect("a dimension");
        let answer: Breakdown = answer(
            &world,
            of(dimension, Measure::Cents, 3),
            Kind::View,
            &slices,
            DAY,
        );
        let mut asked: Vec<String> = world.journal.asked();
        asked.sort();
        let wanted: Vec<String> = wanted
            .into_iter()
            .map(|question| format!("values view {question}"))
            .collect();
        assert_eq!(
            asked, wanted,
            "what the store was asked by {by} for {slices:?}"
        );
        assert_eq!(
            (answer.by, answer.total),
            (by, 0),
            "the answer by {by} for {slices:?}: {answer:?}"
        );
    }
}

/// A store that fails is a failure of ours, and not an empty table.
#[test]
fn a_broken_store_is_no_empty_table() {
    let world = World::new(|_| {});
    world.journal.break_down(true);
    let question = of(Dimension::Country, Measure::Events, 3);
    let answer = world
        .cx()
        .read(|tx| breakdown(tx, question, Kind::Order, &[Slice::everything()], DAY));
    match answer {
        Ok(answer) => panic!("a broken store gave {answer:?}"),
        Err(problem) => assert_eq!(problem.status().as_u16(), 500, "{problem:?}"),
    }
}
