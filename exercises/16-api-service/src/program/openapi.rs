//! The API's description: the public document, and the statuses that this service answers beyond it.

use axum::http::header;
use axum::response::IntoResponse;

/// `GET /openapi.json`
pub async fn document() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        include_str!("openapi.json"),
    )
}
