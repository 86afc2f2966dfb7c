use std::collections::BTreeSet;

use dashboard::filters::{Condition, MOST_SLICES, Selection, read};
use dashboard::given::allowed::Allowed;
use dashboard::given::events::{Dimension, Slice};
use dashboard::given::problem::Problem;
use rusqlite::Connection;

/// Values that mean something to an address, to a statement, or to a person.
const ODD: [&str; 16] = [
    "R&B",
    "50 % off",
    "50%20off",
    "a\tb\nc",
    "a=b",
    "c+d",
    "Küche",
    "料理",
    "🎈",
    "it's",
    "' OR '1'='1",
    "x'); DROP TABLE events; --",
    "%",
    "_",
    "#1/?;,:",
    "a~b-c.d_e",
];

fn allowed() -> Allowed {
    let countries = ["AT", "DE", "CH", "FR", "at"].map(|value| (Dimension::Country, value));
    let channels = ["web", "app", "shop"].map(|value| (Dimension::Channel, value));
    let devices = ["phone", "AT"].map(|value| (Dimension::Device, value));
    let categories = ODD.map(|value| (Dimension::Category, value));
    let all = countries
        .into_iter()
        .chain(channels)
        .chain(devices)
        .chain(categories);
    Allowed::of(all)
}

const OTHERS: [&str; 3] = ["from", "to", "zone"];

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn selected(pairs: &[(&str, &str)]) -> Selection {
    let answer: Result<Selection, Problem> = read(&owned(pairs), &OTHERS, &allowed());
    answer.unwrap_or_else(|problem| panic!("{pairs:?} was refused: {problem:?}"))
}

/// What a selection has of each dimension.
fn values(selection: &Selection) -> Vec<(Dimension, Vec<String>)> {
    let values = |dimension: Dimension| {
        let values: Vec<&str> = selection.values(dimension);
        (dimension, values.into_iter().map(str::to_owned).collect())
    };
    Dimension::ALL.into_iter().map(values).collect()
}

/// The fields that a refusal names, in its order.
fn refused(pairs: &[(&str, &str)]) -> Vec<String> {
    match read(&owned(pairs), &OTHERS, &allowed()) {
        Ok(selection) => panic!("{pairs:?} was accepted: {:?}", values(&selection)),
        Err(problem) => {
            let kind = (problem.status().as_u16(), problem.code());
            assert_eq!(kind, (422, "invalid_fields"), "{pairs:?}: {problem:?}");
            problem
                .errors()
                .iter()
                .map(|error| error.field.clone())
                .collect()
        }
    }
}

/// The pairs of a query, as the server reads it.
fn pairs_of(query: &str) -> Vec<(String, String)> {
    let uri: axum::http::Uri = format!("/?{query}").parse().unwrap_or_else(|error| {
        panic!("the link {query:?} is no part of an address: {error}");
    });
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    pairs
        .unwrap_or_else(|error| panic!("the link {query:?}: {error}"))
        .0
}

/// Of each dimension one can choose several values; what is chosen of one has nothing to do with the others.
#[test]
fn each_dimension_has_its_own_values() {
    let selection = selected(&[
        ("channel", "web"),
        ("country", "DE"),
        ("zone", "Europe/Berlin"),
        ("country", "AT"),
        ("category", "Küche"),
    ]);
    let expected: [(Dimension, &[&str]); 4] = [
        (Dimension::Country, &["AT", "DE"]),
        (Dimension::Channel, &["web"]),
        (Dimension::Category, &["Küche"]),
        (Dimension::Device, &[]),
    ];
    for (dimension, wanted) in expected {
        let found: Vec<&str> = selection.values(dimension);
        assert_eq!(found, wanted, "what is chosen of {dimension:?}");
    }
    for pairs in [
        &[][..],
        &[("from", "x"), ("to", ""), ("zone", "country=AT")],
    ] {
        for (dimension, found) in values(&selected(pairs)) {
            assert_eq!(found, [""; 0], "what {pairs:?} chooses of {dimension:?}");
        }
    }
    let none: Vec<&str> = Vec::new();
    let default = Selection::default();
    assert_eq!(
        default.values(Dimension::Country),
        none,
        "what is chosen before anybody chose"
    );
}

