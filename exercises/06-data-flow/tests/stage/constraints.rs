use std::error::Error as _;
use std::sync::atomic::Ordering;

use data_flow::constraints::{Problem, add_line, problem_of, register};
use data_flow::given::TABLES;
use rusqlite::{Connection, Error, TransactionBehavior, ffi};
use support::database::TempDatabase;

use crate::shop::{
    before_statement, empty, everything, impatient, in_a_file, number, put, rows, shared, store,
    take,
};

/// Two customers, three books, and the order 1 with a line of book 1.
fn shop() -> Connection {
    let connection = empty();
    connection
        .execute_batch(
            "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada'), (2, 'bob@lantern.example', 'Bob');
             INSERT INTO orders VALUES (1, 1, '2025-03-01', 'paid');",
        )
        .expect("rows that fit");
    for id in 1..=3 {
        store(&connection, id, "Emma", 500 + id, 5);
    }
    connection
        .execute("INSERT INTO order_lines VALUES (1, 1, 1, 501)", [])
        .expect("a line");
    connection
}

/// What a statement that fails comes to.
#[track_caller]
fn problem(connection: &Connection, sql: &str) -> Problem {
    match connection.execute(sql, []) {
        Ok(changed) => panic!("{changed} rows changed by {sql}"),
        Err(error) => problem_of(error),
    }
}

/// The name of a problem, without the error that it holds.
fn name(problem: &Problem) -> &'static str {
    match problem {
        Problem::EmailTaken => "EmailTaken",
        Problem::IsbnTaken => "IsbnTaken",
        Problem::AlreadyInOrder => "AlreadyInOrder",
        Problem::NegativePrice => "NegativePrice",
        Problem::OutOfStock => "OutOfStock",
        Problem::NoCopies => "NoCopies",
        Problem::NoName => "NoName",
        Problem::UnknownOrder => "UnknownOrder",
        Problem::UnknownBook => "UnknownBook",
        Problem::Busy => "Busy",
        Problem::Other(_) => "Other",
    }
}

/// What a function answers, as a text.
fn said<T>(answer: &Result<T, Problem>) -> &'static str {
    answer.as_ref().map_or_else(name, |_| "no problem")
}

/// Each constraint of the shop comes to the problem that the table names.
#[test]
fn each_constraint_has_its_problem() {
    let connection = shop();
    for (sql, expected) in [
        (
            "INSERT INTO customers (email, name) VALUES ('ada@lantern.example', 'Another Ada')",
            "EmailTaken",
        ),
        (
            "UPDATE customers SET email = 'ada@lantern.example' WHERE id = 2",
            "EmailTaken",
        ),
        (
            "INSERT INTO books (isbn, title, cents) VALUES ('9780000000002', 'Emma', 1)",
            "IsbnTaken",
        ),
        ("UPDATE books SET isbn = '9780000000003'", "IsbnTaken"),
        (
            "INSERT INTO order_lines VALUES (1, 1, 2, 501)",
            "AlreadyInOrder",
        ),
        (
            "INSERT INTO books (isbn, title, cents) VALUES ('9', 'Emma', -1)",
            "NegativePrice",
        ),
        ("UPDATE books SET cents = cents - 502", "NegativePrice"),
        (
            "UPDATE books SET stock = stock - 6 WHERE id = 2",
            "OutOfStock",
        ),
        ("INSERT INTO order_lines VALUES (1, 2, 0, 502)", "NoCopies"),
        ("UPDATE order_lines SET copies = -1", "NoCopies"),
        (
            "INSERT INTO customers (email, name) VALUES ('eve@lantern.example', '  ')",
            "NoName",
        ),
    ] {
        assert_eq!(name(&problem(&connection, sql)), expected, "{sql}");
    }
}

