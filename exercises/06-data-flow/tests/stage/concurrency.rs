use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use data_flow::concurrency::{Page, Saved, change, load, open, save};
use data_flow::given::TABLES;
use rusqlite::Connection;
use support::Gate;
use support::database::TempDatabase;

use crate::shop::{
    before_statement, everything, impatient, in_a_file, number, put, rows, shared, store, take,
};

/// A shop in a file, with three books.
fn shop() -> (TempDatabase, Connection) {
    let (database, connection) = in_a_file();
    for id in 1..=3 {
        store(&connection, id, &format!("Book {id}"), 500, 5);
    }
    (database, connection)
}

#[track_caller]
fn loaded(connection: &Connection, id: i64) -> Page {
    load(connection, id)
        .expect("a table")
        .unwrap_or_else(|| panic!("book {id} is there"))
}

/// The page with another title and price.
fn edited(page: &Page, title: &str, cents: u32) -> Page {
    Page {
        title: title.to_owned(),
        cents,
        ..page.clone()
    }
}

/// The page with the version that follows.
fn next(page: &Page) -> Page {
    Page {
        version: page.version + 1,
        ..page.clone()
    }
}

/// A page as it can be compared: id, version, title, cents.
type Row = (i64, i64, String, u32);

fn row(page: &Page) -> Row {
    (page.id, page.version, page.title.clone(), page.cents)
}

/// What came of a save, as it can be compared.
#[track_caller]
fn said(saved: &rusqlite::Result<Saved>) -> (&'static str, Option<Row>) {
    match saved {
        Ok(Saved::Done(page)) => ("done", Some(row(page))),
        Ok(Saved::Conflict(page)) => ("a conflict", Some(row(page))),
        Ok(Saved::Gone) => ("gone", None),
        Err(error) => panic!("the save is an error: {error}"),
    }
}

fn done(page: &Page) -> (&'static str, Option<Row>) {
    ("done", Some(row(page)))
}

fn conflict(page: &Page) -> (&'static str, Option<Row>) {
    ("a conflict", Some(row(page)))
}

/// A connection waits ten seconds for a writer, keeps foreign keys, and its file is in WAL mode, now and later.
#[test]
fn a_connection_is_set_up() {
    let database = TempDatabase::new();
    for round in ["a new file", "the same file again"] {
        let connection = open(&database.path()).expect("a folder that is there");
        let setting = |name: &str| rows(&connection, &format!("PRAGMA {name}")).join(" ");
        assert_eq!(setting("journal_mode"), "wal", "the mode of {round}");
        assert_eq!(
            setting("busy_timeout"),
            "10000",
            "milliseconds of patience with {round}"
        );
        assert_eq!(setting("foreign_keys"), "1", "foreign keys of {round}");
        assert_ne!(
            setting("synchronous"),
            "0",
            "a commit that never waits for the disk, with {round}"
        );
    }
    let plain = rows(&database.connect(), "PRAGMA journal_mode");
    assert_eq!(
        plain,
        ["wal"],
        "the mode of the file, for whoever opens it later"
    );
    let folder = database.path().with_file_name("nowhere");
    assert!(
        open(&folder.join("shop.db")).is_err(),
        "a folder that is not there"
    );
    assert!(!folder.exists(), "the folder is not made");
}

/// A file that is no database is an error at once, and what is in a database stays.
#[test]
fn what_is_there_is_opened() {
    let database = TempDatabase::new();
    std::fs::write(database.path(), "This is no database. ".repeat(99)).expect("a file");
    assert!(
        open(&database.path()).is_err(),
        "a file that is no database"
    );
    let (database, connection) = shop();
    let before = everything(&connection);
    let again = open(&database.path()).expect("a database");
    assert_eq!(everything(&again), before, "all rows after opening it");
}

