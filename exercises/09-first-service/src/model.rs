//! The rules of a wish list, before there is any server, page or table.
//!
//! Nothing in here asks a clock, a disk or a network. That is why it is written first: what a wish is, and what may happen to
//! it, stays true whatever is built around it.

use std::cmp::Reverse;

use crate::given::wishes::{PriceError, Refused, State, Step, Wish};

/// The highest price that a wish can have, in cents: a million.
pub const MOST_CENTS: u32 = 100_000_000;

/// Reads a price, and gives it in cents.
///
/// A price is written in ASCII digits, at least one, and may go on with a point or a comma and exactly two digits more.
/// White space around it, of whatever script, does not count. What is written like that and is more than [`MOST_CENTS`] is `TooMuch`, however many
/// digits it has; everything else that is no price is `NotAPrice`.
///
/// | text | answer |
/// | --- | --- |
/// | `12.50`, ` 12,50 `, `0012.50` | `Ok(1250)` |
/// | `12` | `Ok(1200)` |
/// | `0` | `Ok(0)` |
/// | `1000000.00` | `Ok(MOST_CENTS)` |
/// | `1000000.01`, a hundred nines | `Err(TooMuch)` |
/// | the empty text, `12.5`, `12.`, `.50`, `-1`, `+1`, `1e3`, `1.000,00` | `Err(NotAPrice)` |
pub fn parse_cents(text: &str) -> Result<u32, PriceError> {
    todo!("take the two halves apart, look at the characters, then count in whole cents")
}

/// Writes an amount for people: euros, a point, two digits, a space and the sign, as in `12.50 €`, `0.05 €`, `1200.00 €`.
pub fn show_cents(cents: u64) -> String {
    todo!("two whole numbers, and a width for the second")
}

/// What becomes of a wish in `state` when `who` takes this step, or why nothing does. A name is the same only letter by letter.
///
/// | state | `Reserve` | `Release` | `Give` |
/// | --- | --- | --- | --- |
/// | `Wanted` | reserved by `who` | `NotReserved` | `NotReserved` |
/// | `Reserved`, by `who` | as it was | `Wanted` | given by `who` |
/// | `Reserved`, by somebody else | `AlreadyReserved` | `NotYours` | `NotYours` |
/// | `Given`, by anybody | `AlreadyGiven` | `AlreadyGiven` | `AlreadyGiven` |
pub fn after(state: &State, step: Step, who: &str) -> Result<State, Refused> {
    todo!("one `match` on the state and the step, with a row for each row of the table")
}

/// Puts wishes in the order in which the page shows them.
///
/// What is wanted comes first, then what is reserved, then what is given. Within each of the three: what is wanted more comes
/// first; of those, what costs less; of those, the smaller id.
pub fn sort(wishes: &mut [Wish]) {
    todo!("a key that compares as the sentence above reads")
}

/// What everything that is not given yet costs together, in cents. Reserved is not given.
pub fn open_cents(wishes: &[Wish]) -> u64 {
    todo!("a sum that is wide enough for two hundred wishes of a million each")
}
