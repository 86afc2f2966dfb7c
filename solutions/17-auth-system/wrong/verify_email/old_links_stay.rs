//! Caught by: a_new_mail_voids_the_old_one
//! Why it tempts: nothing asks to remove the old rows, and they expire by themselves.

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

/// The body of `POST /api/verify-email`.
#[derive(Deserialize)]
pub struct Proof {
    pub token: String,
}

impl Fields for Proof {
    const REQUIRED: &'static [&'static str] = &["token"];
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/verify-email", post(handler))
}

async fn handler(cx: Cx, Body(proof): Body<Proof>) -> Result<StatusCode, Problem> {
    cx.run(move |cx| verify(cx, &proof.token)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends links that confirm an address.
pub struct Links;

impl Verification for Links {
    fn send(&self, tx: &Tx, user_id: i64, email: &str) -> Result<(), Problem> {
        let token = Token::generate()?;
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

/// Takes a token and confirms its account's address.
pub fn verify(cx: &Cx, token: &str) -> Result<(), Problem> {
    cx.write(|tx| {
        // Looking and using are one statement: of two requests with one token, the second changes no row.
        let user: i64 = tx
            .query_row(
                "UPDATE email_tokens SET used_at = ?2
                 WHERE digest = ?1 AND used_at IS NULL AND expires_at > ?2
                 RETURNING user_id",
                (tokens::digest(token), tx.now()),
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

/// One answer for a token that is unknown, used or too old: whoever guesses learns nothing.
fn invalid_token() -> Problem {
    Problem::bad_request("invalid_token", "This link is not valid any more.")
}

fn mail(public_url: &str, email: &str, token: &Token) -> Mail {
    let token = token.text();
    Mail {
        to: email.to_owned(),
        subject: "Confirm your address".to_owned(),
        text: format!(
            "Welcome to Lantern. Open this link within a day to confirm your address:\n\n\
             {public_url}/verify-email?token={token}\n\n\
             If you did not ask for an account, do nothing."
        ),
    }
}
