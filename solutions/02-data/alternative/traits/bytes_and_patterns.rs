//! Differs: takes the text apart with a pattern on its bytes, cuts the printed number before its last two digits, compares with `if`.

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
        // At least three digits, so that one stands before the dot.
        let digits = format!("{:03}", self.cents);
        let (whole, rest) = digits.split_at(digits.len() - 2);
        write!(f, "{whole}.{rest}")
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
        let (whole, cents): (&[u8], [u8; 2]) = match text.as_bytes() {
            [whole @ .., b'.', tens, ones] => (whole, [*tens, *ones]),
            whole => (whole, *b"00"),
        };
        if whole.is_empty() {
            return Err(ParseMoneyError::Malformed);
        }
        // Read to the end even when it is too large already: a letter further on makes it `Malformed`.
        let mut total: Option<u64> = Some(0);
        for byte in whole.iter().chain(&cents) {
            if !byte.is_ascii_digit() {
                return Err(ParseMoneyError::Malformed);
            }
            total = total
                .and_then(|sum| sum.checked_mul(10))
                .and_then(|sum| sum.checked_add(u64::from(byte - b'0')));
        }
        total
            .map(|cents| Money { cents })
            .ok_or(ParseMoneyError::TooLarge)
    }
}

/// A rule that makes the price of one copy out of its list price.
pub trait Pricing {
    /// What the customer pays for a copy that is listed at `list`.
    fn price(&self, list: Money) -> Money;

    /// What the customer saves on it: 0 when the rule makes the copy dearer. A type that implements `price` gets this
    /// method as a gift.
    fn saving(&self, list: Money) -> Money {
        let price = self.price(list);
        if price > list {
            return Money { cents: 0 };
        }
        Money {
            cents: list.cents - price.cents,
        }
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
        if self.percent >= 100 {
            return Money { cents: 0 };
        }
        // What is paid is rounded up where the discount is rounded down.
        let paid = (u128::from(list.cents) * u128::from(100 - self.percent)).div_ceil(100);
        // Less than 100 percent of a `u64` fits into one.
        u64::try_from(paid).map_or(list, |cents| Money { cents })
    }
}

/// A fixed amount off each copy. A copy never costs less than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountOff {
    pub amount: Money,
}

impl Pricing for AmountOff {
    fn price(&self, list: Money) -> Money {
        match list.cents.checked_sub(self.amount.cents) {
            Some(cents) => Money { cents },
            None => Money { cents: 0 },
        }
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
        let (first, second) = (self.first.price(list), self.second.price(list));
        if first < second { first } else { second }
    }
}

/// What one copy of each costs together, under any pricing rule. No copies cost 0. `None` when the sum is more than
/// `u64::MAX` cents.
pub fn total(pricing: &impl Pricing, list_prices: &[Money]) -> Option<Money> {
    list_prices
        .iter()
        .map(|list| pricing.price(*list).cents)
        .try_fold(0_u64, u64::checked_add)
        .map(|cents| Money { cents })
}

/// The largest of the items, whatever they are, as long as they can be compared. `None` when there are none.
pub fn largest<T: Ord>(items: &[T]) -> Option<&T> {
    items
        .iter()
        .reduce(|best, next| if next > best { next } else { best })
}
