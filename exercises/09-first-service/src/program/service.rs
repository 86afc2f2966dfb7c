//! What surrounds every handler: an id, a limit, a time-out, the answer to every failure, a line in the log.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use super::log::Log;
use crate::given::failure::Failure;
use crate::given::parts::{Errors, Parts};

/// The header that carries a request's id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What a body may weigh.
pub const MOST_BYTES: usize = 16 * 1024;

/// How much the service takes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Requests at once; more are told to come back.
    pub requests: usize,
    /// How long one request may take.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: 64,
            time: Duration::from_secs(10),
        }
    }
}

#[derive(Clone)]
struct Outer {
    errors: Errors,
    log: Log,
    next_id: Arc<AtomicU64>,
    places: Arc<Semaphore>,
    time: Duration,
}

/// The service: `desk` has the routes of the wish list, `rounds` those of the gift rounds.
pub fn service(
    parts: Parts,
    desk: Router<Parts>,
    rounds: Router,
    log: Log,
    limits: Limits,
) -> Router {
    let outer = Outer {
        errors: parts.errors,
        log,
        next_id: Arc::new(AtomicU64::new(1)),
        places: Arc::new(Semaphore::new(limits.requests)),
        time: limits.time,
    };
    let described = Router::new()
        .route(
            "/style.css",
            get(async || {
                (
                    [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
                    look::STYLE,
                )
            }),
        )
        .route(
            "/lantern.svg",
            get(async || ([(header::CONTENT_TYPE, "image/svg+xml")], look::ICON)),
        )
        .route("/openapi.json", get(document))
        .route("/health", get(async || "ok\n"));
    desk.with_state(parts)
        .merge(described)
        .merge(rounds)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(from_fn_with_state(outer, around))
}

/// `GET /openapi.json`: what programs can ask of this service.
async fn document() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        include_str!("openapi.json"),
    )
}

/// A handler that panics fails as any other: its client gets an answer, and the log gets its message.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (None, Some(text)) => (*text).to_owned(),
        (None, None) => "a panic without words".to_owned(),
    };
    Failure::Broken(format!("panicked: {said}").into()).into_response()
}

async fn around(State(outer): State<Outer>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = format!("r{:06}", outer.next_id.fetch_add(1, Ordering::Relaxed));
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let audience = (outer.errors.audience)(&path, accept.as_deref());

    let mut response = match outer.places.try_acquire() {
        Err(_) => Failure::Busy.into_response(),
        Ok(_place) => match tokio::time::timeout(outer.time, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Failure::TooSlow.into_response(),
        },
    };
    let mut line = json!({ "id": id, "method": method.as_str(), "path": path });
    if let Some(failure) = response.extensions_mut().remove::<Arc<Failure>>() {
        let allowed = response.headers_mut().remove(header::ALLOW);
        response = (outer.errors.answer)(&failure, audience, &id);
        if let Some(allowed) = allowed {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        if let Some(report) = (outer.errors.report)(&failure) {
            line["error"] = report.into();
        }
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(X_REQUEST_ID, id);
    }
    let guards = [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ];
    for (name, value) in guards {
        headers.insert(name, HeaderValue::from_static(value));
    }
    line["status"] = response.status().as_u16().into();
    line["ms"] = u64::try_from(begun.elapsed().as_millis())
        .unwrap_or(u64::MAX)
        .into();
    outer.log.write(line);
    response
}
