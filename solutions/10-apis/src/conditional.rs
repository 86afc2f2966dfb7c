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

/// What may stand around a tag.
const SPACES: [char; 2] = [' ', '\t'];

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
    if field.trim_matches(SPACES) == "*" {
        return true;
    }
    let named = tags_of(field).unwrap_or_default();
    named.iter().any(|named| same(named, tag, comparison))
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
    Router::new()
        .route("/levels", get(list))
        .route("/levels/{isbn}", get(show).put(put).delete(remove))
        .with_state(Desk { levels, clock })
}

/// The tags of a list, or nothing when it cannot be read to its end.
fn tags_of(field: &str) -> Option<Vec<&str>> {
    let mut tags = Vec::new();
    let mut rest = field.trim_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let quoted = rest.strip_prefix("W/").unwrap_or(rest);
        let (_, behind) = quoted.strip_prefix('"')?.split_once('"')?;
        tags.push(&rest[..rest.len() - behind.len()]);
        let behind = behind.trim_start_matches(SPACES);
        if !behind.is_empty() && !behind.starts_with(',') {
            return None;
        }
        rest = behind.trim_start_matches([' ', '\t', ',']);
    }
    Some(tags)
}

fn same(one: &str, other: &str, comparison: Comparison) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    match comparison {
        Comparison::Strong => one == other && !one.starts_with("W/"),
        Comparison::Weak => opaque(one) == opaque(other),
    }
}

/// What the handlers need.
#[derive(Clone)]
struct Desk {
    levels: Arc<Levels>,
    clock: Clock,
}

/// The tag of a level. Every change has a number that no other has.
fn tag_of(entry: &Entry) -> String {
    format!("\"{}\"", entry.change)
}

/// The field, its lines put together, or nothing when it is not there.
fn field_of(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let lines = headers.get_all(name).iter();
    let lines: Vec<_> = lines
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// The answer to a GET: what there is, or 304 when the client has it already.
fn fresh<T: Serialize>(headers: &HeaderMap, tag: String, what: &T) -> Response {
    let known = field_of(headers, IF_NONE_MATCH);
    let known = known.is_some_and(|field| names(&field, &tag, Comparison::Weak));
    let head = [(ETAG, tag), (CACHE_CONTROL, "no-cache".to_owned())];
    match known {
        true => (StatusCode::NOT_MODIFIED, head).into_response(),
        false => (head, Json(what)).into_response(),
    }
}

/// Whether a write may be, for what is there now.
fn allowed(headers: &HeaderMap, current: Option<&Entry>) -> Result<(), StatusCode> {
    let tag = current.map(tag_of);
    let named = |field: &str, comparison| {
        let tag = tag.as_deref();
        tag.is_some_and(|tag| names(field, tag, comparison))
    };
    let wanted = field_of(headers, IF_MATCH);
    let unwanted = field_of(headers, IF_NONE_MATCH);
    if wanted.is_none() && unwanted.is_none() {
        return Err(StatusCode::PRECONDITION_REQUIRED);
    }
    let holds = wanted.is_none_or(|field| named(&field, Comparison::Strong))
        && unwanted.is_none_or(|field| !named(&field, Comparison::Weak));
    holds.then_some(()).ok_or(StatusCode::PRECONDITION_FAILED)
}

async fn list(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let (entries, last) = desk.levels.all();
    let item = |(isbn, entry): (Isbn, Entry)| Item {
        isbn,
        level: entry.level,
    };
    let listing = Listing {
        as_of: (desk.clock)(),
        levels: entries.into_iter().map(item).collect(),
    };
    fresh(&headers, format!("W/\"{last}\""), &listing)
}

async fn show(
    State(desk): State<Desk>,
    IsbnPath(isbn): IsbnPath,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let entry = desk.levels.find(&isbn).ok_or(StatusCode::NOT_FOUND)?;
    Ok(fresh(&headers, tag_of(&entry), &entry.level))
}

async fn put(
    State(desk): State<Desk>,
    IsbnPath(isbn): IsbnPath,
    headers: HeaderMap,
    Json(level): Json<Level>,
) -> Result<Response, StatusCode> {
    let mut status = StatusCode::OK;
    // Looks and writes under one lock: what is decided here is decided for what is replaced here.
    let entry = desk.levels.change(&isbn, |current| {
        allowed(&headers, current)?;
        if current.is_none() {
            status = StatusCode::CREATED;
        }
        Ok::<Change, StatusCode>(Change::Put(level))
    })?;
    let entry = entry.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok((status, [(ETAG, tag_of(&entry))], Json(entry.level)).into_response())
}

async fn remove(
    State(desk): State<Desk>,
    IsbnPath(isbn): IsbnPath,
    headers: HeaderMap,
) -> Result<StatusCode, StatusCode> {
    desk.levels.change(&isbn, |current| {
        allowed(&headers, current)?;
        current.map(|_| Change::Remove).ok_or(StatusCode::NOT_FOUND)
    })?;
    Ok(StatusCode::NO_CONTENT)
}
