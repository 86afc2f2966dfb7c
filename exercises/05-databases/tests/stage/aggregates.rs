use databases::aggregates::{average_order, best_sellers, monthly_sales, regulars};
use rusqlite::Connection;

use crate::shop::{self, Watch};
use crate::trade::{Trade, random_trade};

/// A shop with random trade in it, on a connection that only reads.
fn shop_with(seed: u64) -> (Connection, Trade) {
    let trade = random_trade(seed);
    (shop::read_only(trade.stored()), trade)
}

/// Id, title, copies and cents of the best sellers.
#[track_caller]
fn sellers(connection: &Connection, count: u32) -> Vec<(i64, String, i64, i64)> {
    best_sellers(connection, count)
        .expect("tables")
        .into_iter()
        .map(|seller| (seller.book_id, seller.title, seller.copies, seller.cents))
        .collect()
}

/// Id, name and number of orders of the regulars.
#[track_caller]
fn people(connection: &Connection, at_least: u32) -> Vec<(i64, String, i64)> {
    regulars(connection, at_least)
        .expect("tables")
        .into_iter()
        .map(|regular| (regular.customer_id, regular.name, regular.orders))
        .collect()
}

/// A month, its orders, its cents, and those of the months up to it.
type Month = (String, i64, i64, i64);

#[track_caller]
fn months(connection: &Connection, first: &str, last: &str) -> Vec<Month> {
    monthly_sales(connection, first, last)
        .expect("tables")
        .into_iter()
        .map(|sales| (sales.month, sales.orders, sales.cents, sales.running_cents))
        .collect()
}

/// What these months brought, counted in Rust.
fn counted(trade: &Trade, months: &[&str]) -> Vec<Month> {
    let mut running_cents = 0;
    months
        .iter()
        .map(|month| {
            let orders = || {
                trade
                    .orders
                    .iter()
                    .filter(|order| order.counts() && order.day.starts_with(month))
            };
            let cents: i64 = orders().map(|order| order.cents()).sum();
            running_cents += cents;
            let count = i64::try_from(orders().count()).expect("few");
            ((*month).to_owned(), count, cents, running_cents)
        })
        .collect()
}

/// Best sellers come by copies, then by cents, then by title, then by id; two books of one title are two books, and what was
/// never sold, or only in cancelled orders, is not among them.
#[test]
fn best_sellers_come_in_order() {
    for seed in 0x0551..0x0555 {
        let (connection, trade) = shop_with(seed);
        let mut expected: Vec<(i64, String, i64, i64)> = Vec::new();
        for (book_id, title) in &trade.books {
            let lines = || {
                let orders = trade.orders.iter().filter(|order| order.counts());
                orders.flat_map(|order| order.lines.iter().filter(|line| line.book == *book_id))
            };
            let copies: i64 = lines().map(|line| line.copies).sum();
            if copies > 0 {
                let cents = lines().map(|line| line.copies * line.cents).sum();
                expected.push((*book_id, title.clone(), copies, cents));
            }
        }
        expected.sort_by(|a, b| (-a.2, -a.3, &a.1, a.0).cmp(&(-b.2, -b.3, &b.1, b.0)));
        assert_eq!(
            sellers(&connection, u32::MAX),
            expected,
            "id, title, copies and cents of all books that were sold"
        );
        for count in [0, 1, 5] {
            let first = &expected[..usize::try_from(count).expect("small").min(expected.len())];
            assert_eq!(sellers(&connection, count), first, "the {count} best");
        }
    }
}

/// Ties are decided by what was paid, then by the title, then by the id; a free book that was sold is sold.
#[test]
fn ties_are_decided() {
    let connection = shop::with(
        "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada');
         INSERT INTO books (id, isbn, title, cents) VALUES
             (1, '1', 'Poems', 1), (2, '2', 'Emma', 1), (3, '3', 'Emma', 1), (4, '4', 'Zoo', 1), (5, '5', 'Free', 1), (6, '6', 'Unsold', 1), (7, '7', 'Cancelled', 1), (8, '8', 'emma', 1);
         INSERT INTO orders VALUES (1, 1, '2025-03-01', 'open'), (2, 1, '2025-03-01', 'paid'), (3, 1, '2025-03-01', 'cancelled');
         INSERT INTO order_lines VALUES (1, 1, 2, 100), (1, 2, 1, 50), (2, 2, 1, 150), (1, 3, 2, 100), (1, 4, 2, 101), (2, 5, 1, 0), (3, 7, 50, 100), (3, 1, 50, 100), (1, 8, 2, 100);",
    );
    let order: Vec<(i64, i64, i64)> = sellers(&shop::read_only(connection), 10)
        .into_iter()
        .map(|(book, _, copies, cents)| (book, copies, cents))
        .collect();
    let expected = [
        (4, 2, 202),
        (2, 2, 200),
        (3, 2, 200),
        (1, 2, 200),
        (8, 2, 200),
        (5, 1, 0),
    ];
    assert_eq!(order, expected, "books, copies and cents");
}

