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
    format!(
        "v1,{}",
        BASE64.encode(&fed(secret, id, timestamp, body).finalize().into_bytes())
    )
}

/// A message that is sent at `now` (seconds since 1970).
///
/// While a secret is being exchanged there are two: the message is signed with each, in this order, with a space between the
/// signatures. So whoever knows one of them can check it.
pub fn message(secrets: &[Secret], id: &str, now: i64, body: &[u8]) -> Message {
    let timestamp = now.to_string();
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| sign(secret, id, &timestamp, body))
        .collect();
    Message {
        id: id.to_owned(),
        signature: signatures.join(" "),
        timestamp,
        body: body.to_vec(),
    }
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
    let id = &message.id;
    let stamp = &message.timestamp;
    if id.is_empty() || id.contains('.') || !stamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refused::Malformed);
    }
    let sent: i64 = stamp.parse().map_err(|_| Refused::Malformed)?;
    let right = message
        .signature
        .split(' ')
        .take(MOST_SIGNATURES)
        .filter_map(|signature| {
            BASE64
                .decode(signature.strip_prefix("v1,")?.as_bytes())
                .ok()
        })
        .any(|given| {
            // The crate compares in constant time by itself.
            secrets.iter().any(|secret| {
                fed(secret, id, stamp, &message.body)
                    .verify_slice(&given)
                    .is_ok()
            })
        });
    if !right {
        return Err(Refused::Forged);
    }
    // The distance of two times may be larger than an i64.
    if sent.abs_diff(now) > WINDOW.unsigned_abs() {
        return Err(Refused::OutOfTime);
    }
    Ok(())
}

/// An HMAC into which a message has been fed.
fn fed(secret: &Secret, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = keyed(secret);
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
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
    /// Ids that were taken more than two [`WINDOW`]s before `now` are removed: a message that was sent again would be out of time.
    ///
    /// # Errors
    ///
    /// Those of SQLite.
    pub fn take(&self, id: &str, now: i64) -> rusqlite::Result<bool> {
        let connection = self.connection();
        connection.execute("DELETE FROM taken WHERE at < ?1", [now - 2 * WINDOW])?;
        let sql = "INSERT INTO taken (id, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        Ok(connection.execute(sql, params![id, now])? == 1)
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
    Router::new()
        .route("/hooks", post(receive))
        .layer(axum::extract::DefaultBodyLimit::max(MOST_BYTES))
        .with_state(desk)
}

async fn receive(
    State(desk): State<Desk>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let (Some(id), Some(timestamp), Some(signature)) = (
        only(&headers, "webhook-id"),
        only(&headers, "webhook-timestamp"),
        only(&headers, "webhook-signature"),
    ) else {
        let detail = "a message has one id, one time stamp and one signature header";
        return refusal(StatusCode::BAD_REQUEST, detail);
    };
    let body = match body {
        Ok(body) => body.to_vec(),
        Err(rejection) => return refusal(rejection.status(), "the message cannot be read"),
    };
    let message = Message {
        id,
        timestamp,
        signature,
        body,
    };
    let now = (desk.now)();
    match verify(&desk.secrets, now, &message) {
        Ok(()) => {}
        Err(Refused::Malformed) => {
            return refusal(StatusCode::BAD_REQUEST, "the id or the time stamp is none");
        }
        Err(Refused::Forged | Refused::OutOfTime) => {
            return refusal(StatusCode::UNAUTHORIZED, "the message cannot be trusted");
        }
    }
    let taken = tokio::task::spawn_blocking(move || -> rusqlite::Result<()> {
        let new = desk.taken.take(&message.id, now)?;
        if new {
            (desk.inbox)(&message.id, &message.body);
        }
        Ok(())
    });
    match taken.await {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(_)) | Err(_) => refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "something went wrong on our side",
        ),
    }
}

/// The one header of this name, if it is one and text.
fn only(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    value.to_str().ok().map(str::to_owned)
}
