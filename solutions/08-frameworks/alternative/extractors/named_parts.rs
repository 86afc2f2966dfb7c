//! Differs: the path is read into a struct by the names of its parts, and the till is matched digit by digit.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The routes. Given.
pub fn router() -> Router {
    Router::new()
        .route("/books/{isbn}/reviews/{number}", get(show_review))
        .route("/search", get(search))
        .route("/till", get(show_till))
        .route("/orders", post(place_order))
}

/// Which review of which book.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReviewAddress {
    pub isbn: String,
    pub number: u32,
}

/// What a customer searches for, from the part of the address after the question mark.
///
/// | query | `q` | `page` | `in_stock` |
/// | --- | --- | --- | --- |
/// | `?q=emma` | `emma` | 1 | `None` |
/// | `?q=jane+eyre&page=3` | `jane eyre` | 3 | `None` |
/// | `?in_stock=true&q=emma` | `emma` | 1 | `Some(true)` |
/// | `?page=2` | refused with 400: `q` is missing | | |
/// | `?q=emma&page=two` | refused with 400: `page` is not a number | | |
#[derive(Debug, Serialize, Deserialize)]
pub struct Search {
    pub q: String,
    #[serde(default = "first_page")]
    pub page: u32,
    pub in_stock: Option<bool>,
}

fn first_page() -> u32 {
    1
}

/// An order as a till sends it, in JSON. `gift_note` may be missing.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewOrder {
    pub isbn: String,
    pub quantity: u32,
    pub gift_note: Option<String>,
}

/// The till that sends the request: its number, 1 to 99, in the header `x-till`.
///
/// The number is written with one or two digits and nothing else.
///
/// | header | extracted |
/// | --- | --- |
/// | `x-till: 7` or `x-till: 07` | `Till(7)` |
/// | none | [`TillRejection::Missing`] |
/// | `x-till: 0`, `x-till: 100`, `x-till: +7`, `x-till: seven`, bytes that are no text | [`TillRejection::Invalid`] |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Till(pub u8);

/// Why there is no till number. Both are answered with 400. Given.
#[derive(Debug, PartialEq, Eq)]
pub enum TillRejection {
    Missing,
    Invalid,
}

impl IntoResponse for TillRejection {
    fn into_response(self) -> Response {
        let message = match self {
            Self::Missing => "the header x-till is missing",
            Self::Invalid => "x-till must be a number from 1 to 99",
        };
        let body = json!({ "error": message });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Till {
    type Rejection = TillRejection;

    /// Called by axum for every handler that has a `Till` among its arguments. `parts` is the head of the request.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let value = parts.headers.get("x-till").ok_or(TillRejection::Missing)?;
        match value.as_bytes() {
            [ones @ b'1'..=b'9'] => Ok(Self(ones - b'0')),
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] if (*tens, *ones) != (b'0', b'0') => {
                Ok(Self((tens - b'0') * 10 + (ones - b'0')))
            }
            _ => Err(TillRejection::Invalid),
        }
    }
}

/// `GET /books/{isbn}/reviews/{number}`: answers with the two parts of the path.
async fn show_review(Path(address): Path<ReviewAddress>) -> Json<ReviewAddress> {
    Json(address)
}

/// `GET /search?…`: answers with the search as it was understood.
async fn search(Query(search): Query<Search>) -> Json<Search> {
    Json(search)
}

/// `GET /till`: answers with `{"till": 7}`, the number of the till that asked.
async fn show_till(Till(till): Till) -> Json<Value> {
    Json(json!({ "till": till }))
}

/// `POST /orders`: answers with 201 and `{"till": 7, "order": {…}}`, the till that sent the order and the order itself.
///
/// A request that is wrong is refused before this function runs, with the status that axum gives: 400 for a missing
/// till or broken JSON, 415 for a body that does not say that it is JSON, 422 for JSON that is not an order.
async fn place_order(Till(till): Till, Json(order): Json<NewOrder>) -> (StatusCode, Json<Value>) {
    let body = json!({ "till": till, "order": order });
    (StatusCode::CREATED, Json(body))
}
