//! Milestone 8: numbers that move.
//!
//! The messages are kept in a map, which finds those after an id by itself.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
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
    /// The event's name: `changed` or `reset`.
    pub name: &'static str,
    /// JSON.
    pub data: Arc<str>,
}

/// What a client says it has heard.
#[derive(Debug, Clone, Copy)]
pub enum Seen {
    /// It says nothing: it wants to hear what comes.
    Nothing,
    /// Everything up to this id.
    UpTo(i64),
    /// It says something that is no id of ours.
    Unknown,
}

/// What a client has heard: the header `Last-Event-ID`, or else `after` of the query.
pub fn seen(header: Option<&HeaderValue>, after: Option<&str>) -> Seen {
    let text = match (header, after) {
        (Some(header), _) => header.to_str().unwrap_or("none of ours"),
        (None, Some(after)) => after,
        (None, None) => return Seen::Nothing,
    };
    // `parse` would take a plus sign as well.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(id) if digits => Seen::UpTo(id),
        _ => Seen::Unknown,
    }
}

/// Tells everybody who listens.
pub struct Hub {
    state: Mutex<State>,
}

struct State {
    /// The version that everybody has heard of.
    newest: i64,
    /// The newest version whose message is not kept. Who has heard less has missed what nobody can repeat.
    forgotten: i64,
    /// The messages after that, the oldest first.
    kept: BTreeMap<i64, Message>,
    listeners: Vec<mpsc::Sender<Message>>,
}

/// One who listens: what was missed, and then what comes.
pub struct Listener {
    /// First this.
    pub missed: VecDeque<Message>,
    /// Then this; it ends when the hub gives the listener up.
    pub coming: mpsc::Receiver<Message>,
}

impl Hub {
    /// Nobody listens yet; `newest` is the version of the data now.
    pub fn new(newest: i64) -> Self {
        let state = State {
            newest,
            forgotten: newest,
            kept: BTreeMap::new(),
            listeners: Vec::new(),
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// Tells all listeners that the data has this version now.
    pub fn publish(&self, version: i64) {
        let mut state = self.state();
        if version <= state.newest {
            return;
        }
        state.newest = version;
        let message = Message::new(version, "changed");
        state.kept.insert(version, message.clone());
        if state.kept.len() > KEPT
            && let Some((oldest, _)) = state.kept.pop_first()
        {
            state.forgotten = oldest;
        }
        // Full: too slow. Closed: gone. Either way nobody waits, and the client comes back when it can.
        state
            .listeners
            .retain(|listener| listener.try_send(message.clone()).is_ok());
    }

    /// Another listener; `None` if there are [`LISTENERS`] already.
    pub fn listen(&self, seen: Seen) -> Option<Listener> {
        let mut state = self.state();
        state.listeners.retain(|listener| !listener.is_closed());
        if state.listeners.len() >= LISTENERS {
            return None;
        }
        let (sender, coming) = mpsc::channel(QUEUE);
        // What was missed is taken and the listener put in under one lock: no message falls between, none comes twice.
        let missed = state.missed(seen);
        state.listeners.push(sender);
        Some(Listener { missed, coming })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn missed(&self, seen: Seen) -> VecDeque<Message> {
        let seen = match seen {
            Seen::Nothing => return VecDeque::new(),
            Seen::UpTo(seen) if (self.forgotten..=self.newest).contains(&seen) => seen,
            Seen::UpTo(_) | Seen::Unknown => {
                return VecDeque::from([Message::new(self.newest, "reset")]);
            }
        };
        let later = self.kept.range((Bound::Excluded(seen), Bound::Unbounded));
        later.map(|(_, message)| message.clone()).collect()
    }
}

impl Message {
    fn new(version: i64, name: &'static str) -> Self {
        Self {
            id: version,
            name,
            data: format!(r#"{{"version":{version}}}"#).into(),
        }
    }
}

/// The answer that goes on for as long as the listener does.
pub fn events(listener: Listener) -> Response {
    let messages = tokio_stream::iter(listener.missed).chain(ReceiverStream::new(listener.coming));
    let events = messages.map(|message| {
        let event = Event::default().id(message.id.to_string());
        Ok::<Event, Infallible>(event.event(message.name).data(&message.data))
    });
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response()
}