/// A constraint is known by its whole name and its kind: what only looks like one of the shop's is something else.
#[test]
fn other_constraints_are_not_taken_for_the_shops() {
    let connection = shop();
    connection
        .execute_batch(
            "CREATE TABLE old_customers (email TEXT UNIQUE, id INTEGER PRIMARY KEY);
             CREATE TABLE customers_old (email TEXT UNIQUE);
             CREATE TABLE pairs (order_id INTEGER, book_id INTEGER, PRIMARY KEY (order_id, book_id));
             CREATE TABLE rules (
                 a INTEGER CONSTRAINT price_not_negative_here CHECK (a >= 0),
                 b INTEGER CONSTRAINT \"books.isbn\" CHECK (b >= 0),
                 c INTEGER CONSTRAINT old_stock_not_negative CHECK (c >= 0),
                 d INTEGER CHECK (d >= 0),
                 e INTEGER CONSTRAINT COPIES_AT_LEAST_ONE CHECK (e >= 0),
                 f INTEGER CONSTRAINT \"old: stock_not_negative\" CHECK (f >= 0),
                 g INTEGER CONSTRAINT stock_not_negative2 CHECK (g >= 0),
                 h INTEGER CONSTRAINT \"name_not_blank \" CHECK (h >= 0),
                 i INTEGER CONSTRAINT \"no constraint failed: name_not_blank\" CHECK (i >= 0)
             );
             INSERT INTO old_customers VALUES ('ada', 1);
             INSERT INTO customers_old VALUES ('ada');
             INSERT INTO pairs VALUES (1, 1);
             ALTER TABLE books ADD COLUMN isbn_13 TEXT;
             CREATE UNIQUE INDEX one_13 ON books (isbn_13);
             CREATE UNIQUE INDEX one_name ON customers (lower(name));
             CREATE TRIGGER closed BEFORE DELETE ON books
                 BEGIN SELECT RAISE (ABORT, 'UNIQUE constraint failed: books.isbn'); END;
             CREATE TRIGGER frozen BEFORE DELETE ON customers
                 BEGIN SELECT RAISE (ABORT, 'CHECK constraint failed: stock_not_negative'); END;
             INSERT INTO payments VALUES (1, 1, 501, 'bank-1');",
        )
        .expect("more tables");
    connection
        .execute("UPDATE books SET isbn_13 = 'x' WHERE id = 1", [])
        .expect("a free value");
    for sql in [
        "INSERT INTO old_customers VALUES ('ada', 2)",
        "INSERT INTO old_customers VALUES ('bob', 1)",
        "INSERT INTO customers_old VALUES ('ada')",
        "INSERT INTO pairs VALUES (1, 1)",
        "UPDATE books SET isbn_13 = 'x' WHERE id = 2",
        "INSERT INTO customers VALUES (1, 'eve', 'Eve')",
        "INSERT INTO customers VALUES (3, 'eve', 'ADA')",
        "INSERT INTO rules (a) VALUES (-1)",
        "INSERT INTO rules (b) VALUES (-1)",
        "INSERT INTO rules (c) VALUES (-1)",
        "INSERT INTO rules (d) VALUES (-1)",
        "INSERT INTO rules (e) VALUES (-1)",
        "INSERT INTO rules (f) VALUES (-1)",
        "INSERT INTO rules (g) VALUES (-1)",
        "INSERT INTO rules (h) VALUES (-1)",
        "INSERT INTO rules (i) VALUES (-1)",
        "INSERT INTO payments (order_id, cents, reference) VALUES (1, 1, 'bank-1')",
        "INSERT INTO customers (email, name) VALUES (NULL, 'Eve')",
        "INSERT INTO books (isbn, title, cents) VALUES (NULL, 'Emma', 1)",
        "INSERT INTO books (isbn, title, cents) VALUES ('9', 'Emma', 'dear')",
        "UPDATE orders SET state = 'lost'",
        "DELETE FROM orders",
        "DELETE FROM books",
        "DELETE FROM customers",
    ] {
        let problem = problem(&connection, sql);
        assert_eq!(name(&problem), "Other", "{problem:?} of {sql}");
    }
}

