//! Sessions: who has signed in stays known, until one of two clocks runs out or somebody ends it.
//!
//! The browser holds a secret, the table its digest and the rest. Whoever steals the table can open nothing with it, and a row
//! that is deleted is a session that has ended, everywhere and at once.

use axum::http::{HeaderMap, header};
use data_encoding::BASE64URL_NOPAD;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::given::entropy::{Entropy, draw};
use crate::given::sessions::{Session, SessionError, UnixTime};

/// The name of the cookie. Browsers take a name with this beginning only with `Secure`, `Path=/` and without `Domain`.
pub const COOKIE: &str = "__Host-session";
/// How long a session lives that nobody uses, in seconds.
pub const IDLE: i64 = 30 * 60;
/// How long a session lives that is used all the time, in seconds.
pub const ABSOLUTE: i64 = 12 * 60 * 60;

/// The value of `Set-Cookie` that gives a browser this secret:
///
/// ```text
/// __Host-session=SECRET; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200
/// ```
///
/// It lives as long as a session can, and goes to nobody but this host.
pub fn set_cookie(secret: &str) -> String {
    cookie(secret, ABSOLUTE)
}

/// The value of `Set-Cookie` that makes a browser forget the secret: an empty value, the same attributes, and `Max-Age=0`.
pub fn clear_cookie() -> String {
    cookie("", 0)
}

fn cookie(value: &str, max_age: i64) -> String {
    format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={max_age}")
}

/// The secret that a request brings in its `Cookie` headers; there may be several of them. Pairs are parted by `;` and by nothing
/// else, and spaces around a pair are no part of it. A value is taken as it is, and an empty one counts as well.
///
/// | `Cookie` | secret |
/// | --- | --- |
/// | `__Host-session=s3` | `s3` |
/// | `theme=dark; __Host-session=a=b; cart=7` | `a=b` |
/// | `theme=dark;__Host-session="s3"` | `"s3"` |
/// | `theme=dark`, and in a second header `__Host-session=s3` | `s3` |
/// | `x__Host-session=s3`, `__host-session=s3`, `session=s3` | none |
/// | `theme=dark,__Host-session=s3` | none: the comma belongs to the value of `theme` |
/// | `__Host-session=s3; __Host-session=s4` | none: one of the two is not ours |
///
/// A header that is no text is passed over.
pub fn secret_of(headers: &HeaderMap) -> Option<&str> {
    let mut secrets = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, secret)| secret);
    let secret = secrets.next()?;
    secrets.next().is_none().then_some(secret)
}

/// Begins a session for somebody who has just signed in, and gives its secret: 32 bytes of `entropy`, written as base64 for URLs,
/// without padding ([`BASE64URL_NOPAD`]). The table gets the SHA-256 digest of this
/// text, and the secret nowhere.
///
/// The secret is always a new one. What the browser has presented may have been planted by somebody who knows it: the session
/// that it stands for, if there is one, ends, whosever it is.
///
/// # Errors
///
/// `NoEntropy`; `Broken`. Then nothing has ended, and nothing has begun.
pub fn begin(
    connection: &mut Connection,
    entropy: &dyn Entropy,
    user: i64,
    presented: Option<&str>,
    now: UnixTime,
) -> Result<String, SessionError> {
    let bytes: [u8; 32] = draw(entropy)?;
    let secret = BASE64URL_NOPAD.encode(&bytes);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(presented) = presented {
        end(&transaction, presented)?;
    }
    transaction.execute(
        "INSERT INTO sessions (digest, user, created_at, used_at) VALUES (?1, ?2, ?3, ?3)",
        params![digest(&secret), user, now],
    )?;
    transaction.commit()?;
    Ok(secret)
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The user whose session this is; `None` when there is no such session, or it has run out.
///
/// It has run out when it was last used [`IDLE`] seconds ago or earlier, or when it began [`ABSOLUTE`] seconds ago or
/// earlier. Otherwise it has been used now, to the second. Requests may arrive in another order than they began, and clocks of two
/// machines differ: `used_at` never goes back. Whether the account is closed is asked elsewhere.
pub fn user_of(
    connection: &Connection,
    secret: &str,
    now: UnixTime,
) -> rusqlite::Result<Option<i64>> {
    connection
        .query_row(
            "UPDATE sessions SET used_at = max(used_at, ?2)
             WHERE digest = ?1 AND used_at > ?2 - ?3 AND created_at > ?2 - ?4
             RETURNING user",
            params![digest(secret), now, IDLE, ABSOLUTE],
            |row| row.get(0),
        )
        .optional()
}

/// The user's sessions that have not run out, in the order of their ids. Looking at them does not use them.
pub fn list(connection: &Connection, user: i64, now: UnixTime) -> rusqlite::Result<Vec<Session>> {
    let mut statement = connection.prepare(
        "SELECT id, created_at, used_at FROM sessions
         WHERE user = ?1 AND used_at > ?2 - ?3 AND created_at > ?2 - ?4 ORDER BY id",
    )?;
    let sessions = statement.query_map(params![user, now, IDLE, ABSOLUTE], |row| {
        Ok(Session {
            id: row.get("id")?,
            created_at: row.get("created_at")?,
            used_at: row.get("used_at")?,
        })
    })?;
    sessions.collect()
}

/// Signs out: ends the session of this secret. One that is not there has ended already.
pub fn end(connection: &Connection, secret: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM sessions WHERE digest = ?1", [digest(secret)])?;
    Ok(())
}

/// Ends one session of this user's, and says whether it was there. Somebody else's is not there.
pub fn end_one(connection: &Connection, user: i64, id: i64) -> rusqlite::Result<bool> {
    let ended = connection.execute(
        "DELETE FROM sessions WHERE id = ?1 AND user = ?2",
        [id, user],
    )?;
    Ok(ended == 1)
}

/// Ends all sessions of this user's, on every device: the password has been changed, or a telephone is lost.
pub fn end_all(connection: &Connection, user: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM sessions WHERE user = ?1", [user])?;
    Ok(())
}

/// Removes what has run out, and only that; says how many it was. A table that nobody prunes grows for ever.
pub fn prune(connection: &Connection, now: UnixTime) -> rusqlite::Result<usize> {
    connection.execute(
        "DELETE FROM sessions WHERE used_at <= ?1 - ?2 OR created_at <= ?1 - ?3",
        [now, IDLE, ABSOLUTE],
    )
}
