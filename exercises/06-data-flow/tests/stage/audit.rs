use std::sync::atomic::Ordering;

use data_flow::audit::{Change, Disagreement, TRAIL, change_stock, disagreements, prepare};
use rusqlite::Connection;

use crate::shop::{
    before_statement, empty, everything, impatient, in_a_file, number, put, rows, shared, store,
    take,
};

/// A time long ago: the trail's clock is the one that is given.
const THEN: i64 = 1_000_000_000;

/// Three books, with 5, 0 and 7 copies, and the trail from the beginning on.
fn fill(connection: &mut Connection) {
    for (id, stock) in [(1, 5), (2, 0), (3, 7)] {
        store(connection, id, "Emma", 500, stock);
    }
    prepare(connection, THEN).expect("a trail that is SQL");
}

fn shop() -> Connection {
    let mut connection = empty();
    fill(&mut connection);
    connection
}

fn change(book_id: i64, delta: i64) -> Change {
    Change {
        book_id,
        delta,
        actor: "Ada".to_owned(),
        reason: "counted".to_owned(),
        at: THEN + 60,
    }
}

/// A disagreement as it can be compared: the book, what stands in the table, and what the trail adds up to.
type Row = (i64, Option<i64>, i64);

#[track_caller]
fn found(connection: &Connection) -> Vec<Row> {
    let found: Vec<Disagreement> = disagreements(connection).expect("a trail");
    found
        .iter()
        .map(|one| (one.book_id, one.stock, one.trail))
        .collect()
}

const COLUMNS: &str =
    "SELECT book_id, delta, stock, actor, reason, at FROM stock_changes ORDER BY id";

/// When the trail is made, each book gets a first row; when it is there already, none.
#[test]
fn the_trail_begins_with_what_is_there() {
    let mut connection = shop();
    let expected = [
        "1 | 5 | 5 | system | opening balance | 1000000000",
        "2 | 0 | 0 | system | opening balance | 1000000000",
        "3 | 7 | 7 | system | opening balance | 1000000000",
    ];
    assert_eq!(
        rows(&connection, COLUMNS),
        expected,
        "the trail in the beginning"
    );
    store(&connection, 4, "Past the trail", 500, 3);
    prepare(&mut connection, THEN + 1).expect("a trail that is there");
    assert!(connection.is_autocommit(), "a transaction is still open");
    assert_eq!(
        rows(&connection, COLUMNS),
        expected,
        "the trail, prepared a second time after a book came past it"
    );
    // What only has a name that is like it is not the trail.
    let mut other = empty();
    store(&other, 1, "Emma", 500, 5);
    other
        .execute_batch(
            "CREATE TABLE stock_changes_of_2024 (id INTEGER PRIMARY KEY); CREATE TABLE old_stock_changes (id INTEGER);
             CREATE INDEX stock_changes_by_id ON old_stock_changes (id);",
        )
        .expect("tables");
    prepare(&mut other, THEN).expect("a trail that is SQL");
    assert_eq!(
        rows(&other, COLUMNS),
        expected[..1],
        "the trail in the beginning, beside tables with names like its own"
    );
    let mut nothing = empty();
    prepare(&mut nothing, THEN).expect("a shop without books");
    store(&nothing, 1, "Past the trail", 500, 3);
    prepare(&mut nothing, THEN).expect("a trail that is there");
    assert_eq!(
        number(&nothing, "SELECT count(*) FROM stock_changes"),
        0,
        "rows of a trail that began without books"
    );
}

