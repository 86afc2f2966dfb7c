use databases::given::{Book, NewBook, book_of};
use databases::insert::{add_book, add_books};
use rusqlite::Connection;
use support::Seeded;

use crate::shop::{self, Watch, number};

/// The book with this id, as it stands in the table.
#[track_caller]
fn stored(connection: &Connection, id: i64) -> Book {
    let sql = "SELECT id, isbn, title, series, cents, stock FROM books WHERE id = ?1";
    connection
        .query_row(sql, [id], book_of)
        .unwrap_or_else(|error| panic!("the book with the id {id}: {error}"))
}

#[track_caller]
fn assert_stored(connection: &Connection, id: i64, book: &NewBook) {
    let found = stored(connection, id);
    assert_eq!(found.isbn, book.isbn, "the ISBN of book {id}");
    assert_eq!(found.title, book.title, "the title of book {id}");
    assert_eq!(found.series, book.series, "the series of book {id}");
    assert_eq!(found.cents, book.cents, "the price of book {id}");
    assert_eq!(found.stock, book.stock, "the stock of book {id}");
}

fn random_book(values: &mut Seeded) -> NewBook {
    NewBook {
        isbn: values
            .number(1_000_000_000_000..10_000_000_000_000)
            .to_string(),
        title: values.word(1..20),
        series: values.coin().then(|| values.word(1..10)),
        cents: u32::try_from(values.number(0..1 << 32)).expect("below 2^32"),
        stock: u32::try_from(values.number(0..1 << 32)).expect("below 2^32"),
    }
}

/// A book that was added stands in the table as it was given, under the id that was returned.
#[test]
fn what_is_added_is_there() {
    let connection = shop::empty();
    let mut values = support::seeded(0x0511);
    for added in 1..=50 {
        let book: NewBook = random_book(&mut values);
        let id: i64 = add_book(&connection, &book).expect("a new ISBN");
        assert_stored(&connection, id, &book);
        assert_eq!(
            number(&connection, "SELECT count(*) FROM books"),
            added,
            "books in the table"
        );
    }
    let mut dearest = shop::book("9780141439587", "Emma");
    (dearest.cents, dearest.stock) = (u32::MAX, 0);
    let id = add_book(&connection, &dearest).expect("a new ISBN");
    assert_stored(&connection, id, &dearest);
}

/// Whatever is in a text is stored byte for byte: quotes, commands, other scripts, line breaks, spaces, a NUL.
#[test]
fn a_text_is_stored_as_it_is() {
    let long = "ä".repeat(100_000);
    let mut connection = shop::empty();
    let titles = [
        "O'Brien's \"Emma\"",
        "Robert'); DROP TABLE books; --",
        "100 % ?1 :title $x @y \\' \\0 \\n",
        "戦争と平和",
        "الحرب والسلم",
        "🦀 👩\u{200D}🚀",
        "e\u{301} is not \u{e9}",
        "  two\tlines\r\nand spaces  ",
        "before\0after",
        "\0",
        "",
        "NULL",
        "007",
        "1e3",
        &long,
    ];
    let mut books = Vec::new();
    for (title, place) in titles.into_iter().zip(100..) {
        let mut book = shop::book(&format!("9780000000{place}"), title);
        book.series = Some(title.to_owned());
        let id = add_book(&connection, &book).expect("a new ISBN");
        assert_stored(&connection, id, &book);
        book.isbn = format!("9790000000{place}");
        books.push(book);
    }
    let ids: Vec<i64> = add_books(&mut connection, &books).expect("new ISBNs");
    for (id, book) in ids.into_iter().zip(&books) {
        assert_stored(&connection, id, book);
    }
}

/// An ISBN is a text like any other: its zeros, spaces and letters stay.
#[test]
fn an_isbn_is_a_text() {
    let mut connection = shop::empty();
    let isbns = [
        "0000000000017",
        " 978 0 14 ",
        "978014143951X",
        "978-0-14",
        "1e3",
        "\0",
        "",
    ];
    for isbn in isbns {
        let book = shop::book(isbn, "Emma");
        let id = add_book(&connection, &book).expect("a new ISBN");
        assert_stored(&connection, id, &book);
    }
    let books = isbns.map(|isbn| shop::book(&format!("0{isbn}"), "Emma"));
    let ids = add_books(&mut connection, &books).expect("new ISBNs");
    for (id, book) in ids.into_iter().zip(&books) {
        assert_stored(&connection, id, book);
    }
}

