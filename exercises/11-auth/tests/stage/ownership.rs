use std::fmt::Debug;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use auth::given::orders::{Line, Order, OwnershipError, State};
use auth::given::tables::{ORDERS, USERS};
use auth::ownership::{cancel, edit_review, find, give, list, set_copies};
use axum::body::to_bytes;
use axum::response::IntoResponse as _;
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use support::Gate;
use support::database::{TempDatabase, in_memory};
use support::seeded;

const ADA: i64 = 1;
const BOB: i64 = 2;
const CLEO: i64 = 3;
const NOBODY: i64 = 77;

/// Three users and no order.
fn prepare(connection: &Connection) {
    let users = "INSERT INTO users (email, password_hash)
                 VALUES ('ada@lantern.example', '-'), ('bob@lantern.example', '-'), ('cleo@lantern.example', '-')";
    for sql in [USERS, ORDERS, users] {
        connection.execute_batch(sql).expect("the tables are made");
    }
}

fn tables() -> Connection {
    let connection = in_memory();
    // Without an ORDER BY there is no order, not even by chance.
    connection
        .execute_batch("PRAGMA reverse_unordered_selects = on")
        .expect("SQLite takes the pragma");
    prepare(&connection);
    connection
}

fn order(connection: &Connection, owner: i64, state: &str) -> i64 {
    let sql = "INSERT INTO orders (owner, state) VALUES (?1, ?2)";
    connection
        .execute(sql, (owner, state))
        .expect("the table takes an order");
    connection.last_insert_rowid()
}

fn line(connection: &Connection, order: i64, title: &str, copies: u8) -> i64 {
    let sql = "INSERT INTO lines (order_id, title, copies) VALUES (?1, ?2, ?3)";
    connection
        .execute(sql, (order, title, copies))
        .expect("the table takes a line");
    connection.last_insert_rowid()
}

fn review(connection: &Connection, author: i64, text: &str) -> i64 {
    let sql = "INSERT INTO reviews (author, text) VALUES (?1, ?2)";
    connection
        .execute(sql, (author, text))
        .expect("the table takes a review");
    connection.last_insert_rowid()
}

/// Everything that stands in the three tables.
fn all(connection: &Connection) -> Vec<String> {
    let sql = "SELECT 'order ' || id || ' of ' || owner || ': ' || state FROM orders
               UNION ALL SELECT 'line ' || id || ' of ' || order_id || ': ' || copies || ' ' || title FROM lines
               UNION ALL SELECT 'review ' || id || ' of ' || author || ': ' || text FROM reviews ORDER BY 1";
    let mut statement = connection.prepare(sql).expect("a statement");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("texts")
}

/// `Ok`, or the name of the error.
fn said<T: Debug>(answer: &Result<T, OwnershipError>) -> String {
    match answer {
        Ok(_) => "Ok".to_owned(),
        Err(OwnershipError::Broken(error)) => format!("Broken: {error}"),
        Err(error) => format!("{error:?}"),
    }
}

/// An owner finds an order with its own lines, and nobody else's.
#[test]
fn an_owner_finds_an_order() {
    let connection = tables();
    let mut values = seeded(0x1141);
    let mut expected = Vec::new();
    for _ in 0..10 {
        let owner = *values.pick(&[ADA, BOB]);
        let (word, state) = *values.pick(&[
            ("open", State::Open),
            ("cancelled", State::Cancelled),
            ("shipped", State::Shipped),
        ]);
        let id = order(&connection, owner, word);
        let lines = Vec::new();
        expected.push((owner, Order { id, state, lines }));
    }
    // The lines of the orders lie mixed in the table.
    for _ in 0..30 {
        let (_, order) = &mut expected[values.size(0..9)];
        let title = format!("{}'s \"{}\"", values.word(3..9), values.word(3..9));
        let copies = u8::try_from(values.number(0..256)).unwrap_or(0);
        let id = line(&connection, order.id, &title, copies);
        order.lines.push(Line { id, title, copies });
    }
    for (owner, order) in &expected {
        match find(&connection, *owner, order.id) {
            Ok(found) => assert_eq!(&found, order, "order {} of user {owner}", order.id),
            Err(error) => panic!("order {} of user {owner}: {error:?}", order.id),
        }
    }
    for user in [ADA, BOB, CLEO, NOBODY] {
        let own: Vec<Order> = expected
            .iter()
            .filter(|(owner, _)| *owner == user)
            .map(|(_, order)| order.clone())
            .collect();
        match list(&connection, user) {
            Ok(listed) => assert_eq!(listed, own, "the orders of user {user}"),
            Err(error) => panic!("the orders of user {user}: {error:?}"),
        }
    }
}

