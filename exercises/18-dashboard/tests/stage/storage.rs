use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dashboard::given::app::Tx;
use dashboard::given::events::{Dimension, Event, HOUR, Kind, Slice};
use dashboard::given::neighbours::{Hours, Neighbours, Recorded, Store, Sum};
use dashboard::given::problem::Problem;
use dashboard::storage::{Difference, Storage, hours_of_events, prune, recount, slices};
use rusqlite::Connection;

use crate::helpers::{START, World, event, seeded_event};

/// The full hour in which the tests begin.
const NOW: i64 = START - START % HOUR;

fn wired(neighbours: &mut Neighbours) {
    neighbours.store = Arc::new(Storage);
}

fn world() -> World {
    World::new(wired)
}

fn hours(from: i64, to: i64) -> Hours {
    Hours { from, to }
}

/// All of time that is used here.
fn always() -> Hours {
    hours(0, NOW + 1_000 * HOUR)
}

/// New and known.
#[track_caller]
fn record(world: &World, events: &[Event]) -> (usize, usize) {
    let recorded: Recorded = world.write(|tx| Storage.record(tx, events));
    (recorded.new, recorded.known)
}

fn slice(parts: &[(Dimension, &str)]) -> Slice {
    parts
        .iter()
        .fold(Slice::everything(), |slice, (dimension, value)| {
            slice.with(*dimension, value)
        })
}

/// Hour, events and cents.
#[track_caller]
fn by_hour(world: &World, kind: Kind, slice: &Slice, span: Hours) -> Vec<(i64, i64, i64)> {
    world
        .read(|tx| Storage.hours(tx, kind, slice, span))
        .into_iter()
        .map(|(hour, sum): (i64, Sum)| (hour, sum.events, sum.cents))
        .collect()
}

/// Value, events and cents, sorted by value.
#[track_caller]
fn by_value(
    world: &World,
    kind: Kind,
    slice: &Slice,
    dimension: Dimension,
    span: Hours,
) -> Vec<(String, i64, i64)> {
    let sums: Vec<(String, Sum)> =
        world.read(|tx| Storage.values(tx, kind, slice, dimension, span));
    let mut sums: Vec<(String, i64, i64)> = sums
        .into_iter()
        .map(|(value, sum)| (value, sum.events, sum.cents))
        .collect();
    sums.sort();
    sums
}

/// What the events say, by an addition of the test's own.
fn added<K: Ord>(
    events: &[Event],
    meant: impl Fn(&Event) -> bool,
    key: impl Fn(&Event) -> K,
) -> Vec<(K, i64, i64)> {
    let mut sums: BTreeMap<K, (i64, i64)> = BTreeMap::new();
    for event in events.iter().filter(|event| meant(event)) {
        let (count, cents) = sums.entry(key(event)).or_default();
        *count += 1;
        *cents += event.cents;
    }
    sums.into_iter()
        .map(|(key, (count, cents))| (key, count, cents))
        .collect()
}

/// Everything that the tables hold, as text.
fn contents(connection: &Connection) -> Vec<String> {
    [
        "SELECT id || at || kind || country || channel || device || category || cents FROM events ORDER BY id",
        "SELECT facet || '|' || value || '|' || kind || hour || ' ' || events || ' ' || cents FROM rollups ORDER BY 1",
        "SELECT number || ' ' || horizon FROM version",
    ]
    .iter()
    .flat_map(|sql| {
        let mut statement = connection.prepare(sql).expect("the tables are there");
        let rows: Vec<String> = statement
            .query_map([], |row| row.get(0))
            .and_then(Iterator::collect)
            .expect("texts");
        rows
    })
    .collect()
}

/// An event is counted in eleven slices: everything, four single values, six pairs.
#[test]
fn an_event_is_counted_in_eleven_slices() {
    let event = Event {
        country: "CH".to_owned(),
        channel: "till".to_owned(),
        device: "desk".to_owned(),
        category: "R&B % _ 'x'".to_owned(),
        ..event("a", NOW)
    };
    let found = slices(&event);
    assert_eq!(found.len(), 11, "how many: {found:?}");
    let found: BTreeSet<(String, String)> = found
        .iter()
        .map(|slice| (slice.facet(), slice.value_text()))
        .collect();
    let expected: BTreeSet<(String, String)> = [
        ("", ""),
        ("country", "CH"),
        ("channel", "till"),
        ("device", "desk"),
        ("category", "R&B % _ 'x'"),
        ("country channel", "CH\ntill"),
        ("country device", "CH\ndesk"),
        ("country category", "CH\nR&B % _ 'x'"),
        ("channel device", "till\ndesk"),
        ("channel category", "till\nR&B % _ 'x'"),
        ("device category", "desk\nR&B % _ 'x'"),
    ]
    .map(|(facet, value)| (facet.to_owned(), value.to_owned()))
    .into();
    assert_eq!(found, expected, "the slices");
}

