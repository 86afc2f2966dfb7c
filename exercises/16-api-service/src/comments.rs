//! Milestone 9: comments.
//!
//! Readers talk below an article. Each of them may take back what they said, and nobody else may.
//!
//! Routes, types and the form of the answers are given. Yours are the three functions at the end.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use rusqlite::{OptionalExtension, Row};
use serde::Deserialize;

use crate::given::app::{App, Cx};
use crate::given::clock::rfc3339;
use crate::given::extract::{Body, Caller, Field, Visitor, Wrapped};
use crate::given::problem::{BLANK, INVALID, Problem};
use crate::given::views::{Comment, CommentAnswer, CommentsAnswer, Profile};

/// The body of `POST /api/articles/{slug}/comments`, in `{"comment": …}`.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewComment {
    pub body: Field<String>,
}

impl Wrapped for NewComment {
    const NAME: &'static str = "comment";
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/articles/{slug}/comments",
            get(list_handler).post(create_handler),
        )
        .route("/api/articles/{slug}/comments/{id}", delete(remove_handler))
}

async fn list_handler(
    cx: Cx,
    Visitor(caller): Visitor,
    Path(slug): Path<String>,
) -> Result<Json<CommentsAnswer>, Problem> {
    let comments = cx.run(move |cx| list(cx, &slug, caller)).await?;
    Ok(Json(CommentsAnswer { comments }))
}

async fn create_handler(
    cx: Cx,
    Caller(caller): Caller,
    Path(slug): Path<String>,
    Body(form): Body<NewComment>,
) -> Result<(StatusCode, Json<CommentAnswer>), Problem> {
    let comment = cx.run(move |cx| create(cx, &slug, caller, &form)).await?;
    Ok((StatusCode::CREATED, Json(CommentAnswer { comment })))
}

async fn remove_handler(
    cx: Cx,
    Caller(caller): Caller,
    Path((slug, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    // No comment has the id 0, and none has one that is no number.
    let id = id.parse().unwrap_or(0);
    cx.run(move |cx| remove(cx, &slug, id, caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The comments of the article that the neighbour `articles` finds by this slug, all of them, the oldest first (a smaller id is an
/// older comment). Without such an article the neighbour's 404.
///
/// Each is the row, its times written by `rfc3339`, with the profile of its author: `following` says whether `caller` follows them (a
/// row of `follows` with the caller as `follower_id`), and is false without a caller.
///
/// Beside finding the article it takes at most two statements, whatever the number of comments, so the neighbour `profiles` stays out
/// of it; and comments of other articles make it no dearer. Reading waits for nobody who writes, and sees one state of the database.
pub fn list(cx: &Cx, slug: &str, caller: Option<i64>) -> Result<Vec<Comment>, Problem> {
    todo!("find the article; then one statement that has the authors, too")
}

/// Stores a comment of `caller` on the article that the neighbour `articles` finds by this slug, and answers it: the row, with its
/// author as the neighbour `profiles` shows them to `caller`, asked once.
///
/// - First the article: without one the neighbour's 404, whatever the request says.
/// - `body` is a 422, `can't be blank`, when it is absent, null, empty or nothing but white space, and a 422, `is invalid`, when it is no
///   text. It is stored as it came.
/// - Both times are the transaction's. Everybody may comment on everything, more than once, with the same words, too. The article does
///   not change by it.
/// - What is refused, or fails, has changed nothing.
pub fn create(cx: &Cx, slug: &str, caller: i64, form: &NewComment) -> Result<Comment, Problem> {
    todo!("find, check, insert, show; all of it in one transaction")
}

/// Removes the comment with this id from the article that the neighbour `articles` finds by this slug.
///
/// In this order: without such an article the neighbour's 404; when no comment of *this* article has the id, a 404, `comment`: `not
/// found`; when somebody else has written it, a 403, `comment`: `forbidden`, for the article's author, too. What is refused, or fails, has
/// changed nothing. Of many requests at the same moment one removes the comment, and the others find none.
pub fn remove(cx: &Cx, slug: &str, id: i64, caller: i64) -> Result<(), Problem> {
    todo!(
        "find the article, then the comment's author, compare, delete; all of it in one transaction"
    )
}
