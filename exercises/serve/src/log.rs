//! One line a request, as JSON: a person can read it, and a program can search it.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use serde_json::Value;
use tokio::task::JoinError;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Instrument as _, Level, Span, dispatcher};
use tracing_subscriber::fmt::MakeWriter;

/// The header of an answer that carries the request's id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How much of a path stands in a line, in bytes.
const MOST_OF_A_PATH: usize = 256;

/// Where lines go. A clone is the same log.
///
/// Each event of `tracing`, at least as grave as `INFO`, is a line of JSON with `timestamp`, `level`, `message`, the event's own fields,
/// `target` (the module), and inside a request `span`, whose `id` is the request's.
#[derive(Clone)]
pub struct Log {
    dispatch: Dispatch,
}

impl Log {
    /// Lines on standard error.
    #[must_use]
    pub fn to_stderr() -> Self {
        Self::to(io::stderr)
    }

    /// Lines to a writer of your own, each in one piece.
    #[must_use]
    pub fn to<W>(writer: W) -> Self
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_max_level(Level::INFO)
            // Where a line cannot be written, words about it cannot be, either.
            .log_internal_errors(false)
            .with_writer(writer)
            .finish();
        Self {
            dispatch: Dispatch::new(subscriber),
        }
    }

    /// Lines in memory, for tests: read them from the second value.
    #[must_use]
    pub fn in_memory() -> (Self, Lines) {
        let lines = Lines::default();
        (Self::to(lines.clone()), lines)
    }

    /// Makes this the log of the whole program, also outside of requests and for panics. The first one stays.
    pub fn install(&self) {
        if dispatcher::set_global_default(self.dispatch.clone()).is_ok() {
            std::panic::set_hook(Box::new(|panic| broken(panic)));
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Log").finish_non_exhaustive()
    }
}

/// Tells whoever runs the program what broke: a line of the level `ERROR`, with the id of the request that is carried out;
/// words on standard error where there is no log, as in most tests.
pub fn broken(cause: &dyn fmt::Display) {
    if dispatcher::get_default(|log| log.is::<NoSubscriber>()) {
        eprintln!("internal error: {cause}");
    } else {
        tracing::error!(error = %cause, "internal error");
    }
}

/// Runs `work` on a thread where blocking is allowed; what it writes to the log carries the id of the request all the same.
///
/// # Errors
///
/// When the program ends before `work` began.
///
/// # Panics
///
/// When `work` does, with the same words.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let (span, log) = (Span::current(), dispatcher::get_default(Dispatch::clone));
    let work = move || dispatcher::with_default(&log, || span.in_scope(work));
    match tokio::task::spawn_blocking(work).await {
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        ended => ended,
    }
}

/// Lines in memory. A clone has the same lines.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    text: Arc<Mutex<Vec<u8>>>,
}

impl Lines {
    /// What was written up to now, a value a line.
    ///
    /// # Panics
    ///
    /// When a line is not JSON.
    #[must_use]
    pub fn read(&self) -> Vec<Value> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = serde_json::Deserializer::from_slice(&text).into_iter();
        lines
            .map(|line| line.expect("every line of the log is JSON"))
            .collect()
    }

    /// The lines of requests: those that have a status, or whose client left.
    ///
    /// # Panics
    ///
    /// When a line is not JSON.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        let mut lines = self.read();
        lines.retain(|line| line.get("method").is_some());
        lines
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The id of a request. Handlers find it among the request's extensions; the answer carries it as [`X_REQUEST_ID`].
///
/// An id that a client sends is not taken: it could be anything, and another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

/// What really broke, for the line in the log and for nobody else: an extension of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(pub String);

#[derive(Debug, Clone)]
struct Logger {
    log: Log,
    ids: Arc<Ids>,
}

/// Ids that no other run of the program gives, either.
#[derive(Debug)]
struct Ids {
    run: u32,
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        // Random for each start; an id is no secret.
        let random = RandomState::new().hash_one("lantern");
        Self {
            run: (random >> 32) as u32,
            next: AtomicU64::new(1),
        }
    }

    fn next(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        RequestId(format!("{:08x}-{number:06}", self.run).into())
    }
}

/// `router` with a line in `log` for each request, and with a [`RequestId`] that its answer carries. It belongs around all
/// other layers.
///
/// | field | is |
/// | --- | --- |
/// | `id` | the request's id |
/// | `method`, `path` | what was asked, without the query, which may hold secrets |
/// | `status` | of the answer; absent when there was none |
/// | `ms` | milliseconds up to the head of the answer |
/// | `error` | the [`Cause`] among the answer's extensions, if there is one |
///
/// `message` is `answered`; or `ended without an answer`, when the client left or the program was stopped; or `the handler
/// panicked`. `level` is `ERROR` for a 5xx, and where a handler panicked. What handlers write with `tracing` carries the id
/// as `span.id`.
pub fn logged(router: Router, log: &Log) -> Router {
    let logger = Logger {
        log: log.clone(),
        ids: Arc::new(Ids::new()),
    };
    router.layer(from_fn_with_state(logger, line))
}

async fn line(State(logger): State<Logger>, mut request: Request, next: Next) -> Response {
    let id = logger.ids.next();
    let line = Line::begin(&logger.log, &id, &request);
    request.extensions_mut().insert(id.clone());
    let dispatch = logger.log.dispatch.clone();
    let span = dispatcher::with_default(&dispatch, || tracing::info_span!("request", id = &*id.0));
    let handled = next.run(request).instrument(span);
    let mut response = handled.with_subscriber(dispatch).await;
    // Hexadecimal digits are fine in a header.
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    let cause = response.extensions_mut().remove::<Cause>();
    line.end(response.status(), cause);
    response
}

/// A line that is written whatever becomes of the request: an answer, a client that leaves, a handler that panics.
struct Line {
    log: Log,
    id: RequestId,
    method: String,
    path: String,
    begun: Instant,
    is_written: bool,
}

impl Line {
    fn begin(log: &Log, id: &RequestId, request: &Request) -> Self {
        let path = request.uri().path();
        let end = path.floor_char_boundary(MOST_OF_A_PATH);
        Self {
            log: log.clone(),
            id: id.clone(),
            method: request.method().to_string(),
            path: path.get(..end).unwrap_or_default().to_owned(),
            begun: Instant::now(),
            is_written: false,
        }
    }

    fn end(mut self, status: StatusCode, cause: Option<Cause>) {
        let cause = cause.as_ref().map(|cause| cause.0.as_str());
        self.write(Some(status), "answered", cause);
    }

    fn write(&mut self, status: Option<StatusCode>, message: &str, error: Option<&str>) {
        self.is_written = true;
        let (id, method, path) = (&*self.id.0, self.method.as_str(), self.path.as_str());
        let ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let is_grave =
            status.map_or_else(std::thread::panicking, |status| status.is_server_error());
        let status = status.map(|status| status.as_u16());
        dispatcher::with_default(&self.log.dispatch, || {
            if is_grave {
                tracing::error!(id, method, path, status, ms, error, "{message}");
            } else {
                tracing::info!(id, method, path, status, ms, error, "{message}");
            }
        });
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_written {
            return;
        }
        let message = if std::thread::panicking() {
            "the handler panicked"
        } else {
            "ended without an answer"
        };
        self.write(None, message, None);
    }
}
