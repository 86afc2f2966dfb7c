//! Milestone 6: who, when, from where, what.
//!
//! Every change is told in the transaction that makes it, with what stood there before and after and without any
//! secret. The log
//! can be searched, and taken away as a file that harms nobody who opens it.
//!
//! Given: the routes, the shapes, the cursor, how a row is read, and the table `audit`, whose triggers refuse every
//! change. Yours: what is
//! told, what is looked for, and the file.

use std::borrow::Cow;

use axum::extract::Query;
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use csv::{Terminator, WriterBuilder};
use data_encoding::BASE64URL_NOPAD;
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::Me;
use crate::given::neighbours::{Audit, Event};
use crate::given::problem::{FieldError, Problem};
use crate::given::rights::{Permission, Place};

/// How many entries a page has when the request does not say.
pub const PAGE: i64 = 20;

/// The largest page that may be asked for.
pub const LARGEST_PAGE: i64 = 100;

/// The most entries that a file may hold.
pub const LARGEST_EXPORT: i64 = 10_000;

/// The longest `q`, in characters.
pub const LONGEST_TEXT: usize = 100;

/// What stands in an entry where a secret would be.
pub const HIDDEN: &str = "(secret)";

/// A field is secret if its name holds one of these, whatever its capitals.
pub const SECRETS: [&str; 6] = ["password", "token", "secret", "digest", "hash", "cookie"];

/// The first line of a file.
pub const COLUMNS: [&str; 9] = [
    "id",
    "at",
    "actor_id",
    "kind",
    "subject",
    "client",
    "user_agent",
    "before",
    "after",
];

/// The query of `GET /api/audit` and of `GET /api/audit.csv`. An empty text is as good as none: browsers send every
/// field.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The id of who did it.
    pub actor: Option<String>,
    /// The kind of entry, exactly.
    pub kind: Option<String>,
    /// To what, exactly.
    pub subject: Option<String>,
    /// From this moment on (RFC 3339).
    pub from: Option<String>,
    /// Until just before this moment.
    pub until: Option<String>,
    /// A text that the entry holds.
    pub q: Option<String>,
    /// How many entries; files take all.
    pub limit: Option<String>,
    /// The `next_cursor` of the page before; files begin at the beginning.
    pub cursor: Option<String>,
}

/// One entry.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub id: i64,
    pub at: String,
    pub actor_id: Option<i64>,
    pub kind: String,
    pub subject: String,
    pub client: String,
    pub user_agent: String,
    pub before: Value,
    pub after: Value,
}

/// A page of the log.
#[derive(Debug, Serialize)]
pub struct Page {
    /// The newest first.
    pub entries: Vec<Entry>,
    /// For the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/audit", get(page_handler))
        .route("/api/audit.csv", get(export_handler))
}

async fn page_handler(
    cx: Cx,
    Me(me): Me,
    Query(asked): Query<Asked>,
) -> Result<Json<Page>, Problem> {
    cx.run(move |cx| page(cx, me, &asked)).await.map(Json)
}

async fn export_handler(
    cx: Cx,
    Me(me): Me,
    Query(asked): Query<Asked>,
) -> Result<([(HeaderName, &'static str); 2], Vec<u8>), Problem> {
    let file = cx.run(move |cx| export(cx, me, &asked)).await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present",
        ),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"audit.csv\"",
        ),
    ];
    Ok((headers, file))
}

/// The two sides of an entry: what differs between `before` and `after`, without any secret.
///
/// Each side is an object. It holds those fields of its own that the other side has not, or has with another value;
/// fields are compared whole,
/// not field by field within. Null is a value like any other: `{"a": null}` and `{}` differ. What is no object counts
/// as an empty one.
///
/// Secret is every field whose name holds one of [`SECRETS`], whatever its capitals (`to_lowercase`), at any depth,
/// also in objects within lists.
/// In place of its value, whatever that is, stands [`HIDDEN`]. It is compared before it is hidden: a new password is
/// told as a change, and one
/// that stayed is not told. A value in a list has no name; in a field that is not secret it stays.
///
/// | before | after | the two sides |
/// | --- | --- | --- |
/// | `{"a": 1, "b": 2}` | `{"a": 1, "b": 3, "c": 4}` | `{"b": 2}` and `{"b": 3, "c": 4}` |
/// | `null` | `{"name": "Dan", "Password": "x"}` | `{}` and `{"name": "Dan", "Password": "(secret)"}` |
/// | `{"keys": [{"token": 1}]}` | `{"keys": [{"token": 2}]}` | `{"keys": [{"token": "(secret)"}]}` twice |
#[must_use]
pub fn changes(before: &Value, after: &Value) -> (Value, Value) {
    todo!("compare field by field, and hide afterwards")
}

/// Appends to the table `audit`.
pub struct Log;

