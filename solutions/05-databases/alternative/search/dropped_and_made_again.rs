//! The index is made anew each time, filled book by book, and ranked by the table itself.

use rusqlite::{Connection, named_params};

/// A book that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub book_id: i64,
    pub title: String,
    /// Some words of what was found.
    pub snippet: String,
}

/// Makes the full-text index, and fills it with all books.
pub fn rebuild(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(
        "DROP TABLE IF EXISTS book_search;
         CREATE VIRTUAL TABLE book_search USING fts5 (title, series, authors, tokenize = \"unicode61 remove_diacritics 2\");
         INSERT INTO book_search (book_search, rank) VALUES ('rank', 'bm25(10.0, 5.0, 1.0)');",
    )?;
    let mut books = transaction.prepare("SELECT id, title, series FROM books")?;
    let mut authors = transaction.prepare(
        "SELECT name FROM authors WHERE id IN (SELECT author_id FROM book_authors WHERE book_id = ?)",
    )?;
    let mut rows = books.query([])?;
    while let Some(row) = rows.next()? {
        let (id, title, series): (i64, String, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let names: Vec<String> = authors
            .query_map([id], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        transaction
            .prepare_cached(
                "INSERT INTO book_search (rowid, title, series, authors) VALUES (:id, :title, :series, :authors)",
            )?
            .execute(named_params! { ":id": id, ":title": title, ":series": series, ":authors": names.join(" ") })?;
    }
    drop(rows);
    drop(books);
    drop(authors);
    transaction.commit()
}

/// What a visitor typed, in the language of FTS5's MATCH.
pub fn match_expression(typed: &str) -> String {
    let mut expression = String::new();
    let line = typed.replace('\0', " ");
    for word in line.split_whitespace().take(50) {
        if !expression.is_empty() {
            expression.push(' ');
        }
        expression.push('"');
        for character in word.chars() {
            if character == '"' {
                expression.push('"');
            }
            expression.push(character);
        }
        expression.push('"');
    }
    if !expression.is_empty() {
        expression.push('*');
    }
    expression
}

/// The books that fit what a visitor typed.
pub fn search(connection: &Connection, typed: &str, count: u32) -> rusqlite::Result<Vec<Hit>> {
    match match_expression(typed).as_str() {
        "" => Ok(vec![]),
        words => connection
            .prepare(
                "SELECT rowid AS id, title, snippet(book_search, -1, '[', ']', '…', 8) AS part
                 FROM book_search(:words) ORDER BY rank, id LIMIT :count",
            )?
            .query_map(named_params! { ":words": words, ":count": count }, |row| {
                Ok(Hit {
                    book_id: row.get("id")?,
                    title: row.get("title")?,
                    snippet: row.get("part")?,
                })
            })?
            .collect(),
    }
}
