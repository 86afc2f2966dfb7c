//! Milestone 4: articles.
//!
//! Whoever is signed in writes an article; everybody reads it, at an address made of its title.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rusqlite::OptionalExtension;
use serde::Deserialize;

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::{Body, Caller, Field, Visitor, Wrapped};
use crate::given::neighbours::{Articles, Found};
use crate::given::problem::{BLANK, INVALID, Problem};
use crate::given::random::random;
use crate::given::views::{Article, ArticleAnswer};

/// The body of `POST /api/articles`, in `{"article": …}`.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewArticle {
    pub title: Field<String>,
    pub description: Field<String>,
    pub body: Field<String>,
    pub tag_list: Field<Vec<String>>,
}

impl Wrapped for NewArticle {
    const NAME: &'static str = "article";
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/articles", post(create_handler))
        .route("/api/articles/{slug}", get(read_handler))
}

async fn create_handler(
    cx: Cx,
    Caller(caller): Caller,
    Body(form): Body<NewArticle>,
) -> Result<(StatusCode, Json<ArticleAnswer>), Problem> {
    let article = cx.run(move |cx| create(cx, caller, &form)).await?;
    Ok((StatusCode::CREATED, Json(ArticleAnswer { article })))
}

async fn read_handler(
    cx: Cx,
    Visitor(caller): Visitor,
    Path(slug): Path<String>,
) -> Result<Json<ArticleAnswer>, Problem> {
    let article = cx.run(move |cx| read(cx, &slug, caller)).await?;
    Ok(Json(ArticleAnswer { article }))
}

/// The most characters of what [`slugify`] answers.
pub const LONGEST_SLUG: usize = 80;

/// The address of the feed is `/api/articles/feed`: no article may have this slug.
pub const RESERVED: &str = "feed";

/// The beginning of an article's address, made of its title.
pub fn slugify(title: &str) -> String {
    let lower = title.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let slug: String = words.join("-").chars().take(LONGEST_SLUG).collect();
    match slug.trim_end_matches('-') {
        "" => "article".to_owned(),
        slug => slug.to_owned(),
    }
}

/// The articles in the database.
pub struct Shelf;

impl Articles for Shelf {
    fn find(&self, tx: &Tx, slug: &str) -> Result<Found, Problem> {
        let found = tx
            .prepare_cached("SELECT id, author_id FROM articles WHERE slug = ?1")?
            .query_row([slug], |row| {
                Ok(Found {
                    id: row.get(0)?,
                    author_id: row.get(1)?,
                })
            })
            .optional()?;
        found.ok_or_else(|| Problem::not_found("article"))
    }

    fn view(&self, tx: &Tx, article_id: i64, caller: Option<i64>) -> Result<Article, Problem> {
        let author: Option<i64> = tx
            .prepare_cached("SELECT author_id FROM articles WHERE id = ?1")?
            .query_row([article_id], |row| row.get(0))
            .optional()?;
        let author = author.ok_or_else(|| Problem::not_found("article"))?;
        let author = tx.neighbours().profiles.view(tx, author, caller)?;
        // Without a caller `?2` is NULL, which equals no id.
        let article = tx
            .prepare_cached(
                "SELECT slug, title, description, body, tag_list, created_at, updated_at, favorites_count,
                        EXISTS (SELECT 1 FROM favorites WHERE user_id = ?2 AND article_id = articles.id)
                 FROM articles WHERE id = ?1",
            )?
            .query_row((article_id, caller), |row| {
                Ok(Article {
                    slug: row.get(0)?,
                    title: row.get(1)?,
                    description: row.get(2)?,
                    body: row.get(3)?,
                    tag_list: row.get(4)?,
                    created_at: rfc3339(row.get(5)?),
                    updated_at: rfc3339(row.get(6)?),
                    favorites_count: row.get(7)?,
                    favorited: row.get(8)?,
                    author,
                })
            })?;
        Ok(article)
    }
}

/// Stores an article of `author` and answers it.
pub fn create(cx: &Cx, author: i64, form: &NewArticle) -> Result<Article, Problem> {
    let mut errors = Vec::new();
    let title = required(&mut errors, "title", &form.title);
    let description = required(&mut errors, "description", &form.description);
    let body = required(&mut errors, "body", &form.body);
    let tags = match &form.tag_list {
        Field::Value(tags) => tags.as_slice(),
        Field::Absent => &[],
        Field::Null | Field::Other => {
            errors.push(("tagList", INVALID));
            &[]
        }
    };
    if !errors.is_empty() {
        return Err(Problem::invalid(&errors));
    }
    cx.write(|tx| {
        let article_id = tx.query_row(
            "INSERT INTO articles (slug, author_id, created_at, updated_at, title, description, body)
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6) RETURNING id",
            (
                free_slug(tx, title)?,
                author,
                tx.now(),
                title,
                description,
                body,
            ),
            |row| row.get(0),
        )?;
        let neighbours = tx.neighbours();
        neighbours.tags.set(tx, article_id, tags)?;
        neighbours.articles.view(tx, article_id, Some(author))
    })
}

/// The article with exactly this slug.
pub fn read(cx: &Cx, slug: &str, caller: Option<i64>) -> Result<Article, Problem> {
    cx.read(|tx| {
        let articles = &tx.neighbours().articles;
        let found = articles.find(tx, slug)?;
        articles.view(tx, found.id, caller)
    })
}

/// A text that must be there, and not blank.
fn required<'a>(
    errors: &mut Vec<(&'static str, &'static str)>,
    name: &'static str,
    field: &'a Field<String>,
) -> &'a str {
    match field {
        Field::Value(text) if !text.trim().is_empty() => return text,
        Field::Absent | Field::Null | Field::Value(_) => errors.push((name, BLANK)),
        Field::Other => errors.push((name, INVALID)),
    }
    ""
}

/// A slug for this title that no article has. The transaction holds the writer, so it stays free until the article is stored.
fn free_slug(tx: &Tx, title: &str) -> Result<String, Problem> {
    let base = slugify(title);
    if base != RESERVED && !taken(tx, &base)? {
        return Ok(base);
    }
    loop {
        // Nobody sees how many articles there are.
        let number = u64::from_le_bytes(random::<8>()?);
        let slug = format!("{base}-{number}");
        if !taken(tx, &slug)? {
            return Ok(slug);
        }
    }
}

fn taken(tx: &Tx, slug: &str) -> Result<bool, Problem> {
    let taken = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM articles WHERE slug = ?1)")?
        .query_row([slug], |row| row.get(0))?;
    Ok(taken)
}
