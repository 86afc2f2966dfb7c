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
    todo!(
        "in one transaction: make the table if it is not there, empty it, fill it by INSERT … SELECT"
    )
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
    todo!("no sign has a meaning inside of quotes")
}

/// The books that fit what a visitor typed, the best ones first, and `count` of them at most.
///
/// A book fits when every word occurs in its title, its series or the names of its authors; of the last word the beginning is
/// enough. The best is the one with the smallest `bm25`, in which a word in the title weighs ten times as much, and one in the
/// series five times as much, as one in the authors. Equally good books come by id. Nothing typed, or nothing but signs, finds
/// nothing.
pub fn search(connection: &Connection, typed: &str, count: u32) -> rusqlite::Result<Vec<Hit>> {
    todo!("MATCH, bm25 with a weight for each column, snippet")
}
