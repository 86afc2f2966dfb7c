//! Caught by: money_is_shown_with_two_digits, what_is_shown_can_be_read_again, any_text_is_read_without_a_crash
//! Why it tempts: 12.50 comes out right, and 12.05 as 12.5.

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
        write!(f, "{}.{}", self.cents / 100, self.cents % 100)
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
        // No dot means no cents.
        let (whole, rest) = text.split_once('.').unwrap_or((text, "00"));
        let well_formed =
            !whole.is_empty() && all_digits(whole) && rest.len() == 2 && all_digits(rest);
        if !well_formed {
            return Err(ParseMoneyError::Malformed);
        }
        // "12" and "50" side by side are 1250 cents. Of digits alone, only too many can be refused.
        match format!("{whole}{rest}").parse() {
            Ok(cents) => Ok(Self { cents }),
            Err(_) => Err(ParseMoneyError::TooLarge),
        }
    }
}

/// `parse` would let a plus sign pass, so the digits are checked one by one.
fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A rule that makes the price of one copy out of its list price.
pub trait Pricing {
    /// What the customer pays for a copy that is listed at `list`.
    fn price(&self, list: Money) -> Money;

    /// What the customer saves on it: 0 when the rule makes the copy dearer. A type that implements `price` gets this
    /// method as a gift.
    fn saving(&self, list: Money) -> Money {
        Money {
            cents: list.cents.saturating_sub(self.price(list).cents),
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
        let percent = u64::from(self.percent.min(100));
        // A hundred cents give `percent` cents of discount each; the rest below a hundred is multiplied first. Nothing
        // in this grows past the list price.
        let discount = list.cents / 100 * percent + list.cents % 100 * percent / 100;
        Money {
            cents: list.cents - discount,
        }
    }
}

/// A fixed amount off each copy. A copy never costs less than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountOff {
    pub amount: Money,
}

impl Pricing for AmountOff {
    fn price(&self, list: Money) -> Money {
        Money {
            cents: list.cents.saturating_sub(self.amount.cents),
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
        self.first.price(list).min(self.second.price(list))
    }
}

/// What one copy of each costs together, under any pricing rule. No copies cost 0. `None` when the sum is more than
/// `u64::MAX` cents.
pub fn total(pricing: &impl Pricing, list_prices: &[Money]) -> Option<Money> {
    list_prices
        .iter()
        .try_fold(0_u64, |sum, list| {
            sum.checked_add(pricing.price(*list).cents)
        })
        .map(|cents| Money { cents })
}

/// The largest of the items, whatever they are, as long as they can be compared. `None` when there are none.
pub fn largest<T: Ord>(items: &[T]) -> Option<&T> {
    items.iter().max()
}