/// A list has no end: however many orders somebody has, all of them are in it, each with all of its lines.
#[test]
fn a_list_is_whole() {
    let connection = tables();
    let fill = "INSERT INTO orders (owner) WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2400)
                SELECT 1 + n % 2 FROM n;
                INSERT INTO lines (order_id, title, copies)
                WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1300) SELECT 2, 'Emma', 1 FROM n";
    connection
        .execute_batch(fill)
        .expect("the tables take them");
    let lines = |user: i64| -> Vec<usize> {
        let orders = list(&connection, user).expect("a list");
        orders.iter().map(|order| order.lines.len()).collect()
    };
    assert_eq!(lines(ADA).len(), 1200, "orders of Ada");
    assert_eq!(lines(BOB).len(), 1200, "orders of Bob");
    let most = lines(ADA).into_iter().max();
    assert_eq!(most, Some(1300), "lines of the longest order");
}

/// For everybody but its owner an order is missing, whatever is tried with it, and the answer is that for an order that never was.
#[tokio::test]
async fn somebody_elses_order_is_missing() {
    let connection = tables();
    for state in ["open", "cancelled", "shipped"] {
        let id = order(&connection, ADA, state);
        let line = line(&connection, id, "Emma", 1);
        let own = order(&connection, BOB, "open");
        let before = all(&connection);
        for (user, id) in [
            (BOB, id),
            (NOBODY, id),
            (0, id),
            (-1, id),
            (BOB, own + 1),
            (BOB, 0),
            (BOB, -1),
            (BOB, i64::MAX),
            (ADA, own),
        ] {
            let answers = [
                ("find", find(&connection, user, id).map(|_| ())),
                ("cancel", cancel(&connection, user, id)),
                ("set_copies", set_copies(&connection, user, id, line, 7)),
                ("give", give(&connection, user, id, user)),
                ("give to Cleo", give(&connection, user, id, CLEO)),
                ("give to nobody", give(&connection, user, id, NOBODY)),
            ];
            for (what, answer) in answers {
                let case = format!("{what}: user {user}, order {id}, {state}");
                assert_eq!(said(&answer), "Missing", "{case}");
                let Err(error) = answer else { continue };
                let response = error.into_response();
                assert_eq!(response.status().as_u16(), 404, "the status of {case}");
                let body = to_bytes(response.into_body(), 1000).await.expect("a body");
                assert_eq!(
                    body, "{\"error\":\"there is no such thing\"}",
                    "the body of {case}"
                );
            }
            assert_eq!(
                all(&connection),
                before,
                "after user {user} tried order {id}"
            );
        }
    }
}

/// An owner cancels an open order, that one alone; a second time is no error, and what has been shipped stays shipped.
#[test]
fn an_open_order_is_cancelled() {
    let connection = tables();
    let open = order(&connection, ADA, "open");
    let other = order(&connection, ADA, "open");
    let shipped = order(&connection, ADA, "shipped");
    let ordered = line(&connection, open, "Emma", 2);
    let state = |id: i64| find(&connection, ADA, id).map(|order| order.state).ok();
    for time in ["once", "twice"] {
        let answer = cancel(&connection, ADA, open);
        assert_eq!(said(&answer), "Ok", "cancelled {time}");
        assert_eq!(state(open), Some(State::Cancelled), "cancelled {time}");
    }
    assert_eq!(state(other), Some(State::Open), "the owner's other order");
    let found = find(&connection, ADA, open).map(|order| order.lines);
    let lines = [Line {
        id: ordered,
        title: "Emma".to_owned(),
        copies: 2,
    }];
    assert_eq!(found.ok().as_deref(), Some(&lines[..]), "its lines stay");
    let answer = cancel(&connection, ADA, shipped);
    assert_eq!(said(&answer), "NotOpen", "an order that has been shipped");
    assert_eq!(
        state(shipped),
        Some(State::Shipped),
        "an order that has been shipped"
    );
}