/// A reader in the middle of its rows does not stop a writer, and sees nothing of what is written until it begins anew.
#[test]
fn readers_and_a_writer_do_not_stop_each_other() {
    let database = TempDatabase::new();
    let writer = open(&database.path()).expect("a folder that is there");
    writer.execute_batch(TABLES).expect("the tables are SQL");
    for id in 1..=3 {
        store(&writer, id, "Emma", 500, 5);
    }
    let reader = open(&database.path()).expect("a database");
    for connection in [&writer, &reader] {
        connection
            .busy_timeout(std::time::Duration::ZERO)
            .expect("SQLite takes the time-out");
    }
    let mut statement = reader
        .prepare("SELECT cents FROM books ORDER BY id")
        .expect("a table");
    let mut prices = statement
        .query_map([], |row| row.get::<_, i64>(0))
        .expect("no parameters");
    let mut seen = vec![prices.next().expect("three books").expect("a price")];
    writer
        .execute_batch("BEGIN IMMEDIATE; UPDATE books SET cents = 600;")
        .expect("nobody else writes");
    let third = open(&database.path()).expect("a database, while somebody writes");
    assert_eq!(
        number(&third, "SELECT sum(cents) FROM books"),
        1_500,
        "what a third connection sees of a transaction that is not committed"
    );
    writer
        .execute_batch("COMMIT")
        .expect("a reader in the middle of its rows does not stop the commit");
    seen.extend(prices.map(|price| price.expect("a price")));
    assert_eq!(
        seen,
        [500, 500, 500],
        "what the reader sees, which had begun before the commit"
    );
    assert_eq!(
        number(&reader, "SELECT sum(cents) FROM books"),
        1_800,
        "what the reader sees when it begins anew"
    );
}

/// A page has what the table has; a book that is not there has none, and a value that does not fit is an error.
#[test]
fn a_page_is_loaded() {
    let (_database, connection) = shop();
    let mut values = support::seeded(0x0661);
    for id in 10..30 {
        let title = format!(" {}'s \"{}\"\0 ", values.word(0..9), values.word(0..9));
        let cents = u32::try_from(values.number(0..1 << 32)).expect("below 2^32");
        let version = i64::try_from(values.number(1..1 << 40)).expect("a version");
        store(&connection, id, &title, i64::from(cents), 1);
        connection
            .execute("UPDATE books SET version = ?2 WHERE id = ?1", [id, version])
            .expect("a book");
        let page: Page = loaded(&connection, id);
        let expected = Page {
            id,
            version,
            title,
            cents,
        };
        assert_eq!(row(&page), row(&expected), "the page of book {id}");
    }
    for id in [0, -1, 99, i64::MAX] {
        let page = load(&connection, id);
        assert!(matches!(page, Ok(None)), "there is no book {id}: {page:?}");
    }
    store(&connection, 40, "Too dear", 1 << 32, 1);
    assert!(
        load(&connection, 40).is_err(),
        "a price that is no u32 is an error"
    );
}

/// A save sets title and price, adds 1 to the version, and leaves all else: the other columns, and the other books.
#[test]
fn a_save_sets_title_and_price() {
    let (_database, connection) = shop();
    let mut values = support::seeded(0x0662);
    let mut page = loaded(&connection, 2);
    for round in 0..20 {
        // In the meantime copies are sold; that is no new version of the page.
        connection
            .execute("UPDATE books SET stock = ?1 WHERE id = 2", [round])
            .expect("a book");
        let cents = u32::try_from(values.number(0..1 << 32)).expect("below 2^32");
        let wanted = edited(&page, &format!(" '{}' ", values.word(0..9)), cents);
        let saved: rusqlite::Result<Saved> = save(&connection, &wanted);
        assert_eq!(said(&saved), done(&next(&wanted)), "round {round}");
        page = loaded(&connection, 2);
        assert_eq!(
            row(&page),
            row(&next(&wanted)),
            "what stands in the table after round {round}"
        );
        assert_eq!(
            rows(&connection, "SELECT isbn, stock FROM books WHERE id = 2"),
            [format!("9780000000002 | {round}")],
            "the rest of the book after round {round}"
        );
    }
    let same = save(&connection, &page);
    assert_eq!(
        said(&same),
        done(&next(&page)),
        "a save of the page as it is"
    );
    assert_eq!(
        rows(
            &connection,
            "SELECT id, title, cents, stock, version FROM books WHERE id <> 2"
        ),
        ["1 | Book 1 | 500 | 5 | 1", "3 | Book 3 | 500 | 5 | 1"],
        "the other books"
    );
}

