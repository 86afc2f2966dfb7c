//! Answers that refuse something, as problem details (RFC 9457).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An answer with this status: a title that belongs to the status, and a sentence about this one case.
pub fn refusal(status: StatusCode, detail: &str) -> Response {
    let problem = json!({
        "title": status.canonical_reason().unwrap_or("It did not work"),
        "status": status.as_u16(),
        "detail": detail,
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, kind, problem.to_string()).into_response()
}
