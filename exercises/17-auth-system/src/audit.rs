//! Milestone 9: what happened.
//!
//! Every event is appended, none is changed, and each is tied to all those before it, so that a trail which somebody
//! has mended no longer fits together. People can read their own events, page by page.
//!
//! The table is `audit_events` (see `given/migrations/002_audit.sql`); `chain` is where you tie the events together.

use axum::extract::Query;
use axum::routing::get;
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::CurrentUser;
use crate::given::neighbours::{Audit, Event};
use crate::given::problem::{FieldError, Problem};
use crate::given::tokens;

/// How many events a page has when the request does not say.
pub const PAGE: i64 = 20;

/// The largest page that may be asked for.
pub const LARGEST_PAGE: i64 = 100;

/// The query of `GET /api/audit`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Paging {
    /// Where the page begins: the `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// How many events: 1 to 100.
    pub limit: Option<String>,
}

/// One event as its owner sees it.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub id: i64,
    pub at: String,
    pub kind: String,
    pub client: String,
    pub user_agent: String,
    pub detail: String,
}

/// The answer to `GET /api/audit`.
#[derive(Debug, Serialize)]
pub struct Page {
    /// The newest first.
    pub events: Vec<Entry>,
    /// For the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/audit", get(handler))
}

async fn handler(
    cx: Cx,
    CurrentUser(current): CurrentUser,
    Query(paging): Query<Paging>,
) -> Result<Json<Page>, Problem> {
    cx.run(move |cx| page(cx, current.user_id, &paging))
        .await
        .map(Json)
}

/// Appends to the table `audit_events`.
pub struct Trail;

/// An event as the chain ties it.
#[derive(Serialize)]
struct Link<'a> {
    before: &'a str,
    at: i64,
    user_id: Option<i64>,
    kind: &'a str,
    client: &'a str,
    user_agent: &'a str,
    detail: &'a str,
}

impl Link<'_> {
    /// JSON keeps the fields apart: without quotes, moving a letter from one field to the next would go unnoticed.
    fn digest(&self) -> Result<String, Problem> {
        let text = serde_json::to_string(self).map_err(|error| Problem::internal(&error))?;
        Ok(tokens::digest(&text))
    }
}

impl Audit for Trail {
    /// Appends the event, with the transaction's time and client.
    ///
    /// `chain` is [`Link::digest`] of the event and of the chain of the event before it (of whoever's account; empty for the
    /// first).
    fn record(&self, tx: &Tx, event: Event) -> Result<(), Problem> {
        todo!("the newest chain, the new link, one INSERT")
    }
}

/// The id of the first event that does not fit the chain; `None` for a trail that nobody has mended.
///
/// An event fits if its `chain` is the digest of what the row says now and of the `chain` of the row before.
pub fn first_broken(connection: &Connection) -> Result<Option<i64>, Problem> {
    todo!("walk the trail from its beginning, and compute each link again")
}

/// One page of the person's own events, the newest first, and the cursor of the next page.
///
/// - `limit`: 1 to [`LARGEST_PAGE`], [`PAGE`] if it is missing; anything else is [`Problem::invalid_fields`] for `limit`.
/// - `cursor`: the `next_cursor` of the page before; anything else is [`invalid_cursor`].
/// - `next_cursor` is null exactly on the last page.
/// - Events that are added while somebody reads neither repeat nor hide an entry of the following pages: a page
///   continues after the last entry of the one before, it does not count rows.
pub fn page(cx: &Cx, user_id: i64, paging: &Paging) -> Result<Page, Problem> {
    todo!("one more row than asked for tells whether there is a next page")
}

fn invalid_cursor() -> Problem {
    Problem::bad_request("invalid_cursor", "This cursor is none of ours.")
}
