//! Best sellers, and other answers from a list of sales.
//!
//! The front page shows what sells. Each function here takes a list and gives a number, a shorter list or a ranked one:
//! a chain of small steps, or a loop. Both are right; the last function shows when the difference matters.
//!
//! Titles are compared and kept exactly as they are written: `"Emma"`, `"emma"` and `"Emma "` are three titles, and an
//! empty text is a title like any other. "Alphabetical" is the order in which `String`s compare.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// One sale: so many copies of one title, at the price of one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    pub title: String,
    pub copies: u32,
    pub price_cents: u64,
}

/// What all sales brought in: copies times price, added up. No sales bring in `Some(0)`.
///
/// `None` when the sum, or one sale alone, is more than `u64::MAX` cents.
pub fn revenue_cents(sales: &[Sale]) -> Option<u64> {
    todo!("carry a total from sale to sale; stop as soon as it does not fit")
}

/// The sale with the lowest price of one copy; the first of them when several share it. `None` when there are no sales.
pub fn cheapest(sales: &[Sale]) -> Option<&Sale> {
    todo!("the smallest, measured by its price")
}

/// The titles that cost at most `limit_cents` a copy, in the order of the sales. A title that was sold twice is listed
/// twice. None is that cheap: an empty list.
pub fn titles_at_most(sales: &[Sale], limit_cents: u64) -> Vec<&str> {
    todo!("keep some, take the title of each, collect")
}

/// The `n` titles with the most copies sold, each with its number of copies over all of its sales.
///
/// Most copies first; titles with equally many in alphabetical order. A title of which no copy was sold is not listed.
/// When fewer than `n` titles were sold, all of them are listed; with `n` 0, none.
///
/// ```text
/// Emma 3, Orlando 5, Emma 4, Flush 5, Villette 0
/// best 2 are  Emma 7, Flush 5
/// ```
pub fn best_sellers(sales: &[Sale], n: usize) -> Vec<(String, u64)> {
    todo!("add up by title, sort, cut off")
}

/// The lines of the front page: the rank from 1, the title, the copies in brackets. An empty list makes no lines.
///
/// ```text
/// 1. Emma (7)
/// 2. Flush (5)
/// ```
pub fn ranking(best: &[(String, u64)]) -> Vec<String> {
    todo!("`enumerate` counts along, from 0")
}

/// The first `n` of the payments that are at least `least` cents, in the order in which they come.
///
/// The payments come in all day, and asking for the next one may mean waiting for it. So this function asks for no more
/// payments once it has `n`, and for none at all when `n` is 0. If the payments end before that, the answer is shorter.
pub fn first_large(payments: impl Iterator<Item = u64>, least: u64, n: usize) -> Vec<u64> {
    todo!("keep the large ones, take `n` of them, collect; in which order?")
}
