//! Errors that a program can read: problem details, as RFC 9457 has them, for all routes of the API.

use std::error::Error;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::given::shipments::{Carrier, Cause, Dispatch, Failure, Ids, Log, Shipment};

/// Where the types of problems are described. The last part of the address is the name of the type.
pub const TYPES: &str = "https://lantern.example/problems/";
/// The type of a problem that says no more than its status does.
pub const BLANK: &str = "about:blank";
/// What the id of a request stands behind in `instance`.
pub const REQUEST: &str = "urn:lantern:request:";

/// What an error says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which kind of problem it is: an address that never changes, for programs to compare.
    pub r#type: String,
    /// The kind in words, the same whenever it occurs.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What is special about this occurrence, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Further fields, beside the others, for programs to work with.
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}

/// The problem of a failure.
///
/// | failure | type | title | status | detail | extensions |
/// | --- | --- | --- | --- | --- | --- |
/// | `NoSuchShipment` | [`TYPES`]`no-such-shipment` | `There is no such shipment` | 404 | `shipment 7 is not there` | |
/// | `AlreadySent` | [`TYPES`]`already-sent` | `The parcel has left` | 409 | `shipment 7 left as LT-7` | `tracking` |
/// | `TooHeavy` | [`TYPES`]`too-heavy` | `The parcel is too heavy` | 422 | `30001 g are more than 30000 g` | `grams`, `most_grams` |
/// | `CarrierBusy` | [`TYPES`]`carrier-busy` | `The carrier is busy` | 503 | `ask again in 30 s` | `seconds` |
/// | `Broken` | [`BLANK`] | `Internal Server Error` | 500 | none | |
///
/// Extensions are those fields of the failure that the table names, under their own names; numbers stay numbers.
pub fn problem_of(failure: &Failure) -> Problem {
    todo!("a row for each row of the table")
}

/// The answer: the problem's status, the problem as JSON, and the content type `application/problem+json`.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        todo!("what `Json` says about itself is not quite right here")
    }
}

/// The answer to a failure is that of its problem. `CarrierBusy` adds its seconds as `Retry-After`. `Broken` puts a [`Cause`] into
/// the extensions of the answer: the error's text, and behind it the text of each `source()` below it, joined with `": "`; each
/// of them as it is, also when two say the same.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        todo!("first what the problem answers, then what is added to it")
    }
}

/// The shipments for partners:
///
/// | request | answer |
/// | --- | --- |
/// | `GET /shipments/{id}` | 200, the [`Shipment`] |
/// | `POST /shipments/{id}/dispatch`, JSON, [`Dispatch`] | 200, the [`Shipment`] as it is then |
///
/// Each request asks the carrier for one thing, once. Its failures are returned as they are. What axum refuses, it answers itself.
pub fn routes(carrier: Arc<dyn Carrier>) -> Router {
    todo!("two addresses")
}

/// Makes every error of these routes a problem, whoever answered it: a handler, an extractor, or axum where there is no such
/// address or method.
///
/// - Each request gets an id from `ids`, once. Every answer, error or not, carries it as `x-request-id`, in
///   place of one that a handler may have set.
/// - An answer of status 400 or higher (there is no highest) that is no problem by its content type becomes one: type
///   [`BLANK`], its status, the status in words as title (`Error` where `canonical_reason` has no words), and no detail. Nothing of its body stays: nobody
///   knows what is in it. Its headers stay, but those that speak of the body: `Content-Type`, `Content-Length`, `Content-Encoding`.
/// - An answer of status 400 or higher that is a problem (`application/problem+json`, in letters of any size, perhaps with
///   parameters behind a `;` and spaces around it) keeps its fields as they are, however many, `null` or at odds with the
///   answer; it gets no other than `instance`. One whose body is no JSON object is treated like an answer that is no problem.
/// - Every problem gets the field `instance`: [`REQUEST`] and the id.
/// - Answers below 400 stay as they are, whatever their content type.
/// - When the answer has a [`Cause`], whatever its status, the log is called once, with the id, `": "`, and the cause, sign for sign.
///   Otherwise it is not called.
pub fn with_problems(router: Router, ids: Ids, log: Log) -> Router {
    todo!("let the routes answer first, then look at the answer")
}