/// The same value twice counts once, and an empty one, as a form sends it for "all", chooses nothing.
#[test]
fn twice_is_once_and_empty_is_nothing() {
    let twice = selected(&[("country", "AT"), ("country", "AT"), ("country", "")]);
    assert_eq!(
        twice.values(Dimension::Country),
        ["AT"],
        "AT, AT and nothing"
    );
    assert_eq!(
        twice.link(),
        "country=AT",
        "the link for AT, AT and nothing"
    );
    let empty = selected(&[
        ("country", ""),
        ("country", ""),
        ("channel", ""),
        ("device", ""),
    ]);
    assert_eq!(empty.link(), "", "the link for nothing");
    assert_eq!(
        empty.condition().values,
        [""; 0],
        "what is bound for nothing"
    );
}

/// A value has to stand on the list of its dimension, to the letter.
#[test]
fn values_come_from_the_list() {
    for (name, value) in [
        ("country", "IT"),
        ("country", "De"),
        ("country", "dE"),
        ("country", " AT"),
        ("country", "AT "),
        ("country", "AT\0"),
        ("country", "A"),
        ("country", "ATT"),
        ("country", "AT,DE"),
        ("country", "%"),
        ("country", "_T"),
        ("country", "web"),
        ("country", " "),
        ("country", "AT' OR '1'='1"),
        ("channel", "AT"),
        ("channel", "Web"),
        ("device", "DE"),
        ("device", "at"),
        ("category", "Kuche"),
        ("category", "KÜCHE"),
        ("category", "Ku\u{308}che"),
        ("category", "R%26B"),
        ("category", "r&b"),
    ] {
        assert_eq!(
            refused(&[(name, value)]),
            [name],
            "the fields refused for {name}={value:?}"
        );
    }
    for value in ODD {
        let selection = selected(&[("category", value)]);
        assert_eq!(
            selection.values(Dimension::Category),
            [value],
            "a value of the list"
        );
    }
    assert_eq!(
        selected(&[("country", "at")]).values(Dimension::Country),
        ["at"],
        "another value than AT"
    );
    let nobody = read(&owned(&[("country", "AT")]), &OTHERS, &Allowed::default());
    assert!(
        nobody.is_err(),
        "a value while nothing is allowed: {nobody:?}"
    );
}

/// What the list does not know is refused by its name, all of it at once, in the order in which it came.
#[test]
fn everything_unknown_is_refused_by_name() {
    for name in [
        "contry",
        "Country",
        "COUNTRY",
        "country ",
        " country",
        "countries",
        "country[]",
        "countr",
        "",
        "id",
        "at",
        "amount",
        "1=1",
        "country) OR (1",
        "page",
        "From",
        "zones",
        "fro",
    ] {
        assert_eq!(
            refused(&[(name, "AT")]),
            [name],
            "the fields refused for the name {name:?}"
        );
        assert_eq!(
            refused(&[(name, "")]),
            [name],
            "the fields refused for the name {name:?} without a value"
        );
    }
    assert_eq!(
        refused(&[
            ("colour", "red"),
            ("country", "DE"),
            ("country", "XX"),
            ("from", "2018-05-01"),
            ("channel", "fax"),
            ("country", "YY"),
            ("size", "XL"),
        ]),
        ["colour", "country", "channel", "country", "size"],
        "five of seven are wrong"
    );
    let strange = read(&owned(&[("from", "2018-05-01")]), &[], &allowed());
    assert!(
        strange.is_err(),
        "`from` where it is not among the others: {strange:?}"
    );
}

