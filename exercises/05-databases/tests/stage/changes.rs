use databases::changes::{drop_cancelled, receive, set_price, take_copies};
use databases::given::{Book, NewBook, book_of};
use rusqlite::{Connection, params};

use crate::shop::{self, Watch, number};

/// Every book, by id.
fn all(connection: &Connection) -> Vec<Book> {
    connection
        .prepare("SELECT id, isbn, title, series, cents, stock FROM books ORDER BY id")
        .expect("the table is there")
        .query_map([], book_of)
        .expect("no parameters")
        .collect::<rusqlite::Result<_>>()
        .expect("every row is a book")
}

/// Books with ISBNs 100 to 119, with random prices and stocks.
fn books(seed: u64) -> (Connection, Vec<Book>) {
    let connection = shop::empty();
    let mut values = support::seeded(seed);
    for isbn in 100..120 {
        let mut book = shop::book(&isbn.to_string(), &values.word(2..9));
        book.cents = u32::try_from(values.number(0..5_000)).expect("a price");
        book.stock = u32::try_from(values.number(1..20)).expect("a stock");
        book.series = values.coin().then(|| values.word(2..9));
        shop::store(&connection, &book);
    }
    let stored = all(&connection);
    (connection, stored)
}

#[track_caller]
fn assert_one_statement(watch: &Watch, before: usize, what: &str) {
    let statements = watch.statements();
    let run = &statements[before..];
    assert_eq!(run.len(), 1, "statements run by {what}: {run:#?}");
}

/// A price is set for one book, and all else stays: its other columns, and the other books.
#[test]
fn a_price_is_set_for_one_book() {
    let (connection, mut expected) = books(0x0531);
    let mut values = support::seeded(0x0532);
    for _ in 0..10 {
        let place = values.size(0..expected.len());
        let cents = u32::try_from(values.number(0..1 << 32)).expect("below 2^32");
        let isbn = expected[place].isbn.clone();
        let found: bool = set_price(&connection, &isbn, cents).expect("a table");
        assert!(found, "the book {isbn} is there");
        expected[place].cents = cents;
        assert_eq!(
            all(&connection),
            expected,
            "after a price of {cents} for {isbn}"
        );
    }
    let same = set_price(&connection, &expected[0].isbn, expected[0].cents);
    assert_eq!(same.ok(), Some(true), "the price that it has already");
    let free = set_price(&connection, &expected[0].isbn, 0);
    assert_eq!(free.ok(), Some(true), "a price of 0");
    expected[0].cents = 0;
    assert_eq!(all(&connection), expected, "after a price of 0");
}

/// A book that is not there has no price to set, and nothing changes.
#[test]
fn no_book_no_price() {
    let (connection, stored) = books(0x0533);
    for isbn in [
        "",
        "99",
        "10",
        "1000",
        "%",
        "___",
        "' OR '1' = '1",
        "100\0",
        " 100",
    ] {
        let found = set_price(&connection, isbn, 1).expect("a table");
        assert!(!found, "a price for {isbn:?}");
        assert_eq!(
            all(&connection),
            stored,
            "the books after a price for {isbn:?}"
        );
    }
    let nothing = support::database::in_memory();
    assert!(
        set_price(&nothing, "100", 1).is_err(),
        "no table is an error"
    );
}

/// An ISBN is a text like any other: capitals, zeros and spaces tell one from another.
#[test]
fn an_isbn_is_taken_as_it_is() {
    let connection = shop::with("CREATE INDEX odd ON books (isbn COLLATE NOCASE);");
    for isbn in ["020x", " 020x", "020x ", "20x"] {
        shop::store(&connection, &shop::book(isbn, "Emma"));
    }
    let mut expected = all(&connection);
    for isbn in ["020X", "020x  ", "20X", "020"] {
        let found = set_price(&connection, isbn, 1).expect("a table");
        assert!(!found, "a price for {isbn:?}, which is not there");
        let left = take_copies(&connection, isbn, 1).expect("a table");
        assert_eq!(left, None, "a copy of {isbn:?}, which is not there");
    }
    for (place, copies) in [0, 1, 2, 3].into_iter().zip(1..) {
        let isbn = expected[place].isbn.clone();
        let found = set_price(&connection, &isbn, copies).expect("a table");
        assert!(found, "a price for {isbn:?}");
        let left = take_copies(&connection, &isbn, copies).expect("a table");
        assert_eq!(left, Some(5 - copies), "{copies} copies of {isbn:?}");
        let mut delivery = shop::book(&isbn, "Emma");
        (delivery.cents, delivery.stock) = (copies, 7);
        let id = receive(&connection, &delivery).expect("a table");
        assert_eq!(id, expected[place].id, "the id of {isbn:?}");
        expected[place].cents = copies;
        expected[place].stock = 12 - copies;
        assert_eq!(all(&connection), expected, "the books after {isbn:?}");
    }
    let other = receive(&connection, &shop::book("020X", "Emma")).expect("a new ISBN");
    assert!(
        expected.iter().all(|book| book.id != other),
        "020X is another book than 020x, and got its id {other}"
    );
}

