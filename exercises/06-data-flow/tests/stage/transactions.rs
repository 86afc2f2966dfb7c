use std::sync::atomic::Ordering;

use data_flow::transactions::{Line, OrderError, Purchase, Receipt, cancel_order, place_order};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use support::Seeded;

use crate::shop::{
    before_statement, empty, everything, impatient, in_a_file, number, put, rows, shared, store,
    take,
};

/// Two customers, and the books 1 to 8 with random prices and 5 to 20 copies each.
fn fill(connection: &Connection, values: &mut Seeded) {
    connection
        .execute_batch(
            "INSERT INTO customers VALUES (1, 'ada@lantern.example', 'Ada'), (2, 'bob@lantern.example', 'Bob');",
        )
        .expect("two customers");
    for id in 1..=8 {
        let cents = i64::try_from(values.number(0..5_000)).expect("a price");
        let stock = i64::try_from(values.number(5..21)).expect("a stock");
        store(connection, id, &values.word(2..9), cents, stock);
    }
    connection
        .execute("UPDATE books SET version = 10 + id", [])
        .expect("books that were edited some times");
}

/// What came of it, in words.
fn said(error: &OrderError) -> String {
    match error {
        OrderError::NothingOrdered => "nothing was ordered".to_owned(),
        OrderError::UnknownBook(book) => format!("there is no book {book}"),
        OrderError::OutOfStock { book_id, left } => {
            format!("only {left} copies of book {book_id} are left")
        }
        OrderError::Database(error) => format!("the database says: {error}"),
    }
}

/// What an order leaves alone in `books`.
const THE_REST: &str = "SELECT id, isbn, title, cents, version FROM books ORDER BY id";

fn purchase(lines: &[(i64, u32)], reference: &str) -> Purchase {
    Purchase {
        customer_id: 1,
        placed_on: "2025-03-01".to_owned(),
        lines: lines
            .iter()
            .map(|&(book_id, copies)| Line { book_id, copies })
            .collect(),
        reference: reference.to_owned(),
    }
}

/// One to four lines of different books, with one or two copies each.
fn random_lines(values: &mut Seeded) -> Vec<(i64, u32)> {
    let mut books: Vec<i64> = (1..=8).collect();
    values.shuffle(&mut books);
    books.truncate(values.size(1..5));
    books
        .into_iter()
        .map(|book| (book, if values.coin() { 1 } else { 2 }))
        .collect()
}

#[track_caller]
fn placed(connection: &mut Connection, purchase: &Purchase) -> Receipt {
    place_order(connection, purchase)
        .unwrap_or_else(|error| panic!("{purchase:?} can be served: {}", said(&error)))
}