/// The row of an event holds what came, and its hour is the hour in UTC in which it happened, its first second included.
#[test]
fn an_event_is_kept_and_counted() {
    let world = world();
    let odd = Event {
        id: "shop-7:Ä'\"%".to_owned(),
        at: NOW + HOUR - 1,
        kind: Kind::Cart,
        country: "DE".to_owned(),
        channel: "app".to_owned(),
        device: "desk".to_owned(),
        category: " Ärzte ".to_owned(),
        cents: -250,
    };
    assert_eq!(
        record(&world, std::slice::from_ref(&odd)),
        (1, 0),
        "new, known"
    );
    let row: (String, i64, String, String, String, String, String, i64) = world
        .connect()
        .query_row("SELECT * FROM events", [], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
                row.get(6)?,
                row.get(7)?,
            ))
        })
        .expect("one row");
    let text = str::to_owned;
    let expected = (
        odd.id.clone(),
        NOW + HOUR - 1,
        text("cart"),
        text("DE"),
        text("app"),
        text("desk"),
        text(" Ärzte "),
        -250,
    );
    assert_eq!(row, expected, "the row");
    let everything = Slice::everything();
    let found = by_hour(&world, Kind::Cart, &everything, always());
    assert_eq!(found, [(NOW, 1, -250)], "its hour");
    let other = by_hour(&world, Kind::Order, &everything, always());
    assert_eq!(other, [], "another kind");
    record(&world, &[event("next", NOW + HOUR)]);
    let found = by_hour(&world, Kind::Order, &everything, always());
    assert_eq!(
        found,
        [(NOW + HOUR, 1, 1_000)],
        "the first second of an hour"
    );
    let rows: i64 = world
        .connect()
        .query_row("SELECT count(*) FROM rollups", [], |row| row.get(0))
        .expect("a number");
    assert_eq!(rows, 22, "rows of rollups: eleven for each of two events");
}

/// An id counts once: in one batch, in two, with other contents; and ids are compared byte by byte.
#[test]
fn an_id_counts_once() {
    let world = world();
    let first = event("a", NOW);
    let other = Event {
        at: NOW + 5 * HOUR,
        kind: Kind::View,
        country: "DE".to_owned(),
        cents: 7,
        ..event("a", NOW)
    };
    let batch = [first.clone(), event("b", NOW), first.clone(), other.clone()];
    assert_eq!(record(&world, &batch), (2, 2), "new and known in one batch");
    assert_eq!(record(&world, &[other, first]), (0, 2), "in the next batch");
    let everything = Slice::everything();
    let orders = by_hour(&world, Kind::Order, &everything, always());
    assert_eq!(orders, [(NOW, 2, 2_000)], "orders");
    let views = by_hour(&world, Kind::View, &everything, always());
    assert_eq!(views, [], "views: the first one stays as it is");
    let near = ["A", "a ", " a", "á", "a\u{301}"].map(|id| event(id, NOW));
    assert_eq!(record(&world, &near), (5, 0), "ids that look alike");
    assert_eq!(world.read(recount).len(), 0, "differences");
}

