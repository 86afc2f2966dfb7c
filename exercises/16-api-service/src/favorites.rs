//! Milestone 8: favorites.
//!
//! A mark on an article: once for each reader, however often they click.
//!
//! Routes and the form of the answers are given. Yours is the mark.

use axum::extract::Path;
use axum::routing::post;
use axum::{Json, Router};

use crate::given::app::{App, Cx};
use crate::given::extract::Caller;
use crate::given::problem::Problem;
use crate::given::views::{Article, ArticleAnswer};

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route(
        "/api/articles/{slug}/favorite",
        post(favorite_handler).delete(unfavorite_handler),
    )
}

async fn favorite_handler(
    cx: Cx,
    Caller(caller): Caller,
    Path(slug): Path<String>,
) -> Result<Json<ArticleAnswer>, Problem> {
    let article = cx.run(move |cx| favorite(cx, &slug, caller)).await?;
    Ok(Json(ArticleAnswer { article }))
}

async fn unfavorite_handler(
    cx: Cx,
    Caller(caller): Caller,
    Path(slug): Path<String>,
) -> Result<Json<ArticleAnswer>, Problem> {
    let article = cx.run(move |cx| unfavorite(cx, &slug, caller)).await?;
    Ok(Json(ArticleAnswer { article }))
}

/// `caller` marks the article that the neighbour `articles` finds by this slug: a row of `favorites`. The answer is the article as
/// it is then, as that neighbour shows it to `caller`, of the same transaction.
///
/// Whoever has marked it already goes on having marked it, and that is no error: the row stays, and the counters do not move. The
/// counters (`articles.favorites_count`, `users.favorites_count`) are the triggers' business, not yours. One may mark one's own
/// article. Nobody else's marks change, and the article's `updated_at` stays: a mark is no edit.
///
/// Without such an article the neighbour's 404; any other failure of the database is a failure. What is refused, or fails, has changed
/// nothing.
pub fn favorite(cx: &Cx, slug: &str, caller: i64) -> Result<Article, Problem> {
    todo!("find the id, add the row unless it is there, ask the neighbour")
}

/// `caller` takes the mark off the article that the neighbour `articles` finds by this slug. The answer is the article as it is
/// then, as that neighbour shows it to `caller`, of the same transaction.
///
/// Whoever has not marked it goes on not having marked it, and that is no error. Nobody else's marks change, nor the caller's marks on
/// other articles, nor `updated_at`. Refusals and failures are those of [`favorite`].
pub fn unfavorite(cx: &Cx, slug: &str, caller: i64) -> Result<Article, Problem> {
    todo!("find the id, remove the row, ask the neighbour")
}