/// An order takes its copies out of the stock, writes a line for each book at today's price, and a payment of the total.
#[test]
fn an_order_is_stock_lines_and_a_payment() {
    let mut connection = empty();
    let mut values = support::seeded(0x0611);
    fill(&connection, &mut values);
    // So that the number of the orders and their ids go apart.
    connection
        .execute(
            "INSERT INTO orders VALUES (40, 2, '2024-02-29', 'sent')",
            [],
        )
        .expect("an order");
    for round in 0..8 {
        let lines = random_lines(&mut values);
        let reference = format!(" Bank-{round} ");
        let rest = rows(&connection, THE_REST);
        let before = rows(&connection, "SELECT stock FROM books ORDER BY id");
        let receipt: Receipt = placed(&mut connection, &purchase(&lines, &reference));
        let mut expected_stock: Vec<i64> = before
            .iter()
            .map(|stock| stock.parse().expect("a number"))
            .collect();
        let (mut total, mut expected_lines) = (0, Vec::new());
        let mut sorted = lines.clone();
        sorted.sort_unstable();
        for (book, copies) in sorted {
            let price = number(
                &connection,
                &format!("SELECT cents FROM books WHERE id = {book}"),
            );
            expected_stock[usize::try_from(book).expect("1 to 8") - 1] -= i64::from(copies);
            expected_lines.push(format!("{book} | {copies} | {price}"));
            total += price * i64::from(copies);
        }
        let order = receipt.order_id;
        assert_eq!(receipt.cents, total, "what {lines:?} cost together");
        assert_eq!(
            rows(&connection, "SELECT stock FROM books ORDER BY id"),
            expected_stock
                .iter()
                .map(i64::to_string)
                .collect::<Vec<_>>(),
            "the stock of the books after {lines:?}"
        );
        assert_eq!(
            rows(&connection, THE_REST),
            rest,
            "all else of the books after {lines:?}: id, ISBN, title, price, version"
        );
        assert_eq!(
            rows(
                &connection,
                &format!("SELECT customer_id, placed_on, state FROM orders WHERE id = {order}")
            ),
            ["1 | 2025-03-01 | paid"],
            "the order {order}"
        );
        assert_eq!(
            rows(
                &connection,
                &format!(
                    "SELECT book_id, copies, cents FROM order_lines WHERE order_id = {order} ORDER BY book_id"
                )
            ),
            expected_lines,
            "the lines of order {order}: book, copies, price of one"
        );
        assert_eq!(
            rows(
                &connection,
                &format!("SELECT cents, reference FROM payments WHERE order_id = {order}")
            ),
            [format!("{total} | {reference}")],
            "the payment of order {order}"
        );
        // So that the ids of orders and of other rows go apart.
        connection
            .execute(
                "INSERT INTO payments (order_id, cents, reference) VALUES (?1, 0, ?1)",
                [order],
            )
            .expect("another payment");
    }
}

/// The last copy can be sold, money is whole cents beyond 2^32 too, and a free book costs nothing.
#[test]
fn the_last_copy_and_large_sums() {
    let mut connection = empty();
    fill(&connection, &mut support::seeded(0x0612));
    store(&connection, 50, "An atlas on vellum", 4_000_000_001, 3);
    store(&connection, 51, "A leaflet", 0, 1);
    let receipt = placed(&mut connection, &purchase(&[(50, 3), (51, 1)], "bank-1"));
    assert_eq!(
        receipt.cents, 12_000_000_003,
        "3 copies at 4000000001 cents, and a free one"
    );
    let left = rows(&connection, "SELECT stock FROM books WHERE id >= 50");
    assert_eq!(left, ["0", "0"], "copies left of the two books");
}

/// An order that cannot be served says why, by its first line that cannot, and changes nothing.
#[test]
fn an_order_that_cannot_be_served_changes_nothing() {
    let mut connection = empty();
    let mut values = support::seeded(0x0613);
    fill(&connection, &mut values);
    let stock = number(&connection, "SELECT stock FROM books WHERE id = 3");
    let too_many = u32::try_from(stock + 1).expect("a few");
    let before = everything(&connection);
    let out = format!("only {stock} copies of book 3 are left");
    for (lines, expected) in [
        (vec![], "nothing was ordered"),
        (vec![(99, 1)], "there is no book 99"),
        (vec![(1, 1), (99, 1), (3, too_many)], "there is no book 99"),
        (vec![(3, too_many)], &*out),
        (vec![(1, 1), (3, too_many), (99, 1)], &*out),
        (vec![(1, 1), (2, 1), (3, u32::MAX)], &*out),
        (vec![(-1, 1)], "there is no book -1"),
    ] {
        let error = place_order(&mut connection, &purchase(&lines, "bank-1"))
            .expect_err("it cannot be served");
        assert_eq!(said(&error), expected, "the error for {lines:?}");
        assert!(
            connection.is_autocommit(),
            "a transaction is still open after {lines:?}"
        );
        assert_eq!(
            everything(&connection),
            before,
            "all rows after {lines:?} was refused"
        );
    }
}