/// A line is found by its order and its id together: neither another order's line nor another order leads to it.
#[test]
fn a_line_belongs_to_its_order() {
    let connection = tables();
    let orders = [ADA, ADA, BOB].map(|owner| order(&connection, owner, "open"));
    let lines = orders.map(|order| line(&connection, order, "Emma", 1));
    // The same book stands in the first order once more; nobody changes that line.
    line(&connection, orders[0], "Emma", 1);
    let mut copies = [1_u8; 4];
    for (turn, user) in [ADA, BOB, CLEO].into_iter().enumerate() {
        for (o, order) in orders.iter().enumerate() {
            for (l, line) in lines.iter().enumerate() {
                let wanted = u8::try_from(10 + 9 * turn + 3 * o + l).unwrap_or(0);
                let answer = set_copies(&connection, user, *order, *line, wanted);
                let own = (user == ADA && o < 2) || (user == BOB && o == 2);
                let expected = if own && o == l { "Ok" } else { "Missing" };
                let case = format!("user {user}, order {order}, line {line}");
                assert_eq!(said(&answer), expected, "{case}");
                if expected == "Ok" {
                    copies[l] = wanted;
                }
                let sql = "SELECT copies FROM lines ORDER BY id";
                let mut statement = connection.prepare(sql).expect("a statement");
                let rows = statement.query_map([], |row| row.get(0)).expect("rows");
                let found: Vec<u8> = rows.collect::<rusqlite::Result<_>>().expect("numbers");
                assert_eq!(found, copies, "the copies of all lines after {case}");
            }
        }
    }
    for copies in [0, 255] {
        let answer = set_copies(&connection, ADA, orders[0], lines[0], copies);
        assert_eq!(said(&answer), "Ok", "{copies} copies");
        let found = find(&connection, ADA, orders[0]).expect("the order");
        assert_eq!(found.lines[0].copies, copies, "copies that stand there");
    }
    for missing in [0, -1, lines[2] + 2, i64::MAX] {
        let answer = set_copies(&connection, ADA, orders[0], missing, 5);
        assert_eq!(said(&answer), "Missing", "line {missing}");
    }
}

/// The lines of an order that is not open stay as they are, and its owner hears why.
#[test]
fn a_closed_order_keeps_its_lines() {
    let connection = tables();
    for state in ["cancelled", "shipped"] {
        let id = order(&connection, ADA, state);
        let own = line(&connection, id, "Emma", 1);
        // The second is what stands there anyway: it is refused as well.
        for copies in [7, 1] {
            let answer = set_copies(&connection, ADA, id, own, copies);
            assert_eq!(said(&answer), "NotOpen", "{copies} copies, {state}");
            let found = find(&connection, ADA, id).expect("the order");
            let left = found.lines[0].copies;
            assert_eq!(
                left, 1,
                "copies in an order that is {state}, after {copies} were asked for"
            );
        }
        let answer = set_copies(&connection, ADA, id, own + 1, 7);
        assert_eq!(
            said(&answer),
            "Missing",
            "a line that is not there, {state}"
        );
    }
}

/// Who is given an order owns it, with its lines; who gave it away does not find it any more.
#[test]
fn what_is_given_away_is_gone() {
    let connection = tables();
    for state in ["open", "cancelled", "shipped"] {
        let id = order(&connection, ADA, state);
        let kept = order(&connection, ADA, state);
        let line = line(&connection, id, "Emma", 1);
        let before = find(&connection, ADA, id).expect("the order");
        assert_eq!(
            said(&give(&connection, ADA, id, BOB)),
            "Ok",
            "given to Bob, {state}"
        );
        for answer in [
            find(&connection, ADA, id).map(|_| ()),
            cancel(&connection, ADA, id),
            set_copies(&connection, ADA, id, line, 7),
            give(&connection, ADA, id, ADA),
        ] {
            assert_eq!(said(&answer), "Missing", "Ada, afterwards, {state}");
        }
        match find(&connection, BOB, id) {
            Ok(found) => assert_eq!(found, before, "what Bob has, {state}"),
            Err(error) => panic!("Bob does not find it, {state}: {error:?}"),
        }
        assert_eq!(
            said(&find(&connection, ADA, kept)),
            "Ok",
            "Ada's other order"
        );
        assert_eq!(
            said(&give(&connection, BOB, id, BOB)),
            "Ok",
            "Bob, to himself"
        );
        let nobody = give(&connection, BOB, id, NOBODY);
        assert_eq!(said(&nobody), "NoSuchUser", "to somebody who is not there");
        assert_eq!(said(&find(&connection, BOB, id)), "Ok", "Bob still has it");
    }
    let id = order(&connection, ADA, "open");
    connection
        .execute("UPDATE users SET disabled = 1 WHERE id = ?1", [BOB])
        .expect("Bob's account is closed");
    let answer = give(&connection, ADA, id, BOB);
    assert_eq!(said(&answer), "Ok", "to a user whose account is closed");
}

