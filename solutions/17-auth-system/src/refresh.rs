//! Milestone 5: a new access token, without the password.
//!
//! A refresh token works once and brings its successor. When one comes a second time, two parties hold it and one of
//! them is a thief: the whole session ends.

use axum::routing::post;
use axum::{Json, Router};
use rusqlite::OptionalExtension;
use serde::Deserialize;

use crate::given::app::{App, Cx, Tx};
use crate::given::extract::{Body, Fields};
use crate::given::neighbours::{Event, RefreshTokens, TokenPair};
use crate::given::problem::Problem;
use crate::given::tokens::{self, Token};

/// The body of `POST /api/refresh`.
#[derive(Deserialize)]
pub struct Renewal {
    pub refresh_token: String,
}

impl Fields for Renewal {
    const REQUIRED: &'static [&'static str] = &["refresh_token"];
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/refresh", post(handler))
}

async fn handler(cx: Cx, Body(renewal): Body<Renewal>) -> Result<Json<TokenPair>, Problem> {
    cx.run(move |cx| refresh(cx, &renewal.refresh_token))
        .await
        .map(Json)
}

/// Refresh tokens that rotate.
pub struct Rotation;

impl RefreshTokens for Rotation {
    fn issue(&self, tx: &Tx, session_id: &str) -> Result<String, Problem> {
        let token = Token::generate()?;
        tx.execute(
            "INSERT INTO refresh_tokens (digest, session_id, issued_at) VALUES (?1, ?2, ?3)",
            (token.digest(), session_id, tx.now()),
        )?;
        Ok(token.text().to_owned())
    }
}

struct Found {
    session_id: String,
    user_id: i64,
    used: bool,
    live: bool,
}

/// Takes a refresh token and gives the next pair.
pub fn refresh(cx: &Cx, token: &str) -> Result<TokenPair, Problem> {
    let digest = tokens::digest(token);
    cx.write(|tx| {
        let found = find(tx, &digest)?.ok_or_else(invalid_token)?;
        let neighbours = tx.neighbours();
        if found.used {
            neighbours.sessions.end(tx, &found.session_id)?;
            let event = Event::new(found.user_id, "refresh.reused");
            neighbours.audit.record(tx, event)?;
            // A refusal commits: the session stays ended.
            return Err(invalid_token());
        }
        if !found.live {
            return Err(invalid_token());
        }
        // Writers run one after the other, so nobody has used the token since we looked.
        tx.execute(
            "UPDATE refresh_tokens SET used_at = ?2 WHERE digest = ?1",
            (&digest, tx.now()),
        )?;
        Ok(TokenPair {
            access_token: neighbours
                .sessions
                .access_token(tx, found.user_id, &found.session_id)?,
            refresh_token: neighbours.refresh.issue(tx, &found.session_id)?,
            expires_in: tx.config().access_lifetime,
        })
    })
}

fn find(tx: &Tx, digest: &str) -> Result<Option<Found>, Problem> {
    let found = tx
        .query_row(
            "SELECT session_id, user_id, used_at IS NOT NULL, ended_at IS NULL AND expires_at > ?2
             FROM refresh_tokens JOIN sessions ON sessions.id = session_id
             WHERE digest = ?1",
            (digest, tx.now()),
            |row| {
                Ok(Found {
                    session_id: row.get(0)?,
                    user_id: row.get(1)?,
                    used: row.get(2)?,
                    live: row.get(3)?,
                })
            },
        )
        .optional()?;
    Ok(found)
}

/// One answer for a token that is unknown, used, or of a session that has ended.
fn invalid_token() -> Problem {
    Problem::unauthorized("invalid_token", "Sign in again.")
}
