use std::path::Path;

use databases::schema::{open, prepare};
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use support::database::TempDatabase;

/// The shop's tables with a few rows that everybody may refer to: book 1 by author 1, customer 1 with order 1, which has
/// book 1 in it. Book 2 and author 2 are not referred to.
fn shop() -> Connection {
    let connection = Connection::open_in_memory().expect("SQLite opens a database in memory");
    // So that it is seen whether the exercise switches them on: this build of SQLite has them on by default.
    connection
        .pragma_update(None, "foreign_keys", false)
        .expect("SQLite takes the pragma");
    prepare(&connection).expect("the statements of TABLES are SQL");
    for sql in [
        "INSERT INTO books (id, isbn, title, cents) VALUES (1, '9780141439587', 'Emma', 999)",
        "INSERT INTO books (id, isbn, title, cents) VALUES (2, '9780141439518', 'Persuasion', 899)",
        "INSERT INTO authors (id, name) VALUES (1, 'Jane Austen'), (2, 'Nobody')",
        "INSERT INTO book_authors (book_id, author_id, position) VALUES (1, 1, 1)",
        "INSERT INTO customers (id, email, name) VALUES (1, 'ada@lantern.example', 'Ada')",
        "INSERT INTO orders (id, customer_id, placed_on) VALUES (1, 1, '2025-03-01')",
        "INSERT INTO order_lines (order_id, book_id, copies, cents) VALUES (1, 1, 2, 999)",
    ] {
        if let Err(error) = connection.execute(sql, []) {
            panic!("the tables refuse what they should take: {error}\n{sql}");
        }
    }
    connection
}

fn rows(connection: &Connection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    connection
        .query_row(&sql, [], |row| row.get(0))
        .expect("a number of rows")
}

