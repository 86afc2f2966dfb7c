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

/// The indexes that the lists stand on, as `CREATE INDEX IF NOT EXISTS …;` statements. They are run after the schema, at every start
/// of the program.
///
/// A list without `q` costs the same wherever its page begins: not more than 5,000 steps of SQLite's machine for 20 of 24,000
/// rows, and less than four times the steps of the first page, **also where ten thousand rows have the same value** in the
/// column of the sort. That holds for both lists in each of their orders: whole, with one `status`, and (orders) for one branch.
/// A status and a branch together, or several branches, may read more, and so may a `q`. A page of any size takes at most four
/// statements.
pub const INDEXES: &str = "";

/// What the query of a list says, as it came. An empty text is as good as none: browsers send all fields of a form.
///
/// - `q`: words, parted by white space (`char::is_whitespace`). **Every** word must stand somewhere in one of the list's texts:
///   name or email of people, customer or number of orders. `A` to `Z` and `a` to `z` are the same; all other letters are
///   compared as they are. Everything that a person can type is text, `%`, `_`, `\`, quotes and NUL among it, and finds only
///   itself. (Mind that SQLite's `LIKE` stops reading a pattern at a NUL.) More than [`LONGEST_TEXT`] characters, blanks
///   counted, are refused. Nothing but white space looks for nothing: the list is whole.
/// - `status`: `active` or `disabled` for people (`disabled_at` says which), `paid` or `refunded` for orders (their `state`),
///   exactly as it is written here.
/// - `sort`: people `created` (`created_at`) or `email`, orders `number` (`id`) or `total` (`cents`); upwards, or with a `-` in
///   front downwards. Without it people are sorted by `-created`, orders by `-number`. Among equals the id decides, in the same
///   direction.
/// - `limit`: 1 to [`LARGEST_PAGE`] in the digits 0 to 9 and nothing else; [`PAGE`] without it.
/// - `cursor`: the `next_cursor` of a page of the same list in the same order. The filters may have changed since then, and the
///   limit, too.
///
/// Everything that is wrong in the first four is said at once, as [`Problem::invalid_fields`] with the names above. After
/// that, a cursor that is none of ours, or belongs to the other list or to another order, is [`Problem::bad_request`] with the
/// code `invalid_cursor`; an id or a number of a row is no cursor.
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
    /// For the next page; null exactly on the last one. The next page begins behind the last row of this one, also when rows
    /// have come or gone meanwhile, that last row among them. It is made of what base64url has, without `=`.
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

/// A page of the people who work here, for whoever may invite, disable or give roles *somewhere*; [`Problem::forbidden`] for
/// all others, before the query is looked at.
pub fn people(tx: &Tx, me: i64, asked: &Asked) -> Result<Page<Person>, Problem> {
    todo!("three questions to `tx.neighbours().permissions`; one yes is enough")
}

/// A page of the orders of those branches in which the person may see orders: all branches for whoever may *everywhere* (also
/// those of next year), else those of the table `branches` where `permissions` allows it. [`Problem::forbidden`] for
/// whoever may in none, before the query is looked at.
pub fn orders(tx: &Tx, me: i64, asked: &Asked) -> Result<Page<Order>, Problem> {
    todo!("which branches?")
}

/// A page of all people, as [`Asked`] says.
///
/// A failure of the database is a 500 (`?` makes it so), never an empty list. Nothing is written, and the settings of the
/// connection are as they were.
///
/// ```text
/// q = "reader ada"         finds Ada Reader <ada@lantern.example>
/// sort = "-email"          begins with the z
/// ```
pub fn find_people(connection: &Connection, asked: &Asked) -> Result<Page<Person>, Problem> {
    todo!("what do the two lists share? write that first")
}

/// A page of the orders of these branches, or of all for `None`, as [`Asked`] says. No branch, no order.
pub fn find_orders(
    connection: &Connection,
    branches: Option<&[i64]>,
    asked: &Asked,
) -> Result<Page<Order>, Problem> {
    todo!("the same as for people, with another table")
}
