//! What surrounds every handler: limits, the answer to every failure, an id, a line in the log.

use std::any::Any;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serve::{Cause, Limits, Log, Refusal, RequestId, limited, logged};
use tower_http::catch_panic::CatchPanicLayer;

use crate::given::failure::Failure;
use crate::given::parts::{Errors, Parts};

/// What a body may weigh.
pub const MOST_BYTES: usize = 16 * 1024;

/// The service: `desk` has the routes of the wish list, `rounds` those of the gift rounds.
pub fn service(
    parts: Parts,
    desk: Router<Parts>,
    rounds: Router,
    log: &Log,
    limits: &Limits,
) -> Router {
    let errors = parts.errors;
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
    let all = desk
        .with_state(parts)
        .merge(described)
        .merge(rounds)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(MOST_BYTES));
    // From the inside out: what is too much is refused, refusals and failures become answers, answers have a line in the log.
    let answered = limited(all, limits).layer(from_fn_with_state(errors, worded));
    logged(answered, log)
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

/// The answer to a failure, for whoever asked.
async fn worded(
    State(errors): State<Errors>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    let audience = (errors.audience)(request.uri().path(), accept);

    let mut response = next.run(request).await;
    let refusal = response.extensions_mut().remove::<Refusal>();
    let failure = response.extensions_mut().remove::<Arc<Failure>>();
    if let Some(failure) = failure.or_else(|| refusal.map(|refusal| Arc::new(refused(refusal)))) {
        let allowed = response.headers_mut().remove(header::ALLOW);
        response = (errors.answer)(&failure, audience, &id);
        if let Some(allowed) = allowed {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        if let Some(refusal) = refusal {
            refusal.mark(&mut response);
        }
        if let Some(report) = (errors.report)(&failure) {
            response.extensions_mut().insert(Cause(report));
        }
    }
    guard(&mut response);
    response
}

/// What a refusal is in the service's own words.
fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Busy => Failure::Busy,
        Refusal::SlowAnswer => Failure::TooSlow,
        Refusal::SlowBody => Failure::Body {
            status: StatusCode::REQUEST_TIMEOUT,
            said: refusal.detail().to_owned(),
        },
    }
}

/// The headers that keep a page from being framed, and from loading what is not ours.
fn guard(response: &mut Response) {
    let guards = [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ];
    let headers = response.headers_mut();
    for (name, value) in guards {
        let name = HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_static(value));
    }
}
