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
    sales.iter().try_fold(0_u64, |total, sale| {
        let line = sale.price_cents.checked_mul(u64::from(sale.copies))?;
        total.checked_add(line)
    })
}

/// The sale with the lowest price of one copy; the first of them when several share it. `None` when there are no sales.
pub fn cheapest(sales: &[Sale]) -> Option<&Sale> {
    sales.iter().min_by_key(|sale| sale.price_cents)
}

/// The titles that cost at most `limit_cents` a copy, in the order of the sales. A title that was sold twice is listed
/// twice. None is that cheap: an empty list.
pub fn titles_at_most(sales: &[Sale], limit_cents: u64) -> Vec<&str> {
    sales
        .iter()
        .filter(|sale| sale.price_cents <= limit_cents)
        .map(|sale| sale.title.as_str())
        .collect()
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
    // A `u64` has room for at least 2^32 sales of `u32::MAX` copies each: more than fit into memory.
    let mut sold: BTreeMap<&str, u64> = BTreeMap::new();
    for sale in sales {
        *sold.entry(&sale.title).or_insert(0) += u64::from(sale.copies);
    }
    let mut ranked: Vec<(String, u64)> = sold
        .into_iter()
        .filter(|(_, copies)| *copies > 0)
        .map(|(title, copies)| (title.to_string(), copies))
        .collect();
    // The map gave the titles in alphabetical order, and this sort keeps equals in the order in which it finds them.
    ranked.sort_by_key(|(_, copies)| Reverse(*copies));
    ranked.truncate(n);
    ranked
}

/// The lines of the front page: the rank from 1, the title, the copies in brackets. An empty list makes no lines.
///
/// ```text
/// 1. Emma (7)
/// 2. Flush (5)
/// ```
pub fn ranking(best: &[(String, u64)]) -> Vec<String> {
    best.iter()
        .enumerate()
        .map(|(place, (title, copies))| format!("{}. {title} ({copies})", place + 1))
        .collect()
}

/// The first `n` of the payments that are at least `least` cents, in the order in which they come.
///
/// The payments come in all day, and asking for the next one may mean waiting for it. So this function asks for no more
/// payments once it has `n`, and for none at all when `n` is 0. If the payments end before that, the answer is shorter.
pub fn first_large(payments: impl Iterator<Item = u64>, least: u64, n: usize) -> Vec<u64> {
    payments.filter(|cents| *cents >= least).take(n).collect()
}
