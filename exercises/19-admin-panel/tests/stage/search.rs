use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use admin_panel::given::app::{App, Client, Cx, Parts};
use admin_panel::given::clock::ManualClock;
use admin_panel::given::config::Config;
use admin_panel::given::database::{Database, Durability};
use admin_panel::given::problem::Problem;
use admin_panel::given::rights::{Permission, Place};
use admin_panel::given::standins::{self, Journal};
use admin_panel::search::{
    Asked, INDEXES, Order, Page, Person, find_orders, find_people, orders, people,
};
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};
use support::Seeded;

/// 2017-07-14T02:40:00Z
const START: i64 = 1_500_000_000;

fn database() -> Connection {
    let connection = support::database::in_memory();
    let schema = include_str!("../../src/given/migrations/001_panel.sql");
    for batch in [
        schema,
        "INSERT INTO branches VALUES (1, 'Bath'), (2, 'Leeds'), (3, 'York'), (4, 'Hull');
         INSERT INTO roles VALUES (1, 'owner'), (2, 'manager'), (3, 'clerk');",
        INDEXES,
        // A program opens its database more than once.
        INDEXES,
    ] {
        connection.execute_batch(batch).expect("the tables");
    }
    connection
}

fn person(connection: &Connection, id: i64, name: &str, email: &str, status: &str, created: i64) {
    let sql = "INSERT INTO users (id, name, email, password_hash, created_at, disabled_at)
               VALUES (?1, ?2, ?3, 'a hash', ?4, iif(?5 = 'disabled', ?4 + 1, NULL))";
    connection
        .execute(sql, (id, name, email, START + created, status))
        .unwrap_or_else(|error| panic!("the person {name}: {error}"));
}

fn order(connection: &Connection, id: i64, customer: &str, branch: i64, status: &str, cents: i64) {
    let sql =
        "INSERT INTO orders (id, customer, branch_id, state, cents) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection
        .execute(sql, (id, customer, branch, status, cents))
        .unwrap_or_else(|error| panic!("the order {id}: {error}"));
}

fn asked(fields: &[(&str, &str)]) -> Asked {
    let mut asked = Asked::default();
    for (name, value) in fields {
        let value = Some((*value).to_owned());
        match *name {
            "q" => asked.q = value,
            "status" => asked.status = value,
            "sort" => asked.sort = value,
            "limit" => asked.limit = value,
            "cursor" => asked.cursor = value,
            other => panic!("no field {other}"),
        }
    }
    asked
}

