//! A random shop in memory, with what its rows come to, worked out in Rust.

use rusqlite::{Connection, params};
use support::Seeded;

use crate::shop;

pub struct Trade {
    pub customers: Vec<(i64, String)>,
    pub books: Vec<(i64, String)>,
    authors: Vec<(i64, String)>,
    /// Book, author, position.
    authorships: Vec<(i64, i64, i64)>,
    /// By id.
    pub orders: Vec<Order>,
}

pub struct Order {
    pub id: i64,
    pub customer: i64,
    pub day: String,
    pub state: &'static str,
    pub lines: Vec<Line>,
}

pub struct Line {
    pub book: i64,
    pub copies: i64,
    pub cents: i64,
}

impl Order {
    pub fn counts(&self) -> bool {
        self.state != "cancelled"
    }

    pub fn cents(&self) -> i64 {
        self.lines.iter().map(|line| line.copies * line.cents).sum()
    }

    fn has(&self, book: i64) -> bool {
        self.lines.iter().any(|line| line.book == book)
    }
}

/// Ids in a random order, so that the row that comes first is not the one with the smallest id.
fn ids(values: &mut Seeded, count: i64) -> Vec<i64> {
    let mut ids: Vec<i64> = (1..=count).collect();
    values.shuffle(&mut ids);
    ids
}

/// A dozen customers and books, few names for them, and 60 orders between 2024-11 and 2026-02, none of them in a summer.
pub fn random_trade(seed: u64) -> Trade {
    let mut values = support::seeded(seed);
    let names = ["Ada", "Bob", "ada", "Zoë", "O'Brien"];
    let titles = ["Emma", "emma", "Sanditon", "Émile", "Poems", "100 %"];
    let named = |values: &mut Seeded, from: &[&str]| (*values.pick(from)).to_owned();
    let customers: Vec<(i64, String)> = ids(&mut values, 12)
        .into_iter()
        .map(|id| (id, named(&mut values, &names)))
        .collect();
    let books: Vec<(i64, String)> = ids(&mut values, 14)
        .into_iter()
        .map(|id| (id, named(&mut values, &titles)))
        .collect();
    let authors: Vec<(i64, String)> = ids(&mut values, 6)
        .into_iter()
        .map(|id| (id, named(&mut values, &names)))
        .collect();
    let mut authorships = Vec::new();
    for (book, _) in &books {
        for author in ids(&mut values, 6).into_iter().take(values.size(0..4)) {
            let position = i64::try_from(values.number(1..5)).expect("small");
            authorships.push((*book, author, position));
        }
    }
    let orders = (1..=60)
        .map(|number: i64| {
            let month = *values.pick(&[
                "2024-11", "2024-12", "2025-01", "2025-02", "2025-10", "2025-12", "2026-01",
                "2026-02",
            ]);
            let mut books = ids(&mut values, 14);
            books.truncate(values.size(0..5));
            let mut lines = Vec::new();
            for book in books {
                lines.push(Line {
                    book,
                    copies: i64::try_from(values.number(1..4)).expect("small"),
                    cents: i64::try_from(values.number(0..4)).expect("small") * 250,
                });
            }
            // Customers 10 to 12 never order, but for 10, who cancelled her only order.
            let last = number == 60;
            let customer = i64::try_from(values.number(1..10)).expect("small");
            let state: &&str = values.pick(&["open", "paid", "sent", "cancelled"]);
            Order {
                id: 3 * number,
                customer: if last { 10 } else { customer },
                day: format!("{month}-{:02}", values.pick(&[1, 15, 28])),
                state: if last { "cancelled" } else { state },
                lines,
            }
        })
        .collect();
    Trade {
        customers,
        books,
        authors,
        authorships,
        orders,
    }
}

impl Trade {
    /// The plain tables with all of this in them. Books cost something else today than when they were ordered.
    pub fn stored(&self) -> Connection {
        // With this index SQLite may meet the authors of a book in another order than that of their ids.
        let connection = shop::with(
            "CREATE INDEX odd_authorships ON book_authors (book_id, author_id DESC, position);",
        );
        let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
            connection
                .execute(sql, values)
                .unwrap_or_else(|error| panic!("{error}: {sql}"));
        };
        for (id, name) in &self.customers {
            let email = format!("{id}@lantern.example");
            run(
                "INSERT INTO customers VALUES (?1, ?2, ?3)",
                params![id, email, name],
            );
        }
        for (id, title) in &self.books {
            let sql = "INSERT INTO books (id, isbn, title, cents) VALUES (?1, ?2, ?3, 77)";
            run(sql, params![id, id.to_string(), title]);
        }
        for (id, name) in &self.authors {
            run("INSERT INTO authors VALUES (?1, ?2)", params![id, name]);
        }
        for (book, author, position) in &self.authorships {
            run(
                "INSERT INTO book_authors VALUES (?1, ?2, ?3)",
                params![book, author, position],
            );
        }
        for order in self.orders.iter().rev() {
            let values = params![order.id, order.customer, order.day, order.state];
            run("INSERT INTO orders VALUES (?1, ?2, ?3, ?4)", values);
            for line in &order.lines {
                let values = params![order.id, line.book, line.copies, line.cents];
                run("INSERT INTO order_lines VALUES (?1, ?2, ?3, ?4)", values);
            }
        }
        connection
    }

    pub fn customer(&self, id: i64) -> &str {
        self.customers
            .iter()
            .find(|customer| customer.0 == id)
            .map_or("", |customer| &customer.1)
    }

    /// The names of a book's authors, by position, then by id.
    pub fn authors_of(&self, book: i64) -> Vec<String> {
        let mut found: Vec<(i64, i64)> = self
            .authorships
            .iter()
            .filter(|authorship| authorship.0 == book)
            .map(|(_, author, position)| (*position, *author))
            .collect();
        found.sort_unstable();
        found
            .into_iter()
            .filter_map(|(_, id)| self.authors.iter().find(|author| author.0 == id))
            .map(|author| author.1.clone())
            .collect()
    }

    /// How many orders of a customer count.
    pub fn orders_of(&self, customer: i64) -> i64 {
        self.number(|order| order.customer == customer)
    }

    /// How many orders that count have both books.
    pub fn orders_with(&self, book: i64, other: i64) -> i64 {
        self.number(|order| order.has(book) && order.has(other))
    }

    fn number(&self, holds: impl Fn(&Order) -> bool) -> i64 {
        let orders = self
            .orders
            .iter()
            .filter(|order| order.counts() && holds(order));
        i64::try_from(orders.count()).expect("few orders")
    }
}
