//! Milestone 4: articles.
//!
//! Whoever is signed in writes an article; everybody reads it, at an address made of its title.
//!
//! Routes, types and the form of the answers are given. Yours are the slug, the article that is stored, and the view that the other
//! milestones ask for, too.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use data_encoding::BASE32_NOPAD;
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
///
/// The title in lower case, of which letters and digits stay, in whatever script (`char::is_alphanumeric`); each run of anything
/// else becomes one hyphen, except at the beginning and at the end, where it goes away. Of a long one the first
/// [`LONGEST_SLUG`] characters stay (characters, not bytes), and if the last of those is a hyphen, it goes away, too. What would
/// be empty is `article`.
///
/// | title | slug |
/// | --- | --- |
/// | `How to train your dragon` | `how-to-train-your-dragon` |
/// | ` C++ & Rust: 2 languages! ` | `c-rust-2-languages` |
/// | `Übung macht den Meister` | `übung-macht-den-meister` |
/// | `???` | `article` |
pub fn slugify(title: &str) -> String {
    todo!("go through the characters of the lower-cased title; a hyphen waits until a letter comes")
}

/// The articles in the database.
pub struct Shelf;

impl Articles for Shelf {
    /// The article with exactly this slug. Without one: `article`: `not found`.
    fn find(&self, tx: &Tx, slug: &str) -> Result<Found, Problem> {
        todo!("one statement; the index of the slugs serves it")
    }

    /// The whole article with this id, as `caller` sees it. Without one: `article`: `not found`.
    ///
    /// - `tagList` is the column `tag_list`; the times are the columns, written by `rfc3339`
    /// - `favoritesCount` is the column `favorites_count`, which triggers keep; `favorited` says whether `caller` has a row in
    ///   `favorites` for this article, and is false without a caller
    /// - `author` is what the neighbour `profiles` shows of the author to `caller`
    ///
    /// It is asked in transactions of both kinds, so it writes nothing.
    fn view(&self, tx: &Tx, article_id: i64, caller: Option<i64>) -> Result<Article, Problem> {
        todo!("the row with `favorited`, and the neighbour for the author")
    }
}

/// Stores an article of `author` and answers it, as the neighbour `articles` shows it to its author.
///
/// - `title`, `description` and `body` are a 422, `can't be blank`, when they are absent, null, empty or nothing but white space,
///   and a 422, `is invalid`, when they are no text. `tagList` may be absent: no tags. Null, what is no list, and a list with
///   anything but texts in it are a 422, `tagList`: `is invalid`. One answer names every field that is wrong.
/// - Texts are stored as they came, however long they are; the program takes no request of more than a megabyte. Both times are the
///   transaction's.
/// - The neighbour `tags` gives the article its tags, all of them in the order of the request; which of them count, it decides.
/// - The slug is [`slugify`] of the title if no article has that and it is not [`RESERVED`]. Otherwise a hyphen and up to 20
///   characters follow it, letters `a` to `z` and digits, and no article has the whole. Equal titles are allowed, thousands of
///   them: finding the slug of the thousandth takes as few statements as that of the second, and none that looks at all the others.
/// - Article and tags are there together, or neither: what is refused, or fails, has changed nothing.
pub fn create(cx: &Cx, author: i64, form: &NewArticle) -> Result<Article, Problem> {
    todo!("check the fields; in one transaction: a free slug, the row, the tags, the view")
}

/// The article with exactly this slug, found and shown to `caller` by the neighbour `articles`, in one transaction. Reading waits
/// for nobody who writes.
pub fn read(cx: &Cx, slug: &str, caller: Option<i64>) -> Result<Article, Problem> {
    todo!("find, then view")
}