/// One of the two lists, as its ids.
#[derive(Clone, Copy, Debug, PartialEq)]
enum List {
    People,
    Orders(Option<&'static [i64]>),
}

/// Ids, and the cursor of the next page.
type Ids = (Vec<i64>, Option<String>);

fn list(connection: &Connection, list: List, fields: &[(&str, &str)]) -> Result<Ids, Problem> {
    match list {
        List::People => {
            let page: Page<Person> = find_people(connection, &asked(fields))?;
            let ids = page.items.iter().map(|person| person.id).collect();
            Ok((ids, page.next_cursor))
        }
        List::Orders(branch) => {
            let page: Page<Order> = find_orders(connection, branch, &asked(fields))?;
            let ids = page.items.iter().map(|order| order.id).collect();
            Ok((ids, page.next_cursor))
        }
    }
}

fn listed(connection: &Connection, which: List, fields: &[(&str, &str)]) -> Ids {
    list(connection, which, fields).unwrap_or_else(|problem| {
        let (code, errors) = (problem.code(), problem.errors());
        panic!("{which:?} {fields:?} was refused: {code} {errors:?}")
    })
}

/// Status, code and the names of the fields that are wrong, in any order.
fn refused(
    connection: &Connection,
    which: List,
    fields: &[(&str, &str)],
) -> (u16, String, BTreeSet<String>) {
    match list(connection, which, fields) {
        Ok((ids, _)) => panic!("{which:?} {fields:?} was answered with {} rows", ids.len()),
        Err(problem) => (
            problem.status().as_u16(),
            problem.code().to_owned(),
            problem
                .errors()
                .iter()
                .map(|error| error.field.clone())
                .collect(),
        ),
    }
}

fn names(fields: &[&str]) -> BTreeSet<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

/// A row of people shows what the tables say, each role once and in the order of the alphabet; the newest stands first.
#[test]
fn a_person_is_shown_as_they_are() {
    let connection = database();
    person(
        &connection,
        7,
        "Ada Reader",
        "ada@lantern.example",
        "active",
        5,
    );
    person(&connection, 3, "Ben", "ben@lantern.example", "disabled", 9);
    for (role, branch) in [(1, None), (3, Some(1)), (3, Some(2)), (2, Some(1))] {
        let sql = "INSERT INTO grants (user_id, role_id, branch_id) VALUES (7, ?1, ?2)";
        connection.execute(sql, (role, branch)).expect("a role");
    }
    let page: Page<Person> = find_people(&connection, &Asked::default()).expect("a page");
    insta::assert_json_snapshot!(page, @r#"
    {
      "items": [
        {
          "id": 3,
          "name": "Ben",
          "email": "ben@lantern.example",
          "status": "disabled",
          "roles": [],
          "created_at": "2017-07-14T02:40:09Z"
        },
        {
          "id": 7,
          "name": "Ada Reader",
          "email": "ada@lantern.example",
          "status": "active",
          "roles": [
            "clerk",
            "manager",
            "owner"
          ],
          "created_at": "2017-07-14T02:40:05Z"
        }
      ],
      "next_cursor": null
    }
    "#);
    for sort in ["-email", "email", "created"] {
        let by_sort: Page<Person> =
            find_people(&connection, &asked(&[("sort", sort)])).expect("a page");
        let same = by_sort.items.iter().all(|row| {
            let row = format!("{row:?}");
            page.items.iter().any(|other| format!("{other:?}") == row)
        });
        assert!(same, "the rows by {sort}: {:?}", by_sort.items);
    }
}

/// A row of orders shows what the tables say; the highest number stands first.
#[test]
fn an_order_is_shown_as_it_is() {
    let connection = database();
    order(&connection, 4, "Ada Reader", 2, "paid", 1990);
    order(&connection, 9, "Ben Writer", 1, "refunded", 250);
    let page: Page<Order> = find_orders(&connection, None, &Asked::default()).expect("a page");
    insta::assert_json_snapshot!(page, @r#"
    {
      "items": [
        {
          "id": 9,
          "customer": "Ben Writer",
          "branch": "Bath",
          "status": "refunded",
          "cents": 250
        },
        {
          "id": 4,
          "customer": "Ada Reader",
          "branch": "Leeds",
          "status": "paid",
          "cents": 1990
        }
      ],
      "next_cursor": null
    }
    "#);
}

/// Every word must stand somewhere in the name or in the address, whatever its place, its order and the case of A to Z.
#[test]
fn words_are_found_wherever_they_stand() {
    let connection = database();
    person(
        &connection,
        1,
        "Ada Reader",
        "ada@lantern.example",
        "active",
        0,
    );
    person(
        &connection,
        2,
        "Ben Reader",
        "ben@paper.example",
        "active",
        0,
    );
    person(
        &connection,
        3,
        "Élodie Noir",
        "elodie@paper.example",
        "active",
        0,
    );
    person(
        &connection,
        4,
        "Ada",
        "ada.writer@paper.example",
        "active",
        0,
    );
    for (q, expected) in [
        ("ada", &[1, 4][..]),
        ("ADA", &[1, 4]),
        ("reader ada", &[1]),
        ("  ada\t\u{3000}reader ", &[1]),
        ("ada paper", &[4]),
        ("ead", &[1, 2]),
        ("READER PAPER", &[2]),
        ("ada ben", &[]),
        ("adareader", &[]),
        ("Élodie", &[3]),
        ("ÉLODIE", &[3]),
        ("élodie", &[]),
        ("@", &[1, 2, 3, 4]),
        ("Ada ada ADA", &[1, 4]),
        ("   ", &[1, 2, 3, 4]),
        ("", &[1, 2, 3, 4]),
        ("clerk", &[]),
        ("hash", &[]),
        ("1500000000", &[]),
        ("active", &[]),
    ] {
        let (ids, _) = listed(&connection, List::People, &[("q", q), ("sort", "created")]);
        assert_eq!(ids, expected, "people for {q:?}");
    }
    order(&connection, 51, "Ada Reader", 1, "paid", 5);
    order(&connection, 52, "Ben Reader", 1, "paid", 5);
    for (q, expected) in [
        ("5", &[51, 52][..]),
        ("52", &[52]),
        ("reader 51", &[51]),
        ("READ", &[51, 52]),
        ("51 52", &[]),
        ("51.0", &[]),
        ("paid", &[]),
        ("Bath", &[]),
    ] {
        let (ids, _) = listed(
            &connection,
            List::Orders(None),
            &[("q", q), ("sort", "number")],
        );
        assert_eq!(ids, expected, "orders for {q:?}");
    }
}

/// Wildcards, quotes, comments, placeholders, other scripts: whatever a person types is text, and finds only itself.
#[test]
fn what_a_person_types_is_text() {
    let connection = database();
    let texts = [
        "100%", "a_b", "c\\d", "O'Neill", "say\"so", "x;--", "/*y", "*z", "[a-c]", "?1", ":q",
        "{q}", "📚", "渡辺", "\\%", "e\u{301}", "^f", "$1", "`g", "a.b", "NULL", "%_%",
    ];
    for (id, text) in (1..).zip(texts) {
        person(
            &connection,
            id,
            &format!("one {text} two"),
            &format!("p{id}@lantern.example"),
            "active",
            0,
        );
        order(
            &connection,
            id,
            &format!("one {text} two"),
            1,
            "refunded",
            5,
        );
    }
    person(
        &connection,
        98,
        "one 1000 aXb cd ONeill two",
        "p98@lantern.example",
        "active",
        0,
    );
    order(
        &connection,
        98,
        "one 1000 aXb cd ONeill two",
        1,
        "refunded",
        5,
    );
    let more = [
        "%",
        "_",
        "\\",
        "'",
        "\"",
        "' OR '1'='1",
        "p1%",
        "%%",
        "__",
        "'; DROP TABLE users; --",
    ];
    for text in texts.into_iter().chain(more) {
        for (which, sort) in [(List::People, "created"), (List::Orders(None), "number")] {
            let holds = |other: &str| {
                let name = format!("one {other} two").to_ascii_lowercase();
                text.split_whitespace()
                    .all(|word| name.contains(&word.to_ascii_lowercase()))
            };
            let expected: Vec<i64> = (1..)
                .zip(texts)
                .filter(|(_, other)| holds(other))
                .map(|(id, _)| id)
                .collect();
            let (ids, _) = listed(
                &connection,
                which,
                &[("q", text), ("sort", sort), ("limit", "100")],
            );
            assert_eq!(ids, expected, "{which:?} for {text:?}");
        }
    }
    for nul in ["one\0", "\0", "one\0two", "one \0"] {
        let (ids, _) = listed(&connection, List::People, &[("q", nul)]);
        assert!(
            ids.is_empty(),
            "nobody has a NUL in the name, and {nul:?} found {ids:?}"
        );
    }
}

/// A text of 100 characters is looked for, one of 101 is refused; it is characters that count.
#[test]
fn a_text_has_a_longest_length() {
    for letter in ["a", "渡", "📚"] {
        let connection = database();
        let name = letter.repeat(100);
        person(&connection, 1, &name, "long@lantern.example", "active", 0);
        let (ids, _) = listed(&connection, List::People, &[("q", &name)]);
        assert_eq!(ids, [1], "100 times {letter}");
        for which in [List::People, List::Orders(Some(&[1]))] {
            for longer in [letter.repeat(101), letter.repeat(60_000), " ".repeat(101)] {
                let answer = refused(&connection, which, &[("q", &longer)]);
                assert_eq!(
                    answer,
                    (422, "invalid_fields".to_owned(), names(&["q"])),
                    "{which:?}: {} characters",
                    longer.chars().count()
                );
            }
        }
    }
    let connection = database();
    let many_words = "a ".repeat(50);
    person(&connection, 1, "a", "b@lantern.example", "active", 0);
    let (ids, _) = listed(&connection, List::People, &[("q", &many_words)]);
    assert_eq!(ids, [1], "fifty words");
}

/// A status that the list has narrows it, alone and with words; another one, or in another case, is refused.
#[test]
fn a_status_narrows_the_list() {
    let connection = database();
    let known = [
        (List::People, ["active", "disabled"]),
        (List::Orders(None), ["paid", "refunded"]),
    ];
    for (id, status) in (1..).zip(known[0].1.iter().chain(&known[0].1)) {
        person(
            &connection,
            id,
            &format!("n{}", id % 2),
            &format!("p{id}@lantern.example"),
            status,
            0,
        );
    }
    for (id, status) in (1..).zip(known[1].1.iter().chain(&known[1].1)) {
        order(&connection, id, &format!("n{}", id % 2), 1, status, 5);
    }
    for (which, statuses) in known {
        let up = if which == List::People {
            "created"
        } else {
            "number"
        };
        for (at, status) in (1..).zip(statuses) {
            let (ids, _) = listed(&connection, which, &[("status", status), ("sort", up)]);
            assert_eq!(ids, [at, at + 2], "{which:?} with status {status}");
            let both = [("status", status), ("q", "n1"), ("sort", up)];
            let expected: Vec<i64> = ids.into_iter().filter(|id| id % 2 == 1).collect();
            assert_eq!(
                listed(&connection, which, &both).0,
                expected,
                "{which:?}: {both:?}"
            );
        }
        let wrong = [
            "Active",
            "PAID",
            "gone",
            "invited",
            "1",
            "active ",
            " open",
            "active,disabled",
            "' OR 1=1 --",
            "%",
            "a",
            "0",
            "null",
            "\0",
        ];
        let other = if which == List::People {
            "paid"
        } else {
            "active"
        };
        for status in wrong.into_iter().chain([other]) {
            let answer = refused(&connection, which, &[("status", status)]);
            assert_eq!(
                answer,
                (422, "invalid_fields".to_owned(), names(&["status"])),
                "{which:?} with status {status:?}"
            );
        }
        let (all, _) = listed(
            &connection,
            which,
            &[
                ("status", ""),
                ("q", ""),
                ("sort", ""),
                ("limit", ""),
                ("cursor", ""),
            ],
        );
        assert_eq!(all, [4, 3, 2, 1], "{which:?}: empty fields are none");
    }
}

/// A list is sorted by the columns that it has, in both directions; among equals the id decides, in the same direction.
#[test]
fn a_list_is_sorted_both_ways() {
    let connection = database();
    person(&connection, 1, "a", "m@lantern.example", "active", 5);
    person(&connection, 2, "b", "c@lantern.example", "active", 9);
    person(&connection, 3, "c", "x@lantern.example", "active", 5);
    person(&connection, 4, "d", "a@lantern.example", "active", 0);
    order(&connection, 10, "a", 1, "refunded", 900);
    order(&connection, 2, "b", 1, "refunded", 1000);
    order(&connection, 3, "c", 1, "refunded", 900);
    order(&connection, 4, "d", 1, "refunded", -5);
    for (which, sort, expected) in [
        (List::People, "created", [4, 1, 3, 2]),
        (List::People, "-created", [2, 3, 1, 4]),
        (List::People, "email", [4, 2, 1, 3]),
        (List::People, "-email", [3, 1, 2, 4]),
        (List::Orders(None), "number", [2, 3, 4, 10]),
        (List::Orders(None), "-number", [10, 4, 3, 2]),
        (List::Orders(None), "total", [4, 3, 10, 2]),
        (List::Orders(None), "-total", [2, 10, 3, 4]),
    ] {
        let (ids, _) = listed(&connection, which, &[("sort", sort)]);
        assert_eq!(ids, expected, "{which:?} by {sort}");
        if sort == "-created" || sort == "-number" {
            assert_eq!(
                listed(&connection, which, &[]).0,
                expected,
                "{which:?} when nothing is said"
            );
        }
    }
    for (which, other) in [(List::People, "number"), (List::Orders(None), "created")] {
        for sort in [
            other,
            "id",
            "name",
            "status",
            "cents",
            "created_at",
            "--created",
            "--total",
            "-",
            "+created",
            "+total",
            "Created",
            "Total",
            "created ",
            "total ",
            "-created-",
            "total desc",
            "created desc",
            "created,email",
            "1",
            "(SELECT 1)",
            "created; DROP TABLE users",
            "-created--",
            "\0",
        ] {
            let answer = refused(&connection, which, &[("sort", sort)]);
            assert_eq!(
                answer,
                (422, "invalid_fields".to_owned(), names(&["sort"])),
                "{which:?} by {sort:?}"
            );
        }
    }
}

/// A row for the independent formula below.
struct Row {
    id: i64,
    name: &'static str,
    email: String,
    seconds: i64,
    cents: i64,
    person: &'static str,
    order: &'static str,
    branch: i64,
}

fn fill(connection: &Connection, random: &mut Seeded, count: usize) -> Vec<Row> {
    let mut ids: Vec<i64> = (1..=90).collect();
    random.shuffle(&mut ids);
    let mut rows = Vec::new();
    for id in ids.into_iter().take(count) {
        let row = Row {
            id,
            name: ["Reader", "Writer"][random.size(0..2)],
            email: format!("{}{id}@lantern.example", random.word(1..4)),
            seconds: *random.pick(&[0, 1, 2, 3, 4]),
            cents: *random.pick(&[-2, -1, 0, 1, 2, 3, 1 << 60]),
            person: ["active", "disabled"][random.size(0..2)],
            order: ["paid", "refunded"][random.size(0..2)],
            branch: *random.pick(&[1, 2, 3]),
        };
        person(
            connection,
            id,
            row.name,
            &row.email,
            row.person,
            row.seconds,
        );
        order(connection, id, row.name, row.branch, row.order, row.cents);
        rows.push(row);
    }
    rows
}

/// What a list has to answer, worked out without a database.
fn formula(rows: &[Row], which: List, sort: &str, status: &str, q: &str) -> Vec<i64> {
    let fits = |row: &&Row| {
        let (its_status, seen) = match which {
            List::People => (row.person, true),
            List::Orders(branches) => (
                row.order,
                branches.is_none_or(|some| some.contains(&row.branch)),
            ),
        };
        seen && (status.is_empty() || status == its_status) && row.name.contains(q)
    };
    let mut rows: Vec<&Row> = rows.iter().filter(fits).collect();
    rows.sort_by(|one, other| {
        let by = match sort.trim_start_matches('-') {
            "email" => one.email.cmp(&other.email),
            "created" => one.seconds.cmp(&other.seconds),
            "total" => one.cents.cmp(&other.cents),
            _ => one.id.cmp(&other.id),
        };
        by.then(one.id.cmp(&other.id))
    });
    if sort.starts_with('-') {
        rows.reverse();
    }
    rows.iter().map(|row| row.id).collect()
}

/// Following the cursors gives every row once and in order, whatever the list, the order, the filters and the size of the pages.
#[test]
fn pages_give_everything_once() {
    let connection = database();
    let mut random = support::seeded(0x1981);
    let rows = fill(&connection, &mut random, 37);
    let mut cases = Vec::new();
    for sort in ["created", "-created", "email", "-email"] {
        for status in ["", "active", "disabled"] {
            cases.push((List::People, sort, status));
        }
    }
    for branches in [None, Some(&[1][..]), Some(&[3, 1]), Some(&[4]), Some(&[])] {
        for sort in ["number", "-number", "total", "-total"] {
            for status in ["", "refunded", "paid"] {
                cases.push((List::Orders(branches), sort, status));
            }
        }
    }
    for (which, sort, status) in cases {
        for q in ["", "Reader"] {
            let expected = formula(&rows, which, sort, status, q);
            let total = expected.len();
            for limit in [1, 2, 5, total.max(2) - 1, total.max(1), total + 1] {
                let limit = limit.to_string();
                let fields = [
                    ("sort", sort),
                    ("status", status),
                    ("q", q),
                    ("limit", &limit),
                ];
                let (mut seen, mut cursor): Ids = (Vec::new(), None);
                loop {
                    let at = cursor.clone().unwrap_or_default();
                    let query: Vec<(&str, &str)> = fields
                        .iter()
                        .copied()
                        .chain([("cursor", at.as_str())])
                        .collect();
                    let (ids, next) = listed(&connection, which, &query);
                    let full: usize = limit.parse().expect("a number");
                    assert_eq!(
                        ids.len(),
                        full.min(total - seen.len()),
                        "rows of {which:?} {query:?} behind {} of {total}",
                        seen.len()
                    );
                    seen.extend(ids);
                    assert_eq!(
                        next.is_some(),
                        seen.len() < total,
                        "a next page of {which:?} {query:?}, {} of {total} seen",
                        seen.len()
                    );
                    cursor = next;
                    if cursor.is_none() {
                        break;
                    }
                }
                assert_eq!(seen, expected, "{which:?} {fields:?}");
            }
        }
    }
}

/// A page has 20 rows unless 1 to 100 are asked for, in digits; everything else is refused.
#[test]
fn a_page_has_a_size() {
    let connection = database();
    for id in 1..=101 {
        person(
            &connection,
            id,
            "a",
            &format!("p{id}@lantern.example"),
            "active",
            0,
        );
        order(&connection, id, "a", 1, "refunded", 5);
    }
    for which in [List::People, List::Orders(None), List::Orders(Some(&[1]))] {
        assert_eq!(listed(&connection, which, &[]).0.len(), 20, "{which:?}");
        for (limit, length) in [("1", 1), ("20", 20), ("21", 21), ("99", 99), ("100", 100)] {
            let (ids, next) = listed(&connection, which, &[("limit", limit)]);
            assert_eq!(ids.len(), length, "{which:?} with limit {limit}");
            assert!(
                next.is_some(),
                "{which:?} with limit {limit}: 101 are there"
            );
        }
        for limit in [
            "0",
            "101",
            "-1",
            "+5",
            "ten",
            "1.5",
            "1e1",
            " 5",
            "5 ",
            "257",
            "4294967297",
            "18446744073709551617",
            "9223372036854775807",
            "00",
            "0x5",
            "٥",
            "1;",
            "\0",
        ] {
            let answer = refused(&connection, which, &[("limit", limit)]);
            assert_eq!(
                answer,
                (422, "invalid_fields".to_owned(), names(&["limit"])),
                "{which:?} with limit {limit:?}"
            );
        }
        let (_, next) = listed(&connection, which, &[("limit", "100")]);
        let next = next.expect("a next page");
        let (rest, end) = listed(&connection, which, &[("limit", "100"), ("cursor", &next)]);
        assert_eq!((rest, end), (vec![1], None), "{which:?}: the last of 101");
    }
}

/// Rows that come and go while somebody reads neither repeat nor hide one; the row that a page ended with may be gone as well.
#[test]
fn a_page_keeps_its_place() {
    for sort in ["-created", "created", "email", "-email"] {
        let connection = database();
        for id in 1..=9 {
            person(
                &connection,
                id * 10,
                "a",
                &format!("p{id}@lantern.example"),
                "active",
                id / 3,
            );
        }
        let fields = [("sort", sort), ("limit", "4"), ("status", "active")];
        let (first, next) = listed(&connection, List::People, &fields);
        let (rest, _) = {
            let next = next.clone().expect("a next page");
            listed(
                &connection,
                List::People,
                &[
                    ("sort", sort),
                    ("limit", "9"),
                    ("status", "active"),
                    ("cursor", &next),
                ],
            )
        };
        let down = sort.starts_with('-');
        let (new, seconds, email) = if down {
            (500, 900, "z@x")
        } else {
            (1, -900, "a@x")
        };
        person(&connection, new, "new", email, "active", seconds);
        // Accounts remain; those that are disabled fall out of this list, the one that the page ended with among them.
        connection
            .execute(
                "UPDATE users SET disabled_at = 1 WHERE id IN (?1, ?2)",
                (first[0], first[3]),
            )
            .expect("two are disabled");
        let next = next.expect("a next page");
        let (again, end) = listed(
            &connection,
            List::People,
            &[
                ("sort", sort),
                ("limit", "9"),
                ("status", "active"),
                ("cursor", &next),
            ],
        );
        assert_eq!(again, rest, "by {sort}, after rows came and went");
        assert_eq!(end, None, "by {sort}: the end");
    }
}

/// A cursor is of use for its own list and its own order; what is none of ours is refused instead of being the first page.
#[test]
fn a_cursor_belongs_to_its_list_and_order() {
    let connection = database();
    for id in 1..=3 {
        person(
            &connection,
            id,
            "a",
            &format!("p{id}@lantern.example"),
            "active",
            0,
        );
        order(&connection, id, "a", 1, "refunded", 5);
    }
    let of = |which: List, sort: &str| {
        let (_, next) = listed(&connection, which, &[("sort", sort), ("limit", "1")]);
        next.expect("a next page")
    };
    let all = [
        (List::People, ["created", "-created", "email", "-email"]),
        (List::Orders(None), ["number", "-number", "total", "-total"]),
    ];
    for (which, sorts) in all {
        for sort in sorts {
            for (other, its_sorts) in all {
                for its_sort in its_sorts {
                    let cursor = of(other, its_sort);
                    let fields = [("sort", sort), ("cursor", cursor.as_str())];
                    if (which, sort) == (other, its_sort) {
                        assert_eq!(
                            listed(&connection, which, &fields).0.len(),
                            2,
                            "{which:?} by {sort}, its own cursor"
                        );
                    } else {
                        let answer = refused(&connection, which, &fields);
                        assert_eq!(
                            answer,
                            (400, "invalid_cursor".to_owned(), names(&[])),
                            "{which:?} by {sort}, a cursor of {other:?} by {its_sort}"
                        );
                    }
                }
            }
            let ours = of(which, sort);
            let half = &ours[..ours.len() / 2];
            for cursor in [
                "x",
                "....",
                "1",
                "2",
                "0",
                "-1",
                "bm90aGluZw",
                "MQ",
                "MTox",
                half,
                &format!("{ours}="),
                &format!("{ours} "),
                &format!(" {ours}"),
                &format!("{ours}AA"),
                &format!("{ours}{ours}"),
                "\0",
                "📚",
            ] {
                let answer = refused(&connection, which, &[("sort", sort), ("cursor", cursor)]);
                assert_eq!(
                    answer,
                    (400, "invalid_cursor".to_owned(), names(&[])),
                    "{which:?} by {sort}, the cursor {cursor:?}"
                );
            }
        }
    }
    // No sort is the same as the one that is taken then.
    let cursor = of(List::People, "-created");
    assert_eq!(
        listed(&connection, List::People, &[("cursor", &cursor)]).0,
        [2, 1],
        "without a sort"
    );
    // Filters may change: the page goes on behind the same row.
    let narrower = [("cursor", cursor.as_str()), ("q", "p1")];
    assert_eq!(
        listed(&connection, List::People, &narrower).0,
        [1],
        "with a word more"
    );
    let cursor = of(List::Orders(None), "-number");
    assert_eq!(
        listed(&connection, List::Orders(None), &[("cursor", &cursor)]).0,
        [2, 1],
        "orders without a sort"
    );
}

/// Everything that is wrong is said at once; fields come before the cursor.
#[test]
fn everything_wrong_is_said_at_once() {
    let connection = database();
    let long = "x".repeat(101);
    for which in [List::People, List::Orders(None)] {
        let wrong = [
            ("q", long.as_str()),
            ("status", "gone"),
            ("sort", "id"),
            ("limit", "0"),
            ("cursor", "x"),
        ];
        let answer = refused(&connection, which, &wrong);
        assert_eq!(
            answer,
            (
                422,
                "invalid_fields".to_owned(),
                names(&["q", "status", "sort", "limit"])
            ),
            "{which:?}"
        );
        for field in &wrong[..4] {
            let answer = refused(&connection, which, &[*field, ("cursor", "x")]);
            assert_eq!(
                answer,
                (422, "invalid_fields".to_owned(), names(&[field.0])),
                "{which:?}: {} and the cursor",
                field.0
            );
        }
    }
}

/// Orders of other branches are not found, whatever one looks for, and with whoever's cursor.
#[test]
fn a_branch_sees_its_own_orders() {
    let connection = database();
    for id in 1..=9 {
        order(&connection, id, "Ada", 1 + id % 3, "refunded", id);
    }
    for (branches, expected) in [
        (&[1][..], &[9, 6, 3][..]),
        (&[2], &[7, 4, 1]),
        (&[3, 2], &[8, 7, 5, 4, 2, 1]),
        (&[2, 2], &[7, 4, 1]),
        (&[4], &[]),
        (&[0, -1], &[]),
        (&[], &[]),
    ] {
        for fields in [
            &[][..],
            &[("q", "ada")],
            &[("status", "refunded")],
            &[("sort", "-total")],
        ] {
            let (ids, _) = listed(&connection, List::Orders(Some(branches)), fields);
            assert_eq!(ids, expected, "branches {branches:?}, asked for {fields:?}");
        }
    }
    let (_, next) = listed(&connection, List::Orders(None), &[("limit", "2")]);
    let next = next.expect("a next page");
    let (ids, _) = listed(&connection, List::Orders(Some(&[1])), &[("cursor", &next)]);
    assert_eq!(ids, [6, 3], "branch 1, with a cursor of the whole list");
    let (ids, _) = listed(&connection, List::Orders(Some(&[1])), &[("q", "7")]);
    assert!(
        ids.is_empty(),
        "branch 1 looks for an order of branch 2: {ids:?}"
    );
}

/// A panel with stand-ins: its journal says what they are to refuse.
struct Panel {
    app: App,
    journal: Journal,
    _folder: tempfile::TempDir,
}

fn panel() -> Panel {
    panel_of(
        "INSERT INTO branches VALUES (1, 'Bath'), (2, 'Leeds'), (5, 'York');
         INSERT INTO users VALUES (7, 'ada@lantern.example', 'Ada', 'h', 0, NULL), (8, 'ben@lantern.example', 'Ben', 'h', 0, NULL);
         INSERT INTO orders VALUES (1, 1, 'a', 5, 'paid'), (2, 2, 'b', 5, 'paid'), (3, 5, 'c', 5, 'paid'), (4, 1, 'd', 5, 'paid');",
    )
}

fn panel_of(rows: &str) -> Panel {
    let folder = tempfile::tempdir().expect("a folder");
    let database =
        Database::open(&folder.path().join("test.db"), Durability::Relaxed).expect("it opens");
    database
        .write(|connection| {
            connection.execute_batch(rows)?;
            connection.execute_batch(INDEXES)?;
            Ok(())
        })
        .expect("the rows");
    let journal = Journal::default();
    let app = App::new(Parts {
        config: Config::for_tests(),
        clock: Arc::new(ManualClock::at(START)),
        database,
        neighbours: standins::neighbours(&journal),
        outbox: folder.path().join("outbox"),
    });
    Panel {
        app,
        journal,
        _folder: folder,
    }
}

impl Panel {
    /// The orders that a person sees, or the code of the refusal.
    fn orders(&self, me: i64, fields: &[(&str, &str)]) -> Result<Vec<i64>, &'static str> {
        let cx = Cx::new(self.app.clone(), Client::local());
        let page: Result<Page<Order>, Problem> = cx.read(|tx| orders(tx, me, &asked(fields)));
        page.map(|page| page.items.iter().map(|order| order.id).collect())
            .map_err(|problem| problem.code())
    }

    fn people(&self, me: i64, fields: &[(&str, &str)]) -> Result<Vec<i64>, &'static str> {
        let cx = Cx::new(self.app.clone(), Client::local());
        let page: Result<Page<Person>, Problem> = cx.read(|tx| people(tx, me, &asked(fields)));
        page.map(|page| page.items.iter().map(|person| person.id).collect())
            .map_err(|problem| problem.code())
    }

    fn refuse(&self, me: i64, permission: Permission, place: Place) {
        self.journal
            .refuse(&format!("allows {me} {} {place}", permission.name()));
    }
}

/// One sees the orders of the branches in which one may see orders, all of them who may everywhere, and who may nowhere is told so.
#[test]
fn one_sees_the_orders_of_ones_branches() {
    let panel = panel();
    let read = Permission::OrdersRead;
    assert_eq!(panel.orders(7, &[]), Ok(vec![4, 3, 2, 1]), "everywhere");
    panel.refuse(7, read, Place::Everywhere);
    panel.refuse(7, read, Place::In(5));
    assert_eq!(panel.orders(7, &[]), Ok(vec![4, 2, 1]), "in two branches");
    assert_eq!(
        panel.orders(7, &[("q", "b"), ("sort", "number")]),
        Ok(vec![2]),
        "in two branches, with a word"
    );
    panel.refuse(7, read, Place::In(1));
    assert_eq!(panel.orders(7, &[]), Ok(vec![2]), "in one branch");
    assert_eq!(
        panel.orders(8, &[]),
        Ok(vec![4, 3, 2, 1]),
        "a colleague, who may everywhere"
    );
    panel.refuse(7, read, Place::In(2));
    assert_eq!(panel.orders(7, &[]), Err("forbidden"), "in no branch");
    assert_eq!(
        panel.orders(7, &[("limit", "0")]),
        Err("forbidden"),
        "in no branch, with a mistake in the query"
    );
    assert_eq!(
        panel.orders(8, &[("limit", "0")]),
        Err("invalid_fields"),
        "a colleague with a mistake"
    );
    // A shop that has no branch yet has no orders, and whoever may see all of them sees that.
    let empty = panel_of("");
    assert_eq!(
        empty.orders(7, &[]),
        Ok(vec![]),
        "everywhere, before the first branch opens"
    );
    empty.refuse(7, read, Place::Everywhere);
    assert_eq!(
        empty.orders(7, &[]),
        Err("forbidden"),
        "nowhere, before the first branch opens"
    );
}

/// People are listed for whoever may invite, disable or give roles somewhere, and for nobody else.
#[test]
fn people_are_listed_for_who_may_change_them() {
    let all = [
        Permission::UsersInvite,
        Permission::UsersDisable,
        Permission::RolesAssign,
    ];
    for allowed in all {
        let panel = panel();
        for other in Permission::ALL
            .into_iter()
            .filter(|other| *other != allowed)
        {
            panel.refuse(7, other, Place::Somewhere);
        }
        panel.refuse(7, allowed, Place::Everywhere);
        assert_eq!(
            panel.people(7, &[]),
            Ok(vec![8, 7]),
            "who may {} somewhere",
            allowed.name()
        );
        assert_eq!(
            panel.people(7, &[("q", "ben")]),
            Ok(vec![8]),
            "who may {} somewhere, with a word",
            allowed.name()
        );
    }
    let panel = panel();
    for permission in all {
        panel.refuse(7, permission, Place::Somewhere);
    }
    assert_eq!(panel.people(7, &[]), Err("forbidden"), "who may none of it");
    assert_eq!(
        panel.people(7, &[("limit", "0")]),
        Err("forbidden"),
        "who may none of it, with a mistake in the query"
    );
    assert_eq!(
        panel.people(8, &[("sort", "email")]),
        Ok(vec![7, 8]),
        "a colleague"
    );
}

/// What a call costs: statements, and steps of SQLite's machine; a row that is read takes some ten of them.
#[derive(Debug, Default, Clone, Copy)]
struct Cost {
    statements: usize,
    steps: i32,
}

/// A connection whose work is counted.
fn counted(mut connection: Connection) -> (Connection, Arc<Mutex<Cost>>) {
    let cost: Arc<Mutex<Cost>> = Arc::default();
    let shared = Arc::clone(&cost);
    let count = move |event: TraceEvent<'_>| {
        if let (TraceEvent::Profile(statement, _), Ok(mut cost)) = (event, shared.lock()) {
            cost.statements += 1;
            cost.steps += statement.get_status(StatementStatus::VmStep);
        }
    };
    let events = TraceEventCodes::SQLITE_TRACE_PROFILE;
    connection
        .trace_v2(events, Some(count))
        .expect("it is traced");
    (connection, cost)
}

