//! Milestone 5: editing.
//!
//! An author changes an article, and takes it away again. Nobody else does.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::put;
use axum::{Json, Router};
use serde::Deserialize;

use crate::given::app::{App, Cx, Tx};
use crate::given::extract::{Body, Caller, Field, Wrapped};
use crate::given::problem::{BLANK, INVALID, Problem};
use crate::given::views::{Article, ArticleAnswer};

/// The body of `PUT /api/articles/{slug}`, in `{"article": …}`.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Changes {
    pub title: Field<String>,
    pub description: Field<String>,
    pub body: Field<String>,
    pub tag_list: Field<Vec<String>>,
}

impl Wrapped for Changes {
    const NAME: &'static str = "article";
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route(
        "/api/articles/{slug}",
        put(update_handler).delete(delete_handler),
    )
}

async fn update_handler(
    cx: Cx,
    Caller(caller): Caller,
    Path(slug): Path<String>,
    Body(form): Body<Changes>,
) -> Result<Json<ArticleAnswer>, Problem> {
    let article = cx.run(move |cx| update(cx, &slug, caller, &form)).await?;
    Ok(Json(ArticleAnswer { article }))
}

async fn delete_handler(
    cx: Cx,
    Caller(caller): Caller,
    Path(slug): Path<String>,
) -> Result<StatusCode, Problem> {
    cx.run(move |cx| delete(cx, &slug, caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the article with this slug, if it is the caller's, and answers it.
pub fn update(cx: &Cx, slug: &str, caller: i64, form: &Changes) -> Result<Article, Problem> {
    cx.write(|tx| {
        let id = own(tx, slug, caller)?;
        let mut errors = Vec::new();
        let title = text(&mut errors, "title", &form.title);
        let description = text(&mut errors, "description", &form.description);
        let body = text(&mut errors, "body", &form.body);
        if matches!(form.tag_list, Field::Null | Field::Other) {
            errors.push(("tagList", INVALID));
        }
        if !errors.is_empty() {
            return Err(Problem::invalid(&errors));
        }
        // A client that compares times must see every change, and clocks stand still, and are set back.
        tx.execute(
            "UPDATE articles
             SET title = coalesce(?2, title), description = coalesce(?3, description), body = coalesce(?4, body),
                 updated_at = max(?5, updated_at + 1)
             WHERE id = ?1",
            (id, title, description, body, tx.now()),
        )?;
        if let Some(tags) = form.tag_list.value() {
            tx.neighbours().tags.set(tx, id, tags)?;
        }
        tx.neighbours().articles.view(tx, id, Some(caller))
    })
}

/// Removes the article with this slug, if it is the caller's.
pub fn delete(cx: &Cx, slug: &str, caller: i64) -> Result<(), Problem> {
    cx.write(|tx| {
        let id = own(tx, slug, caller)?;
        // Comments, marks and tags go with it: ON DELETE CASCADE.
        tx.execute("DELETE FROM articles WHERE id = ?1", [id])?;
        Ok(())
    })
}

/// The article with this slug, if it is the caller's: looked at in the transaction that changes it.
fn own(tx: &Tx, slug: &str, caller: i64) -> Result<i64, Problem> {
    let found = tx.neighbours().articles.find(tx, slug)?;
    if found.author_id != caller {
        return Err(Problem::forbidden("article"));
    }
    Ok(found.id)
}

/// A text that may be absent, and otherwise is not blank.
fn text<'a>(
    errors: &mut Vec<(&'static str, &'static str)>,
    name: &'static str,
    field: &'a Field<String>,
) -> Option<&'a str> {
    match field {
        Field::Absent => {}
        Field::Value(text) if !text.trim().is_empty() => return Some(text),
        Field::Null | Field::Value(_) => errors.push((name, BLANK)),
        Field::Other => errors.push((name, INVALID)),
    }
    None
}
