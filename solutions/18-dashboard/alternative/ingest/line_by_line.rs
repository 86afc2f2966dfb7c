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

/// The longest `id`.
const LONGEST_ID: usize = 64;
/// The longest channel, device or category, in characters.
const LONGEST_VALUE: usize = 40;
/// The largest amount, above and below zero.
const MOST_CENTS: i64 = 100_000_000;

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

/// The format that `content-type` names.
pub fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let only = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    };
    let kind = only.and_then(|value| value.split(';').next());
    match kind.map(|kind| kind.trim().to_ascii_lowercase()).as_deref() {
        Some("application/json") => Ok(Format::Json),
        Some("application/x-ndjson") => Ok(Format::Ndjson),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send events as application/json or application/x-ndjson.",
        )),
    }
}

/// Takes a body apart.
pub fn pieces(format: Format, body: &[u8], most: usize) -> Result<Vec<Piece>, Problem> {
    let pieces = match format {
        Format::Json => elements(body)?,
        Format::Ndjson => lines(body),
    };
    if pieces.len() > most {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_many_events",
            &format!("One request takes {most} events at most: send several."),
        ));
    }
    Ok(pieces)
}

fn elements(body: &[u8]) -> Result<Vec<Piece>, Problem> {
    let values: Vec<Value> = serde_json::from_slice(body)
        .map_err(|_| Problem::bad_request("malformed", "The body is not a JSON array."))?;
    Ok((1..).zip(values.into_iter().map(Ok)).collect())
}

fn lines(body: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (before, line) in body.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let read = match std::str::from_utf8(line) {
            Ok(text) => text
                .parse()
                .map_err(|error: serde_json::Error| format!("This is not JSON: {error}.")),
            Err(_) => Err("This line is not UTF-8.".to_owned()),
        };
        pieces.push((before + 1, read));
    }
    pieces
}

/// One event, checked field by field.
pub fn event(
    value: &Value,
    now: UnixTime,
    horizon: UnixTime,
    config: &Config,
) -> Result<Event, Wrong> {
    let Value::Object(fields) = value else {
        return Err((None, "An event is a JSON object.".to_owned()));
    };
    Ok(Event {
        id: id(fields)?,
        at: at(fields, now, horizon, config)?,
        kind: kind(fields)?,
        country: country(fields)?,
        channel: plain(fields, "channel")?,
        device: plain(fields, "device")?,
        category: plain(fields, "category")?,
        cents: cents(fields)?,
    })
}

fn wrong(field: &'static str, message: &str) -> Wrong {
    (Some(field), message.to_owned())
}

fn text<'f>(fields: &'f Map<String, Value>, field: &'static str) -> Result<&'f str, Wrong> {
    fields
        .get(field)
        .and_then(Value::as_str)
        .ok_or_else(|| wrong(field, "This field is required, as a text."))
}

fn id(fields: &Map<String, Value>) -> Result<String, Wrong> {
    let id = text(fields, "id")?;
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(fine) {
        return Ok(id.to_owned());
    }
    let message = "An id has 1 to 64 ASCII letters, digits, or any of - _ . :";
    Err(wrong("id", message))
}

fn at(
    fields: &Map<String, Value>,
    now: UnixTime,
    horizon: UnixTime,
    config: &Config,
) -> Result<UnixTime, Wrong> {
    let text = text(fields, "at")?;
    let time: jiff::Timestamp = text.parse().map_err(|_| {
        let message = "This is no time as RFC 3339 has it, such as 2026-05-01T09:30:00+02:00.";
        wrong("at", message)
    })?;
    // `as_second` cuts towards 1970; before it that would be the future.
    if time < jiff::Timestamp::UNIX_EPOCH || time.as_second() < horizon {
        return Err(wrong("at", "Events of that time are not taken any more."));
    }
    if time.as_second() > now.saturating_add(config.clock_tolerance) {
        let message = "This has not happened yet: the sender's clock is ahead.";
        return Err(wrong("at", message));
    }
    Ok(time.as_second())
}

fn kind(fields: &Map<String, Value>) -> Result<Kind, Wrong> {
    Kind::named(text(fields, "kind")?)
        .ok_or_else(|| wrong("kind", "This is one of view, cart and order."))
}

fn country(fields: &Map<String, Value>) -> Result<String, Wrong> {
    match text(fields, "country")?.as_bytes() {
        [b'A'..=b'Z', b'A'..=b'Z'] => Ok(text(fields, "country")?.to_owned()),
        _ => Err(wrong("country", "Write it as two capitals: AT.")),
    }
}

fn plain(fields: &Map<String, Value>, field: &'static str) -> Result<String, Wrong> {
    let value = text(fields, field)?;
    let length = value.chars().count();
    if (1..=LONGEST_VALUE).contains(&length)
        && !value.chars().any(char::is_control)
        && value.trim() == value
    {
        return Ok(value.to_owned());
    }
    let message = "This has 1 to 40 characters, no control characters, and no blanks at its ends.";
    Err(wrong(field, message))
}

fn cents(fields: &Map<String, Value>) -> Result<i64, Wrong> {
    fields
        .get("cents")
        .and_then(Value::as_i64)
        .filter(|cents| (-MOST_CENTS..=MOST_CENTS).contains(cents))
        .ok_or_else(|| {
            let message = "This is a whole number from -100000000 to 100000000.";
            wrong("cents", message)
        })
}

/// `POST /api/events`
pub async fn ingest(cx: Cx, request: Request) -> Result<Json<Taken>, Problem> {
    let format = format(request.headers())?;
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => http::too_large(),
            _ => Problem::bad_request("malformed", "The body could not be read."),
        })?;
    // Ten thousand events are parsed in some milliseconds: work for a thread that may take its time.
    cx.run(move |cx| take(cx, pieces(format, &body, cx.config().most_events)?))
        .await
        .map(Json)
}

fn take(cx: &Cx, pieces: Vec<Piece>) -> Result<Taken, Problem> {
    let mut refused = Vec::new();
    let (recorded, version) = cx.write(|tx| {
        let store = &tx.neighbours().store;
        let horizon = store.horizon(tx)?;
        refused.clear();
        let mut events = Vec::new();
        for (place, piece) in &pieces {
            let checked = match piece {
                Ok(value) => event(value, tx.now(), horizon, tx.config()),
                Err(message) => Err((None, message.clone())),
            };
            match checked {
                Ok(event) => events.push(event),
                Err((field, message)) => refused.push(Refusal {
                    place: *place,
                    field,
                    message,
                }),
            }
        }
        Ok((store.record(tx, &events)?, store.version(tx)?))
    })?;
    // Only what is committed is news.
    if recorded.new > 0 {
        cx.neighbours().news.publish(version);
    }
    Ok(Taken {
        accepted: recorded.new,
        known: recorded.known,
        refused,
    })
}
