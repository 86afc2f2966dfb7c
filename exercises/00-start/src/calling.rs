//! What two parcels weigh.
//!
//! The first function is finished, and right: leave it as it is. The second one is yours, and it calls the first.

/// What one parcel weighs, in grams: the book that is in it, and 80 grams for the box.
///
/// | `book_grams` | answer |
/// | --- | --- |
/// | 350 | 430 |
/// | 500 | 580 |
pub fn parcel_grams(book_grams: u32) -> u32 {
    book_grams + 80
}

/// What two parcels weigh together, in grams. Each of the two books lies in a box of its own.
///
/// | `first_book` | `second_book` | answer |
/// | --- | --- | --- |
/// | 350 grams | 500 grams | 1010 grams: 430 and 580 |
/// | 200 grams | 200 grams | 560 grams: 280 and 280 |
pub fn two_parcels_grams(first_book: u32, second_book: u32) -> u32 {
    todo!("one call for each book, and the two answers added")
}