/// The kind and the name must both be right: the name of one kind with the code of another is something else.
#[test]
fn the_kind_counts_as_well_as_the_name() {
    use ffi::{
        SQLITE_CONSTRAINT, SQLITE_CONSTRAINT_CHECK as CHECK, SQLITE_CONSTRAINT_FOREIGNKEY,
        SQLITE_CONSTRAINT_NOTNULL, SQLITE_CONSTRAINT_PRIMARYKEY as PRIMARY_KEY,
        SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_TRIGGER, SQLITE_CONSTRAINT_UNIQUE as UNIQUE,
    };
    let line = "UNIQUE constraint failed: order_lines.order_id, order_lines.book_id";
    for (right, text, expected) in [
        (
            UNIQUE,
            "UNIQUE constraint failed: customers.email",
            "EmailTaken",
        ),
        (UNIQUE, "UNIQUE constraint failed: books.isbn", "IsbnTaken"),
        (PRIMARY_KEY, line, "AlreadyInOrder"),
        (
            CHECK,
            "CHECK constraint failed: price_not_negative",
            "NegativePrice",
        ),
        (
            CHECK,
            "CHECK constraint failed: stock_not_negative",
            "OutOfStock",
        ),
        (
            CHECK,
            "CHECK constraint failed: copies_at_least_one",
            "NoCopies",
        ),
        (CHECK, "CHECK constraint failed: name_not_blank", "NoName"),
    ] {
        for kind in [
            UNIQUE,
            PRIMARY_KEY,
            CHECK,
            SQLITE_CONSTRAINT,
            SQLITE_CONSTRAINT_ROWID,
            SQLITE_CONSTRAINT_TRIGGER,
            SQLITE_CONSTRAINT_NOTNULL,
            SQLITE_CONSTRAINT_FOREIGNKEY,
        ] {
            let error = Error::SqliteFailure(ffi::Error::new(kind), Some(text.to_owned()));
            let expected = if kind == right { expected } else { "Other" };
            assert_eq!(
                name(&problem_of(error)),
                expected,
                "the extended code {kind} with {text:?}"
            );
        }
    }
}

/// What is no constraint at all is `Other`, and the error in it is the one that came, for the log.
#[test]
fn all_else_is_kept_as_it_was() {
    let connection = shop();
    let unique = ffi::Error::new(ffi::SQLITE_CONSTRAINT_UNIQUE);
    let plain = ffi::Error::new(ffi::SQLITE_CONSTRAINT);
    let text = "UNIQUE constraint failed: customers.email".to_owned();
    let full = ffi::Error::new(ffi::SQLITE_FULL);
    for error in [
        Error::QueryReturnedNoRows,
        Error::InvalidColumnName(text.clone()),
        Error::SqliteFailure(unique, None),
        Error::SqliteFailure(unique, Some(String::new())),
        Error::SqliteFailure(unique, Some("customers.email".to_owned() + " is taken")),
        Error::SqliteFailure(plain, Some(text.clone())),
        Error::SqliteFailure(full, Some(text)),
        // A table that this very connection holds is no other writer: waiting does not help.
        Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_LOCKED),
            Some("database table is locked".to_owned()),
        ),
        connection
            .execute("INSERT INTO 'UNIQUE constraint failed: books.isbn'", [])
            .expect_err("no SQL"),
        connection
            .execute(
                "SELECT 1 FROM \"CHECK constraint failed: name_not_blank\"",
                [],
            )
            .expect_err("no table"),
    ] {
        let before = format!("{error:?}");
        match problem_of(error) {
            Problem::Other(error) => assert_eq!(format!("{error:?}"), before, "the error inside"),
            problem => panic!("{before} came to {problem:?}"),
        }
    }
    connection
        .pragma_update(None, "query_only", true)
        .expect("SQLite takes the pragma");
    let problem = problem(&connection, "DELETE FROM order_lines");
    assert_eq!(
        name(&problem),
        "Other",
        "a change on a connection that only reads"
    );
    assert!(
        problem.source().is_some(),
        "the log can ask for what lies below"
    );
}

