use databases::joins::{also_bought, catalogue, order_totals, orders_by_customer};
use rusqlite::{Connection, params};

use crate::shop::{self, Watch};
use crate::trade::{Trade, random_trade};

/// A shop with random trade in it, on a connection that only reads.
fn shop_with(seed: u64) -> (Connection, Trade) {
    let trade = random_trade(seed);
    (shop::read_only(trade.stored()), trade)
}

/// Every order's id, customer, copies and cents.
#[track_caller]
fn totals(connection: &Connection) -> Vec<(i64, String, i64, i64)> {
    order_totals(connection)
        .expect("tables")
        .into_iter()
        .map(|total| (total.order_id, total.customer, total.copies, total.cents))
        .collect()
}

/// Every customer's id, name and number of orders.
#[track_caller]
fn customers(connection: &Connection) -> Vec<(i64, String, i64)> {
    orders_by_customer(connection)
        .expect("tables")
        .into_iter()
        .map(|customer| (customer.customer_id, customer.name, customer.orders))
        .collect()
}

/// Every book's id, title and authors.
#[track_caller]
fn entries(connection: &Connection) -> Vec<(i64, String, Vec<String>)> {
    catalogue(connection)
        .expect("tables")
        .into_iter()
        .map(|entry| (entry.book_id, entry.title, entry.authors))
        .collect()
}

/// The id, title and number of orders of what was bought with a book.
#[track_caller]
fn companions(connection: &Connection, book: i64, count: u32) -> Vec<(i64, String, i64)> {
    also_bought(connection, book, count)
        .expect("tables")
        .into_iter()
        .map(|other| (other.book_id, other.title, other.orders))
        .collect()
}

/// Each order comes to the sum of its lines, at their prices and not at those that the books have today.
#[test]
fn an_order_comes_to_its_lines() {
    for seed in support::seeded(0x0541).numbers(0..1 << 40).take(3) {
        let (connection, trade) = shop_with(seed);
        let expected: Vec<(i64, String, i64, i64)> = trade
            .orders
            .iter()
            .map(|order| {
                let copies = order.lines.iter().map(|line| line.copies).sum();
                let customer = trade.customer(order.customer).to_owned();
                (order.id, customer, copies, order.cents())
            })
            .collect();
        assert_eq!(
            totals(&connection),
            expected,
            "order, customer, copies and cents of all orders"
        );
    }
}

/// An order without lines is an order, and comes to 0; large sums are exact.
#[test]
fn an_order_without_lines_is_not_lost() {
    let connection = shop::with(
        "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada'), (2, 'bob@lantern.example', 'Ada');
         INSERT INTO books (id, isbn, title, cents) VALUES (1, '100', 'Emma', 5), (2, '101', 'Emma', 6);
         INSERT INTO orders VALUES (3, 1, '2025-03-01', 'open'), (2, 2, '2025-03-01', 'cancelled'), (7, 2, '2025-03-01', 'paid');
         INSERT INTO order_lines VALUES (7, 1, 4000000001, 3000001), (7, 2, 1, 0);",
    );
    let found = totals(&shop::read_only(connection));
    let total = |order, copies, cents| (order, "Ada".to_owned(), copies, cents);
    let expected = [
        total(2, 0, 0),
        total(3, 0, 0),
        total(7, 4_000_000_002, 12_000_004_003_000_001),
    ];
    assert_eq!(
        found, expected,
        "the totals of two empty orders and a large one"
    );
}

/// Every customer is there with the orders that are not cancelled: also who has none, and who has cancelled ones only.
#[test]
fn no_customer_is_lost() {
    for seed in 0x0544..0x0547 {
        let (connection, trade) = shop_with(seed);
        let mut expected: Vec<(i64, String, i64)> = trade
            .customers
            .iter()
            .map(|(id, name)| (*id, name.clone(), trade.orders_of(*id)))
            .collect();
        expected.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
        assert!(
            expected.iter().any(|(.., orders)| *orders == 0),
            "the seed gives somebody without orders"
        );
        assert_eq!(
            customers(&connection),
            expected,
            "id, name and orders of all customers"
        );
    }
}

