//! Milestone 10: tags.
//!
//! The words under which articles are found, and the list of them that every front page shows.

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
    fn set(&self, tx: &Tx, article_id: i64, tags: &[String]) -> Result<(), Problem> {
        let tags = counting(tags);
        let list = serde_json::to_string(&tags).map_err(|error| Problem::internal(&error))?;
        tx.execute(
            "UPDATE articles SET tag_list = ?2 WHERE id = ?1",
            (article_id, list),
        )?;
        tx.execute(
            "DELETE FROM article_tags WHERE article_id = ?1",
            [article_id],
        )?;
        let mut insert =
            tx.prepare_cached("INSERT INTO article_tags (tag, article_id) VALUES (?1, ?2)")?;
        for tag in tags {
            insert.execute((tag, article_id))?;
        }
        Ok(())
    }
}

/// The tags that count: no blank ones, and of equal ones the first.
fn counting(tags: &[String]) -> Vec<&str> {
    let mut seen = HashSet::new();
    let tags = tags.iter().map(String::as_str);
    tags.filter(|tag| !tag.trim().is_empty() && seen.insert(*tag))
        .collect()
}

/// Every tag that some article has, the one with the most articles first.
pub fn list(cx: &Cx) -> Result<Vec<String>, Problem> {
    cx.read(|tx| {
        let mut statement =
            tx.prepare_cached("SELECT name FROM tags ORDER BY articles DESC, name")?;
        let tags = statement.query_map([], |row| row.get(0))?;
        Ok(tags.collect::<Result<_, _>>()?)
    })
}
