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
    let text = text.trim();
    let (euros, cents) = match text.split_once(['.', ',']) {
        Some((_, cents)) if cents.len() != 2 => return Err(PriceError::NotAPrice),
        Some(halves) => halves,
        None => (text, "00"),
    };
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_number(euros) || !is_number(cents) {
        return Err(PriceError::NotAPrice);
    }
    // Only digits are left, so a number that cannot be read is one that is too large.
    let euros: u32 = euros.parse().map_err(|_| PriceError::TooMuch)?;
    let cents: u32 = cents.parse().map_err(|_| PriceError::NotAPrice)?;
    euros
        .checked_mul(100)
        .and_then(|whole| whole.checked_add(cents))
        .filter(|sum| *sum <= MOST_CENTS)
        .ok_or(PriceError::TooMuch)
}

/// Writes an amount for people: euros, a point, two digits, a space and the sign, as in `12.50 €`, `0.05 €`, `1200.00 €`.
pub fn show_cents(cents: u64) -> String {
    format!("{}.{:02} €", cents / 100, cents % 100)
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
    match (state, step) {
        (State::Given { .. }, _) => Err(Refused::AlreadyGiven),
        (State::Wanted, Step::Reserve) => Ok(State::Reserved { by: who.to_owned() }),
        (State::Wanted, Step::Release | Step::Give) => Err(Refused::NotReserved),
        (State::Reserved { by }, Step::Reserve) if by == who => Ok(state.clone()),
        (State::Reserved { .. }, Step::Reserve) => Err(Refused::AlreadyReserved),
        (State::Reserved { by }, _) if by != who => Err(Refused::NotYours),
        (State::Reserved { .. }, Step::Release) => Ok(State::Wanted),
        (State::Reserved { .. }, Step::Give) => Ok(State::Given { by: who.to_owned() }),
    }
}

/// Puts wishes in the order in which the page shows them.
///
/// What is wanted comes first, then what is reserved, then what is given. Within each of the three: what is wanted more comes
/// first; of those, what costs less; of those, the smaller id.
pub fn sort(wishes: &mut [Wish]) {
    wishes.sort_by_key(|wish| {
        let place = match wish.state {
            State::Wanted => 0,
            State::Reserved { .. } => 1,
            State::Given { .. } => 2,
        };
        (place, Reverse(wish.priority), wish.cents, wish.id)
    });
}

/// What everything that is not given yet costs together, in cents. Reserved is not given.
pub fn open_cents(wishes: &[Wish]) -> u64 {
    wishes
        .iter()
        .filter(|wish| !matches!(wish.state, State::Given { .. }))
        .map(|wish| u64::from(wish.cents))
        .sum()
}
