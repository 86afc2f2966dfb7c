//! Messages that Lantern sends by itself: "your order is on its way".
//!
//! A webhook is a POST to an address that a partner has named. Anybody can send one there, and whoever listens on the way can
//! send an old one again. So each carries a signature, made with a secret that only both sides know, over the time and the
//! very bytes of the body; and an id, which is taken once.
//!
//! ```text
//! Webhook-Id: msg_8131
//! Webhook-Timestamp: 1000000000
//! Webhook-Signature: v1,XPNFteZbI7BZOb+KqSDimKhWQn1Zrou5zbBbPtShMuc=
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, params};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::given::refusal::refusal;

/// How far a time stamp may be away from now, in seconds, into the past and into the future.
pub const WINDOW: i64 = 300;
/// How many bytes a message has at most.
pub const MOST_BYTES: usize = 64 * 1024;
/// How many signatures of a message are looked at. What comes behind them does not count.
pub const MOST_SIGNATURES: usize = 10;

/// The table of ids that were taken. Given.
pub const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS taken (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS taken_by_time ON taken (at);
";

/// A secret that both sides know. It cannot be printed.
#[derive(Clone)]
pub struct Secret(pub Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is sent: the three headers and the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `Webhook-Id`
    pub id: String,
    /// `Webhook-Timestamp`
    pub timestamp: String,
    /// `Webhook-Signature`
    pub signature: String,
    pub body: Vec<u8>,
}

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The id is empty or has a full stop in it, or the time stamp is no number.
    Malformed,
    /// No signature is right.
    Forged,
    /// The time stamp is too far away.
    OutOfTime,
}

/// One signature: HMAC with SHA-256, with the secret, over the id, a full stop, the time stamp, a full stop, and the body, byte by
/// byte. In Base64, behind `v1,`.
pub fn sign(secret: &Secret, id: &str, timestamp: &str, body: &[u8]) -> String {
    todo!("feed the parts to the Mac, one after the other, and encode what comes out")
}

/// A message that is sent at `now` (seconds since 1970).
///
/// While a secret is being exchanged there are two: the message is signed with each, in this order, with a space between the
/// signatures. So whoever knows one of them can check it.
pub fn message(secrets: &[Secret], id: &str, now: i64, body: &[u8]) -> Message {
    todo!("one signature a secret")
}

/// Checks a message that came at `now`. In this order:
///
/// | what | answer |
/// | --- | --- |
/// | the id is empty, or has a `.` in it | `Malformed` |
/// | the time stamp is anything but ASCII digits, or no `i64` | `Malformed` |
/// | no signature is right with any of the secrets | `Forged` |
/// | the time stamp is more than [`WINDOW`] seconds before or after `now` | `OutOfTime` |
///
/// The header has signatures with spaces between them. Those that do not begin with `v1,`, or are no Base64, do not count: a later
/// version may add others. Only the first [`MOST_SIGNATURES`], those included, are looked at. Signatures are compared in
/// constant time, by a crate.
///
/// # Errors
///
/// Why it is not taken.
pub fn verify(secrets: &[Secret], now: i64, message: &Message) -> Result<(), Refused> {
    todo!("form, signature, time: in this order")
}

/// An HMAC with this secret, into which nothing has been fed yet. Given.
pub fn keyed(secret: &Secret) -> Hmac<Sha256> {
    match Hmac::new_from_slice(&secret.0) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes a key of any length"),
    }
}

/// The ids of messages that were taken, in a SQLite file that several processes may have open.
#[derive(Debug)]
pub struct Taken {
    connection: Mutex<Connection>,
}

impl Taken {
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

    /// The connection. A panic in the middle of a statement has undone it, so a poisoned lock is no harm. Given.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether the id is new, and remembers it: in one step, so that of many who ask for one id at the same moment one is
    /// told yes.
    ///
    /// Ids that were taken more than two [`WINDOW`]s before `now` are removed first: a message that was sent again would be out of time.
    ///
    /// # Errors
    ///
    /// Those of SQLite.
    pub fn take(&self, id: &str, now: i64) -> rusqlite::Result<bool> {
        todo!("one statement can insert, or tell that the id is there")
    }
}

/// What a message that is taken goes to: its id and its body. It may wait for the disk.
pub type Inbox = Arc<dyn Fn(&str, &[u8]) + Send + Sync>;

/// What the route needs. A clone is the same desk.
#[derive(Clone)]
pub struct Desk {
    /// The secrets that count today: during an exchange the old one and the new one.
    pub secrets: Arc<[Secret]>,
    pub taken: Arc<Taken>,
    /// The time, in seconds since 1970.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    pub inbox: Inbox,
}

/// `POST /hooks`: takes messages.
///
/// | what | answer |
/// | --- | --- |
/// | one of the three headers is missing, comes twice, or is no visible ASCII | 400 |
/// | a body of more than [`MOST_BYTES`] bytes | 413 |
/// | `Malformed` | 400 |
/// | `Forged` or `OutOfTime` | 401 |
/// | an id that was taken before | 204, and the inbox does not get it again |
/// | a message | 204, and the inbox gets it, once |
/// | the ids cannot be read or written | 500 |
///
/// A message that is refused leaves no trace: its id can still be taken. Refusals are [`refusal`]s in words of your own; those of
/// a 401 are the same for both reasons. SQLite and the inbox wait on a thread of their own.
pub fn routes(desk: Desk) -> Router {
    todo!("the headers, then verify, then take, then the inbox")
}