/// What a page asks for besides filters may come once only.
#[test]
fn other_parameters_come_once() {
    assert_eq!(
        refused(&[("from", "a"), ("from", "a")]),
        ["from"],
        "twice the same"
    );
    assert_eq!(
        refused(&[("zone", "a"), ("from", ""), ("zone", "b")]),
        ["zone"],
        "two zones"
    );
    assert_eq!(
        refused(&[("to", "a"), ("to", "b"), ("to", "c")]),
        ["to", "to"],
        "three ends"
    );
    assert_eq!(refused(&[("to", ""), ("to", "")]), ["to"], "two empty ends");
    assert_eq!(
        selected(&[("from", "a"), ("to", "a"), ("zone", "a")]).link(),
        "",
        "each of them once"
    );
}

/// What `read` says to these pairs when every value from c10 to c39 is allowed in every dimension.
fn read_many(pairs: &[(&str, u8)]) -> Result<Selection, Vec<String>> {
    let names: Vec<String> = (10..40).map(|number| format!("c{number}")).collect();
    let of = |dimension: Dimension| names.iter().map(move |name| (dimension, name.as_str()));
    let allowed = Allowed::of(Dimension::ALL.into_iter().flat_map(of));
    let pair = |(name, number): &(&str, u8)| ((*name).to_owned(), format!("c{number}"));
    let pairs: Vec<(String, String)> = pairs.iter().map(pair).collect();
    read(&pairs, &[], &allowed).map_err(|problem| {
        assert_eq!(problem.code(), "invalid_fields", "{pairs:?}: {problem:?}");
        let fields = problem.errors().iter().map(|error| error.field.clone());
        fields.collect()
    })
}

/// A selection has up to twenty slices; each value with which there would be more is refused.
#[test]
fn twenty_slices_and_no_more() {
    assert_eq!(MOST_SLICES, 20, "the limit");
    let some = |name: &'static str, count: u8| (10..10 + count).map(move |number| (name, number));
    let full: Vec<Vec<(&str, u8)>> = vec![
        some("country", 20).collect(),
        some("country", 20).chain(some("country", 20)).collect(),
        some("country", 20)
            .chain(some("channel", 1))
            .chain(some("device", 1))
            .collect(),
        some("country", 4).chain(some("channel", 5)).collect(),
        some("device", 10).chain(some("category", 2)).collect(),
        some("country", 2)
            .chain(some("channel", 2))
            .chain(some("device", 5))
            .collect(),
    ];
    for pairs in &full {
        let slices = read_many(pairs).map(|selection| selection.slices().len());
        assert_eq!(slices, Ok(20), "the slices of {pairs:?}");
    }
    for (more, names) in [
        (vec![("country", 30)], vec!["country"]),
        (
            vec![("country", 10), ("country", 31), ("country", 32)],
            vec!["country", "country"],
        ),
        (
            vec![("channel", 31), ("channel", 32), ("device", 11)],
            vec!["channel"],
        ),
    ] {
        let pairs: Vec<(&str, u8)> = some("country", 20).chain(more).collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let answer = read_many(&pairs).map(|selection| selection.slices().len());
        assert_eq!(answer, Err(names), "the fields refused for {pairs:?}");
    }
    for (pairs, names) in [
        (
            some("country", 5)
                .chain(some("channel", 5))
                .collect::<Vec<_>>(),
            vec!["channel"],
        ),
        (
            some("country", 3).chain(some("channel", 7)).collect(),
            vec!["channel"],
        ),
        (
            // 16 slices; a third device would make 24, and a third channel, too.
            [
                ("country", 4),
                ("channel", 2),
                ("device", 3),
                ("channel", 3),
            ]
            .into_iter()
            .flat_map(|(name, count)| some(name, count))
            .collect(),
            vec!["device", "channel"],
        ),
    ] {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let answer = read_many(&pairs).map(|selection| selection.slices().len());
        assert_eq!(answer, Err(names), "the fields refused for {pairs:?}");
    }
    let mut clicked = Selection::default();
    for number in 10..31 {
        clicked = clicked.toggled(Dimension::Country, &format!("c{number}"));
    }
    assert_eq!(
        clicked.values(Dimension::Country).len(),
        21,
        "values after 21 clicks"
    );
}

