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
    let mut seen = BTreeSet::new();
    // By name, so that a parameter which is wrong in two ways is named once.
    let mut refused: BTreeMap<&str, String> = BTreeMap::new();
    let mut conditions = vec!["TRUE".to_owned()];
    let mut values = Vec::new();
    let mut order = "title ASC, isbn ASC".to_owned();
    for (name, value) in query {
        let read = match name.as_str() {
            _ if !seen.insert(name) => Err("it may be there once".to_owned()),
            _ if value.is_empty() => Err("it needs a value".to_owned()),
            "sort" => order_of(value).map(|wanted| order = wanted),
            _ => condition(name, value).map(|(condition, more)| {
                conditions.push(condition);
                values.extend(more);
            }),
        };
        if let Err(detail) = read {
            refused.insert(name, detail);
        }
    }
    if refused.is_empty() {
        let conditions = conditions.join(" AND ");
        let sql = format!("SELECT {COLUMNS} FROM titles WHERE {conditions} ORDER BY {order}");
        return Ok(Select { sql, values });
    }
    let refused = refused.into_iter().map(|(name, detail)| Refused {
        parameter: name.to_owned(),
        detail,
    });
    Err(refused.collect())
}

/// What `GET /catalogue` answers.
#[derive(Debug, Serialize)]
struct Found {
    titles: Vec<Title>,
}

/// `GET /catalogue`: 200, [`Found`] as JSON. A query that cannot be used: the answer of [`catalogue::refused`].
pub fn routes(records: Records) -> Router {
    Router::new()
        .route("/catalogue", get(find))
        .with_state(records)
}

/// The condition of a parameter, in our words, and the values for its `?`.
fn condition(name: &str, value: &str) -> Result<(String, Vec<Value>), String> {
    let text = || vec![Value::Text(value.to_owned())];
    let (words, values) = match name {
        "author" => ("author = ?", text()),
        "contains" => ("instr(title, ?) > 0", text()),
        "from_cents" => ("price_cents >= ?", vec![cents(value)?]),
        "to_cents" => ("price_cents <= ?", vec![cents(value)?]),
        "in_stock" => ("in_stock = ?", vec![truth(value)?]),
        "language" => return languages(value),
        _ => return Err("there is no such parameter".to_owned()),
    };
    Ok((words.to_owned(), values))
}

fn cents(value: &str) -> Result<Value, String> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let cents = value.parse::<u32>().ok().filter(|_| digits);
    let cents = cents.ok_or("it has to be a whole number of cents")?;
    Ok(Value::Integer(i64::from(cents)))
}

fn truth(value: &str) -> Result<Value, String> {
    match value {
        "true" => Ok(Value::Integer(1)),
        "false" => Ok(Value::Integer(0)),
        _ => Err("it has to be true or false".to_owned()),
    }
}

fn languages(value: &str) -> Result<(String, Vec<Value>), String> {
    let codes: Vec<&str> = value.split(',').collect();
    let is_code =
        |code: &&str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
    let different: BTreeSet<&&str> = codes.iter().collect();
    if !codes.iter().all(is_code) || different.len() != codes.len() {
        return Err(
            "it has to be codes such as de, with commas between them, each once".to_owned(),
        );
    }
    let marks = vec!["?"; codes.len()].join(", ");
    let codes = codes.into_iter().map(|code| Value::Text(code.to_owned()));
    Ok((format!("language IN ({marks})"), codes.collect()))
}

/// What stands behind ORDER BY: our own words for each of the names, never the name that came.
fn order_of(value: &str) -> Result<String, String> {
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    for wanted in value.split(',') {
        let (name, direction) = match wanted.strip_prefix('-') {
            Some(name) => (name, "DESC"),
            None => (wanted, "ASC"),
        };
        let column = ["title", "price_cents", "published"]
            .into_iter()
            .find(|column| *column == name && seen.insert(*column))
            .ok_or("it has to be title, price_cents or published, each once")?;
        order.push(format!("{column} {direction}"));
    }
    order.push("isbn ASC".to_owned());
    Ok(order.join(", "))
}

async fn find(
    State(records): State<Records>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let select = match select(&query) {
        Ok(select) => select,
        Err(errors) => return catalogue::refused(&errors),
    };
    let titles = records.ask(move |connection| {
        let mut statement = connection.prepare(&select.sql)?;
        let rows = statement.query_map(params_from_iter(select.values), title_of)?;
        rows.collect::<Result<Vec<Title>, _>>()
    });
    match titles.await {
        Ok(titles) => Json(Found { titles }).into_response(),
        Err(status) => status.into_response(),
    }
}
