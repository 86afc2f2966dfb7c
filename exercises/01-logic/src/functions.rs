//! Discounts and late fees.
//!
//! Which discount a customer gets is a list of rules, and the first one that applies decides. What a customer owes who
//! does not pay is a rule that leans on itself: this month's sum comes from last month's.

/// The discount on one line of an order, in percent.
///
/// The rules, in this order; the first one that applies decides, and the others no longer matter:
///
/// 1. A book whose price is fixed by law: 0.
/// 2. The customer is a school: 15.
/// 3. 25 copies or more: 10.
/// 4. 5 copies or more: 5.
/// 5. Otherwise: 0.
///
/// | `copies` | `is_school` | `has_fixed_price` | answer |
/// | --- | --- | --- | --- |
/// | 30 | no | no | 10 |
/// | 30 | yes | no | 15 |
/// | 30 | yes | yes | 0 |
pub fn discount_percent(copies: u16, is_school: bool, has_fixed_price: bool) -> u64 {
    todo!("one `if` with a `return` for each rule, in the order of the rules")
}

/// What a line of an order costs, in cents: price times copies, less the discount.
///
/// The discount is taken on the whole line, not on each copy, and rounded down to a full cent.
///
/// | `price_cents` | `copies` | `is_school` | `has_fixed_price` | answer |
/// | --- | --- | --- | --- | --- |
/// | 1000 | 5 | no | no | 4750 |
/// | 199 | 5 | no | no | 946: the discount on 995 is 49.75, rounded down to 49 |
/// | 199 | 5 | yes | yes | 995 |
pub fn to_pay(price_cents: u32, copies: u16, is_school: bool, has_fixed_price: bool) -> u64 {
    todo!("call `discount_percent` for the percentage")
}

/// What a customer owes who has not paid for `months` months, in cents.
///
/// Each month adds a late fee: one hundredth of what was owed until then, rounded down to a full cent. An amount that
/// no longer fits in a `u64` stays at the largest `u64`.
///
/// Write this one with recursion: what is owed after 3 months is what was owed after 2 months, plus the fee.
///
/// | `cents` | `months` | answer |
/// | --- | --- | --- |
/// | 10_000 | 0 | 10_000 |
/// | 10_000 | 1 | 10_100 |
/// | 10_000 | 2 | 10_201 |
/// | 99 | 12 | 99: a hundredth of it is less than a cent |
pub fn owed_recursive(cents: u64, months: u32) -> u64 {
    todo!("after 0 months: `cents`; otherwise ask for one month less, and add the fee")
}

/// The same as `owed_recursive`, written with a loop, so that a million months are no trouble either.
pub fn owed_looped(cents: u64, months: u32) -> u64 {
    todo!("start from `cents` and add the fee once for each month")
}
