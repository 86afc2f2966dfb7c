//! Refresh tokens: each works once and brings its successor, and one that comes a second time gives a thief away.
//!
//! All tokens that follow from one sign-in are a *family*. Of a token only its digest is stored. The time is handed in, in
//! whole seconds since 1970, and so is the source of random bytes.

use std::error::Error;
use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use crate::given::entropy::{Entropy, NoEntropy, draw};

/// For how long a token waits to be used, in seconds: a week.
pub const IDLE: i64 = 604_800;

/// For how long a family lives at most, in seconds: thirty days. Refreshing does not prolong it.
pub const FAMILY: i64 = 2_592_000;

/// The tables. Given. `uses` counts how often a token was used; `ended_at` is empty while a family lives.
pub const TABLES: &str = "
    CREATE TABLE families (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        customer INTEGER NOT NULL,
        ends_at INTEGER NOT NULL,
        ended_at INTEGER
    ) STRICT;
    CREATE TABLE refresh_tokens (
        digest TEXT PRIMARY KEY,
        family INTEGER NOT NULL REFERENCES families (id) ON DELETE CASCADE,
        expires_at INTEGER NOT NULL,
        uses INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
    CREATE TABLE alarms (
        customer INTEGER PRIMARY KEY,
        times INTEGER NOT NULL,
        last_at INTEGER NOT NULL
    ) STRICT;
";

/// A token to hand out. It prints without its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Renewed {
    /// Whose family it is.
    pub customer: i64,
    /// The token: 32 random bytes in base64url without padding.
    pub token: String,
    /// When it expires.
    pub expires_at: i64,
}

impl fmt::Debug for Renewed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Renewed")
            .field("customer", &self.customer)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why there is no new token. Clients get the same answer for the first two; only the log tells them apart.
#[derive(Debug)]
pub enum RefreshError {
    /// Unknown, expired, or of a family that has ended.
    Invalid,
    /// It was used before: somebody has a copy.
    Reused,
    /// There were no random bytes.
    NoEntropy(NoEntropy),
    /// The database failed.
    Broken(rusqlite::Error),
}

impl fmt::Display for RefreshError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Invalid => "the refresh token is not valid",
            Self::Reused => "the refresh token was used before",
            Self::NoEntropy(_) => "no new token could be made",
            Self::Broken(_) => "the database failed",
        })
    }
}

impl Error for RefreshError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Invalid | Self::Reused => None,
            Self::NoEntropy(error) => Some(error),
            Self::Broken(error) => Some(error),
        }
    }
}

impl From<NoEntropy> for RefreshError {
    fn from(error: NoEntropy) -> Self {
        Self::NoEntropy(error)
    }
}

impl From<rusqlite::Error> for RefreshError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

/// What is stored of a token: the SHA-256 of its text, in hexadecimal. Given. A token has 256 random bits, so that nobody tries
/// them out; a slow hash, as for passwords, would add nothing.
pub fn digest(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token.as_bytes()))
}

/// Starts a family for a customer who has just signed in, and gives its first token.
///
/// The family ends [`FAMILY`] after `now`, the token expires [`IDLE`] after `now`. The token is 32 bytes, drawn at once and for
/// itself. If there are none, nothing is stored.
pub fn start(
    db: &mut Connection,
    entropy: &dyn Entropy,
    customer: i64,
    now: i64,
) -> Result<Renewed, RefreshError> {
    todo!("a family and a token, both or neither")
}

/// Takes a token and gives its successor, of the same family. For everybody else this is one step.
/// The first row of the table that fits counts.
///
/// | the token | answer | what happens |
/// | --- | --- | --- |
/// | is unknown | `Invalid` | nothing |
/// | is of a family that was ended, or whose `ends_at` is `now` or earlier | `Invalid` | nothing |
/// | was used before, expired since or not | `Reused` | the family is ended, and `alarms` counts one more for the customer, with the time of the last |
/// | was never used, and its `expires_at` is `now` or earlier | `Invalid` | nothing; it stays unused |
/// | is none of these | the next token | it is used now; its successor expires [`IDLE`] after `now`, or with the family, if that is earlier |
///
/// **Two at once:** when one token comes twice at the same moment, one of the two is first and gets a token. The other is second:
/// it is a token used before, and ends the family like any other. We cannot tell an impatient program from a thief.
///
/// If there are no random bytes, nothing has happened: the token is good for another try.
pub fn rotate(
    db: &mut Connection,
    entropy: &dyn Entropy,
    token: &str,
    now: i64,
) -> Result<Renewed, RefreshError> {
    todo!(
        "one transaction; count the use and look at the count in one statement; a refusal must be kept, too"
    )
}

/// Signs out: ends the family of this token, whether the token is used, expired or neither. Other families live on. An unknown
/// token is no error, and a family that has ended keeps the time of its end.
pub fn end(db: &Connection, token: &str, now: i64) -> Result<(), RefreshError> {
    todo!("one UPDATE")
}

/// Removes the families that are over at `now`, ended or with an `ends_at` that is `now` or earlier, and all their tokens.
/// Answers how many families. Used and expired tokens of a family that lives stay: they are what gives a thief away.
pub fn prune(db: &Connection, now: i64) -> Result<usize, RefreshError> {
    todo!("one DELETE; the tables do the rest")
}
