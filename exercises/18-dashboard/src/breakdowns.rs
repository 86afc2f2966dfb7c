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

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// How many events.
    Events,
    /// What they are worth together.
    Cents,
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

/// Reads the question out of the pairs of a query: `[("by", "country"), ("top", "5")]`.
///
/// | name | value | if it is missing or empty |
/// | --- | --- | --- |
/// | `by` | the name of a dimension | an error |
/// | `of` | `events` or `cents` | `events` |
/// | `top` | 1 to [`MOST_ROWS`], in digits, without a sign or a zero in front | [`ROWS`] |
///
/// Values are taken to the letter. Pairs with other names are not looked at, and no name comes twice: `filters` has refused it.
///
/// # Errors
///
/// [`Problem::invalid_fields`] with an error for each parameter that is wrong, in the order of the table.
pub fn read(pairs: &[(String, String)]) -> Result<Question, Problem> {
    todo!("three parameters, and everything wrong at once")
}

/// The largest values of a dimension in these hours and slices, and all the others in one line. The slices have no event in
/// common; without a slice there is nothing.
///
/// - An amount is what the question compares (`of`), of one value in all slices together. A value that the store does not know has
///   none, and a value whose amount is 0 is a value like any other.
/// - `rows`: at most `top` values, the largest amount first, equal amounts by the bytes of their values. `others`: all that are left,
///   also when it is only one. `total`: the amounts of all of them.
/// - The shares of the rows and of the others, as they are shown, are [`shares`] of their amounts, in this order.
/// - The store answers a dimension of which the slice says nothing. Where a slice has a value in the dimension `by` (Austria, by
///   country), the breakdown has this value only: ask for the slice without it, and keep what was wanted. Slices that
///   differ in this dimension only are asked for once, all others once each.
///
/// # Errors
///
/// Whatever the store answers.
pub fn breakdown(
    tx: &Tx,
    question: Question,
    kind: Kind,
    slices: &[Slice],
    hours: Hours,
) -> Result<Breakdown, Problem> {
    todo!("ask, add up, sort, cut")
}

/// The shares of these parts in their sum, in tenths of a percent; together exactly 1,000.
///
/// Each is rounded down first. The tenths that are left then go to the parts that lost most by it, one each; of parts that lost
/// the same, to the earlier. Of `[6, 1]` 857.14 and 142.86 become 857 and 143; of `[1, 1, 1]` 334, 333 and 333.
///
/// `None` where a share means nothing: a part is negative, or the sum is zero (as it is without parts). A part may be as large as an
/// `i64`, and the result is exact for all of them.
pub fn shares(parts: &[i64]) -> Option<Vec<i64>> {
    todo!("what is the remainder of a division, and who has the largest?")
}
