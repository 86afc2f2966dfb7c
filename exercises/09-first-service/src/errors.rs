//! One place that words every failure: JSON for programs, a page for people, a line for whoever runs the service.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

use crate::given::failure::{Audience, Failure};
use crate::given::pages;
use crate::given::wishes::FieldError;

/// What a program reads: problem details, as RFC 9457 has them. An empty list of errors is left out.
#[derive(Debug, Serialize)]
struct Problem<'a> {
    /// The status in words, such as `Not Found`: `StatusCode::canonical_reason` knows them.
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
    request_id: &'a str,
}

/// For whom the answer to a request is.
///
/// What asks for `/api`, or for anything below `/api/`, is a program. Elsewhere the header `Accept` decides: a list of media
/// types with commas between them, each perhaps followed by `;` and parameters, of which `q` (0 to 1; without it, 1) says how
/// welcome it is. The answer is for a person when `text/html` is in the list, its `q` is above 0, and not below that of
/// `application/json`, if that is there too; no other type counts, and neither does a `*`. In this header small and capital
/// letters are the same, and white space around a type, a name or a value does not count. A `q` that is no number from 0 to 1
/// counts as 0.
///
/// | path | accept | answer |
/// | --- | --- | --- |
/// | `/x` | `text/html,application/xhtml+xml;q=0.9,*/*;q=0.8` | `Person` |
/// | `/api/x` | the same | `Program` |
/// | `/x` | `*/*`, or no such header | `Program` |
/// | `/apiary` | `application/json;q=0.5, text/html;q=0.4` | `Program` |
/// | `/x` | `Text/HTML; charset=utf-8; q=0` | `Program` |
pub fn audience(path: &str, accept: Option<&str>) -> Audience {
    todo!("find how welcome each of the two types is, then compare")
}

/// The answer to a failure.
///
/// | failure | status | detail |
/// | --- | --- | --- |
/// | `NotFound { what: "wish" }` | 404 | `there is no such wish` |
/// | `WrongMethod` | 405 | `this address does not take this method` |
/// | `Body { status, said }` | `status` | `said` |
/// | `Invalid(errors)` | 422 | `some fields need another look`, with these errors |
/// | `Refused(refused)` | 409 | its own text (`Display`) |
/// | `Duplicate` | 409 | `this title is on the list already` |
/// | `Full` | 409 | `the list is full` |
/// | `Busy` | 503, and `Retry-After: 2` | `too many ask at once` |
/// | `TooSlow` | 503, and `Retry-After: 2` | `it took too long` |
/// | `Broken(error)` | 500 | `something went wrong on our side` |
///
/// A program gets a [`Problem`] of the type `application/problem+json`; a person gets the page that [`pages::error`] makes
/// (should that fail, the detail alone). Both carry the request's id. Nothing of what is in `Broken` is in any answer.
pub fn answer(failure: &Failure, audience: Audience, request_id: &str) -> Response {
    todo!("status, detail and errors first; then the two kinds of body; the header last")
}

/// What the log says of a failure, for whoever runs the service; nothing for what a client did wrong.
///
/// `Broken` gives the error's text, and behind it the text of each `source()` below it, joined with `": "`. `Busy` and
/// `TooSlow` give the detail of their answer: the service is too small for what is asked of it. All others give nothing.
pub fn report(failure: &Failure) -> Option<String> {
    todo!("the whole chain, from the outermost error to the first cause")
}
