//! A field gets a better name, and nobody breaks.
//!
//! Version 1 of the API calls a book's title `name`. Version 2 calls it `title`, and knows the series that a book belongs to.
//! Both are served at once, over the same shelf, until version 1 is switched off on a day that its clients have read in every
//! answer.
//!
//! A client says in the header `Lantern-Version` which one it speaks. Those that were written when there was but one say nothing.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::given::refusal::refusal;
use crate::given::shelf::{Shelf, ShelfBook};

/// The header that says which version a client speaks, and in answers which one it is given.
pub const VERSION: HeaderName = HeaderName::from_static("lantern-version");
/// How many characters a title has at most.
pub const MOST_TITLE: usize = 200;

/// The versions that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V2,
}

/// A book in version 1.
#[derive(Debug, Serialize)]
struct BookV1 {
    id: i64,
    name: String,
    cents: u32,
}

/// A book in version 2.
#[derive(Debug, Serialize)]
struct BookV2 {
    id: i64,
    title: String,
    cents: u32,
    series: Option<String>,
}

/// What is written in version 1.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftV1 {
    name: String,
    cents: u32,
}

/// What is written in version 2.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftV2 {
    title: String,
    cents: u32,
    series: Option<String>,
}

/// What is planned for version 1, in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// From when on it should not be used any more.
    pub deprecated: i64,
    /// From when on it is gone.
    pub gone: i64,
    /// The address of the page that says what to do.
    pub guide: String,
}

/// What the routes need. A clone is the same desk.
#[derive(Clone)]
pub struct Desk {
    pub shelf: Shelf,
    pub plan: Arc<Plan>,
    /// The time, in seconds since 1970.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// The version that a request speaks: `1` and `2` are known, letter by letter. Without the header it is the first one.
/// Anything else, two headers included, is `None`.
pub fn version(headers: &HeaderMap) -> Option<Version> {
    let mut values = headers.get_all(VERSION).iter();
    match (values.next().map(HeaderValue::as_bytes), values.next()) {
        (None | Some(b"1"), None) => Some(Version::V1),
        (Some(b"2"), None) => Some(Version::V2),
        _ => None,
    }
}

/// The value of `Deprecation` for a moment (RFC 9745): `@` and the seconds since 1970.
pub fn deprecation(at: i64) -> String {
    format!("@{at}")
}

/// The value of `Sunset` for a moment (RFC 8594): a date as HTTP writes it, such as `Sun, 09 Sep 2001 01:46:40 GMT`. Nothing for a
/// moment that no calendar of jiff has.
pub fn sunset(at: i64) -> Option<String> {
    let at = Timestamp::from_second(at).ok()?;
    DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()
}

/// The routes of both versions:
///
/// | route | takes | answers |
/// | --- | --- | --- |
/// | `GET /books` | | 200, `{"books": […]}` |
/// | `POST /books` | a draft | 201, the book, and its address as `Location` |
/// | `GET /books/{id}` | | 200, the book |
/// | `PUT /books/{id}` | a draft | 200, the book as it is now |
///
/// Books and drafts are those of the request's version. A draft replaces all that its version knows of a book, and nothing
/// else: version 1 leaves the series as it is, and version 2 without `series` takes it away.
///
/// What goes wrong is a [`refusal`]:
///
/// | what | status |
/// | --- | --- |
/// | a version that is not known | 400 |
/// | version 1, when it is gone: from [`Plan::gone`] on, the second itself included | 410, whatever is asked |
/// | no such book, or an id that is no number | 404 |
/// | a body that axum's `Json` refuses | the status of its rejection |
/// | a title without characters, or with more than [`MOST_TITLE`] | 422, and the detail calls it as its version does: `name`, `title` |
///
/// Every answer, refusals too, and those to an address or a method that there is not, has `Vary: Lantern-Version`, and, if the
/// version is known, `Lantern-Version` with its number. Every answer of version 1, before [`Plan::deprecated`], too, has
/// `Deprecation`, `Sunset`, and `Link: <GUIDE>; rel="deprecation"`; those of version 2 have none of these.
pub fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/books", get(list).post(add))
        .route("/books/{id}", get(show).put(replace))
        .layer(from_fn_with_state(desk.clone(), versioned))
        .with_state(desk)
}

