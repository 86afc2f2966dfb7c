//! Milestone 10: tags.
//!
//! The words under which articles are found, and the list of them that every front page shows.
//!
//! The route and the form of the answer are given. Yours are both functions.

use std::collections::HashSet;

use axum::routing::get;
use axum::{Json, Router};

use crate::given::app::{App, Cx, Tx};
use crate::given::neighbours::Tags;
use crate::given::problem::Problem;
use crate::given::views::TagsAnswer;

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/tags", get(list_handler))
}

async fn list_handler(cx: Cx) -> Result<Json<TagsAnswer>, Problem> {
    let tags = cx.run(list).await?;
    Ok(Json(TagsAnswer { tags }))
}

/// The tags in the database.
pub struct Labels;

impl Tags for Labels {
    /// Gives an article these tags, in this order, instead of those that it has.
    ///
    /// - Blank ones, which are empty or nothing but white space, are left out. Of equal ones the first stays, in its place. Everything
    ///   else is kept as it is: `Rust`, `rust` and ` rust` are three tags.
    /// - They are stored twice: as a JSON array in `articles.tag_list`, which answers show, and as rows of `article_tags`, which
    ///   the lists look in. The table `tags` is the triggers' business: they keep it while rows come and go.
    /// - Nothing else of the article changes, and nothing of other articles. No tags at all are fine: `[]`, and no row.
    /// - It takes part in the caller's transaction: whatever it cannot store is an error, and then the caller's transaction is rolled
    ///   back.
    fn set(&self, tx: &Tx, article_id: i64, tags: &[String]) -> Result<(), Problem> {
        todo!("which tags count; then the column, the rows that go, and the rows that come")
    }
}

/// Every tag that some article has, each once: the one that most articles have first, and of those that equally many have the
/// smaller text first, compared byte by byte (`Z` before `a`).
///
/// It is one statement on the table `tags`, and takes as much work with one article for each tag as with a thousand. Reading waits for
/// nobody who writes.
pub fn list(cx: &Cx) -> Result<Vec<String>, Problem> {
    todo!("the triggers have counted already; two columns decide the order")
}