/// Every kind of BUSY is `Busy`: a lock that somebody else holds, and what was read not being true any more.
#[test]
fn every_kind_of_busy_is_busy() {
    for kind in [
        ffi::SQLITE_BUSY,
        ffi::SQLITE_BUSY_RECOVERY,
        ffi::SQLITE_BUSY_SNAPSHOT,
        ffi::SQLITE_BUSY_TIMEOUT,
    ] {
        for text in [None, Some("UNIQUE constraint failed: customers.email")] {
            let error = Error::SqliteFailure(ffi::Error::new(kind), text.map(str::to_owned));
            assert_eq!(
                name(&problem_of(error)),
                "Busy",
                "the extended code {kind} with {text:?}"
            );
        }
    }
    let (database, mut connection) = in_a_file();
    let mut other = impatient(&database);
    let reading = other.transaction().expect("no lock is taken yet");
    number(&reading, "SELECT count(*) FROM customers");
    let writing = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .expect("nobody else writes");
    writing
        .execute(
            "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada')",
            [],
        )
        .expect("a customer");
    let held = problem(
        &reading,
        "INSERT INTO customers VALUES (2, 'bob@lantern.example', 'Bob')",
    );
    assert_eq!(name(&held), "Busy", "somebody else holds the lock");
    let problem = register(&impatient(&database), "bob@lantern.example", "Bob");
    assert_eq!(
        said(&problem),
        "Busy",
        "a customer registers while somebody else holds the lock"
    );
    writing.commit().expect("a commit");
    let stale = self::problem(
        &reading,
        "INSERT INTO customers VALUES (2, 'bob@lantern.example', 'Bob')",
    );
    assert_eq!(name(&stale), "Busy", "what was read is not true any more");
}

