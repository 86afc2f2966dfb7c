//! The values by which one can filter.

use std::collections::{BTreeMap, BTreeSet};

use super::app::Tx;
use super::events::Dimension;
use super::problem::Problem;

/// The values that one can choose, of each dimension.
#[derive(Debug, Clone, Default)]
pub struct Allowed(BTreeMap<Dimension, BTreeSet<String>>);

impl Allowed {
    /// The list of these values.
    #[must_use]
    pub fn of<'a>(values: impl IntoIterator<Item = (Dimension, &'a str)>) -> Self {
        let mut lists: BTreeMap<Dimension, BTreeSet<String>> = BTreeMap::new();
        for (dimension, value) in values {
            lists.entry(dimension).or_default().insert(value.to_owned());
        }
        Self(lists)
    }

    /// Whether the value stands on the dimension's list, to the letter.
    #[must_use]
    pub fn has(&self, dimension: Dimension, value: &str) -> bool {
        self.0
            .get(&dimension)
            .is_some_and(|values| values.contains(value))
    }

    /// The values of a dimension, sorted: what a form offers.
    pub fn values(&self, dimension: Dimension) -> impl Iterator<Item = &str> {
        self.0
            .get(&dimension)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

impl Allowed {
    /// The values that have ever occurred. Each is one step into the roll-ups, however many rows it has there.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn known(tx: &Tx) -> Result<Self, Problem> {
        let mut statement = tx.prepare_cached(
            "WITH RECURSIVE known (value) AS (
                 SELECT min(value) FROM rollups WHERE facet = ?1
                 UNION ALL
                 SELECT (SELECT min(value) FROM rollups WHERE facet = ?1 AND value > known.value)
                 FROM known WHERE known.value IS NOT NULL)
             SELECT value FROM known WHERE value IS NOT NULL",
        )?;
        let mut lists = BTreeMap::new();
        for dimension in Dimension::ALL {
            let rows = statement.query_map([dimension.name()], |row| row.get(0))?;
            lists.insert(dimension, rows.collect::<Result<_, _>>()?);
        }
        Ok(Self(lists))
    }
}
