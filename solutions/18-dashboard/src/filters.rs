//! Milestone 5: a part of everything, as a link.
//!
//! Whoever looks at the dashboard chooses: Austria, by the app. What is chosen stands in the address, so that it can be sent
//! to somebody else; and it decides what the database is asked, where nothing of it may ever be read as SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::given::allowed::Allowed;
use crate::given::events::{Dimension, Slice};
use crate::given::problem::{FieldError, Problem};

/// The most slices that a selection may consist of: each is a question to the store.
pub const MOST_SLICES: usize = 20;

/// What is chosen: some values of each dimension, or none, which means everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
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

/// Reads the selection out of the pairs of a query.
pub fn read(
    pairs: &[(String, String)],
    others: &[&str],
    allowed: &Allowed,
) -> Result<Selection, Problem> {
    let mut selection = Selection::default();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut errors = Vec::new();
    for (name, value) in pairs {
        let wrong = match Dimension::named(name) {
            Some(dimension) => selection.add(dimension, value, allowed).err(),
            None if !others.contains(&name.as_str()) => Some("There is no such parameter."),
            None if !seen.insert(name) => Some("Ask for one only."),
            None => None,
        };
        errors.extend(wrong.map(|message| FieldError::new(name, message)));
    }
    if errors.is_empty() {
        return Ok(selection);
    }
    Err(Problem::invalid_fields(errors))
}

impl Selection {
    /// The values chosen of a dimension, sorted; none if everything is.
    pub fn values(&self, dimension: Dimension) -> Vec<&str> {
        let values = self.chosen.get(&dimension).into_iter().flatten();
        values.map(String::as_str).collect()
    }

    fn add(
        &mut self,
        dimension: Dimension,
        value: &str,
        allowed: &Allowed,
    ) -> Result<(), &'static str> {
        if value.is_empty() {
            // A form sends it for "all".
            return Ok(());
        }
        if !allowed.has(dimension, value) {
            return Err("This value is not among those that one can choose.");
        }
        let mut larger = self.clone();
        larger
            .chosen
            .entry(dimension)
            .or_default()
            .insert(value.to_owned());
        // Counted before the slices are made: a thousand values must not make a million of them.
        if larger.count() > MOST_SLICES {
            return Err("This is too much at once: choose fewer values.");
        }
        *self = larger;
        Ok(())
    }

    /// How many slices there are.
    fn count(&self) -> usize {
        self.chosen.values().map(BTreeSet::len).product()
    }

    /// The same selection with this value chosen, or without it if it was.
    #[must_use]
    pub fn toggled(&self, dimension: Dimension, value: &str) -> Self {
        let mut toggled = self.clone();
        let values = toggled.chosen.entry(dimension).or_default();
        if !values.remove(value) {
            values.insert(value.to_owned());
        }
        // A dimension without values is one of which everything is chosen: it must not look chosen.
        toggled.chosen.retain(|_, values| !values.is_empty());
        toggled
    }

    /// The selection as the query of a link, without the question mark.
    pub fn link(&self) -> String {
        let mut pairs = Vec::new();
        // A map and its sets are sorted: equal selections have equal links.
        for (dimension, values) in &self.chosen {
            for value in values {
                pairs.push(format!("{}={}", dimension.name(), encoded(value)));
            }
        }
        pairs.join("&")
    }

    /// The selection as slices that have nothing in common: each value of one dimension with each of the others.
    pub fn slices(&self) -> Vec<Slice> {
        let mut slices = vec![Slice::everything()];
        for (&dimension, values) in &self.chosen {
            let mut finer = Vec::new();
            for slice in &slices {
                finer.extend(
                    values
                        .iter()
                        .map(|value| slice.clone().with(dimension, value)),
                );
            }
            slices = finer;
        }
        slices
    }

    /// The selection as a condition on the table `events`.
    pub fn condition(&self) -> Condition {
        let mut parts = Vec::new();
        let mut bound = Vec::new();
        for (dimension, values) in &self.chosen {
            // The name of the column is ours; only the number of places comes from the request.
            let places = vec!["?"; values.len()].join(", ");
            parts.push(format!("{} IN ({places})", dimension.name()));
            bound.extend(values.iter().cloned());
        }
        if parts.is_empty() {
            parts.push("TRUE".to_owned());
        }
        Condition {
            sql: parts.join(" AND "),
            values: bound,
        }
    }
}

/// The text as it may stand in a query: everything but ASCII letters, digits and `-._~` as `%` and two digits a byte.
fn encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            // Writing into a String never fails.
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}
