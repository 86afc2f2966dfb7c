//! Differs: sorts copies of the lists, so that equals are neighbours, and counts occurrences instead of remembering them.

use std::collections::{BTreeMap, HashMap};

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
        if let Some(there) = self.copies.get_mut(isbn) {
            *there = there.checked_add(copies).ok_or(StockError::TooMany)?;
            return Ok(*there);
        }
        self.copies.insert(isbn.to_string(), copies);
        Ok(copies)
    }

    /// Takes copies out and returns how many of this ISBN are left. An ISBN stays known when its last copy leaves.
    ///
    /// `Unknown` when it was never added, `NotEnough` when there are fewer copies; nothing has changed then.
    pub fn remove(&mut self, isbn: &str, copies: u32) -> Result<u32, StockError> {
        match self.copies.get_mut(isbn) {
            None => Err(StockError::Unknown),
            Some(left) if *left < copies => Err(StockError::NotEnough {
                asked: copies,
                left: *left,
            }),
            Some(left) => {
                *left -= copies;
                Ok(*left)
            }
        }
    }

    /// How many copies of this ISBN there are: 0 when it is unknown. Asking does not make it known.
    pub fn copies(&self, isbn: &str) -> u32 {
        self.copies.get(isbn).map_or(0, |copies| *copies)
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
    let mut sorted: Vec<&Book> = books.iter().collect();
    // A stable sort: the books of one author stay in the order in which they came.
    sorted.sort_by_key(|book| &book.author);
    sorted
        .chunk_by(|left, right| left.author == right.author)
        .map(|group| {
            let titles = group.iter().map(|book| book.title.clone()).collect();
            (group[0].author.clone(), titles)
        })
        .collect()
}

/// How many copies of each title were sold. Each sale is a title and a number of copies; a title may be sold often.
///
/// A title that was sold with 0 copies only is listed with 0. No sales make an empty map. A sum past `u64::MAX` would
/// take more sales than fit into a computer.
pub fn copies_sold(sales: &[(String, u32)]) -> BTreeMap<String, u64> {
    let mut sorted: Vec<&(String, u32)> = sales.iter().collect();
    sorted.sort();
    sorted
        .chunk_by(|left, right| left.0 == right.0)
        .map(|group| {
            let sum = group.iter().map(|(_, copies)| u64::from(*copies)).sum();
            (group[0].0.clone(), sum)
        })
        .collect()
}

/// The ISBNs that occur more than once in a supplier's list. Each is named once, in the order in which the second
/// occurrences stand in the list. None occurs twice: an empty list.
///
/// ```text
/// a b b c a b   gives   b a
/// ```
pub fn repeated(isbns: &[String]) -> Vec<String> {
    let mut times: HashMap<&str, u32> = HashMap::new();
    let mut list = Vec::new();
    for isbn in isbns {
        let count = times.entry(isbn).or_insert(0);
        *count += 1;
        if *count == 2 {
            list.push(isbn.clone());
        }
    }
    list
}
