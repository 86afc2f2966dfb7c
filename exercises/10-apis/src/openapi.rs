//! A document that says what the API does, made from the API itself.
//!
//! The service below is finished, and its partners guess how to use it. Describe it: derive [`ToSchema`] for the shapes, put
//! [`utoipa::path`] on the handlers, and let [`OpenApiRouter`] collect both. What the handlers do stays as it is.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRef, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::given::api_page;
use crate::given::partner::{Partner, Partners};
use crate::given::refusal::{Problem, refusal};
use crate::given::stock::{SHELF, Title, find, whole};

/// How many lines an order has at most.
pub const MOST_LINES: usize = 20;
/// How many copies of one title can be ordered at once.
pub const MOST_COPIES: u32 = 99;
/// How many characters a note has at most.
pub const MOST_NOTE: usize = 200;

/// A book as partners see it.
#[derive(Serialize)]
struct Book {
    /// Thirteen digits.
    isbn: &'static str,
    title: &'static str,
    /// The price of one copy.
    cents: u32,
}

impl From<&'static Title> for Book {
    fn from(title: &'static Title) -> Self {
        Self {
            isbn: title.isbn,
            title: title.title,
            cents: title.cents,
        }
    }
}

/// What a partner orders.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOrder {
    lines: Vec<Line>,
    /// For whoever packs the books.
    note: Option<String>,
}

/// So many copies of one title.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Thirteen digits.
    isbn: String,
    #[serde(deserialize_with = "whole")]
    copies: u32,
}

/// An order that was taken.
#[derive(Clone, Serialize)]
struct Order {
    id: i64,
    state: OrderState,
    /// The day on which it was placed, such as `2001-09-09`.
    placed_on: &'static str,
    lines: Vec<Line>,
    cents: u32,
    /// Left out when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// How far an order is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum OrderState {
    Placed,
    OnItsWay,
}

/// Which books.
#[derive(Deserialize)]
struct Wanted {
    /// At most so many cents.
    most_cents: Option<i32>,
}

/// The shop, in memory. A clone is the same shop. Given.
#[derive(Clone)]
pub struct Shop {
    partners: Partners,
    orders: Arc<Mutex<Vec<(String, Order)>>>,
    next: Arc<AtomicI64>,
}

impl FromRef<Shop> for Partners {
    fn from_ref(shop: &Shop) -> Self {
        shop.partners.clone()
    }
}

impl Shop {
    /// A shop without orders.
    pub fn new(partners: Partners) -> Self {
        Self {
            partners,
            orders: Arc::default(),
            next: Arc::new(AtomicI64::new(1)),
        }
    }

    /// All orders of all partners are sent.
    pub fn send_all(&self) {
        self.with_orders(|orders| {
            for (_, order) in orders {
                order.state = OrderState::OnItsWay;
            }
        });
    }

    fn with_orders<T>(&self, work: impl FnOnce(&mut Vec<(String, Order)>) -> T) -> T {
        work(&mut self.orders.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Lists the books.
async fn list_books(wanted: Result<Query<Wanted>, QueryRejection>) -> Response {
    match wanted {
        Ok(Query(wanted)) => {
            let most = i64::from(wanted.most_cents.unwrap_or(i32::MAX));
            let books = SHELF.iter().filter(|title| i64::from(title.cents) <= most);
            Json(books.map(Book::from).collect::<Vec<Book>>()).into_response()
        }
        Err(rejection) => refusal(rejection.status(), &rejection.body_text()),
    }
}

/// Shows one book.
async fn show_book(Path(isbn): Path<String>) -> Response {
    match find(&isbn) {
        Some(title) => Json(Book::from(title)).into_response(),
        None => refusal(StatusCode::NOT_FOUND, "there is no such book"),
    }
}

/// Orders books.
async fn place_order(
    State(shop): State<Shop>,
    Partner(partner): Partner,
    body: Result<Json<NewOrder>, JsonRejection>,
) -> Response {
    let new = match body {
        Ok(Json(new)) => new,
        Err(rejection) => return refusal(rejection.status(), &rejection.body_text()),
    };
    if let Err(what) = check(&new) {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, what);
    }
    let Some(cents) = price(&new.lines) else {
        return refusal(StatusCode::CONFLICT, "there are not enough copies");
    };
    let order = shop.with_orders(|orders| {
        let order = Order {
            id: shop.next.fetch_add(1, Ordering::Relaxed),
            state: OrderState::Placed,
            placed_on: "2001-09-09",
            lines: new.lines,
            cents,
            note: new.note,
        };
        orders.push((partner, order.clone()));
        order
    });
    let place = [(header::LOCATION, format!("/orders/{}", order.id))];
    (StatusCode::CREATED, place, Json(order)).into_response()
}

/// What an order must keep to. Given.
fn check(new: &NewOrder) -> Result<(), &'static str> {
    if !(1..=MOST_LINES).contains(&new.lines.len()) {
        return Err("an order has 1 to 20 lines");
    }
    for line in &new.lines {
        if line.isbn.len() != 13 || !line.isbn.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("an isbn has thirteen digits");
        }
        if !(1..=MOST_COPIES).contains(&line.copies) {
            return Err("order 1 to 99 copies of a title");
        }
    }
    match &new.note {
        Some(note) if note.chars().count() > MOST_NOTE => Err("a note has 200 characters at most"),
        Some(_) | None => Ok(()),
    }
}

