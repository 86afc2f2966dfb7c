//! The header in small letters and taken apart once for both types; the answer made with a builder; the chain by recursion.

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
/// `application/json`, if that is there too. Small and capital letters are the same. A `q` that is no number counts as 0.
///
/// | path | accept | answer |
/// | --- | --- | --- |
/// | `/x` | `text/html,application/xhtml+xml;q=0.9,*/*;q=0.8` | `Person` |
/// | `/api/x` | the same | `Program` |
/// | `/x` | `*/*`, or no such header | `Program` |
/// | `/apiary` | `application/json;q=0.5, text/html;q=0.4` | `Program` |
/// | `/x` | `Text/HTML; charset=utf-8; q=0` | `Program` |
pub fn audience(path: &str, accept: Option<&str>) -> Audience {
    if path.split('/').take(2).eq(["", "api"]) {
        return Audience::Program;
    }
    let all = accept.unwrap_or_default().to_lowercase();
    let mut html = None;
    let mut json = None;
    all.split(',').for_each(|entry| {
        let words: Vec<&str> = entry.split(';').map(|word| word.trim()).collect();
        let q = words[1..].iter().find_map(|word| {
            let (name, value) = word.split_once('=')?;
            (name.trim() == "q").then(|| value.trim().parse().unwrap_or(0.0))
        });
        let q = q
            .filter(|q| (0.0..=1.0_f32).contains(q))
            .unwrap_or(if q.is_none() { 1.0 } else { 0.0 });
        match words[0] {
            "text/html" => html = Some(q),
            "application/json" => json = Some(q),
            _ => {}
        }
    });
    match (html, json) {
        (Some(html), None) if html > 0.0 => Audience::Person,
        (Some(html), Some(json)) if html > 0.0 && json <= html => Audience::Person,
        _ => Audience::Program,
    }
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
    let detail = detail_of(failure);
    let status = match failure {
        Failure::NotFound { .. } => 404,
        Failure::WrongMethod => 405,
        Failure::Body { status, .. } => status.as_u16(),
        Failure::Invalid(_) => 422,
        Failure::Refused(_) | Failure::Duplicate | Failure::Full => 409,
        Failure::Busy | Failure::TooSlow => 503,
        Failure::Broken(_) => 500,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let none = Vec::new();
    let errors = if let Failure::Invalid(errors) = failure {
        errors
    } else {
        &none
    };
    let (kind, body) = if audience == Audience::Person {
        match pages::error(status, &detail, errors, request_id) {
            Ok(page) => ("text/html; charset=utf-8", page),
            Err(_) => ("text/plain; charset=utf-8", detail),
        }
    } else {
        let problem = Problem {
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: &detail,
            errors,
            request_id,
        };
        (
            "application/problem+json",
            serde_json::to_string(&problem).unwrap_or_default(),
        )
    };
    let builder = Response::builder()
        .status(status)
        .header("content-type", kind);
    let builder = match failure {
        Failure::Busy | Failure::TooSlow => builder.header("retry-after", 2),
        _ => builder,
    };
    builder
        .body(body.into())
        .unwrap_or_else(|_| status.into_response())
}

/// What the log says of a failure, for whoever runs the service; nothing for what a client did wrong.
///
/// `Broken` gives the error's text, and behind it the text of each `source()` below it, joined with `": "`. `Busy` and
/// `TooSlow` give the detail of their answer: the service is too small for what is asked of it. All others give nothing.
pub fn report(failure: &Failure) -> Option<String> {
    if let Failure::Broken(error) = failure {
        return Some(chain(&**error));
    }
    matches!(failure, Failure::Busy | Failure::TooSlow).then(|| detail_of(failure))
}

fn detail_of(failure: &Failure) -> String {
    match failure {
        Failure::NotFound { what } => "there is no such ".to_string() + what,
        Failure::WrongMethod => "this address does not take this method".into(),
        Failure::Body { said, .. } => said.clone(),
        Failure::Invalid(..) => "some fields need another look".into(),
        Failure::Refused(refused) => format!("{refused}"),
        Failure::Duplicate => "this title is on the list already".into(),
        Failure::Full => "the list is full".into(),
        Failure::Busy => "too many ask at once".into(),
        Failure::TooSlow => "it took too long".into(),
        Failure::Broken(..) => "something went wrong on our side".into(),
    }
}
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        None => error.to_string(),
        Some(inner) => format!("{error}: {}", chain(inner)),
    }
}
