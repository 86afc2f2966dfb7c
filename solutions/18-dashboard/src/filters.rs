//! Milestone 5: a part of everything, as a link.
//!
//! Whoever looks at the dashboard chooses: Austria, by the app. What is chosen stands in the address, so that it can be sent
//! to somebody else, and in the statement, where nothing of it may ever be read as SQL.

use std::collections::{BTreeMap, BTreeSet};

use crate::given::problem::{FieldError, Problem};
use crate::given::shop::{Allowed, Dimension};

/// How many values of one dimension may be chosen together.
pub const MOST_VALUES: usize = 20;

/// What is chosen: of each dimension some values; of a dimension without values everything.
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

/// Reads the selection out of a query.
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
        let values = self.chosen.entry(dimension).or_default();
        if values.len() >= MOST_VALUES && !values.contains(value) {
            return Err("These are too many values.");
        }
        values.insert(value.to_owned());
        Ok(())
    }

    /// The same selection with this value chosen, or without it if it was.
    #[must_use]
    pub fn toggled(&self, dimension: Dimension, value: &str) -> Self {
        let mut toggled = self.clone();
        let values = toggled.chosen.entry(dimension).or_default();
        if !values.remove(value) {
            values.insert(value.to_owned());
        }
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

    /// The selection as a condition on a table that has a column for each dimension.
    pub fn condition(&self) -> Condition {
        let mut parts = Vec::new();
        let mut bound = Vec::new();
        for (dimension, values) in &self.chosen {
            if values.is_empty() {
                continue;
            }
            // The name of the column is ours; only the number of places comes from the request.
            let places = vec!["?"; values.len()].join(", ");
            parts.push(format!("{} IN ({places})", dimension.column()));
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

/// The text as it may stand in a query: everything but letters, digits and `-._~` as `%` and two digits a byte.
fn encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    safe
}
