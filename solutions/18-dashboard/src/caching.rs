//! Milestone 6: not computed twice, not sent twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use crate::given::app::{App, Cx};
use crate::given::events::HOUR;
use crate::given::problem::Problem;

/// The name of a content.
pub fn tag(content: &[u8]) -> String {
    format!("\"{}\"", BASE64URL_NOPAD.encode(&Sha256::digest(content)))
}

/// Whether the client says that it has what `tag` names.
pub fn has(headers: &HeaderMap, tag: &str) -> bool {
    let mut lines = Vec::new();
    for line in headers.get_all(header::IF_NONE_MATCH) {
        let Ok(line) = line.to_str() else {
            return false;
        };
        lines.push(line);
    }
    // Several lines are one list.
    let list = lines.join(",");
    list.trim_matches(BLANKS) == "*" || listed(&list, tag).unwrap_or(false)
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Whether the tag is in the list; `None` for what is no list of tags.
fn listed(list: &str, tag: &str) -> Option<bool> {
    let mut found = false;
    let mut rest = list;
    loop {
        // Empty places are allowed.
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(found);
        }
        rest = rest.strip_prefix("W/").unwrap_or(rest);
        let (opaque, after) = rest.strip_prefix('"')?.split_once('"')?;
        found |= tag
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'))
            .is_some_and(|tag| tag == opaque);
        rest = after.trim_start_matches(BLANKS);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

/// Values that are computed once for all who ask, as long as they are true.
pub struct Cache<T> {
    capacity: usize,
    kept: Mutex<Kept<T>>,
}

struct Kept<T> {
    entries: HashMap<String, Entry<T>>,
    /// Counts the questions, so that each entry knows when it was asked for.
    questions: u64,
}

struct Entry<T> {
    version: i64,
    asked: u64,
    /// Empty while somebody computes; whoever comes meanwhile waits at it.
    cell: Arc<OnceCell<Arc<T>>>,
}

impl<T> Cache<T> {
    /// An empty cache for so many values.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            kept: Mutex::new(Kept {
                entries: HashMap::new(),
                questions: 0,
            }),
        }
    }

    /// The value of `key` in `version` of the data or a later one.
    ///
    /// # Errors
    ///
    /// What `compute` answers. A failure is not kept.
    pub async fn get<E>(
        &self,
        key: &str,
        version: i64,
        compute: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let cell = self.cell(key, version);
        let answer = cell
            .get_or_try_init(|| async { compute.await.map(Arc::new) })
            .await
            .cloned();
        drop(cell);
        self.tidy();
        answer
    }

    /// Where the value is, or is to come.
    fn cell(&self, key: &str, version: i64) -> Arc<OnceCell<Arc<T>>> {
        let mut kept = self.kept();
        kept.questions += 1;
        let asked = kept.questions;
        if let Some(entry) = kept.entries.get_mut(key)
            && entry.version >= version
        {
            entry.asked = asked;
            return Arc::clone(&entry.cell);
        }
        let cell = Arc::new(OnceCell::new());
        let entry = Entry {
            version,
            asked,
            cell: Arc::clone(&cell),
        };
        kept.entries.insert(key.to_owned(), entry);
        cell
    }

    /// Removes what is too much, and what nobody computes any more because it failed or was given up.
    fn tidy(&self) {
        let mut kept = self.kept();
        // Cells are handed out under this lock only: what nobody else holds now stays so.
        kept.entries
            .retain(|_, entry| entry.cell.initialized() || Arc::strong_count(&entry.cell) > 1);
        loop {
            let ready = || {
                let entries = kept.entries.iter();
                entries.filter(|(_, entry)| entry.cell.initialized())
            };
            if ready().count() <= self.capacity {
                return;
            }
            let oldest = ready().min_by_key(|(_, entry)| entry.asked);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            kept.entries.remove(&key);
        }
    }

    /// How many keys take room now: those whose value is kept, and those whose value is being computed.
    pub fn keys(&self) -> usize {
        self.kept().entries.len()
    }

    fn kept(&self) -> MutexGuard<'_, Kept<T>> {
        // Nothing that may panic runs while it is held.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many answers are kept.
pub const ANSWERS: usize = 256;

/// The answers of some routes, kept as long as they are true.
pub struct Answers {
    app: App,
    cache: Cache<Answer>,
}

/// An answer that is kept.
struct Answer {
    tag: HeaderValue,
    headers: HeaderMap,
    body: Bytes,
}

/// The same routes, with their answers kept.
pub fn cached(app: &App, routes: Router<App>) -> Router<App> {
    let answers = Arc::new(Answers {
        app: app.clone(),
        cache: Cache::new(ANSWERS),
    });
    routes.layer(from_fn_with_state(answers, handler))
}

async fn handler(State(answers): State<Arc<Answers>>, request: Request, next: Next) -> Response {
    match answers.answer(request, next).await {
        Ok(response) | Err(response) => response,
    }
}

impl Answers {
    async fn answer(&self, mut request: Request, next: Next) -> Result<Response, Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(next.run(request).await);
        }
        // A route may do less for HEAD; it is GET that is kept, and axum takes the body off behind us.
        *request.method_mut() = Method::GET;
        let headers = request.headers().clone();
        let key = format!("{} {}", self.app.now().div_euclid(HOUR), request.uri());
        // Before anything is computed: an ingest meanwhile makes a later version.
        let version = Cx::new(self.app.clone())
            .run(|cx| cx.read(|tx| tx.neighbours().store.version(tx)))
            .await
            .map_err(Problem::into_response)?;
        let compute = async { Answer::of(next.run(request).await).await };
        let answer = self.cache.get(&key, version, compute).await?;
        Ok(answer.to(&headers))
    }
}

impl Answer {
    /// What can be kept of a response; the response again where nothing can.
    async fn of(response: Response) -> Result<Self, Response> {
        if response.status() != StatusCode::OK {
            return Err(response);
        }
        let (parts, body) = response.into_parts();
        let internal = |error: &dyn std::fmt::Display| Problem::internal(error).into_response();
        let body = to_bytes(body, usize::MAX)
            .await
            .map_err(|error| internal(&error))?;
        let tag = HeaderValue::from_str(&tag(&body)).map_err(|error| internal(&error))?;
        let mut headers = parts.headers;
        // It is told anew for whoever gets the body.
        headers.remove(header::CONTENT_LENGTH);
        Ok(Self { tag, headers, body })
    }

    fn to(&self, request: &HeaderMap) -> Response {
        let known = self.tag.to_str().is_ok_and(|tag| has(request, tag));
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Response::new(Body::from(self.body.clone()));
            *response.headers_mut() = self.headers.clone();
            response
        };
        response
            .headers_mut()
            .insert(header::ETAG, self.tag.clone());
        response
    }
}
