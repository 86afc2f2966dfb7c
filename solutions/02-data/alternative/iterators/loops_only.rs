//! Differs: loops, a hash map and a comparison on pairs, without any chain.

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
    let mut total: u64 = 0;
    for sale in sales {
        let line = sale.price_cents.checked_mul(u64::from(sale.copies))?;
        total = total.checked_add(line)?;
    }
    Some(total)
}

/// The sale with the lowest price of one copy; the first of them when several share it. `None` when there are no sales.
pub fn cheapest(sales: &[Sale]) -> Option<&Sale> {
    sales.iter().min_by_key(|sale| sale.price_cents)
}

/// The titles that cost at most `limit_cents` a copy, in the order of the sales. A title that was sold twice is listed
/// twice. None is that cheap: an empty list.
pub fn titles_at_most(sales: &[Sale], limit_cents: u64) -> Vec<&str> {
    let mut titles = Vec::new();
    for sale in sales {
        if sale.price_cents <= limit_cents {
            titles.push(sale.title.as_str());
        }
    }
    titles
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
    let mut sold: std::collections::HashMap<&str, u64> = std::collections::HashMap::new();
    for sale in sales {
        *sold.entry(&sale.title).or_insert(0) += u64::from(sale.copies);
    }
    let mut ranked: Vec<(String, u64)> = sold
        .into_iter()
        .filter(|(_, copies)| *copies > 0)
        .map(|(title, copies)| (title.to_string(), copies))
        .collect();
    ranked.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
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
    let mut lines = Vec::new();
    for (title, copies) in best {
        lines.push(format!("{}. {title} ({copies})", lines.len() + 1));
    }
    lines
}

/// The first `n` of the payments that are at least `least` cents, in the order in which they come.
///
/// The payments come in all day, and asking for the next one may mean waiting for it. So this function asks for no more
/// payments once it has `n`, and for none at all when `n` is 0. If the payments end before that, the answer is shorter.
pub fn first_large(payments: impl Iterator<Item = u64>, least: u64, n: usize) -> Vec<u64> {
    let mut large = Vec::new();
    if n == 0 {
        return large;
    }
    for cents in payments {
        if cents >= least {
            large.push(cents);
            if large.len() == n {
                break;
            }
        }
    }
    large
}