/// Copies are taken while there are enough, to the last one, and the answer is what is left.
#[test]
fn copies_are_taken_to_the_last() {
    let (connection, mut expected) = books(0x0534);
    let mut values = support::seeded(0x0535);
    for _ in 0..200 {
        let place = values.size(0..expected.len());
        let copies = u32::try_from(values.number(0..9)).expect("below 9");
        let (isbn, stock) = (expected[place].isbn.clone(), expected[place].stock);
        let left: Option<u32> = take_copies(&connection, &isbn, copies).expect("a table");
        assert_eq!(
            left,
            stock.checked_sub(copies),
            "{copies} of {stock} copies taken"
        );
        expected[place].stock = left.unwrap_or(stock);
    }
    assert_eq!(all(&connection), expected, "the books afterwards");
    let (isbn, stock) = (&expected[3].isbn, expected[3].stock);
    for (copies, left) in [
        (0, Some(stock)),
        (stock + 1, None),
        (u32::MAX, None),
        (stock, Some(0)),
        (0, Some(0)),
        (1, None),
    ] {
        let answer = take_copies(&connection, isbn, copies);
        assert_eq!(
            answer.ok(),
            Some(left),
            "{copies} copies of a book that had {stock}"
        );
    }
}

/// Of a book that is not there nothing can be taken, not even 0 copies.
#[test]
fn no_book_no_copies() {
    let (connection, stored) = books(0x0536);
    for (isbn, copies) in [
        ("99", 1),
        ("99", 0),
        ("", 0),
        ("%", 1),
        ("' OR '1' = '1", 1),
    ] {
        let left = take_copies(&connection, isbn, copies).expect("a table");
        assert_eq!(left, None, "{copies} copies of {isbn:?}");
    }
    assert_eq!(all(&connection), stored, "the books afterwards");
    let nothing = support::database::in_memory();
    assert!(
        take_copies(&nothing, "100", 1).is_err(),
        "no table is an error"
    );
}

/// A delivery of a new book adds it as it is, and returns its id.
#[test]
fn a_new_book_is_received_as_it_is() {
    let (connection, mut expected) = books(0x0537);
    let mut values = support::seeded(0x0538);
    for isbn in 200..220 {
        let book = NewBook {
            isbn: isbn.to_string(),
            title: format!(" '{}\0\" ", values.word(0..5)),
            series: values.coin().then(|| values.word(0..3)),
            cents: u32::try_from(values.number(0..1 << 32)).expect("below 2^32"),
            stock: u32::try_from(values.number(0..1 << 32)).expect("below 2^32"),
        };
        let id: i64 = receive(&connection, &book).expect("a table");
        expected.push(Book {
            id,
            isbn: book.isbn,
            title: book.title,
            series: book.series,
            cents: book.cents,
            stock: book.stock,
        });
        assert_eq!(
            all(&connection),
            expected,
            "the books after {isbn} has come"
        );
    }
}

/// A delivery of a known book adds to its stock, takes over title and price, and keeps the id; a series is only replaced by
/// a series.
#[test]
fn a_known_book_grows() {
    let (connection, mut expected) = books(0x0539);
    let mut values = support::seeded(0x053A);
    for _ in 0..60 {
        let place = values.size(0..expected.len());
        let book = &mut expected[place];
        let delivery = NewBook {
            isbn: book.isbn.clone(),
            title: values.word(0..4),
            series: values.coin().then(|| values.word(0..4)),
            cents: u32::try_from(values.number(0..5_000)).expect("below 5000"),
            stock: u32::try_from(values.number(0..50)).expect("below 50"),
        };
        // So that the row that was inserted last is another one than the row that the delivery changes.
        connection
            .execute(
                "INSERT INTO authors (id, name) VALUES (NULL, 'Somebody')",
                [],
            )
            .expect("an author");
        let id: i64 = receive(&connection, &delivery).expect("a table");
        assert_eq!(id, book.id, "the id of {} stays", book.isbn);
        book.title = delivery.title;
        book.cents = delivery.cents;
        book.stock += delivery.stock;
        book.series = delivery.series.or(book.series.take());
        assert_eq!(
            all(&connection),
            expected,
            "the books after a delivery of {id}"
        );
    }
}

