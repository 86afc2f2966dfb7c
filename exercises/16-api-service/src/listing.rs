//! Milestone 6: listing.
//!
//! The newest articles, a page at a time: all of them, or those of a tag, of an author, or that somebody has marked. It is the first
//! thing that every visitor asks for, so its cost decides how many of them the service can bear.
//!
//! Routes, parameters ([`Filter`]) and the form of the answer are given. Yours is the SQL.

use axum::routing::get;
use axum::{Json, Router};
use rusqlite::{OptionalExtension, Row, ToSql, params_from_iter};

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::Visitor;
use crate::given::problem::Problem;
use crate::given::query::Filter;
use crate::given::views::{Articles, Profile, Summary};

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/articles", get(list_handler))
}

async fn list_handler(
    cx: Cx,
    Visitor(caller): Visitor,
    filter: Filter,
) -> Result<Json<Articles>, Problem> {
    let articles = cx.run(move |cx| list(cx, &filter, caller)).await?;
    Ok(Json(articles))
}

/// The articles for which everything holds that `filter` names, the newest first (a larger id is a newer article): after leaving
/// out `filter.page.offset` of them, `filter.page.limit` at most.
///
/// - `tag`: they have exactly this tag. `author`: the user with exactly this name has written them. `favorited`: the user with exactly
///   this name has marked them. Several at once: all of them hold. What nobody is called or no article has is no error: the list is
///   empty. An empty text is a text, which nothing has. Without any: all articles.
/// - Each entry is the row, its times written by `rfc3339`, with the profile of its author. `favorited` says whether `caller` has
///   marked it, `following` whether `caller` follows its author (a row of `follows` with the caller as `follower_id`); both are false
///   without a caller.
/// - `articles_count` says how many match on all pages together, also beyond the last page. Nothing is counted for it where the
///   triggers have counted already: without a filter it is `totals.articles`, for a tag alone `tags.articles`, for an author alone
///   `users.articles_count`, for `favorited` alone `users.favorites_count`. Several filters together are counted, among the articles
///   that one of them has.
/// - The page and the count are of one state of the database, whoever writes meanwhile; and reading waits for nobody who writes.
///
/// The cost is the same for every page of the same length: at most three statements, whatever it shows. So the neighbours stay
/// out of it: to ask for each author would be a statement for each entry. The first page takes as much work of the database among
/// thousands of articles as among dozens, with any one filter; more articles of other tags, other authors or other users' marks
/// make no page dearer.
pub fn list(cx: &Cx, filter: &Filter, caller: Option<i64>) -> Result<Articles, Problem> {
    todo!(
        "the ids of the page by one index, the rows of those ids with their authors, and the counter"
    )
}