/// Four times thirty values are refused without a slice being made for each combination.
#[test]
fn far_too_many_values_are_refused() {
    let all = |name: &'static str| (10..40).map(move |number| (name, number));
    let pairs: Vec<(&str, u8)> = ["country", "channel", "device", "category"]
        .into_iter()
        .flat_map(all)
        .collect();
    let refused = read_many(&pairs).map(|selection| selection.slices().len());
    assert_eq!(
        refused.map_err(|fields| fields.len()),
        Err(10 + 29 * 3),
        "refused of 120 values"
    );
}

/// The slices have each value of one dimension with each of the others; together they are what is chosen.
#[test]
fn slices_are_all_combinations() {
    for (pairs, expected) in [
        (&[][..], vec![Slice::everything()]),
        (&[("zone", "x"), ("country", "")], vec![Slice::everything()]),
        (
            &[("country", "AT")],
            vec![Slice::everything().with(Dimension::Country, "AT")],
        ),
        (
            &[("device", "AT"), ("device", "phone")],
            vec![
                Slice::everything().with(Dimension::Device, "AT"),
                Slice::everything().with(Dimension::Device, "phone"),
            ],
        ),
    ] {
        let mut slices: Vec<Slice> = selected(pairs).slices();
        slices.sort();
        assert_eq!(slices, expected, "the slices for {pairs:?}");
    }
    let selection = selected(&[
        ("country", "AT"),
        ("category", "R&B"),
        ("country", "DE"),
        ("channel", "web"),
        ("category", "%"),
        ("category", "it's"),
    ]);
    let mut wanted: Vec<Slice> = Vec::new();
    for country in ["AT", "DE"] {
        for category in ["%", "R&B", "it's"] {
            let slice = Slice::everything().with(Dimension::Channel, "web");
            wanted.push(
                slice
                    .with(Dimension::Country, country)
                    .with(Dimension::Category, category),
            );
        }
    }
    wanted.sort();
    let mut slices: Vec<Slice> = selection.slices();
    slices.sort();
    assert_eq!(
        slices, wanted,
        "two countries, one channel, three categories"
    );
    let emptied = selection.toggled(Dimension::Channel, "web");
    let mut slices: Vec<Slice> = emptied.slices();
    slices.sort();
    let without_channel = |slice: &Slice| slice.value(Dimension::Channel).is_none();
    assert_eq!(
        (slices.len(), slices.iter().all(without_channel)),
        (6, true),
        "the slices after the channel was taken away: {slices:?}"
    );
}

/// Equal selections have equal links: dimensions in their order, values sorted, nothing twice, in the alphabet of addresses.
#[test]
fn equal_selections_have_equal_links() {
    for (pairs, link) in [
        (&[][..], ""),
        (&[("country", "AT")], "country=AT"),
        (
            &[
                ("device", "phone"),
                ("channel", "web"),
                ("country", "DE"),
                ("channel", "app"),
                ("country", "AT"),
            ],
            "country=AT&country=DE&channel=app&channel=web&device=phone",
        ),
        (
            &[
                ("country", "at"),
                ("country", "DE"),
                ("zone", "UTC"),
                ("country", "AT"),
                ("country", "DE"),
            ],
            "country=AT&country=DE&country=at",
        ),
        (&[("category", "50 % off")], "category=50%20%25%20off"),
        (
            &[("category", "50%20off"), ("category", "a\tb\nc")],
            "category=50%2520off&category=a%09b%0Ac",
        ),
        (
            &[
                ("category", "R&B"),
                ("category", "a=b"),
                ("category", "c+d"),
            ],
            "category=R%26B&category=a%3Db&category=c%2Bd",
        ),
        (
            &[("category", "Küche"), ("category", "it's")],
            "category=K%C3%BCche&category=it%27s",
        ),
        (
            &[("category", "a~b-c.d_e"), ("category", "#1/?;,:")],
            "category=%231%2F%3F%3B%2C%3A&category=a~b-c.d_e",
        ),
        (&[("category", "🎈")], "category=%F0%9F%8E%88"),
    ] {
        assert_eq!(selected(pairs).link(), link, "the link for {pairs:?}");
    }
}

