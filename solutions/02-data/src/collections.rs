//! Stock by ISBN, titles by author, sales by title.
//!
//! A list answers "what is in third place?". A shop asks "how many of *this* are there?", and asks it often. For that a
//! map holds each value under a key, and a set knows what it has seen.
//!
//! ISBNs, authors and titles are compared and kept exactly as they are written: `"Emma"`, `"emma"` and `"Emma "` are
//! three titles, and an empty text is a text like any other. "Alphabetical" is the order in which `String`s compare.

use std::collections::{BTreeMap, HashMap, HashSet};

/// Why the stock refused a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StockError {
    /// This ISBN was never added.
    Unknown,
    /// So many copies were asked for, and only so many are there.
    NotEnough { asked: u32, left: u32 },
    /// There would be more than `u32::MAX` copies.
    TooMany,
}

/// How many copies of each ISBN are in the warehouse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stock {
    copies: HashMap<String, u32>,
}

impl Stock {
    /// An empty warehouse.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds copies and returns how many of this ISBN there are now. An ISBN that was unknown is known from here on,
    /// even when 0 copies are added.
    ///
    /// `TooMany` when there would be more than `u32::MAX`; nothing has changed then.
    pub fn add(&mut self, isbn: &str, copies: u32) -> Result<u32, StockError> {
        let total = self
            .copies(isbn)
            .checked_add(copies)
            .ok_or(StockError::TooMany)?;
        self.copies.insert(isbn.to_string(), total);
        Ok(total)
    }

    /// Takes copies out and returns how many of this ISBN are left. An ISBN stays known when its last copy leaves.
    ///
    /// `Unknown` when it was never added, `NotEnough` when there are fewer copies; nothing has changed then.
    pub fn remove(&mut self, isbn: &str, copies: u32) -> Result<u32, StockError> {
        let there = self.copies.get_mut(isbn).ok_or(StockError::Unknown)?;
        let left = there.checked_sub(copies).ok_or(StockError::NotEnough {
            asked: copies,
            left: *there,
        })?;
        *there = left;
        Ok(left)
    }

    /// How many copies of this ISBN there are: 0 when it is unknown. Asking does not make it known.
    pub fn copies(&self, isbn: &str) -> u32 {
        self.copies.get(isbn).copied().unwrap_or(0)
    }
}

/// A book, as far as the author's page needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub author: String,
    pub title: String,
}

/// The titles of each author: the authors in alphabetical order, the titles of each in the order of `books`. No books
/// make an empty map.
///
/// ```text
/// Woolf: Orlando,  Austen: Emma,  Woolf: Flush
/// gives  {"Austen": ["Emma"], "Woolf": ["Orlando", "Flush"]}
/// ```
pub fn titles_by_author(books: &[Book]) -> BTreeMap<String, Vec<String>> {
    let mut titles: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for book in books {
        titles
            .entry(book.author.clone())
            .or_default()
            .push(book.title.clone());
    }
    titles
}

/// How many copies of each title were sold. Each sale is a title and a number of copies; a title may be sold often.
///
/// A title that was sold with 0 copies only is listed with 0. No sales make an empty map. A sum past `u64::MAX` would
/// take more sales than fit into a computer.
pub fn copies_sold(sales: &[(String, u32)]) -> BTreeMap<String, u64> {
    let mut sold: BTreeMap<String, u64> = BTreeMap::new();
    for (title, copies) in sales {
        *sold.entry(title.clone()).or_insert(0) += u64::from(*copies);
    }
    sold
}

/// The ISBNs that occur more than once in a supplier's list. Each is named once, in the order in which the second
/// occurrences stand in the list. None occurs twice: an empty list.
///
/// ```text
/// a b b c a b   gives   b a
/// ```
pub fn repeated(isbns: &[String]) -> Vec<String> {
    let mut seen: HashSet<&String> = HashSet::new();
    let mut reported: HashSet<&String> = HashSet::new();
    let mut answer = Vec::new();
    for isbn in isbns {
        // `insert` says whether the value is new to the set.
        let again = !seen.insert(isbn);
        if again && reported.insert(isbn) {
            answer.push(isbn.clone());
        }
    }
    answer
}
