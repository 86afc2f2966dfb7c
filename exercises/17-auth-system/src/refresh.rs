//! Milestone 5: a new access token, without the password.
//!
//! A refresh token works once and brings its successor. When one comes a second time, two parties hold it and one of
//! them is a thief: the whole session ends.
//!
//! Given: the route and the one refusal. The table is `refresh_tokens`; `sessions` says whose session it is and whether it
//! lives (`ended_at IS NULL AND expires_at > now`).

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
    /// A fresh token for the session. The table keeps its digest and the time.
    fn issue(&self, tx: &Tx, session_id: &str) -> Result<String, Problem> {
        todo!("one token: digest stored, text handed out")
    }
}

/// Takes a refresh token and gives the next pair: an access token of `sessions.access_token`, a refresh token of
/// `refresh.issue`, and the configured `access_lifetime`.
///
/// - Unknown tokens, and those of a session that has ended or expired: [`invalid_token`].
/// - A token that was used before: the session ends (`sessions.end`), the audit event `refresh.reused` is recorded, and
///   the answer is the same [`invalid_token`].
/// - The session's own end does not move: refreshing prolongs nothing.
///
/// Of twenty requests with one token at the same time, one gets a pair. (A refusal commits its transaction: see
/// `Cx::write`.)
pub fn refresh(cx: &Cx, token: &str) -> Result<TokenPair, Problem> {
    todo!("find, used, live, mark, hand out: in one transaction")
}

/// One answer for a token that is unknown, used, or of a session that has ended.
fn invalid_token() -> Problem {
    Problem::unauthorized("invalid_token", "Sign in again.")
}
