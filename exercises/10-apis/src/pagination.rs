//! A long list, page by page, while others write: no order twice, none missed.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::LINK;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::sync::Arc;

use crate::given::records::{Asking, Clock, Order, Records, address};

/// How many orders a page has when nobody says.
pub const USUAL: u32 = 20;
/// How many orders a page has at most.
pub const MOST: u32 = 100;
/// For how many seconds a cursor is good.
pub const GOOD_FOR: i64 = 3_600;

/// Where the next page begins, for whom, and of which list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub partner: String,
    pub shop: Option<String>,
    /// The last order of the page before: the next one begins behind it.
    pub placed_at: i64,
    pub id: i64,
    /// The last second in which the cursor is good.
    pub good_until: i64,
}

/// The cursor as a text for a URL: signed with HMAC-SHA256 under `key`, without signs that a query would have to escape. How
/// it looks inside is your choice.
pub fn seal(cursor: &Cursor, key: &[u8]) -> String {
    todo!("the cursor as bytes, and a tag of these bytes")
}

/// The cursor that [`seal`] made a text of with this very key. `None` for any other text: not a single sign may differ.
pub fn unseal(text: &str, key: &[u8]) -> Option<Cursor> {
    todo!("the tag first: what is not yours is not worth reading")
}

/// What the routes need.
#[derive(Clone)]
pub struct Desk {
    pub records: Records,
    pub key: Arc<[u8]>,
    pub clock: Clock,
}

/// What `GET /orders` answers.
#[derive(Debug, Serialize)]
struct Page {
    orders: Vec<Order>,
}

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    limit: Option<u32>,
    shop: Option<String>,
    cursor: Option<String>,
}

/// `GET /orders?limit=…&shop=…&cursor=…`: the orders of the partner who asks ([`Asking`]), a page at a time, the newest first;
/// of several in one second the one with the highest id.
///
/// | in the query | means |
/// | --- | --- |
/// | `limit` | how many orders at most: 1 to [`MOST`], and [`USUAL`] when it is missing |
/// | `shop` | only the orders of this shop |
/// | `cursor` | the page behind the one that gave this cursor |
///
/// - 200, [`Page`] as JSON. The header `Link` has `<…>; rel="first"`, the address of the first page, and, only when there are
///   more orders, `<…>; rel="next"`, that of the next; both with `limit` and `shop` as they are now, separated by `", "`.
///   [`address`] makes them. `Link` is there even when the page is empty.
/// - Whoever follows `next` to the end sees each order that was there all the time once, whatever others add or take away
///   meanwhile. So the place in the list is an order, not a number of orders, and it may be an order that is gone.
/// - 400 for anything else in the query (axum's `Query` sees to most of it), and for a cursor that `unseal` does not know, that
///   was made for another partner or another `shop`, or that is older than [`GOOD_FOR`] seconds by `clock`. `limit` may be
///   another one on each page.
pub fn routes(desk: Desk) -> Router {
    todo!("one address; everything that is asked for is checked before the database is asked")
}
