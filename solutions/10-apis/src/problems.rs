//! Errors that a program can read: problem details, as RFC 9457 has them, for all routes of the API.

use std::error::Error;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::given::shipments::{Carrier, Cause, Dispatch, Failure, Ids, Log, Shipment};

/// Where the types of problems are described. The last part of the address is the name of the type.
pub const TYPES: &str = "https://lantern.example/problems/";
/// The type of a problem that says no more than its status does.
pub const BLANK: &str = "about:blank";
/// What the id of a request stands behind in `instance`.
pub const REQUEST: &str = "urn:lantern:request:";

/// What an error says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which kind of problem it is: an address that never changes, for programs to compare.
    pub r#type: String,
    /// The kind in words, the same whenever it occurs.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What is special about this occurrence, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Further fields, beside the others, for programs to work with.
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}

/// The problem of a failure.
///
/// | failure | type | title | status | detail | extensions |
/// | --- | --- | --- | --- | --- | --- |
/// | `NoSuchShipment` | [`TYPES`]`no-such-shipment` | `There is no such shipment` | 404 | `shipment 7 is not there` | |
/// | `AlreadySent` | [`TYPES`]`already-sent` | `The parcel has left` | 409 | `shipment 7 left as LT-7` | `tracking` |
/// | `TooHeavy` | [`TYPES`]`too-heavy` | `The parcel is too heavy` | 422 | `30001 g are more than 30000 g` | `grams`, `most_grams` |
/// | `CarrierBusy` | [`TYPES`]`carrier-busy` | `The carrier is busy` | 503 | `ask again in 30 s` | `seconds` |
/// | `Broken` | [`BLANK`] | `Internal Server Error` | 500 | none | |
///
/// Extensions are those fields of the failure that the table names, under their own names; numbers stay numbers.
pub fn problem_of(failure: &Failure) -> Problem {
    let known = |status: StatusCode, name: &str, title: &str, detail: String, extensions: Value| {
        let extensions = match extensions {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Problem {
            r#type: format!("{TYPES}{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: Some(detail),
            extensions,
        }
    };
    match failure {
        Failure::NoSuchShipment { id } => known(
            StatusCode::NOT_FOUND,
            "no-such-shipment",
            "There is no such shipment",
            format!("shipment {id} is not there"),
            json!({}),
        ),
        Failure::AlreadySent { id, tracking } => known(
            StatusCode::CONFLICT,
            "already-sent",
            "The parcel has left",
            format!("shipment {id} left as {tracking}"),
            json!({ "tracking": tracking }),
        ),
        Failure::TooHeavy { grams, most_grams } => known(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too-heavy",
            "The parcel is too heavy",
            format!("{grams} g are more than {most_grams} g"),
            json!({ "grams": grams, "most_grams": most_grams }),
        ),
        Failure::CarrierBusy { seconds } => known(
            StatusCode::SERVICE_UNAVAILABLE,
            "carrier-busy",
            "The carrier is busy",
            format!("ask again in {seconds} s"),
            json!({ "seconds": seconds }),
        ),
        Failure::Broken(_) => blank(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// The answer: the problem's status, the problem as JSON, and the content type `application/problem+json`.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = [(CONTENT_TYPE, "application/problem+json")];
        (status, kind, Json(self)).into_response()
    }
}

/// The answer to a failure is that of its problem. `CarrierBusy` adds its seconds as `Retry-After`. `Broken` puts a [`Cause`] into
/// the extensions of the answer: the error's text, and behind it the text of each `source()` below it, joined with `": "`; each
/// of them as it is, also when two say the same.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = problem_of(&self).into_response();
        match self {
            Self::CarrierBusy { seconds } => {
                let seconds = HeaderValue::from(seconds);
                response.headers_mut().insert(RETRY_AFTER, seconds);
            }
            Self::Broken(error) => {
                response.extensions_mut().insert(Cause(chain(&*error)));
            }
            _ => {}
        }
        response
    }
}

/// The shipments for partners:
///
/// | request | answer |
/// | --- | --- |
/// | `GET /shipments/{id}` | 200, the [`Shipment`] |
/// | `POST /shipments/{id}/dispatch`, JSON, [`Dispatch`] | 200, the [`Shipment`] as it is then |
///
/// Each request asks the carrier for one thing, once. Its failures are returned as they are. What axum refuses, it answers itself.
pub fn routes(carrier: Arc<dyn Carrier>) -> Router {
    Router::new()
        .route("/shipments/{id}", get(show))
        .route("/shipments/{id}/dispatch", post(dispatch))
        .with_state(carrier)
}