/// A delivery may be large, and it may be of no copies: then it still says what the book is called and costs.
#[test]
fn a_delivery_has_any_size() {
    let (connection, mut expected) = books(0x0540);
    for (place, stock) in [(3, 4_000_000_000), (7, 0)] {
        let book = &mut expected[place];
        let mut delivery = shop::book(&book.isbn, "Emma");
        delivery.stock = stock;
        let id = receive(&connection, &delivery).expect("a table");
        assert_eq!(id, book.id, "the id of {}", book.isbn);
        (book.title, book.cents) = (delivery.title, delivery.cents);
        book.stock += stock;
        assert_eq!(
            all(&connection),
            expected,
            "the books after a delivery of {stock} copies"
        );
    }
}

/// What refers to a book still does after a delivery: its authors, the orders that it is in. Nothing is deleted on the way.
#[test]
fn a_delivery_leaves_references_alone() {
    let (connection, stored) = books(0x053B);
    connection
        .execute_batch(
            "CREATE TABLE wishes (book_id INTEGER NOT NULL REFERENCES books (id) ON DELETE CASCADE) STRICT;
             CREATE TABLE gone (isbn TEXT) STRICT;
             CREATE TRIGGER goes AFTER DELETE ON books BEGIN INSERT INTO gone VALUES (old.isbn); END;
             PRAGMA recursive_triggers = ON;
             INSERT INTO authors VALUES (1, 'Jane Austen');
             INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada');
             INSERT INTO orders VALUES (1, 1, '2025-03-01', 'paid');",
        )
        .expect("more rows");
    for sql in [
        "INSERT INTO wishes SELECT id FROM books",
        "INSERT INTO book_authors SELECT id, 1, 1 FROM books WHERE id % 3 = 0",
        "INSERT INTO order_lines SELECT 1, id, 1, cents FROM books WHERE id % 3 = 1",
    ] {
        connection
            .execute(sql, [])
            .expect("rows that refer to books");
    }
    for book in &stored {
        let received = receive(&connection, &shop::book(&book.isbn, "Emma"));
        assert_eq!(received.ok(), Some(book.id), "a delivery of {}", book.isbn);
    }
    for (table, expected) in [
        ("wishes", 20),
        ("book_authors", 6),
        ("order_lines", 7),
        ("gone", 0),
    ] {
        let rows = number(&connection, &format!("SELECT count(*) FROM {table}"));
        assert_eq!(
            rows, expected,
            "rows of {table} after deliveries of every book"
        );
    }
}

/// A delivery that the table refuses for another reason than its ISBN is an error, and changes nothing.
#[test]
fn other_conflicts_are_errors() {
    let (connection, stored) = books(0x053C);
    connection
        .execute_batch("CREATE UNIQUE INDEX one_title ON books (title, cents);")
        .expect("the titles differ");
    let other = &stored[5];
    let mut delivery = shop::book("777", &other.title);
    delivery.cents = other.cents;
    let received = receive(&connection, &delivery);
    assert!(
        received.is_err(),
        "title and price of another book: {received:?}"
    );
    assert_eq!(all(&connection), stored, "the books afterwards");
}

/// A change that the table refuses is an error, and changes nothing, neither this book nor another one.
#[test]
fn a_change_that_is_refused_is_an_error() {
    let connection = shop::empty();
    for (isbn, cents, stock) in [("100", 500, 4), ("101", 600, 9)] {
        let mut book = shop::book(isbn, "Emma");
        (book.cents, book.stock) = (cents, stock);
        shop::store(&connection, &book);
    }
    connection
        .execute_batch(
            "CREATE UNIQUE INDEX one_price ON books (title, cents);
             CREATE UNIQUE INDEX one_stock ON books (title, stock);",
        )
        .expect("prices and stocks differ");
    let stored = all(&connection);
    let found = set_price(&connection, "100", 600);
    assert!(found.is_err(), "the price of another book: {found:?}");
    assert_eq!(all(&connection), stored, "the books after a price");
    let left = take_copies(&connection, "101", 5);
    assert!(left.is_err(), "the stock of another book: {left:?}");
    assert_eq!(all(&connection), stored, "the books after copies");
    let mut delivery = shop::book("100", "Emma");
    (delivery.cents, delivery.stock) = (600, 1);
    let received = receive(&connection, &delivery);
    assert!(received.is_err(), "the price of another book: {received:?}");
    assert_eq!(all(&connection), stored, "the books after a delivery");
}

