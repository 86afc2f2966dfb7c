//! Caught by: the_recursion_adds_a_fee_each_month, recursion_and_loop_agree
//! Why it tempts: the call of itself is there and the base case too; what is done with its answer is forgotten.
//!
//! Discounts and late fees.
//!
//! Which discount a customer gets is a list of rules, and the first one that applies decides. What a customer owes who
//! does not pay is a rule that leans on itself: this month's sum comes from last month's.

/// The discount on one line of an order, in percent.
pub fn discount_percent(copies: u16, is_school: bool, has_fixed_price: bool) -> u64 {
    // One rule a line and the strongest first: a rule need not repeat that the ones above did not apply.
    if has_fixed_price {
        return 0;
    }
    if is_school {
        return 15;
    }
    if copies >= 25 {
        return 10;
    }
    if copies >= 5 {
        return 5;
    }
    0
}

/// What a line of an order costs, in cents: price times copies, less the discount, which is rounded down.
pub fn to_pay(price_cents: u32, copies: u16, is_school: bool, has_fixed_price: bool) -> u64 {
    let line_cents = u64::from(price_cents) * u64::from(copies);
    let percent = discount_percent(copies, is_school, has_fixed_price);
    // Multiplied before it is divided: the other way round the cents of every incomplete euro would be lost.
    let discount_cents = line_cents * percent / 100;
    line_cents - discount_cents
}

/// What a customer owes who has not paid for `months` months, in cents, by recursion.
pub fn owed_recursive(cents: u64, months: u32) -> u64 {
    if months == 0 {
        return cents;
    }
    owed_recursive(cents, months - 1)
}

/// The same as `owed_recursive`, by a loop: a variable takes the place of the waiting calls.
pub fn owed_looped(cents: u64, months: u32) -> u64 {
    let mut owed = cents;
    for _ in 0..months {
        owed = with_fee(owed);
    }
    owed
}

/// One month later: what was owed, and a hundredth of it.
fn with_fee(owed_cents: u64) -> u64 {
    owed_cents.saturating_add(owed_cents / 100)
}
