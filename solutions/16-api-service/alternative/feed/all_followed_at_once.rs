//! Differs: leaves it to SQLite to stop early in each author's list, which the index hands out in order.

use axum::routing::get;
use axum::{Json, Router};
use rusqlite::Row;

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::Caller;
use crate::given::problem::Problem;
use crate::given::query::Page;
use crate::given::views::{Articles, Profile, Summary};

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/articles/feed", get(feed_handler))
}

async fn feed_handler(
    cx: Cx,
    Caller(caller): Caller,
    page: Page,
) -> Result<Json<Articles>, Problem> {
    let articles = cx.run(move |cx| feed(cx, page, caller)).await?;
    Ok(Json(articles))
}

/// A page of the articles of those whom the caller follows, and how many there are.
pub fn feed(cx: &Cx, page: Page, caller: i64) -> Result<Articles, Problem> {
    cx.read(|tx| {
        Ok(Articles {
            articles_count: count(tx, caller)?,
            articles: newest(tx, page, caller)?,
        })
    })
}

fn count(tx: &Tx, caller: i64) -> Result<i64, Problem> {
    let count = tx
        .prepare_cached(
            "SELECT coalesce(sum(articles_count), 0)
             FROM follows CROSS JOIN users ON users.id = followed_id WHERE follower_id = ?1",
        )?
        .query_row([caller], |row| row.get(0))?;
    Ok(count)
}

fn newest(tx: &Tx, page: Page, caller: i64) -> Result<Vec<Summary>, Problem> {
    // SQLite reads each author's list in the index's order and leaves it as soon as the page has newer ids: no old article is read.
    let mut statement = tx.prepare_cached(
        "SELECT slug, title, description, tag_list, a.created_at, updated_at, a.favorites_count,
                EXISTS (SELECT 1 FROM favorites WHERE user_id = ?1 AND article_id = a.id),
                username, bio, image
         FROM (
             SELECT id FROM articles
             WHERE author_id IN (SELECT followed_id FROM follows WHERE follower_id = ?1)
             ORDER BY id DESC LIMIT ?2 OFFSET ?3
         ) AS page
         CROSS JOIN articles AS a ON a.id = page.id
         CROSS JOIN users ON users.id = a.author_id
         ORDER BY page.id DESC",
    )?;
    let values = (caller, page.limit, page.offset);
    let entries = statement.query_map(values, summary)?;
    Ok(entries.collect::<Result<_, _>>()?)
}

fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    Ok(Summary {
        slug: row.get(0)?,
        title: row.get(1)?,
        description: row.get(2)?,
        tag_list: row.get(3)?,
        created_at: rfc3339(row.get(4)?),
        updated_at: rfc3339(row.get(5)?),
        favorites_count: row.get(6)?,
        favorited: row.get(7)?,
        author: Profile {
            username: row.get(8)?,
            bio: row.get(9)?,
            image: row.get(10)?,
            following: true,
        },
    })
}
