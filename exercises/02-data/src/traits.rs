//! Prices that print themselves, read themselves, and follow any pricing rule.
//!
//! A trait is a promise: "this can be shown as text", "this can be read from text", "this knows a price". Code that
//! relies on the promise works for every type that keeps it, also for those that are written next year.

use std::fmt;
use std::str::FromStr;

/// An amount of money in whole cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money {
    pub cents: u64,
}

/// Shows the amount with a dot and always two digits behind it: 1250 cents are `12.50`, 5 cents are `0.05`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!("`write!(f, …)` with the whole part and the rest")
    }
}

/// Why a text is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseMoneyError {
    /// The text is not written like an amount.
    Malformed,
    /// It is written like an amount, of more than `u64::MAX` cents.
    TooLarge,
}

/// Reads an amount: at least one digit, and then, if there are cents, a dot and exactly two digits. A digit is one of
/// `0` to `9`; zeros in front do not count. Whatever else the text holds makes it `Malformed`: white space, signs,
/// commas, digits of other scripts.
///
/// | text | answer |
/// | --- | --- |
/// | `12.50` | 1250 cents |
/// | `12` | 1200 cents |
/// | `12.5`, `12.`, `.50`, `+12`, the empty text | `Malformed` |
/// | `184467440737095516.16` | `TooLarge` |
impl FromStr for Money {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        todo!("cut at the dot, check both parts, turn the digits into cents")
    }
}

/// A rule that makes the price of one copy out of its list price.
pub trait Pricing {
    /// What the customer pays for a copy that is listed at `list`.
    fn price(&self, list: Money) -> Money;

    /// What the customer saves on it: 0 when the rule makes the copy dearer. A type that implements `price` gets this
    /// method as a gift.
    fn saving(&self, list: Money) -> Money {
        todo!("compare `list` with what `self.price(…)` says")
    }
}

/// So many percent off. The discount is rounded down to whole cents, and more than 100 percent count as 100.
///
/// ```text
/// 10 percent off 1999 cents: the discount is 199.9, so 199 cents; the customer pays 1800
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PercentOff {
    pub percent: u8,
}

impl Pricing for PercentOff {
    /// Right for every amount, up to `u64::MAX` cents.
    fn price(&self, list: Money) -> Money {
        todo!("work out the discount so that nothing overflows, then take it off")
    }
}

/// A fixed amount off each copy. A copy never costs less than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountOff {
    pub amount: Money,
}

impl Pricing for AmountOff {
    fn price(&self, list: Money) -> Money {
        todo!("take the amount off, down to 0")
    }
}

/// Of two rules, the one that is better for the customer, decided for each list price anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BestOf<A, B> {
    pub first: A,
    pub second: B,
}

impl<A: Pricing, B: Pricing> Pricing for BestOf<A, B> {
    fn price(&self, list: Money) -> Money {
        todo!("ask both rules")
    }
}

/// What one copy of each costs together, under any pricing rule. No copies cost 0. `None` when the sum is more than
/// `u64::MAX` cents.
pub fn total(pricing: &impl Pricing, list_prices: &[Money]) -> Option<Money> {
    todo!("ask the rule for each price, and add up so that an overflow is noticed")
}

/// The largest of the items, whatever they are, as long as they can be compared. `None` when there are none.
pub fn largest<T: Ord>(items: &[T]) -> Option<&T> {
    todo!("the type does not matter, only that two items can be compared")
}
