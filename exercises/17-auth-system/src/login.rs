//! Milestone 3: checking who somebody is.
//!
//! Email, password and perhaps a code come in; a session comes out, or a refusal that does not help whoever guesses.
//!
//! Given: the route, the answer, the refusals, and the SQL that finds a person. Yours: comparing a password with what is
//! stored, and the order of everything else.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Params, Version};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use rusqlite::OptionalExtension;
use serde::Deserialize;

use crate::given::app::{App, Cx, Tx};
use crate::given::config::Argon2Cost;
use crate::given::extract::{Body, Fields};
use crate::given::hasher::Hasher;
use crate::given::neighbours::{
    Check, Credentials, Event, Factor, Kind, SignIn, SignedIn, TokenPair, Verifier,
};
use crate::given::problem::Problem;

/// The body of `POST /api/login`.
#[derive(Deserialize)]
pub struct Login {
    pub email: String,
    pub password: String,
    pub code: Option<String>,
}

impl Fields for Login {
    const REQUIRED: &'static [&'static str] = &["email", "password"];
    const OPTIONAL: &'static [&'static str] = &["code"];
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/login", post(handler))
}

async fn handler(cx: Cx, Body(login): Body<Login>) -> Result<Json<TokenPair>, Problem> {
    let expires_in = cx.config().access_lifetime;
    let credentials = Credentials {
        email: login.email,
        password: login.password,
        code: login.code,
    };
    let signed_in = cx
        .run_hashing(move |cx| {
            let sign_in = &cx.neighbours().sign_in;
            sign_in.sign_in(cx, &credentials, Kind::Api)
        })
        .await?;
    Ok(Json(TokenPair {
        access_token: signed_in.session.secret,
        refresh_token: signed_in.refresh_token.unwrap_or_default(),
        expires_in,
    }))
}

/// 403, for the right password of an address that nobody has confirmed.
fn email_not_verified() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "email_not_verified",
        "Open the link in the mail that we sent you first.",
    )
}

/// 401, for the right password without the code that this account needs.
fn second_factor_required() -> Problem {
    Problem::unauthorized(
        "second_factor_required",
        "Send the code of your authenticator app as well.",
    )
}

/// Reads PHC strings; those of another algorithm, version or cost than this are outdated. Argon2 runs in the memory of
/// the program's hasher.
pub struct Phc {
    pub cost: Argon2Cost,
    pub hasher: Hasher,
}

impl Verifier for Phc {
    /// Compares `password` with the PHC string `stored`.
    ///
    /// `matches`: the password is the right one. The hasher (`given/hasher.rs`) compares, once; the string itself says how
    /// it was made (algorithm, version, cost, salt), so a string of an older cost still opens.
    /// `outdated`: the string was not made with Argon2id, version 19 (0x13) and exactly the cost `self.cost`.
    /// A string that cannot be read is a [`Problem::internal`], never a match.
    ///
    /// | stored | password | `self.cost` | matches | outdated |
    /// | --- | --- | --- | --- | --- |
    /// | `$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65…` | `password` | 256 KiB, 2, 1 | true | false |
    /// | the same | `password` | 512 KiB, 2, 1 | true | true |
    /// | the same | `Password` | 256 KiB, 2, 1 | false | false |
    fn verify(&self, password: &str, stored: &str) -> Result<Check, Problem> {
        todo!("let the hasher compare; parse the string and compare the cost yourself")
    }
}

/// Signs people in.
pub struct Door;

struct User {
    id: i64,
    password_hash: String,
    verified: bool,
}

impl SignIn for Door {
    /// Starts a session of this kind if everything about the credentials is right. The address is trimmed and
    /// lower-cased before it is used.
    ///
    /// 1. `lockout.begin(tx, email)`, in a `cx.write` of its own, before anything else: its refusal is the answer.
    /// 2. Find the person. Compare the password with `verifier.verify`; for an unknown address hash the password with
    ///    `passwords.hash` instead and throw the result away, so that both cost one Argon2. Neither happens inside a
    ///    transaction.
    /// 3. If the right password's hash is outdated, make a new one with `passwords.hash`.
    /// 4. In one `cx.write`:
    ///    - unknown address or wrong password: audit event `login.failed` (with the user, if there is one), and
    ///      [`Problem::invalid_credentials`];
    ///    - the stored hash is no longer the one you compared with (somebody changed the password meanwhile): the same;
    ///    - the new hash, if there is one, is stored;
    ///    - address not confirmed: `lockout.take_back`, and [`email_not_verified`];
    ///    - `second_factor.check`: `Missing` is `lockout.take_back` and [`second_factor_required`]; `Wrong` is `login.failed`
    ///      and [`Problem::invalid_credentials`];
    ///    - otherwise `lockout.succeeded`, `sessions.start`, for [`Kind::Api`] also `refresh.issue`, and the audit event
    ///      `login.succeeded`.
    fn sign_in(&self, cx: &Cx, credentials: &Credentials, kind: Kind) -> Result<SignedIn, Problem> {
        todo!("begin, find, compare, and then one transaction that decides")
    }
}

fn find(tx: &Tx, email: &str) -> Result<Option<User>, Problem> {
    let user = tx
        .query_row(
            "SELECT id, password_hash, verified_at IS NOT NULL FROM users WHERE email = ?1",
            [email],
            |row| {
                Ok(User {
                    id: row.get(0)?,
                    password_hash: row.get(1)?,
                    verified: row.get(2)?,
                })
            },
        )
        .optional()?;
    Ok(user)
}
