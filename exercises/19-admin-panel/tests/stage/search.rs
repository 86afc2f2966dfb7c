use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use admin_panel::given::problem::Problem;
use admin_panel::search::{Asked, INDEXES, Order, Page, Person, orders, people};
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};
use support::Seeded;

/// 2017-07-14T02:40:00Z
const START: i64 = 1_500_000_000;

fn database() -> Connection {
    let connection = support::database::in_memory();
    connection
        .execute_batch(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, status TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
             CREATE TABLE user_roles (user_id INTEGER NOT NULL, role TEXT NOT NULL, PRIMARY KEY (user_id, role)) STRICT;
             CREATE TABLE orders (id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, customer TEXT NOT NULL, branch_id INTEGER NOT NULL, status TEXT NOT NULL, total_cents INTEGER NOT NULL, created_at INTEGER NOT NULL) STRICT;",
        )
        .expect("the schema");
    connection.execute_batch(INDEXES).expect("the indexes");
    connection
}

fn person(connection: &Connection, id: i64, name: &str, email: &str, status: &str, created: i64) {
    let sql = "INSERT INTO users (id, name, email, status, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection
        .execute(sql, (id, name, email, status, START + created))
        .unwrap_or_else(|error| panic!("the person {name}: {error}"));
}

fn order(
    connection: &Connection,
    id: i64,
    customer: &str,
    branch: i64,
    (status, cents, created): (&str, i64, i64),
) {
    let sql = "INSERT INTO orders (id, number, customer, branch_id, status, total_cents, created_at)
               VALUES (?1, 'L-' || ?1, ?2, ?3, ?4, ?5, ?6)";
    connection
        .execute(sql, (id, customer, branch, status, cents, START + created))
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
    Orders(Option<i64>),
}

/// Ids, and the cursor of the next page.
type Ids = (Vec<i64>, Option<String>);

