use start::mending::order_cents;

/// One copy costs its price and the postage.
#[test]
fn one_copy_costs_its_price_and_the_postage() {
    let cents: u32 = order_cents(1);
    assert_eq!(cents, 1540, "an order of 1 copy");
}

/// The postage is paid once, however many copies are ordered.
#[test]
fn the_postage_is_paid_once() {
    for (copies, expected) in [(2, 2790), (3, 4040), (5, 6540)] {
        let cents: u32 = order_cents(copies);
        assert_eq!(cents, expected, "an order of {copies} copies");
    }
}

/// Each copy after the first makes the order 1250 cents dearer, and no more.
#[test]
fn a_further_copy_costs_its_price() {
    let readers = 1..=100;
    let schools = support::seeded(0xDE20).numbers(101..3_435_973).take(150);
    // With one copy more, the price is no u32 any longer.
    let most = 3_435_973;
    for number in readers.chain(schools).chain([most]) {
        let copies = u32::try_from(number).expect("below a u32");
        let cents: u32 = order_cents(copies);
        let expected = 1540 + 1250 * (copies - 1);
        assert_eq!(cents, expected, "an order of {copies} copies");
    }
}