/// The cost of a fresh statement: one that is kept counts on from its last run.
fn cost_of(
    connection: &Connection,
    cost: &Mutex<Cost>,
    which: List,
    fields: &[(&str, &str)],
) -> (Ids, Cost) {
    connection.flush_prepared_statement_cache();
    *cost.lock().expect("nobody panicked") = Cost::default();
    let ids = listed(connection, which, fields);
    (ids, *cost.lock().expect("nobody panicked"))
}

/// The lists whose cost is promised: whole ones in every order, those of one status, those of one branch.
const CHEAP: [(List, &str, &str); 16] = [
    (List::People, "created", ""),
    (List::People, "-created", ""),
    (List::People, "email", ""),
    (List::People, "-email", ""),
    (List::People, "-created", "disabled"),
    (List::People, "email", "disabled"),
    (List::People, "created", "active"),
    (List::People, "-email", "active"),
    (List::Orders(None), "number", ""),
    (List::Orders(None), "-number", ""),
    (List::Orders(None), "total", ""),
    (List::Orders(None), "-total", ""),
    (List::Orders(Some(&[2])), "-number", ""),
    (List::Orders(Some(&[2])), "total", ""),
    (List::Orders(None), "-number", "refunded"),
    (List::Orders(None), "total", "refunded"),
];