/// Every book is in the catalogue once, with its authors in the order of their positions.
#[test]
fn a_book_is_in_the_catalogue_once() {
    for seed in 0x0547..0x054A {
        let (connection, trade) = shop_with(seed);
        let mut expected: Vec<(i64, String, Vec<String>)> = trade
            .books
            .iter()
            .map(|(id, title)| (*id, title.clone(), trade.authors_of(*id)))
            .collect();
        expected.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
        assert!(
            expected.iter().any(|(.., authors)| authors.len() > 1),
            "the seed gives a book of several authors"
        );
        assert_eq!(
            entries(&connection),
            expected,
            "id, title and authors of the catalogue"
        );
    }
}

/// A name is a name, whatever is in it: commas, quotes, line breaks, nothing at all.
#[test]
fn names_are_kept_apart() {
    let names = [
        "Tolkien, J. R. R.",
        "",
        "a,b",
        "x;y|z",
        "\n",
        "\u{1F}",
        "'\"",
        "戦\0争",
        "a",
    ];
    let connection = shop::with(
        "INSERT INTO books (id, isbn, title, cents) VALUES (1, '100', 'Emma', 5), (2, '101', 'Emma', 5), (3, '102', '', 5);",
    );
    for (name, id) in names.iter().zip(1_i64..) {
        connection
            .execute("INSERT INTO authors VALUES (?1, ?2)", params![id, name])
            .expect("an author");
        // The last author is named first.
        connection
            .execute(
                "INSERT INTO book_authors VALUES (2, ?1, ?2)",
                [id, 7 - 2 * id],
            )
            .expect("an authorship");
    }
    let found = entries(&shop::read_only(connection));
    let reversed: Vec<String> = names.iter().rev().map(|name| (*name).to_owned()).collect();
    let entry = |book, title: &str, authors| (book, title.to_owned(), authors);
    let expected = [
        entry(3, "", vec![]),
        entry(1, "Emma", vec![]),
        entry(2, "Emma", reversed),
    ];
    assert_eq!(found, expected, "the catalogue");
}

/// No character keeps names apart, however rare it is, and no text that stands in the statement.
#[test]
fn any_text_may_be_a_name() {
    let one_book = "INSERT INTO books (id, isbn, title, cents) VALUES (1, '100', 'Emma', 5);";
    let mut connection = shop::with(one_book);
    let watch = Watch::over(&mut connection);
    catalogue(&connection).expect("tables");
    let statement = watch.statements().concat();
    // What stands between two quotes of the statement, at every second place.
    let mut names: Vec<String> = statement
        .split('\'')
        .skip(1)
        .step_by(2)
        .map(|text| format!("a{text}b"))
        .collect();
    for character in
        ('\0'..'\u{100}').chain(['\u{2028}', '\u{E000}', '\u{FFFD}', '\u{FFFF}', '\u{10FFFF}'])
    {
        names.push(format!("a{character}b"));
    }
    let connection = shop::with(one_book);
    for (name, id) in names.iter().zip(1_i64..) {
        connection
            .execute("INSERT INTO authors VALUES (?1, ?2)", params![id, name])
            .expect("an author");
        connection
            .execute("INSERT INTO book_authors VALUES (1, ?1, ?1)", [id])
            .expect("an authorship");
    }
    let found = entries(&shop::read_only(connection));
    let authors: Vec<&String> = found.iter().flat_map(|(.., authors)| authors).collect();
    for (found, name) in authors.iter().zip(&names) {
        assert_eq!(*found, name, "a name in the catalogue");
    }
    assert_eq!(authors.len(), names.len(), "authors of the book");
}

/// Books of one order were bought together. The most common companion comes first, the book itself never.
#[test]
fn companions_come_by_the_number_of_orders() {
    for seed in 0x054A..0x054D {
        let (connection, trade) = shop_with(seed);
        for (book, _) in &trade.books {
            let mut expected: Vec<(i64, String, i64)> = trade
                .books
                .iter()
                .filter(|(other, _)| other != book)
                .map(|(other, title)| (*other, title.clone(), trade.orders_with(*book, *other)))
                .filter(|(.., orders)| *orders > 0)
                .collect();
            expected.sort_by(|a, b| (-a.2, &a.1, a.0).cmp(&(-b.2, &b.1, b.0)));
            assert_eq!(
                companions(&connection, *book, u32::MAX),
                expected,
                "id, title and orders of all that was bought with book {book}"
            );
            expected.truncate(3);
            assert_eq!(
                companions(&connection, *book, 3),
                expected,
                "the first three that were bought with book {book}"
            );
        }
        assert_eq!(
            companions(&connection, -1, 5),
            [],
            "what was bought with a book that is not there"
        );
        let none = companions(&connection, trade.books[0].0, 0);
        assert_eq!(none, [], "the first none");
    }
}

