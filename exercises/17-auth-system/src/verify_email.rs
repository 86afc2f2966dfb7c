//! Milestone 2: proving that the address is yours.
//!
//! The mail carries a token. The database keeps only its digest, and takes it once, in time, or not at all. Together with
//! the password it shows that mailbox and registration are the same person's.
//!
//! Given: the routes, the text of the mail, the one refusal, and `Token` (see `given/tokens.rs`). Yours are the two
//! halves of the token's life. The table is `email_tokens` (see `given/migrations/001_accounts.sql`).

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
    /// Sends a link with a fresh token to `email`.
    ///
    /// The row in `email_tokens` holds the token's digest, its owner, and the time from which it no longer works:
    /// `tx.now()` plus the configured `verification_lifetime`. Earlier tokens of the same person stop working. The mail is
    /// [`mail`]'s; `tx.send` posts it.
    fn send(&self, tx: &Tx, user_id: i64, email: &str) -> Result<(), Problem> {
        todo!("one token: its digest into the table, its text into the mail")
    }
}

/// Takes the token that came by mail and confirms its account's address, for whoever knows the account's password.
///
/// 1. Whose token is it? A token works once, and only before its `expires_at`: in that second it is refused. Unknown, used
///    and expired tokens get the same answer, [`invalid_token`], before any password is compared.
/// 2. `verifier.verify`, outside of a transaction. Another password than the account's: [`wrong_password`]. The token stays
///    good.
/// 3. In one `cx.write`: use the token up (of twenty at once, one succeeds; the others get [`invalid_token`]); set
///    `users.verified_at` to `tx.now()`, for this account only; audit event `email.verified`.
pub fn verify(cx: &Cx, token: &str, password: &str) -> Result<(), Problem> {
    todo!("look, compare, and then one statement that decides")
}

/// Sends another mail to `email` (trimmed, lower-cased), if it has an account that waits to be confirmed and its last mail
/// is [`RESEND_PAUSE`] seconds old or older (a token's age follows from `expires_at` and the configured lifetime).
///
/// The answer is the same if not, and so is the work: one `cx.write`, one audit event `email.resend` (with the user, if a
/// mail was sent).
pub fn resend(cx: &Cx, email: &str) -> Result<(), Problem> {
    todo!("find whoever may have another mail; then one transaction for all cases")
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