/// What the tables refuse is an error of the database, and changes nothing, however late it comes.
#[test]
fn what_the_tables_refuse_changes_nothing() {
    let mut connection = empty();
    let mut values = support::seeded(0x0614);
    fill(&connection, &mut values);
    placed(&mut connection, &purchase(&[(1, 1)], "bank-1"));
    let before = everything(&connection);
    let mut nobody = purchase(&[(1, 1)], "bank-2");
    nobody.customer_id = 77;
    for (refused, what) in [
        (nobody, "a customer who is not there"),
        (purchase(&[(1, 1), (2, 0)], "bank-2"), "0 copies of a book"),
        (
            purchase(&[(2, 0)], "bank-2"),
            "0 copies of a book, and nothing else",
        ),
        (
            purchase(&[(1, 1), (2, 1), (1, 1)], "bank-2"),
            "the same book in two lines",
        ),
        (
            purchase(&[(1, 1), (2, 1)], "bank-1"),
            "a reference that was used",
        ),
    ] {
        let answer = place_order(&mut connection, &refused);
        assert!(
            matches!(answer, Err(OrderError::Database(_))),
            "{what}: {answer:?}"
        );
        assert_eq!(
            everything(&connection),
            before,
            "all rows after {what} was refused"
        );
    }
}

/// A trigger for each place at which a change can fail.
const FAULTS: [(&str, &str); 6] = [
    ("the order", "INSERT ON orders"),
    ("the state", "UPDATE ON orders"),
    ("the stock of one book", "UPDATE ON books WHEN new.id = 5"),
    ("one line", "INSERT ON order_lines WHEN new.book_id = 5"),
    ("the payment", "INSERT ON payments"),
    ("the commit", ""),
];

/// Calls `act` once for each fault that it meets, and compares all rows before and after. `act` says whether it failed.
#[track_caller]
fn assert_all_or_nothing(
    connection: &mut Connection,
    mut act: impl FnMut(&mut Connection) -> bool,
) {
    let before = everything(connection);
    for (what, on) in FAULTS {
        for (when, how) in [
            ("BEFORE", "ABORT"),
            ("AFTER", "FAIL"),
            ("AFTER", "ROLLBACK"),
        ] {
            if on.is_empty() {
                connection
                    .commit_hook(Some(|| true))
                    .expect("SQLite takes the hook, which refuses every commit");
            } else {
                connection
                    .execute_batch(&format!(
                        "CREATE TRIGGER fault {when} {on} BEGIN SELECT RAISE ({how}, 'the disk is on fire'); END;"
                    ))
                    .expect("a trigger");
            }
            let failed = act(connection);
            connection
                .commit_hook(None::<fn() -> bool>)
                .expect("SQLite takes no hook");
            connection
                .execute_batch("DROP TRIGGER IF EXISTS fault")
                .unwrap_or_else(|error| panic!("after a fault at {what}: {error}"));
            assert!(
                connection.is_autocommit(),
                "a transaction is still open after a fault at {what} ({how})"
            );
            if failed {
                assert_eq!(
                    everything(connection),
                    before,
                    "all rows after a fault at {what} ({how})"
                );
            } else {
                panic!("a fault at {what} ({how}) was not reported");
            }
        }
    }
}

/// Whatever fails on the way, up to the commit itself, is reported, and the order leaves nothing behind.
#[test]
fn an_order_is_all_or_nothing() {
    let mut connection = empty();
    fill(&connection, &mut support::seeded(0x0615));
    // Nothing changes the state of an order that is being placed, so that this fault has a row of its own.
    connection
        .execute_batch(
            "CREATE TRIGGER touched AFTER INSERT ON orders BEGIN UPDATE orders SET placed_on = placed_on WHERE id = new.id; END;",
        )
        .expect("a trigger");
    let wanted = purchase(&[(2, 1), (5, 2), (1, 1)], "bank-1");
    assert_all_or_nothing(&mut connection, |connection| {
        place_order(connection, &wanted).is_err()
    });
    let receipt = placed(&mut connection, &wanted);
    assert_eq!(
        number(&connection, "SELECT count(*) FROM order_lines"),
        3,
        "lines of {receipt:?}, placed after all faults"
    );
}

