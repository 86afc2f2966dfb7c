use std::collections::BTreeSet;

use dashboard::filters::{Condition, MOST_VALUES, Selection, read};
use dashboard::given::problem::Problem;
use dashboard::given::shop::{Allowed, Dimension};
use rusqlite::Connection;

/// Values that mean something to an address, to a statement, or to a person.
const ODD: [&str; 14] = [
    "R&B",
    "50 % off",
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

/// Up to twenty values of one dimension can be chosen together; one more is refused.
#[test]
fn twenty_values_and_no_more() {
    assert_eq!(MOST_VALUES, 20, "the limit");
    let names: Vec<String> = (10..40).map(|number| format!("c{number}")).collect();
    let countries = names.iter().map(|name| (Dimension::Country, name.as_str()));
    let channels = names.iter().map(|name| (Dimension::Channel, name.as_str()));
    let allowed = Allowed::of(countries.chain(channels));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut pairs: Vec<_> = names[..20]
        .iter()
        .map(|name| pair("country", name))
        .collect();
    // What was chosen already does not count again, and every dimension counts for itself.
    pairs.push(pair("country", "c10"));
    pairs.push(pair("country", "c29"));
    pairs.push(pair("country", ""));
    pairs.extend(names[5..25].iter().map(|name| pair("channel", name)));
    let full: Result<Selection, Problem> = read(&pairs, &[], &allowed);
    let found = full.map(|selection| {
        let values = [Dimension::Country, Dimension::Channel]
            .map(|dimension| selection.values(dimension).len());
        (values, selection.condition().values.len())
    });
    assert_eq!(
        found.ok(),
        Some(([20, 20], 40)),
        "twenty countries and twenty channels"
    );
    pairs.push(pair("country", "c30"));
    match read(&pairs, &[], &allowed) {
        Ok(selection) => panic!(
            "21 countries were accepted: {:?}",
            selection.values(Dimension::Country)
        ),
        Err(problem) => assert_eq!(
            problem
                .errors()
                .iter()
                .map(|error| error.field.as_str())
                .collect::<Vec<&str>>(),
            ["country"],
            "the fields refused for 21 countries: {problem:?}"
        ),
    }
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
        for _ in 0..random.number(0..9) {
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
            "country=AT&country=DE&category=R%26B&device=AT",
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