/// Whoever opens a link has the selection from which it was made, whatever its values hold.
#[test]
fn a_link_gives_its_selection_back() {
    let mut random = support::seeded(0x1824);
    for round in 0..300 {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for _ in 0..random.number(0..4) {
            pairs.push(*random.pick(&[
                ("country", "AT"),
                ("country", "DE"),
                ("country", "at"),
                ("channel", "web"),
                ("device", "AT"),
            ]));
            pairs.push(("category", *random.pick(&ODD)));
        }
        let selection = selected(&pairs);
        let link: String = selection.link();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%&=".contains(&byte);
        assert!(link.bytes().all(plain), "characters of the link {link:?}");
        let again = read(&pairs_of(&link), &[], &allowed());
        let again = again.map(|selection| values(&selection));
        assert_eq!(
            again.ok(),
            Some(values(&selection)),
            "round {round}: what {link:?} chooses"
        );
        random.shuffle(&mut pairs);
        assert_eq!(
            selected(&pairs).link(),
            link,
            "round {round}: in another order, {pairs:?}"
        );
    }
}

/// One click more: a value that is not chosen is chosen then, one that is chosen no more; all others stay.
#[test]
fn a_click_adds_a_value_or_takes_it_away() {
    let before = selected(&[("country", "AT"), ("country", "DE"), ("device", "AT")]);
    for (dimension, value, link) in [
        (
            Dimension::Country,
            "FR",
            "country=AT&country=DE&country=FR&device=AT",
        ),
        (Dimension::Country, "AT", "country=DE&device=AT"),
        (Dimension::Device, "AT", "country=AT&country=DE"),
        (
            Dimension::Channel,
            "web",
            "country=AT&country=DE&channel=web&device=AT",
        ),
        (
            Dimension::Category,
            "R&B",
            "country=AT&country=DE&device=AT&category=R%26B",
        ),
    ] {
        let after: Selection = before.toggled(dimension, value);
        assert_eq!(after.link(), link, "the link after {dimension:?} {value}");
        let back = after.toggled(dimension, value);
        assert_eq!(
            back.link(),
            before.link(),
            "the link after {dimension:?} {value}, twice"
        );
    }
    assert_eq!(
        before.link(),
        "country=AT&country=DE&device=AT",
        "the selection itself stays"
    );
    let none = before.toggled(Dimension::Device, "AT");
    assert_eq!(
        none.values(Dimension::Device),
        [""; 0],
        "the device after it was taken away"
    );
    assert_eq!(none.condition().values, ["AT", "DE"], "what is bound then");
    assert_eq!(
        rows(&none).len(),
        rows(&selected(&[("country", "AT"), ("country", "DE")])).len(),
        "rows found then"
    );
}

/// A table with each combination of values, and some that nobody can choose.
fn table() -> Connection {
    let database = Connection::open_in_memory().expect("a database in memory");
    database
        .execute_batch(
            "CREATE TABLE events (id INTEGER PRIMARY KEY, country TEXT, channel TEXT, category TEXT, device TEXT)",
        )
        .expect("a fresh table");
    let mut insert = database
        .prepare("INSERT INTO events (country, channel, category, device) VALUES (?1, ?2, ?3, ?4)")
        .expect("a statement");
    for country in ["AT", "DE", "at", "XX"] {
        for channel in ["web", "app"] {
            for category in ODD.iter().chain(&["", "r&b"]) {
                for device in ["AT", "phone"] {
                    insert
                        .execute([country, channel, category, device])
                        .expect("a row");
                }
            }
        }
    }
    drop(insert);
    database
}