/// Who saves what was loaded before somebody else saved is told so, gets the page as it is now, and changes nothing.
#[test]
fn a_stale_page_is_a_conflict() {
    let (database, ada) = shop();
    let bob = database.connect();
    let (hers, his) = (loaded(&ada, 1), loaded(&bob, 1));
    let hers = edited(&hers, "Emma, a novel", 500);
    let saved = save(&ada, &hers);
    assert_eq!(said(&saved), done(&next(&hers)), "the first one to save");
    let his = edited(&his, "Book 1", 900);
    let before = everything(&bob);
    let saved = save(&bob, &his);
    assert_eq!(
        said(&saved),
        conflict(&next(&hers)),
        "the second one to save"
    );
    assert_eq!(everything(&bob), before, "all rows after the conflict");
    for version in [-1, 0, 1, 3, 4, i64::MAX] {
        let forged = Page {
            version,
            ..his.clone()
        };
        let saved = save(&bob, &forged);
        assert_eq!(
            said(&saved),
            conflict(&next(&hers)),
            "a page of version {version}, while the book has 2"
        );
    }
    assert_eq!(everything(&bob), before, "all rows after more conflicts");
    let again = edited(&next(&hers), "Emma, a novel", 900);
    let saved = save(&bob, &again);
    assert_eq!(said(&saved), done(&next(&again)), "his price, on her title");
}

/// A book that is not there any more is gone, and stays so.
#[test]
fn a_book_that_is_gone_stays_gone() {
    let (_database, connection) = shop();
    let page = loaded(&connection, 3);
    connection
        .execute("DELETE FROM books WHERE id = 3", [])
        .expect("nobody refers to it");
    let before = everything(&connection);
    let saved = save(&connection, &page);
    assert_eq!(
        said(&saved),
        ("gone", None),
        "a save of a book that was deleted"
    );
    let changed = change(&connection, 3, |page| page.cents += 1);
    assert!(
        matches!(changed, Ok(None)),
        "a change of a book that was deleted: {changed:?}"
    );
    assert_eq!(everything(&connection), before, "all rows afterwards");
}

/// Of two who save the same version, one wins, wherever the other one comes in between; the other one is told.
#[test]
fn one_of_two_saves_wins() {
    for place in 0.. {
        let (database, mut connection) = shop();
        let page = loaded(&connection, 1);
        let (mine, theirs) = (edited(&page, "Mine", 1), edited(&page, "Theirs", 2));
        let other = impatient(&database);
        let (got, wanted) = (shared(), theirs.clone());
        let note = got.clone();
        let statements = before_statement(&mut connection, place, move || {
            put(&note, save(&other, &wanted).ok());
        });
        let saved = save(&connection, &mine);
        if let Err(error) = &saved {
            panic!("somebody else saved before statement {place}: {error}");
        }
        let there = row(&loaded(&connection, 1));
        match take(&got).flatten() {
            Some(Saved::Done(first)) => {
                assert_eq!(row(&first), row(&next(&theirs)), "the other one was told");
                assert_eq!(
                    (said(&saved), there),
                    (conflict(&first), row(&first)),
                    "what I was told, and what is there: the other one saved before statement {place}"
                );
            }
            _ => assert_eq!(
                (said(&saved), there),
                (done(&next(&mine)), row(&next(&mine))),
                "what I was told, and what is there: the other one could not save before statement {place}"
            ),
        }
        if place >= statements.load(Ordering::SeqCst) {
            break;
        }
    }
}

/// A change works on the book as it is now, and no lock is held while it is thought over.
#[test]
fn a_change_starts_from_what_is_there() {
    let (database, connection) = shop();
    let changed: Option<Page> = change(&connection, 2, |page| {
        let other = impatient(&database);
        let rows = other.execute("UPDATE books SET stock = stock - 1 WHERE id = 2", []);
        assert_eq!(
            rows,
            Ok(1),
            "copies are sold while the change is thought over"
        );
        page.cents += 70;
        page.title.push('!');
    })
    .expect("a table");
    let expected = Page {
        id: 2,
        version: 2,
        title: "Book 2!".to_owned(),
        cents: 570,
    };
    assert_eq!(
        changed.as_ref().map(row),
        Some(row(&expected)),
        "the page that was saved"
    );
    assert_eq!(
        row(&loaded(&connection, 2)),
        row(&expected),
        "what stands in the table"
    );
    let same = change(&connection, 2, |_| ()).expect("a table");
    assert_eq!(
        same.as_ref().map(row),
        Some(row(&next(&expected))),
        "the page that was saved by a change which leaves all as it is"
    );
    assert_eq!(
        row(&loaded(&connection, 2)),
        row(&next(&expected)),
        "what stands in the table after it"
    );
    assert_eq!(
        number(&connection, "SELECT stock FROM books WHERE id = 2"),
        4,
        "copies, of which one was sold in between"
    );
}