/// Rows `first` to `last`: ten thousand in a second, one in seven with the rarer status.
fn many(connection: &Connection, first: i64, last: i64) {
    let numbers = "WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)";
    for insert in [
        "INSERT INTO users (id, name, email, password_hash, created_at, disabled_at)
         SELECT i, 'name ' || i, printf('%05d', i) || '@lantern.example', 'h', 1500000000 + i / 10000, iif(i % 7, NULL, 1) FROM n",
        "INSERT INTO orders (id, customer, branch_id, state, cents)
         SELECT i, 'name ' || i, 1 + i % 2, iif(i % 7, 'paid', 'refunded'), i % 5 FROM n",
        "INSERT INTO grants (user_id, role_id) SELECT i, 1 FROM n",
        "INSERT INTO grants (user_id, role_id) SELECT i, 3 FROM n",
    ] {
        let sql = format!("{numbers} {insert}");
        connection.execute(&sql, (first, last)).expect("the rows");
    }
}

/// A page in the middle of thousands costs what the first one costs, in every order, for one status and for one branch, also
/// where thousands were made in the same second; and a page of 100 takes no more statements than one of 20.
#[test]
fn a_far_page_costs_what_the_first_costs() {
    let (connection, cost) = counted(database());
    many(&connection, 12_000, 12_400);
    // Behind these rows thousands will stand in a moment, and thousands before them.
    let cursors = CHEAP.map(|(which, sort, status)| {
        let fields = [("sort", sort), ("status", status), ("limit", "30")];
        listed(&connection, which, &fields).1.expect("a next page")
    });
    many(&connection, 1, 11_999);
    many(&connection, 12_401, 24_000);
    for ((which, sort, status), cursor) in CHEAP.into_iter().zip(&cursors) {
        let of = |limit: &str, cursor: &str| {
            let query = [
                ("sort", sort),
                ("status", status),
                ("limit", limit),
                ("cursor", cursor),
            ];
            cost_of(&connection, &cost, which, &query)
        };
        let (_, first) = of("20", "");
        let ((ids, _), far) = of("20", cursor);
        assert_eq!(
            ids.len(),
            20,
            "{which:?} by {sort} {status}: rows in the middle"
        );
        let (_, large) = of("100", cursor);
        assert!(
            far.steps < 4 * first.steps,
            "{which:?} by {sort} {status}: page 1 took {first:?}, one in the middle {far:?}"
        );
        for (name, cost) in [("page 1", first), ("a page in the middle", far)] {
            assert!(
                cost.statements <= 4,
                "{which:?} by {sort} {status}: {name} took {cost:?}"
            );
            assert!(
                cost.steps < 5_000,
                "{which:?} by {sort} {status}: {name} took {cost:?} for 20 of 24,000 rows"
            );
        }
        assert!(
            large.statements <= 4,
            "{which:?} by {sort} {status}: a page of 100 took {large:?}"
        );
    }
}

