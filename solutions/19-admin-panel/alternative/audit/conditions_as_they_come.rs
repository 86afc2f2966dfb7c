//! Milestone 6: who, when, from where, what.
//!
//! Every change is told in the transaction that makes it, with what stood there before and after and without any secret. The log
//! can be searched, and taken away as a file that harms nobody who opens it.

use std::borrow::Cow;

use axum::extract::Query;
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use rusqlite::{Row, ToSql, params_from_iter};
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

/// The query of `GET /api/audit` and of `GET /api/audit.csv`. An empty text is as good as none: browsers send every field.
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
#[must_use]
pub fn changes(before: &Value, after: &Value) -> (Value, Value) {
    let empty = Map::new();
    let (before, after) = (
        before.as_object().unwrap_or(&empty),
        after.as_object().unwrap_or(&empty),
    );
    let (mut left, mut right) = (before.clone(), after.clone());
    left.retain(|name, value| after.get(name) != Some(value));
    right.retain(|name, value| before.get(name) != Some(value));
    hide(&mut left);
    hide(&mut right);
    (Value::Object(left), Value::Object(right))
}

/// Hides in place.
fn hide(fields: &mut Map<String, Value>) {
    for (name, value) in fields.iter_mut() {
        if is_secret(name) {
            *value = json!(HIDDEN);
        } else {
            hide_in(value);
        }
    }
}

fn hide_in(value: &mut Value) {
    match value {
        Value::Object(fields) => hide(fields),
        Value::Array(items) => items.iter_mut().for_each(hide_in),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret))
}

/// Appends to the table `audit`.
pub struct Log;

impl Audit for Log {
    fn record(&self, tx: &Tx, event: Event) -> Result<(), Problem> {
        let (before, after) = changes(&event.before, &event.after);
        tx.execute(
            "INSERT INTO audit (at, actor_id, kind, subject, client, user_agent, before, after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                tx.now(),
                event.actor,
                event.kind,
                &event.subject,
                tx.client().address.to_string(),
                &tx.client().user_agent,
                before.to_string(),
                after.to_string(),
            ),
        )?;
        Ok(())
    }
}

/// What is looked for, understood.
struct Filter {
    actor: Option<i64>,
    kind: Option<String>,
    subject: Option<String>,
    from: Option<i64>,
    until: Option<i64>,
    text: Option<String>,
    limit: i64,
    /// Only entries with a smaller id.
    below: i64,
}

/// Reads the fields of a query one after the other, and keeps what is wrong with any of them.
#[derive(Default)]
struct Reader(Vec<FieldError>);

impl Reader {
    /// The value of a field, if it is there.
    fn read<T>(
        &mut self,
        field: &str,
        text: Option<&str>,
        message: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = parse(text?);
        if value.is_none() {
            self.0.push(FieldError::new(field, message));
        }
        value
    }
}

/// A text that is there; an empty one is not.
fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

impl Filter {
    fn read(asked: &Asked) -> Result<Self, Problem> {
        let mut reader = Reader::default();
        let moment = "Write a moment such as 2026-03-01T09:30:00Z, in whole seconds.";
        let filter = Self {
            actor: reader.read(
                "actor",
                given(&asked.actor),
                "Write the id of a colleague.",
                |id| id.parse().ok(),
            ),
            kind: given(&asked.kind).map(str::to_owned),
            subject: given(&asked.subject).map(str::to_owned),
            from: reader.read("from", given(&asked.from), moment, seconds),
            until: reader.read("until", given(&asked.until), moment, seconds),
            text: reader.read(
                "q",
                given(&asked.q),
                "Write up to 100 characters.",
                |text| (text.chars().count() <= LONGEST_TEXT).then(|| text.to_owned()),
            ),
            limit: reader
                .read(
                    "limit",
                    given(&asked.limit),
                    "Ask for 1 to 100 entries.",
                    |limit| {
                        let limit = limit.parse().ok();
                        limit.filter(|limit| (1..=LARGEST_PAGE).contains(limit))
                    },
                )
                .unwrap_or(PAGE),
            below: reader
                .read(
                    "cursor",
                    given(&asked.cursor),
                    "This cursor is none of ours.",
                    position,
                )
                .unwrap_or(i64::MAX),
        };
        if let (Some(from), Some(until)) = (filter.from, filter.until)
            && until <= from
        {
            let error = FieldError::new("until", "The end must come after the beginning.");
            reader.0.push(error);
        }
        if reader.0.is_empty() {
            Ok(filter)
        } else {
            Err(Problem::invalid_fields(reader.0))
        }
    }
}

/// A moment in whole seconds; `None` for anything else.
fn seconds(text: &str) -> Option<i64> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    (moment.subsec_nanosecond() == 0).then(|| moment.as_second())
}

/// The cursor of the page after the entry `id`. Encoded, so that nobody is tempted to compute with it.
fn cursor(id: i64) -> String {
    BASE64URL_NOPAD.encode(id.to_string().as_bytes())
}

fn position(cursor: &str) -> Option<i64> {
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}

/// Where a text is looked for.
const TEXTS: &str = "(instr(subject, ?) OR instr(client, ?) OR instr(user_agent, ?)
    OR EXISTS (SELECT 1 FROM json_tree(audit.before) WHERE type = 'text' AND instr(value, ?))
    OR EXISTS (SELECT 1 FROM json_tree(audit.after) WHERE type = 'text' AND instr(value, ?)))";

