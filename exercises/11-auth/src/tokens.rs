//! Access tokens: who asks, for whom the answer is meant, and until when, signed so that nobody else can write it.
//!
//! A token is a JSON Web Token with HMAC-SHA-256 (`HS256`). Whoever holds one of our keys can make tokens, and nobody else.
//! The time is handed in, in whole seconds since 1970: never ask the machine's clock.

use std::error::Error;
use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// Who writes our tokens.
pub const ISSUER: &str = "https://lantern.example";

/// For whom they are.
pub const AUDIENCE: &str = "lantern-api";

/// How long a token is good, in seconds.
pub const LIFETIME: i64 = 600;

/// What a token says. Given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who wrote it.
    pub iss: String,
    /// For whom it is.
    pub aud: String,
    /// Whom it speaks of: the customer's id.
    pub sub: String,
    /// When it was written.
    pub iat: i64,
    /// From when on it is good, this second included.
    pub nbf: i64,
    /// Until when it is good, this second excluded.
    pub exp: i64,
}

/// A key of ours, with the time in which it signs. Given. No two keys have the same `kid`.
#[derive(Clone)]
pub struct Key {
    /// Its name, which the header of a token carries.
    pub kid: String,
    /// 32 random bytes.
    pub secret: Vec<u8>,
    /// From when on it signs, this second included.
    pub signs_from: i64,
    /// Until when it signs, this second excluded; `i64::MAX` when nobody knows yet.
    pub signs_until: i64,
}

/// A key is printed without its secret.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Key")
            .field("kid", &self.kid)
            .field("signs_from", &self.signs_from)
            .field("signs_until", &self.signs_until)
            .finish_non_exhaustive()
    }
}

/// Why there is no token, or why one is not taken. Given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// No key signs at this time.
    NoKey,
    /// The token is ours and right in everything but its age: whoever holds it may fetch a new one.
    Expired,
    /// Anything else. What exactly is nobody's business.
    Invalid,
}

impl fmt::Display for TokenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoKey => "no key signs at this time",
            Self::Expired => "the token has expired",
            Self::Invalid => "the token is not valid",
        })
    }
}

impl Error for TokenError {}

/// Writes a token for `customer`: [`Claims`] with `iat` and `nbf` of `now`, and `exp` [`LIFETIME`] later.
///
/// It is signed by a key that signs at `now`: of several, by the one that began last. The header names it (`kid`) and says
/// `HS256`.
///
/// # Errors
///
/// `NoKey`, when no key signs at `now`.
pub fn issue(keys: &[Key], customer: &str, now: i64) -> Result<String, TokenError> {
    todo!("choose the key, fill the claims, write its kid into the header")
}

/// Reads a token, if it is ours and good at `now`.
///
/// | what | is right if |
/// | --- | --- |
/// | algorithm | the header says `HS256`: a token that names another one is refused, and no header makes another one right |
/// | `kid` | it is there, and a key of ours is called so |
/// | that key | `now` lies between its `signs_from` (included) and [`LIFETIME`] after its `signs_until` (excluded): by then the last token that it signed has expired |
/// | signature | it was made with that key |
/// | `iss`, `aud` | they are [`ISSUER`] and [`AUDIENCE`] |
/// | `nbf` | it is `now` or earlier |
/// | `exp` | it is later than `now` |
///
/// Nothing else is asked, neither `typ` nor `iat`. There is no leeway: whoever wrote the token has the same clock.
///
/// # Errors
///
/// `Expired`, when everything but `exp` is right; `Invalid` for all the rest.
pub fn verify(keys: &[Key], token: &str, now: i64) -> Result<Claims, TokenError> {
    todo!(
        "find the key by its kid, say every rule to the library but the time, and look at the time yourself"
    )
}
