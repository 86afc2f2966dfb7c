//! Search: what a visitor types, and what she means.
//!
//! A search box gets words, halves of words, quotes, smileys and nothing at all. Whatever comes, the answer is a list of books,
//! the best one first, and never an error message.

use rusqlite::{Connection, params};

/// A book that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub book_id: i64,
    pub title: String,
    /// Some words of the title, the series or the authors, at most eight, those that were found between `[` and `]`. Where
    /// words are left out stands `…`; nothing else is changed.
    pub snippet: String,
}

/// Makes the full-text index, a table `book_search` of FTS5 with the columns `title`, `series` and `authors`, and fills it with
/// all books; its `rowid` is the id of the book. What was in it before is replaced, so that it agrees with the tables.
///
/// The names of a book's authors stand in one text, with spaces between them. Words are found in capital and small letters,
/// with accents and without.
pub fn rebuild(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(
        "CREATE VIRTUAL TABLE IF NOT EXISTS book_search
             USING fts5 (title, series, authors, tokenize = 'unicode61 remove_diacritics 2');
         DELETE FROM book_search;
         INSERT INTO book_search (rowid, title, series, authors)
             SELECT books.id, books.title, books.series, group_concat(authors.name, ' ')
             FROM books
             LEFT JOIN book_authors ON book_authors.book_id = books.id
             LEFT JOIN authors ON authors.id = book_authors.author_id
             GROUP BY books.id;",
    )?;
    transaction.commit()
}

/// What a visitor typed, in the language of FTS5's MATCH: each word in quotes, and a `*` behind the last one, which may be
/// unfinished.
///
/// Words are what stands between white space (`char::is_whitespace`), and nothing else parts them. A quote in a word is doubled. A NUL ends a text for FTS5, so it counts as white
/// space. Of a very long line only the first 50 words count.
///
/// | typed | means |
/// | --- | --- |
/// | `war peace` | `"war" "peace"*` |
/// | ` don't  say "no` | `"don't" "say" """no"*` |
/// | | (nothing) |
pub fn match_expression(typed: &str) -> String {
    let words: Vec<String> = typed
        .split(|character: char| character.is_whitespace() || character == '\0')
        .filter(|word| !word.is_empty())
        .take(50)
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
        .collect();
    if words.is_empty() {
        String::new()
    } else {
        words.join(" ") + "*"
    }
}

/// The books that fit what a visitor typed, the best ones first, and `count` of them at most.
///
/// A book fits when every word occurs in its title, its series or the names of its authors; of the last word the beginning is
/// enough. The best is the one with the smallest `bm25`, in which a word in the title weighs ten times as much, and one in the
/// series five times as much, as one in the authors. Equally good books come by id. Nothing typed, or nothing but signs, finds
/// nothing.
pub fn search(connection: &Connection, typed: &str, count: u32) -> rusqlite::Result<Vec<Hit>> {
    let expression = match_expression(typed);
    // An empty expression is an error to FTS5.
    if expression.is_empty() {
        return Ok(Vec::new());
    }
    connection
        .prepare(
            "SELECT rowid, title, snippet(book_search, -1, '[', ']', '…', 8)
             FROM book_search
             WHERE book_search MATCH ?1
             ORDER BY bm25(book_search, 10, 5, 1), rowid
             LIMIT ?2",
        )?
        .query_map(params![expression, count], |row| {
            Ok(Hit {
                book_id: row.get(0)?,
                title: row.get(1)?,
                snippet: row.get(2)?,
            })
        })?
        .collect()
}
