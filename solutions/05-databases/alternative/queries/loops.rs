//! Rows one by one in loops, and a position in place of a pattern.

use rusqlite::{Connection, Error, Rows};

use crate::given::{Book, book_of};

/// The book with this ISBN, if there is one.
pub fn find_by_isbn(connection: &Connection, isbn: &str) -> rusqlite::Result<Option<Book>> {
    match connection.query_row("SELECT * FROM books WHERE isbn = $1", [isbn], book_of) {
        Ok(book) => Ok(Some(book)),
        Err(Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The books that cost at least `low` and at most `high` cents.
pub fn priced_between(connection: &Connection, low: u32, high: u32) -> rusqlite::Result<Vec<Book>> {
    let mut statement = connection.prepare(
        "SELECT * FROM books WHERE NOT (cents < :low OR cents > :high) ORDER BY 5, 3, 1",
    )?;
    all(statement.query(&[(":low", &low), (":high", &high)])?)
}

/// The books of exactly this series. For `None`, the books that stand alone.
pub fn in_series(connection: &Connection, series: Option<&str>) -> rusqlite::Result<Vec<Book>> {
    if let Some(series) = series {
        let sql = "SELECT * FROM books WHERE series = ? ORDER BY title, id";
        all(connection.prepare(sql)?.query([series])?)
    } else {
        let sql = "SELECT * FROM books WHERE series IS NULL ORDER BY title, id";
        all(connection.prepare(sql)?.query([])?)
    }
}

/// The books in whose title `text` occurs.
pub fn title_contains(connection: &Connection, text: &str) -> rusqlite::Result<Vec<Book>> {
    let text = text.to_ascii_lowercase();
    let mut statement = connection.prepare("SELECT * FROM books ORDER BY title, id")?;
    let mut books = all(statement.query([])?)?;
    books.retain(|book| book.title.to_ascii_lowercase().contains(&text));
    Ok(books)
}

/// How many copies of each of these books there are.
pub fn stock_of(connection: &Connection, isbns: &[&str]) -> rusqlite::Result<Vec<Option<u32>>> {
    let mut statement =
        connection.prepare("SELECT (SELECT stock FROM books WHERE isbn = ?1) AS stock")?;
    let mut stocks = Vec::with_capacity(isbns.len());
    for isbn in isbns {
        stocks.push(statement.query_row([isbn], |row| row.get("stock"))?);
    }
    Ok(stocks)
}

/// The `count` books that were added last, the newest first.
pub fn newest(connection: &Connection, count: u32) -> rusqlite::Result<Vec<Book>> {
    let mut statement = connection.prepare("SELECT * FROM books ORDER BY id DESC")?;
    let mut rows = statement.query([])?;
    let mut books = Vec::new();
    for _ in 0..count {
        match rows.next()? {
            Some(row) => books.push(book_of(row)?),
            None => break,
        }
    }
    Ok(books)
}

fn all(mut rows: Rows<'_>) -> rusqlite::Result<Vec<Book>> {
    let mut books = Vec::new();
    while let Some(row) = rows.next()? {
        books.push(book_of(row)?);
    }
    Ok(books)
}