/// Orders of every state, on the days around 2025-12-31; order 1 to 10 have lines.
fn orders(seed: u64) -> (Connection, Vec<(i64, &'static str, &'static str)>) {
    let connection = shop::with(
        "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada');
         INSERT INTO books (id, isbn, title, cents) VALUES (1, '100', 'Emma', 999), (2, '101', 'Persuasion', 899);
         CREATE INDEX odd ON orders (state, placed_on DESC, id DESC);",
    );
    let mut values = support::seeded(seed);
    let mut placed = Vec::new();
    for id in 1..=60 {
        let state = *values.pick(&["open", "paid", "sent", "cancelled", "cancelled"]);
        let day = *values.pick(&[
            "2024-02-29",
            "2025-12-30",
            "2025-12-31",
            "2026-01-01",
            "2026-10-02",
        ]);
        connection
            .execute(
                "INSERT INTO orders VALUES (?1, 1, ?2, ?3)",
                params![id, day, state],
            )
            .expect("an order");
        for book in 1..=2 {
            connection
                .execute(
                    "INSERT INTO order_lines VALUES (?1, ?2, 1, 900)",
                    [id, book],
                )
                .expect("a line");
        }
        placed.push((id, day, state));
    }
    (connection, placed)
}

/// Only cancelled orders go, only those before the day, and their lines with them; the ids come in order.
#[test]
fn cancelled_orders_are_dropped() {
    for day in ["2025-12-31", "2026-01-01", "2020-01-01", "9999-12-31"] {
        let (connection, placed) = orders(0x053D);
        let expected: Vec<i64> = placed
            .iter()
            .filter(|(_, placed_on, state)| *state == "cancelled" && *placed_on < day)
            .map(|(id, ..)| *id)
            .collect();
        let dropped: Vec<i64> = drop_cancelled(&connection, day).expect("a table");
        assert_eq!(
            dropped, expected,
            "the ids of the orders that were dropped before {day}"
        );
        let left = i64::try_from(placed.len() - expected.len()).expect("a few");
        let rows = number(&connection, "SELECT count(*) FROM orders");
        assert_eq!(rows, left, "orders left after dropping before {day}");
        let lines = number(&connection, "SELECT count(*) FROM order_lines");
        assert_eq!(lines, 2 * left, "lines left after dropping before {day}");
        let again = drop_cancelled(&connection, day);
        assert_eq!(
            again.ok(),
            Some(vec![]),
            "dropping before {day} a second time"
        );
    }
}

/// An order that something else refers to cannot be deleted. That is an error, and then none is.
#[test]
fn orders_that_must_stay_are_an_error() {
    let (connection, placed) = orders(0x053F);
    connection
        .execute_batch(
            "CREATE TABLE invoices (order_id INTEGER NOT NULL REFERENCES orders (id)) STRICT;
             INSERT INTO invoices SELECT id FROM orders;",
        )
        .expect("an invoice for each order");
    let dropped = drop_cancelled(&connection, "9999-12-31");
    assert!(
        dropped.is_err(),
        "orders dropped that have invoices: {dropped:?}"
    );
    let left = number(&connection, "SELECT count(*) FROM orders");
    assert_eq!(left, i64::try_from(placed.len()).expect("a few"), "orders");
}

/// Each change is one statement, and no value is a part of it.
#[test]
fn a_change_is_one_statement() {
    let (mut connection, _) = orders(0x053E);
    let watch = Watch::over(&mut connection);
    for (isbn, copies) in [("100", 0), ("100", 17_171), ("SEVENTEEN", 17_171)] {
        let before = watch.statements().len();
        set_price(&connection, isbn, 70_717).expect("a table");
        assert_one_statement(&watch, before, "set_price");
        let before = watch.statements().len();
        take_copies(&connection, isbn, copies).expect("a table");
        assert_one_statement(&watch, before, "take_copies");
        let before = watch.statements().len();
        receive(&connection, &shop::book(isbn, "EIGHTEEN")).expect("a table");
        assert_one_statement(&watch, before, "receive");
    }
    let before = watch.statements().len();
    drop_cancelled(&connection, "2025-12-31").expect("a table");
    assert_one_statement(&watch, before, "drop_cancelled");
    for value in ["SEVENTEEN", "70717", "17171", "EIGHTEEN", "2025-12-31"] {
        watch.assert_no_sql_contains(value);
    }
}