/// Whatever is asked of the numbers, they are those of the events: for every kind, for slices of none to four values, for any hours,
/// with events that come late and in any order.
#[test]
fn the_numbers_are_those_of_the_events() {
    let world = world();
    let mut values = support::seeded(0x1821);
    let mut events: Vec<Event> = (0..1_200)
        .map(|number| seeded_event(&mut values, &format!("e{number}"), NOW - 30 * HOUR, 40))
        .collect();
    values.shuffle(&mut events);
    for batch in events.chunks(250) {
        record(&world, batch);
    }
    assert_eq!(world.read(recount).len(), 0, "differences");
    for round in 0..120 {
        let kind = Kind::ALL[values.size(0..3)];
        let sample = events[values.size(0..events.len())].clone();
        let slice = Dimension::ALL
            .into_iter()
            .filter(|_| values.size(0..5) < 2 || round % 7 == 0)
            .fold(Slice::everything(), |slice, dimension| {
                slice.with(dimension, sample.along(dimension))
            });
        let from = NOW + HOUR * (i64::try_from(values.size(0..45)).expect("small") - 32);
        let span = hours(
            from,
            from + HOUR * i64::try_from(values.size(0..30)).expect("small"),
        );
        let meant = |event: &Event| {
            event.kind == kind && slice.holds(event) && (span.from..span.to).contains(&event.at)
        };
        let expected = added(&events, meant, Event::hour);
        let found = by_hour(&world, kind, &slice, span);
        assert_eq!(
            found, expected,
            "round {round}: {kind:?}, {slice:?}, {span:?}"
        );
        let single: Vec<(i64, i64, i64)> = world
            .read(|tx| hours_of_events(tx, kind, &slice, span))
            .into_iter()
            .map(|(hour, sum)| (hour, sum.events, sum.cents))
            .collect();
        assert_eq!(
            single, expected,
            "round {round}, hours_of_events: {kind:?}, {slice:?}"
        );
        for dimension in Dimension::ALL {
            if slice.value(dimension).is_none() {
                let expected = added(&events, meant, |event| event.along(dimension).to_owned());
                let found = by_value(&world, kind, &slice, dimension, span);
                assert_eq!(
                    found, expected,
                    "round {round}, by {dimension:?}: {kind:?}, {slice:?}, {span:?}"
                );
            }
        }
    }
}

/// Values whose texts begin alike, end alike, or are the other dimension's are told apart.
#[test]
fn values_that_look_alike_are_told_apart() {
    let world = world();
    let with = |id: &str, channel: &str, device: &str, category: &str| Event {
        channel: channel.to_owned(),
        device: device.to_owned(),
        category: category.to_owned(),
        ..event(id, NOW)
    };
    record(
        &world,
        &[
            with("1", "app", "web", "app"),
            with("2", "web", "app", "app web"),
            with("3", "app web", "app", "web"),
            with("4", "App", "ap", "a_p"),
            with("5", "ap", "app", "%"),
        ],
    );
    let find = |parts: &[(Dimension, &str)], dimension: Dimension| -> Vec<String> {
        let sums = by_value(&world, Kind::Order, &slice(parts), dimension, always());
        sums.into_iter().map(|(value, ..)| value).collect()
    };
    let (channel, device, category) = (Dimension::Channel, Dimension::Device, Dimension::Category);
    assert_eq!(
        find(&[(device, "app")], channel),
        ["ap", "app web", "web"],
        "channels of app"
    );
    assert_eq!(find(&[(channel, "app")], device), ["web"], "devices of app");
    assert_eq!(
        find(&[(category, "a_p")], channel),
        ["App"],
        "channels of a_p"
    );
    assert_eq!(find(&[(category, "%")], device), ["app"], "devices of %");
    assert_eq!(
        find(&[(channel, "web")], category),
        ["app web"],
        "categories of web"
    );
    assert_eq!(
        find(&[(channel, "none")], category),
        [""; 0],
        "of what is not there"
    );
    for (parts, count) in [
        (&[(channel, "app")][..], 1),
        (&[(channel, "App")], 1),
        (&[(channel, "a%")], 0),
        (&[(channel, "")], 0),
        (&[(channel, "app"), (device, "web")], 1),
        (&[(channel, "web"), (device, "app")], 1),
        (&[(channel, "app"), (device, "app")], 0),
    ] {
        let found = by_hour(&world, Kind::Order, &slice(parts), always());
        let sum: i64 = found.iter().map(|(_, events, _)| events).sum();
        assert_eq!(sum, count, "events of {parts:?}");
    }
}

