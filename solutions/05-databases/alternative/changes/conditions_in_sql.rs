//! What is to be known comes out of RETURNING everywhere, and the decisions stand in the SQL.

use rusqlite::{Connection, Error, params};

use crate::given::NewBook;

/// Sets the price of the book with this ISBN.
pub fn set_price(connection: &Connection, isbn: &str, cents: u32) -> rusqlite::Result<bool> {
    connection
        .prepare("UPDATE books SET cents = ? WHERE isbn IN (?) RETURNING 1")?
        .exists(params![cents, isbn])
}

/// Takes copies of a book out of the stock, and returns how many are left.
pub fn take_copies(
    connection: &Connection,
    isbn: &str,
    copies: u32,
) -> rusqlite::Result<Option<u32>> {
    let left = connection.query_one(
        "UPDATE books SET stock = stock - max(:copies, 0)
         WHERE isbn = :isbn AND stock - :copies >= 0 RETURNING stock AS left_over",
        &[
            (":copies", &copies as &dyn rusqlite::ToSql),
            (":isbn", &isbn),
        ],
        |row| row.get("left_over"),
    );
    match left {
        Ok(left) => Ok(Some(left)),
        Err(Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A delivery has come.
pub fn receive(connection: &Connection, delivery: &NewBook) -> rusqlite::Result<i64> {
    let sql =
        "INSERT INTO books AS old (isbn, title, series, cents, stock) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (isbn) DO UPDATE SET
                   stock = old.stock + ?5,
                   (title, cents) = (?2, ?4),
                   series = CASE WHEN ?3 IS NULL THEN old.series ELSE ?3 END
               RETURNING id";
    let NewBook {
        isbn,
        title,
        series,
        cents,
        stock,
    } = delivery;
    connection
        .prepare_cached(sql)?
        .query_row(params![isbn, title, series, cents, stock], |row| row.get(0))
}

/// Deletes the cancelled orders that were placed before `day`.
pub fn drop_cancelled(connection: &Connection, day: &str) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare(
        "DELETE FROM orders WHERE id IN
             (SELECT id FROM orders WHERE NOT placed_on >= ?1 AND state = 'cancelled')
         RETURNING id",
    )?;
    let mut rows = statement.query([day])?;
    let mut ids = std::collections::BTreeSet::new();
    while let Some(row) = rows.next()? {
        ids.insert(row.get(0)?);
    }
    Ok(ids.into_iter().collect())
}
