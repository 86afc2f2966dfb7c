//! Milestone 2: login.
//!
//! Whoever knows the password of an address gets a token, and from then on the token says who sends a request. Guessing must
//! not be helped, and a token must be worth nothing to whoever writes one.

use axum::routing::post;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

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

impl Tokens for Jwt {
    fn issue(&self, cx: &Cx, user_id: i64) -> Result<String, Problem> {
        let iat = cx.now().div_euclid(SECOND);
        let claims = Claims {
            sub: user_id.to_string(),
            iat,
            exp: iat + cx.config().token_lifetime,
        };
        let key = EncodingKey::from_secret(&cx.signing_key().0);
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
            .map_err(|error| Problem::internal(&error))
    }

    fn authenticate(&self, cx: &Cx, token: &str) -> Option<i64> {
        // The token's own header is not asked how it wants to be checked.
        let mut rules = Validation::new(Algorithm::HS256);
        // `Claims` requires every claim, and the library would compare `exp` with the machine's clock: we do it by ours.
        rules.validate_exp = false;
        let key = DecodingKey::from_secret(&cx.signing_key().0);
        let claims: Claims = jsonwebtoken::decode(token, &key, &rules).ok()?.claims;
        if claims.exp <= cx.now().div_euclid(SECOND) {
            return None;
        }
        claims.sub.parse().ok()
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
