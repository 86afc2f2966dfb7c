//! Milestone 5: a part of everything, as a link.
//!
//! Whoever looks at the dashboard chooses: Austria, by the app. What is chosen stands in the address, so that it can be sent
//! to somebody else; and it decides what the database is asked, where nothing of it may ever be read as SQL.
//!
//! Dimensions and slices are those of `given/events.rs`; the list of what one can choose is [`Allowed`] of `given/allowed.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::given::allowed::Allowed;
use crate::given::events::{Dimension, Slice};
use crate::given::problem::{FieldError, Problem};

/// The most slices that a selection may consist of: each is a question to the store.
pub const MOST_SLICES: usize = 20;

/// What is chosen: some values of each dimension, or none, which means everything. The default is everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Yours to change, as long as `Debug`, `Clone` and `Default` stay.
    chosen: BTreeMap<Dimension, BTreeSet<String>>,
}

/// The end of a statement, and what is bound to the places in it.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What stands behind `WHERE`.
    pub sql: String,
    /// The values, in the order of their places.
    pub values: Vec<String>,
}

/// Reads the selection out of the pairs of a query: `[("country", "AT"), ("country", "DE"), ("zone", "UTC")]`.
///
/// - A pair whose name is that of a dimension chooses this value of it. Several values of one dimension are chosen side by
///   side (Austria *or* Germany); the same value twice counts once. An empty value, as a form sends it for "all", chooses nothing and
///   takes nothing away.
/// - `others` are the names that the caller reads itself, such as `zone`: their values are not looked at here, but each may come
///   once only.
/// - Refused, each with a [`FieldError`] that has the name of the pair: a name that is neither; a name of `others` each time that
///   it comes again; a value that [`Allowed::has`] not; and a value with which the selection would have more than [`MOST_SLICES`] slices
///   (such a value is not chosen, and the pairs behind it are judged without it). Names and values are taken to the letter: capitals,
///   blanks, accents.
/// - Slices are counted as [`Selection::slices`] makes them: 20 countries are 20 slices; 4 countries and 5 channels, too.
///
/// # Errors
///
/// [`Problem::invalid_fields`] with everything that was refused, in the order in which it came.
pub fn read(
    pairs: &[(String, String)],
    others: &[&str],
    allowed: &Allowed,
) -> Result<Selection, Problem> {
    todo!("look each name up: a dimension, one of the others, or nothing that we know")
}

impl Selection {
    /// The values chosen of a dimension, sorted by their bytes; none if everything is.
    pub fn values(&self, dimension: Dimension) -> Vec<&str> {
        todo!("what was chosen, each once")
    }

    /// The same selection with this value of the list chosen, or without it if it was; everything else stays. The limit is not looked at
    /// here: whoever opens a link that is too much is told so by [`read`].
    #[must_use]
    pub fn toggled(&self, dimension: Dimension, value: &str) -> Self {
        todo!("a copy, and one change")
    }

    /// The selection as the query of a link, without the question mark: `country=AT&country=DE&channel=app`. Empty for everything.
    ///
    /// Equal selections have equal links: the dimensions in the order of [`Dimension::ALL`], the values of each sorted by their
    /// bytes. Of a value, ASCII letters, digits and `-._~` stand as they are; every other *byte* of its UTF-8 is a `%` and two digits,
    /// `0` to `9` and `A` to `F`.
    pub fn link(&self) -> String {
        todo!("a pair for each value, with & between them")
    }

    /// The selection as slices that have no event in common, each once, in any order: for two countries and three channels six of
    /// them, each with one country and one channel. For everything there is one, [`Slice::everything`].
    pub fn slices(&self) -> Vec<Slice> {
        todo!("begin with everything, and split it by each dimension")
    }

    /// The selection as a condition on the table `events`, whose columns have the names of the dimensions.
    ///
    /// It may stand between others: `… AND {sql} AND …` finds what it finds alone. It has a place `?`, without a number, for
    /// each value; the values are bound in the order of `values`. The text depends on how many values of which dimensions are chosen, and
    /// never on what they say. For everything it is a condition that every row fulfils.
    pub fn condition(&self) -> Condition {
        todo!("the names of the columns are ours, the values are bound")
    }
}
