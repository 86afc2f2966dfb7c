//! Milestone 8: favorites.
//!
//! A mark on an article: once for each reader, however often they click.

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

/// The caller marks the article with this slug.
pub fn favorite(cx: &Cx, slug: &str, caller: i64) -> Result<Article, Problem> {
    cx.write(|tx| {
        let articles = &tx.neighbours().articles;
        let found = articles.find(tx, slug)?;
        // Only this conflict is none: OR IGNORE would swallow other refusals, too.
        tx.execute(
            "INSERT INTO favorites (user_id, article_id) VALUES (?1, ?2)
             ON CONFLICT (user_id, article_id) DO NOTHING",
            [caller, found.id],
        )?;
        articles.view(tx, found.id, Some(caller))
    })
}

/// The caller takes the mark off the article with this slug.
pub fn unfavorite(cx: &Cx, slug: &str, caller: i64) -> Result<Article, Problem> {
    cx.write(|tx| {
        let articles = &tx.neighbours().articles;
        let found = articles.find(tx, slug)?;
        tx.execute(
            "DELETE FROM favorites WHERE user_id = ?1 AND article_id = ?2",
            [caller, found.id],
        )?;
        articles.view(tx, found.id, Some(caller))
    })
}
