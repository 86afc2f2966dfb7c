//! Milestone 8: finding one among a hundred thousand.
//!
//! Two lists, of people and of orders, that can be searched, filtered and sorted, page by page. What a person types is text, and
//! a page far behind costs what the first one costs.

use data_encoding::BASE64URL_NOPAD;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Deserialize, Serialize};

use crate::given::clock::rfc3339;
use crate::given::problem::{FieldError, Problem};

/// How many rows a page has when the request does not say.
pub const PAGE: usize = 20;

/// The largest page that may be asked for.
pub const LARGEST_PAGE: usize = 100;

/// The longest `q`, in characters.
pub const LONGEST_TEXT: usize = 100;

/// The indexes that the lists stand on, made after the schema. Each is an order in which a page can begin anywhere; those with
/// a status or a branch in front serve a list of one status or branch alone.
pub const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS users_by_age ON users (created_at, id);
    CREATE INDEX IF NOT EXISTS users_of_status_by_age ON users (status, created_at, id);
    CREATE INDEX IF NOT EXISTS users_of_status_by_email ON users (status, email, id);
";

/// What the query of a list says, as it came. An empty text is as good as none: browsers send all fields of a form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Words to look for.
    pub q: Option<String>,
    /// Only those of this status.
    pub status: Option<String>,
    /// A column, with a `-` in front for the largest first.
    pub sort: Option<String>,
    /// How many rows.
    pub limit: Option<String>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// For the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// What the two lists differ in. All of it is text of this program: nothing that came with a request gets in here.
struct List {
    /// Stands in cursors, so that one of orders is none of people.
    table: &'static str,
    /// What is selected behind the key of the sort and the id.
    columns: &'static str,
    /// Where words are looked for.
    texts: &'static [&'static str],
    statuses: &'static [&'static str],
    /// What a list is sorted by: the word of the request, and the column.
    sorts: &'static [(&'static str, &'static str)],
}

/// What is asked for, understood.
struct Wanted {
    words: Vec<String>,
    status: Option<String>,
    sort: Sort,
    limit: usize,
}

struct Sort {
    /// As the request says it: `-created`.
    word: String,
    column: &'static str,
    descending: bool,
}

/// Where a page begins: behind the row with this value in the column of the sort, and this id.
#[derive(Serialize, Deserialize)]
struct Position {
    table: String,
    sort: String,
    key: Key,
    id: i64,
}

/// The value of the column that a list is sorted by.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Number(number) => Self::Integer(number),
            Key::Text(text) => Self::Text(text),
        }
    }
}

/// Conditions, each of them text of this program with places for values, and the values.
#[derive(Default)]
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    /// A place for a value: what a person typed never stands in the statement itself.
    fn place(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }
}

/// A person, as the list shows them.
#[derive(Debug, Serialize)]
pub struct Person {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// `invited`, `active` or `disabled`.
    pub status: String,
    /// In the order of the alphabet.
    pub roles: Vec<String>,
    /// When the account was made.
    pub created_at: String,
}

/// An order, as the list shows it.
#[derive(Debug, Serialize)]
pub struct Order {
    /// The id.
    pub id: i64,
    /// What stands on the receipt.
    pub number: String,
    /// The customer's name.
    pub customer: String,
    /// The branch that it belongs to.
    pub branch_id: i64,
    /// `open`, `paid`, `shipped`, `cancelled` or `refunded`.
    pub status: String,
    /// What it costs, in cents.
    pub total_cents: i64,
    /// When it was placed.
    pub created_at: String,
}

const PEOPLE: List = List {
    table: "users",
    columns: "name, email, status, created_at,
        (SELECT json_group_array(role ORDER BY role) FROM user_roles WHERE user_id = users.id) AS roles",
    texts: &["name", "email"],
    statuses: &["invited", "active", "disabled"],
    sorts: &[("created", "created_at"), ("email", "email")],
};

