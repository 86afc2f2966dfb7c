//! Milestone 2: login.
//!
//! Whoever knows the password of an address gets a token, and from then on the token says who sends a request. Guessing must
//! not be helped, and a token must be worth nothing to whoever writes one.

use axum::routing::post;
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::given::app::{App, Cx};
use crate::given::extract::{Body, Field, Wrapped};
use crate::given::neighbours::Tokens;
use crate::given::problem::{BLANK, INVALID, Problem};
use crate::given::views::{User, UserAnswer};

/// The body of `POST /api/users/login`, in `{"user": …}`.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Credentials {
    pub email: Field<String>,
    pub password: Field<String>,
}

impl Wrapped for Credentials {
    const NAME: &'static str = "user";
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whose it is: the user's id in decimal digits. Names change; ids do not.
    pub sub: String,
    /// When it was made, in whole seconds since 1970.
    pub iat: i64,
    /// The first second in which it is refused.
    pub exp: i64,
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/users/login", post(handler))
}

async fn handler(
    cx: Cx,
    Body(credentials): Body<Credentials>,
) -> Result<Json<UserAnswer>, Problem> {
    let user = cx.run_hashing(move |cx| login(cx, &credentials)).await?;
    Ok(Json(UserAnswer { user }))
}

/// Tokens as JWT (RFC 7519), signed with HS256 by the key of `cx.signing_key()`.
pub struct Jwt;

/// Milliseconds in a second.
const SECOND: i64 = 1000;

/// What stands before the claims of each token of ours, and of no other: `{"typ":"JWT","alg":"HS256"}`.
const HEADER: &[u8] = br#"{"typ":"JWT","alg":"HS256"}"#;

#[derive(Deserialize)]
struct Algorithm {
    alg: String,
}

fn mac(cx: &Cx, text: &str) -> Result<Hmac<Sha256>, Problem> {
    let mut mac =
        Hmac::new_from_slice(&cx.signing_key().0).map_err(|error| Problem::internal(&error))?;
    mac.update(text.as_bytes());
    Ok(mac)
}

impl Tokens for Jwt {
    fn issue(&self, cx: &Cx, user_id: i64) -> Result<String, Problem> {
        let iat = cx.now() / SECOND;
        let claims = Claims {
            sub: user_id.to_string(),
            iat,
            exp: iat + cx.config().token_lifetime,
        };
        let claims = serde_json::to_vec(&claims).map_err(|error| Problem::internal(&error))?;
        let text = format!(
            "{}.{}",
            BASE64URL_NOPAD.encode(HEADER),
            BASE64URL_NOPAD.encode(&claims)
        );
        let signature = mac(cx, &text)?.finalize().into_bytes();
        Ok(format!("{text}.{}", BASE64URL_NOPAD.encode(&signature)))
    }

    fn authenticate(&self, cx: &Cx, token: &str) -> Option<i64> {
        let (text, signature) = token.rsplit_once('.')?;
        let (header, claims) = text.split_once('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        mac(cx, text).ok()?.verify_slice(&signature).ok()?;
        let read = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
        let header: Algorithm = serde_json::from_slice(&read(header)?).ok()?;
        let claims: Claims = serde_json::from_slice(&read(claims)?).ok()?;
        let good = header.alg == "HS256" && claims.exp * SECOND > cx.now();
        good.then(|| claims.sub.parse().ok())?
    }
}

/// Answers the entry of the user with this address and this password.
pub fn login(cx: &Cx, credentials: &Credentials) -> Result<User, Problem> {
    let (email, password) = match (
        required(&credentials.email),
        required(&credentials.password),
    ) {
        (Ok(email), Ok(password)) => (email, password),
        (email, password) => {
            let errors: Vec<(&str, &str)> = [("email", email), ("password", password)]
                .into_iter()
                .filter_map(|(name, field)| Some((name, field.err()?)))
                .collect();
            return Err(Problem::invalid(&errors));
        }
    };
    let stored: Option<(i64, String)> = cx.read(|tx| {
        Ok(tx
            .query_row(
                "SELECT id, password_hash FROM users WHERE email = ?1",
                [email],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?)
    })?;
    let Some((user_id, password_hash)) = stored else {
        // Nobody to compare with, and the same work: a stopwatch must not find the accounts.
        cx.neighbours().passwords.hash(password)?;
        return Err(Problem::invalid_credentials());
    };
    if !cx.neighbours().hasher.verify(password, &password_hash)? {
        return Err(Problem::invalid_credentials());
    }
    cx.read(|tx| tx.neighbours().users.view(tx, user_id))
}

/// The text of a field, or what it is told.
fn required(field: &Field<String>) -> Result<&str, &'static str> {
    match field {
        Field::Value(text) if !text.is_empty() => Ok(text),
        Field::Absent | Field::Null | Field::Value(_) => Err(BLANK),
        Field::Other => Err(INVALID),
    }
}
