//! Milestone 3: checking who somebody is.
//!
//! Email, password and perhaps a code come in; a session comes out, or a refusal that does not help whoever guesses.

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
    fn verify(&self, password: &str, stored: &str) -> Result<Check, Problem> {
        let hash = PasswordHash::new(stored).map_err(|error| Problem::internal(&error))?;
        let params = Params::try_from(&hash).map_err(|error| Problem::internal(&error))?;
        let cost = Argon2Cost {
            memory_kib: params.m_cost(),
            iterations: params.t_cost(),
            lanes: params.p_cost(),
        };
        let current = hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && cost == self.cost;
        Ok(Check {
            // The string itself says how it was made; the settings of today play no part in the comparison.
            matches: self.hasher.verify(password, stored)?,
            outdated: !current,
        })
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
    fn sign_in(&self, cx: &Cx, credentials: &Credentials, kind: Kind) -> Result<SignedIn, Problem> {
        let email = credentials.email.trim().to_lowercase();
        // Counted before the password is looked at: a hundred guesses at once are a hundred attempts.
        cx.write(|tx| tx.neighbours().lockout.begin(tx, &email))?;
        let user = cx.read(|tx| find(tx, &email))?;
        let rehashed = match &user {
            Some(user) => prove(cx, user, &credentials.password)?,
            None => {
                // Nobody to compare with, and the same work: a stopwatch must not find the accounts.
                cx.neighbours().passwords.hash(&credentials.password)?;
                None
            }
        };
        cx.write(|tx| match (&user, &rehashed) {
            (Some(user), Some(new_hash)) => admit(
                tx,
                user,
                new_hash,
                &email,
                credentials.code.as_deref(),
                kind,
            ),
            (user, _) => Err(refused(tx, user.as_ref().map(|user| user.id))?),
        })
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

/// The hash to keep if the password is right: the old one, or a new one if the old one is outdated.
fn prove(cx: &Cx, user: &User, password: &str) -> Result<Option<String>, Problem> {
    let check = cx
        .neighbours()
        .verifier
        .verify(password, &user.password_hash)?;
    Ok(match (check.matches, check.outdated) {
        (false, _) => None,
        (true, false) => Some(user.password_hash.clone()),
        (true, true) => Some(cx.neighbours().passwords.hash(password)?),
    })
}

/// Everything after the password: still the same account, confirmed, and the second factor.
fn admit(
    tx: &Tx,
    user: &User,
    new_hash: &str,
    email: &str,
    code: Option<&str>,
    kind: Kind,
) -> Result<SignedIn, Problem> {
    // The password may have been changed while we compared: then what we compared with counts no more.
    let unchanged = tx.execute(
        "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2",
        (user.id, &user.password_hash, new_hash),
    )?;
    if unchanged == 0 {
        return Err(refused(tx, Some(user.id))?);
    }
    let neighbours = tx.neighbours();
    if !user.verified {
        neighbours.lockout.take_back(tx, email)?;
        return Err(email_not_verified());
    }
    match neighbours.second_factor.check(tx, user.id, code)? {
        Factor::NotEnrolled | Factor::Passed => {}
        Factor::Missing => {
            // No guess at the code, so no failure; and no success, or every fifth guess could be one of these.
            neighbours.lockout.take_back(tx, email)?;
            return Err(second_factor_required());
        }
        Factor::Wrong => return Err(refused(tx, Some(user.id))?),
    }
    neighbours.lockout.succeeded(tx, email)?;
    let session = neighbours.sessions.start(tx, user.id, kind)?;
    let refresh_token = match kind {
        Kind::Api => Some(neighbours.refresh.issue(tx, &session.session_id)?),
        Kind::Page => None,
    };
    let event = Event::new(user.id, "login.succeeded");
    neighbours.audit.record(tx, event)?;
    Ok(SignedIn {
        session,
        refresh_token,
    })
}

/// Records a failed attempt, and gives the refusal: the same for a wrong address, password or code.
fn refused(tx: &Tx, user: Option<i64>) -> Result<Problem, Problem> {
    let event = Event::new(user, "login.failed");
    tx.neighbours().audit.record(tx, event)?;
    Ok(Problem::invalid_credentials())
}