/// A value never becomes a part of the SQL: the statements are the same whatever the values are.
#[test]
fn values_travel_beside_the_sql() {
    let mut connection = shop::empty();
    let watch = Watch::over(&mut connection);
    let mut book = shop::book("9780141439587", "SEVENTEEN");
    (book.cents, book.stock) = (70_717, 90_919);
    book.series = Some("EIGHTEEN".to_owned());
    let mut other = book.clone();
    other.isbn = "9780141439518".to_owned();
    add_book(&connection, &book).expect("a new ISBN");
    add_books(&mut connection, &[other]).expect("a new ISBN");
    for value in [
        "SEVENTEEN",
        "EIGHTEEN",
        "70717",
        "90919",
        "9780141439587",
        "9780141439518",
    ] {
        watch.assert_no_sql_contains(value);
    }
}

/// No series is NULL, which is something else than an empty name.
#[test]
fn no_series_is_null() {
    let mut connection = shop::empty();
    let alone = shop::book("9780141439587", "Emma");
    let mut nameless = shop::book("9780141439518", "Persuasion");
    nameless.series = Some(String::new());
    let single = add_book(&connection, &alone).expect("a new ISBN");
    let empty = add_book(&connection, &nameless).expect("a new ISBN");
    let many = [
        shop::book("9780141040349", "Sanditon"),
        shop::book("9780141040332", "Lady Susan"),
    ];
    let ids = add_books(&mut connection, &many).expect("new ISBNs");
    for (id, expected) in [
        (single, "null"),
        (empty, "text"),
        (ids[0], "null"),
        (ids[1], "null"),
    ] {
        let kind: String = connection
            .query_row(
                "SELECT typeof(series) FROM books WHERE id = ?1",
                [id],
                |row| row.get(0),
            )
            .expect("a row");
        assert_eq!(kind, expected, "the type of the series of book {id}");
    }
}

/// The id is that of the row, wherever SQLite takes it from: gaps, a trigger that writes elsewhere, the largest id taken.
#[test]
fn the_id_is_that_of_the_row() {
    let mut connection = shop::with(
        "INSERT INTO books (id, isbn, title, cents) VALUES (40, '9780000000040', 'Emma', 1);
         CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
         INSERT INTO notes VALUES (7000, 'an old note');
         CREATE TRIGGER noted AFTER INSERT ON books BEGIN INSERT INTO notes (text) VALUES (new.title); END;",
    );
    let emma = shop::book("9780141439587", "Emma");
    let first = add_book(&connection, &emma).expect("a new ISBN");
    assert_stored(&connection, first, &emma);
    connection
        .execute_batch(
            "INSERT INTO books (id, isbn, title, cents) VALUES (9223372036854775807, '9780000000041', 'Emma', 1);",
        )
        .expect("the largest id");
    let second = shop::book("9780141439518", "Emma");
    let id = add_book(&connection, &second).expect("a new ISBN");
    assert_stored(&connection, id, &second);
    let many: Vec<NewBook> = (100..120)
        .map(|place| shop::book(&format!("9780000000{place}"), "Emma"))
        .collect();
    let ids = add_books(&mut connection, &many).expect("new ISBNs");
    assert_eq!(ids.len(), 20, "ids for 20 books");
    for (id, book) in ids.into_iter().zip(&many) {
        assert_stored(&connection, id, book);
    }
}

/// An ISBN that is taken is an error, and the book that has it stays as it is.
#[test]
fn a_taken_isbn_is_an_error() {
    let connection = shop::empty();
    let emma = shop::book("9780141439587", "Emma");
    let id = add_book(&connection, &emma).expect("a new ISBN");
    let other = shop::book("9780141439587", "Persuasion");
    let again = add_book(&connection, &other);
    assert!(again.is_err(), "the same ISBN a second time: {again:?}");
    assert_stored(&connection, id, &emma);
    assert_eq!(
        number(&connection, "SELECT count(*) FROM books"),
        1,
        "books in the table"
    );
}

/// Many books are one transaction, and one statement that is prepared once; the ids come in the order of the books.
#[test]
fn many_books_cost_one_transaction() {
    let mut connection = shop::empty();
    let mut values = support::seeded(0x0512);
    let mut books: Vec<NewBook> = (0..1_000).map(|_| random_book(&mut values)).collect();
    values.shuffle(&mut books);
    let watch = Watch::over(&mut connection);
    let ids: Vec<i64> = add_books(&mut connection, &books).expect("new ISBNs");
    let (commits, prepared) = (watch.commits(), watch.prepared("INSERT books"));
    assert_eq!(commits, 1, "transactions committed for 1000 books");
    // One is enough; a few more allow for several rows in one statement.
    assert!(
        prepared <= 10,
        "the INSERT was prepared {prepared} times for 1000 books"
    );
    assert_eq!(ids.len(), 1_000, "ids for 1000 books");
    for (id, book) in ids.into_iter().zip(&books) {
        assert_stored(&connection, id, book);
    }
    assert!(
        connection.is_autocommit(),
        "a transaction is still open afterwards"
    );
}

