//! Milestone 9: comments.
//!
//! Readers talk below an article. Each of them may take back what they said, and nobody else may.

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

/// The comments of the article with this slug, the oldest first.
pub fn list(cx: &Cx, slug: &str, caller: Option<i64>) -> Result<Vec<Comment>, Problem> {
    cx.read(|tx| {
        let article = tx.neighbours().articles.find(tx, slug)?;
        // Without a caller `?2` is NULL, which equals no id.
        let mut statement = tx.prepare_cached(
            "SELECT comments.id, comments.created_at, updated_at, body, username, bio, image,
                    EXISTS (SELECT 1 FROM follows WHERE follower_id = ?2 AND followed_id = author_id)
             FROM comments JOIN users ON users.id = author_id
             WHERE article_id = ?1 ORDER BY comments.id",
        )?;
        let comments = statement.query_map((article.id, caller), comment)?;
        Ok(comments.collect::<Result<_, _>>()?)
    })
}

fn comment(row: &Row<'_>) -> rusqlite::Result<Comment> {
    Ok(Comment {
        id: row.get(0)?,
        created_at: rfc3339(row.get(1)?),
        updated_at: rfc3339(row.get(2)?),
        body: row.get(3)?,
        author: Profile {
            username: row.get(4)?,
            bio: row.get(5)?,
            image: row.get(6)?,
            following: row.get(7)?,
        },
    })
}

/// Stores a comment of the caller and answers it.
pub fn create(cx: &Cx, slug: &str, caller: i64, form: &NewComment) -> Result<Comment, Problem> {
    cx.write(|tx| {
        let article = tx.neighbours().articles.find(tx, slug)?;
        let body = match &form.body {
            Field::Value(text) if !text.trim().is_empty() => text,
            Field::Absent | Field::Null | Field::Value(_) => {
                return Err(Problem::invalid(&[("body", BLANK)]));
            }
            Field::Other => return Err(Problem::invalid(&[("body", INVALID)])),
        };
        let id = tx.query_row(
            "INSERT INTO comments (article_id, author_id, created_at, updated_at, body)
             VALUES (?1, ?2, ?3, ?3, ?4) RETURNING id",
            (article.id, caller, tx.now(), body),
            |row| row.get(0),
        )?;
        Ok(Comment {
            id,
            created_at: rfc3339(tx.now()),
            updated_at: rfc3339(tx.now()),
            body: body.clone(),
            author: tx.neighbours().profiles.view(tx, caller, Some(caller))?,
        })
    })
}

/// Removes a comment, if it is the caller's.
pub fn remove(cx: &Cx, slug: &str, id: i64, caller: i64) -> Result<(), Problem> {
    cx.write(|tx| {
        let article = tx.neighbours().articles.find(tx, slug)?;
        let author: Option<i64> = tx
            .query_row(
                "SELECT author_id FROM comments WHERE id = ?1 AND article_id = ?2",
                [id, article.id],
                |row| row.get(0),
            )
            .optional()?;
        let author = author.ok_or_else(|| Problem::not_found("comment"))?;
        if author != caller {
            return Err(Problem::forbidden("comment"));
        }
        tx.execute("DELETE FROM comments WHERE id = ?1", [id])?;
        Ok(())
    })
}
