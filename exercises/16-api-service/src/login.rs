//! Milestone 2: login.
//!
//! Whoever knows the password of an address gets a token, and from then on the token says who sends a request. Guessing must
//! not be helped, and a token must be worth nothing to whoever writes one.
//!
//! Routes, types and the form of the answer are given. Yours are the tokens and the login itself.

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

impl Tokens for Jwt {
    /// A new token for this user: the header `{"typ":"JWT","alg":"HS256"}`, and [`Claims`] made now, `cx.now()`, a time in
    /// milliseconds, that end after `token_lifetime` of `cx.config()`, which is in seconds. A part of a second is cut off.
    ///
    /// ```text
    /// now 1500000000999, token_lifetime 3600, user 7: {"sub":"7","iat":1500000000,"exp":1500003600}
    /// ```
    fn issue(&self, cx: &Cx, user_id: i64) -> Result<String, Problem> {
        todo!("the claims, then `jsonwebtoken::encode`")
    }

    /// Whose token this is. `None` for whatever was not signed by this key with HS256, for what another algorithm or none has
    /// signed, for a token without one of the [`Claims`], and from its `exp` on: at 1500003600.000 the token above is refused,
    /// at 1500003599.999 it is accepted. No other clock than `cx.now()` counts, and no leeway.
    fn authenticate(&self, cx: &Cx, token: &str) -> Option<i64> {
        todo!("decode by the one algorithm; let the library leave the time to you")
    }
}

/// Answers the entry of the user with this address and this password, which the neighbour `users` reads, with a token in it.
///
/// - `email` and `password` that are absent, null or empty are a 422, `can't be blank`; what is no text is a 422, `is invalid`.
///   One answer names both. An address may hold white space only, and a password may be short: they are just wrong.
/// - A to Z and a to z are the same in an address, as the column `email` compares. In a password everything counts.
/// - A wrong password and an unknown address get the same answer, [`Problem::invalid_credentials`], and cost the same: Argon2
///   runs once for each of them, and once for the right password. The hasher, `cx.neighbours().hasher`, compares a password with
///   the stored string; for an unknown address, let the neighbour `passwords` hash the password, and forget the result.
/// - After a 422 nothing is compared and nothing hashed.
/// - A stored string that cannot be read is a failure (500), not a wrong password.
/// - A login writes nothing and waits for nobody who does, and no transaction is open while Argon2 runs.
pub fn login(cx: &Cx, credentials: &Credentials) -> Result<User, Problem> {
    todo!("read the row, leave the transaction, let Argon2 run in both cases, then read the entry")
}
