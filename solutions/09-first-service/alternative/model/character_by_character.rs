//! A price read character by character, with a count of digits on each side; a comparison instead of a key.

use std::cmp::Reverse;

use crate::given::wishes::{PriceError, Refused, State, Step, Wish};

/// The highest price that a wish can have, in cents: a million.
pub const MOST_CENTS: u32 = 100_000_000;

/// Reads a price, and gives it in cents.
///
/// A price is written in ASCII digits, at least one, and may go on with a point or a comma and exactly two digits more.
/// White space around it does not count. What is written like that and is more than [`MOST_CENTS`] is `TooMuch`, however many
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
    let mut whole: u64 = 0;
    let mut before = 0;
    let mut after: Option<usize> = None;
    for c in text.trim().chars() {
        match (c, after) {
            ('0'..='9', _) => {
                whole = (whole * 10 + u64::from(u32::from(c) - 48)).min(u64::from(u32::MAX));
                match &mut after {
                    Some(n) => *n += 1,
                    None => before += 1,
                }
            }
            ('.' | ',', None) => after = Some(0),
            _ => return Err(PriceError::NotAPrice),
        }
    }
    let factor = match after {
        None => 100,
        Some(2) => 1,
        Some(_) => return Err(PriceError::NotAPrice),
    };
    if before == 0 {
        return Err(PriceError::NotAPrice);
    }
    u32::try_from(whole * factor)
        .ok()
        .filter(|cents| *cents <= MOST_CENTS)
        .ok_or(PriceError::TooMuch)
}

/// Writes an amount for people: euros, a point, two digits, a space and the sign, as in `12.50 €`, `0.05 €`, `1200.00 €`.
pub fn show_cents(cents: u64) -> String {
    let digits = format!("{cents:03}");
    let (euros, rest) = digits.split_at(digits.len() - 2);
    [euros, ".", rest, " €"].concat()
}

/// What becomes of a wish in `state` when `who` takes this step, or why nothing does.
///
/// | state | `Reserve` | `Release` | `Give` |
/// | --- | --- | --- | --- |
/// | `Wanted` | reserved by `who` | `NotReserved` | `NotReserved` |
/// | `Reserved`, by `who` | as it was | `Wanted` | given by `who` |
/// | `Reserved`, by somebody else | `AlreadyReserved` | `NotYours` | `NotYours` |
/// | `Given`, by anybody | `AlreadyGiven` | `AlreadyGiven` | `AlreadyGiven` |
pub fn after(state: &State, step: Step, who: &str) -> Result<State, Refused> {
    let by = match state {
        State::Given { .. } => return Err(Refused::AlreadyGiven),
        State::Wanted if step == Step::Reserve => return Ok(State::Reserved { by: who.into() }),
        State::Wanted => return Err(Refused::NotReserved),
        State::Reserved { by } => by,
    };
    if by.as_str() != who {
        return Err(if step == Step::Reserve {
            Refused::AlreadyReserved
        } else {
            Refused::NotYours
        });
    }
    Ok(match step {
        Step::Reserve => State::Reserved { by: by.clone() },
        Step::Release => State::Wanted,
        Step::Give => State::Given { by: by.clone() },
    })
}

/// Puts wishes in the order in which the page shows them.
///
/// What is wanted comes first, then what is reserved, then what is given. Within each of the three: what is wanted more comes
/// first; of those, what costs less; of those, the smaller id.
pub fn sort(wishes: &mut [Wish]) {
    fn rank(state: &State) -> u8 {
        if *state == State::Wanted {
            0
        } else if matches!(state, State::Reserved { .. }) {
            1
        } else {
            2
        }
    }
    wishes.sort_unstable_by(|a, b| {
        rank(&a.state)
            .cmp(&rank(&b.state))
            .then_with(|| b.priority.cmp(&a.priority))
            .then_with(|| a.cents.cmp(&b.cents))
            .then_with(|| a.id.cmp(&b.id))
    });
}

/// What everything that is not given yet costs together, in cents. Reserved is not given.
pub fn open_cents(wishes: &[Wish]) -> u64 {
    let mut sum = 0;
    for wish in wishes {
        match wish.state {
            State::Given { .. } => {}
            _ => sum += u64::from(wish.cents),
        }
    }
    sum
}
