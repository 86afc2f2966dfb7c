//! Milestone 8: numbers that move.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderValue;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

/// So many messages are kept for those who come back.
pub const KEPT: usize = 256;

/// So many messages may wait for one listener.
pub const QUEUE: usize = 64;

/// So many may listen at once.
pub const LISTENERS: usize = 200;

/// After so long without a message there is a sign of life.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

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
