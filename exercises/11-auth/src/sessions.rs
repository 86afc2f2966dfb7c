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
    todo!("a name, a value and five attributes; one of them is ABSOLUTE")
}

/// The value of `Set-Cookie` that makes a browser forget the secret: an empty value, the same attributes, and `Max-Age=0`.
pub fn clear_cookie() -> String {
    todo!("the same cookie, empty and without a life")
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
    todo!("all pairs of all headers, those of the name, and there must be one")
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
    todo!("draw first; then one transaction for what ends and what begins")
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
    todo!(
        "one UPDATE that finds it, asks both clocks, renews one of them, and RETURNING says whose it is"
    )
}

/// The user's sessions that have not run out, in the order of their ids. Looking at them does not use them.
pub fn list(connection: &Connection, user: i64, now: UnixTime) -> rusqlite::Result<Vec<Session>> {
    todo!("the same two clocks")
}

/// Signs out: ends the session of this secret. One that is not there has ended already.
pub fn end(connection: &Connection, secret: &str) -> rusqlite::Result<()> {
    todo!("a row that is gone is a session that has ended")
}

/// Ends one session of this user's, and says whether it was there. Somebody else's is not there.
pub fn end_one(connection: &Connection, user: i64, id: i64) -> rusqlite::Result<bool> {
    todo!("whose it is belongs into the statement")
}

/// Ends all sessions of this user's, on every device: the password has been changed, or a telephone is lost.
pub fn end_all(connection: &Connection, user: i64) -> rusqlite::Result<()> {
    todo!("one statement, and no other user")
}

/// Removes what has run out, and only that; says how many it was. A table that nobody prunes grows for ever.
pub fn prune(connection: &Connection, now: UnixTime) -> rusqlite::Result<usize> {
    todo!("the opposite of alive: one of the two clocks is enough")
}
