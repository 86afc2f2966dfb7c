//! Answers that refuse something, as problem details (RFC 9457).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What the status means, in words.
    pub title: &'static str,
    /// The status once more.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
}

/// An answer with this status: a title that belongs to the status, and a sentence about this one case.
pub fn refusal(status: StatusCode, detail: &str) -> Response {
    let problem = Problem {
        title: status.canonical_reason().unwrap_or("It did not work"),
        status: status.as_u16(),
        detail: detail.to_owned(),
    };
    let mut response = (status, Json(problem)).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
