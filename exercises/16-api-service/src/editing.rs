//! Milestone 5: editing.
//!
//! An author changes an article, and takes it away again. Nobody else does.
//!
//! Routes, types and the form of the answers are given. Yours is what may be changed, by whom, and what goes with an article that goes.

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

/// Changes the article that the neighbour `articles` finds by this slug, and answers it as that neighbour shows it to `caller`.
///
/// - First: is there such an article (the neighbour's 404), and is it `caller`'s? Somebody else's is a 403, `article`: `forbidden`,
///   whatever the request says.
/// - Then the fields. What is absent stays. `title`, `description` and `body` are a 422, `can't be blank`, when they are null, empty
///   or nothing but white space, and a 422, `is invalid`, when they are no text. `tagList` is a 422, `is invalid`, when it is null,
///   no list, or a list with anything but texts in it. One answer names every field that is wrong.
/// - Texts are stored as they came. A `tagList` goes to the neighbour `tags`, as it is, the empty one, too; an absent one does not.
/// - `updated_at` becomes the transaction's time, but always later than it was: at least one millisecond, even if the clock stands
///   still or has been set back. A request that names no field is a change, too, of this column only.
/// - Slug, author, `created_at` and the counters stay; a new title keeps the address. No other article changes.
/// - All of it happens, or nothing: what is refused, or fails, has changed nothing. Two changes at the same moment both hold, each
///   for the fields that it names.
pub fn update(cx: &Cx, slug: &str, caller: i64, form: &Changes) -> Result<Article, Problem> {
    todo!(
        "in one transaction: find, compare the author, check the fields, one UPDATE, the tags, the view"
    )
}

/// Removes the article that the neighbour `articles` finds by this slug: with its comments, its marks and its tags, which the
/// schema takes along, and the counters follow. What belongs to other articles stays.
///
/// Without such an article the neighbour's 404; somebody else's is a 403, `article`: `forbidden`. What is refused, or fails, has
/// changed nothing. Of many requests at the same moment one removes the article, and the others find none.
pub fn delete(cx: &Cx, slug: &str, caller: i64) -> Result<(), Problem> {
    todo!("find and compare as above, and one DELETE")
}
