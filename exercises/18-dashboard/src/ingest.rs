//! Milestone 1: what happened, and when.
//!
//! The shop's servers, its app and its tills send what happens, in batches. Some of it is wrong, some of it comes twice. Nothing that
//! is right may be lost for that.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::{Router, routing::post};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::given::app::{App, Cx};
use crate::given::clock::UnixTime;
use crate::given::config::Config;
use crate::given::events::{Event, Kind};
use crate::given::http;
use crate::given::problem::Problem;

/// `POST /api/events`
pub fn routes() -> Router<App> {
    Router::new().route("/api/events", post(ingest))
}

/// How the events of a body are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json`: one array.
    Json,
    /// `application/x-ndjson`: one JSON text a line.
    Ndjson,
}

/// What the answer says.
#[derive(Debug, Serialize)]
pub struct Taken {
    /// Events that were new.
    pub accepted: usize,
    /// Events that were there already; sending them again does no harm.
    pub known: usize,
    /// Events that were not taken, in the order of their places.
    pub refused: Vec<Refusal>,
}

/// Why an event was not taken.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// Its place in the array, or its line: the first is 1.
    pub place: usize,
    /// The first field of the table that is wrong; nothing when it is no JSON object at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
    /// A sentence for whoever wrote the sender.
    pub message: String,
}

/// One event of a body: its place, and what it says or why it is not JSON.
pub type Piece = (usize, Result<Value, String>);

/// Why an event is refused: the field, if it is one, and a sentence.
type Wrong = (Option<&'static str>, String);

/// The format that `content-type` names. Parameters behind a `;` do not matter, and neither do capitals or the blanks around it.
///
/// # Errors
///
/// 415 with the code `unsupported_media_type` for everything else, a header that is missing or there twice included.
pub fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    todo!("all values of the header; one of them, up to the semicolon")
}

/// Takes a body apart.
///
/// - `Json`: the elements of the array; the first has place 1.
/// - `Ndjson`: the lines; the first has place 1. A line ends with `\n` or with `\r\n`, and the last one may lack that. Lines that are empty, or hold
///   blanks and tabs alone, count as places and are no events. Each line is read by itself: one that is no JSON, or no UTF-8, is an `Err` with a
///   sentence, and the others are not touched by it. Half a line at the end, as a connection that broke off leaves it, is such a line.
///
/// A body without events is right, and so is `[]`.
///
/// # Errors
///
/// - 400 with the code `malformed` when the body of `Json` is no JSON, or no array (a single object, too)
/// - 422 with the code `too_many_events` for more than `most` events. Lines that are no JSON count, those without anything do not.
pub fn pieces(format: Format, body: &[u8], most: usize) -> Result<Vec<Piece>, Problem> {
    todo!("two ways to read, one way to count")
}

/// One event, checked field by field in the order of this table. The first one that is wrong is named.
///
/// | field | what is right |
/// | --- | --- |
/// | `id` | a text of 1 to 64 characters, each an ASCII letter, digit, or one of `-` `_` `.` `:` |
/// | `at` | a text as RFC 3339 has it, with a `Z` or a distance from UTC: `2026-05-01T09:30:00+02:00`. Parts of a second are cut off, towards the past. Not before 1970, not before `horizon` (single events of that time are gone), and not later than `now` and [`Config::clock_tolerance`] |
/// | `kind` | `view`, `cart` or `order` |
/// | `country` | two of the capitals A to Z |
/// | `channel`, `device`, `category` | a text of 1 to 40 characters (`char`s) without control characters, and without white space at either end |
/// | `cents` | a whole number from -100,000,000 to 100,000,000, as JSON has it: not `1.0`, not `"1"` |
///
/// Every field must be there; other fields are ignored. Texts are kept exactly as they came. Limits belong to what is right: an event at exactly
/// `horizon`, or exactly the tolerance ahead, is taken.
///
/// # Errors
///
/// The name of the field and a sentence; no name when `value` is no object.
pub fn event(
    value: &Value,
    now: UnixTime,
    horizon: UnixTime,
    config: &Config,
) -> Result<Event, Wrong> {
    todo!("one small function a rule; a chain of `?`")
}

/// `POST /api/events`: 200 with [`Taken`], also when every event was refused.
///
/// Each event is taken or refused by itself. Those that are right are handed to the store in one transaction, in their order and in one call,
/// even if there is none of them; the horizon is asked in the same transaction. If anything was new, [`publish`](crate::given::neighbours::News::publish)
/// is told the store's version, once, after the transaction.
///
/// # Errors
///
/// Those of [`format`] and [`pieces`], 413 ([`http::too_large`]) for a body above [`Config::largest_body`], 400 `malformed` for a body that cannot be
/// read otherwise, and 500 when the store fails: then nothing of the batch was taken, and nothing is published.
pub async fn ingest(cx: Cx, request: Request) -> Result<Json<Taken>, Problem> {
    todo!("read, take apart, then everything else in `cx.run`")
}
