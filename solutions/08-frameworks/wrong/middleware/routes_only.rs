//! Caught by: no_answer_goes_out_unmarked, the_log_tells_who_got_what
//! Why it tempts: `route_layer` is for middleware around routes; the answer to an unknown address is no route.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tokio::time::Instant;

/// The header that carries a request's id, in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header in which the answer says how long it took.
pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The id of a request. Handlers find it among the request's extensions, as `Extension<RequestId>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Makes ids that no other request of this service has: `bath-1`, `bath-2`, … A clone counts on. Given.
#[derive(Debug, Clone)]
pub struct Ids {
    prefix: String,
    last: Arc<AtomicU64>,
}

impl Ids {
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            last: Arc::new(AtomicU64::new(0)),
        }
    }

    pub fn next(&self) -> String {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{}-{number}", self.prefix)
    }
}

/// One line for each answer. A clone is the same log. Given.
#[derive(Debug, Clone, Default)]
pub struct AccessLog {
    lines: Arc<Mutex<Vec<String>>>,
}

impl AccessLog {
    pub fn write(&self, line: String) {
        self.lock().push(line);
    }

    pub fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives each request its id.
///
/// - A request that brings an `x-request-id` of 1 to 64 ASCII letters, digits and `-` keeps it: a proxy in front, or
///   another service, has named it already. Anything else in that header is not trusted with the log: the request gets
///   the next id of `ids`, as does a request without the header.
/// - What comes after finds the id among the request's extensions, as a [`RequestId`].
/// - The answer carries the same id in its `x-request-id`, whatever its status.
pub async fn request_id(State(ids): State<Ids>, mut request: Request, next: Next) -> Response {
    let id = incoming_id(request.headers()).unwrap_or_else(|| ids.next());
    let header = HeaderValue::try_from(&id);
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).await;
    // An id is plain ASCII, so this never fails; if it did, an answer without an id is better than none.
    if let Ok(value) = header {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

/// The id that the request brings, if it can be trusted with the log.
fn incoming_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let is_plain = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_plain && (1..=64).contains(&id.len())).then(|| id.to_owned())
}

/// Measures how long the answer takes, in whole milliseconds, rounded down.
///
/// - The answer says it in `Server-Timing: total;dur=12`, which a browser shows among its network tools.
/// - The log gets one line: id, method, path, status and milliseconds, as in `bath-3 GET /books/9780141439587 200 12`.
///   The path comes without its query, where tokens and email addresses stand.
///
/// It runs inside [`request_id`] and finds the id there. Measure with tokio's `Instant`: the tests stop its clock.
pub async fn timing(
    State(log): State<AccessLog>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let line = format!("{id} {} {}", request.method(), request.uri().path());
    let mut response = next.run(request).await;
    let millis = started.elapsed().as_millis();
    log.write(format!("{line} {} {millis}", response.status().as_u16()));
    if let Ok(value) = HeaderValue::try_from(format!("total;dur={millis}")) {
        response.headers_mut().insert(SERVER_TIMING, value);
    }
    response
}

/// Wraps `routes` into all of it: [`request_id`] on the outside, [`timing`] inside of it, and innermost a limit for the
/// bodies that handlers read: `body_limit` bytes are taken, one more is answered with 413.
///
/// All three cover every answer of `routes`, also to addresses that it does not know.
pub fn with_middleware(routes: Router, ids: Ids, log: AccessLog, body_limit: usize) -> Router {
    // Each layer wraps what is there already: the last one is the first to see a request.
    routes
        .route_layer(DefaultBodyLimit::max(body_limit))
        .route_layer(from_fn_with_state(log, timing))
        .route_layer(from_fn_with_state(ids, request_id))
}
