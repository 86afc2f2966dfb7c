//! How many requests at once, and for how long.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::body::PatientBody;
use crate::limits::Limits;
use crate::visit::Visit;

#[derive(Debug, Clone)]
struct Guard {
    limits: Limits,
    places: Arc<Semaphore>,
}

/// `router` with limits: how many requests at once, and how long their bodies and their answers may take.
///
/// What is too much is answered with a [`Refusal`](crate::Refusal). A handler that is refused while it runs is dropped at its
/// next `await`; one that has read half a body gets an error from it.
pub fn limited(router: Router, limits: &Limits) -> Router {
    let guard = Guard {
        limits: *limits,
        places: Arc::new(Semaphore::new(limits.requests)),
    };
    router.layer(from_fn_with_state(guard, limit))
}

async fn limit(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let limits = guard.limits;
    let end = Instant::now() + limits.body;
    let (head, body) = request.into_parts();
    let visit = match Visit::begin(&guard.places, body.is_end_stream()) {
        Ok(visit) => visit,
        Err(refusal) => return refusal.into_response(),
    };
    let body = if body.is_end_stream() {
        body
    } else {
        Body::new(PatientBody::new(
            body,
            Arc::clone(&visit),
            limits.pause,
            end,
        ))
    };
    let request = Request::from_parts(head, body);
    let answered = timeout(limits.answer, next.run(request)).await;
    match (visit.refusal(), answered) {
        (Some(refusal), _) => refusal.into_response(),
        (None, Ok(response)) => response,
        (None, Err(_)) => visit.too_slow().into_response(),
    }
}
