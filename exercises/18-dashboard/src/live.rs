//! Milestone 8: numbers that move.
//!
//! Pages listen, and hear when there is something new: by server-sent events, an answer that does not end. Who comes
//! back after a break hears what was missed. Who is too slow is let go, and nobody waits for them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::given::app::App;
use crate::given::neighbours::News;
use crate::given::problem::Problem;

/// So many messages are kept for those who come back.
pub const KEPT: usize = 256;

/// So many messages may wait for one listener.
pub const QUEUE: usize = 64;

/// So many may listen at once.
pub const LISTENERS: usize = 200;

/// After so long without a message there is a sign of life.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// The route of this milestone.
pub fn routes(hub: Arc<Hub>) -> Router<App> {
    Router::new()
        .route("/api/live", get(handler))
        .layer(Extension(hub))
}

/// The query of `GET /api/live`.
#[derive(Debug, Deserialize)]
struct Since {
    after: Option<String>,
}

async fn handler(
    Extension(hub): Extension<Arc<Hub>>,
    headers: HeaderMap,
    Query(since): Query<Since>,
) -> Result<Response, Problem> {
    let seen = seen(headers.get("last-event-id"), since.after.as_deref());
    let listener = hub.listen(seen).ok_or_else(|| Problem::busy(5))?;
    Ok(events(listener))
}

impl News for Hub {
    fn publish(&self, version: i64) {
        Hub::publish(self, version);
    }
}

/// What listeners hear.
#[derive(Debug, Clone)]
pub struct Message {
    /// The version of the data.
    pub id: i64,
    /// `changed`: there is something new. `reset`: so much was missed that you had better begin anew.
    pub name: &'static str,
    /// The version once more, as JSON: `{"version":42}`.
    pub data: Arc<str>,
}

/// What a client says it has heard.
#[derive(Debug, Clone, Copy)]
pub enum Seen {
    /// It says nothing: it wants to hear what comes.
    Nothing,
    /// Everything up to this version.
    UpTo(i64),
    /// It says something that cannot be a version.
    Unknown,
}

/// What a client has heard: the header `Last-Event-ID`, or, if there is none, `after` of the query. With both the
/// header counts alone, even if it says nothing sensible: a browser that comes back still has the address of the first
/// time.
///
/// A version is written in ASCII digits and nothing else, and is at most `i64::MAX`. Zeros in front do no harm.
/// Everything else is
/// [`Seen::Unknown`]: an empty text, a sign, a blank, bytes that are no text, a number too large.
pub fn seen(header: Option<&HeaderValue>, after: Option<&str>) -> Seen {
    todo!("which of the two; then digits only; then parse")
}

/// Tells everybody who listens.
pub struct Hub {
    state: Mutex<State>,
}

/// What the hub knows. Yours: add what you need.
struct State {
    newest: i64,
    kept: VecDeque<Message>,
    listeners: Vec<mpsc::Sender<Message>>,
}

/// One who listens: what was missed, and then what comes.
pub struct Listener {
    /// First this, the oldest first.
    pub missed: VecDeque<Message>,
    /// Then this; it ends when the hub gives the listener up.
    pub coming: mpsc::Receiver<Message>,
}

impl Hub {
    /// Nobody listens yet, and no message is kept; `newest` is the version of the data now, which needs no message.
    pub fn new(newest: i64) -> Self {
        todo!("an empty state behind a lock")
    }

    /// Tells all listeners that the data has this version now: one message `changed`.
    ///
    /// - A version that is not larger than every one before (and than `newest` of [`Hub::new`]) is no news: nothing
    ///   happens. Ingests may end in another order than they began, and whoever has heard of 8 knows of 7. Versions may
    ///   be left out.
    /// - The last [`KEPT`] messages are kept.
    /// - Nobody is waited for. A listener in whose `coming` [`QUEUE`] messages wait already is given up: these it still
    ///   gets, this one and later ones it does not, and then `coming` ends. All others hear.
    pub fn publish(&self, version: i64) {
        todo!("is it news? keep it, tell it, and drop the sender of whoever has no room")
    }

    /// Another listener. `coming` gets every message that is published from now on, and `missed` is what it has to hear
    /// before:
    ///
    /// | seen | `missed` |
    /// | --- | --- |
    /// | [`Seen::Nothing`] | nothing |
    /// | [`Seen::UpTo`] a version | the kept messages with larger ids, if none with a larger id was published that is not kept any more |
    /// | the same, otherwise | one message `reset` with the newest version (published, or of [`Hub::new`]) |
    /// | [`Seen::UpTo`] more than the newest | the same: it must have listened to another program's data |
    /// | [`Seen::Unknown`] | the same |
    ///
    /// What is smaller than `newest` of [`Hub::new`] has missed messages that nobody kept. No message falls between
    /// `missed` and `coming`, and none is in both, whoever publishes at the same time.
    ///
    /// `None` if [`LISTENERS`] listen already. Who has gone (has dropped its [`Listener`], or been given up) does not
    /// count.
    pub fn listen(&self, seen: Seen) -> Option<Listener> {
        todo!("under one lock: who is still there, what was missed, and the new one onto the list")
    }
}

/// The answer to a listener: 200, `content-type: text/event-stream`, `cache-control: no-cache`, and a body of
/// server-sent events that ends when the listener's `coming` does.
///
/// Each message, those of `missed` first, is one event with its id, its name and its data. After [`HEARTBEAT`] without
/// one, and then again and again, there is a comment (a line that begins with a colon, and an empty line).
///
/// ```text
/// id: 42
/// event: changed
/// data: {"version":42}
///
/// ```
pub fn events(listener: Listener) -> Response {
    todo!("one stream after the other, each message made an `Event`, in an `Sse` with `keep_alive`")
}