/// A sum of cents is a whole number, however large it is, and an answer has all that fits, however long it is.
#[test]
fn answers_are_exact_and_not_cut_short() {
    let connection = shop::with(&shop::many_of_all(1_200));
    connection
        .execute(
            "UPDATE order_lines SET copies = 3000001, cents = 4000000001 WHERE book_id = 7",
            [],
        )
        .expect("a line");
    let connection = shop::read_only(connection);
    let best = sellers(&connection, 1);
    assert_eq!(
        best,
        [(7, "Emma".to_owned(), 3_000_001, 12_000_004_003_000_001)],
        "id, title, copies and cents of the best"
    );
    for (count, expected) in [(1_100, 1_100), (u32::MAX, 1_200)] {
        let found = sellers(&connection, count).len();
        assert_eq!(found, expected, "best sellers, of {count} at most");
    }
    assert_eq!(people(&connection, 0).len(), 1_200, "regulars");
}

/// Regulars have at least so many orders, exactly so many included; with 0 nobody is left out.
#[test]
fn regulars_have_enough_orders() {
    for seed in 0x0555..0x0558 {
        let (connection, trade) = shop_with(seed);
        for at_least in [0, 1, 2, 3, 4, 5, 6, 60, u32::MAX] {
            let mut expected: Vec<(i64, String, i64)> = trade
                .customers
                .iter()
                .map(|(id, name)| (*id, name.clone(), trade.orders_of(*id)))
                .filter(|(.., orders)| *orders >= i64::from(at_least))
                .collect();
            expected.sort_by(|a, b| (-a.2, &a.1, a.0).cmp(&(-b.2, &b.1, b.0)));
            assert_eq!(
                people(&connection, at_least),
                expected,
                "id, name and orders of the customers with at least {at_least} orders"
            );
        }
    }
}

/// Every month is listed, with orders or without, across the ends of years, and only those asked for.
#[test]
fn every_month_is_listed() {
    let all = [
        "2024-10", "2024-11", "2024-12", "2025-01", "2025-02", "2025-03", "2025-04", "2025-05",
        "2025-06", "2025-07", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01",
        "2026-02", "2026-03",
    ];
    let mut values = support::seeded(0x0558);
    for seed in 0x0559..0x055C {
        let (connection, trade) = shop_with(seed);
        let mut ranges = vec![(0, 17), (1, 1), (8, 8), (2, 3), (4, 12), (17, 17), (14, 15)];
        for _ in 0..10 {
            let first = values.size(0..18);
            ranges.push((first, values.size(first..18)));
        }
        for (first, last) in ranges {
            let expected = counted(&trade, &all[first..=last]);
            assert_eq!(
                months(&connection, all[first], all[last]),
                expected,
                "month, orders, cents and running total from {} to {}",
                all[first],
                all[last]
            );
        }
        for (first, last) in [
            ("2025-02", "2025-01"),
            ("2025-01", "2024-12"),
            ("2026-02", "2024-11"),
        ] {
            let found = months(&connection, first, last);
            assert_eq!(found, [], "the months from {first} to {last}");
        }
    }
}

/// The first and the last day of a month belong to it, and a long time is no problem: 300 years have 3600 months.
#[test]
fn a_month_has_all_its_days() {
    let connection = shop::with(
        "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada');
         INSERT INTO books (id, isbn, title, cents) VALUES (1, '1', 'Emma', 1), (2, '2', 'Emma', 1);
         INSERT INTO orders VALUES (1, 1, '2024-01-31', 'open'), (2, 1, '2024-02-01', 'open'), (3, 1, '2024-02-29', 'sent'), (4, 1, '2024-03-01', 'paid'), (5, 1, '2024-02-10', 'open'), (6, 1, '1999-12-31', 'open');
         INSERT INTO order_lines VALUES (1, 1, 1, 1), (2, 1, 1, 10), (2, 2, 1, 10), (3, 1, 3000001, 4000000001), (4, 1, 1, 1000), (6, 1, 1, 100);",
    );
    let connection = shop::read_only(connection);
    let found = months(&connection, "2024-02", "2024-02");
    let expected = [(
        "2024-02".to_owned(),
        3,
        12_000_004_003_000_021,
        12_000_004_003_000_021,
    )];
    assert_eq!(
        found, expected,
        "a February with three orders, one of two lines and one of none"
    );
    let found = months(&connection, "1900-01", "2199-12");
    assert_eq!(found.len(), 3_600, "months of 300 years");
    let last = found.last().map(|month| (month.0.as_str(), month.3));
    assert_eq!(
        last,
        Some(("2199-12", 12_000_004_003_001_122)),
        "the last month and its running total"
    );
}

