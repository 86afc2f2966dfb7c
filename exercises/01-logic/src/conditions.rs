//! Postage and status codes.
//!
//! The price of a parcel depends on its weight, some parcels ship free, and the status code of an HTTP answer belongs
//! to one of five classes. Three small decisions, and each is only as good as its answer at the edges.

/// The postage for a parcel, in cents; `None` when the parcel is not sent by post.
///
/// | `weight_grams` | answer |
/// | --- | --- |
/// | 0 | `None`: there is nothing to send |
/// | 1 to 500 | `Some(290)` |
/// | 501 to 2000 | `Some(490)` |
/// | 2001 to 10_000 | `Some(890)` |
/// | 10_001 and more | `None`: too heavy for the post |
pub fn postage_cents(weight_grams: u32) -> Option<u32> {
    todo!("choose the band of the weight")
}

/// Says whether an order ships free of charge.
///
/// Within the home country it does when the books cost 3000 cents or more, and for members whatever the books cost.
/// Abroad nothing ships free, for nobody.
///
/// | `books_cents` | `is_member` | `is_abroad` | answer |
/// | --- | --- | --- | --- |
/// | 3000 | no | no | `true` |
/// | 2999 | no | no | `false` |
/// | 500 | yes | no | `true` |
/// | 9000 | yes | yes | `false` |
pub fn ships_free(books_cents: u64, is_member: bool, is_abroad: bool) -> bool {
    todo!("join the conditions by `&&`, `||` and `!`")
}

/// The class of an HTTP status code, by name.
///
/// (`&'static str` is the type of a text that stands in the program itself, such as `"success"`.)
///
/// | `status` | answer |
/// | --- | --- |
/// | 100 to 199 | `"informational"` |
/// | 200 to 299 | `"success"` |
/// | 300 to 399 | `"redirection"` |
/// | 400 to 499 | `"client error"` |
/// | 500 to 599 | `"server error"` |
/// | any other number | `"unknown"` |
pub fn status_class(status: u16) -> &'static str {
    todo!("one row of the table is one arm of a `match`")
}
