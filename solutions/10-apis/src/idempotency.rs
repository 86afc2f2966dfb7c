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
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM calls WHERE begun <= ?1", [now - KEPT])?;
        let known = transaction
            .query_row(
                "SELECT fingerprint, begun, attempt, leased_until, status, body FROM calls
                 WHERE partner = ?1 AND key = ?2",
                [&call.partner, &call.key],
                |row| {
                    Ok(Known {
                        fingerprint: row.get("fingerprint")?,
                        begun: row.get("begun")?,
                        attempt: row.get("attempt")?,
                        leased_until: row.get("leased_until")?,
                        status: row.get("status")?,
                        body: row.get("body")?,
                    })
                },
            )
            .optional()?;
        let answer = match known {
            Some(known) if known.fingerprint != call.fingerprint => Begun::AnotherRequest,
            Some(Known {
                status: Some(status),
                body,
                ..
            }) => Begun::Answered(Answer {
                status,
                body: body.unwrap_or_default(),
            }),
            Some(known) if known.leased_until > now => Begun::Running,
            Some(known) => Begun::Yours(take(
                &transaction,
                now,
                call,
                known.begun,
                known.attempt + 1,
            )?),
            None => Begun::Yours(take(&transaction, now, call, now, 1)?),
        };
        // In any case: what is old has been removed.
        transaction.commit()?;
        Ok(answer)
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
        let (status, body) = if answer.status < 500 {
            (Some(answer.status), Some(&answer.body))
        } else {
            (None, None)
        };
        self.connection().execute(
            "UPDATE calls SET leased_until = 0, status = ?1, body = ?2
             WHERE partner = ?3 AND key = ?4 AND begun = ?5 AND attempt = ?6 AND status IS NULL",
            params![
                status,
                body,
                lease.partner,
                lease.key,
                lease.begun,
                lease.attempt
            ],
        )?;
        Ok(())
    }
}

/// Writes that the call is somebody's.
fn take(
    connection: &Connection,
    now: i64,
    call: &Call,
    begun: i64,
    attempt: i64,
) -> rusqlite::Result<Lease> {
    connection.execute(
        "INSERT INTO calls (partner, key, fingerprint, begun, attempt, leased_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET attempt = excluded.attempt, leased_until = excluded.leased_until",
        params![
            call.partner,
            call.key,
            call.fingerprint,
            begun,
            attempt,
            now + LEASE
        ],
    )?;
    Ok(Lease {
        partner: call.partner.clone(),
        key: call.key.clone(),
        begun,
        attempt,
    })
}

/// A row of the table, without its key.
struct Known {
    fingerprint: [u8; 32],
    begun: i64,
    attempt: i64,
    leased_until: i64,
    status: Option<u16>,
    body: Option<String>,
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
    Router::new().route("/payments", post(pay)).with_state(desk)
}

async fn pay(
    State(desk): State<Desk>,
    Partner(partner): Partner,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(key) = key_of(&headers) else {
        let detail = "send one Idempotency-Key of 1 to 255 printable characters";
        return refusal(StatusCode::BAD_REQUEST, detail);
    };
    let Ok(payment) = serde_json::from_slice::<Payment>(&body) else {
        // serde's message may quote the body, and the body has a card in it.
        let detail = "a payment has order, cents and card";
        return refusal(StatusCode::BAD_REQUEST, detail);
    };
    let call = Call {
        partner,
        key,
        fingerprint: Sha256::digest(&body).into(),
    };
    // A task on a blocking thread runs to its end, whether anybody waits for it or not.
    let paid = tokio::task::spawn_blocking(move || work(&desk, &call, payment)).await;
    match paid {
        Ok(Ok(response)) => response,
        Ok(Err(_)) | Err(_) => refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "something went wrong on our side",
        ),
    }
}

/// The one header, if it is one and a key.
fn key_of(headers: &HeaderMap) -> Option<String> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return None;
    };
    let key = key.to_str().ok()?;
    let fits = (1..=MOST_KEY).contains(&key.len());
    let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
    (fits && printable).then(|| key.to_owned())
}

/// Begins, charges, finishes.
fn work(desk: &Desk, call: &Call, payment: Payment) -> rusqlite::Result<Response> {
    let lease = match desk.keys.begin((desk.now)(), call)? {
        Begun::Yours(lease) => lease,
        Begun::Running => {
            let detail = "the first attempt with this key still runs";
            let response = refusal(StatusCode::CONFLICT, detail);
            return Ok(([(header::RETRY_AFTER, "1")], response).into_response());
        }
        Begun::AnotherRequest => {
            let detail = "this key came with another request before";
            return Ok(refusal(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        Begun::Answered(answer) => {
            return Ok(([("idempotent-replayed", "true")], shown(&answer)).into_response());
        }
    };
    let (order, cents) = (payment.order, payment.cents);
    let charged = desk.till.charge(&Charge {
        partner: call.partner.clone(),
        key: call.key.clone(),
        order,
        cents,
        card: payment.card,
    });
    let answer = match charged {
        Ok(receipt) => Answer {
            status: 201,
            body: json!({ "receipt": receipt, "order": order, "cents": cents }).to_string(),
        },
        Err(NotCharged::Declined) => Answer {
            status: 402,
            body: NotCharged::Declined.to_string(),
        },
        Err(NotCharged::Unreachable) => Answer {
            status: 503,
            body: NotCharged::Unreachable.to_string(),
        },
    };
    desk.keys.finish(&lease, &answer)?;
    Ok(shown(&answer))
}

/// The answer as a response. What was kept of a refusal is its detail.
fn shown(answer: &Answer) -> Response {
    match StatusCode::from_u16(answer.status) {
        Ok(StatusCode::CREATED) => {
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::CREATED, kind, answer.body.clone()).into_response()
        }
        Ok(status) => refusal(status, &answer.body),
        Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "an unreadable answer"),
    }
}
