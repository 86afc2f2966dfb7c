//! The database hands out the orders, and Rust counts, sorts and fills the gaps.

use std::collections::BTreeMap;

use rusqlite::Connection;

/// A book and how well it sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BestSeller {
    pub book_id: i64,
    pub title: String,
    /// How many copies, in all orders together.
    pub copies: i64,
    /// What was paid for them, at the prices of the lines.
    pub cents: i64,
}

/// A customer who comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regular {
    pub customer_id: i64,
    pub name: String,
    pub orders: i64,
}

/// What a month brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthSales {
    /// Such as `2025-11`.
    pub month: String,
    /// How many orders were placed, those without lines as well.
    pub orders: i64,
    /// What they come to.
    pub cents: i64,
    /// What this month and the listed ones before it come to.
    pub running_cents: i64,
}

/// The books that sold best.
pub fn best_sellers(connection: &Connection, count: u32) -> rusqlite::Result<Vec<BestSeller>> {
    let mut statement = connection.prepare(
        "SELECT book_id, title, copies, order_lines.cents FROM books, order_lines, orders
         WHERE book_id = books.id AND order_id = orders.id AND state != 'cancelled'",
    )?;
    let mut sellers: BTreeMap<i64, BestSeller> = BTreeMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (book_id, title) = (row.get(0)?, row.get(1)?);
        let (copies, cents): (i64, i64) = (row.get(2)?, row.get(3)?);
        let seller = sellers.entry(book_id).or_insert(BestSeller {
            book_id,
            title,
            copies: 0,
            cents: 0,
        });
        seller.copies += copies;
        seller.cents += copies * cents;
    }
    let mut sellers: Vec<BestSeller> = sellers.into_values().collect();
    sellers.sort_by(|a, b| {
        b.copies
            .cmp(&a.copies)
            .then(b.cents.cmp(&a.cents))
            .then_with(|| a.title.cmp(&b.title))
    });
    sellers.truncate(count as usize);
    Ok(sellers)
}

/// The customers with at least so many orders.
pub fn regulars(connection: &Connection, at_least: u32) -> rusqlite::Result<Vec<Regular>> {
    let mut statement = connection.prepare(
        "SELECT id, name, placed FROM (
             SELECT *, (SELECT count(*) FROM orders
                        WHERE customer_id = customers.id AND NOT state = 'cancelled') AS placed
             FROM customers
         ) ORDER BY name, id",
    )?;
    let mut regulars: Vec<Regular> = statement
        .query_map([], |row| {
            Ok(Regular {
                customer_id: row.get("id")?,
                name: row.get("name")?,
                orders: row.get("placed")?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    regulars.retain(|regular| regular.orders >= i64::from(at_least));
    regulars.sort_by_key(|regular| std::cmp::Reverse(regular.orders));
    Ok(regulars)
}

/// The sales of every month from `first` to `last`.
pub fn monthly_sales(
    connection: &Connection,
    first: &str,
    last: &str,
) -> rusqlite::Result<Vec<MonthSales>> {
    let mut statement = connection.prepare(
        "SELECT strftime('%Y-%m', placed_on), ifnull(
             (SELECT sum(copies * cents) FROM order_lines WHERE order_id = orders.id), 0)
         FROM orders WHERE state <> 'cancelled' AND substr(placed_on, 1, 7) BETWEEN ?1 AND ?2",
    )?;
    let mut sales: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let (mut year, mut number): (u32, u32) = first
        .split_once('-')
        .and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)))
        .unwrap_or((9999, 12));
    let mut month = first.to_owned();
    while month.as_str() <= last {
        sales.insert(month, (0, 0));
        (year, number) = if number == 12 {
            (year + 1, 1)
        } else {
            (year, number + 1)
        };
        month = format!("{year:04}-{number:02}");
    }
    let mut rows = statement.query([first, last])?;
    while let Some(row) = rows.next()? {
        let cents: i64 = row.get(1)?;
        let month = sales.entry(row.get(0)?).or_default();
        month.0 += 1;
        month.1 += cents;
    }
    let mut running_cents = 0;
    Ok(sales
        .into_iter()
        .map(|(month, (orders, cents))| {
            running_cents += cents;
            MonthSales {
                month,
                orders,
                cents,
                running_cents,
            }
        })
        .collect())
}

/// What an order comes to on average.
pub fn average_order(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT (SELECT sum(copies * cents) FROM order_lines WHERE order_id = orders.id)
               FROM orders WHERE state <> 'cancelled'";
    let orders: Vec<Option<i64>> = connection
        .prepare(sql)?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let total: i64 = orders.iter().flatten().sum();
    Ok(total.checked_div(orders.len() as i64))
}
