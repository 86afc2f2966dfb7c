use logic::functions::{discount_percent, owed_looped, owed_recursive, to_pay};

/// A book with a fixed price is never discounted: this rule comes first, before all others.
#[test]
fn a_fixed_price_is_never_discounted() {
    for copies in [1, 5, 25, 1000] {
        for is_school in [false, true] {
            let percent: u64 = discount_percent(copies, is_school, true);
            assert_eq!(
                percent, 0,
                "{copies} copies, school: {is_school}, fixed price"
            );
        }
    }
    let without: u64 = discount_percent(5, true, false);
    assert_eq!(without, 15, "5 copies, a school, no fixed price");
}

/// A school gets 15 percent for any number of copies: this rule comes before the ones on copies.
#[test]
fn a_school_gets_fifteen_percent() {
    for copies in [0, 1, 5, 25, 1000] {
        let percent: u64 = discount_percent(copies, true, false);
        assert_eq!(percent, 15, "{copies} copies, a school");
    }
    let others: u64 = discount_percent(1, false, false);
    assert_eq!(others, 0, "1 copy, not a school, no fixed price");
}

/// For other customers the number of copies decides: 10 percent from 25 copies, 5 percent from 5 copies, else none.
#[test]
fn the_number_of_copies_decides_for_others() {
    for (copies, expected) in [
        (0, 0),
        (1, 0),
        (4, 0),
        (5, 5),
        (24, 5),
        (25, 10),
        (u16::MAX, 10),
    ] {
        let percent: u64 = discount_percent(copies, false, false);
        assert_eq!(
            percent, expected,
            "{copies} copies, not a school, no fixed price"
        );
    }
}

/// The discount is taken once, on the whole line, and rounded down to a full cent.
#[test]
fn the_discount_is_rounded_once_for_the_line() {
    let cases = [
        (1000, 5, 4750),
        (199, 5, 946),
        (1, 25, 23),
        (1999, 1, 1999),
        (1999, 0, 0),
    ];
    for (price, copies, expected) in cases {
        let cents: u64 = to_pay(price, copies, false, false);
        assert_eq!(
            cents, expected,
            "{copies} copies at {price} cents, not a school, no fixed price"
        );
    }
    let fixed: u64 = to_pay(199, 5, true, true);
    assert_eq!(fixed, 995, "5 copies at 199 cents, a school, fixed price");
    let largest: u64 = to_pay(u32::MAX, u16::MAX, true, false);
    assert_eq!(
        largest, 239_250_079_426_152,
        "the largest price, the most copies, a school"
    );
}

/// A school pays 85 percent of the line; what the rounding takes off the discount is less than one cent.
#[test]
fn a_school_pays_85_percent_of_the_line() {
    for (a, copies) in support::seeded(0x5C00).pairs_below(5_000).take(200) {
        let price = u32::from(a) * 37 + 1;
        let cents: u64 = to_pay(price, copies, true, false);
        let exact_in_hundredths = u64::from(price) * u64::from(copies) * 85;
        assert_eq!(
            cents,
            exact_in_hundredths.div_ceil(100),
            "{copies} copies at {price} cents, a school: {exact_in_hundredths} hundredths of a cent, rounded up"
        );
    }
}

/// With recursion: the fee is a hundredth of what was owed until then, fees included, rounded down each month.
#[test]
fn the_recursion_adds_a_fee_each_month() {
    let cases = [
        (10_000, 0, 10_000),
        (10_000, 1, 10_100),
        (10_000, 2, 10_201),
        (99, 12, 99),
        (150, 4, 154),
        (0, 9, 0),
        (9_007_199_254_740_993, 1, 9_097_271_247_288_402),
        (9_999_999_999_999_999_999, 2, 10_200_999_999_999_999_997),
    ];
    for (cents, months, expected) in cases {
        let owed: u64 = owed_recursive(cents, months);
        assert_eq!(
            owed, expected,
            "{cents} cents, unpaid for {months} months, by recursion"
        );
    }
    let most: u64 = owed_recursive(u64::MAX - 5, 3);
    assert_eq!(
        most,
        u64::MAX,
        "an amount that no longer fits stays at the largest u64, by recursion"
    );
}

/// With a loop: the fee is a hundredth of what was owed until then, fees included, rounded down each month.
#[test]
fn the_loop_adds_a_fee_each_month() {
    let cases = [
        (10_000, 0, 10_000),
        (10_000, 1, 10_100),
        (10_000, 2, 10_201),
        (99, 12, 99),
        (150, 4, 154),
        (0, 9, 0),
        (9_007_199_254_740_993, 1, 9_097_271_247_288_402),
        (9_999_999_999_999_999_999, 2, 10_200_999_999_999_999_997),
    ];
    for (cents, months, expected) in cases {
        let owed: u64 = owed_looped(cents, months);
        assert_eq!(
            owed, expected,
            "{cents} cents, unpaid for {months} months, by a loop"
        );
    }
    let most: u64 = owed_looped(u64::MAX - 5, 3);
    assert_eq!(
        most,
        u64::MAX,
        "an amount that no longer fits stays at the largest u64, by a loop"
    );
}

/// The recursion and its loop give the same answer, and one more month adds a hundredth.
#[test]
fn recursion_and_loop_agree() {
    for (cents, months) in support::seeded(0x0FEE).pairs_below(240).take(100) {
        let (cents, months) = (u64::from(cents) * 991, u32::from(months));
        let (recursive, looped): (u64, u64) =
            (owed_recursive(cents, months), owed_looped(cents, months));
        assert_eq!(
            recursive, looped,
            "{cents} cents after {months} months: by recursion (left), by a loop (right)"
        );
        let at_first: u64 = owed_looped(cents, 0);
        assert_eq!(at_first, cents, "{cents} cents after 0 months");
        let later: u64 = owed_looped(cents, months + 1);
        assert_eq!(
            later,
            looped + looped / 100,
            "{cents} cents after {months} months and one more: {looped} and the fee"
        );
    }
}

/// A loop needs no memory for each turn: a million months do not overflow the stack.
#[test]
fn the_loop_goes_on_for_a_million_months() {
    let owed: u64 = owed_looped(99, 1_000_000);
    assert_eq!(
        owed, 99,
        "99 cents, unpaid for a million months: each fee is rounded down to 0"
    );
    let more: u64 = owed_looped(100, 1_000_000);
    assert_eq!(
        more,
        u64::MAX,
        "100 cents, unpaid for a million months: far more than a u64 holds"
    );
}
