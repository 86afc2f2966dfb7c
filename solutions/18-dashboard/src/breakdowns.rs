//! Milestone 4: the largest few, and all the others.
//!
//! Where do the orders come from? The answer fits on a page: the first ten, one line for the rest, and shares that add up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

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
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (slice, chosen) in questions(slices, question.by) {
        for (value, sum) in tx
            .neighbours()
            .store
            .values(tx, kind, &slice, question.by, hours)?
        {
            if chosen.as_ref().is_none_or(|chosen| chosen.contains(&value)) {
                *sums.entry(value).or_default() += question.of.of(sum);
            }
        }
    }
    Ok(ranked(sums, question))
}

/// What the store is to be asked: slices without the dimension that is compared, and which of its values are wanted (`None`:
/// all of them). Slices that differ in this dimension only are one question.
fn questions(slices: &[Slice], by: Dimension) -> BTreeMap<Slice, Option<BTreeSet<String>>> {
    let mut questions: BTreeMap<Slice, Option<BTreeSet<String>>> = BTreeMap::new();
    for slice in slices {
        let rest = slice
            .parts()
            .iter()
            .filter(|(dimension, _)| *dimension != by)
            .fold(Slice::everything(), |rest, (dimension, value)| {
                rest.with(*dimension, value)
            });
        match slice.value(by) {
            Some(value) => {
                let chosen = questions
                    .entry(rest)
                    .or_insert_with(|| Some(BTreeSet::new()));
                if let Some(chosen) = chosen {
                    chosen.insert(value.to_owned());
                }
            }
            None => {
                questions.insert(rest, None);
            }
        }
    }
    questions
}

fn ranked(sums: BTreeMap<String, i64>, question: Question) -> Breakdown {
    let mut all: Vec<(String, i64)> = sums.into_iter().collect();
    // Stable, and the map was sorted: equal amounts stay in the order of their values.
    all.sort_by_key(|(_, amount)| Reverse(*amount));
    let total = all.iter().map(|(_, amount)| amount).sum();
    let behind = all.split_off(question.top.min(all.len()));
    let rest: i64 = behind.iter().map(|(_, amount)| amount).sum();
    let mut parts: Vec<i64> = all.iter().map(|(_, amount)| *amount).collect();
    if !behind.is_empty() {
        parts.push(rest);
    }
    let shares = shares(&parts);
    let share = |place: usize| {
        shares
            .as_ref()
            .and_then(|shares| shares.get(place).copied())
    };
    let others = (!behind.is_empty()).then(|| Others {
        values: behind.len(),
        amount: rest,
        share: share(all.len()),
    });
    let row = |(place, (value, amount)): (usize, (String, i64))| Row {
        value,
        amount,
        share: share(place),
    };
    Breakdown {
        by: question.by.name(),
        of: question.of,
        total,
        rows: all.into_iter().enumerate().map(row).collect(),
        others,
    }
}

/// Shares of the sum in tenths of a percent; together exactly 1,000.
///
/// `None` where a share means nothing: a part is negative, or all of them are zero.
pub fn shares(parts: &[i64]) -> Option<Vec<i64>> {
    // Wide enough for the sum of any parts, times a thousand.
    let total: i128 = parts.iter().map(|&part| i128::from(part)).sum();
    if total <= 0 || parts.iter().any(|&part| part < 0) {
        return None;
    }
    let scaled: Vec<i128> = parts.iter().map(|&part| i128::from(part) * WHOLE).collect();
    let mut shares: Vec<i128> = scaled.iter().map(|part| part / total).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // Stable: of equal remainders the earlier comes first.
    order.sort_by_key(|&place| Reverse(scaled[place] % total));
    let left = WHOLE - shares.iter().sum::<i128>();
    for (_, &place) in (0..left).zip(&order) {
        shares[place] += 1;
    }
    shares
        .into_iter()
        .map(|share| i64::try_from(share).ok())
        .collect()
}