/// A trigger that is missing is made, also when the table is there: a trail from before has it afterwards.
#[test]
fn what_is_missing_is_made() {
    let mut connection = shop();
    let triggers = rows(
        &connection,
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'stock_changes'",
    );
    for trigger in &triggers {
        connection
            .execute_batch(&format!("DROP TRIGGER \"{trigger}\""))
            .expect("a trigger");
    }
    prepare(&mut connection, THEN + 1).expect("a trail that is there");
    let before = rows(&connection, COLUMNS);
    for sql in [
        "DELETE FROM stock_changes",
        "UPDATE stock_changes SET delta = 9",
        "REPLACE INTO stock_changes VALUES (1, 1, 9, 9, 'Bob', 'sold', 1)",
    ] {
        let answer = connection.execute(sql, []);
        assert!(
            answer.is_err(),
            "{answer:?} rows by {sql}, after the triggers {triggers:?} were lost and the trail was prepared again"
        );
    }
    assert_eq!(rows(&connection, COLUMNS), before, "the trail afterwards");
}

/// A commit can fail. Whichever it is, the next try makes the trail as a whole, with its first rows.
#[test]
fn the_trail_is_made_as_a_whole() {
    for refused in 0.. {
        let mut connection = empty();
        store(&connection, 1, "Emma", 500, 5);
        let mut commits = 0;
        connection
            .commit_hook(Some(move || {
                commits += 1;
                commits == refused + 1
            }))
            .expect("SQLite takes the hook");
        let done = prepare(&mut connection, THEN).is_ok();
        connection
            .commit_hook(None::<fn() -> bool>)
            .expect("SQLite takes no hook");
        assert!(connection.is_autocommit(), "a transaction is still open");
        prepare(&mut connection, THEN).expect("nothing is refused now");
        assert_eq!(
            number(&connection, "SELECT count(*) FROM stock_changes"),
            1,
            "rows of the trail, after commit {refused} was refused"
        );
        if done {
            assert!(refused >= 1, "a commit that was refused is an error");
            break;
        }
    }
}

/// Two programs that make the trail at the same time make it once.
#[test]
fn the_trail_begins_once() {
    for place in 0.. {
        let (database, mut connection) = in_a_file();
        store(&connection, 1, "Emma", 500, 5);
        let mut other = impatient(&database);
        let statements = before_statement(&mut connection, place, move || {
            // When it is told to wait, it has done nothing.
            let _told = prepare(&mut other, THEN);
        });
        prepare(&mut connection, THEN).unwrap_or_else(|error| {
            panic!("another program prepared before statement {place}: {error}")
        });
        assert_eq!(
            number(&connection, "SELECT count(*) FROM stock_changes"),
            1,
            "rows of the trail, another program preparing before statement {place}"
        );
        if place >= statements.load(Ordering::SeqCst) {
            break;
        }
    }
}

/// A change is in the table and in the trail, letter by letter, and the trail says how many copies there were afterwards.
#[test]
fn a_change_is_written_down() {
    let mut connection = shop();
    let mut values = support::seeded(0x0671);
    let mut stocks = [5_i64, 0, 7];
    connection
        .execute("UPDATE books SET version = 10 + id", [])
        .expect("books that were edited some times");
    for round in 0..60 {
        let place = values.size(0..3);
        let delta = i64::try_from(values.number(0..12)).expect("a few") - 5;
        let wanted = Change {
            book_id: i64::try_from(place + 1).expect("1 to 3"),
            delta,
            actor: format!(" {}'s", values.word(1..5)),
            reason: format!("\"{}\"\n ", values.word(1..9).repeat(1 + round * round)),
            at: i64::try_from(values.number(0..1 << 40)).expect("a time"),
        };
        let before = number(&connection, "SELECT count(*) FROM stock_changes");
        let answer: Option<i64> = change_stock(&mut connection, &wanted).expect("a trail");
        let expected = Some(stocks[place] + delta).filter(|stock| *stock >= 0);
        assert_eq!(
            answer, expected,
            "{delta} copies, of {} in round {round}",
            stocks[place]
        );
        assert!(connection.is_autocommit(), "a transaction is still open");
        let Some(stock) = expected else {
            let after = number(&connection, "SELECT count(*) FROM stock_changes");
            assert_eq!(after, before, "rows of the trail after a refusal");
            continue;
        };
        stocks[place] = stock;
        let last: (i64, i64, i64, String, String, i64) = connection
            .query_row(
                "SELECT book_id, delta, stock, actor, reason, at FROM stock_changes ORDER BY id DESC",
                [],
                |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get(5)?,
                    ))
                },
            )
            .expect("a row");
        let Change {
            book_id,
            delta,
            actor,
            reason,
            at,
        } = wanted;
        assert_eq!(
            last,
            (book_id, delta, stock, actor, reason, at),
            "the last row of the trail in round {round}"
        );
    }
    assert_eq!(
        rows(&connection, "SELECT stock FROM books ORDER BY id"),
        stocks.map(|stock| stock.to_string()),
        "the stocks"
    );
    assert_eq!(
        rows(&connection, "SELECT version FROM books ORDER BY id"),
        ["11", "12", "13"],
        "the versions: nobody has edited a book"
    );
    assert_eq!(found(&connection), [], "the trail adds up to the tables");
}