/// What the lines cost together, if there are enough copies of each. Given.
fn price(lines: &[Line]) -> Option<u32> {
    let mut cents = 0;
    for line in lines {
        let title = find(&line.isbn).filter(|title| title.copies >= line.copies)?;
        cents += title.cents * line.copies;
    }
    Some(cents)
}

/// Shows one of the partner's orders.
async fn show_order(
    State(shop): State<Shop>,
    Partner(partner): Partner,
    Path(id): Path<String>,
) -> Response {
    let found = shop.with_orders(|orders| {
        let mut own = orders.iter().filter(|(whose, _)| *whose == partner);
        own.find(|(_, order)| order.id.to_string() == id).cloned()
    });
    match found {
        Some((_, order)) => Json(order).into_response(),
        None => refusal(StatusCode::NOT_FOUND, "there is no such order"),
    }
}

/// Takes an order back.
async fn cancel_order(
    State(shop): State<Shop>,
    Partner(partner): Partner,
    Path(id): Path<String>,
) -> Response {
    shop.with_orders(|orders| {
        let place = orders
            .iter()
            .position(|(whose, order)| *whose == partner && order.id.to_string() == id);
        match place {
            None => refusal(StatusCode::NOT_FOUND, "there is no such order"),
            Some(place) if orders[place].1.state == OrderState::OnItsWay => {
                refusal(StatusCode::CONFLICT, "it is on its way already")
            }
            Some(place) => {
                orders.remove(place);
                StatusCode::NO_CONTENT.into_response()
            }
        }
    })
}

/// The handlers' routes, and the document that describes them:
///
/// | route | handler | token | answers |
/// | --- | --- | --- | --- |
/// | `GET /books` | `list_books` | | 200, 400 |
/// | `GET /books/{isbn}` | `show_book` | | 200, 404 |
/// | `POST /orders` | `place_order` | yes | 201 with `Location`; 400, 401, 409, 413, 415, 422 |
/// | `GET /orders/{id}` | `show_order` | yes | 200, 401, 404 |
/// | `DELETE /orders/{id}` | `cancel_order` | yes | 204, 401, 404, 409 |
///
/// The document has a title and a version, and for each route: a summary, its parameters, its body, and exactly these
/// answers, each with a description, the type of its body and its shape. All answers of 400 and more are a [`Problem`] of the
/// type `application/problem+json`. A 401 has the header `WWW-Authenticate`.
///
/// Every shape is a schema with a name. A schema knows which members are always there, and the limits that `check` enforces:
/// the numbers of lines, copies and characters, and `^[0-9]{13}$` for an ISBN. A body that the service takes fits the
/// document, and one that it answers 422 does not. `placed_on` has the format `date`.
///
/// The token is a security scheme of the type `http`, `bearer`; the routes that need it say so, and only they.
pub fn api() -> (Router<Shop>, OpenApi) {
    todo!(
        "OpenApiRouter::with_openapi with title, version and the scheme; routes!; split_for_parts"
    )
}

/// The routes of [`api`], and two more, which are not in the document:
///
/// - `GET /openapi.json`: the document, as `application/json`;
/// - `GET /docs`: the page that [`api_page::page`] makes of it, as HTML. Should that fail, 500.
pub fn routes(shop: Shop) -> Router {
    todo!("the document as JSON once, then two small handlers that own a copy of what they answer")
}
