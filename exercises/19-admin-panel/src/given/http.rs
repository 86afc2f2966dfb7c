//! What every request and every answer goes through: limits, headers, panics, and one form for errors.

use std::any::Any;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::app::App;
use super::problem::Problem;

/// Puts `routes` behind the limits and headers that hold for every answer.
pub fn service(app: App, routes: Router<App>) -> Router {
    let largest_body = app.config().largest_body;
    let answers = routes
        .fallback(async || Problem::not_found())
        .with_state(app)
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(largest_body))
        .layer(axum::middleware::map_response(as_problem));
    strict(answers)
}

/// Puts the headers that keep browsers strict on every answer that has them not.
pub fn strict(mut router: Router) -> Router {
    for (name, value) in HEADERS {
        router = router.layer(SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        ));
    }
    router
}

/// No script, no frame, no foreign form, nothing remembered by caches, nothing said to other sites.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    // Browsers heed this over HTTPS only, where the service is meant to live.
    (
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    ),
    ("cache-control", "no-store"),
];

/// 413.
pub(super) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "The body is larger than this service takes.",
    )
}

/// Errors of the framework (405, 413, …) take the form of the service's own. Their headers, such as Allow, stay.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let ours = kind.is_some_and(|kind| {
        kind == "application/problem+json" || kind.as_bytes().starts_with(b"text/html")
    });
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = match status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            status,
            "method_not_allowed",
            "This address does not take that method; Allow lists those it takes.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::new(
            status,
            "bad_request",
            "The request could not be understood.",
        ),
    };
    let mut answer = problem.into_response();
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

/// A `todo!()` answers 501, any other panic 500.
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    match unwritten(panic.as_ref()) {
        Some(nudge) => Problem::unwritten(nudge).into_response(),
        None => Problem::internal(&"a handler panicked").into_response(),
    }
}

/// The nudge of a `todo!("nudge")`, if that is what panicked.
pub(crate) fn unwritten(panic: &(dyn Any + Send)) -> Option<&str> {
    let message = match panic.downcast_ref::<String>() {
        Some(text) => text.as_str(),
        None => panic.downcast_ref::<&str>().copied()?,
    };
    message
        .strip_prefix("not yet implemented")
        .map(|rest| rest.trim_start_matches(": "))
}