/// If a single statement fails, wherever it is, the caller hears of it, and nothing of the batch is there.
#[test]
fn a_batch_is_there_as_a_whole_or_not_at_all() {
    let world = world();
    record(&world, &[event("old", NOW)]);
    let before = contents(&world.connect());
    let batch: Vec<Event> = (0..20)
        .map(|number| event(&format!("e{number}"), NOW + number * 1_000))
        .collect();
    let faults = [
        "BEFORE INSERT ON events WHEN new.id = 'e0'",
        "BEFORE INSERT ON events WHEN new.id = 'e19'",
        "BEFORE INSERT ON rollups WHEN new.facet = ''",
        "BEFORE INSERT ON rollups WHEN new.facet = 'category'",
        "BEFORE INSERT ON rollups WHEN new.facet = 'device category'",
        "BEFORE UPDATE ON rollups WHEN new.facet = 'country channel'",
        "BEFORE UPDATE ON version",
    ];
    for fault in faults {
        let trigger = format!(
            "CREATE TRIGGER fault {fault} BEGIN SELECT RAISE(ABORT, 'the test''s own failure'); END"
        );
        let connection = world.connect();
        connection.execute_batch(&trigger).expect("a trigger");
        let answer: Result<Recorded, Problem> = world.cx().write(|tx| Storage.record(tx, &batch));
        connection
            .execute_batch("DROP TRIGGER fault")
            .expect("it was there");
        let status = answer.err().map(|problem| problem.status().as_u16());
        assert_eq!(
            status,
            Some(500),
            "what the caller hears, with a fault {fault}"
        );
        assert_eq!(
            contents(&connection),
            before,
            "the tables after a fault {fault}"
        );
    }
    // And what the caller takes back is gone.
    let taken_back: Result<(), Problem> = world.cx().write(|tx| {
        Storage.record(tx, &batch)?;
        Err(Problem::not_found())
    });
    assert!(taken_back.is_err(), "the test's own refusal");
    assert_eq!(
        contents(&world.connect()),
        before,
        "the tables after a refusal"
    );
    assert_eq!(record(&world, &batch), (20, 0), "without a fault");
    assert_eq!(world.read(recount).len(), 0, "differences");
}

/// The version grows by one with each transaction that brings something new, and with no other.
#[test]
fn the_version_grows_with_what_is_new() {
    let world = world();
    let version = || world.read(|tx| Storage.version(tx));
    let begin = version();
    record(&world, &[event("a", NOW), event("b", NOW + HOUR)]);
    assert_eq!(version(), begin + 1, "two events");
    record(&world, &[event("a", NOW), event("b", NOW)]);
    record(&world, &[]);
    assert_eq!(version(), begin + 1, "nothing new");
    record(&world, &[event("a", NOW), event("c", NOW)]);
    assert_eq!(version(), begin + 2, "one of two is new");
    world.write(|tx| prune(tx, NOW + 100 * HOUR));
    assert_eq!(
        version(),
        begin + 2,
        "old events are gone, and no number has changed"
    );
    let stored: i64 = world
        .connect()
        .query_row("SELECT number FROM version", [], |row| row.get(0))
        .expect("one row");
    assert_eq!(stored, begin + 2, "what the table says");
}

fn told(differences: &[Difference]) -> Vec<String> {
    let mut told: Vec<String> = differences
        .iter()
        .map(|difference| {
            let Difference {
                facet,
                value,
                kind,
                hour,
                stored,
                counted,
            } = difference;
            let (stored, counted) = (
                (stored.events, stored.cents),
                (counted.events, counted.cents),
            );
            format!(
                "{facet:?} {value:?} {kind} {} {stored:?} {counted:?}",
                hour - NOW
            )
        })
        .collect();
    told.sort();
    told
}

/// A recount finds every number that is wrong, missing or without an event, and changes none.
#[test]
fn a_recount_finds_what_disagrees() {
    let world = world();
    record(&world, &[event("a", NOW), event("b", NOW + HOUR)]);
    assert_eq!(told(&world.read(recount)), [""; 0], "all is well");
    let connection = world.connect();
    connection
        .execute_batch(&format!(
            "UPDATE rollups SET events = 2 WHERE facet = 'country' AND hour = {NOW};
             UPDATE rollups SET cents = cents - 1 WHERE facet = 'channel device' AND hour = {NOW};
             DELETE FROM rollups WHERE facet = '' AND hour = {NOW} + 3600;
             INSERT INTO rollups VALUES ('device', 'clock', 'view', {NOW}, 1, 0);
             INSERT INTO rollups VALUES ('device', 'phone', 'order', {NOW} - 3600, 1, 0);
             INSERT INTO events VALUES ('c', {NOW} + 7200, 'cart', 'AT', 'web', 'phone', 'Poetry', 5);"
        ))
        .expect("the tables are there");
    let before = contents(&connection);
    let found = told(&world.read(recount));
    let mut expected = vec![
        r#""" "" order 3600 (0, 0) (1, 1000)"#.to_owned(),
        r#""channel device" "web\nphone" order 0 (1, 999) (1, 1000)"#.to_owned(),
        r#""country" "AT" order 0 (2, 1000) (1, 1000)"#.to_owned(),
        r#""device" "clock" view 0 (1, 0) (0, 0)"#.to_owned(),
        r#""device" "phone" order -3600 (1, 0) (0, 0)"#.to_owned(),
    ];
    for slice in slices(&event("c", NOW)) {
        let (facet, value) = (slice.facet(), slice.value_text());
        expected.push(format!("{facet:?} {value:?} cart 7200 (0, 0) (1, 5)"));
    }
    expected.sort();
    assert_eq!(found, expected, "what disagrees");
    assert_eq!(contents(&connection), before, "nothing is changed");
}

