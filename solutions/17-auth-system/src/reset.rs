//! Milestone 6: a forgotten password, and another one.
//!
//! Whoever reads the mailbox may choose a new password. The form that asks for the mail tells nobody whose address
//! has an account, and a new password puts everybody out who came in with the old one.

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
        return Err(invalid("password", &message));
    }
    let hash = passwords.hash(password)?;
    cx.write(|tx| {
        // The look decided nothing. This does: of several requests with one token, one changes the row.
        let used = tx.execute(
            "UPDATE reset_tokens SET used_at = ?2
             WHERE digest = ?1 AND used_at IS NULL AND expires_at > ?2",
            (&digest, tx.now()),
        )?;
        if used == 0 {
            return Err(invalid_token());
        }
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

/// Another password, for somebody who is signed in and knows the one of today; ends every other session.
pub fn change(cx: &Cx, current: &Current, old: &str, new: &str) -> Result<(), Problem> {
    let (email, stored): (String, String) = cx.read(|tx| {
        let sql = "SELECT email, password_hash FROM users WHERE id = ?1";
        Ok(tx.query_row(sql, [current.user_id], |row| Ok((row.get(0)?, row.get(1)?)))?)
    })?;
    let neighbours = cx.neighbours();
    if let Some(message) = neighbours.passwords.weakness(new, &email) {
        return Err(invalid("password", &message));
    }
    // A stolen token must not become the place to guess.
    cx.write(|tx| neighbours.lockout.begin(tx, &email))?;
    if !neighbours.verifier.verify(old, &stored)?.matches {
        return Err(invalid("current", "This is not your password."));
    }
    let hash = neighbours.passwords.hash(new)?;
    cx.write(|tx| {
        let changed_now = tx.execute(
            "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2",
            (current.user_id, &stored, &hash),
        )?;
        if changed_now == 0 {
            return Err(invalid("current", "Your password has just been changed."));
        }
        neighbours.lockout.take_back(tx, &email)?;
        end_others(tx, current)?;
        tx.send(&changed(&email))?;
        let event = Event::new(current.user_id, "password.changed");
        neighbours.audit.record(tx, event)
    })
}

/// Whoever came in with the old password goes, and so do the links that could set another one.
fn end_others(tx: &Tx, current: &Current) -> Result<(), Problem> {
    let mut statement = tx.prepare_cached(
        "SELECT id FROM sessions WHERE user_id = ?1 AND id <> ?2 AND ended_at IS NULL",
    )?;
    let others = statement
        .query_map((current.user_id, &current.session_id), |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    for other in others {
        tx.neighbours().sessions.end(tx, &other)?;
    }
    tx.execute(
        "UPDATE reset_tokens SET used_at = ?2 WHERE user_id = ?1 AND used_at IS NULL",
        (current.user_id, tx.now()),
    )?;
    Ok(())
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
