use start::calling::{parcel_grams, two_parcels_grams};

/// Two parcels weigh what both books and both boxes weigh.
#[test]
fn each_book_has_a_box_of_its_own() {
    for (first, second, expected) in [(350, 500, 1010), (200, 200, 560), (900, 100, 1160)] {
        let grams: u32 = two_parcels_grams(first, second);
        assert_eq!(
            grams, expected,
            "a book of {first} grams and one of {second} grams"
        );
    }
}

/// Whatever the two books weigh: both of them count, and 80 grams for each box.
#[test]
fn both_parcels_count() {
    for (first, second) in support::seeded(0xB0C5).pairs_below(30_000).take(200) {
        let (first, second) = (u32::from(first), u32::from(second));
        let grams: u32 = two_parcels_grams(first, second);
        let expected = first + 80 + second + 80;
        assert_eq!(
            grams, expected,
            "a book of {first} grams and one of {second} grams"
        );
    }
}

/// The finished function still answers what it answered before: one book, and 80 grams for its box.
#[test]
fn one_parcel_weighs_what_it_did() {
    for number in support::seeded(0x0B0C).numbers(0..30_000).take(100) {
        let book = u32::try_from(number).expect("a small number fits in a u32");
        assert_eq!(
            two_parcels_grams(book, book),
            2 * (book + 80),
            "two books of {book} grams each"
        );
        let parcel: u32 = parcel_grams(book);
        assert_eq!(
            parcel,
            book + 80,
            "one book of {book} grams, by `parcel_grams`"
        );
    }
}