/// A customer is stored letter by letter, and the id is that of the row.
#[test]
fn a_customer_is_registered() {
    let connection = empty();
    let mut values = support::seeded(0x0621);
    connection
        .execute_batch(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
             INSERT INTO notes VALUES (70, 'an old note');
             INSERT INTO customers VALUES (9223372036854775807, 'last@lantern.example', 'Has the largest id');
             CREATE TRIGGER noted AFTER INSERT ON customers BEGIN INSERT INTO notes (text) VALUES (new.name); END;",
        )
        .expect("a trigger that writes elsewhere");
    for round in 0..20 {
        let email = format!("{}{round}@Lantern.example ", values.word(1..9));
        let registered = format!(" {}'s \"{}\"", values.word(1..9), values.word(0..9));
        let id: i64 = register(&connection, &email, &registered).expect("a new address");
        let stored: (String, String) = connection
            .query_row(
                "SELECT email, name FROM customers WHERE id = ?1",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .expect("the row has the id that was returned");
        assert_eq!(stored, (email, registered), "what stands in row {id}");
    }
}

/// An address that is taken and a name that is none are refused by the table, and nothing changes.
#[test]
fn a_customer_who_cannot_be_registered() {
    let connection = shop();
    let before = everything(&connection);
    for (email, written, expected) in [
        ("ada@lantern.example", "Ada", "EmailTaken"),
        ("bob@lantern.example", "Somebody else", "EmailTaken"),
        ("eve@lantern.example", "", "NoName"),
        ("eve@lantern.example", "   ", "NoName"),
    ] {
        let answer = register(&connection, email, written);
        assert_eq!(
            said(&answer),
            expected,
            "{email:?} with the name {written:?}"
        );
        assert_eq!(
            everything(&connection),
            before,
            "all rows after {email:?}, {written:?}"
        );
    }
    // The table compares letter by letter.
    register(&connection, "Ada@lantern.example", "Ada").expect("another address");
}

/// A line is added at the price of the book.
#[test]
fn a_line_is_added() {
    let connection = shop();
    add_line(&connection, 1, 2, 3).expect("a new line");
    connection
        .execute(
            "UPDATE books SET cents = 9000000000, stock = 0 WHERE id = 3",
            [],
        )
        .expect("a dear book");
    add_line(&connection, 1, 3, 1).expect("a new line, whatever the stock");
    assert_eq!(
        rows(&connection, "SELECT * FROM order_lines ORDER BY book_id"),
        [
            "1 | 1 | 1 | 501",
            "1 | 2 | 3 | 502",
            "1 | 3 | 1 | 9000000000"
        ],
        "the lines: order, book, copies, price"
    );
}

/// A line that cannot be added says which of the two is not there, or what else it was; nothing changes.
#[test]
fn a_line_that_cannot_be_added() {
    let connection = shop();
    let before = everything(&connection);
    for (order, book, copies, expected) in [
        (9, 2, 1, "UnknownOrder"),
        (1, 9, 1, "UnknownBook"),
        (9, 9, 1, "UnknownOrder"),
        (0, -1, 1, "UnknownOrder"),
        (1, 1, 1, "AlreadyInOrder"),
        (1, 2, 0, "NoCopies"),
        (1, 2, -3, "NoCopies"),
    ] {
        let answer = add_line(&connection, order, book, copies);
        assert_eq!(
            said(&answer),
            expected,
            "{copies} copies of book {book} in order {order}"
        );
        assert!(connection.is_autocommit(), "a transaction is still open");
        assert_eq!(everything(&connection), before, "all rows afterwards");
    }
}

/// A foreign key of another table that fails on the way is neither the order nor the book.
#[test]
fn another_foreign_key_is_another_problem() {
    let connection = shop();
    connection
        .execute_batch(
            "CREATE TRIGGER booked AFTER INSERT ON order_lines
                 BEGIN INSERT INTO payments (order_id, cents, reference) VALUES (77, 1, 'bank-1'); END;",
        )
        .expect("a trigger that refers to nothing");
    let answer = add_line(&connection, 1, 2, 1);
    assert_eq!(said(&answer), "Other", "order and book are there");
    let broken = Connection::open_in_memory().expect("a database");
    let answer = add_line(&broken, 1, 2, 1);
    assert_eq!(said(&answer), "Other", "a database without tables");
}

/// Somebody else may change the price, or remove the order, at any moment: the line has the price that the book had when it
/// was added, and an order that is gone by then is unknown.
#[test]
fn somebody_else_at_any_moment_does_no_harm() {
    for change in [
        "UPDATE books SET cents = 777 WHERE id = 2",
        "DELETE FROM orders WHERE id = 2",
    ] {
        for place in 0.. {
            let (database, mut connection) = in_a_file();
            connection
                .execute_batch(
                    "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada');
                     INSERT INTO orders VALUES (2, 1, '2025-03-01', 'paid');",
                )
                .expect("rows that fit");
            store(&connection, 2, "Emma", 502, 5);
            let other = impatient(&database);
            let got = shared();
            let note = got.clone();
            let statements = before_statement(&mut connection, place, move || {
                let there = number(&other, "SELECT count(*) FROM order_lines");
                let changed = other.execute(change, []).is_ok();
                put(&note, changed && there == 0);
            });
            let answer = add_line(&connection, 2, 2, 1);
            let came_first = take(&got) == Some(true);
            // Whoever has looked in a transaction may be told that it is not true any more; he adds nothing then.
            let told = came_first && said(&answer) == "Busy";
            let (expected, price) = match (came_first, change.starts_with("DELETE")) {
                _ if told => ("Busy", None),
                (true, true) => ("UnknownOrder", None),
                (true, false) => ("no problem", Some("777".to_owned())),
                (false, _) => ("no problem", Some("502".to_owned())),
            };
            assert_eq!(
                said(&answer),
                expected,
                "somebody else did this before statement {place}: {change}"
            );
            assert_eq!(
                rows(&connection, "SELECT cents FROM order_lines").pop(),
                price,
                "the price in the line; somebody else did this before statement {place}: {change}"
            );
            if place >= statements.load(Ordering::SeqCst) {
                break;
            }
        }
    }
}

/// When the look for the reason fails, that is the problem, and not that something is not there.
#[test]
fn a_look_that_fails_is_no_answer() {
    for place in 0.. {
        // In the first mode of a file, a writer can keep readers out, too.
        let database = TempDatabase::new();
        database
            .connect()
            .execute_batch(TABLES)
            .expect("the tables are SQL");
        let (mut connection, other) = (impatient(&database), impatient(&database));
        let got = shared();
        let note = got.clone();
        let statements = before_statement(&mut connection, place, move || {
            let locked = other.execute_batch("BEGIN EXCLUSIVE").is_ok();
            put(&note, (locked, other));
        });
        let answer = add_line(&connection, 9, 9, 1);
        let locked = take(&got).is_some_and(|(locked, _)| locked);
        assert_eq!(
            said(&answer),
            if locked { "Busy" } else { "UnknownOrder" },
            "a line of order 9, which is not there, while somebody locks everybody out before statement {place}: {locked}"
        );
        if place >= statements.load(Ordering::SeqCst) {
            break;
        }
    }
}
