//! Milestone 7: all of it, as a file.
//!
//! Somebody wants every event since January in a spreadsheet, two years of them, over a slow line, while the shop goes
//! on selling. It costs a few pages of memory, blocks nobody, and runs nothing on the desk where it is opened.
//!
//! The table is `events` (see `given/migrations/001_events.sql`).

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
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
    /// Only what belongs to it. Values are compared byte by byte.
    pub slice: Slice,
    /// From this second on.
    pub from: UnixTime,
    /// Up to this second, which is not wanted any more.
    pub to: UnixTime,
}

/// The text as a cell that no spreadsheet takes for a formula: an apostrophe in front where it is needed, and otherwise
/// as it is.
///
/// It is needed
/// - if the text begins with a tab, a carriage return, a line feed or a NUL, whatever follows;
/// - if the first character that is not blank is `=`, `+`, `-`, `@`, or one of their wide forms `＝`, `＋`, `－`, `＠`.
///   Blank is what `char::is_whitespace` or `char::is_control` says, and U+FEFF and U+200B, which nobody sees.
///
/// ```text
/// =1+1         '=1+1
///    -2        '   -2
/// e-books      e-books
/// ```
pub fn harmless(text: &str) -> Cow<'_, str> {
    todo!("look at the first character, and at the first one that is not blank")
}

/// An amount as a number that a spreadsheet can add up: euros, a point, two digits of cents, a `-` in front below zero;
/// no groups, no sign of the currency, and no apostrophe. Every `i64` has its text.
///
/// ```text
/// 123456    1234.56
/// -5        -0.05
/// ```
pub fn decimal(cents: i64) -> String {
    todo!("the sign first, then whole numbers only")
}

/// The file that somebody wants, as an answer that is made while it is sent.
///
/// **The answer**: 200 with `content-type: text/csv; charset=utf-8; header=present`, `content-disposition: attachment;
/// filename="lantern-events.csv"`, `cache-control: no-store`, and a body of UTF-8 without a byte order mark.
///
/// **The file**: CSV as RFC 4180 has it. Each line ends with CR LF, the last one too. Cells with a comma, a double
/// quote, a CR or a LF are in double quotes, in which double quotes are doubled; others may be. The first line are the
/// [`COLUMNS`], also when nothing follows. Then comes a line for each event: the time as [`rfc3339`] writes it, the
/// kind by its name, `amount` as [`decimal`], and every text (`id`, `country`, `channel`, `device`, `category`) made
/// [`harmless`]. Events are in the order of their time, those of one second in that of their ids, byte by byte. If `to`
/// is not after `from`, there are none.
///
/// **What is in it**: the wanted events that are in the table when `download` is called, each once. What is recorded
/// later is not in it, even if it happened long ago. Old events may be removed meanwhile: they may be in it or not, and
/// all others are.
///
/// **What it costs**: whatever the size of the file and however slow the client, no more than four pages of [`PAGE`]
/// rows are read ahead of what the client has taken. No transaction is open while the client is waited for. When the
/// client goes away (the body is dropped), reading ends.
///
/// **When it fails**: before the answer begins, that is the problem that is returned: so the first page is read before.
/// Later the body breaks off with an error. A body that ends without one is complete.
///
/// # Errors
///
/// A 500 when the database fails.
pub async fn download(cx: Cx, wanted: Wanted) -> Result<Response, Problem> {
    todo!(
        "the newest row and the first page; then a task that sends page after page into a small channel; its other end is the body"
    )
}

/// Reads page after page, and remembers where it was. Yours, if you like: add what you need.
struct Reader {
    wanted: Wanted,
}

/// The five texts, the time and the number of a row of `SELECT id, at, kind, country, channel, device, category,
/// cents`, as cells.
fn record(row: &Row) -> rusqlite::Result<[String; 8]> {
    todo!("which of the eight are texts?")
}
