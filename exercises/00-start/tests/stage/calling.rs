use start::calling::{parcel_grams, two_parcels_grams};

/// Two parcels weigh what both books and both boxes weigh.
#[test]
fn each_book_has_a_box_of_its_own() {
    for (first, second, expected) in [
        (350, 500, 1010),
        (200, 200, 560),
        (0, 500, 660),
        (350, 0, 510),
        (0, 0, 160),
        (1, 1, 162),
        (500, 1, 661),
        (1, 500, 661),
        (80, 80, 320),
        (2_000, 30_000, 32_160),
    ] {
        let grams: u32 = two_parcels_grams(first, second);
        assert_eq!(grams, expected, "books of {first} and {second} grams");
    }
}

/// Whatever the two books weigh: both of them count, and 80 grams for each box.
#[test]
fn both_parcels_count() {
    let mut random = support::seeded(0xB0C5);
    for limit in [1_000, 2_000_000_000] {
        for _ in 0..100 {
            let first = u32::try_from(random.number(0..limit)).expect("below a u32");
            let second = u32::try_from(random.number(0..limit)).expect("below a u32");
            let grams: u32 = two_parcels_grams(first, second);
            let expected = first + 80 + second + 80;
            assert_eq!(grams, expected, "books of {first} and {second} grams");
        }
    }
}

/// The finished function still answers what it answered before: one book, and 80 grams for its box.
#[test]
fn one_parcel_weighs_what_it_did() {
    let edges = [0, 1, 79, 80, 81, 1_000, 2_147_483_567];
    let drawn = support::seeded(0x0B0C).numbers(0..2_000_000_000).take(100);
    for number in edges.into_iter().chain(drawn) {
        let book = u32::try_from(number).expect("below a u32");
        let two: u32 = two_parcels_grams(book, book);
        assert_eq!(two, 2 * (book + 80), "two books of {book} grams each");
        let one: u32 = parcel_grams(book);
        assert_eq!(
            one,
            book + 80,
            "one book of {book} grams, by `parcel_grams`"
        );
    }
}
