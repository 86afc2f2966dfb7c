//! Milestone 6: not computed twice, not sent twice.
//!
//! A hundred people ask the same at nine o'clock. One of them computes, the others wait for that answer; whoever has it
//! already is told so. And whatever has been ingested before somebody asks is in what they get.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::given::app::{App, Cx};
use crate::given::events::HOUR;
use crate::given::problem::Problem;

/// The name of a content: the SHA-256 of its bytes in base64 for URLs, without padding, in double quotes.
///
/// ```text
/// tag(b"")   "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"   (the quotes are part of it)
/// ```
pub fn tag(content: &[u8]) -> String {
    todo!("digest, encode, quote")
}

/// Whether the client says in `If-None-Match` that it has what `tag` names. `tag` is one that [`tag`] made.
///
/// The header is `*`, which stands for anything, or a list of tags with commas between them. A tag is a text in double
/// quotes, without double quotes in it, but perhaps with commas or blanks; in front of it `W/` may stand, which makes
/// no difference here. Around commas there may be spaces and tabs, and places of the list may be empty. Several lines
/// of this name are one list, in their order.
///
/// Whoever says nothing has nothing. And so has whoever says something else anywhere in it: a quote that does not end,
/// a word without quotes, a `*` among tags, `w/`, two tags without a comma, a byte that is not ASCII. An answer too
/// much does no harm.
pub fn has(headers: &HeaderMap, tag: &str) -> bool {
    todo!("join the lines; then read the list from its beginning, one tag after the other")
}

/// Values that are computed once for all who ask, as long as they are true.
pub struct Cache<T> {
    capacity: usize,
    kept: Mutex<Kept<T>>,
}

/// What is kept, and what is on its way. Yours: add what you need.
struct Kept<T> {
    entries: HashMap<String, Entry<T>>,
}

/// The value of one question. Yours, too.
struct Entry<T> {
    version: i64,
    cell: Arc<OnceCell<Arc<T>>>,
}

impl<T> Cache<T> {
    /// An empty cache that keeps at most `capacity` values.
    pub fn new(capacity: usize) -> Self {
        todo!("an empty map behind a lock")
    }

    /// The value of `key`, as it is in `version` of the data or in a later one.
    ///
    /// `version` is what the caller has read just before; versions only grow, and two callers may get here in another
    /// order than they have read. Keys are any texts, compared byte by byte.
    ///
    /// - What is kept, or is being computed, for this key and this version **or a later one** is the answer, and
    ///   `compute` never runs. What is of an earlier version never is, not even when it is being computed; it is not
    ///   kept any more.
    /// - Otherwise `compute` runs, and what it answers is kept. Of all who ask for one key and version at the same
    ///   time, one computes, and the others wait for it. Who asks for another key waits for nobody.
    /// - A failure is answered to the caller whose `compute` failed, and is not kept: whoever waited tries with their
    ///   own `compute`, one after the other, and so does whoever comes later. The same holds if the caller who computes
    ///   goes away (its future is dropped).
    /// - No more than `capacity` values are kept when nobody is computing. Whenever there are more, the one goes whose
    ///   key has not been asked for longest, whether it was computed for that question or not; it is the moment of the
    ///   question that counts, not that of the answer. What is being computed
    ///   is no value yet: it counts only when it is there, and is not let go before.
    /// - A key whose computation failed or was given up takes no room any more when the next question has been
    ///   answered.
    ///
    /// # Errors
    ///
    /// What `compute` answers.
    pub async fn get<E>(
        &self,
        key: &str,
        version: i64,
        compute: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        todo!("find or make the cell under the lock; fill it without the lock; then make room")
    }

    /// How many keys take room now: those whose value is kept, and those whose value is being computed.
    pub fn keys(&self) -> usize {
        todo!("how many entries there are")
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
    /// What the routes answer, from the cache where it is there. `Ok` and `Err` are both sent as they are: `Err` is
    /// what is not kept.
    ///
    /// - Methods other than GET and HEAD go through to the routes, and nothing is kept of them.
    /// - The question is the path with its query, as they came, **and the hour of UTC** by the clock of the program:
    ///   the routes may begin their days somewhere. They depend on nothing else of the request. The version is that of
    ///   `store`, read before anything is computed; if it cannot be read, that failure is the answer, whatever is kept.
    /// - Answers with status 200 are kept, with all their headers and their body, and get the header `etag`: the
    ///   [`tag`] of the body, in place of one that the route gave. All others go to the client unchanged, and are not kept. Who waits for one that turns out
    ///   to be no 200 asks the routes itself.
    /// - Who [`has`] the tag gets 304 with `etag`, without a body and without `content-type`.
    /// - HEAD and GET are one question: the routes are asked with GET for both, and axum takes the body off an answer
    ///   to HEAD. A route may do less for HEAD, and what it gives then is no answer to GET.
    async fn answer(&self, request: Request, next: Next) -> Result<Response, Response> {
        todo!(
            "question and version; the cache, with a `compute` that runs `next` and reads the body; then 200 or 304"
        )
    }
}

impl Answer {
    // Yours, if you like: an `Answer` of a response, and a response to a request's headers.
}
