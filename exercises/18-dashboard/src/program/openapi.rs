//! The API's description.

use axum::http::header;
use axum::response::IntoResponse;

/// `GET /openapi.json`
pub async fn document() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        include_str!("openapi.json"),
    )
}
