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
pub fn start(
    db: &mut Connection,
    entropy: &dyn Entropy,
    customer: i64,
    now: i64,
) -> Result<Renewed, RefreshError> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let family = tx.query_row(
        "INSERT INTO families (customer, ends_at) VALUES (?1, ?2) RETURNING id",
        params![customer, now.saturating_add(FAMILY)],
        |row| row.get(0),
    )?;
    let first = hand_out(&tx, entropy, family, now)?;
    tx.commit()?;
    Ok(first)
}

/// Takes a token and gives its successor.
pub fn rotate(
    db: &mut Connection,
    entropy: &dyn Entropy,
    token: &str,
    now: i64,
) -> Result<Renewed, RefreshError> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // A `?` in here takes everything back; a refusal is a value, because what it decided must stay.
    let outcome = match use_up(&tx, token, now)? {
        Use::First { family } => Ok(hand_out(&tx, entropy, family, now)?),
        Use::Again { family } => {
            raise_alarm(&tx, family, now)?;
            Err(RefreshError::Reused)
        }
        Use::None => Err(RefreshError::Invalid),
    };
    tx.commit()?;
    outcome
}

/// What became of an attempt to use a token.
enum Use {
    None,
    First { family: i64 },
    Again { family: i64 },
}

/// Counts a use and looks at the count, in one statement. A token that has expired unused stays at 0.
fn use_up(db: &Connection, token: &str, now: i64) -> Result<Use, RefreshError> {
    let counted = db
        .query_row(
            "UPDATE refresh_tokens
             SET uses = uses + CASE WHEN uses > 0 OR expires_at > ?2 THEN 1 ELSE 0 END
             WHERE digest = ?1
               AND family IN (SELECT id FROM families WHERE ended_at IS NULL AND ends_at > ?2)
             RETURNING uses, family",
            params![digest(token), now],
            |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(match counted {
        None | Some((0, _)) => Use::None,
        Some((1, family)) => Use::First { family },
        Some((_, family)) => Use::Again { family },
    })
}

/// Ends a family whose token came twice, and counts it for its customer.
fn raise_alarm(db: &Connection, family: i64, now: i64) -> Result<(), RefreshError> {
    let customer: i64 = db.query_row(
        "UPDATE families SET ended_at = ?2 WHERE id = ?1 RETURNING customer",
        params![family, now],
        |row| row.get(0),
    )?;
    db.execute(
        "INSERT INTO alarms (customer, times, last_at) VALUES (?1, 1, ?2)
         ON CONFLICT (customer) DO UPDATE SET times = times + 1, last_at = excluded.last_at",
        params![customer, now],
    )?;
    Ok(())
}

/// A fresh token of a family that lives. Only its digest is stored.
fn hand_out(
    db: &Connection,
    entropy: &dyn Entropy,
    family: i64,
    now: i64,
) -> Result<Renewed, RefreshError> {
    let token = BASE64URL_NOPAD.encode(&draw::<32>(entropy)?);
    let (customer, ends_at): (i64, i64) = db.query_row(
        "SELECT customer, ends_at FROM families WHERE id = ?1",
        [family],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let expires_at = ends_at.min(now.saturating_add(IDLE));
    db.execute(
        "INSERT INTO refresh_tokens (digest, family, expires_at) VALUES (?1, ?2, ?3)",
        params![digest(&token), family, expires_at],
    )?;
    Ok(Renewed {
        customer,
        token,
        expires_at,
    })
}

/// Signs out: ends the family of this token.
pub fn end(db: &Connection, token: &str, now: i64) -> Result<(), RefreshError> {
    db.execute(
        "UPDATE families SET ended_at = ?2
         WHERE ended_at IS NULL
           AND id = (SELECT family FROM refresh_tokens WHERE digest = ?1)",
        params![digest(token), now],
    )?;
    Ok(())
}

/// Removes the families that are over; their tokens go with them (`ON DELETE CASCADE`).
pub fn prune(db: &Connection, now: i64) -> Result<usize, RefreshError> {
    let removed = db.execute(
        "DELETE FROM families WHERE ended_at IS NOT NULL OR ends_at <= ?1",
        [now],
    )?;
    Ok(removed)
}