/// A price that changes while the order waits for its turn is the price that is paid, and a copy that is sold then is gone.
#[test]
fn an_order_sees_what_is_true_in_its_turn() {
    for (change, expected) in [
        (
            "UPDATE books SET cents = 777 WHERE id = 50",
            "an order of 1554 cents",
        ),
        (
            "UPDATE books SET stock = 1 WHERE id = 50",
            "only 1 copies of book 50 are left",
        ),
        ("DELETE FROM books WHERE id = 50", "there is no book 50"),
    ] {
        let (database, mut connection) = in_a_file();
        fill(&connection, &mut support::seeded(0x0616));
        store(&connection, 50, "Emma", 500, 9);
        // The other connection has the write lock, and lets go as soon as the order waits for it.
        let other = impatient(&database);
        other
            .execute_batch("BEGIN IMMEDIATE")
            .expect("nobody else writes");
        other.execute_batch(change).expect("a change");
        let waited = shared();
        let other = std::sync::Mutex::new(other);
        let note = waited.clone();
        connection
            .busy_handler(Some(move |_| {
                let other = other.lock().expect("one thread");
                put(&note, other.execute_batch("COMMIT").is_ok());
                true
            }))
            .expect("SQLite takes the handler");
        let answer = match place_order(&mut connection, &purchase(&[(50, 2)], "bank-1")) {
            Ok(receipt) => format!("an order of {} cents", receipt.cents),
            Err(error) => said(&error),
        };
        assert_eq!(
            answer, expected,
            "while the order waited, somebody did: {change}"
        );
        assert_eq!(
            take(&waited),
            Some(true),
            "the order waited for the other writer"
        );
    }
}

/// An order that is sent while its cancellation waits for its turn is not cancelled any more; what is paid then is paid back.
#[test]
fn a_cancellation_sees_what_is_true_in_its_turn() {
    for (change, more, state) in [
        ("UPDATE orders SET state = 'sent'", None, "sent"),
        (
            "INSERT INTO payments (order_id, cents, reference) SELECT id, 150, 'wrapping' FROM orders",
            Some(150),
            "cancelled",
        ),
    ] {
        let (database, mut connection) = in_a_file();
        fill(&connection, &mut support::seeded(0x061D));
        let Receipt { order_id, cents } = placed(&mut connection, &purchase(&[(1, 1)], "bank-1"));
        let other = impatient(&database);
        other
            .execute_batch(&format!("BEGIN IMMEDIATE; {change}"))
            .expect("nobody else writes");
        let other = std::sync::Mutex::new(other);
        connection
            .busy_handler(Some(move |_| {
                let other = other.lock().expect("one thread");
                other.execute_batch("COMMIT").is_ok()
            }))
            .expect("SQLite takes the handler");
        let back = cancel_order(&mut connection, order_id).expect("it waits for the other writer");
        assert_eq!(
            back,
            more.map(|more| cents + more),
            "what is paid back of {cents} cents. While the cancellation waited, somebody did: {change}"
        );
        assert_eq!(
            rows(&connection, "SELECT state FROM orders"),
            [state],
            "the state of the order after: {change}"
        );
    }
}

/// Another writer at any moment is no reason for an order to fail: either he was first, or he is told that he has to wait.
#[test]
fn another_writer_at_any_moment_does_no_harm() {
    for place in 0.. {
        let (database, mut connection) = in_a_file();
        fill(&connection, &mut support::seeded(0x0617));
        store(&connection, 50, "Emma", 500, 9);
        let other = impatient(&database);
        let got = shared();
        let note = got.clone();
        let statements = before_statement(&mut connection, place, move || {
            let sql = "UPDATE books SET stock = stock - 4, cents = 600 WHERE id = 50";
            put(&note, other.execute(sql, []));
        });
        let answer = place_order(&mut connection, &purchase(&[(1, 1), (50, 5)], "bank-1"));
        let receipt = answer.unwrap_or_else(|error| {
            panic!(
                "somebody else wrote before statement {place}: {}",
                said(&error)
            )
        });
        let stock = number(&connection, "SELECT stock FROM books WHERE id = 50");
        match take(&got) {
            // He took his 4, and the price was his.
            Some(Ok(_)) => assert_eq!(stock, 0, "of 9 copies, after 5 and 4 were taken"),
            Some(Err(error)) => {
                assert_eq!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::DatabaseBusy),
                    "what the other writer was told before statement {place}: {error}"
                );
                assert_eq!(stock, 4, "of 9 copies, after 5 were taken");
            }
            None => assert_eq!(stock, 4, "of 9 copies, after 5 were taken"),
        }
        let paid = number(&connection, "SELECT sum(copies * cents) FROM order_lines");
        assert_eq!(
            receipt.cents, paid,
            "the receipt and the lines, with a change of price before statement {place}"
        );
        if place >= statements.load(Ordering::SeqCst) {
            break;
        }
    }
}