/// A review can be seen by everybody: somebody else's is forbidden, one that is not there is missing, and neither changes anything.
#[test]
fn a_review_is_edited_by_its_author() {
    let connection = tables();
    let adas = review(&connection, ADA, "A lamp of a book.");
    let bobs = review(&connection, BOB, "Too long.");
    for text in [" It's \"good\" ", "", "A lamp of a book."] {
        let answer = edit_review(&connection, ADA, adas, text);
        assert_eq!(said(&answer), "Ok", "the author writes {text:?}");
        let expected = [
            format!("review {adas} of 1: {text}"),
            format!("review {bobs} of 2: Too long."),
        ];
        assert_eq!(
            all(&connection),
            expected,
            "after the author wrote {text:?}"
        );
    }
    let odd = "two lines\r\n\0\tand what follows a NUL\u{301} ";
    let answer = edit_review(&connection, ADA, adas, odd);
    assert_eq!(said(&answer), "Ok", "the author writes {odd:?}");
    let found: String = connection
        .query_row("SELECT text FROM reviews WHERE id = ?1", [adas], |row| {
            row.get(0)
        })
        .expect("the review");
    assert_eq!(found, odd, "every byte of the text");
    let before = all(&connection);
    for (user, id, expected) in [
        (ADA, bobs, "NotYours"),
        (BOB, adas, "NotYours"),
        (NOBODY, adas, "NotYours"),
        (ADA, bobs + 1, "Missing"),
        (ADA, 0, "Missing"),
        (ADA, i64::MAX, "Missing"),
    ] {
        for text in ["mine", "Too long."] {
            let answer = edit_review(&connection, user, id, text);
            assert_eq!(said(&answer), expected, "user {user}, review {id}");
            assert_eq!(
                all(&connection),
                before,
                "after user {user} tried review {id}"
            );
        }
    }
}

/// Runs `work` on a connection where at this moment somebody else does `meanwhile`, if nobody holds the tables. Says whether
/// they could.
fn with_meanwhile<T>(
    moment: &'static str,
    setup: impl FnOnce(&Connection),
    meanwhile: &'static str,
    work: impl FnOnce(&Connection) -> T,
) -> (bool, T, Vec<String>) {
    let file = TempDatabase::new();
    let mut connection = file.connect();
    connection
        .execute_batch("PRAGMA journal_mode = wal; PRAGMA synchronous = off")
        .expect("WAL");
    prepare(&connection);
    setup(&connection);
    let other = file.connect();
    other
        .busy_timeout(std::time::Duration::ZERO)
        .expect("no patience");
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    // SQLite asks before it takes a statement.
    let hook = move |context: AuthContext<'_>| {
        let now = match context.action {
            AuthAction::Transaction { .. } => moment == "before a transaction",
            AuthAction::Update { .. } => moment == "before the UPDATE",
            _ => false,
        };
        if now && !seen.load(Ordering::SeqCst) {
            seen.store(other.execute_batch(meanwhile).is_ok(), Ordering::SeqCst);
        }
        Authorization::Allow
    };
    connection
        .authorizer(Some(hook))
        .expect("SQLite takes the hook");
    let answer = work(&connection);
    (done.load(Ordering::SeqCst), answer, all(&file.connect()))
}

