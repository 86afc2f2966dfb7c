//! A field gets a better name, and nobody breaks.
//!
//! Version 1 of the API calls a book's title `name`. Version 2 calls it `title`, and knows the series that a book belongs to.
//! Both are served at once, over the same shelf, until version 1 is switched off on a day that its clients have read in every
//! answer.
//!
//! A client says in the header `Lantern-Version` which one it speaks. Those that were written when there was but one say nothing.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::given::refusal::refusal;
use crate::given::shelf::{Shelf, ShelfBook};

/// The header that says which version a client speaks, and in answers which one it is given.
pub const VERSION: HeaderName = HeaderName::from_static("lantern-version");
/// How many characters a title has at most.
pub const MOST_TITLE: usize = 200;

/// The versions that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

/// A book in version 1.
#[derive(Debug, Serialize)]
struct BookV1 {
    id: i64,
    name: String,
    cents: u32,
}

/// A book in version 2.
#[derive(Debug, Serialize)]
struct BookV2 {
    id: i64,
    title: String,
    cents: u32,
    series: Option<String>,
}

/// What is written in version 1.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftV1 {
    name: String,
    cents: u32,
}

/// What is written in version 2.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftV2 {
    title: String,
    cents: u32,
    series: Option<String>,
}

/// What is planned for version 1, in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// From when on it should not be used any more.
    pub deprecated: i64,
    /// From when on it is gone.
    pub gone: i64,
    /// The address of the page that says what to do.
    pub guide: String,
}

/// What the routes need. A clone is the same desk.
#[derive(Clone)]
pub struct Desk {
    pub shelf: Shelf,
    pub plan: Arc<Plan>,
    /// The time, in seconds since 1970.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// The version that a request speaks: `1` and `2` are known, letter by letter. Without the header it is the first one.
/// Anything else, two headers included, is `None`.
pub fn version(headers: &HeaderMap) -> Option<Version> {
    todo!("none, one, or more than one header?")
}

/// The value of `Deprecation` for a moment (RFC 9745): `@` and the seconds since 1970.
pub fn deprecation(at: i64) -> String {
    todo!("a structured date is a number with a sign before it")
}

/// The value of `Sunset` for a moment (RFC 8594): a date as HTTP writes it, such as `Sun, 09 Sep 2001 01:46:40 GMT`. Nothing for a
/// moment that no calendar of jiff has.
pub fn sunset(at: i64) -> Option<String> {
    todo!("jiff prints dates of RFC 9110")
}

/// The routes of both versions:
///
/// | route | takes | answers |
/// | --- | --- | --- |
/// | `GET /books` | | 200, `{"books": […]}` |
/// | `POST /books` | a draft | 201, the book, and its address as `Location` |
/// | `GET /books/{id}` | | 200, the book |
/// | `PUT /books/{id}` | a draft | 200, the book as it is now |
///
/// Books and drafts are those of the request's version. A draft replaces all that its version knows of a book, and nothing
/// else: version 1 leaves the series as it is, and version 2 without `series` takes it away.
///
/// What goes wrong is a [`refusal`]:
///
/// | what | status |
/// | --- | --- |
/// | a version that is not known | 400 |
/// | version 1, when it is gone: from [`Plan::gone`] on, the second itself included | 410, whatever is asked |
/// | no such book, or an id that is no number | 404 |
/// | a body that axum's `Json` refuses | the status of its rejection |
/// | a title without characters, or with more than [`MOST_TITLE`] | 422, and the detail calls it as its version does: `name`, `title` |
///
/// Every answer, refusals too, and those to an address or a method that there is not, has `Vary: Lantern-Version`, and, if the
/// version is known, `Lantern-Version` with its number. Every answer of version 1, before [`Plan::deprecated`], too, has
/// `Deprecation`, `Sunset`, and `Link: <GUIDE>; rel="deprecation"`; those of version 2 have none of these.
pub fn routes(desk: Desk) -> Router {
    todo!(
        "a middleware that finds the version and adds the headers; handlers that know the shelf; shapes at the edge"
    )
}
