//! Caught by: nothing_ships_free_abroad
//! Why it tempts: membership is written as a first, separate case, and the country is asked about only afterwards.
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
    if is_member {
        true
    } else {
        !is_abroad && books_cents >= 3000
    }
}

/// The class of an HTTP status code, by name.
pub fn status_class(status: u16) -> &'static str {
    match status {
        100..=199 => "informational",
        200..=299 => "success",
        300..=399 => "redirection",
        400..=499 => "client error",
        500..=599 => "server error",
        _ => "unknown",
    }
}