/// The ids that the condition of a selection finds, between two other conditions.
fn rows(selection: &Selection) -> BTreeSet<i64> {
    let database = table();
    let Condition { sql, values } = selection.condition();
    let statement = format!("SELECT id FROM events WHERE id > ? AND {sql} AND id < ? ORDER BY id");
    let mut bound: Vec<rusqlite::types::Value> = vec![10.into()];
    bound.extend(values.into_iter().map(Into::into));
    bound.push(240.into());
    let mut prepared = database
        .prepare(&statement)
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    let ids = prepared.query_map(rusqlite::params_from_iter(&bound), |row| row.get(0));
    let ids = ids.unwrap_or_else(|error| panic!("{statement} with {bound:?}: {error}"));
    ids.map(|id| id.expect("an id")).collect()
}

/// The same, looked up row by row.
fn expected_rows(selection: &Selection) -> BTreeSet<i64> {
    let database = table();
    let mut all = database
        .prepare(
            "SELECT id, country, channel, category, device FROM events WHERE id > 10 AND id < 240",
        )
        .expect("a statement");
    let mut rows = all.query([]).expect("the rows");
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next().expect("a row") {
        let fits = Dimension::ALL.into_iter().all(|dimension| {
            let chosen = selection.values(dimension);
            let value: String = row.get(dimension.name()).expect("a text");
            chosen.is_empty() || chosen.contains(&value.as_str())
        });
        if fits {
            found.insert(row.get(0).expect("an id"));
        }
    }
    found
}

/// The condition finds the rows that have one of the values of each dimension, and stands well between others.
#[test]
fn the_condition_finds_what_is_chosen() {
    let mut random = support::seeded(0x1825);
    for round in 0..60 {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for name in ["country", "channel", "category", "device"] {
            let list: &[&str] = match name {
                "country" => &["AT", "DE", "at", "FR"],
                "channel" => &["web", "app", "shop"],
                "device" => &["AT", "phone"],
                _ => &ODD,
            };
            for _ in 0..random.number(0..4) {
                pairs.push((name, *random.pick(list)));
            }
        }
        let selection = selected(&pairs);
        assert_eq!(
            rows(&selection),
            expected_rows(&selection),
            "round {round}: the rows for {pairs:?}"
        );
    }
    assert_eq!(
        rows(&Selection::default()).len(),
        229,
        "the rows for everything"
    );
}

/// No value is in the statement: its text depends on how many there are, and not on what they say.
#[test]
fn values_are_bound_and_never_written() {
    let mut texts = BTreeSet::new();
    for value in ODD {
        let selection = selected(&[
            ("category", value),
            ("country", "AT"),
            ("category", "R&B"),
            ("category", "%"),
        ]);
        let condition: Condition = selection.condition();
        let mut bound = condition.values;
        bound.sort();
        let mut wanted = vec!["AT", "R&B", "%", value];
        wanted.sort_unstable();
        wanted.dedup();
        assert_eq!(bound, wanted, "what is bound for {value}");
        assert_eq!(
            condition.sql.matches('?').count(),
            wanted.len(),
            "places in {}",
            condition.sql
        );
        let foreign = |c: char| !(c.is_ascii_alphanumeric() || " \n\"?,()=_.".contains(c));
        assert!(
            !condition.sql.contains(foreign),
            "characters of the statement {:?}",
            condition.sql
        );
        if wanted.len() == 4 {
            texts.insert(condition.sql);
        }
    }
    assert_eq!(
        texts.len(),
        1,
        "statements for selections of one shape: {texts:?}"
    );
    for (pairs, bound) in [
        (&[("device", "phone"), ("country", "DE")][..], 2),
        (&[("channel", "web"), ("channel", "app")], 2),
        (&[], 0),
    ] {
        assert_eq!(
            selected(pairs).condition().values.len(),
            bound,
            "values bound for {pairs:?}"
        );
    }
}
