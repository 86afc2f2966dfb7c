//! Caught by: nothing_and_too_much_are_not_sent, other_numbers_have_no_class
//! Why it tempts: comparing with the upper end only is shorter, and no parcel of the everyday is empty.
//!
//! Postage and status codes.
//!
//! The price of a parcel depends on its weight, some parcels ship free, and the status code of an HTTP answer belongs
//! to one of five classes. Three small decisions, and each is only as good as its answer at the edges.

/// The postage for a parcel, in cents; `None` when the parcel is not sent by post.
pub fn postage_cents(weight_grams: u32) -> Option<u32> {
    // What no band holds, nothing at all and too much, ends in the last arm.
    match weight_grams {
        0..=500 => Some(290),
        501..=2000 => Some(490),
        2001..=10_000 => Some(890),
        _ => None,
    }
}

/// Says whether an order ships free of charge.
pub fn ships_free(books_cents: u64, is_member: bool, is_abroad: bool) -> bool {
    // The brackets are needed: `&&` binds tighter than `||`.
    !is_abroad && (is_member || books_cents >= 3000)
}

/// The class of an HTTP status code, by name.
pub fn status_class(status: u16) -> &'static str {
    match status {
        0..=199 => "informational",
        200..=299 => "success",
        300..=399 => "redirection",
        400..=499 => "client error",
        500..=599 => "server error",
        600..=999 => "unknown",
        _ => "server error",
    }
}
