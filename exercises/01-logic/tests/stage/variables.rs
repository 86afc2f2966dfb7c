use logic::variables::{cart_total, euros_and_cents, line_total};

/// A line costs the price of one copy, times the number of copies.
#[test]
fn a_line_costs_price_times_copies() {
    for (price_cents, copies, expected) in
        [(1250, 3, 3750), (1, 1, 1), (999, 10, 9990), (1250, 0, 0)]
    {
        let total: u64 = line_total(price_cents, copies);
        assert_eq!(
            total, expected,
            "{copies} copies at {price_cents} cents each"
        );
    }
}

/// A line total may be more than a u32 holds: become a u64 first, multiply afterwards.
#[test]
fn a_line_may_cost_more_than_a_u32_holds() {
    let total: u64 = line_total(4_000_000_000, 3);
    assert_eq!(
        total, 12_000_000_000,
        "3 copies at 4_000_000_000 cents each"
    );
    let largest: u64 = line_total(u32::MAX, u32::MAX);
    assert_eq!(
        largest, 18_446_744_065_119_617_025,
        "the largest price, the largest number of copies"
    );
}

/// A line total, divided by the number of copies, gives the price back, and nothing remains.
#[test]
fn a_line_total_divides_back_into_its_price() {
    for (price, copies) in support::seeded(0xCA27).pairs_below(60_000).take(200) {
        let price_cents = u32::from(price) * 70_001;
        let copies = u32::from(copies) + 1;
        let total: u64 = line_total(price_cents, copies);
        assert_eq!(
            (total / u64::from(copies), total % u64::from(copies)),
            (u64::from(price_cents), 0),
            "the total {total}, divided by {copies} copies; one copy costs {price_cents} cents"
        );
    }
}

/// Postage is added and a voucher is taken off.
#[test]
fn postage_is_added_and_the_voucher_taken_off() {
    for (books, postage, voucher, expected) in [
        (3750, 490, 0, 4240),
        (3750, 490, 1000, 3240),
        (12_000_000_000, 890, 500, 12_000_000_390),
        (
            18_000_000_000_000_000_001,
            490,
            0,
            18_000_000_000_000_000_491,
        ),
    ] {
        let to_pay: u64 = cart_total(books, postage, voucher);
        assert_eq!(
            to_pay, expected,
            "books {books}, postage {postage}, voucher {voucher}, in cents"
        );
    }
}

/// A voucher pays for the postage too: what the books do not use up is taken off the postage.
#[test]
fn a_voucher_pays_for_postage_too() {
    let to_pay: u64 = cart_total(800, 490, 1000);
    assert_eq!(
        to_pay, 290,
        "books 800, postage 490, voucher 1000: 1290 less 1000"
    );
    let postage_only: u64 = cart_total(0, 490, 200);
    assert_eq!(
        postage_only, 290,
        "books 0, postage 490, voucher 200: 490 less 200"
    );
}

/// A voucher that is worth more than the whole order makes it free, and the answer never falls below 0.
#[test]
fn a_large_voucher_makes_the_order_free() {
    for (books, postage, voucher) in [
        (800, 490, 1290),
        (800, 490, 1291),
        (800, 490, u32::MAX),
        (0, 0, 500),
    ] {
        let to_pay: u64 = cart_total(books, postage, voucher);
        assert_eq!(
            to_pay, 0,
            "books {books}, postage {postage}, voucher {voucher}, in cents"
        );
    }
    let last_cent: u64 = cart_total(800, 490, 1289);
    assert_eq!(
        last_cent, 1,
        "books 800, postage 490, voucher 1289, in cents"
    );
}

/// What is paid and what the voucher covers add up to the books and the postage.
#[test]
fn payment_and_voucher_cover_the_order() {
    let mut random = support::seeded(0x70CE);
    for (postage, voucher) in support::seeded(0xCE70).pairs_below(2_000).take(200) {
        let books: u64 = random.number(2_000..9_000_000_000);
        let to_pay: u64 = cart_total(books, u32::from(postage), u32::from(voucher));
        assert_eq!(
            to_pay + u64::from(voucher),
            books + u64::from(postage),
            "books {books}, postage {postage}, voucher {voucher}: the answer was {to_pay}"
        );
    }
}

/// An amount is shown as whole euros and the cents that remain.
#[test]
fn an_amount_splits_into_euros_and_cents() {
    for (amount, expected) in [
        (1205, (12, 5)),
        (99, (0, 99)),
        (100, (1, 0)),
        (700, (7, 0)),
        (0, (0, 0)),
    ] {
        let shown: (u64, u64) = euros_and_cents(amount);
        assert_eq!(shown, expected, "{amount} cents");
    }
}

/// No cent is lost: euros times 100, plus the cents, is the amount again, however large it is.
#[test]
fn euros_and_cents_lose_nothing() {
    for amount in support::seeded(0xE0C5).numbers(0..u64::MAX).take(200) {
        let (euros, cents): (u64, u64) = euros_and_cents(amount);
        assert!(
            cents < 100,
            "{amount} cents: {cents} cents remain, which is a euro or more"
        );
        assert_eq!(
            euros * 100 + cents,
            amount,
            "{amount} cents became {euros} euros and {cents} cents"
        );
    }
}
