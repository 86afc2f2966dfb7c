//! Milestone 5: a part of everything, as a link.
//!
//! Whoever looks at the dashboard chooses: Austria, by the app. What is chosen stands in the address, so that it can be sent
//! to somebody else; and it decides what the database is asked, where nothing of it may ever be read as SQL.

use std::collections::HashMap;

use crate::given::allowed::Allowed;
use crate::given::events::{Dimension, Slice};
use crate::given::problem::{FieldError, Problem};

/// The most slices that a selection may consist of: each is a question to the store.
pub const MOST_SLICES: usize = 20;

/// What is chosen, as one list, sorted and without repetition.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    chosen: Vec<(Dimension, String)>,
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
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut errors: Vec<FieldError> = Vec::new();
    for (name, value) in pairs {
        let Some(dimension) = Dimension::named(name) else {
            let count = counts.entry(name).or_default();
            *count += 1;
            if !others.iter().any(|other| other == name) {
                errors.push(FieldError::new(name, "Nobody knows this name."));
            } else if *count > 1 {
                errors.push(FieldError::new(name, "This came already."));
            }
            continue;
        };
        let chosen = selection.has(dimension, value);
        if value.is_empty() || chosen {
            continue;
        }
        if !allowed.has(dimension, value) {
            errors.push(FieldError::new(name, "This is not on the list."));
            continue;
        }
        let next = selection.toggled(dimension, value);
        if next.slice_count() > MOST_SLICES {
            errors.push(FieldError::new(name, "This is one too many."));
        } else {
            selection = next;
        }
    }
    match errors.is_empty() {
        true => Ok(selection),
        false => Err(Problem::invalid_fields(errors)),
    }
}

impl Selection {
    fn has(&self, dimension: Dimension, value: &str) -> bool {
        self.values(dimension).contains(&value)
    }

    fn slice_count(&self) -> usize {
        Dimension::ALL
            .into_iter()
            .map(|dimension| self.values(dimension).len())
            .filter(|&count| count > 0)
            .product()
    }

    /// The values chosen of a dimension, sorted; none if everything is.
    pub fn values(&self, dimension: Dimension) -> Vec<&str> {
        self.chosen
            .iter()
            .filter(|(other, _)| *other == dimension)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The same selection with this value chosen, or without it if it was.
    #[must_use]
    pub fn toggled(&self, dimension: Dimension, value: &str) -> Self {
        let pair = (dimension, value.to_owned());
        let mut chosen = self.chosen.clone();
        match chosen.binary_search(&pair) {
            Ok(place) => {
                chosen.remove(place);
            }
            Err(place) => chosen.insert(place, pair),
        }
        Self { chosen }
    }

    /// The selection as the query of a link, without the question mark.
    pub fn link(&self) -> String {
        let mut link = String::new();
        for (dimension, value) in &self.chosen {
            if !link.is_empty() {
                link.push('&');
            }
            link += dimension.name();
            link.push('=');
            for byte in value.bytes() {
                match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        link.push(char::from(byte));
                    }
                    _ => link += &format!("%{byte:02X}"),
                }
            }
        }
        link
    }

    /// The selection as slices: the product of the dimensions, counted like the wheels of a lock.
    pub fn slices(&self) -> Vec<Slice> {
        self.combine(&Dimension::ALL)
    }

    fn combine(&self, dimensions: &[Dimension]) -> Vec<Slice> {
        let Some((&first, rest)) = dimensions.split_first() else {
            return vec![Slice::everything()];
        };
        let rest = self.combine(rest);
        let values = self.values(first);
        if values.is_empty() {
            return rest;
        }
        rest.iter()
            .flat_map(|slice| values.iter().map(|value| slice.clone().with(first, value)))
            .collect()
    }

    /// The selection as a condition: comparisons in brackets.
    pub fn condition(&self) -> Condition {
        let mut sql = "1 = 1".to_owned();
        for dimension in Dimension::ALL {
            let count = self.values(dimension).len();
            if count > 0 {
                let one = format!("{} = ?", dimension.name());
                let any = vec![one; count].join(" OR ");
                sql += &format!(" AND ({any})");
            }
        }
        Condition {
            sql,
            values: self.chosen.iter().map(|(_, value)| value.clone()).collect(),
        }
    }
}
