//! Milestone 7: the feed.
//!
//! The newest articles of those whom one follows.
//!
//! Route, parameters ([`Page`]) and the form of the answer are given. Yours is the SQL.

use axum::routing::get;
use axum::{Json, Router};
use rusqlite::Row;

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::Caller;
use crate::given::problem::Problem;
use crate::given::query::Page;
use crate::given::views::{Articles, Profile, Summary};

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/articles/feed", get(feed_handler))
}

async fn feed_handler(
    cx: Cx,
    Caller(caller): Caller,
    page: Page,
) -> Result<Json<Articles>, Problem> {
    let articles = cx.run(move |cx| feed(cx, page, caller)).await?;
    Ok(Json(articles))
}

/// The articles of the users whom `caller` follows (rows of `follows` with the caller as `follower_id`), the newest first (a larger
/// id is a newer article): after leaving out `page.offset` of them, `page.limit` at most. Whoever follows themselves finds their own
/// articles there, and otherwise not. Whoever follows nobody has an empty feed.
///
/// - Each entry is the row, its times written by `rfc3339`, with the profile of its author. `favorited` says whether `caller` has
///   marked it; `following` is true, for that is why it stands here.
/// - `articles_count` says how many there are on all pages together, also beyond the last page: the sum of `users.articles_count` of
///   those whom the caller follows. No article is counted for it.
/// - The page and the count are of one state of the database, whoever writes meanwhile; and reading waits for nobody who writes.
///
/// The cost: at most three statements, whatever the page shows, and no neighbour. How much the database works depends on how
/// many the caller follows and how far the page lies behind the first article: neither the articles of others make it dearer,
/// nor the old articles of those whom one follows. For that a page of ten needs to look at the ten newest articles of each, and no
/// author's eleventh. Mind `page.offset`, which goes up to `i64::MAX`: a sum with it may be more than SQLite takes as a LIMIT.
pub fn feed(cx: &Cx, page: Page, caller: i64) -> Result<Articles, Problem> {
    todo!(
        "of each followed author the newest ids, of all those the page; the rows of those ids; and the sum of the counters"
    )
}
