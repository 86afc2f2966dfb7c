//! Milestone 2: proving that the address is yours.
//!
//! The mail carries a token. The database keeps only its digest, and takes it once, in time, or not at all. Together with
//! the password it shows that mailbox and registration are the same person's.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use rusqlite::OptionalExtension;
use serde::Deserialize;

use crate::given::app::{App, Cx, Tx};
use crate::given::extract::{Body, Fields};
use crate::given::mail::Mail;
use crate::given::neighbours::{Event, Verification};
use crate::given::problem::Problem;
use crate::given::tokens::{self, Token};

/// The body of `POST /api/verify-email`: the mail's token, and the password that was chosen with the account.
#[derive(Deserialize)]
pub struct Proof {
    pub token: String,
    pub password: String,
}

impl Fields for Proof {
    const REQUIRED: &'static [&'static str] = &["token", "password"];
}

/// The body of `POST /api/verify-email/resend`.
#[derive(Deserialize)]
pub struct Resend {
    pub email: String,
}

impl Fields for Resend {
    const REQUIRED: &'static [&'static str] = &["email"];
}

/// How old the last mail must be before another one is sent, in seconds.
pub const RESEND_PAUSE: i64 = 60;

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/verify-email", post(handler))
        .route("/api/verify-email/resend", post(resend_handler))
}

async fn handler(cx: Cx, Body(proof): Body<Proof>) -> Result<StatusCode, Problem> {
    cx.run_hashing(move |cx| verify(cx, &proof.token, &proof.password))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn resend_handler(cx: Cx, Body(body): Body<Resend>) -> Result<StatusCode, Problem> {
    cx.run(move |cx| resend(cx, &body.email)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sends links that confirm an address.
pub struct Links;

impl Verification for Links {
    fn send(&self, tx: &Tx, user_id: i64, email: &str) -> Result<(), Problem> {
        let token = Token::generate()?;
        tx.execute("DELETE FROM email_tokens WHERE user_id = ?1", [user_id])?;
        tx.execute(
            "INSERT INTO email_tokens (digest, user_id, expires_at) VALUES (?1, ?2, ?3)",
            (
                token.digest(),
                user_id,
                tx.now() + tx.config().verification_lifetime,
            ),
        )?;
        tx.send(&mail(&tx.config().public_url, email, &token))
    }
}

/// Takes a token and confirms its account's address, for whoever knows the account's password.
pub fn verify(cx: &Cx, token: &str, password: &str) -> Result<(), Problem> {
    let digest = tokens::digest(token);
    // A look first: guessed tokens must not cost a comparison each.
    let stored = cx.read(|tx| password_hash(tx, &digest))?;
    // The mailbox gets everybody's links, those of a squatter too. The password says whose registration this one is of.
    if !cx.neighbours().verifier.verify(password, &stored)?.matches {
        return Err(wrong_password());
    }
    cx.write(|tx| {
        // The look decided nothing. This does, and uses the token up: of two requests with one token, the second changes
        // no row.
        let user: i64 = tx
            .query_row(
                "UPDATE email_tokens SET used_at = ?2
                 WHERE digest = ?1 AND used_at IS NULL AND expires_at > ?2
                 RETURNING user_id",
                (&digest, tx.now()),
                |row| row.get(0),
            )
            .optional()?
            .ok_or_else(invalid_token)?;
        tx.execute(
            "UPDATE users SET verified_at = ?2 WHERE id = ?1",
            (user, tx.now()),
        )?;
        let event = Event::new(user, "email.verified");
        tx.neighbours().audit.record(tx, event)
    })
}

/// Sends another mail to the owner of `email`, if there is one who waits for it, and not more than one a minute. The answer
/// is the same if there is none.
pub fn resend(cx: &Cx, email: &str) -> Result<(), Problem> {
    let email = email.trim().to_lowercase();
    cx.write(|tx| {
        // The pause belongs to the mailbox: whoever floods it comes from many addresses.
        let newest = tx.now() + tx.config().verification_lifetime - RESEND_PAUSE;
        let user: Option<i64> = tx
            .query_row(
                "SELECT id FROM users WHERE email = ?1 AND verified_at IS NULL AND NOT EXISTS
                     (SELECT 1 FROM email_tokens WHERE user_id = users.id AND expires_at > ?2)",
                (&email, newest),
                |row| row.get(0),
            )
            .optional()?;
        if let Some(user) = user {
            tx.neighbours().verification.send(tx, user, &email)?;
        }
        // Recorded for everybody else too: all requests wait for one commit.
        let event = Event::new(user, "email.resend");
        tx.neighbours().audit.record(tx, event)
    })
}

/// The password hash of the account whose link this is, if the link is good.
fn password_hash(tx: &Tx, digest: &str) -> Result<String, Problem> {
    tx.query_row(
        "SELECT password_hash FROM email_tokens JOIN users ON users.id = user_id
         WHERE digest = ?1 AND used_at IS NULL AND expires_at > ?2",
        (digest, tx.now()),
        |row| row.get(0),
    )
    .optional()?
    .ok_or_else(invalid_token)
}

/// One answer for a token that is unknown, used or too old: whoever guesses learns nothing.
fn invalid_token() -> Problem {
    Problem::bad_request("invalid_token", "This link is not valid any more.")
}

/// 401, for the right link with another password than that of the registration.
fn wrong_password() -> Problem {
    Problem::unauthorized(
        "invalid_credentials",
        "That is not the password with which the account was opened.",
    )
}

fn mail(public_url: &str, email: &str, token: &Token) -> Mail {
    let token = token.text();
    Mail {
        to: email.to_owned(),
        subject: "Confirm your address".to_owned(),
        text: format!(
            "Welcome to Lantern. Open this link within a day, and type the password that you chose:\n\n\
             {public_url}/verify-email?token={token}\n\n\
             If you did not ask for an account, do nothing. If your password is refused, somebody else has used your\n\
             address after you: open the account again, and the newest password counts."
        ),
    }
}
