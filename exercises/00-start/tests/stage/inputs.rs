use start::inputs::to_pay_cents;

/// The answer is the price of the book and 290 cents for the postage.
#[test]
fn the_postage_is_added_to_the_price() {
    for (price_cents, expected) in [(1250, 1540), (700, 990), (0, 290)] {
        let to_pay: u32 = to_pay_cents(price_cents);
        assert_eq!(to_pay, expected, "a book for {price_cents} cents");
    }
}

/// The postage comes to every price, not only to those of the table.
#[test]
fn every_price_counts() {
    let edges = [0, 1, 9, 99, 100, 289, 290, 291, 5_000, 10_000, 1_000_000];
    // The largest price of half the numbers, and of all of them: with the postage it still is a u32.
    let largest = [2_147_483_357, 2_147_483_647, 4_294_967_005];
    let books = support::seeded(0x1290).numbers(0..10_000).take(100);
    let treasures = support::seeded(0x9021).numbers(0..4_294_967_006).take(100);
    for number in edges
        .into_iter()
        .chain(largest)
        .chain(books)
        .chain(treasures)
    {
        let price_cents = u32::try_from(number).expect("below a u32");
        let to_pay: u32 = to_pay_cents(price_cents);
        let expected = 290 + price_cents;
        assert_eq!(to_pay, expected, "a book for {price_cents} cents");
    }
}
