//! The map of the shop: which address and which method lead to which function.
//!
//! Lantern's handlers are written. Nobody has said yet where they are reached, so the service answers nothing. The
//! handlers stay as they are (each one only reports that it was reached, and with what); the three routers below them
//! are the work.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

async fn health() -> Json<Value> {
    Json(json!({ "handler": "health" }))
}

async fn show_cover(Path(file): Path<String>) -> Json<Value> {
    Json(json!({ "handler": "show_cover", "file": file }))
}

async fn list_books() -> Json<Value> {
    Json(json!({ "handler": "list_books" }))
}

async fn add_book() -> Json<Value> {
    Json(json!({ "handler": "add_book" }))
}

async fn latest_book() -> Json<Value> {
    Json(json!({ "handler": "latest_book" }))
}

async fn show_book(Path(isbn): Path<String>) -> Json<Value> {
    Json(json!({ "handler": "show_book", "isbn": isbn }))
}

async fn replace_book(Path(isbn): Path<String>) -> Json<Value> {
    Json(json!({ "handler": "replace_book", "isbn": isbn }))
}

async fn remove_book(Path(isbn): Path<String>) -> Json<Value> {
    Json(json!({ "handler": "remove_book", "isbn": isbn }))
}

async fn show_review(Path((isbn, number)): Path<(String, u32)>) -> Json<Value> {
    Json(json!({ "handler": "show_review", "isbn": isbn, "number": number }))
}

async fn list_orders() -> Json<Value> {
    Json(json!({ "handler": "list_orders" }))
}

async fn refund_order(Path(number): Path<u32>) -> Json<Value> {
    Json(json!({ "handler": "refund_order", "number": number }))
}

async fn no_such_page() -> (StatusCode, Json<Value>) {
    let body = json!({ "error": "no such page" });
    (StatusCode::NOT_FOUND, Json(body))
}

async fn wrong_method() -> (StatusCode, Json<Value>) {
    let body = json!({ "error": "this page does not take that method" });
    (StatusCode::METHOD_NOT_ALLOWED, Json(body))
}

/// The catalogue. Its paths do not say where it hangs: whoever mounts it decides that.
///
/// | method | path | handler |
/// | --- | --- | --- |
/// | GET | `/` | `list_books` |
/// | POST | `/` | `add_book` |
/// | GET | `/latest` | `latest_book` |
/// | GET | `/{isbn}` | `show_book` |
/// | PUT | `/{isbn}` | `replace_book` |
/// | DELETE | `/{isbn}` | `remove_book` |
/// | GET | `/{isbn}/reviews/{number}` | `show_review` |
pub fn books() -> Router {
    Router::new()
        .route("/", get(list_books).post(add_book))
        // A fixed path wins over a parameter, wherever it stands: `latest` is never taken for an ISBN.
        .route("/latest", get(latest_book))
        .route(
            "/{isbn}",
            get(show_book).put(replace_book).delete(remove_book),
        )
        .route("/{isbn}/reviews/{number}", get(show_review))
}

/// What the staff use, also without the place where it hangs.
///
/// | method | path | handler |
/// | --- | --- | --- |
/// | GET | `/orders` | `list_orders` |
/// | POST | `/orders/{number}/refund` | `refund_order` |
pub fn staff() -> Router {
    Router::new()
        .route("/orders", get(list_orders))
        .route("/orders/{number}/refund", post(refund_order))
}

/// The whole service.
///
/// | address | leads to |
/// | --- | --- |
/// | GET `/health` | `health` |
/// | GET `/covers/` and any number of further parts, as in `/covers/2026/spring/emma.jpg` | `show_cover`, with all that follows `/covers/` |
/// | `/books` and below | [`books`] |
/// | `/staff` and below | [`staff`] |
/// | any other address | `no_such_page`, status 404 |
/// | one of the addresses above, with a method that it does not take | `wrong_method`, status 405 and an `Allow` header |
///
/// `/books/`, with a slash at its end, is another address than `/books`, and nothing is there.
pub fn router() -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/covers/{*file}", get(show_cover))
        .nest("/books", books())
        .nest("/staff", staff())
        .fallback(no_such_page)
        // This one reaches the routes that are there already, so it comes last.
        .method_not_allowed_fallback(wrong_method)
}
