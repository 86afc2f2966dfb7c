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
    let mut given: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in query {
        given.entry(name).or_default().push(value);
    }
    let mut errors = Vec::new();
    let mut values: Vec<Value> = vec![Value::Null; FILTERS.len()];
    let mut order = "title ASC, isbn ASC".to_owned();
    for (name, all) in given {
        let read = match (
            all.as_slice(),
            FILTERS.iter().position(|filter| *filter == name),
        ) {
            ([""], _) | ([_, _, ..], _) | ([], _) => {
                Err("one value, and not an empty one".to_owned())
            }
            ([value], Some(place)) => value_of(name, value).map(|value| values[place] = value),
            ([value], None) if name == "sort" => order_of(value).map(|wanted| order = wanted),
            ([_], None) => Err("nobody knows this parameter".to_owned()),
        };
        errors.extend(read.err().map(|detail| Refused {
            parameter: name.to_owned(),
            detail,
        }));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let sql = format!("SELECT {COLUMNS} FROM titles WHERE {WORDS} ORDER BY {order}");
    Ok(Select { sql, values })
}

/// The parameters that filter, in the order of their numbers in [`WORDS`].
const FILTERS: [&str; 6] = [
    "author",
    "contains",
    "language",
    "from_cents",
    "to_cents",
    "in_stock",
];

/// One sentence for all of them: what is not asked for is NULL.
const WORDS: &str = "(?1 IS NULL OR author = ?1)
    AND (?2 IS NULL OR instr(title, ?2) > 0)
    AND (?3 IS NULL OR instr(?3, language) > 0)
    AND (?4 IS NULL OR price_cents >= ?4)
    AND (?5 IS NULL OR price_cents <= ?5)
    AND (?6 IS NULL OR in_stock = ?6)";

fn value_of(name: &str, value: &str) -> Result<Value, String> {
    match name {
        "from_cents" | "to_cents" => cents(value),
        "in_stock" => truth(value),
        "language" => languages(value),
        _ => Ok(Value::Text(value.to_owned())),
    }
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

/// The codes as they came: each has two letters, so one that is in the text is one of them.
fn languages(value: &str) -> Result<Value, String> {
    let codes: BTreeSet<&str> = value.split(',').collect();
    let fine = codes
        .iter()
        .all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase()));
    if fine && codes.len() == value.split(',').count() {
        Ok(Value::Text(value.to_owned()))
    } else {
        Err("codes such as de, each once".to_owned())
    }
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