/// When another connection keeps the write lock, the order is an error at last, and nothing has happened.
#[test]
fn a_writer_who_does_not_let_go_is_an_error() {
    let (database, connection) = in_a_file();
    fill(&connection, &mut support::seeded(0x0618));
    let before = everything(&connection);
    let mut other = connection;
    let writing = other
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .expect("nobody else writes");
    let mut connection = impatient(&database);
    let answer = place_order(&mut connection, &purchase(&[(1, 1)], "bank-1"));
    assert!(
        matches!(answer, Err(OrderError::Database(_))),
        "an order while somebody else writes: {answer:?}"
    );
    let answer = cancel_order(&mut connection, 1);
    assert!(
        matches!(answer, Err(OrderError::Database(_))),
        "a cancellation while somebody else writes: {answer:?}"
    );
    drop(writing);
    assert_eq!(everything(&connection), before, "all rows afterwards");
    placed(&mut connection, &purchase(&[(1, 1)], "bank-1"));
}

/// A cancelled order gives back its copies and what was paid, and nothing else; other orders stay as they are.
#[test]
fn a_cancelled_order_gives_everything_back() {
    let mut connection = empty();
    let mut values = support::seeded(0x0619);
    fill(&connection, &mut values);
    let kept = placed(&mut connection, &purchase(&[(1, 1), (2, 2)], "bank-kept"));
    for round in 0..5 {
        let books = "SELECT id, isbn, title, stock, version FROM books ORDER BY id";
        let stock = rows(&connection, books);
        let lines = random_lines(&mut values);
        let receipt = placed(&mut connection, &purchase(&lines, &format!("bank-{round}")));
        let order = receipt.order_id;
        let bought = rows(&connection, "SELECT * FROM order_lines");
        // She paid in two parts, and got something back already.
        connection
            .execute(
                "INSERT INTO payments (order_id, cents, reference)
                 VALUES (?1, 150, 'wrapping-' || ?1), (?1, -30, 'rebate-' || ?1)",
                [order],
            )
            .expect("two more payments");
        let owed = receipt.cents + 150 - 30;
        // The price of today is not what was paid.
        connection
            .execute("UPDATE books SET cents = cents + 100", [])
            .expect("new prices");
        let back = cancel_order(&mut connection, order).expect("a paid order");
        assert_eq!(back, Some(owed), "what is paid back for order {order}");
        assert_eq!(
            rows(&connection, "SELECT * FROM order_lines"),
            bought,
            "the lines still say what was bought"
        );
        assert_eq!(
            rows(&connection, books),
            stock,
            "id, ISBN, title, stock and version of the books after order {order} of {lines:?} was placed and cancelled"
        );
        let state = rows(
            &connection,
            &format!("SELECT state FROM orders WHERE id = {order}"),
        );
        assert_eq!(state, ["cancelled"], "the state of order {order}");
        let paid = rows(
            &connection,
            &format!("SELECT cents, reference FROM payments WHERE order_id = {order} ORDER BY id"),
        );
        let expected = [
            format!("{} | bank-{round}", receipt.cents),
            format!("150 | wrapping-{order}"),
            format!("-30 | rebate-{order}"),
            format!("{} | refund-{order}", -owed),
        ];
        assert_eq!(paid, expected, "the payments of order {order}");
    }
    let state = rows(
        &connection,
        &format!("SELECT state FROM orders WHERE id = {}", kept.order_id),
    );
    assert_eq!(state, ["paid"], "the state of the order that was kept");
}

