//! Milestone 8: finding one among a hundred thousand.
//!
//! Two lists, of people and of orders, that can be searched, filtered and sorted, page by page. What a person types is text, and
//! a page far behind costs what the first one costs.

use axum::extract::Query;
use axum::routing::get;
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Deserialize, Serialize};

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::Me;
use crate::given::problem::{FieldError, Problem};
use crate::given::rights::{Permission, Place};

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
    CREATE INDEX IF NOT EXISTS active_users_by_age ON users (created_at, id) WHERE disabled_at IS NULL;
    CREATE INDEX IF NOT EXISTS active_users_by_email ON users (email, id) WHERE disabled_at IS NULL;
    CREATE INDEX IF NOT EXISTS disabled_users_by_age ON users (created_at, id) WHERE disabled_at IS NOT NULL;
    CREATE INDEX IF NOT EXISTS disabled_users_by_email ON users (email, id) WHERE disabled_at IS NOT NULL;
    CREATE INDEX IF NOT EXISTS orders_by_total ON orders (cents, id);
    CREATE INDEX IF NOT EXISTS orders_of_branch ON orders (branch_id, id);
    CREATE INDEX IF NOT EXISTS orders_of_branch_by_total ON orders (branch_id, cents, id);
    CREATE INDEX IF NOT EXISTS orders_of_state ON orders (state, id);
    CREATE INDEX IF NOT EXISTS orders_of_state_by_total ON orders (state, cents, id);
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

/// A person, as the list shows them.
#[derive(Debug, Serialize)]
pub struct Person {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// `active` or `disabled`.
    pub status: String,
    /// The names of the roles, each once, in the order of the alphabet.
    pub roles: Vec<String>,
    /// When the account was made.
    pub created_at: String,
}

/// An order, as the list shows it.
#[derive(Debug, Serialize)]
pub struct Order {
    /// The number.
    pub id: i64,
    /// The customer's name.
    pub customer: String,
    /// The name of the branch.
    pub branch: String,
    /// `paid` or `refunded`.
    pub status: String,
    /// What it costs.
    pub cents: i64,
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/people", get(people_handler))
        .route("/api/orders", get(orders_handler))
}

