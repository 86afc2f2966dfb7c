//! How many copies of a book are where: what partners with a store of their own look up and count.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::books::Isbn;

/// What is known about a book's copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub copies: u32,
    /// The shelf they stand on.
    pub shelf: String,
}

/// A level with the number of its last change. No two changes of a [`Levels`] have the same number, not even of different
/// books, or of a book that was taken away and came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub level: Level,
    pub change: u64,
}

/// What becomes of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Put(Level),
    Remove,
}

/// What others do.
type Deed = Box<dyn FnOnce(&Levels) + Send>;

/// The levels of all books. Every function is one step: nobody else comes in between.
#[derive(Default)]
pub struct Levels {
    inner: Mutex<Inner>,
    meanwhile: Mutex<Option<Deed>>,
}

#[derive(Default)]
struct Inner {
    entries: BTreeMap<Isbn, Entry>,
    changes: u64,
}

impl Levels {
    /// The entry of a book, if there is one.
    pub fn find(&self, isbn: &Isbn) -> Option<Entry> {
        let found = self.inner().entries.get(isbn).cloned();
        self.interrupt();
        found
    }

    /// All entries, in the order of their ISBN, and the number of the last change of any of them.
    pub fn all(&self) -> (Vec<(Isbn, Entry)>, u64) {
        let inner = self.inner();
        let pair = |(isbn, entry): (&Isbn, &Entry)| (isbn.clone(), entry.clone());
        (inner.entries.iter().map(pair).collect(), inner.changes)
    }

    /// Shows `decide` what is there, does what it says, and gives back the entry as it is then. Nobody else comes in between
    /// looking and changing. When `decide` has an error, nothing is changed.
    pub fn change<E>(
        &self,
        isbn: &Isbn,
        decide: impl FnOnce(Option<&Entry>) -> Result<Change, E>,
    ) -> Result<Option<Entry>, E> {
        let mut inner = self.inner();
        let change = decide(inner.entries.get(isbn))?;
        inner.changes += 1;
        let number = inner.changes;
        match change {
            Change::Put(level) => {
                let entry = Entry {
                    level,
                    change: number,
                };
                inner.entries.insert(isbn.clone(), entry.clone());
                Ok(Some(entry))
            }
            Change::Remove => {
                inner.entries.remove(isbn);
                Ok(None)
            }
        }
    }

    /// What others do right after the next [`Levels::find`]. Tests use it: it makes the rare moment certain.
    pub fn meanwhile(&self, deed: impl FnOnce(&Levels) + Send + 'static) {
        *self
            .meanwhile
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Box::new(deed));
    }

    fn interrupt(&self) {
        let deed = self
            .meanwhile
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(deed) = deed {
            deed(self);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