/// The first `limit` entries that are looked for. Only the conditions that are asked for stand in the statement, each of them text of
/// this program with places for values.
fn select(
    tx: &Tx,
    filter: &Filter,
    order: &'static str,
    limit: i64,
) -> Result<Vec<Entry>, Problem> {
    let mut sql = "SELECT * FROM audit WHERE id < ?".to_owned();
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(filter.below)];
    let mut and =
        |condition: &str, places: usize, value: Option<Box<dyn Fn() -> Box<dyn ToSql>>>| {
            if let Some(value) = value {
                sql.push_str(" AND ");
                sql.push_str(condition);
                values.extend((0..places).map(|_| value()));
            }
        };
    let number = |value: Option<i64>| {
        value
            .map(|number| -> Box<dyn Fn() -> Box<dyn ToSql>> { Box::new(move || Box::new(number)) })
    };
    let text = |value: &Option<String>| {
        value
            .clone()
            .map(|text| -> Box<dyn Fn() -> Box<dyn ToSql>> {
                Box::new(move || Box::new(text.clone()))
            })
    };
    and("actor_id = ?", 1, number(filter.actor));
    and("kind = ?", 1, text(&filter.kind));
    and("subject = ?", 1, text(&filter.subject));
    and("at >= ?", 1, number(filter.from));
    and("at < ?", 1, number(filter.until));
    and(TEXTS, 5, text(&filter.text));
    sql.push_str(&format!(" ORDER BY id {order} LIMIT ?"));
    values.push(Box::new(limit));
    let mut statement = tx.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

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

/// One page of the entries that are looked for.
pub fn page(cx: &Cx, me: i64, asked: &Asked) -> Result<Page, Problem> {
    cx.read(|tx| {
        let permissions = &tx.neighbours().permissions;
        permissions.require(tx, me, Permission::AuditRead, Place::Everywhere)?;
        let filter = Filter::read(asked)?;
        // One more than asked for shows whether there is a next page.
        let mut entries = select(tx, &filter, "DESC", filter.limit + 1)?;
        let wanted = usize::try_from(filter.limit).map_err(|error| Problem::internal(&error))?;
        let more = entries.len() > wanted;
        entries.truncate(wanted);
        let next_cursor = entries.last().filter(|_| more).map(|last| cursor(last.id));
        Ok(Page {
            entries,
            next_cursor,
        })
    })
}

/// 422, for a file that would hold more than [`LARGEST_EXPORT`] entries.
fn export_too_large() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "export_too_large",
        "A file holds up to 10,000 entries. Choose a shorter time.",
    )
}

/// The entries that are looked for as a file.
pub fn export(cx: &Cx, me: i64, asked: &Asked) -> Result<Vec<u8>, Problem> {
    // A page of a file makes no sense.
    let asked = Asked {
        limit: None,
        cursor: None,
        ..asked.clone()
    };
    cx.write(|tx| {
        let neighbours = tx.neighbours();
        neighbours
            .permissions
            .require(tx, me, Permission::AuditExport, Place::Everywhere)?;
        let filter = Filter::read(&asked)?;
        let entries = select(tx, &filter, "ASC", LARGEST_EXPORT + 1)?;
        let count = i64::try_from(entries.len()).map_err(|error| Problem::internal(&error))?;
        if count > LARGEST_EXPORT {
            return Err(export_too_large());
        }
        let event = Event {
            actor: Some(me),
            kind: "audit.exported",
            subject: "audit".to_owned(),
            before: Value::Null,
            after: told(&asked, count),
        };
        neighbours.audit.record(tx, event)?;
        Ok(file(&entries))
    })
}

/// What was looked for, and how much was found, for the log.
fn told(asked: &Asked, count: i64) -> Value {
    let fields = [
        ("actor", &asked.actor),
        ("kind", &asked.kind),
        ("subject", &asked.subject),
        ("from", &asked.from),
        ("until", &asked.until),
        ("q", &asked.q),
    ];
    let mut told = Map::new();
    told.insert("entries".to_owned(), json!(count));
    for (name, field) in fields {
        if let Some(text) = given(field) {
            told.insert(name.to_owned(), json!(text));
        }
    }
    Value::Object(told)
}

/// The entries as a file of RFC 4180, cell by cell.
fn file(entries: &[Entry]) -> Vec<u8> {
    let mut file = COLUMNS.join(",") + "\r\n";
    for entry in entries {
        let cells = [
            entry.id.to_string(),
            entry.at.clone(),
            entry.actor_id.map(|id| id.to_string()).unwrap_or_default(),
            entry.kind.clone(),
            entry.subject.clone(),
            entry.client.clone(),
            entry.user_agent.clone(),
            entry.before.to_string(),
            entry.after.to_string(),
        ];
        let line: Vec<String> = cells.iter().map(|text| quoted(&cell(text))).collect();
        file.push_str(&line.join(","));
        file.push_str("\r\n");
    }
    file.into_bytes()
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// What a spreadsheet takes for the beginning of a formula, or skips on its way to one.
const FORMULAS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A cell of the file: a text that begins like a formula gets an apostrophe in front, every other one stays as it is.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULAS) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}
