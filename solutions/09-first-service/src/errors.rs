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
    let accept = accept.unwrap_or_default();
    let html = welcome(accept, "text/html");
    let json = welcome(accept, "application/json");
    let is_api = path == "/api" || path.starts_with("/api/");
    if !is_api && html > 0.0 && html >= json {
        Audience::Person
    } else {
        Audience::Program
    }
}

/// The `q` of a media type in the header `Accept`, 0 when it is not there.
fn welcome(accept: &str, kind: &str) -> f64 {
    let entry = accept.split(',').find_map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next()?;
        name.eq_ignore_ascii_case(kind).then_some(parts)
    });
    let Some(mut parameters) = entry else {
        return 0.0;
    };
    let q = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_q = name.trim().eq_ignore_ascii_case("q");
        // `NaN` can be parsed as well, and is no number from 0 to 1.
        let q = value.trim().parse().ok();
        is_q.then(|| q.filter(|q| (0.0..=1.0).contains(q)).unwrap_or(0.0))
    });
    q.unwrap_or(1.0)
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
    let (status, detail) = said(failure);
    let errors: &[FieldError] = match failure {
        Failure::Invalid(errors) => errors,
        _ => &[],
    };
    let mut response = match audience {
        Audience::Program => {
            let title = status.canonical_reason().unwrap_or("Error");
            let problem = Problem {
                title,
                status: status.as_u16(),
                detail: &detail,
                errors,
                request_id,
            };
            let kind = [(header::CONTENT_TYPE, "application/problem+json")];
            (status, kind, Json(problem)).into_response()
        }
        Audience::Person => match pages::error(status, &detail, errors, request_id) {
            Ok(page) => (status, Html(page)).into_response(),
            Err(_) => (status, detail).into_response(),
        },
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let seconds = header::HeaderValue::from_static("2");
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn said(failure: &Failure) -> (StatusCode, String) {
    let (status, detail) = match failure {
        Failure::NotFound { what } => {
            return (StatusCode::NOT_FOUND, format!("there is no such {what}"));
        }
        Failure::Body { status, said } => return (*status, said.clone()),
        Failure::Refused(refused) => return (StatusCode::CONFLICT, refused.to_string()),
        Failure::WrongMethod => (
            StatusCode::METHOD_NOT_ALLOWED,
            "this address does not take this method",
        ),
        Failure::Invalid(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "some fields need another look",
        ),
        Failure::Duplicate => (StatusCode::CONFLICT, "this title is on the list already"),
        Failure::Full => (StatusCode::CONFLICT, "the list is full"),
        Failure::Busy => (StatusCode::SERVICE_UNAVAILABLE, "too many ask at once"),
        Failure::TooSlow => (StatusCode::SERVICE_UNAVAILABLE, "it took too long"),
        Failure::Broken(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "something went wrong on our side",
        ),
    };
    (status, detail.to_owned())
}

/// What the log says of a failure, for whoever runs the service; nothing for what a client did wrong.
///
/// `Broken` gives the error's text, and behind it the text of each `source()` below it, joined with `": "`. `Busy` and
/// `TooSlow` give the detail of their answer: the service is too small for what is asked of it. All others give nothing.
pub fn report(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Broken(error) => {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(inner) = source {
                text.push_str(": ");
                text.push_str(&inner.to_string());
                source = inner.source();
            }
            Some(text)
        }
        Failure::Busy | Failure::TooSlow => Some(said(failure).1),
        _ => None,
    }
}