/// The average is that of the orders, not of the lines; an empty order counts, a cancelled one does not, and no order has no
/// average.
#[test]
fn an_average_is_that_of_orders() {
    for seed in 0x055C..0x055F {
        let (connection, trade) = shop_with(seed);
        let orders = || trade.orders.iter().filter(|order| order.counts());
        let cents: i64 = orders().map(|order| order.cents()).sum();
        let expected = cents / i64::try_from(orders().count()).expect("few");
        let found: Option<i64> = average_order(&connection).expect("tables");
        assert_eq!(
            found,
            Some(expected),
            "the average of {} orders",
            orders().count()
        );
    }
    let connection = shop::with("INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada');");
    assert_eq!(
        average_order(&connection).ok(),
        Some(None),
        "the average of no orders"
    );
    for (sql, expected) in [
        (
            "INSERT INTO orders VALUES (1, 1, '2025-03-01', 'cancelled')",
            None,
        ),
        (
            "INSERT INTO orders VALUES (2, 1, '2025-03-01', 'open')",
            Some(0),
        ),
        (
            "INSERT INTO books (id, isbn, title, cents) VALUES (1, '1', 'Emma', 1)",
            Some(0),
        ),
        ("INSERT INTO order_lines VALUES (1, 1, 1, 5000)", Some(0)),
        ("INSERT INTO order_lines VALUES (2, 1, 1, 999)", Some(999)),
        (
            "INSERT INTO orders VALUES (3, 1, '2025-03-01', 'open')",
            Some(499),
        ),
        (
            "UPDATE order_lines SET cents = 18014398509481987",
            Some(9_007_199_254_740_993),
        ),
    ] {
        connection.execute(sql, []).expect("a change");
        let found = average_order(&connection);
        assert_eq!(found.ok(), Some(expected), "the average after {sql}");
    }
}

/// Each question is one statement, however many months there are, and carries its values beside the SQL.
#[test]
fn a_sum_is_one_statement() {
    let mut connection = shop::read_only(random_trade(0x0550).stored());
    let watch = Watch::over(&mut connection);
    best_sellers(&connection, 70_717).expect("tables");
    assert_eq!(
        watch.statements().len(),
        1,
        "statements: {:#?}",
        watch.statements()
    );
    regulars(&connection, 90_919).expect("tables");
    assert_eq!(
        watch.statements().len(),
        2,
        "statements: {:#?}",
        watch.statements()
    );
    monthly_sales(&connection, "2020-01", "2026-12").expect("tables");
    assert_eq!(
        watch.statements().len(),
        3,
        "statements: {:#?}",
        watch.statements()
    );
    average_order(&connection).expect("tables");
    assert_eq!(
        watch.statements().len(),
        4,
        "statements: {:#?}",
        watch.statements()
    );
    for value in ["70717", "90919", "2020-01", "2026-12"] {
        watch.assert_no_sql_contains(value);
    }
}

/// In an empty shop nothing was sold, and every month is still listed; without tables there is an error.
#[test]
fn an_empty_shop_sells_nothing() {
    let connection = shop::read_only(shop::empty());
    assert_eq!(sellers(&connection, 5), [], "best sellers of an empty shop");
    assert_eq!(people(&connection, 0), [], "regulars of an empty shop");
    let quiet = |month: &str| (month.to_owned(), 0, 0, 0);
    assert_eq!(
        months(&connection, "2025-12", "2026-01"),
        [quiet("2025-12"), quiet("2026-01")],
        "two months of an empty shop"
    );
    let broken = shop::unreadable();
    let unreadable = best_sellers(&broken, 9);
    assert!(
        unreadable.is_err(),
        "a name that is no text: {unreadable:?}"
    );
    let unreadable = regulars(&broken, 0);
    assert!(
        unreadable.is_err(),
        "a name that is no text: {unreadable:?}"
    );
    let nothing = support::database::in_memory();
    assert!(
        best_sellers(&nothing, 5).is_err(),
        "no tables: best_sellers"
    );
    assert!(regulars(&nothing, 0).is_err(), "no tables: regulars");
    assert!(
        monthly_sales(&nothing, "2025-12", "2026-01").is_err(),
        "no tables: monthly_sales"
    );
    assert!(average_order(&nothing).is_err(), "no tables: average_order");
}

/// An answer that breaks off is an error, and not a shorter answer.
#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let connection = shop::breaking_off(shop::with(&shop::many_of_all(300)));
    let sellers = best_sellers(&connection, 300).map(|found| found.len());
    assert!(sellers.is_err(), "{sellers:?} best sellers");
    let people = regulars(&connection, 0).map(|found| found.len());
    assert!(people.is_err(), "{people:?} regulars");
    let months = monthly_sales(&connection, "2025-01", "2025-12").map(|found| found.len());
    assert!(months.is_err(), "{months:?} months");
    let average = average_order(&connection);
    assert!(average.is_err(), "an average: {average:?}");
}