/// An order that is not there, was sent or is cancelled already is not cancelled, and nothing changes.
#[test]
fn only_a_paid_order_is_cancelled() {
    let mut connection = empty();
    fill(&connection, &mut support::seeded(0x061A));
    let sent = placed(&mut connection, &purchase(&[(1, 1)], "bank-1")).order_id;
    let cancelled = placed(&mut connection, &purchase(&[(2, 1)], "bank-2")).order_id;
    connection
        .execute("UPDATE orders SET state = 'sent' WHERE id = ?1", [sent])
        .expect("an order");
    cancel_order(&mut connection, cancelled).expect("a paid order");
    let before = everything(&connection);
    for (order, what) in [
        (sent, "a sent order"),
        (cancelled, "a cancelled order"),
        (99, "no order"),
        (0, "no order"),
    ] {
        let back: Option<i64> = cancel_order(&mut connection, order).expect("no error");
        assert_eq!(back, None, "what is paid back for {what}");
        assert!(
            connection.is_autocommit(),
            "a transaction is still open after {what}"
        );
        assert_eq!(everything(&connection), before, "all rows after {what}");
    }
}

/// Whatever fails on the way, up to the commit itself, is reported, and the order stays as it was.
#[test]
fn a_cancellation_is_all_or_nothing() {
    let mut connection = empty();
    fill(&connection, &mut support::seeded(0x061B));
    // The lines of an order do not change when it is cancelled; here one goes with the stock, so that its fault is met too.
    connection
        .execute_batch(
            "CREATE TRIGGER noted AFTER UPDATE ON books BEGIN
                 INSERT INTO orders VALUES (1000, 1, '2025-03-01', 'sent');
                 INSERT INTO order_lines VALUES (1000, 5, 1, 1);
                 DELETE FROM order_lines WHERE order_id = 1000;
                 DELETE FROM orders WHERE id = 1000;
             END;",
        )
        .expect("a trigger");
    let order = placed(
        &mut connection,
        &purchase(&[(2, 1), (5, 2), (1, 1)], "bank-1"),
    )
    .order_id;
    assert_all_or_nothing(&mut connection, |connection| {
        cancel_order(connection, order).is_err()
    });
    let back = cancel_order(&mut connection, order).expect("a paid order");
    assert!(back.is_some(), "the order is cancelled after all faults");
}

/// Two who cancel the same order at the same time give its copies and its money back once.
#[test]
fn an_order_is_cancelled_once() {
    for place in 0.. {
        let (database, mut connection) = in_a_file();
        fill(&connection, &mut support::seeded(0x061C));
        let stock = rows(&connection, "SELECT id, stock FROM books ORDER BY id");
        let receipt = placed(&mut connection, &purchase(&[(1, 2), (3, 1)], "bank-1"));
        let order = receipt.order_id;
        let mut other = impatient(&database);
        let got = shared();
        let note = got.clone();
        let statements = before_statement(&mut connection, place, move || {
            put(&note, cancel_order(&mut other, order).ok().flatten());
        });
        let mine = cancel_order(&mut connection, order).unwrap_or_else(|error| {
            panic!(
                "somebody else cancelled before statement {place}: {}",
                said(&error)
            )
        });
        let theirs = take(&got).flatten();
        assert_eq!(
            [mine, theirs].into_iter().flatten().collect::<Vec<_>>(),
            [receipt.cents],
            "what both were told is paid back, the other one coming before statement {place}"
        );
        assert_eq!(
            rows(&connection, "SELECT id, stock FROM books ORDER BY id"),
            stock,
            "the stock, the other one coming before statement {place}"
        );
        let paid = number(&connection, "SELECT sum(cents) FROM payments");
        assert_eq!(paid, 0, "paid and paid back, before statement {place}");
        if place >= statements.load(Ordering::SeqCst) {
            break;
        }
    }
}
