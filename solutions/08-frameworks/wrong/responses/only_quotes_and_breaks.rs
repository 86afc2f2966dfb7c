//! Caught by: a_file_name_cannot_leave_its_quotes
//! Why it tempts: a list of the characters known to be bad is shorter than one of the good.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::json;

/// An order, as the answers show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    pub id: u64,
    pub isbn: String,
    pub quantity: u32,
}

/// What the order desk has to say.
///
/// | answer | status | headers | body |
/// | --- | --- | --- | --- |
/// | `Placed(order)` | 201 | `Location: /orders/17` (the order's id) | the order, in JSON |
/// | `Found(order)` | 200 | | the order, in JSON |
/// | `Cancelled` | 204 | no `Content-Type`: there is no content | none |
/// | `Moved { to: 18 }`, joined with another order for good | 308 | `Location: /orders/18` | none |
/// | `Closed { seconds: 90 }` | 503 | `Retry-After: 90` | `{"error": "the order desk is closed"}` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderAnswer {
    Placed(Order),
    Found(Order),
    Cancelled,
    Moved { to: u64 },
    Closed { seconds: u64 },
}

impl IntoResponse for OrderAnswer {
    fn into_response(self) -> Response {
        match self {
            Self::Placed(order) => {
                let location = [(LOCATION, format!("/orders/{}", order.id))];
                (StatusCode::CREATED, location, Json(order)).into_response()
            }
            Self::Found(order) => Json(order).into_response(),
            Self::Cancelled => StatusCode::NO_CONTENT.into_response(),
            Self::Moved { to } => Redirect::permanent(&format!("/orders/{to}")).into_response(),
            Self::Closed { seconds } => {
                let retry_after = [(RETRY_AFTER, seconds.to_string())];
                let body = json!({ "error": "the order desk is closed" });
                (StatusCode::SERVICE_UNAVAILABLE, retry_after, Json(body)).into_response()
            }
        }
    }
}

/// Something that was looked for: with `Some(value)` 200 and the value in JSON, with `None` 404 and
/// `{"error": "not found"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrNotFound<T>(pub Option<T>);

impl<T: Serialize> IntoResponse for OrNotFound<T> {
    fn into_response(self) -> Response {
        match self.0 {
            Some(value) => Json(value).into_response(),
            None => {
                let body = json!({ "error": "not found" });
                (StatusCode::NOT_FOUND, Json(body)).into_response()
            }
        }
    }
}

/// A table to keep: the browser saves it as a file instead of showing it.
///
/// - status 200, the body is `csv`, unchanged;
/// - `Content-Type: text/csv; charset=utf-8`;
/// - `Content-Disposition: attachment; filename="sales-2026.csv"` for the name `sales-2026`.
///
/// The name may come from a user. Each of its characters that is no ASCII letter, digit, `-` or `_` becomes one `_`, so
/// that no name can end the quotes or start another header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFile {
    pub name: String,
    pub csv: String,
}

impl IntoResponse for CsvFile {
    fn into_response(self) -> Response {
        let is_safe = |letter: char| !"\"\r\n;/".contains(letter);
        let name: String = self
            .name
            .chars()
            .map(|letter| if is_safe(letter) { letter } else { '_' })
            .collect();
        let headers = [
            (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}.csv\""),
            ),
        ];
        (headers, self.csv).into_response()
    }
}

/// Any answer, kept out of every cache: as it is, with `Cache-Control: no-store` instead of whatever it said on caching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoStore<R>(pub R);

impl<R: IntoResponse> IntoResponse for NoStore<R> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        // `insert` replaces what the inner answer said; `append` would leave both.
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The order desk. Given, as are the handlers below.
pub fn router() -> Router {
    Router::new()
        .route("/orders", post(place_order).put(close_desk))
        .route("/orders/{id}", get(show_order).delete(cancel_order))
        .route("/customers/{id}", get(show_customer))
        .route("/sales/{month}", get(sales))
}

fn order(id: u64) -> Order {
    Order {
        id,
        isbn: "9780141439587".to_owned(),
        quantity: 1,
    }
}

async fn place_order() -> OrderAnswer {
    OrderAnswer::Placed(order(17))
}

async fn close_desk() -> OrderAnswer {
    OrderAnswer::Closed { seconds: 90 }
}

/// Orders above 1000 were joined with the order that is 1000 below.
async fn show_order(Path(id): Path<u64>) -> NoStore<OrderAnswer> {
    NoStore(match id.checked_sub(1000) {
        Some(to) => OrderAnswer::Moved { to },
        None => OrderAnswer::Found(order(id)),
    })
}

async fn cancel_order(Path(_id): Path<u64>) -> OrderAnswer {
    OrderAnswer::Cancelled
}

/// There is one customer, number 1.
async fn show_customer(Path(id): Path<u64>) -> OrNotFound<serde_json::Value> {
    OrNotFound((id == 1).then(|| json!({ "id": 1, "name": "Ana" })))
}

async fn sales(Path(month): Path<String>) -> NoStore<CsvFile> {
    NoStore(CsvFile {
        name: format!("sales-{month}"),
        csv: "isbn,sold\r\n9780141439587,12\r\n".to_owned(),
    })
}