fn list(connection: &Connection, list: List, fields: &[(&str, &str)]) -> Result<Ids, Problem> {
    match list {
        List::People => {
            let page: Page<Person> = people(connection, &asked(fields))?;
            let ids = page.items.iter().map(|person| person.id).collect();
            Ok((ids, page.next_cursor))
        }
        List::Orders(branch) => {
            let page: Page<Order> = orders(connection, branch, &asked(fields))?;
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
fn refused(connection: &Connection, which: List, fields: &[(&str, &str)]) -> (u16, String, BTreeSet<String>) {
    match list(connection, which, fields) {
        Ok((ids, _)) => panic!("{which:?} {fields:?} was answered with {} rows", ids.len()),
        Err(problem) => (
            problem.status().as_u16(),
            problem.code().to_owned(),
            problem.errors().iter().map(|error| error.field.clone()).collect(),
        ),
    }
}

fn names(fields: &[&str]) -> BTreeSet<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

/// A row of people shows what the table says, the roles in the order of the alphabet; the newest stands first.
#[test]
fn a_person_is_shown_as_they_are() {
    let connection = database();
    person(&connection, 7, "Ada Reader", "ada@lantern.example", "active", 5);
    person(&connection, 3, "Ben", "ben@lantern.example", "invited", 9);
    for (user, role) in [(7, "owner"), (7, "clerk"), (7, "manager")] {
        let sql = "INSERT INTO user_roles (user_id, role) VALUES (?1, ?2)";
        connection.execute(sql, (user, role)).expect("a role");
    }
    let page: Page<Person> = people(&connection, &Asked::default()).expect("a page");
    insta::assert_json_snapshot!(page, @"");
}

/// A row of orders shows what the table says; the newest stands first.
#[test]
fn an_order_is_shown_as_it_is() {
    let connection = database();
    order(&connection, 4, "Ada Reader", 2, ("paid", 1990, 0));
    order(&connection, 9, "Ben Writer", 1, ("open", 250, 60));
    let page: Page<Order> = orders(&connection, None, &Asked::default()).expect("a page");
    insta::assert_json_snapshot!(page, @"");
}

/// Every word must stand somewhere in the name or in the address, whatever its place, its order and the case of A to Z.
#[test]
fn words_are_found_wherever_they_stand() {
    let connection = database();
    person(&connection, 1, "Ada Reader", "ada@lantern.example", "active", 0);
    person(&connection, 2, "Ben Reader", "ben@paper.example", "active", 0);
    person(&connection, 3, "Élodie Noir", "elodie@paper.example", "active", 0);
    person(&connection, 4, "Ada", "ada.writer@paper.example", "active", 0);
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
        ("active", &[]),
    ] {
        let (ids, _) = listed(&connection, List::People, &[("q", q), ("sort", "created")]);
        assert_eq!(ids, expected, "people for {q:?}");
    }
    order(&connection, 51, "Ada Reader", 1, ("paid", 5, 0));
    order(&connection, 52, "Ben Reader", 1, ("paid", 5, 0));
    for (q, expected) in [
        ("L-5", &[51, 52][..]),
        ("l-52", &[52]),
        ("reader 51", &[51]),
        ("READ", &[51, 52]),
        ("paid", &[]),
    ] {
        let (ids, _) = listed(&connection, List::Orders(None), &[("q", q), ("sort", "created")]);
        assert_eq!(ids, expected, "orders for {q:?}");
    }
}

/// Wildcards, quotes, comments, placeholders, other scripts: whatever a person types is text, and finds only itself.
#[test]
fn what_a_person_types_is_text() {
    let connection = database();
    let texts = [
        "100%", "a_b", "c\\d", "O'Neill", "say\"so", "x;--", "/*y", "*z", "[a-c]", "?1", ":q", "{q}", "📚", "渡辺",
        "\\%", "e\u{301}", "^f", "$1", "`g", "a.b", "NULL", "%_%",
    ];
    for (id, text) in (1..).zip(texts) {
        person(&connection, id, &format!("one {text} two"), &format!("p{id}@lantern.example"), "active", 0);
        order(&connection, id, &format!("one {text} two"), 1, ("open", 5, 0));
    }
    person(&connection, 98, "one 1000 aXb cd ONeill two", "p98@lantern.example", "active", 0);
    order(&connection, 98, "one 1000 aXb cd ONeill two", 1, ("open", 5, 0));
    for text in texts.iter().chain(&["%", "_", "\\", "'", "\"", "' OR '1'='1", "p1%", "%%", "__", "'; DROP TABLE users; --"]) {
        for which in [List::People, List::Orders(None)] {
            let expected: Vec<i64> = (1..)
                .zip(texts)
                .filter(|(id, other)| {
                    text.split_whitespace().all(|word| {
                        let word = word.to_ascii_lowercase();
                        format!("one {other} two L-{id}").to_ascii_lowercase().contains(&word)
                            && (which != List::People || format!("one {other} two").to_ascii_lowercase().contains(&word))
                    })
                })
                .map(|(id, _)| id)
                .collect();
            let (ids, _) = listed(&connection, which, &[("q", text), ("sort", "created"), ("limit", "100")]);
            assert_eq!(ids, expected, "{which:?} for {text:?}");
        }
    }
    for nul in ["one\0", "\0", "one\0two", "one \0"] {
        let (ids, _) = listed(&connection, List::People, &[("q", nul)]);
        assert!(ids.is_empty(), "nobody has a NUL in the name, and {nul:?} found {ids:?}");
    }
}

/// A text of 100 characters is looked for, one of 101 is refused; it is characters that count.
#[test]
fn a_text_has_a_longest_length() {
    let connection = database();
    for letter in ["a", "渡", "📚"] {
        let name = letter.repeat(100);
        person(&connection, 1, &name, "long@lantern.example", "active", 0);
        let (ids, _) = listed(&connection, List::People, &[("q", &name)]);
        assert_eq!(ids, [1], "100 times {letter}");
        for which in [List::People, List::Orders(Some(1))] {
            for longer in [letter.repeat(101), letter.repeat(60_000), " ".repeat(101)] {
                let answer = refused(&connection, which, &[("q", &longer)]);
                assert_eq!(answer, (422, "invalid_fields".to_owned(), names(&["q"])), "{which:?}: {} characters", longer.chars().count());
            }
        }
        connection.execute("DELETE FROM users", []).expect("it is gone");
    }
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
        (List::People, &["invited", "active", "disabled"][..]),
        (List::Orders(None), &["open", "paid", "shipped", "cancelled", "refunded"]),
    ];
    for (id, status) in (1..).zip(known[0].1.iter().chain(known[0].1)) {
        person(&connection, id, &format!("n{}", id % 2), &format!("p{id}@lantern.example"), status, 0);
    }
    for (id, status) in (1..).zip(known[1].1.iter().chain(known[1].1)) {
        order(&connection, id, &format!("n{}", id % 2), 1, (status, 5, 0));
    }
    for (which, statuses) in known {
        let count = i64::try_from(statuses.len()).expect("a few");
        for (at, status) in (1..).zip(statuses) {
            let (ids, _) = listed(&connection, which, &[("status", status), ("sort", "created")]);
            assert_eq!(ids, [at, at + count], "{which:?} with status {status}");
            let both = [("status", *status), ("q", "n1"), ("sort", "created")];
            let expected: Vec<i64> = ids.into_iter().filter(|id| id % 2 == 1).collect();
            assert_eq!(listed(&connection, which, &both).0, expected, "{which:?}: {both:?}");
        }
        let wrong = ["Active", "OPEN", "gone", "active ", " open", "active,disabled", "' OR 1=1 --", "%", "a", "0", "null", "\0"];
        let other = if which == List::People { "paid" } else { "active" };
        for status in wrong.into_iter().chain([other]) {
            let answer = refused(&connection, which, &[("status", status)]);
            assert_eq!(answer, (422, "invalid_fields".to_owned(), names(&["status"])), "{which:?} with status {status:?}");
        }
        let (all, _) = listed(&connection, which, &[("status", ""), ("q", ""), ("sort", ""), ("limit", ""), ("cursor", "")]);
        let expected: Vec<i64> = (1..=2 * count).rev().collect();
        assert_eq!(all, expected, "{which:?}: empty fields are none");
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
    order(&connection, 1, "a", 1, ("open", 900, 5));
    order(&connection, 2, "b", 1, ("open", 1000, 5));
    order(&connection, 3, "c", 1, ("open", 900, 0));
    order(&connection, 4, "d", 1, ("open", -5, 7));
    for (which, sort, expected) in [
        (List::People, "created", [4, 1, 3, 2]),
        (List::People, "-created", [2, 3, 1, 4]),
        (List::People, "email", [4, 2, 1, 3]),
        (List::People, "-email", [3, 1, 2, 4]),
        (List::Orders(None), "created", [3, 1, 2, 4]),
        (List::Orders(None), "-created", [4, 2, 1, 3]),
        (List::Orders(None), "total", [4, 1, 3, 2]),
        (List::Orders(None), "-total", [2, 3, 1, 4]),
    ] {
        let (ids, _) = listed(&connection, which, &[("sort", sort)]);
        assert_eq!(ids, expected, "{which:?} by {sort}");
        if sort == "-created" {
            assert_eq!(listed(&connection, which, &[]).0, expected, "{which:?} when nothing is said");
        }
    }
    for (which, other) in [(List::People, "total"), (List::Orders(None), "email")] {
        for sort in [
            other, "id", "name", "status", "created_at", "--created", "-", "+created", "Created", "created ", "created desc",
            "created,email", "1", "(SELECT 1)", "created; DROP TABLE users", "-created--", "\0",
        ] {
            let answer = refused(&connection, which, &[("sort", sort)]);
            assert_eq!(answer, (422, "invalid_fields".to_owned(), names(&["sort"])), "{which:?} by {sort:?}");
        }
    }
}

/// A row for the independent formula below: id, person's address or order's total, seconds, status, branch.
type Row = (i64, String, i64, i64, &'static str, i64);

fn fill(connection: &Connection, random: &mut Seeded, count: i64) -> Vec<Row> {
    let mut ids: Vec<i64> = (1..=count * 2).collect();
    random.shuffle(&mut ids);
    let mut rows = Vec::new();
    for id in ids.into_iter().take(usize::try_from(count).expect("a few")) {
        let email = format!("{}{id}@lantern.example", random.word(1..4));
        let (cents, seconds) = (i64::try_from(random.number(0..6)).expect("small") - 2, i64::try_from(random.number(0..5)).expect("small"));
        let (first, second) = (*random.pick(&["active", "disabled"]), *random.pick(&["open", "paid"]));
        let branch = i64::try_from(random.number(1..3)).expect("small");
        let name = if random.coin() { "Reader" } else { "Writer" };
        person(connection, id, name, &email, first, seconds);
        order(connection, id, name, branch, (second, cents, seconds));
        let status = match (first, second) {
            ("active", "open") => "active open",
            ("active", _) => "active paid",
            (_, "open") => "disabled open",
            _ => "disabled paid",
        };
        rows.push((id, format!("{email} {name}"), cents, seconds, status, branch));
    }
    rows
}

/// What a list has to answer, worked out without a database.
fn formula(rows: &[Row], which: List, sort: &str, status: &str, q: &str) -> Vec<i64> {
    let mut rows: Vec<&Row> = rows
        .iter()
        .filter(|row| row.4.contains(status) && row.1.contains(q))
        .filter(|row| which == List::People || which == List::Orders(None) || which == List::Orders(Some(row.5)))
        .collect();
    rows.sort_by(|one, other| {
        let by = match sort.trim_start_matches('-') {
            "email" => one.1.cmp(&other.1),
            "total" => one.2.cmp(&other.2),
            _ => one.3.cmp(&other.3),
        };
        by.then(one.0.cmp(&other.0))
    });
    if sort.starts_with('-') {
        rows.reverse();
    }
    rows.iter().map(|row| row.0).collect()
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
    for branch in [None, Some(1), Some(2), Some(3)] {
        for sort in ["created", "-created", "total", "-total"] {
            for status in ["", "open", "paid"] {
                cases.push((List::Orders(branch), sort, status));
            }
        }
    }
    for (which, sort, status) in cases {
        for q in ["", "Reader"] {
            let expected = formula(&rows, which, sort, status, q);
            let total = expected.len();
            for limit in [1, 2, 5, total.max(2) - 1, total.max(1), total + 1] {
                let limit = limit.to_string();
                let fields = [("sort", sort), ("status", status), ("q", q), ("limit", &limit)];
                let (mut seen, mut cursor): Ids = (Vec::new(), None);
                loop {
                    let at = cursor.clone().unwrap_or_default();
                    let query: Vec<(&str, &str)> = fields.iter().copied().chain([("cursor", at.as_str())]).collect();
                    let (ids, next) = listed(&connection, which, &query);
                    let full: usize = limit.parse().expect("a number");
                    assert_eq!(ids.len(), full.min(total - seen.len()), "rows of {which:?} {query:?} behind {} of {total}", seen.len());
                    seen.extend(ids);
                    assert_eq!(next.is_some(), seen.len() < total, "a next page of {which:?} {query:?}, {} of {total} seen", seen.len());
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
        person(&connection, id, "a", &format!("p{id}@lantern.example"), "active", 0);
        order(&connection, id, "a", 1, ("open", 5, 0));
    }
    for which in [List::People, List::Orders(None), List::Orders(Some(1))] {
        assert_eq!(listed(&connection, which, &[]).0.len(), 20, "{which:?}");
        for (limit, length) in [("1", 1), ("20", 20), ("21", 21), ("99", 99), ("100", 100), ("007", 7)] {
            let (ids, next) = listed(&connection, which, &[("limit", limit)]);
            assert_eq!(ids.len(), length, "{which:?} with limit {limit}");
            assert!(next.is_some(), "{which:?} with limit {limit}: 101 are there");
        }
        for limit in [
            "0", "101", "-1", "+5", "ten", "1.5", "1e1", " 5", "5 ", "257", "4294967297", "18446744073709551617",
            "9223372036854775807", "00", "0x5", "٥", "1;", "\0",
        ] {
            let answer = refused(&connection, which, &[("limit", limit)]);
            assert_eq!(answer, (422, "invalid_fields".to_owned(), names(&["limit"])), "{which:?} with limit {limit:?}");
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
            person(&connection, id * 10, "a", &format!("p{id}@lantern.example"), "active", id / 3);
        }
        let fields = [("sort", sort), ("limit", "4")];
        let (first, next) = listed(&connection, List::People, &fields);
        let (rest, _) = {
            let next = next.clone().expect("a next page");
            listed(&connection, List::People, &[("sort", sort), ("limit", "9"), ("cursor", &next)])
        };
        let down = sort.starts_with('-');
        let (new, seconds, email) = if down { (500, 900, "z@x") } else { (1, -900, "a@x") };
        person(&connection, new, "new", email, "active", seconds);
        connection.execute("DELETE FROM users WHERE id IN (?1, ?2)", (first[0], first[3])).expect("two are gone");
        let next = next.expect("a next page");
        let (again, end) = listed(&connection, List::People, &[("sort", sort), ("limit", "9"), ("cursor", &next)]);
        assert_eq!(again, rest, "by {sort}, after rows came and went");
        assert_eq!(end, None, "by {sort}: the end");
    }
}

/// A cursor is of use for its own list and its own order; what is none of ours is refused instead of being the first page.
#[test]
fn a_cursor_belongs_to_its_list_and_order() {
    let connection = database();
    for id in 1..=3 {
        person(&connection, id, "a", &format!("p{id}@lantern.example"), "active", 0);
        order(&connection, id, "a", 1, ("open", 5, 0));
    }
    let of = |which: List, sort: &str| {
        let (_, next) = listed(&connection, which, &[("sort", sort), ("limit", "1")]);
        next.expect("a next page")
    };
    let all = [
        (List::People, ["created", "-created", "email", "-email"]),
        (List::Orders(None), ["created", "-created", "total", "-total"]),
    ];
    for (which, sorts) in all {
        for sort in sorts {
            for (other, its_sorts) in all {
                for its_sort in its_sorts {
                    let cursor = of(other, its_sort);
                    let fields = [("sort", sort), ("cursor", cursor.as_str())];
                    if (which, sort) == (other, its_sort) {
                        assert_eq!(listed(&connection, which, &fields).0.len(), 2, "{which:?} by {sort}, its own cursor");
                    } else {
                        let answer = refused(&connection, which, &fields);
                        assert_eq!(answer, (400, "invalid_cursor".to_owned(), names(&[])), "{which:?} by {sort}, a cursor of {other:?} by {its_sort}");
                    }
                }
            }
            let ours = of(which, sort);
            let half = &ours[..ours.len() / 2];
            for cursor in ["x", "....", "1", "2", "0", "-1", "bm90aGluZw", "MQ", "MTox", half, &format!("{ours}="), &format!("{ours} "), &format!(" {ours}"), &format!("{ours}AA"), &format!("{ours}{ours}"), "\0", "📚"] {
                let answer = refused(&connection, which, &[("sort", sort), ("cursor", cursor)]);
                assert_eq!(answer, (400, "invalid_cursor".to_owned(), names(&[])), "{which:?} by {sort}, the cursor {cursor:?}");
            }
        }
    }
    // No sort is the same as the one that is taken then.
    let cursor = of(List::People, "-created");
    assert_eq!(listed(&connection, List::People, &[("cursor", &cursor)]).0, [2, 1], "without a sort");
    // Filters may change: the page goes on behind the same row.
    let narrower = [("cursor", cursor.as_str()), ("q", "p1")];
    assert_eq!(listed(&connection, List::People, &narrower).0, [1], "with a word more");
}

/// Everything that is wrong is said at once; fields come before the cursor.
#[test]
fn everything_wrong_is_said_at_once() {
    let connection = database();
    let long = "x".repeat(101);
    for which in [List::People, List::Orders(None)] {
        let wrong = [("q", long.as_str()), ("status", "gone"), ("sort", "id"), ("limit", "0"), ("cursor", "x")];
        let answer = refused(&connection, which, &wrong);
        assert_eq!(answer, (422, "invalid_fields".to_owned(), names(&["q", "status", "sort", "limit"])), "{which:?}");
        for field in &wrong[..4] {
            let answer = refused(&connection, which, &[*field, ("cursor", "x")]);
            assert_eq!(answer, (422, "invalid_fields".to_owned(), names(&[field.0])), "{which:?}: {} and the cursor", field.0);
        }
    }
}

/// Who belongs to a branch sees its orders only, whatever they look for, and with whoever's cursor.
#[test]
fn a_branch_sees_its_own_orders() {
    let connection = database();
    for id in 1..=9 {
        order(&connection, id, "Ada", 1 + id % 3, ("open", id, id));
    }
    for (branch, expected) in [(1, &[9, 6, 3][..]), (2, &[7, 4, 1]), (3, &[8, 5, 2]), (4, &[]), (0, &[]), (-1, &[])] {
        for fields in [&[][..], &[("q", "ada")], &[("q", "L-")], &[("status", "open")], &[("sort", "-total")]] {
            let (ids, _) = listed(&connection, List::Orders(Some(branch)), fields);
            assert_eq!(ids, expected, "branch {branch} asks for {fields:?}");
        }
    }
    let (_, next) = listed(&connection, List::Orders(None), &[("limit", "2")]);
    let next = next.expect("a next page");
    let (ids, _) = listed(&connection, List::Orders(Some(1)), &[("cursor", &next)]);
    assert_eq!(ids, [6, 3], "branch 1, with a cursor of the whole list");
    let (ids, _) = listed(&connection, List::Orders(Some(1)), &[("q", "L-7")]);
    assert!(ids.is_empty(), "branch 1 looks for an order of branch 2: {ids:?}");
}

/// What a call costs: statements, steps of SQLite's machine, rows that were scanned, and sorts.
#[derive(Debug, Default, Clone, Copy)]
struct Cost {
    statements: usize,
    steps: i32,
    scanned: i32,
    sorts: i32,
}

/// A connection whose work is counted.
fn counted(mut connection: Connection) -> (Connection, Arc<Mutex<Cost>>) {
    let cost: Arc<Mutex<Cost>> = Arc::default();
    let shared = Arc::clone(&cost);
    let count = move |event: TraceEvent<'_>| {
        if let (TraceEvent::Profile(statement, _), Ok(mut cost)) = (event, shared.lock()) {
            cost.statements += 1;
            cost.steps += statement.get_status(StatementStatus::VmStep);
            cost.scanned += statement.get_status(StatementStatus::FullscanStep);
            cost.sorts += statement.get_status(StatementStatus::Sort);
        }
    };
    let events = TraceEventCodes::SQLITE_TRACE_PROFILE;
    connection.trace_v2(events, Some(count)).expect("it is traced");
    (connection, cost)
}

/// The cost of a fresh statement: one that is kept counts on from its last run.
fn cost_of(connection: &Connection, cost: &Mutex<Cost>, which: List, fields: &[(&str, &str)]) -> (Ids, Cost) {
    connection.flush_prepared_statement_cache();
    *cost.lock().expect("nobody panicked") = Cost::default();
    let ids = listed(connection, which, fields);
    (ids, *cost.lock().expect("nobody panicked"))
}

/// Page 1,000 costs what page 1 costs, in every order and for one status, also where thousands were made in the same second.
#[test]
fn a_far_page_costs_what_the_first_costs() {
    let (connection, cost) = counted(database());
    // 21,000 rows in three seconds of ten thousand, and one status that one in seven has.
    connection
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000)
             INSERT INTO users (id, name, email, status, created_at)
             SELECT i, 'name ' || i, printf('%05d', i * 7919 % 21001) || '@lantern.example', iif(i % 7, 'active', 'disabled'), 1500000000 + i / 10000 FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000)
             INSERT INTO orders (id, number, customer, branch_id, status, total_cents, created_at)
             SELECT i, 'L-' || i, 'name ' || i, 1 + i % 2, iif(i % 7, 'paid', 'open'), i % 5, 1500000000 + i / 10000 FROM n;",
        )
        .expect("the rows");
    for (which, sort, status, pages) in [
        (List::People, "created", "", 200),
        (List::People, "-created", "", 200),
        (List::People, "email", "", 200),
        (List::People, "-email", "", 200),
        (List::People, "-created", "disabled", 29),
        (List::People, "email", "disabled", 29),
        (List::Orders(None), "-created", "", 200),
        (List::Orders(None), "total", "", 200),
        (List::Orders(Some(1)), "-created", "", 100),
        (List::Orders(Some(2)), "total", "", 100),
    ] {
        let filters = [("sort", sort), ("status", status)];
        let of = |limit: &str, cursor: &str| {
            let query: Vec<(&str, &str)> = filters.iter().copied().chain([("limit", limit), ("cursor", cursor)]).collect();
            cost_of(&connection, &cost, which, &query)
        };
        let (_, first) = of("20", "");
        assert!(first.statements <= 3, "{which:?} {filters:?}: page 1 took {first:?}");
        let mut cursor = String::new();
        for page in 1..=pages {
            let ((ids, next), _) = of("100", &cursor);
            assert_eq!(ids.len(), 100, "{which:?} {filters:?}, page {page} of 100");
            cursor = next.unwrap_or_else(|| panic!("{which:?} {filters:?}: no page behind {page}"));
        }
        let (_, far) = of("20", &cursor);
        let place = pages * 5 + 1;
        assert!(far.statements <= 3, "{which:?} {filters:?}: page {place} took {far:?}");
        assert!(far.steps < 4 * first.steps, "{which:?} {filters:?}: page 1 took {first:?}, page {place} {far:?}");
        for (name, cost) in [("page 1", first), ("the far page", far)] {
            assert!(cost.steps < 5_000, "{which:?} {filters:?}: {name} took {cost:?} for 20 of 21,000 rows");
            assert_eq!(cost.sorts, 0, "{which:?} {filters:?}: {name} sorts: {cost:?}");
        }
        let (_, large) = of("100", &cursor);
        assert_eq!(large.statements, far.statements, "{which:?} {filters:?}: a page of 100 and one of 20");
    }
}

/// An error of the database is a failure, no empty list; what is read is left as it was.
#[test]
fn a_broken_database_is_no_empty_list() {
    let connection = database();
    person(&connection, 1, "a", "a@lantern.example", "active", 0);
    let before = connection.total_changes();
    listed(&connection, List::People, &[("q", "a"), ("sort", "email")]);
    assert_eq!(connection.total_changes(), before, "a list writes nothing");
    assert!(connection.is_autocommit(), "a list leaves no transaction open");
    for (table, which) in [("users", List::People), ("orders", List::Orders(None))] {
        connection.execute_batch(&format!("DROP TABLE {table}")).expect("it is gone");
        let (status, code, _) = refused(&connection, which, &[]);
        assert_eq!((status, code.as_str()), (500, "internal"), "{which:?} without its table");
    }
}