/// Pruning takes whole hours of single events; roll-ups stay, the horizon never goes back, and what is counted can still be asked.
#[test]
fn old_events_go_and_numbers_stay() {
    let world = world();
    let at = [-1, 0, HOUR - 1, HOUR, 2 * HOUR - 1, 2 * HOUR];
    let events: Vec<Event> = at
        .iter()
        .map(|second| event(&format!("e{second}"), NOW + second))
        .collect();
    record(&world, &events);
    let everything = Slice::everything();
    let before = by_hour(&world, Kind::Order, &everything, always());
    let horizon = || world.read(|tx| Storage.horizon(tx));
    let left = || -> i64 {
        let sql = "SELECT count(*) FROM events";
        world
            .connect()
            .query_row(sql, [], |row| row.get(0))
            .expect("a number")
    };
    assert_eq!(horizon(), 0, "nothing was removed yet");
    for (before, removed, horizon_then, events_left) in [
        (NOW + HOUR - 1, 1, NOW, 5),
        (NOW + HOUR - 1, 0, NOW, 5),
        (NOW + HOUR, 2, NOW + HOUR, 3),
        (NOW - 50 * HOUR, 0, NOW + HOUR, 3),
        (-1, 0, NOW + HOUR, 3),
        (NOW + 2 * HOUR - 1, 0, NOW + HOUR, 3),
        (NOW + 3 * HOUR, 3, NOW + 3 * HOUR, 0),
    ] {
        let gone: usize = world.write(|tx| prune(tx, before));
        let case = format!("pruned before NOW + {}", before - NOW);
        assert_eq!(gone, removed, "{case}: how many");
        assert_eq!(horizon(), horizon_then, "{case}: the horizon");
        assert_eq!(left(), events_left, "{case}: events that are left");
        assert_eq!(world.read(recount).len(), 0, "{case}: differences");
    }
    assert_eq!(
        by_hour(&world, Kind::Order, &everything, always()),
        before,
        "the numbers"
    );
    // A wrong number from before the horizon cannot be told from a right one, and one from after it can.
    let connection = world.connect();
    connection
        .execute_batch(&format!(
            "UPDATE rollups SET events = 9 WHERE hour < {NOW} + 10800;
             INSERT INTO rollups VALUES ('', '', 'view', {NOW} + 10800, 1, 0);"
        ))
        .expect("the tables are there");
    let found = told(&world.read(recount));
    assert_eq!(
        found,
        [r#""" "" view 10800 (1, 0) (0, 0)"#],
        "from the horizon on"
    );
}

/// Three filters and more look at single events: before the horizon that is refused, from the horizon on it is answered.
#[test]
fn what_is_gone_is_not_counted() {
    let world = world();
    record(&world, &[event("a", NOW), event("b", NOW + HOUR)]);
    world.write(|tx| prune(tx, NOW + HOUR));
    let three = slice(&[
        (Dimension::Country, "AT"),
        (Dimension::Channel, "web"),
        (Dimension::Device, "phone"),
    ]);
    let two = slice(&[(Dimension::Country, "AT"), (Dimension::Device, "phone")]);
    let from = |start: i64| hours(NOW + start, NOW + 2 * HOUR);
    let refused = |answer: Result<usize, Problem>| -> (u16, String) {
        match answer {
            Ok(length) => panic!("{length} sums of hours that are gone"),
            Err(problem) => (problem.status().as_u16(), problem.code().to_owned()),
        }
    };
    let expected = (422, "too_old".to_owned());
    for start in [-HOUR, 0] {
        let answer = world.cx().read(|tx| {
            let found = Storage.hours(tx, Kind::Order, &three, from(start))?;
            Ok(found.len())
        });
        assert_eq!(refused(answer), expected, "hours of three, from {start}");
        let answer = world.cx().read(|tx| {
            let dimension = Dimension::Category;
            let found = Storage.values(tx, Kind::Order, &two, dimension, from(start))?;
            Ok(found.len())
        });
        assert_eq!(refused(answer), expected, "values of two, from {start}");
        let answer = world.cx().read(|tx| {
            let found = hours_of_events(tx, Kind::Order, &Slice::everything(), from(start))?;
            Ok(found.len())
        });
        assert_eq!(refused(answer), expected, "hours_of_events, from {start}");
        let rolled_up = by_hour(&world, Kind::Order, &two, from(start));
        assert_eq!(
            rolled_up.len(),
            2,
            "hours of two, from {start}: {rolled_up:?}"
        );
    }
    let found = by_hour(&world, Kind::Order, &three, from(HOUR));
    assert_eq!(
        found,
        [(NOW + HOUR, 1, 1_000)],
        "hours of three, from the horizon on"
    );
    let found = by_value(&world, Kind::Order, &two, Dimension::Category, from(HOUR));
    assert_eq!(
        found,
        [("Poetry".to_owned(), 1, 1_000)],
        "values of two, from the horizon on"
    );
}

/// A question to the store.
type Work<'w> = Box<dyn Fn(&Tx) -> Result<usize, Problem> + 'w>;

/// What a question costs does not grow with what is not asked: other years, other countries, single events.
#[test]
fn a_question_costs_what_it_asks() {
    let world = world();
    let asked = |work: &Work| -> (usize, u64) {
        let before = world.app.database().steps();
        let found = world.read(|tx| work(tx));
        (found, world.app.database().steps() - before)
    };
    let span = hours(NOW, NOW + 24 * HOUR);
    let one = slice(&[(Dimension::Country, "AT")]);
    let two = slice(&[(Dimension::Country, "AT"), (Dimension::Device, "phone")]);
    let questions: Vec<(&str, Work)> = vec![
        (
            "a day",
            Box::new(|tx| {
                Ok(Storage
                    .hours(tx, Kind::Order, &Slice::everything(), span)?
                    .len())
            }),
        ),
        (
            "a day of one country",
            Box::new(|tx| Ok(Storage.hours(tx, Kind::Order, &one, span)?.len())),
        ),
        (
            "a day of a country and a device",
            Box::new(|tx| Ok(Storage.hours(tx, Kind::Order, &two, span)?.len())),
        ),
        (
            "a day's countries",
            Box::new(|tx| {
                Ok(Storage
                    .values(
                        tx,
                        Kind::Order,
                        &Slice::everything(),
                        Dimension::Country,
                        span,
                    )?
                    .len())
            }),
        ),
        (
            "a day's categories of one country",
            Box::new(|tx| {
                Ok(Storage
                    .values(tx, Kind::Order, &one, Dimension::Category, span)?
                    .len())
            }),
        ),
    ];
    let day = |from: i64| -> Vec<Event> {
        (0..24 * 4)
            .map(|quarter| {
                let at = from + quarter * 900;
                event(&format!("e{at}"), at)
            })
            .collect()
    };
    record(&world, &day(NOW));
    let before: Vec<u64> = questions.iter().map(|(_, work)| asked(work).1).collect();
    // Sixty other days, and ten times the events in the hours that are asked.
    for other in 1..=30 {
        record(&world, &day(NOW + other * 24 * HOUR));
        record(&world, &day(NOW - other * 24 * HOUR));
    }
    let more: Vec<Event> = (0..1_000)
        .map(|number| event(&format!("more{number}"), NOW + number * 86))
        .collect();
    record(&world, &more);
    let rows = [24, 24, 24, 1, 1];
    for (((name, work), before), rows) in questions.iter().zip(before).zip(rows) {
        let (found, after) = asked(work);
        assert_eq!(found, rows, "{name}: what the store answers");
        assert!(
            after <= before + 4,
            "{name}: SQLite worked {before}00 steps for it, and {after}00 now that other days are there, too"
        );
    }
}

/// Ten thousand events of one hour are added up before they are written: the roll-ups cost a part of what the events do.
#[test]
fn a_batch_writes_each_number_once() {
    let world = world();
    let cost = |first: i64, count: i64| -> u64 {
        let batch: Vec<Event> = (first..first + count)
            .map(|number| event(&format!("e{number}"), NOW + number % HOUR))
            .collect();
        let before = world.app.database().steps();
        record(&world, &batch);
        world.app.database().steps() - before
    };
    cost(0, 10);
    let (few, many) = (cost(10, 100), cost(200, 3_000));
    assert!(
        many < 2 * 30 * few,
        "3,000 events cost {many}00 steps of SQLite, 100 cost {few}00"
    );
    // With a row of its own written eleven times for each event it is several times as much.
    let each = many * 100 / 3_000;
    assert!(each < 120, "{each} steps of SQLite for an event");
}