async fn people_handler(
    cx: Cx,
    Me(me): Me,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<Person>>, Problem> {
    cx.run(move |cx| cx.read(|tx| people(tx, me, &asked)))
        .await
        .map(Json)
}

async fn orders_handler(
    cx: Cx,
    Me(me): Me,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<Order>>, Problem> {
    cx.run(move |cx| cx.read(|tx| orders(tx, me, &asked)))
        .await
        .map(Json)
}

/// What the two lists differ in. All of it is text of this program: nothing that came with a request gets in here.
struct List {
    /// Stands in cursors, so that one of orders is none of people.
    table: &'static str,
    /// What is selected behind the key of the sort and the id.
    columns: &'static str,
    /// Where words are looked for.
    texts: &'static [&'static str],
    /// The words of the filter, and what each of them asks for.
    statuses: &'static [(&'static str, &'static str)],
    /// What a list is sorted by: the word of the request, and the column.
    sorts: &'static [(&'static str, &'static str)],
    default_sort: &'static str,
}

/// What is asked for, understood.
struct Wanted {
    words: Vec<String>,
    /// A condition of the list.
    status: Option<&'static str>,
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

const PEOPLE: List = List {
    table: "users",
    columns: "name, email, iif(disabled_at IS NULL, 'active', 'disabled') AS status, created_at,
        (SELECT json_group_array(DISTINCT roles.name ORDER BY roles.name)
         FROM grants JOIN roles ON roles.id = grants.role_id
         WHERE grants.user_id = users.id) AS roles",
    texts: &["name", "email"],
    statuses: &[
        ("active", "disabled_at IS NULL"),
        ("disabled", "disabled_at IS NOT NULL"),
    ],
    sorts: &[("created", "created_at"), ("email", "email")],
    default_sort: "-created",
};

const ORDERS: List = List {
    table: "orders",
    columns: "customer, state AS status, cents,
        (SELECT name FROM branches WHERE branches.id = orders.branch_id) AS branch",
    texts: &["customer", "id"],
    statuses: &[
        ("paid", "state = 'paid'"),
        ("refunded", "state = 'refunded'"),
    ],
    sorts: &[("number", "id"), ("total", "cents")],
    default_sort: "-number",
};

/// A page of the people who work here, for whoever may change something about them somewhere.
pub fn people(tx: &Tx, me: i64, asked: &Asked) -> Result<Page<Person>, Problem> {
    let permissions = &tx.neighbours().permissions;
    for permission in [
        Permission::UsersInvite,
        Permission::UsersDisable,
        Permission::RolesAssign,
    ] {
        if permissions.allows(tx, me, permission, Place::Somewhere)? {
            return find_people(tx, asked);
        }
    }
    Err(Problem::forbidden())
}

/// A page of the orders of those branches in which the person may see orders.
pub fn orders(tx: &Tx, me: i64, asked: &Asked) -> Result<Page<Order>, Problem> {
    let permissions = &tx.neighbours().permissions;
    if permissions.allows(tx, me, Permission::OrdersRead, Place::Everywhere)? {
        return find_orders(tx, None, asked);
    }
    let mut statement = tx.prepare_cached("SELECT id FROM branches ORDER BY id")?;
    let all = statement.query_map([], |row| row.get(0))?;
    let mut theirs = Vec::new();
    for branch in all.collect::<Result<Vec<i64>, _>>()? {
        if permissions.allows(tx, me, Permission::OrdersRead, Place::In(branch))? {
            theirs.push(branch);
        }
    }
    if theirs.is_empty() {
        return Err(Problem::forbidden());
    }
    find_orders(tx, Some(&theirs), asked)
}

/// A page of all people.
pub fn find_people(connection: &Connection, asked: &Asked) -> Result<Page<Person>, Problem> {
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
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

/// A page of the orders of these branches, or of all for `None`.
pub fn find_orders(
    connection: &Connection,
    branches: Option<&[i64]>,
    asked: &Asked,
) -> Result<Page<Order>, Problem> {
    let mut conditions = Conditions::default();
    if let Some(branches) = branches {
        let places: Vec<String> = branches
            .iter()
            .map(|branch| conditions.place(*branch))
            .collect();
        conditions.and(&format!("branch_id IN ({})", places.join(", ")));
    }
    page(connection, &ORDERS, asked, conditions, |row| {
        Ok(Order {
            id: row.get("id")?,
            customer: row.get("customer")?,
            branch: row.get("branch")?,
            status: row.get("status")?,
            cents: row.get("cents")?,
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
        if word.contains('\0') {
            // `LIKE` would stop reading here, and nobody has one in their name.
            conditions.and("FALSE");
            continue;
        }
        let place = conditions.place(pattern(word));
        conditions.and(&contains(list, &place));
    }
    if let Some(condition) = wanted.status {
        conditions.and(condition);
    }
    let mut rows: Vec<(Key, i64, T)> = Vec::new();
    for (range, values) in ranges(&wanted.sort, after) {
        // One more than asked for shows whether there is a next page.
        let missing = (wanted.limit + 1).saturating_sub(rows.len());
        if missing == 0 {
            break;
        }
        let mut question = Conditions {
            sql: conditions.sql.clone(),
            values: conditions.values.clone(),
        };
        let places: Vec<String> = values
            .into_iter()
            .map(|value| question.place(value))
            .collect();
        if let Some(range) = range {
            question.and(&range(&places));
        }
        let sql = statement(list, &wanted.sort, &question.sql, missing);
        let mut statement = connection.prepare_cached(&sql)?;
        let found = statement.query_map(params_from_iter(question.values), |row| {
            Ok((key(row)?, row.get::<_, i64>(1)?, read(row)?))
        })?;
        for row in found {
            rows.push(row?);
        }
    }
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

/// A condition, once it knows the places of its values.
type Range = Box<dyn Fn(&[String]) -> String>;

/// What a page goes through, one after the other: everything; or the rest of those that are equal to the last row, and then those
/// beyond.
fn ranges(sort: &Sort, after: Option<Position>) -> Vec<(Option<Range>, Vec<Value>)> {
    let Some(position) = after else {
        return vec![(None, Vec::new())];
    };
    let (column, beyond) = (sort.column, if sort.descending { "<" } else { ">" });
    let equal: Range = Box::new(move |places| {
        let values = places.join(" ");
        let (key, id) = values.split_once(' ').unwrap_or_default();
        format!("{column} = {key} AND id {beyond} {id}")
    });
    let rest: Range = Box::new(move |places| format!("{column} {beyond} {}", places.join("")));
    let key = Value::from(position.key);
    vec![
        (Some(equal), vec![key.clone(), Value::Integer(position.id)]),
        (Some(rest), vec![key]),
    ]
}

fn statement(list: &List, sort: &Sort, conditions: &str, limit: usize) -> String {
    let order = if sort.descending { "DESC" } else { "ASC" };
    format!(
        "SELECT {}, id, {} FROM {} WHERE TRUE{conditions} ORDER BY 1 {order}, 2 {order} LIMIT {limit}",
        sort.column, list.columns, list.table
    )
}

/// The word somewhere, with everything that means something to `LIKE` taken at its word.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for letter in word.chars() {
        if ['%', '_', '\\'].contains(&letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// A word stands in one of the texts. `LIKE` takes A to Z and a to z for the same.
fn contains(list: &List, place: &str) -> String {
    let texts = list.texts.iter();
    let each = texts.map(|text| format!("{text} LIKE {place} ESCAPE '\\'"));
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

fn status(list: &List, asked: &Asked) -> Result<Option<&'static str>, FieldError> {
    let Some(word) = given(&asked.status) else {
        return Ok(None);
    };
    chosen("status", word, list.statuses).map(Some)
}

/// What a word stands for: what cannot be bound is chosen from what the program knows.
fn chosen(
    field: &str,
    word: &str,
    known: &[(&'static str, &'static str)],
) -> Result<&'static str, FieldError> {
    let found = known.iter().find(|(name, _)| *name == word);
    found.map(|(_, sql)| *sql).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        FieldError::new(field, &format!("Choose one of: {}.", names.join(", ")))
    })
}

fn sort(list: &List, asked: &Asked) -> Result<Sort, FieldError> {
    let word = given(&asked.sort).unwrap_or(list.default_sort);
    let name = word.strip_prefix('-').unwrap_or(word);
    Ok(Sort {
        word: word.to_owned(),
        column: chosen("sort", name, list.sorts)?,
        descending: name != word,
    })
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
