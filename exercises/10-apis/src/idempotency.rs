//! A payment that is sent twice is charged once.
//!
//! A partner sends a payment and hears nothing: the answer was lost, or the request was. It cannot know which, so it must be
//! allowed to send again. It puts a key of its own choice into the header `Idempotency-Key`, the same for every attempt at
//! the same payment. Whoever sees the key again gives the first answer again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::given::partner::{Partner, Partners};
use crate::given::refusal::refusal;
use crate::given::till::{Charge, NotCharged, Till};

/// How long a key is remembered, counted from the first time it came.
pub const KEPT: i64 = 24 * 60 * 60;
/// How long whoever has begun a payment is waited for. After that, somebody else may begin it again.
pub const LEASE: i64 = 60;
/// How many characters a key has at most.
pub const MOST_KEY: usize = 255;

/// The table. Given. A partner's key is there once; without a `status` there is no answer yet.
pub const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS calls (
        partner TEXT NOT NULL,
        key TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        begun INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        leased_until INTEGER NOT NULL,
        status INTEGER,
        body TEXT,
        PRIMARY KEY (partner, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS calls_by_begin ON calls (begun);
";

/// One attempt: whose key, and what was asked under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub partner: String,
    pub key: String,
    pub fingerprint: [u8; 32],
}

/// An answer that can be given again, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// The right to do the work of a call, until the lease ends or somebody else has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    partner: String,
    key: String,
    begun: i64,
    attempt: i64,
}

/// What is known about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nobody does it and nobody has done it: it is yours.
    Yours(Lease),
    /// Somebody else is at it.
    Running,
    /// The key came with another request before.
    AnotherRequest,
    /// It was done, and this was the answer.
    Answered(Answer),
}

/// The keys that have come, in a SQLite file that several processes may have open.
#[derive(Debug)]
pub struct Keys {
    connection: Mutex<Connection>,
}

impl Keys {
    /// Takes a connection, and makes the table if need be. Given.
    ///
    /// # Errors
    ///
    /// Those of SQLite.
    pub fn new(connection: Connection) -> rusqlite::Result<Self> {
        connection.execute_batch(TABLES)?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// The connection. A panic in the middle of a transaction has rolled it back, so a poisoned lock is no harm. Given.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks what is known about the call at `now` (seconds since 1970), and takes it if it is free: as one step for
    /// everybody else, in this process and in others.
    ///
    /// First all keys, of all partners, that came [`KEPT`] seconds ago or longer are removed. Then:
    ///
    /// | the partner's key | answer | and |
    /// | --- | --- | --- |
    /// | is not there | `Yours` | it is leased until `now + LEASE` |
    /// | came with another fingerprint | `AnotherRequest` | |
    /// | has an answer | `Answered` | |
    /// | is leased for longer than `now` | `Running` | |
    /// | else: its lease is over | `Yours` | it is leased anew, as the next attempt |
    ///
    /// A key's age counts from its first attempt.
    ///
    /// # Errors
    ///
    /// Those of SQLite.
    pub fn begin(&self, now: i64, call: &Call) -> rusqlite::Result<Begun> {
        todo!(
            "one transaction that may write from its first moment: remove what is old, look, take"
        )
    }

    /// Ends what [`Keys::begin`] has begun.
    ///
    /// An answer below 500 is kept and given again from now on. One of 500 or more is not: the fault may be gone in a minute,
    /// so the lease ends at once, and the next attempt is free to try.
    ///
    /// Whoever was too slow, so that somebody else has the call now, changes nothing.
    ///
    /// # Errors
    ///
    /// Those of SQLite.
    pub fn finish(&self, lease: &Lease, answer: &Answer) -> rusqlite::Result<()> {
        todo!("one UPDATE: which row is still the lease's?")
    }
}

/// What `POST /payments` takes, as JSON.
#[derive(Deserialize)]
struct Payment {
    order: i64,
    cents: u32,
    card: String,
}

/// What the routes need. A clone is the same desk.
#[derive(Clone)]
pub struct Desk {
    pub partners: Partners,
    pub keys: Arc<Keys>,
    pub till: Arc<dyn Till>,
    /// The time, in seconds since 1970.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl FromRef<Desk> for Partners {
    fn from_ref(desk: &Desk) -> Self {
        desk.partners.clone()
    }
}

/// `POST /payments`, for partners ([`Partner`] is an extractor; without a token the answer is 401). In this order:
///
/// | what | answer |
/// | --- | --- |
/// | no `Idempotency-Key`, more than one, or one that is not 1 to [`MOST_KEY`] characters from `!` to `~` | 400 |
/// | a body that is no [`Payment`] | 400; the key counts as never seen |
/// | the key came with other bytes before | 422 |
/// | the first attempt still runs | 409, with `Retry-After: 1` |
/// | the key has an answer | the same status and the same bytes, with `Idempotent-Replayed: true` |
/// | the card is charged | 201, `{"receipt":7,"order":1042,"cents":1250}` |
/// | the card is declined | 402 |
/// | the till cannot be reached | 503 |
/// | the keys cannot be read or written | 500 |
///
/// A key is taken as it came: `a` and `A` are two keys, and so are those of two partners. The fingerprint of a call is the
/// SHA-256 of its body.
///
/// The 201 is `application/json`; whatever refuses is a [`refusal`] in words of your own. Neither the database nor an answer
/// ever holds a card. A payment that has begun is finished, even when the client hangs up: the till and SQLite wait on a
/// thread of their own (`spawn_blocking`).
pub fn routes(desk: Desk) -> Router {
    todo!(
        "a thin handler for the headers and the body, and a plain function that begins, charges and finishes"
    )
}
