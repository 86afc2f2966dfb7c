//! Partners choose what they see of the catalogue: from a list of what is allowed, and never in words of SQL.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use rusqlite::params_from_iter;
use rusqlite::types::Value;
use serde::Serialize;

use crate::given::catalogue::{self, COLUMNS, Refused, Title, title_of};
use crate::given::records::Records;

/// A question to the database: its words, and the values for its `?`, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    pub sql: String,
    pub values: Vec<Value>,
}

/// Makes a question of the parameters behind the `?` of a URL, or says of each parameter that cannot be used why, in any order.
///
/// | parameter | a book is in the list when |
/// | --- | --- |
/// | `author` | it is by exactly this author |
/// | `contains` | this text is in its title, just as it is written: capital letters count, and `%` and `_` are signs like any other |
/// | `language` | it is in one of these languages: codes of two small letters (a to z) with commas between them, each code once |
/// | `from_cents`, `to_cents` | it costs at least, at most so much: whole numbers of digits (0 to 9) only, up to `u32::MAX` |
/// | `in_stock` | it is (`true`) or is not (`false`) in stock |
///
/// A book has to meet all that are given. `sort` says the order: one or several of `title`, `price_cents` and `published` with commas
/// between them, each once, with a `-` in front to turn it around; the first one counts most. Without `sort` it is `title`. Books
/// that are equal in all of that come in the order of their ISBN. Texts are compared as SQLite does it without being told otherwise.
///
/// Any other name is refused, as is a name that comes twice and a value that is empty. Each parameter is named once.
///
/// `sql` selects [`COLUMNS`] from `titles`. What is in it may depend on which parameters there are, on how many languages, and on
/// `sort`; nothing that a client wrote is part of it.
pub fn select(query: &[(String, String)]) -> Result<Select, Vec<Refused>> {
    todo!("each parameter gives a condition of your own words, with its values, or an error")
}

/// What `GET /catalogue` answers.
#[derive(Debug, Serialize)]
struct Found {
    titles: Vec<Title>,
}

/// `GET /catalogue`: 200, [`Found`] as JSON. A query that cannot be used: the answer of [`catalogue::refused`].
pub fn routes(records: Records) -> Router {
    todo!(
        "one address; a query as it is, in the order in which it came, is `Query<Vec<(String, String)>>`"
    )
}