/// The last copy can go, and one more cannot; a count that finds all right is written down; a book that is not there has none.
#[test]
fn the_last_copy_goes_and_no_more() {
    let mut connection = shop();
    for (book, delta, expected) in [
        (1, -6, None),
        (1, i64::MIN, None),
        (1, -5, Some(0)),
        (1, -1, None),
        (1, 0, Some(0)),
        (99, 1, None),
        (99, 0, None),
        (3, 4_294_967_296, Some(4_294_967_303)),
    ] {
        let answer = change_stock(&mut connection, &change(book, delta));
        assert_eq!(answer, Ok(expected), "{delta} copies of book {book}");
    }
    let deltas = rows(
        &connection,
        "SELECT book_id, delta FROM stock_changes WHERE actor = 'Ada' ORDER BY id",
    );
    assert_eq!(
        deltas,
        ["1 | -5", "1 | 0", "3 | 4294967296"],
        "the changes in the trail"
    );
}

/// A change and its row are one: what fails on either side leaves nothing on the other.
#[test]
fn a_change_and_its_row_are_one() {
    let mut connection = shop();
    let before = everything(&connection);
    for (actor, reason) in [
        ("", "counted"),
        ("  ", "counted"),
        ("Ada", ""),
        ("Ada", " "),
    ] {
        let mut nameless = change(1, 1);
        (nameless.actor, nameless.reason) = (actor.to_owned(), reason.to_owned());
        let answer = change_stock(&mut connection, &nameless);
        assert!(
            answer.is_err(),
            "{actor:?} because of {reason:?}: {answer:?}"
        );
        assert!(connection.is_autocommit(), "a transaction is still open");
        assert_eq!(
            everything(&connection),
            before,
            "all rows after {actor:?}, {reason:?}"
        );
    }
    for fault in ["AFTER INSERT ON stock_changes", "AFTER UPDATE ON books"] {
        for how in ["ABORT", "FAIL", "ROLLBACK"] {
            connection
                .execute_batch(&format!(
                    "CREATE TRIGGER fault {fault} BEGIN SELECT RAISE ({how}, 'the disk is on fire'); END;"
                ))
                .expect("a trigger");
            let answer = change_stock(&mut connection, &change(1, 1));
            assert!(answer.is_err(), "a fault {fault}: {answer:?}");
            connection
                .execute_batch("DROP TRIGGER fault")
                .expect("a trigger");
            assert!(connection.is_autocommit(), "a transaction is still open");
            assert_eq!(
                everything(&connection),
                before,
                "all rows after a fault {fault} ({how})"
            );
        }
    }
    connection
        .commit_hook(Some(|| true))
        .expect("SQLite takes the hook, which refuses every commit");
    let answer = change_stock(&mut connection, &change(1, 1));
    assert!(answer.is_err(), "a commit that is refused: {answer:?}");
    assert_eq!(
        everything(&connection),
        before,
        "all rows after a commit that was refused"
    );
}

