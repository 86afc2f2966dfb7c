//! Milestone 6: a forgotten password, and another one.
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
use crate::given::extract::{Body, CurrentUser, Fields};
use crate::given::mail::Mail;
use crate::given::neighbours::{Current, Event};
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

/// The body of `POST /api/password/change`: the password of today, and the one to come.
#[derive(Deserialize)]
pub struct Change {
    pub current: String,
    pub password: String,
}

impl Fields for Change {
    const REQUIRED: &'static [&'static str] = &["current", "password"];
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/password/forgot", post(forgot_handler))
        .route("/api/password/reset", post(reset_handler))
        .route("/api/password/change", post(change_handler))
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

async fn change_handler(
    cx: Cx,
    CurrentUser(current): CurrentUser,
    Body(body): Body<Change>,
) -> Result<StatusCode, Problem> {
    cx.run_hashing(move |cx| change(cx, &current, &body.current, &body.password))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a link to the owner of `email` (trimmed, lower-cased), if there is one, confirmed or not, by [`send_link`].
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
/// Resetting signs nobody in and confirms no address, and a second factor stays as it is.
pub fn reset(cx: &Cx, token: &str, password: &str) -> Result<(), Problem> {
    todo!("look, check, hash, and then let one statement decide")
}

/// Another password, for somebody who is signed in (`current`) and knows the one of today (`old`). An access token alone
/// changes nothing.
///
/// 1. `passwords.weakness` of the new one, with the account's address: [`invalid`] for the field `password`.
/// 2. `lockout.begin`, with the account's address, in a `cx.write` of its own: guesses at `old` are counted as at the door.
/// 3. `verifier.verify`, outside of a transaction. Not the password of today: [`invalid`] for the field `current`, and the
///    attempt stays counted. Then `passwords.hash`.
/// 4. In one `cx.write`: store the new hash, if the stored one is still the one you compared with (otherwise [`invalid`]
///    for `current`, and nothing else happens); `lockout.take_back`; end every live session of the person but `current`;
///    use up the person's links in `reset_tokens`; post [`changed`]; audit event `password.changed`.
pub fn change(cx: &Cx, current: &Current, old: &str, new: &str) -> Result<(), Problem> {
    todo!("check, count, compare, hash, and then let one statement decide")
}

/// 422, for one field of a form.
fn invalid(field: &str, message: &str) -> Problem {
    Problem::invalid_fields(vec![FieldError::new(field, message)])
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
        text: "The password of your Lantern account was changed, and whoever was signed in with the old one is out.\n\
               If that was not you, ask for a new password now."
            .to_owned(),
    }
}