/// What changes hands, or its state, just before it would be changed, is judged by what it is then, not by what it was.
#[test]
fn nobody_comes_in_between() {
    type Work = fn(&Connection) -> Result<(), OwnershipError>;
    let cases: [(&str, &'static str, Work, &str, &str, &str); 6] = [
        (
            "cancel, and it is Bob's now",
            "UPDATE orders SET owner = 2",
            |connection| cancel(connection, ADA, 1),
            "Missing",
            "order 1 of 2: open",
            "order 1 of 1: cancelled",
        ),
        (
            "cancel, and it has been shipped",
            "UPDATE orders SET state = 'shipped'",
            |connection| cancel(connection, ADA, 1),
            "NotOpen",
            "order 1 of 1: shipped",
            "order 1 of 1: cancelled",
        ),
        (
            "set_copies, and the order is Bob's now",
            "UPDATE orders SET owner = 2",
            |connection| set_copies(connection, ADA, 1, 1, 7),
            "Missing",
            "line 1 of 1: 1 Emma",
            "line 1 of 1: 7 Emma",
        ),
        (
            "set_copies, and the order has been shipped",
            "UPDATE orders SET state = 'shipped'",
            |connection| set_copies(connection, ADA, 1, 1, 7),
            "NotOpen",
            "line 1 of 1: 1 Emma",
            "line 1 of 1: 7 Emma",
        ),
        (
            "give, and it is Bob's now",
            "UPDATE orders SET owner = 2",
            |connection| give(connection, ADA, 1, CLEO),
            "Missing",
            "order 1 of 2: open",
            "order 1 of 3: open",
        ),
        (
            "edit_review, and it is Bob's now",
            "UPDATE reviews SET author = 2",
            |connection| edit_review(connection, ADA, 1, "mine"),
            "NotYours",
            "review 1 of 2: A lamp.",
            "review 1 of 1: mine",
        ),
    ];
    let moments = ["before a transaction", "before the UPDATE"];
    let each = cases
        .into_iter()
        .flat_map(|case| moments.map(|moment| (moment, case)));
    for (moment, (case, meanwhile, work, refusal, kept, changed)) in each {
        let setup = |connection: &Connection| {
            order(connection, ADA, "open");
            line(connection, 1, "Emma", 1);
            review(connection, ADA, "A lamp.");
        };
        let (came_between, answer, left) = with_meanwhile(moment, setup, meanwhile, work);
        let (expected, row) = if came_between {
            (refusal, kept)
        } else {
            ("Ok", changed)
        };
        assert_eq!(said(&answer), expected, "{case}, {moment}");
        assert!(
            left.iter().any(|found| found == row),
            "{case}, {moment}: {row:?} is not in {left:?}"
        );
    }
}

/// Two give the same order away at the same moment: one of them has done so, and the order is with whom they named.
#[test]
fn an_order_is_given_away_once() {
    let file = TempDatabase::new();
    let connect = || {
        let connection = file.connect();
        connection
            .execute_batch("PRAGMA journal_mode = wal; PRAGMA synchronous = off")
            .expect("WAL");
        connection
    };
    let connection = connect();
    prepare(&connection);
    let rounds: Vec<i64> = (0..30).map(|_| order(&connection, ADA, "open")).collect();
    let gate = Gate::new(2);
    let given: Mutex<Vec<(i64, i64)>> = Mutex::default();
    let faults: Mutex<Vec<String>> = Mutex::default();
    thread::scope(|scope| {
        for to in [BOB, CLEO] {
            let (gate, given, faults, rounds) = (&gate, &given, &faults, &rounds);
            let connection = connect();
            scope.spawn(move || {
                for id in rounds {
                    gate.wait();
                    // Nobody panics in here: the other thread would wait at the gate for ever.
                    match give(&connection, ADA, *id, to) {
                        Ok(()) => given.lock().expect("nobody panics").push((*id, to)),
                        Err(OwnershipError::Missing) => {}
                        Err(error) => {
                            let fault = format!("order {id} to user {to}: {error:?}");
                            faults.lock().expect("nobody panics").push(fault);
                        }
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().expect("nobody panics");
    assert_eq!(faults, Vec::<String>::new(), "errors on the way");
    let mut given = given.into_inner().expect("nobody panics");
    given.sort_unstable();
    let orders: Vec<i64> = given.iter().map(|(id, _)| *id).collect();
    assert_eq!(orders, rounds, "each order was given away once");
    for (id, to) in given {
        let answer = find(&connection, to, id);
        assert_eq!(
            said(&answer),
            "Ok",
            "order {id}, which user {to} was told to have got"
        );
    }
}

/// A table that is gone is our fault: nothing is missing, and nothing is an empty list.
#[test]
fn what_is_broken_is_not_missing() {
    let connection = tables();
    let id = order(&connection, ADA, "open");
    let spoil = "PRAGMA ignore_check_constraints = ON; UPDATE orders SET state = 'lost'";
    connection.execute_batch(spoil).expect("no check is made");
    let unreadable = find(&connection, ADA, id);
    assert!(
        said(&unreadable).starts_with("Broken"),
        "a state that does not exist: {unreadable:?}"
    );
    let gone = "PRAGMA foreign_keys = OFF; DROP TABLE lines; DROP TABLE orders; DROP TABLE reviews";
    connection.execute_batch(gone).expect("they are there");
    let answers = [
        ("find", find(&connection, ADA, id).map(|_| ())),
        ("list", list(&connection, ADA).map(|_| ())),
        ("cancel", cancel(&connection, ADA, id)),
        ("set_copies", set_copies(&connection, ADA, id, 1, 7)),
        ("give", give(&connection, ADA, id, BOB)),
        ("edit_review", edit_review(&connection, ADA, 1, "mine")),
    ];
    for (what, answer) in answers {
        assert!(said(&answer).starts_with("Broken"), "{what}: {answer:?}");
    }
}