/// What comes of storing `value` in one column of a new row whose other columns are fine. With `None` the column is not
/// mentioned.
fn store(table: &str, column: &str, value: Option<Value>) -> rusqlite::Result<usize> {
    let connection = shop();
    let fine: Vec<(&str, Value)> = match table {
        "books" => vec![
            ("isbn", text("9780141040349")),
            ("title", text("Sanditon")),
            ("series", Value::Null),
            ("cents", Value::Integer(750)),
            ("stock", Value::Integer(3)),
        ],
        "authors" => vec![("name", text("Zadie Smith"))],
        "book_authors" => vec![
            ("book_id", Value::Integer(2)),
            ("author_id", Value::Integer(2)),
            ("position", Value::Integer(1)),
        ],
        "customers" => vec![
            ("email", text("bob@lantern.example")),
            ("name", text("Bob")),
        ],
        "orders" => vec![
            ("customer_id", Value::Integer(1)),
            ("placed_on", text("2025-03-02")),
            ("state", text("paid")),
        ],
        _ => vec![
            ("order_id", Value::Integer(1)),
            ("book_id", Value::Integer(2)),
            ("copies", Value::Integer(1)),
            ("cents", Value::Integer(899)),
        ],
    };
    let row: Vec<(&str, Value)> = fine
        .into_iter()
        .filter_map(|(name, fine)| {
            if name == column {
                value.clone().map(|value| (name, value))
            } else {
                Some((name, fine))
            }
        })
        .collect();
    let columns: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
    let marks = vec!["?"; row.len()].join(", ");
    let sql = format!(
        "INSERT INTO {table} ({}) VALUES ({marks})",
        columns.join(", ")
    );
    connection.execute(
        &sql,
        rusqlite::params_from_iter(row.into_iter().map(|(_, value)| value)),
    )
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[track_caller]
fn takes(table: &str, column: &str, value: Value) {
    let stored = store(table, column, Some(value.clone()));
    assert!(
        matches!(stored, Ok(1)),
        "{table}.{column} should take {value:?}: {stored:?}"
    );
}

#[track_caller]
fn refuses(table: &str, column: &str, value: Value) {
    let stored = store(table, column, Some(value.clone()));
    assert!(
        stored.is_err(),
        "{table}.{column} should refuse {value:?}, and it was stored"
    );
}

const COLUMNS: [(&str, &str); 16] = [
    ("books", "isbn"),
    ("books", "title"),
    ("books", "cents"),
    ("books", "stock"),
    ("authors", "name"),
    ("book_authors", "book_id"),
    ("book_authors", "author_id"),
    ("book_authors", "position"),
    ("customers", "email"),
    ("customers", "name"),
    ("orders", "customer_id"),
    ("orders", "placed_on"),
    ("orders", "state"),
    ("order_lines", "book_id"),
    ("order_lines", "copies"),
    ("order_lines", "cents"),
];

/// The six tables have their columns and no others: somebody may insert a row without naming them.
#[test]
fn a_table_has_its_columns() {
    let columns = |connection: &Connection, table: &str| -> Vec<String> {
        connection
            .prepare("SELECT name FROM pragma_table_info(?1) ORDER BY name")
            .expect("SQLite tells the columns of a table")
            .query_map([table], |row| row.get(0))
            .expect("one parameter")
            .collect::<rusqlite::Result<_>>()
            .expect("names are texts")
    };
    let (own, plain) = (shop(), crate::shop::empty());
    for table in [
        "books",
        "authors",
        "book_authors",
        "customers",
        "orders",
        "order_lines",
    ] {
        assert_eq!(
            columns(&own, table),
            columns(&plain, table),
            "the columns of {table}, by name"
        );
    }
}

/// No column but `series` takes NULL, and what has no default must be given.
#[test]
fn what_must_be_there_is_there() {
    for (table, column) in COLUMNS {
        refuses(table, column, Value::Null);
        let omitted = store(table, column, None);
        if matches!(column, "stock" | "state") {
            assert!(
                omitted.is_ok(),
                "a row of {table} without {column}, which has a default: {omitted:?}"
            );
        } else {
            assert!(
                omitted.is_err(),
                "a row of {table} without {column} was stored"
            );
        }
    }
    refuses("order_lines", "order_id", Value::Null);
    takes("books", "series", Value::Null);
    let omitted = store("books", "series", None);
    assert!(
        omitted.is_ok(),
        "a book that is in no series, nothing said: {omitted:?}"
    );
}

/// A new book has no copies, and a new order is open, unless something else is said.
#[test]
fn what_is_not_said_has_a_default() {
    let connection = shop();
    let stock: i64 = connection
        .query_row("SELECT stock FROM books WHERE id = 1", [], |row| row.get(0))
        .expect("a stock");
    assert_eq!(stock, 0, "the stock of a book that was stored without one");
    let state: String = connection
        .query_row("SELECT state FROM orders WHERE id = 1", [], |row| {
            row.get(0)
        })
        .expect("a state");
    assert_eq!(
        state, "open",
        "the state of an order that was stored without one"
    );
}

/// A number column holds whole numbers, and a text column texts; nothing else gets in.
#[test]
fn a_column_holds_one_type() {
    for (table, column) in COLUMNS {
        if matches!(
            column,
            "cents" | "stock" | "copies" | "position" | "book_id" | "author_id" | "customer_id"
        ) {
            refuses(table, column, text("many"));
            refuses(table, column, text(""));
            refuses(table, column, Value::Real(1.5));
        }
        // Two bytes that would pass for a text of digits, or for a name.
        refuses(table, column, Value::Blob(b"9780141040349".to_vec()));
    }
    refuses("books", "series", Value::Blob(b"Penguin".to_vec()));
}

/// Prices and stocks are never below zero, copies and positions never below one; zero and one themselves are fine, and so
/// are large numbers.
#[test]
fn numbers_stay_above_their_limit() {
    for (table, column, lowest) in [
        ("books", "cents", 0),
        ("books", "stock", 0),
        ("order_lines", "cents", 0),
        ("order_lines", "copies", 1),
        ("book_authors", "position", 1),
    ] {
        takes(table, column, Value::Integer(lowest));
        takes(table, column, Value::Integer(9_007_199_254_740_993));
        refuses(table, column, Value::Integer(lowest - 1));
        refuses(table, column, Value::Integer(i64::MIN));
    }
}

/// Titles, names and series are not blank. Beyond that they are what people write: quotes, other scripts, spaces around.
#[test]
fn texts_are_not_blank() {
    for (table, column) in [
        ("books", "title"),
        ("books", "series"),
        ("authors", "name"),
        ("customers", "name"),
    ] {
        refuses(table, column, text(""));
        refuses(table, column, text(" "));
        refuses(table, column, text("      "));
        // Only spaces are blank: a tab is a character.
        for fine in [
            "X",
            "0",
            "戦争と平和",
            " O'Brien ",
            "\"1984\"; --",
            "🦀",
            "\t",
            &"A very long name. ".repeat(100),
        ] {
            takes(table, column, text(fine));
        }
    }
}

/// An ISBN has 13 digits: not 12, not 14, no hyphens, no digits of another script, nothing that hides behind a NUL.
#[test]
fn an_isbn_is_thirteen_digits() {
    let mut values = support::seeded(0x0501);
    for _ in 0..20 {
        let fine = values.number(1_000_000_000_000..10_000_000_000_000);
        takes("books", "isbn", text(&fine.to_string()));
        let mut characters: Vec<char> = fine.to_string().chars().collect();
        characters[values.size(0..13)] = *values.pick(&['X', '-', ' ', '.', '/', ':', 'a', 'é']);
        let wrong: String = characters.into_iter().collect();
        refuses("books", "isbn", text(&wrong));
    }
    takes("books", "isbn", text("0000000000000"));
    for wrong in [
        "",
        "978014104034",
        "97801410403499",
        "978-014104034",
        "978-0-14-104034-9",
        " 9780141040349",
        "9780141040349 ",
        "9780141040349\n",
        "+978014104034",
        "97801410403.9",
        // Thirteen Arabic-Indic digits, and thirteen full-width ones.
        "٩٧٨٠١٤١٠٤٠٣٤٩",
        "９７８０１４１０４０３４９",
        // A NUL, where many functions of SQL take a text to end.
        "9780141040349\0",
        "9780141040349\0; junk",
        "978014104034\09",
        "\09780141040349",
    ] {
        refuses("books", "isbn", text(wrong));
    }
    refuses("books", "isbn", text("9780141439587"));
}

/// An email has an `@` with something on both sides, and belongs to one customer, however it is capitalised. It is kept as
/// it was typed.
#[test]
fn an_email_is_one_customers() {
    for fine in [
        "a@b",
        "Bob.Smith+books@mail.example",
        "ada@lantern.example.org",
        "%@_",
        "zoë@münchen.example",
        // One `@` has something on both sides. That something may be another `@`.
        "\"a@b\"@c",
        "@@b",
        "a@@",
        "\"Ada Lovelace\" @ home",
    ] {
        takes("customers", "email", text(fine));
    }
    for wrong in [
        "",
        "bob",
        "@",
        "bob@",
        "@lantern.example",
        "ada@lantern.example",
        "ADA@lantern.example",
        "Ada@Lantern.Example",
    ] {
        refuses("customers", "email", text(wrong));
    }
    let connection = shop();
    connection
        .execute(
            "INSERT INTO customers (email, name) VALUES ('Bob@Mail.example', 'Bob')",
            [],
        )
        .expect("a new email");
    let kept: String = connection
        .query_row(
            "SELECT email FROM customers WHERE name = 'Bob'",
            [],
            |row| row.get(0),
        )
        .expect("Bob's email");
    assert_eq!(kept, "Bob@Mail.example", "the email as it is kept");
}

/// The day of an order is one of the calendar, in the form 2026-11-25 and no other.
#[test]
fn an_order_has_a_day() {
    let mut values = support::seeded(0x0502);
    for _ in 0..20 {
        let (year, month) = (values.number(1970..2100), values.number(1..13));
        let fine = format!("{year}-{month:02}-{:02}", values.number(1..29));
        takes("orders", "placed_on", text(&fine));
        let wrong = format!("{year}-{month:02}-{:02}", values.number(32..100));
        refuses("orders", "placed_on", text(&wrong));
    }
    takes("orders", "placed_on", text("2024-02-29"));
    takes("orders", "placed_on", text("2026-12-31"));
    for far_away in ["0001-01-01", "1066-10-14", "9999-12-31"] {
        takes("orders", "placed_on", text(far_away));
    }
    for wrong in [
        "",
        "yesterday",
        "now",
        "2025-02-29",
        "2026-04-31",
        "2026-00-10",
        "2026-13-01",
        "2026-11-00",
        "2026-11-5",
        "26-11-25",
        "25.11.2026",
        "2026/11/25",
        "20261125",
        "2026-11-25 10:00:00",
        "2026-11-25T10:00:00Z",
        " 2026-11-25",
        "2026-11-25 ",
        "2026-11-25\n",
        "2026-11-25\0",
        "2026-11-25\0; junk",
        "2460000",
        "1700000000",
    ] {
        refuses("orders", "placed_on", text(wrong));
    }
}

/// An order is in one of four states, spelt in one way.
#[test]
fn an_order_is_in_one_of_four_states() {
    for fine in ["open", "paid", "sent", "cancelled"] {
        takes("orders", "state", text(fine));
    }
    for wrong in ["", "Open", "PAID", "lost", "open ", "canceled", "open,paid"] {
        refuses("orders", "state", text(wrong));
    }
}

/// A row cannot refer to a row that is not there, on a connection that came with foreign keys switched off.
#[test]
fn a_reference_refers_to_something() {
    for (table, column) in [
        ("book_authors", "book_id"),
        ("book_authors", "author_id"),
        ("orders", "customer_id"),
        ("order_lines", "order_id"),
        ("order_lines", "book_id"),
    ] {
        refuses(table, column, Value::Integer(99));
        refuses(table, column, Value::Integer(0));
    }
}

/// Nobody takes away what others refer to: an author with a book, a customer with an order, a book that was ordered.
#[test]
fn what_is_referred_to_stays() {
    for (sql, table) in [
        ("DELETE FROM authors WHERE id = 1", "authors"),
        ("DELETE FROM customers WHERE id = 1", "customers"),
        ("DELETE FROM books WHERE id = 1", "books"),
        ("UPDATE books SET id = 7 WHERE id = 1", "books"),
        ("UPDATE customers SET id = 7 WHERE id = 1", "customers"),
    ] {
        let connection = shop();
        let before = rows(&connection, table);
        let done = connection.execute(sql, []);
        assert!(done.is_err(), "{sql}: should be refused, and was done");
        assert_eq!(
            rows(&connection, table),
            before,
            "rows of {table} after {sql}"
        );
        assert_eq!(
            rows(&connection, "order_lines"),
            1,
            "rows of order_lines after {sql}"
        );
        assert_eq!(
            rows(&connection, "book_authors"),
            1,
            "rows of book_authors after {sql}"
        );
    }
}

/// What is a part of something goes with it: an order takes its lines along, and a book its authorship.
#[test]
fn parts_go_with_the_whole() {
    let connection = shop();
    let deleted = connection.execute("DELETE FROM orders WHERE id = 1", []);
    assert!(
        matches!(deleted, Ok(1)),
        "deleting an order with lines: {deleted:?}"
    );
    assert_eq!(
        rows(&connection, "order_lines"),
        0,
        "lines of the deleted order"
    );
    let deleted = connection.execute("DELETE FROM books WHERE id = 1", []);
    assert!(
        matches!(deleted, Ok(1)),
        "deleting a book that is in no order any more: {deleted:?}"
    );
    assert_eq!(
        rows(&connection, "book_authors"),
        0,
        "authorships of the deleted book"
    );
    assert_eq!(rows(&connection, "authors"), 2, "authors, who stay");
    assert_eq!(rows(&connection, "customers"), 1, "customers, who stay");
}

/// Two rows never say the same: a book is once in an order, an author once at a book, a position once in a book. The same
/// book in another order, or the same position at another book, is something else.
#[test]
fn a_pair_stands_once() {
    let connection = shop();
    connection
        .execute(
            "INSERT INTO orders (id, customer_id, placed_on) VALUES (2, 1, '2025-03-01')",
            [],
        )
        .expect("a second order of the same customer on the same day");
    let line = "INSERT INTO order_lines (order_id, book_id, copies, cents) VALUES (?1, ?2, 1, 999)";
    let again = connection.execute(line, params![1, 1]);
    assert!(again.is_err(), "the same book twice in order 1");
    for (order, book) in [(1, 2), (2, 1), (2, 2)] {
        let stored = connection.execute(line, params![order, book]);
        assert!(
            stored.is_ok(),
            "book {book} in order {order}, for the first time: {stored:?}"
        );
    }
    let authorship = "INSERT INTO book_authors (book_id, author_id, position) VALUES (?1, ?2, ?3)";
    let again = connection.execute(authorship, params![1, 1, 2]);
    assert!(again.is_err(), "the same author twice at book 1");
    let again = connection.execute(authorship, params![1, 2, 1]);
    assert!(again.is_err(), "two authors at position 1 of book 1");
    for (book, author, position) in [(1, 2, 2), (2, 2, 1), (2, 1, 2)] {
        let stored = connection.execute(authorship, params![book, author, position]);
        assert!(
            stored.is_ok(),
            "author {author} at position {position} of book {book}, for the first time: {stored:?}"
        );
    }
}

/// What may be alike is taken: two books of one title, price and series, two people of one name, two orders of one day, two
/// lines of one number of copies.
#[test]
fn what_may_be_alike_is_taken() {
    let connection = shop();
    for sql in [
        "INSERT INTO books (isbn, title, series, cents, stock) VALUES ('1000000000001', 'Emma', 'Classics', 999, 4)",
        "INSERT INTO books (isbn, title, series, cents, stock) VALUES ('1000000000002', 'Emma', 'Classics', 999, 4)",
        "INSERT INTO authors (name) VALUES ('Jane Austen')",
        "INSERT INTO customers (email, name) VALUES ('another.ada@lantern.example', 'Ada')",
        "INSERT INTO orders (customer_id, placed_on) VALUES (1, '2025-03-01')",
        "INSERT INTO orders (customer_id, placed_on) VALUES (1, '2025-03-01')",
        "INSERT INTO order_lines (order_id, book_id, copies, cents) VALUES (1, 2, 2, 999)",
    ] {
        let stored = connection.execute(sql, []);
        assert!(
            matches!(stored, Ok(1)),
            "the tables refuse what may be alike: {stored:?}\n{sql}"
        );
    }
}

/// The number of an order is printed on invoices: it is never given to another order, not even when the newest was deleted.
#[test]
fn the_number_of_an_order_is_never_given_again() {
    let connection = shop();
    let mut values = support::seeded(0x0503);
    let mut newest = 1;
    for _ in 0..20 {
        let sql = "INSERT INTO orders (customer_id, placed_on) VALUES (1, '2025-03-01')";
        connection.execute(sql, []).expect("an order");
        let number = connection.last_insert_rowid();
        assert!(
            number > newest,
            "order {number} was made after order {newest}"
        );
        newest = number;
        if values.coin() {
            let sql = "DELETE FROM orders WHERE id = ?1";
            connection
                .execute(sql, [newest])
                .expect("an order to delete");
        }
    }
}

/// Preparing again changes nothing: the rows are still there, and the tables still refuse.
#[test]
fn preparing_twice_keeps_everything() {
    let connection = shop();
    let again = prepare(&connection);
    assert!(again.is_ok(), "the second time: {again:?}");
    for (table, expected) in [
        ("books", 2),
        ("authors", 2),
        ("book_authors", 1),
        ("customers", 1),
        ("orders", 1),
        ("order_lines", 1),
    ] {
        assert_eq!(rows(&connection, table), expected, "rows of {table}");
    }
}

/// A shop that is opened again has its rows, and enforces its references; what cannot be opened is an error.
#[test]
fn a_shop_is_opened_again() {
    let database = TempDatabase::new();
    let first: Connection = open(&database.path()).expect("a new file");
    first
        .execute(
            "INSERT INTO authors (id, name) VALUES (1, 'Jane Austen')",
            [],
        )
        .expect("an author");
    drop(first);
    let second = open(&database.path()).expect("the same file");
    assert_eq!(
        rows(&second, "authors"),
        1,
        "authors in the file that was opened again"
    );
    let dangling = second.execute(
        "INSERT INTO book_authors (book_id, author_id, position) VALUES (1, 1, 1)",
        [],
    );
    assert!(
        dangling.is_err(),
        "a book that is not there was referred to"
    );
    let folder = database.path().with_file_name("no such folder");
    let nowhere = open(&folder.join("shop.db"));
    assert!(nowhere.is_err(), "a file in a folder that is not there");
    assert!(!folder.exists(), "the folder was made");
    let text = database.path().with_file_name("notes.txt");
    std::fs::write(&text, "This is no database. ".repeat(100)).expect("a file is written");
    let path: &Path = &text;
    assert!(open(path).is_err(), "a file that is no database");
}
