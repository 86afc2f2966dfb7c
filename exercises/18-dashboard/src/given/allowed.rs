//! The values by which one can filter.

use std::collections::{BTreeMap, BTreeSet};

use super::events::Dimension;

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
