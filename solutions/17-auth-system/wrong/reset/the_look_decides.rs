//! Caught by: of_twenty_uses_at_once_one_wins
//! Why it tempts: the token was checked a moment ago; in that moment nineteen others checked it too.

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

/// Sends a link to the owner of `email`, if there is one. The answer is the same if there is none.
pub fn forgot(cx: &Cx, email: &str) -> Result<(), Problem> {
    let email = email.trim().to_lowercase();
    cx.write(|tx| {
        let user: Option<i64> = tx
            .query_row("SELECT id FROM users WHERE email = ?1", [&email], |row| {
                row.get(0)
            })
            .optional()?;
        if let Some(user) = user {
            send_link(tx, user, &email)?;
        }
        // Recorded for an unknown address too: both kinds of request wait for one commit.
        let event = Event::new(user, "password.forgot");
        tx.neighbours().audit.record(tx, event)
    })
}

fn send_link(tx: &Tx, user: i64, email: &str) -> Result<(), Problem> {
    let token = Token::generate()?;
    tx.execute("DELETE FROM reset_tokens WHERE user_id = ?1", [user])?;
    tx.execute(
        "INSERT INTO reset_tokens (digest, user_id, expires_at) VALUES (?1, ?2, ?3)",
        (token.digest(), user, tx.now() + tx.config().reset_lifetime),
    )?;
    tx.send(&link_mail(&tx.config().public_url, email, &token))
}

/// Sets a new password for the token's account, and ends every session of it.
pub fn reset(cx: &Cx, token: &str, password: &str) -> Result<(), Problem> {
    let digest = tokens::digest(token);
    // A look first: guessed tokens must not cost a hash each, and a weak password must not cost the link.
    let (user, email) = cx.read(|tx| owner(tx, &digest))?;
    let passwords = &cx.neighbours().passwords;
    if let Some(message) = passwords.weakness(password, &email) {
        let error = FieldError::new("password", &message);
        return Err(Problem::invalid_fields(vec![error]));
    }
    let hash = passwords.hash(password)?;
    cx.write(|tx| {
        // The look decided nothing. This does: of several requests with one token, one changes the row.
        let used = tx.execute(
            "UPDATE reset_tokens SET used_at = ?2
             WHERE digest = ?1 AND used_at IS NULL AND expires_at > ?2",
            (&digest, tx.now()),
        )?;
        let _ = used;
        tx.execute(
            "UPDATE users SET password_hash = ?2 WHERE id = ?1",
            (user, &hash),
        )?;
        let neighbours = tx.neighbours();
        neighbours.sessions.end_all(tx, user)?;
        tx.send(&changed(&email))?;
        let event = Event::new(user, "password.reset");
        neighbours.audit.record(tx, event)
    })
}

fn owner(tx: &Tx, digest: &str) -> Result<(i64, String), Problem> {
    tx.query_row(
        "SELECT users.id, email FROM reset_tokens JOIN users ON users.id = user_id
         WHERE digest = ?1 AND used_at IS NULL AND expires_at > ?2",
        (digest, tx.now()),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
    .optional()?
    .ok_or_else(invalid_token)
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