/// When others save while a change is thought over, it is thought over again, on what they have saved, as often as it takes.
#[test]
fn a_change_is_made_again_after_a_conflict() {
    for others in [1_u32, 2, 7, 300] {
        let (database, connection) = shop();
        let other = database.connect();
        let (mut calls, mut seen) = (0, Vec::new());
        let changed = change(&connection, 1, |page| {
            calls += 1;
            assert!(
                calls <= others + 10,
                "the change is thought over again and again"
            );
            seen.push(page.cents);
            if calls <= others {
                let theirs = loaded(&other, 1);
                let saved = save(&other, &edited(&theirs, "Theirs", theirs.cents + 100));
                assert!(matches!(saved, Ok(Saved::Done(_))), "{saved:?}");
            }
            page.cents += 1;
        })
        .expect("a table");
        let expected: Vec<u32> = (0..=others).map(|call| 500 + 100 * call).collect();
        assert_eq!(seen, expected, "the prices that the change has seen");
        let page = loaded(&connection, 1);
        assert_eq!(
            (page.title.as_str(), page.cents, page.version),
            ("Theirs", 501 + 100 * others, 2 + i64::from(others)),
            "title, price and version after {others} others had saved"
        );
        assert_eq!(
            changed.as_ref().map(row),
            Some(row(&page)),
            "the page that was saved"
        );
    }
}

/// A book that is deleted while a change is thought over is not made again.
#[test]
fn a_change_can_come_too_late() {
    let (database, connection) = shop();
    let other = database.connect();
    let mut calls = 0;
    let changed = change(&connection, 1, |page| {
        calls += 1;
        if calls == 1 {
            other
                .execute("DELETE FROM books WHERE id = 1", [])
                .expect("nobody refers to it");
        }
        page.cents += 1;
    });
    assert!(
        matches!(changed, Ok(None)),
        "a change of a book that was deleted: {changed:?}"
    );
    assert_eq!(
        number(&connection, "SELECT count(*) FROM books"),
        2,
        "books"
    );
}

/// What the database refuses is an error of each function, and nobody tries again and again.
#[test]
fn an_error_is_handed_on() {
    let (database, reading) = shop();
    reading
        .pragma_update(None, "query_only", true)
        .expect("SQLite takes the pragma");
    let page = loaded(&reading, 1);
    let (writing, waiting) = (impatient(&database), impatient(&database));
    writing
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody else writes");
    for (connection, what) in [
        (&reading, "a connection that only reads"),
        (&waiting, "a lock that somebody else does not let go"),
    ] {
        let saved = save(connection, &page);
        assert!(saved.is_err(), "a save with {what}: {saved:?}");
        let mut calls = 0;
        let changed = change(connection, 1, |page| {
            calls += 1;
            assert!(calls <= 50, "the change is tried again and again");
            page.cents += 1;
        });
        assert!(changed.is_err(), "a change with {what}: {changed:?}");
    }
    let broken = TempDatabase::new().connect();
    assert!(load(&broken, 1).is_err(), "a page without a table");
    assert!(save(&broken, &page).is_err(), "a save without a table");
    assert!(
        change(&broken, 1, |_| ()).is_err(),
        "a change without a table"
    );
}

/// Two threads that change the same book at the same time lose nothing of each other.
#[test]
fn two_writers_at_once_lose_nothing() {
    const ROUNDS: u32 = 25;
    let (database, connection) = shop();
    let gate = Arc::new(Gate::new(2));
    let writers: Vec<_> = [1, 1_000]
        .into_iter()
        .map(|step| {
            let gate = Arc::clone(&gate);
            let connection = open(&database.path()).expect("a database");
            connection
                .pragma_update(None, "synchronous", "off")
                .expect("nobody pulls the plug");
            thread::spawn(move || {
                let rounds = (0..ROUNDS).map(|_| {
                    gate.wait();
                    change(&connection, 1, |page| page.cents += step)
                });
                // All rounds are gone through, so that nobody waits at the gate for somebody who has given up.
                rounds.collect::<Vec<_>>()
            })
        })
        .collect();
    for writer in writers {
        for changed in writer.join().expect("a change does not panic") {
            assert!(matches!(changed, Ok(Some(_))), "{changed:?}");
        }
    }
    let page = loaded(&connection, 1);
    assert_eq!(
        (page.cents, page.version),
        (500 + 1_001 * ROUNDS, 1 + 2 * i64::from(ROUNDS)),
        "price and version after {ROUNDS} steps of 1 and {ROUNDS} of 1000"
    );
}
