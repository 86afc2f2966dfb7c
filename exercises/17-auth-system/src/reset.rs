//! Milestone 6: a forgotten password.
//!
//! Whoever reads the mailbox may choose a new password. The form that asks for the mail tells nobody whose address
//! has an account, and a new password puts everybody out who came in with the old one.
//!
//! Given: routes, mails, and the one refusal. The table is `reset_tokens`, of the same shape as `email_tokens`.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use rusqlite::OptionalExtension;
use serde::Deserialize;

use crate::given::app::{App, Cx, Tx};
use crate::given::extract::{Body, Fields};
use crate::given::mail::Mail;
use crate::given::neighbours::Event;
use crate::given::problem::{FieldError, Problem};
use crate::given::tokens::{self, Token};

/// The body of `POST /api/password/forgot`.
#[derive(Deserialize)]
pub struct Forgot {
    pub email: String,
}

impl Fields for Forgot {
    const REQUIRED: &'static [&'static str] = &["email"];
}

/// The body of `POST /api/password/reset`.
#[derive(Deserialize)]
pub struct Reset {
    pub token: String,
    pub password: String,
}

impl Fields for Reset {
    const REQUIRED: &'static [&'static str] = &["token", "password"];
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/password/forgot", post(forgot_handler))
        .route("/api/password/reset", post(reset_handler))
}

async fn forgot_handler(cx: Cx, Body(body): Body<Forgot>) -> Result<StatusCode, Problem> {
    cx.run(move |cx| forgot(cx, &body.email)).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn reset_handler(cx: Cx, Body(body): Body<Reset>) -> Result<StatusCode, Problem> {
    cx.run_hashing(move |cx| reset(cx, &body.token, &body.password))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a link to the owner of `email` (trimmed, lower-cased), if there is one, by [`send_link`].
///
/// The answer is the same if there is none, and so is the work: one `cx.write`, one audit event `password.forgot` (with
/// the user, if there is one).
pub fn forgot(cx: &Cx, email: &str) -> Result<(), Problem> {
    todo!("one transaction for both cases")
}

/// Stores the digest of a fresh token, good for `reset_lifetime` from `tx.now()`, and posts [`link_mail`]. Earlier
/// links of the same person stop working.
fn send_link(tx: &Tx, user: i64, email: &str) -> Result<(), Problem> {
    todo!("as in verify_email, with the other table")
}

/// Sets a new password for the token's account.
///
/// 1. Whose token is it? Unknown, used or expired (`expires_at` is the first second that is too late): [`invalid_token`],
///    before any hash is made.
/// 2. `passwords.weakness`, with the account's address: [`Problem::invalid_fields`] for `password`. The token stays good.
/// 3. `passwords.hash`, outside of a transaction.
/// 4. In one `cx.write`: use the token up (of twenty at once, one succeeds; the others get [`invalid_token`] and change
///    nothing); store the hash; `sessions.end_all`; post [`changed`]; audit event `password.reset`.
///
/// Resetting signs nobody in, and a second factor stays as it is.
pub fn reset(cx: &Cx, token: &str, password: &str) -> Result<(), Problem> {
    todo!("look, check, hash, and then let one statement decide")
}

/// One answer for a token that is unknown, used or too old.
fn invalid_token() -> Problem {
    Problem::bad_request("invalid_token", "This link is not valid any more.")
}

fn link_mail(public_url: &str, email: &str, token: &Token) -> Mail {
    let token = token.text();
    Mail {
        to: email.to_owned(),
        subject: "A new password".to_owned(),
        text: format!(
            "Open this link within half an hour to choose a new password:\n\n\
             {public_url}/reset?token={token}\n\n\
             If you did not ask for it, do nothing: your password stays as it is."
        ),
    }
}

fn changed(email: &str) -> Mail {
    Mail {
        to: email.to_owned(),
        subject: "Your password was changed".to_owned(),
        text:
            "The password of your Lantern account was changed, and every device was signed out.\n\
               If that was not you, ask for a new password now."
                .to_owned(),
    }
}
