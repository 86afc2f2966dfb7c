use std::error::Error as _;

use data_flow::constraints::{Problem, add_line, problem_of, register};
use rusqlite::{Connection, Error, TransactionBehavior, ffi};

use crate::shop::{empty, everything, impatient, in_a_file, number, rows, store};

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
fn name(problem: &Problem) -> String {
    let text = format!("{problem:?}");
    text.split('(').next().unwrap_or_default().to_owned()
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
                 e INTEGER CONSTRAINT COPIES_AT_LEAST_ONE CHECK (e >= 0)
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
        problem.map_err(|problem| name(&problem)),
        Err("Busy".to_owned()),
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
            answer.map_err(|problem| name(&problem)),
            Err(expected.to_owned()),
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
            answer.map_err(|problem| name(&problem)),
            Err(expected.to_owned()),
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
    assert_eq!(
        answer.map_err(|problem| name(&problem)),
        Err("Other".to_owned()),
        "order and book are there"
    );
    let broken = Connection::open_in_memory().expect("a database");
    let answer = add_line(&broken, 1, 2, 1);
    assert_eq!(
        answer.map_err(|problem| name(&problem)),
        Err("Other".to_owned()),
        "a database without tables"
    );
}
