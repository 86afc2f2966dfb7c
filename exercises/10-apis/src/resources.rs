//! Books as resources: an address for each, and the methods of HTTP to work on it.
//!
//! What an error answers besides its status is no matter here; the exercise `problems` gives errors their bodies.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE, LOCATION, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value};

use crate::given::accept;
use crate::given::books::{self, Book, Details, IsbnPath, Shelf};

/// What `PATCH` takes, for the header `Accept-Patch`.
pub const MERGE_PATCH: &str = "application/merge-patch+json";

/// Changes `target` by a merge patch, as RFC 7396 has it.
///
/// In a patch that is an object, a field with `null` takes the field away, and any other value is the patch for that field,
/// which may be an object again. A field that the patch does not name stays. A patch that is no object takes the place of
/// `target`. Where a patch is an object and its target is none, the target counts as `{}`.
///
/// | target | patch | then |
/// | --- | --- | --- |
/// | `{"a": 1, "b": {"c": 2, "d": 3}}` | `{"a": null, "b": {"c": 4}}` | `{"b": {"c": 4, "d": 3}}` |
/// | `{"a": 1}` | `{"b": {"c": null}}` | `{"a": 1, "b": {}}` |
/// | `{"a": 1}` | `[2]` | `[2]` |
pub fn merge(target: &mut Value, patch: &Value) {
    todo!("what is an object in the patch goes one level down")
}

/// The books for partners. All books are JSON, in the shape of [`Book`].
///
/// | request | answer |
/// | --- | --- |
/// | `GET /books` | 200, a list of all books in the order of their ISBN: JSON, or CSV (see below) |
/// | `POST /books`, a [`Book`] | 201, the book, and its address as `Location`; 409 when its ISBN is there, and nothing is changed |
/// | `GET /books/{isbn}` | 200, the book |
/// | `PUT /books/{isbn}`, [`Details`] | the book is then exactly that: 201 when it is new, 200 when one was there; the book |
/// | `PATCH /books/{isbn}`, a merge patch | 200, the book as it is then |
/// | `DELETE /books/{isbn}` | 204, no body |
///
/// - The address of a book that is not there is 404, also with `PATCH` and `DELETE`. So is one that is no ISBN, with any method
///   of the table.
/// - `HEAD` answers as `GET` does, without the body. Any other method is 405, and `Allow` names those that there are.
/// - A body that is no JSON by its content type is 415; that cannot be read as JSON, 400; that is JSON but not what is asked
///   for, 422. axum's `Json` does all that. What is refused changes nothing.
/// - `PATCH` takes `application/merge-patch+json` and `application/json`, in letters of any size, perhaps with parameters
///   behind a `;` and spaces around it. Any other type, or none, is 415 with
///   `Accept-Patch: application/merge-patch+json`. A patch after which the book would be no book, or would have another ISBN, is 422. Two patches at the same moment both count.
/// - `GET /books` answers `application/json` or `text/csv` ([`books::csv`]), whichever `Accept` likes better, and JSON where
///   that is equal ([`accept::best`]). 406 when it likes neither. `Accept`
///   comes in one line here. All three answers say `Vary: Accept`, for whoever keeps copies.
pub fn routes(shelf: Arc<Shelf>) -> Router {
    todo!("two addresses, six methods, a handler for each")
}
