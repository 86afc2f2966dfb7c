//! Requests with a condition: what has not changed is not sent again, and nobody writes over what they have not seen.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::given::books::{Isbn, IsbnPath};
use crate::given::levels::{Change, Entry, Level, Levels};
use crate::given::records::Clock;

/// How two tags are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal, and neither of them weak: the same byte for byte.
    Strong,
    /// Equal but for the `W/`: as good as the same.
    Weak,
}

/// Whether a header field, `If-Match` or `If-None-Match`, names this tag.
///
/// A tag is a text in quotes, `"7"`, or a weak one, `W/"7"`. Between the quotes stands anything but a quote, also a comma. A field
/// is a list of tags with commas between them, and spaces or tabs around these; empty places in the list do not count. Or it
/// is a single `*`, perhaps with spaces or tabs around it, which names every tag. A field that is neither names none, not even what could be read of it.
///
/// | field | tag | strong | weak |
/// | --- | --- | --- | --- |
/// | `"6", "7"` | `"7"` | yes | yes |
/// | `W/"7"` | `"7"` | no | yes |
/// | `W/"7"` | `W/"7"` | no | yes |
/// | `"6,7"` | `"7"` | no | no |
/// | `"7", 8` | `"7"` | no | no |
pub fn names(field: &str, tag: &str, comparison: Comparison) -> bool {
    todo!("a list is read sign by sign: a comma between quotes ends nothing")
}

/// What `GET /levels` answers.
#[derive(Debug, Serialize)]
struct Listing {
    /// The second of this answer, by the clock that was given.
    as_of: i64,
    levels: Vec<Item>,
}

/// One book in the list.
#[derive(Debug, Serialize)]
struct Item {
    isbn: Isbn,
    #[serde(flatten)]
    level: Level,
}

/// The levels for partners.
///
/// | request | answer |
/// | --- | --- |
/// | `GET /levels` | 200, [`Listing`], in the order of the ISBNs; or 304 |
/// | `GET /levels/{isbn}` | 200, the [`Level`]; or 304; 404 when there is none |
/// | `PUT /levels/{isbn}`, a [`Level`] | 201 when there was none, 200 otherwise; the level as it is then |
/// | `DELETE /levels/{isbn}` | 204; 404 when there is none |
///
/// - A level has a strong tag, and no two states that differ have the same. The list has a weak one, because two answers differ in
///   `as_of` though they say the same: it changes when a level does. Answers with a level or the list (200, 201) carry the tag as
///   `ETag`.
/// - `GET` looks at `If-None-Match`: when it names the tag (the weak comparison), the answer is 304 without a body, with the
///   same `ETag`. Both answers to `GET`, 200 and 304, say `Cache-Control: no-cache`: keep it, and ask before you use it.
/// - `PUT` and `DELETE` want to know what the partner has seen. With neither `If-Match` nor `If-None-Match` they answer 428. When
///   there is an `If-Match`, there has to be a level, and its tag has to be named (the strong comparison). When there is an
///   `If-None-Match`, the level's tag must not be named (the weak comparison); without a level nothing is. With both, both have
///   to hold. Otherwise it is 412. In all of these cases nothing is changed, and 412 comes before 404.
/// - A field may come in several lines, which count like one with commas between them.
/// - Of two partners who write at the same moment with the same tag, one gets 412.
pub fn routes(levels: Arc<Levels>, clock: Clock) -> Router {
    todo!("two addresses; whether a write may be is decided inside of `Levels::change`")
}