/// Around all routes: which version is it, is it still there, and what do its clients have to know?
async fn versioned(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let version = version(request.headers());
    let mut response = match version {
        None => refusal(
            StatusCode::BAD_REQUEST,
            "the versions of this API are 1 and 2",
        ),
        Some(Version::V1) if (desk.now)() >= desk.plan.gone => {
            refusal(StatusCode::GONE, "version 1 is gone; there is version 2")
        }
        Some(version) => {
            request.extensions_mut().insert(version);
            next.run(request).await
        }
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Lantern-Version"));
    let number = match version {
        None => return response,
        Some(Version::V1) => "1",
        Some(Version::V2) => "2",
    };
    headers.insert(VERSION, HeaderValue::from_static(number));
    if version == Some(Version::V1) {
        announce(headers, &desk.plan);
    }
    response
}

/// What the clients of version 1 have to know.
fn announce(headers: &mut HeaderMap, plan: &Plan) {
    let values = [
        ("deprecation", Some(deprecation(plan.deprecated))),
        ("sunset", sunset(plan.gone)),
        (
            "link",
            Some(format!("<{}>; rel=\"deprecation\"", plan.guide)),
        ),
    ];
    for (name, value) in values {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            headers.append(name, value);
        }
    }
}

/// A draft of either version, checked.
struct Draft {
    title: String,
    cents: u32,
    /// `None` when the version knows of no series: then nothing is said about it.
    series: Option<Option<String>>,
}

impl<S: Send + Sync> FromRequest<S> for Draft {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let version = request.extensions().get::<Version>().copied();
        let (field, draft) = match version.unwrap_or(Version::V1) {
            Version::V1 => {
                let Json(DraftV1 { name, cents }) =
                    Json::from_request(request, state).await.map_err(unread)?;
                let series = None;
                (
                    "name",
                    Self {
                        title: name,
                        cents,
                        series,
                    },
                )
            }
            Version::V2 => {
                let Json(DraftV2 {
                    title,
                    cents,
                    series,
                }) = Json::from_request(request, state).await.map_err(unread)?;
                let series = Some(series);
                (
                    "title",
                    Self {
                        title,
                        cents,
                        series,
                    },
                )
            }
        };
        if (1..=MOST_TITLE).contains(&draft.title.chars().count()) {
            Ok(draft)
        } else {
            let detail = format!("`{field}` has 1 to {MOST_TITLE} characters");
            Err(refusal(StatusCode::UNPROCESSABLE_ENTITY, &detail))
        }
    }
}

fn unread(rejection: JsonRejection) -> Response {
    refusal(rejection.status(), &rejection.body_text())
}

/// A book as a version shows it.
fn shown(version: Version, book: ShelfBook) -> Result<Value, serde_json::Error> {
    match version {
        Version::V1 => serde_json::to_value(BookV1 {
            id: book.id,
            name: book.title,
            cents: book.cents,
        }),
        Version::V2 => serde_json::to_value(BookV2 {
            id: book.id,
            title: book.title,
            cents: book.cents,
            series: book.series,
        }),
    }
}

/// A book as an answer, if there is one.
fn answer(version: Version, book: Option<ShelfBook>) -> Response {
    match book.map(|book| shown(version, book)) {
        None => refusal(StatusCode::NOT_FOUND, "there is no such book"),
        Some(Ok(book)) => Json(book).into_response(),
        Some(Err(_)) => broken(),
    }
}

fn broken() -> Response {
    let detail = "something went wrong on our side";
    refusal(StatusCode::INTERNAL_SERVER_ERROR, detail)
}

async fn list(State(desk): State<Desk>, Extension(version): Extension<Version>) -> Response {
    let books = desk.shelf.all().into_iter();
    match books
        .map(|book| shown(version, book))
        .collect::<Result<Vec<Value>, _>>()
    {
        Ok(books) => Json(json!({ "books": books })).into_response(),
        Err(_) => broken(),
    }
}

async fn add(
    State(desk): State<Desk>,
    Extension(version): Extension<Version>,
    draft: Draft,
) -> Response {
    let series = draft.series.flatten();
    let book = desk.shelf.add(draft.title, draft.cents, series);
    let place = [(header::LOCATION, format!("/books/{}", book.id))];
    (StatusCode::CREATED, place, answer(version, Some(book))).into_response()
}

async fn show(
    State(desk): State<Desk>,
    Extension(version): Extension<Version>,
    Path(id): Path<String>,
) -> Response {
    answer(version, id.parse().ok().and_then(|id| desk.shelf.find(id)))
}

async fn replace(
    State(desk): State<Desk>,
    Extension(version): Extension<Version>,
    Path(id): Path<String>,
    draft: Draft,
) -> Response {
    let change = |book: &mut ShelfBook| {
        book.title = draft.title;
        book.cents = draft.cents;
        // What a version does not know it cannot have meant to take away.
        if let Some(series) = draft.series {
            book.series = series;
        }
    };
    let id = id.parse().ok();
    answer(version, id.and_then(|id| desk.shelf.change(id, change)))
}