/// An answer has all that fits, however long it is, and whoever asks for many companions gets many.
#[test]
fn an_answer_is_not_cut_short() {
    let connection = shop::read_only(shop::with(&shop::many_of_all(1_200)));
    let found = [
        totals(&connection).len(),
        customers(&connection).len(),
        entries(&connection).len(),
    ];
    assert_eq!(found, [1_200; 3], "totals, customers and entries");
    for (count, expected) in [(1_100, 1_100), (1_199, 1_199), (u32::MAX, 1_199)] {
        let found = companions(&connection, 1, count).len();
        assert_eq!(found, expected, "companions, of {count} at most");
    }
}

/// Each question is one statement, however much there is to answer, and carries its values beside the SQL.
#[test]
fn a_question_is_one_statement() {
    let trade = random_trade(0x054E);
    let mut connection = shop::read_only(trade.stored());
    let watch = Watch::over(&mut connection);
    order_totals(&connection).expect("tables");
    assert_eq!(
        watch.statements().len(),
        1,
        "statements: {:#?}",
        watch.statements()
    );
    orders_by_customer(&connection).expect("tables");
    assert_eq!(
        watch.statements().len(),
        2,
        "statements: {:#?}",
        watch.statements()
    );
    catalogue(&connection).expect("tables");
    assert_eq!(
        watch.statements().len(),
        3,
        "statements: {:#?}",
        watch.statements()
    );
    also_bought(&connection, 70_717, 90_919).expect("tables");
    assert_eq!(
        watch.statements().len(),
        4,
        "statements: {:#?}",
        watch.statements()
    );
    for value in ["70717", "90919"] {
        watch.assert_no_sql_contains(value);
    }
}

/// An empty shop has empty answers; a shop without tables, or a name that is no text, is an error.
#[test]
fn nothing_and_errors_are_told_apart() {
    let connection = shop::read_only(shop::empty());
    assert_eq!(totals(&connection), [], "orders of an empty shop");
    assert_eq!(customers(&connection), [], "customers of an empty shop");
    assert_eq!(entries(&connection), [], "books of an empty shop");
    let broken = shop::unreadable();
    let unreadable = order_totals(&broken);
    assert!(
        unreadable.is_err(),
        "a name that is no text: {unreadable:?}"
    );
    let unreadable = orders_by_customer(&broken);
    assert!(
        unreadable.is_err(),
        "a name that is no text: {unreadable:?}"
    );
    let unreadable = catalogue(&broken);
    assert!(
        unreadable.is_err(),
        "a name that is no text: {unreadable:?}"
    );
    let unreadable = also_bought(&broken, 1, 9);
    assert!(
        unreadable.is_err(),
        "a name that is no text: {unreadable:?}"
    );
    let nothing = support::database::in_memory();
    assert!(order_totals(&nothing).is_err(), "no tables: order_totals");
    assert!(
        orders_by_customer(&nothing).is_err(),
        "no tables: orders_by_customer"
    );
    assert!(catalogue(&nothing).is_err(), "no tables: catalogue");
    assert!(
        also_bought(&nothing, 1, 1).is_err(),
        "no tables: also_bought"
    );
}

/// An answer that breaks off is an error, and not a shorter answer.
#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let connection = shop::breaking_off(shop::with(&shop::many_of_all(300)));
    let totals = order_totals(&connection).map(|found| found.len());
    assert!(totals.is_err(), "{totals:?} totals");
    let customers = orders_by_customer(&connection).map(|found| found.len());
    assert!(customers.is_err(), "{customers:?} customers");
    let entries = catalogue(&connection).map(|found| found.len());
    assert!(entries.is_err(), "{entries:?} entries of the catalogue");
    let companions = also_bought(&connection, 1, 300).map(|found| found.len());
    assert!(companions.is_err(), "{companions:?} companions");
}