/// Two who change the same stock at the same time are both in the trail, each with the stock that there was.
#[test]
fn two_changes_at_once_are_two_rows() {
    for place in 0.. {
        let (database, mut connection) = in_a_file();
        fill(&mut connection);
        let mut other = impatient(&database);
        let got = shared();
        let note = got.clone();
        let statements = before_statement(&mut connection, place, move || {
            put(&note, change_stock(&mut other, &change(1, -2)).is_ok());
        });
        let answer = change_stock(&mut connection, &change(1, -4)).unwrap_or_else(|error| {
            panic!("somebody else took copies before statement {place}: {error}")
        });
        let came_in = take(&got) == Some(true);
        let (expected, trail) = if came_in {
            (None, vec!["5 | 5", "-2 | 3"])
        } else {
            (Some(1), vec!["5 | 5", "-4 | 1"])
        };
        assert_eq!(answer, expected, "4 of 5 copies, before statement {place}");
        assert_eq!(
            rows(
                &connection,
                "SELECT delta, stock FROM stock_changes WHERE book_id = 1 ORDER BY id"
            ),
            trail,
            "the trail of book 1, somebody else taking 2 before statement {place}"
        );
        if place >= statements.load(Ordering::SeqCst) {
            break;
        }
    }
}

/// No row of the trail can be changed, deleted or replaced, by nobody and on no connection; a row can be added.
#[test]
fn the_trail_only_grows() {
    let (database, mut connection) = in_a_file();
    fill(&mut connection);
    change_stock(&mut connection, &change(1, -1)).expect("a trail");
    let before = rows(&connection, "SELECT * FROM stock_changes ORDER BY id");
    for recursive in [false, true] {
        let vandal = database.connect();
        vandal
            .pragma_update(None, "recursive_triggers", recursive)
            .expect("SQLite takes the pragma");
        for sql in [
            "UPDATE stock_changes SET delta = 0",
            "UPDATE stock_changes SET actor = 'Bob' WHERE id = 4",
            "UPDATE stock_changes SET at = at",
            "UPDATE stock_changes SET id = id + 100",
            "UPDATE OR REPLACE stock_changes SET id = 1 WHERE id = 2",
            "UPDATE OR IGNORE stock_changes SET reason = 'stolen'",
            "DELETE FROM stock_changes",
            "DELETE FROM stock_changes WHERE id = 4",
            "REPLACE INTO stock_changes VALUES (4, 1, -1, 4, 'Bob', 'sold', 1)",
            "REPLACE INTO stock_changes VALUES (4, 2, -1, 4, 'Bob', 'sold', 1)",
            "REPLACE INTO stock_changes VALUES (1, 1, 4, 4, 'system', 'opening balance', 1000000000)",
            "INSERT OR REPLACE INTO stock_changes SELECT id, book_id, delta, stock, 'Bob', reason, at FROM stock_changes",
            "INSERT INTO stock_changes VALUES (4, 1, -1, 4, 'Bob', 'sold', 1)
                 ON CONFLICT (id) DO UPDATE SET actor = excluded.actor",
        ] {
            let answer = vandal.execute(sql, []);
            assert!(answer.is_err(), "{answer:?} rows by {sql}");
            assert_eq!(
                rows(&connection, "SELECT * FROM stock_changes ORDER BY id"),
                before,
                "the trail after {sql}"
            );
        }
    }
    let added = connection.execute(
        "INSERT INTO stock_changes (book_id, delta, stock, actor, reason, at) VALUES (1, 0, 4, 'Bob', 'counted', 1)",
        [],
    );
    assert_eq!(added, Ok(1), "a row is added by hand");
}

