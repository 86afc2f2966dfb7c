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
    let body = serde_json::to_vec(cursor).unwrap_or_default();
    let tag = tag_of(&body, key).map(|tag| tag.finalize().into_bytes());
    // Neither fails: texts and numbers have a JSON form, and HMAC takes keys of any length. If one did, `unseal` would refuse.
    let tag = tag.unwrap_or_default();
    let [body, tag] = [&body[..], &tag[..]].map(|part| BASE64URL_NOPAD.encode(part));
    format!("{body}.{tag}")
}

/// The cursor that [`seal`] made a text of with this very key. `None` for any other text: not a single sign may differ.
pub fn unseal(text: &str, key: &[u8]) -> Option<Cursor> {
    let (body, tag) = text.split_once('.')?;
    let decoded = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
    let (body, tag) = (decoded(body)?, decoded(tag)?);
    // Compares in a time that does not depend on how many bytes are right.
    tag_of(&body, key)?.verify_slice(&tag).ok()?;
    serde_json::from_slice(&body).ok()
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
    Router::new().route("/orders", get(list)).with_state(desk)
}

async fn list(
    State(desk): State<Desk>,
    Asking(partner): Asking,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, StatusCode> {
    let Query(asked) = asked.map_err(|_| StatusCode::BAD_REQUEST)?;
    let limit = asked.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(StatusCode::BAD_REQUEST);
    }
    let now = (desk.clock)();
    let from = start(&asked, &partner, &desk.key, now)?;
    let (owner, shop) = (partner.clone(), asked.shop.clone());
    let select = move |connection: &Connection| {
        page(connection, &owner, shop.as_deref(), from.as_ref(), limit)
    };
    let (orders, more) = desk.records.ask(select).await?;
    let next = orders.last().filter(|_| more).map(|last| Cursor {
        partner,
        shop: asked.shop.clone(),
        placed_at: last.placed_at,
        id: last.id,
        good_until: now.saturating_add(GOOD_FOR),
    });
    let mut links = vec![link("first", limit, &asked, None)];
    if let Some(next) = next {
        let cursor = seal(&next, &desk.key);
        links.push(link("next", limit, &asked, Some(&cursor)));
    }
    Ok(([(LINK, links.join(", "))], Json(Page { orders })).into_response())
}

/// Where the page begins: at the cursor, if there is one, and if it is good for this request.
fn start(asked: &Asked, partner: &str, key: &[u8], now: i64) -> Result<Option<Cursor>, StatusCode> {
    let Some(text) = &asked.cursor else {
        return Ok(None);
    };
    let cursor = unseal(text, key)
        .filter(|cursor| cursor.partner == partner && cursor.shop == asked.shop)
        .filter(|cursor| now <= cursor.good_until);
    cursor.map(Some).ok_or(StatusCode::BAD_REQUEST)
}

/// An entry of the header `Link`.
fn link(rel: &str, limit: u32, asked: &Asked, cursor: Option<&str>) -> String {
    let limit = limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(asked.shop.as_deref().map(|shop| ("shop", shop)));
    query.extend(cursor.map(|cursor| ("cursor", cursor)));
    format!("<{}>; rel=\"{rel}\"", address("/orders", &query))
}

/// One page, and whether there are more behind it: one more than asked for says so.
fn page(
    connection: &Connection,
    partner: &str,
    shop: Option<&str>,
    from: Option<&Cursor>,
    limit: u32,
) -> rusqlite::Result<(Vec<Order>, bool)> {
    let mut statement = connection.prepare(
        "SELECT id, shop, placed_at, cents FROM orders
         WHERE partner = ?1
           AND (?2 IS NULL OR shop = ?2)
           AND (?3 IS NULL OR (placed_at, id) < (?3, ?4))
         ORDER BY placed_at DESC, id DESC
         LIMIT ?5",
    )?;
    let (placed_at, id) = from.map(|cursor| (cursor.placed_at, cursor.id)).unzip();
    let rows = statement.query_map(params![partner, shop, placed_at, id, limit + 1], order_of)?;
    let mut orders: Vec<Order> = rows.collect::<Result<_, _>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = orders.len() > limit;
    orders.truncate(limit);
    Ok((orders, more))
}

fn order_of(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        id: row.get("id")?,
        shop: row.get("shop")?,
        placed_at: row.get("placed_at")?,
        cents: row.get("cents")?,
    })
}

/// The tag of some bytes, not finished yet.
fn tag_of(body: &[u8], key: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(body);
    Some(mac)
}