/// A list may be long: longer than one statement can have parameters for.
#[test]
fn a_long_list_is_added() {
    let mut connection = shop::empty();
    let books: Vec<NewBook> = (0..7_000)
        .map(|place| shop::book(&place.to_string(), "Emma"))
        .collect();
    let ids = add_books(&mut connection, &books).expect("new ISBNs");
    assert_eq!(ids.len(), 7_000, "ids for 7000 books");
    for place in [0, 6_553, 6_999] {
        assert_stored(&connection, ids[place], &books[place]);
    }
    let rows = number(&connection, "SELECT count(*) FROM books");
    assert_eq!(rows, 7_000, "books in the table");
}

/// When one of many books cannot be added, none is, and the connection is free for the next try.
#[test]
fn many_books_are_all_or_nothing() {
    let mut connection = shop::empty();
    let taken = shop::book("9780141439587", "Emma");
    let id = add_book(&connection, &taken).expect("a new ISBN");
    let mut values = support::seeded(0x0513);
    for place in [0, values.size(1..99), 99] {
        let mut books: Vec<NewBook> = (0..99).map(|_| random_book(&mut values)).collect();
        books.insert(place, taken.clone());
        let result = add_books(&mut connection, &books);
        assert!(
            result.is_err(),
            "book {place} of 100 has a taken ISBN: {result:?}"
        );
        assert!(
            connection.is_autocommit(),
            "the transaction is still open after the error at book {place}"
        );
        assert_eq!(
            number(&connection, "SELECT count(*) FROM books"),
            1,
            "books after the error at book {place}"
        );
        books.remove(place);
        let ids = add_books(&mut connection, &books).expect("the others are fine");
        assert_eq!(ids.len(), 99, "ids of the others");
        connection
            .execute("DELETE FROM books WHERE id <> ?1", [id])
            .expect("books to delete");
    }
    let twice = [
        shop::book("9780141439518", "Persuasion"),
        shop::book("9780141439518", "Persuasion"),
    ];
    let result = add_books(&mut connection, &twice);
    assert!(
        result.is_err(),
        "the same new ISBN twice in one list: {result:?}"
    );
    assert_eq!(
        number(&connection, "SELECT count(*) FROM books"),
        1,
        "books after the same ISBN twice"
    );
}

/// A transaction can fail at its very end. That is an error as well, and nothing is there.
#[test]
fn a_commit_can_fail() {
    let mut connection = shop::empty();
    connection
        .commit_hook(Some(|| true))
        .expect("SQLite takes the hook, which refuses every commit");
    let books = [shop::book("9780141439518", "Persuasion")];
    let many = add_books(&mut connection, &books);
    assert!(
        many.is_err(),
        "many books whose commit is refused: {many:?}"
    );
    assert!(
        connection.is_autocommit(),
        "a transaction is still open afterwards"
    );
    assert_eq!(
        number(&connection, "SELECT count(*) FROM books"),
        0,
        "books after commits that were refused"
    );
}

/// The connection is afterwards as it was, also when the books could not be added.
#[test]
fn the_connection_stays_as_it_was() {
    let mut connection = shop::empty();
    let settings = |connection: &Connection| {
        ["foreign_keys", "synchronous", "ignore_check_constraints"]
            .map(|name| (name, number(connection, &format!("PRAGMA {name}"))))
    };
    let before = settings(&connection);
    let books = [shop::book("9780141439518", "Persuasion")];
    add_books(&mut connection, &books).expect("a new ISBN");
    assert_eq!(settings(&connection), before, "after a book was added");
    let again = add_books(&mut connection, &books);
    assert!(again.is_err(), "the same book again: {again:?}");
    assert_eq!(settings(&connection), before, "after an error");
}

/// No books are no error, and change nothing.
#[test]
fn no_books_are_no_error() {
    let mut connection = shop::empty();
    let ids: Vec<i64> = add_books(&mut connection, &[]).expect("nothing to add");
    assert_eq!(ids, Vec::<i64>::new(), "ids of no books");
    assert!(
        connection.is_autocommit(),
        "a transaction is still open afterwards"
    );
}
