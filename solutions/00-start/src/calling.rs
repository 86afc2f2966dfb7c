//! What two parcels weigh.

/// What one parcel weighs, in grams: the book that is in it, and 80 grams for the box.
pub fn parcel_grams(book_grams: u32) -> u32 {
    book_grams + 80
}

/// What two parcels weigh together, in grams. Each of the two books lies in a box of its own.
pub fn two_parcels_grams(first_book: u32, second_book: u32) -> u32 {
    parcel_grams(first_book) + parcel_grams(second_book)
}
