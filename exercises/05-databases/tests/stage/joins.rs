use databases::joins::{
    AlsoBought, CatalogueEntry, CustomerOrders, OrderTotal, also_bought, catalogue, order_totals,
    orders_by_customer,
};
use rusqlite::Connection;

use crate::shop::{self, Watch};
use crate::trade::{Trade, random_trade};

/// A shop with random trade in it, on a connection that only reads.
fn shop_with(seed: u64) -> (Connection, Trade) {
    let trade = random_trade(seed);
    (shop::read_only(trade.stored()), trade)
}

/// Each order comes to the sum of its lines, at their prices and not at those that the books have today.
#[test]
fn an_order_comes_to_its_lines() {
    for seed in support::seeded(0x0541).numbers(0..1 << 40).take(3) {
        let (connection, trade) = shop_with(seed);
        let expected: Vec<OrderTotal> = trade
            .orders
            .iter()
            .map(|order| OrderTotal {
                order_id: order.id,
                customer: trade.customer(order.customer).to_owned(),
                copies: order.lines.iter().map(|line| line.copies).sum(),
                cents: order.cents(),
            })
            .collect();
        let found: Vec<OrderTotal> = order_totals(&connection).expect("tables");
        assert_eq!(found, expected, "the totals of all orders");
    }
}

/// An order without lines is an order, and comes to 0; large sums are exact.
#[test]
fn an_order_without_lines_is_not_lost() {
    let connection = shop::with(
        "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada'), (2, 'bob@lantern.example', 'Ada');
         INSERT INTO books (id, isbn, title, cents) VALUES (1, '100', 'Emma', 5), (2, '101', 'Emma', 6);
         INSERT INTO orders VALUES (3, 1, '2025-03-01', 'open'), (2, 2, '2025-03-01', 'cancelled'), (7, 2, '2025-03-01', 'paid');
         INSERT INTO order_lines VALUES (7, 1, 3000001, 4000000001), (7, 2, 1, 0);",
    );
    let found = order_totals(&shop::read_only(connection)).expect("tables");
    let total = |order_id, copies, cents| OrderTotal {
        order_id,
        customer: "Ada".to_owned(),
        copies,
        cents,
    };
    let expected = [
        total(2, 0, 0),
        total(3, 0, 0),
        total(7, 3_000_002, 12_000_004_003_000_001),
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
        let mut expected: Vec<CustomerOrders> = trade
            .customers
            .iter()
            .map(|(id, name)| CustomerOrders {
                customer_id: *id,
                name: name.clone(),
                orders: trade.orders_of(*id),
            })
            .collect();
        expected.sort_by(|a, b| (&a.name, a.customer_id).cmp(&(&b.name, b.customer_id)));
        assert!(
            expected.iter().any(|customer| customer.orders == 0),
            "the seed gives somebody without orders"
        );
        let found: Vec<CustomerOrders> = orders_by_customer(&connection).expect("tables");
        assert_eq!(found, expected, "the orders of all customers");
    }
}

/// Every book is in the catalogue once, with its authors in the order of their positions.
#[test]
fn a_book_is_in_the_catalogue_once() {
    for seed in 0x0547..0x054A {
        let (connection, trade) = shop_with(seed);
        let mut expected: Vec<CatalogueEntry> = trade
            .books
            .iter()
            .map(|(id, title)| CatalogueEntry {
                book_id: *id,
                title: title.clone(),
                authors: trade.authors_of(*id),
            })
            .collect();
        expected.sort_by(|a, b| (&a.title, a.book_id).cmp(&(&b.title, b.book_id)));
        assert!(
            expected.iter().any(|entry| entry.authors.len() > 1),
            "the seed gives a book of several authors"
        );
        let found: Vec<CatalogueEntry> = catalogue(&connection).expect("tables");
        assert_eq!(found, expected, "the catalogue");
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
            .execute(
                "INSERT INTO authors VALUES (?1, ?2)",
                rusqlite::params![id, name],
            )
            .expect("an author");
        // The last author is named first.
        connection
            .execute(
                "INSERT INTO book_authors VALUES (2, ?1, ?2)",
                [id, 100 - 2 * id],
            )
            .expect("an authorship");
    }
    let found = catalogue(&shop::read_only(connection)).expect("tables");
    let reversed: Vec<String> = names.iter().rev().map(|name| (*name).to_owned()).collect();
    let entry = |book_id, title: &str, authors| CatalogueEntry {
        book_id,
        title: title.to_owned(),
        authors,
    };
    let expected = [
        entry(3, "", vec![]),
        entry(1, "Emma", vec![]),
        entry(2, "Emma", reversed),
    ];
    assert_eq!(found, expected, "the catalogue");
}

/// Books of one order were bought together. The most common companion comes first, the book itself never.
#[test]
fn companions_come_by_the_number_of_orders() {
    for seed in 0x054A..0x054D {
        let (connection, trade) = shop_with(seed);
        for (book, _) in &trade.books {
            let mut expected: Vec<AlsoBought> = trade
                .books
                .iter()
                .filter(|(other, _)| other != book)
                .map(|(other, title)| AlsoBought {
                    book_id: *other,
                    title: title.clone(),
                    orders: trade.orders_with(*book, *other),
                })
                .filter(|companion| companion.orders > 0)
                .collect();
            expected.sort_by(|a, b| {
                (-a.orders, &a.title, a.book_id).cmp(&(-b.orders, &b.title, b.book_id))
            });
            let found = also_bought(&connection, *book, u32::MAX).expect("tables");
            assert_eq!(found, expected, "all that was bought with book {book}");
            let found: Vec<AlsoBought> = also_bought(&connection, *book, 3).expect("tables");
            expected.truncate(3);
            assert_eq!(
                found, expected,
                "the first three that were bought with book {book}"
            );
        }
        let nobody = also_bought(&connection, -1, 5);
        assert_eq!(
            nobody.ok(),
            Some(vec![]),
            "what was bought with a book that is not there"
        );
        let none = also_bought(&connection, trade.books[0].0, 0);
        assert_eq!(none.ok(), Some(vec![]), "the first none");
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
    assert_eq!(
        order_totals(&connection).ok(),
        Some(vec![]),
        "orders of an empty shop"
    );
    assert_eq!(
        orders_by_customer(&connection).ok(),
        Some(vec![]),
        "customers of an empty shop"
    );
    assert_eq!(
        catalogue(&connection).ok(),
        Some(vec![]),
        "books of an empty shop"
    );
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