const ORDERS: List = List {
    table: "orders",
    columns: "number, customer, branch_id, status, total_cents, created_at",
    texts: &["number", "customer"],
    statuses: &["open", "paid", "shipped", "cancelled", "refunded"],
    sorts: &[("created", "created_at"), ("total", "total_cents")],
};

/// A page of the people who work here.
pub fn people(connection: &Connection, asked: &Asked) -> Result<Page<Person>, Problem> {
    page(connection, &PEOPLE, asked, Conditions::default(), |row| {
        Ok(Person {
            id: row.get("id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            status: row.get("status")?,
            created_at: rfc3339(row.get("created_at")?),
            roles: roles(row)?,
        })
    })
}

/// The roles come as JSON with their person: a question for each of a hundred would be a hundred questions.
fn roles(row: &Row) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get("roles")?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
    })
}

/// A page of the orders that the person may see: those of `branch`, or all for `None`.
pub fn orders(
    connection: &Connection,
    branch: Option<i64>,
    asked: &Asked,
) -> Result<Page<Order>, Problem> {
    let mut conditions = Conditions::default();
    if let Some(branch) = branch {
        let place = conditions.place(branch);
        conditions.and(&format!("branch_id = {place}"));
    }
    page(connection, &ORDERS, asked, conditions, |row| {
        Ok(Order {
            id: row.get("id")?,
            number: row.get("number")?,
            customer: row.get("customer")?,
            branch_id: row.get("branch_id")?,
            status: row.get("status")?,
            total_cents: row.get("total_cents")?,
            created_at: rfc3339(row.get("created_at")?),
        })
    })
}

/// One page of a list; `conditions` say what the person may see of it.
fn page<T>(
    connection: &Connection,
    list: &List,
    asked: &Asked,
    mut conditions: Conditions,
    read: impl Fn(&Row) -> rusqlite::Result<T>,
) -> Result<Page<T>, Problem> {
    let wanted = wanted(list, asked)?;
    let after = match given(&asked.cursor) {
        Some(cursor) => Some(position(list, &wanted.sort, cursor).ok_or_else(invalid_cursor)?),
        None => None,
    };
    for word in &wanted.words {
        let place = conditions.place(word.clone());
        conditions.and(&contains(list, &place));
    }
    if let Some(status) = wanted.status.clone() {
        let place = conditions.place(status);
        conditions.and(&format!("status = {place}"));
    }
    let sql = statement(list, &wanted, &mut conditions, after);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(conditions.values), |row| {
        Ok((key(row)?, row.get::<_, i64>(1)?, read(row)?))
    })?;
    let mut rows: Vec<(Key, i64, T)> = rows.collect::<Result<_, _>>()?;
    // One more than asked for shows whether there is a next page.
    let more = rows.len() > wanted.limit;
    rows.truncate(wanted.limit);
    let next_cursor = match rows.last() {
        Some((key, id, _)) if more => Some(cursor(list, &wanted.sort, key, *id)?),
        _ => None,
    };
    Ok(Page {
        items: rows.into_iter().map(|(_, _, item)| item).collect(),
        next_cursor,
    })
}

/// The whole question. A page that begins behind a row is two ranges of the same index: the rest of those that are equal to it,
/// and those beyond; SQLite would not take the id, which is the row's own number, for the second half of a pair.
fn statement(
    list: &List,
    wanted: &Wanted,
    conditions: &mut Conditions,
    after: Option<Position>,
) -> String {
    let column = wanted.sort.column;
    let (order, beyond) = match wanted.sort.descending {
        true => ("DESC", "<"),
        false => ("ASC", ">"),
    };
    let rows = format!(
        "SELECT {column}, id, {} FROM {} WHERE TRUE{}",
        list.columns, list.table, conditions.sql
    );
    let ranges = match after {
        None => rows,
        Some(position) => {
            let key = conditions.place(position.key);
            let id = conditions.place(position.id);
            format!(
                "{rows} AND {column} = {key} AND id {beyond} {id}
                 UNION ALL {rows} AND {column} {beyond} {key}"
            )
        }
    };
    let limit = conditions.place(i64::try_from(wanted.limit).unwrap_or(i64::MAX).saturating_add(1));
    format!("{ranges} ORDER BY 1 {order}, 2 {order} LIMIT {limit}")
}

