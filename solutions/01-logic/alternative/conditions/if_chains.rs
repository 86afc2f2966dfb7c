//! Differs: `if` and `else if` instead of `match`, and a class by division.
//!
//! Postage and status codes.
//!
//! The price of a parcel depends on its weight, some parcels ship free, and the status code of an HTTP answer belongs
//! to one of five classes. Three small decisions, and each is only as good as its answer at the edges.

/// The postage for a parcel, in cents; `None` when the parcel is not sent by post.
pub fn postage_cents(weight_grams: u32) -> Option<u32> {
    // What no band holds, nothing at all and too much, ends in the last arm.
    match weight_grams {
        1..=500 => Some(290),
        501..=2000 => Some(490),
        2001..=10_000 => Some(890),
        _ => None,
    }
}

/// Says whether an order ships free of charge.
pub fn ships_free(books_cents: u64, is_member: bool, is_abroad: bool) -> bool {
    if is_abroad {
        return false;
    }
    is_member || books_cents >= 3000
}

/// The class of an HTTP status code, by name.
pub fn status_class(status: u16) -> &'static str {
    match status / 100 {
        1 => "informational",
        2 => "success",
        3 => "redirection",
        4 => "client error",
        5 => "server error",
        _ => "unknown",
    }
}
