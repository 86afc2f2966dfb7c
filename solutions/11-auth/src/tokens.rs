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

impl Key {
    fn signs_at(&self, now: i64) -> bool {
        (self.signs_from..self.signs_until).contains(&now)
    }

    /// The last token that it signed expires within [`LIFETIME`] of `signs_until`. A key without an end has no end here
    /// either, instead of one beyond the range of the numbers.
    fn checks_at(&self, now: i64) -> bool {
        (self.signs_from..self.signs_until.saturating_add(LIFETIME)).contains(&now)
    }
}

/// Writes a token for `customer`, signed by the newest key that signs at `now`.
pub fn issue(keys: &[Key], customer: &str, now: i64) -> Result<String, TokenError> {
    let key = keys
        .iter()
        .filter(|key| key.signs_at(now))
        .max_by_key(|key| key.signs_from)
        .ok_or(TokenError::NoKey)?;
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: customer.to_owned(),
        iat: now,
        nbf: now,
        exp: now.saturating_add(LIFETIME),
    };
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(key.kid.clone());
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&key.secret))
        .map_err(|_| TokenError::Invalid)
}

/// Reads a token, if it is ours and good at `now`. One whose header names another algorithm than HS256 is refused.
pub fn verify(keys: &[Key], token: &str, now: i64) -> Result<Claims, TokenError> {
    // The header is read before anything is proved; the only thing that it decides is which of our keys is tried.
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
    let kid = header.kid.ok_or(TokenError::Invalid)?;
    let key = keys
        .iter()
        .find(|key| key.kid == kid && key.checks_at(now))
        .ok_or(TokenError::Invalid)?;
    let key = DecodingKey::from_secret(&key.secret);
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules())
        .map_err(|_| TokenError::Invalid)?
        .claims;
    if now < claims.nbf {
        return Err(TokenError::Invalid);
    }
    if now >= claims.exp {
        return Err(TokenError::Expired);
    }
    Ok(claims)
}

/// Everything that the library is to check: all but the time, for which it would ask the machine.
fn rules() -> Validation {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["iss", "aud"]);
    rules.validate_exp = false;
    rules
}