impl Audit for Log {
    /// Appends the event: `tx.now()`, the address and the user agent of `tx.client()`, and the two sides as
    /// [`changes`] tells them, as JSON.
    /// What cannot be written is a failure of the whole transaction.
    fn record(&self, tx: &Tx, event: Event) -> Result<(), Problem> {
        todo!("the two sides, and one INSERT")
    }
}

/// A text that is there; an empty one is not.
fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

/// The cursor of the page after the entry `id`. Encoded, so that nobody is tempted to compute with it.
fn cursor(id: i64) -> String {
    BASE64URL_NOPAD.encode(id.to_string().as_bytes())
}

/// The id in a cursor; `None` for one that is none of ours.
fn position(cursor: &str) -> Option<i64> {
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}

/// A row of the table as the API shows it.
fn entry(row: &Row) -> Result<Entry, Problem> {
    let json = |column: &str| -> Result<Value, Problem> {
        let text: String = row.get(column)?;
        serde_json::from_str(&text).map_err(|error| Problem::internal(&error))
    };
    Ok(Entry {
        id: row.get("id")?,
        at: rfc3339(row.get("at")?),
        actor_id: row.get("actor_id")?,
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        client: row.get("client")?,
        user_agent: row.get("user_agent")?,
        before: json("before")?,
        after: json("after")?,
    })
}

/// One page of the entries that are looked for, the largest id first (ids order the log, clocks may go back).
///
/// 1. `permissions.require` for `me`, [`Permission::AuditRead`], [`Place::Everywhere`]: the log tells of all branches.
/// 2. The query is read; what is wrong is [`Problem::invalid_fields`] with an error for *each* faulty field. An empty
///    text is as good as none.
///    - `actor`: an id, a number that fits an `i64`. Whether there is such a person plays no part.
///    - `kind`, `subject`: the whole text, exactly, capitals and blanks included.
///    - `from`, `until`: moments of RFC 3339 with any offset, in whole seconds; a fraction is an error. The entry of
///      `from` itself belongs to what
///      is looked for, that of `until` does not. Where `until` is not later than `from`, `until` is wrong.
///    - `q`: up to [`LONGEST_TEXT`] characters, found as they are (no wildcards, capitals count) in subject, client,
///      user agent, or any text in
///      `before` or `after`, at any depth. Names of fields, the kind, numbers and truth values are not looked at.
///      SQLite's `json_tree` walks
///      through JSON, and gives texts without their escapes.
///    - `limit`: 1 to [`LARGEST_PAGE`], [`PAGE`] if it is missing. `cursor`: a `next_cursor`, see [`position`].
///
///    All that are given must fit.
/// 3. `next_cursor` is null exactly on the last page. Entries that are added meanwhile neither repeat nor hide any.
pub fn page(cx: &Cx, me: i64, asked: &Asked) -> Result<Page, Problem> {
    todo!("the right, the query, and one row more than the page holds")
}

/// 422, for a file that would hold more than [`LARGEST_EXPORT`] entries.
fn export_too_large() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "export_too_large",
        "A file holds up to 10,000 entries. Choose a shorter time.",
    )
}

/// The entries that are looked for as a file, the smallest id first. In one `cx.write`, because taking the log away
/// is told as well:
///
/// 1. `permissions.require` for `me`, [`Permission::AuditExport`], [`Place::Everywhere`].
/// 2. The query is read as for [`page`]; `limit` and `cursor` mean nothing here, whatever they hold.
/// 3. More than [`LARGEST_EXPORT`] entries: [`export_too_large`], and nothing is told.
/// 4. The event `audit.exported` by `audit.record`: `me` is the actor, the subject is `audit`, `before` is null, and
///    `after` is
///    `{"entries": …}`, how many there are, and each filter that was given (not the empty ones) under its name, as it
///    was typed. Its own
///    entry is not in the file. If it cannot be told, there is no file.
///
/// The file is CSV as RFC 4180 has it: UTF-8, lines ended by CR LF, the first of them [`COLUMNS`], cells quoted only
/// where they must be. An
/// actor that is missing is an empty cell; `before` and `after` are JSON without blanks (`to_string`). Every cell
/// goes through [`cell`].
///
/// ```text
/// id,at,actor_id,kind,subject,client,user_agent,before,after
/// 6,2017-07-14T02:40:50Z,1,user.disabled,user 3,192.0.2.7,Firefox,"{""disabled"":false}","{""disabled"":true}"
/// ```
pub fn export(cx: &Cx, me: i64, asked: &Asked) -> Result<Vec<u8>, Problem> {
    todo!("the right, the query, the entries, their number, the event, the file")
}

/// What a spreadsheet takes for the beginning of a formula, or skips on its way to one.
const FORMULAS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A cell of the file: a text that begins with one of [`FORMULAS`] gets an apostrophe in front, every other one stays
/// as it is.
///
/// | text | cell |
/// | --- | --- |
/// | `-1+2` | `'-1+2` |
/// | `1-2`, ` =1`, `'=1` | the same |
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    todo!("an apostrophe in front of what begins like a formula")
}
