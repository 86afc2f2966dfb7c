//! Milestone 4: the largest few, and all the others.
//!
//! Where do the orders come from? The answer fits on a page: the first ten, one line for the rest, and shares that add up.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::given::app::Tx;
use crate::given::events::{Dimension, Kind, Slice};
use crate::given::neighbours::{Hours, Sum};
use crate::given::problem::{FieldError, Problem};

/// How many rows there are when the question does not say.
pub const ROWS: usize = 10;

/// The most rows that may be asked for.
pub const MOST_ROWS: usize = 50;

/// The names of the parameters that [`read`] reads.
pub const PARAMETERS: [&str; 3] = ["by", "of", "top"];

/// All of it, in tenths of a percent.
const WHOLE: i128 = 1_000;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// How many events.
    Events,
    /// What they are worth together.
    Cents,
}

impl Measure {
    fn of(self, sum: Sum) -> i64 {
        match self {
            Self::Events => sum.events,
            Self::Cents => sum.cents,
        }
    }
}

/// What somebody wants to see.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The dimension whose values are compared.
    pub by: Dimension,
    pub of: Measure,
    /// How many rows, 1 to [`MOST_ROWS`].
    pub top: usize,
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct Breakdown {
    /// The name of the dimension.
    pub by: &'static str,
    pub of: Measure,
    /// Of all values, those of the rows and the others.
    pub total: i64,
    /// The largest, the largest first.
    pub rows: Vec<Row>,
    /// The others together; null when there are none.
    pub others: Option<Others>,
}

/// One value of the dimension.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub value: String,
    pub amount: i64,
    /// In tenths of a percent of the total.
    pub share: Option<i64>,
}

/// All values that are not among the rows.
#[derive(Debug, Clone, Serialize)]
pub struct Others {
    /// How many values.
    pub values: usize,
    pub amount: i64,
    /// In tenths of a percent of the total.
    pub share: Option<i64>,
}

/// Reads the question out of the pairs of a query.
pub fn read(pairs: &[(String, String)]) -> Result<Question, Problem> {
    let given = |name: &str| {
        let pair = pairs.iter().find(|(other, _)| other == name);
        pair.map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let by = given("by").and_then(Dimension::named);
    let of = match given("of") {
        None | Some("events") => Some(Measure::Events),
        Some("cents") => Some(Measure::Cents),
        Some(_) => None,
    };
    let top = match given("top") {
        None => Some(ROWS),
        Some(text) => rows(text),
    };
    if let (Some(by), Some(of), Some(top)) = (by, of, top) {
        return Ok(Question { by, of, top });
    }
    let wrong = [
        ("by", by.is_none(), "country, channel, device or category."),
        ("of", of.is_none(), "events or cents."),
        ("top", top.is_none(), "A number from 1 to 50."),
    ];
    let errors = wrong.into_iter().filter(|(_, wrong, _)| *wrong);
    let errors = errors.map(|(name, _, message)| FieldError::new(name, message));
    Err(Problem::invalid_fields(errors.collect()))
}

fn rows(text: &str) -> Option<usize> {
    // `parse` takes a sign, too, and leading zeros: an address has one way to write a number.
    let rows: usize = text.parse().ok()?;
    ((1..=MOST_ROWS).contains(&rows) && rows.to_string() == text).then_some(rows)
}

/// The largest values of a dimension, and all the others in one line.
pub fn breakdown(
    tx: &Tx,
    question: Question,
    kind: Kind,
    slices: &[Slice],
    hours: Hours,
) -> Result<Breakdown, Problem> {
    let by = question.by;
    // What is asked already, and the wanted values of a question: a pair of a slice and a value.
    let mut asked: Vec<Slice> = Vec::new();
    let wanted: HashSet<(Slice, Option<&str>)> = slices
        .iter()
        .map(|slice| (without(slice, by), slice.value(by)))
        .collect();
    let mut sums: HashMap<String, i64> = HashMap::new();
    for slice in slices {
        let rest = without(slice, by);
        if asked.contains(&rest) {
            continue;
        }
        for (value, sum) in tx.neighbours().store.values(tx, kind, &rest, by, hours)? {
            let all = wanted.contains(&(rest.clone(), None));
            if all || wanted.contains(&(rest.clone(), Some(value.as_str()))) {
                *sums.entry(value).or_insert(0) += question.of.of(sum);
            }
        }
        asked.push(rest);
    }
    let mut rows: Vec<Row> = sums
        .into_iter()
        .map(|(value, amount)| Row {
            value,
            amount,
            share: None,
        })
        .collect();
    rows.sort_by(|one, other| {
        other
            .amount
            .cmp(&one.amount)
            .then_with(|| one.value.cmp(&other.value))
    });
    let total: i64 = rows.iter().map(|row| row.amount).sum();
    let values = rows.len().saturating_sub(question.top);
    rows.truncate(question.top);
    let shown: i64 = rows.iter().map(|row| row.amount).sum();
    let mut others = (values > 0).then_some(Others {
        values,
        amount: total - shown,
        share: None,
    });
    let amounts = rows.iter().map(|row| row.amount);
    let amounts: Vec<i64> = amounts
        .chain(others.iter().map(|others| others.amount))
        .collect();
    if let Some(shares) = shares(&amounts) {
        let places = rows.iter_mut().map(|row| &mut row.share);
        let places = places.chain(others.iter_mut().map(|others| &mut others.share));
        for (place, share) in places.zip(shares) {
            *place = Some(share);
        }
    }
    Ok(Breakdown {
        by: by.name(),
        of: question.of,
        total,
        rows,
        others,
    })
}

fn without(slice: &Slice, by: Dimension) -> Slice {
    let mut rest = Slice::everything();
    for (dimension, value) in slice.parts() {
        if *dimension != by {
            rest = rest.with(*dimension, value);
        }
    }
    rest
}

/// Shares of the sum in tenths of a percent, given out one by one to whoever is furthest below what is due to him.
pub fn shares(parts: &[i64]) -> Option<Vec<i64>> {
    let total: i128 = parts.iter().copied().map(i128::from).sum();
    if total == 0 || parts.iter().any(|part| part.is_negative()) {
        return None;
    }
    let due = |part: i64| i128::from(part) * WHOLE;
    let mut shares: Vec<i64> = Vec::new();
    for &part in parts {
        shares.push(i64::try_from(due(part) / total).ok()?);
    }
    while shares.iter().copied().map(i128::from).sum::<i128>() < WHOLE {
        let mut best: Option<(usize, i128)> = None;
        for (place, &part) in parts.iter().enumerate() {
            let missing = due(part) - i128::from(*shares.get(place)?) * total;
            if best.is_none_or(|(_, most)| missing > most) {
                best = Some((place, missing));
            }
        }
        let (place, _) = best?;
        *shares.get_mut(place)? += 1;
    }
    Some(shares)
}