/// The trail refuses rows that say nothing, keeps the types, and never gives a number twice.
#[test]
fn the_trail_refuses_nonsense() {
    let mut connection = shop();
    let insert = |values: &str| {
        format!(
            "INSERT INTO stock_changes (book_id, delta, stock, actor, reason, at) VALUES ({values})"
        )
    };
    for values in [
        "NULL, 1, 1, 'Ada', 'counted', 1",
        "1, NULL, 1, 'Ada', 'counted', 1",
        "1, 1, NULL, 'Ada', 'counted', 1",
        "1, 1, 1, NULL, 'counted', 1",
        "1, 1, 1, 'Ada', NULL, 1",
        "1, 1, 1, 'Ada', 'counted', NULL",
        "1, 1, 1, '', 'counted', 1",
        "1, 1, 1, 'Ada', '  ', 1",
        "1, 1, -1, 'Ada', 'counted', 1",
        "1, 1.5, 1, 'Ada', 'counted', 1",
        "1, 'one', 1, 'Ada', 'counted', 1",
        "1, 1, 1, 'Ada', 'counted', 'today'",
    ] {
        let answer = connection.execute(&insert(values), []);
        assert!(answer.is_err(), "{answer:?} rows with {values}");
    }
    // The trail outlives the book.
    let orphan = connection.execute(&insert("77, 1, 1, 'Ada', 'counted', 1"), []);
    assert_eq!(orphan, Ok(1), "a row of a book that is not there");
    connection
        .execute("DELETE FROM books WHERE id = 1", [])
        .expect("a book can go, whatever the trail says of it");
    connection
        .execute_batch(TRAIL)
        .expect("the statements run again when all is there");
    prepare(&mut connection, THEN).expect("a trail that is there");
    assert_eq!(
        number(&connection, "SELECT count(*) FROM stock_changes"),
        4,
        "rows of the trail"
    );
    // Somebody gets past the triggers all the same. The gap shows it.
    let last = number(&connection, "SELECT max(id) FROM stock_changes");
    for trigger in rows(
        &connection,
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'stock_changes'",
    ) {
        connection
            .execute_batch(&format!("DROP TRIGGER \"{trigger}\""))
            .expect("a trigger");
    }
    connection
        .execute("DELETE FROM stock_changes WHERE id = ?1", [last])
        .expect("nobody stops it any more");
    change_stock(&mut connection, &change(2, 1)).expect("a trail");
    let next = number(&connection, "SELECT max(id) FROM stock_changes");
    assert!(
        next > last,
        "the number {next} is given after {last}, whose row is gone"
    );
}

/// What was changed past the trail is found: stocks, books that came and books that went. All else agrees.
#[test]
fn what_goes_past_the_trail_is_found() {
    let mut connection = shop();
    change_stock(&mut connection, &change(3, -7)).expect("a trail");
    assert_eq!(found(&connection), [], "all is well");
    // The deltas count, and not what a row says of the stock.
    connection
        .execute(
            "INSERT INTO stock_changes (book_id, delta, stock, actor, reason, at) VALUES (1, -2, 5, 'Bob', 'counted', 1)",
            [],
        )
        .expect("a row that is added by hand");
    for (id, stock) in [(4, 0), (5, 3), (-6, 2), (10, 1)] {
        store(&connection, id, "Past the trail", 500, stock);
    }
    connection
        .execute_batch(
            "UPDATE books SET stock = stock + 2 WHERE id IN (2);
             DELETE FROM books WHERE id IN (1, 3);",
        )
        .expect("changes past the trail");
    assert_eq!(
        found(&connection),
        [
            (-6, Some(2), 0),
            (1, None, 3),
            (2, Some(2), 0),
            (5, Some(3), 0),
            (10, Some(1), 0),
        ],
        "what does not agree: the book, its stock, its trail"
    );
    assert!(
        disagreements(&empty()).is_err(),
        "a shop without a trail is an error"
    );
}

/// Large stocks are compared to the last copy.
#[test]
fn large_stocks_are_compared_exactly() {
    let mut connection = empty();
    store(&connection, 1, "Grains of rice", 1, 1 << 53);
    prepare(&mut connection, THEN).expect("a trail");
    let stock = change_stock(&mut connection, &change(1, 1)).expect("a trail");
    assert_eq!(stock, Some((1 << 53) + 1), "one more than 2^53");
    assert_eq!(found(&connection), [], "all is well");
    connection
        .execute("UPDATE books SET stock = stock - 1", [])
        .expect("a change past the trail");
    assert_eq!(
        found(&connection),
        [(1, Some(1 << 53), (1 << 53) + 1)],
        "one copy is missing"
    );
}
