//! The books of one shelf, in memory: what both versions of the API write to and read from.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A book as the shop knows it today, whatever an old client calls its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfBook {
    pub id: i64,
    pub title: String,
    pub cents: u32,
    /// The series that it belongs to. Version 1 knows of no such thing.
    pub series: Option<String>,
}

/// The shelf. A clone is the same shelf.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    books: Arc<Mutex<BTreeMap<i64, ShelfBook>>>,
}

impl Shelf {
    fn books(&self) -> MutexGuard<'_, BTreeMap<i64, ShelfBook>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All books, in the order of their numbers.
    pub fn all(&self) -> Vec<ShelfBook> {
        self.books().values().cloned().collect()
    }

    /// The book of this number.
    pub fn find(&self, id: i64) -> Option<ShelfBook> {
        self.books().get(&id).cloned()
    }

    /// Puts a book on the shelf; the shelf gives it its number.
    pub fn add(&self, title: String, cents: u32, series: Option<String>) -> ShelfBook {
        let mut books = self.books();
        let id = books.last_key_value().map_or(1, |(id, _)| id + 1);
        let book = ShelfBook {
            id,
            title,
            cents,
            series,
        };
        books.insert(id, book.clone());
        book
    }

    /// Changes a book, as one step for everybody else, and gives what it is now.
    pub fn change(&self, id: i64, change: impl FnOnce(&mut ShelfBook)) -> Option<ShelfBook> {
        let mut books = self.books();
        let book = books.get_mut(&id)?;
        change(book);
        Some(book.clone())
    }
}