/// An error of the database is a failure, no empty list; what is read is left as it was.
#[test]
fn a_broken_database_is_no_empty_list() {
    let connection = database();
    person(&connection, 1, "a", "a@lantern.example", "active", 0);
    let before = connection.total_changes();
    let (ids, _) = listed(&connection, List::People, &[("q", "a"), ("sort", "email")]);
    assert_eq!(ids, [1], "before it broke");
    assert_eq!(connection.total_changes(), before, "a list writes nothing");
    let settings: (bool, bool, bool) = connection
        .query_row(
            "SELECT 'a' LIKE 'A', (SELECT foreign_keys FROM pragma_foreign_keys), (SELECT query_only FROM pragma_query_only)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("the settings");
    assert_eq!(
        settings,
        (true, true, false),
        "LIKE, foreign keys and query_only are as before"
    );
    assert!(
        connection.is_autocommit(),
        "a list leaves no transaction open"
    );
    for (table, which) in [("users", List::People), ("orders", List::Orders(None))] {
        connection
            .execute_batch(&format!("DROP TABLE {table}"))
            .expect("it is gone");
        let (status, code, _) = refused(&connection, which, &[]);
        assert_eq!(
            (status, code.as_str()),
            (500, "internal"),
            "{which:?} without its table"
        );
    }
}
