//! An order comes in: everything that is wrong with it is said at once, and only what is right gets any further.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Map, Value};

use crate::given::books::Isbn;
use crate::given::orders::{self, Address, Country, Customer, FieldError, Line, NewOrder, Orders};

/// How many characters a name or a street has at most.
pub const MOST_NAME: usize = 100;
/// How many characters a message has at most.
pub const MOST_MESSAGE: usize = 200;
/// How many lines an order has at most.
pub const MOST_LINES: usize = 50;
/// How many copies of one book are ordered at most.
pub const MOST_COPIES: u64 = 99;

/// Checks an order: either all of it, or an error for every field that is wrong, in any order.
///
/// | pointer | what is right |
/// | --- | --- |
/// | (the empty text) | an object |
/// | `/customer`, `/ship_to` | an object |
/// | `/customer/name`, `/ship_to/street` | a text of 1 to [`MOST_NAME`] characters (not bytes), not only white space |
/// | `/customer/email` | a text with exactly one `@`, something before and behind it, and no white space |
/// | `/ship_to/country` | a code that [`Country::of`] knows |
/// | `/ship_to/postcode` | a text of so many digits (0 to 9) as the country wants |
/// | `/lines` | a list of 1 to [`MOST_LINES`] lines |
/// | `/lines/0`, `/lines/1` … | an object |
/// | `/lines/0/isbn` | a text that is an ISBN; `knows` it; no line before has the same |
/// | `/lines/0/copies` | a number without a fraction (`2`; `2.0` and `"2"` are none), 1 to [`MOST_COPIES`] |
/// | `/gift_message` | may be missing; otherwise a text of at most [`MOST_MESSAGE`] characters |
///
/// - A field that is wrong has one error. A value of the wrong type is an error of its field, and `null` is such a value.
/// - A field that is missing has its error at the pointer where it would be.
/// - A field that nobody knows is an error, at each level. In a pointer `~` is written `~0`, and `/` is written `~1`.
/// - One cause, one error: where an object or the list is missing or wrong, nothing is said about what would be in it. When the
///   country is wrong, nobody can say how many digits its postcode has: then only a postcode that is missing or no text is an error.
/// - Texts are kept as they came.
pub fn check(body: &Value, knows: &dyn Fn(&Isbn) -> bool) -> Result<NewOrder, Vec<FieldError>> {
    todo!("each field gives its value, or puts an error on the list; only at the end it is decided")
}

/// `POST /orders`, JSON: 201, the order as [`Orders::place`] gives it back, and its address `/orders/{id}` as `Location`. With
/// faulty fields: the answer of [`orders::refused`], and nothing is placed. A body that cannot be read as JSON is 400, one of
/// another content type 415, as axum's `Json` has it.
pub fn routes(orders: Arc<Orders>) -> Router {
    todo!("one address, one method")
}