/// A word stands in one of the texts. `instr` knows no wildcards, and `lower` no letters but A to Z.
fn contains(list: &List, place: &str) -> String {
    let texts = list.texts.iter();
    let each = texts.map(|text| format!("instr(lower({text}), {place}) > 0"));
    format!("({})", each.collect::<Vec<_>>().join(" OR "))
}

/// Everything that was asked for, or everything that is wrong with it.
fn wanted(list: &List, asked: &Asked) -> Result<Wanted, Problem> {
    let parts = (
        words(asked),
        status(list, asked),
        sort(list, asked),
        limit(asked),
    );
    match parts {
        (Ok(words), Ok(status), Ok(sort), Ok(limit)) => Ok(Wanted {
            words,
            status,
            sort,
            limit,
        }),
        (words, status, sort, limit) => {
            let errors = [words.err(), status.err(), sort.err(), limit.err()];
            Err(Problem::invalid_fields(
                errors.into_iter().flatten().collect(),
            ))
        }
    }
}

/// What was sent, if it is not empty.
fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

fn words(asked: &Asked) -> Result<Vec<String>, FieldError> {
    let text = given(&asked.q).unwrap_or_default();
    if text.chars().count() > LONGEST_TEXT {
        return Err(FieldError::new("q", "Look for 100 characters or fewer."));
    }
    Ok(text
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect())
}

fn status(list: &List, asked: &Asked) -> Result<Option<String>, FieldError> {
    match given(&asked.status) {
        None => Ok(None),
        Some(status) if list.statuses.contains(&status) => Ok(Some(status.to_owned())),
        Some(_) => {
            let known = format!("Choose one of: {}.", list.statuses.join(", "));
            Err(FieldError::new("status", &known))
        }
    }
}

fn sort(list: &List, asked: &Asked) -> Result<Sort, FieldError> {
    let word = given(&asked.sort).unwrap_or("-created");
    let name = word.strip_prefix('-').unwrap_or(word);
    let found = list.sorts.iter().find(|(known, _)| *known == name);
    match found {
        Some((_, column)) => Ok(Sort {
            word: word.to_owned(),
            column,
            descending: name != word,
        }),
        None => {
            let known: Vec<&str> = list.sorts.iter().map(|(known, _)| *known).collect();
            let known = format!("Sort by one of: {}; or with a - in front.", known.join(", "));
            Err(FieldError::new("sort", &known))
        }
    }
}

fn limit(asked: &Asked) -> Result<usize, FieldError> {
    let Some(text) = given(&asked.limit) else {
        return Ok(PAGE);
    };
    // `parse` takes a `+`, too, which a query writes for a blank.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number
        .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
        .ok_or_else(|| FieldError::new("limit", "Ask for 1 to 100 rows."))
}

fn key(row: &Row) -> rusqlite::Result<Key> {
    Ok(match row.get(0)? {
        Value::Integer(number) => Key::Number(number),
        _ => Key::Text(row.get(0)?),
    })
}

fn cursor(list: &List, sort: &Sort, key: &Key, id: i64) -> Result<String, Problem> {
    let position = Position {
        table: list.table.to_owned(),
        sort: sort.word.clone(),
        key: key.clone(),
        id,
    };
    let text = serde_json::to_vec(&position).map_err(|error| Problem::internal(&error))?;
    Ok(BASE64URL_NOPAD.encode(&text))
}

/// The position in a cursor, if it is one of this list in this order.
fn position(list: &List, sort: &Sort, cursor: &str) -> Option<Position> {
    let text = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
    let position: Position = serde_json::from_slice(&text).ok()?;
    (position.table == list.table && position.sort == sort.word).then_some(position)
}

fn invalid_cursor() -> Problem {
    Problem::bad_request("invalid_cursor", "This cursor is none of ours.")
}
