//! Caught by: pages_give_everything_once, one_sees_ones_own_events, new_events_do_not_move_the_pages
//! Why it tempts: a full page probably has a successor; sometimes it is empty.

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
    fn record(&self, tx: &Tx, event: Event) -> Result<(), Problem> {
        let before: Option<String> = tx
            .query_row(
                "SELECT chain FROM audit_events ORDER BY id DESC LIMIT 1",
                [],
                |row| row.get(0),
            )
            .optional()?;
        let client = tx.client().address.to_string();
        let chain = Link {
            before: &before.unwrap_or_default(),
            at: tx.now(),
            user_id: event.user_id,
            kind: event.kind,
            client: &client,
            user_agent: &tx.client().user_agent,
            detail: &event.detail,
        }
        .digest()?;
        tx.execute(
            "INSERT INTO audit_events (at, user_id, kind, client, user_agent, detail, chain)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                tx.now(),
                event.user_id,
                event.kind,
                &client,
                &tx.client().user_agent,
                &event.detail,
                chain,
            ),
        )?;
        Ok(())
    }
}

/// The id of the first event that does not fit the chain; `None` for a trail that nobody has mended.
pub fn first_broken(connection: &Connection) -> Result<Option<i64>, Problem> {
    let mut statement = connection.prepare(
        "SELECT id, at, user_id, kind, client, user_agent, detail, chain FROM audit_events ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut before = String::new();
    while let Some(row) = rows.next()? {
        let chain: String = row.get("chain")?;
        if expected_chain(row, &before)? != chain {
            return Ok(Some(row.get("id")?));
        }
        before = chain;
    }
    Ok(None)
}

fn expected_chain(row: &Row, before: &str) -> Result<String, Problem> {
    let (kind, client): (String, String) = (row.get("kind")?, row.get("client")?);
    let (user_agent, detail): (String, String) = (row.get("user_agent")?, row.get("detail")?);
    Link {
        before,
        at: row.get("at")?,
        user_id: row.get("user_id")?,
        kind: &kind,
        client: &client,
        user_agent: &user_agent,
        detail: &detail,
    }
    .digest()
}

/// One page of the person's own events, the newest first.
pub fn page(cx: &Cx, user_id: i64, paging: &Paging) -> Result<Page, Problem> {
    let limit = limit(paging.limit.as_deref())?;
    let before = match &paging.cursor {
        Some(cursor) => position(cursor).ok_or_else(invalid_cursor)?,
        None => i64::MAX,
    };
    let mut events = cx.read(|tx| {
        let mut statement = tx.prepare_cached(
            "SELECT id, at, kind, client, user_agent, detail FROM audit_events
             WHERE user_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        )?;
        // One more than asked for shows whether there is a next page.
        let rows = statement.query_map((user_id, before, limit + 1), |row| {
            Ok(Entry {
                id: row.get(0)?,
                at: rfc3339(row.get(1)?),
                kind: row.get(2)?,
                client: row.get(3)?,
                user_agent: row.get(4)?,
                detail: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    })?;
    let wanted = usize::try_from(limit).map_err(|error| Problem::internal(&error))?;
    let more = events.len() > wanted;
    events.truncate(wanted);
    let next_cursor = events
        .last()
        .filter(|_| more || wanted > 0)
        .map(|last| cursor(last.id));
    Ok(Page {
        events,
        next_cursor,
    })
}

fn limit(asked: Option<&str>) -> Result<i64, Problem> {
    let Some(asked) = asked else {
        return Ok(PAGE);
    };
    asked
        .parse()
        .ok()
        .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
        .ok_or_else(|| {
            let error = FieldError::new("limit", "Ask for 1 to 100 events.");
            Problem::invalid_fields(vec![error])
        })
}

/// The cursor of the page after the event `id`. Encoded, so that nobody is tempted to compute with it.
fn cursor(id: i64) -> String {
    BASE64URL_NOPAD.encode(id.to_string().as_bytes())
}

fn position(cursor: &str) -> Option<i64> {
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}

fn invalid_cursor() -> Problem {
    Problem::bad_request("invalid_cursor", "This cursor is none of ours.")
}
