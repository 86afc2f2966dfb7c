//! Milestone 7: all of it, as a file.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use rusqlite::Row;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::given::app::{Cx, Tx};
use crate::given::clock::{UnixTime, rfc3339};
use crate::given::events::{Dimension, Kind, Slice};
use crate::given::problem::Problem;

/// So many rows are read at a time.
pub const PAGE: usize = 1000;

/// The first line of every file.
pub const COLUMNS: [&str; 8] = [
    "id", "at", "kind", "country", "channel", "device", "category", "amount",
];

/// What somebody wants to have.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Only this kind; `None` for all of them.
    pub kind: Option<Kind>,
    /// Only what belongs to it.
    pub slice: Slice,
    /// From this second on.
    pub from: UnixTime,
    /// Up to this second, which is not wanted any more.
    pub to: UnixTime,
}

/// The text as a cell that no spreadsheet takes for a formula.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let begins_hidden = text.starts_with(['\t', '\r', '\n', '\0']);
    let sign = text.trim_start_matches(is_blank).chars().next();
    if begins_hidden || sign.is_some_and(|sign| "=+-@＝＋－＠".contains(sign)) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{feff}' | '\u{200b}')
}

/// An amount as a number.
pub fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let size = cents.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

/// The file that somebody wants, as an answer that is made while it is sent.
///
/// # Errors
///
/// When the first page cannot be read.
pub async fn download(cx: Cx, wanted: Wanted) -> Result<Response, Problem> {
    let (mut reader, first) = cx
        .clone()
        .run(move |cx| cx.read(|tx| Reader::begin(tx, wanted)))
        .await?;
    // One page waits here, one is being read: no more are in memory, however slow the client is.
    let (sender, pages) = mpsc::channel::<Result<Bytes, Problem>>(1);
    tokio::spawn(async move {
        let mut page = first;
        loop {
            // Whoever has gone needs no further page.
            if sender.send(Ok(page)).await.is_err() || reader.finished {
                return;
            }
            let next = cx.clone().run(move |cx| {
                // A transaction of its own, as short as the page: none is open while the client is waited for.
                let page = cx.read(|tx| reader.page(tx))?;
                Ok((reader, page))
            });
            match next.await {
                Ok((same, next)) => (reader, page) = (same, next),
                Err(problem) => {
                    // The status is sent long since; a body that breaks off is all that can be said. If nobody hears it, nobody is there.
                    let _ = sender.send(Err(problem)).await;
                    return;
                }
            }
        }
    });
    let pages = tokio_stream::StreamExt::map(ReceiverStream::new(pages), |page| {
        page.map_err(|problem| std::io::Error::other(problem.code()))
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present",
        ),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"lantern-events.csv\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

/// Reads page after page, and remembers where it was.
struct Reader {
    wanted: Wanted,
    /// The newest row when the export began; what comes later belongs to the next one.
    newest: i64,
    /// Time and id of the last row that was read.
    last: Option<(UnixTime, String)>,
    finished: bool,
}

impl Reader {
    /// A reader, and the first page with the line of the columns.
    fn begin(tx: &Tx, wanted: Wanted) -> Result<(Self, Bytes), Problem> {
        let newest = tx.query_row("SELECT coalesce(max(rowid), 0) FROM events", [], |row| {
            row.get(0)
        })?;
        let mut reader = Self {
            wanted,
            newest,
            last: None,
            finished: false,
        };
        let mut first = writer();
        first
            .write_record(COLUMNS)
            .map_err(|error| Problem::internal(&error))?;
        let page = reader.fill(tx, first)?;
        Ok((reader, page))
    }

    fn page(&mut self, tx: &Tx) -> Result<Bytes, Problem> {
        self.fill(tx, writer())
    }

    fn fill(&mut self, tx: &Tx, mut page: csv::Writer<Vec<u8>>) -> Result<Bytes, Problem> {
        // The conditions are always the same; those that are not wanted are NULL. The row value lets the index on (at, id)
        // go on where it was.
        let mut statement = tx.prepare_cached(
            "SELECT id, at, kind, country, channel, device, category, cents FROM events
             WHERE (at, id) > (?1, ?2) AND +at >= ?11 AND at < ?3 AND rowid <= ?4
               AND (?5 IS NULL OR kind = ?5) AND (?6 IS NULL OR country = ?6)
               AND (?7 IS NULL OR channel = ?7) AND (?8 IS NULL OR device = ?8)
               AND (?9 IS NULL OR category = ?9)
             ORDER BY at, id LIMIT ?10",
        )?;
        // There is nothing before the first id: begin a second earlier, behind all ids, or nearly all (`+at` sees to the rest).
        let (at, id) = self.last.clone().unwrap_or_else(|| {
            let before = self.wanted.from.saturating_sub(1);
            (before, char::MAX.to_string())
        });
        let value = |dimension| self.wanted.slice.value(dimension);
        let mut rows = statement.query(rusqlite::params![
            at,
            id,
            self.wanted.to,
            self.newest,
            self.wanted.kind.map(Kind::name),
            value(Dimension::Country),
            value(Dimension::Channel),
            value(Dimension::Device),
            value(Dimension::Category),
            PAGE as i64,
            self.wanted.from,
        ])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            page.write_record(record(row)?)
                .map_err(|error| Problem::internal(&error))?;
            self.last = Some((row.get(1)?, row.get(0)?));
            count += 1;
        }
        self.finished = count < PAGE;
        let bytes = page
            .into_inner()
            .map_err(|error| Problem::internal(&error.error()))?;
        Ok(bytes.into())
    }
}

fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new())
}

fn record(row: &Row) -> rusqlite::Result<[String; 8]> {
    let text = |column: usize| {
        let text: String = row.get(column)?;
        Ok::<String, rusqlite::Error>(harmless(&text).into_owned())
    };
    Ok([
        text(0)?,
        rfc3339(row.get(1)?),
        text(2)?,
        text(3)?,
        text(4)?,
        text(5)?,
        text(6)?,
        decimal(row.get(7)?),
    ])
}