/// Makes every error of these routes a problem, whoever answered it: a handler, an extractor, or axum where there is no such
/// address or method.
///
/// - Each request gets an id from `ids`, once. Every answer, error or not, carries it as `x-request-id`, in
///   place of one that a handler may have set.
/// - An answer of status 400 or higher (there is no highest) that is no problem by its content type becomes one: type
///   [`BLANK`], its status, the status in words as title (`Error` where `canonical_reason` has no words), and no detail. Nothing of its body stays: nobody
///   knows what is in it. Its headers stay, but those that speak of the body: `Content-Type`, `Content-Length`, `Content-Encoding`.
/// - An answer of status 400 or higher that is a problem (`application/problem+json`, in letters of any size, perhaps with
///   parameters behind a `;` and spaces around it) keeps its fields as they are, however many, `null` or at odds with the
///   answer; it gets no other than `instance`. One whose body is no JSON object is treated like an answer that is no problem.
/// - Every problem gets the field `instance`: [`REQUEST`] and the id.
/// - Answers below 400 stay as they are, whatever their content type.
/// - When the answer has a [`Cause`], whatever its status, the log is called once, with the id, `": "`, and the cause, sign for sign.
///   Otherwise it is not called.
pub fn with_problems(router: Router, ids: Ids, log: Log) -> Router {
    // `layer`, not `route_layer`: what has no route is an error as well.
    router.layer(from_fn(move |request: Request, next: Next| {
        let (id, log) = (ids(), log.clone());
        async move {
            let response = next.run(request).await;
            if let Some(Cause(cause)) = response.extensions().get() {
                log(&format!("{id}: {cause}"));
            }
            let mut response = match is_error(&response) {
                true => explained(response, &id).await,
                false => response,
            };
            if let Ok(id) = HeaderValue::try_from(id) {
                response.headers_mut().insert("x-request-id", id);
            }
            response
        }
    }))
}

async fn show(
    State(carrier): State<Arc<dyn Carrier>>,
    Path(id): Path<String>,
) -> Result<Json<Shipment>, Failure> {
    carrier.find(&id).map(Json)
}

async fn dispatch(
    State(carrier): State<Arc<dyn Carrier>>,
    Path(id): Path<String>,
    Json(Dispatch { grams }): Json<Dispatch>,
) -> Result<Json<Shipment>, Failure> {
    carrier.dispatch(&id, grams).map(Json)
}

/// A problem that says no more than its status.
fn blank(status: StatusCode) -> Problem {
    Problem {
        r#type: BLANK.to_owned(),
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        status: status.as_u16(),
        detail: None,
        extensions: Map::new(),
    }
}

/// The text of an error, and of everything below it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

fn is_error(response: &Response) -> bool {
    response.status().as_u16() >= 400
}

/// The error as a problem with an instance.
async fn explained(response: Response, id: &str) -> Response {
    let (mut head, body) = response.into_parts();
    let kind = head.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let fields = match kind.eq_ignore_ascii_case("application/problem+json") {
        true => fields_of(body).await,
        false => None,
    };
    let mut problem = fields.unwrap_or_else(|| {
        head.headers.remove(CONTENT_ENCODING);
        blank_fields(head.status)
    });
    problem.insert("instance".to_owned(), json!(format!("{REQUEST}{id}")));
    head.headers.remove(CONTENT_LENGTH);
    let kind = HeaderValue::from_static("application/problem+json");
    head.headers.insert(CONTENT_TYPE, kind);
    Response::from_parts(head, Body::from(Value::Object(problem).to_string()))
}

/// The fields of a problem, or nothing when the body is no JSON object.
async fn fields_of(body: Body) -> Option<Map<String, Value>> {
    // The service's own answer, which it holds in memory already: there is no limit to set.
    let bytes = to_bytes(body, usize::MAX).await.ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn blank_fields(status: StatusCode) -> Map<String, Value> {
    let Problem {
        r#type,
        title,
        status,
        ..
    } = blank(status);
    let fields = [
        ("type", json!(r#type)),
        ("title", json!(title)),
        ("status", json!(status)),
    ];
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}
