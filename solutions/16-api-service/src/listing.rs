//! Milestone 6: listing.
//!
//! The newest articles, a page at a time: all of them, or those of a tag, of an author, or that somebody has marked. It is the first
//! thing that every visitor asks for, so its cost decides how many of them the service can bear.

use axum::routing::get;
use axum::{Json, Router};
use rusqlite::{OptionalExtension, Row, ToSql, params_from_iter};

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::Visitor;
use crate::given::problem::Problem;
use crate::given::query::Filter;
use crate::given::views::{Articles, Profile, Summary};

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/articles", get(list_handler))
}

async fn list_handler(
    cx: Cx,
    Visitor(caller): Visitor,
    filter: Filter,
) -> Result<Json<Articles>, Problem> {
    let articles = cx.run(move |cx| list(cx, &filter, caller)).await?;
    Ok(Json(articles))
}

/// A page of the articles that match, and how many there are.
pub fn list(cx: &Cx, filter: &Filter, caller: Option<i64>) -> Result<Articles, Problem> {
    cx.read(|tx| {
        Ok(Articles {
            articles_count: count(tx, filter)?,
            articles: page(tx, filter, caller)?,
        })
    })
}

/// Where the articles of a filter lie: the table whose index has them in their order, the column with their ids, and the condition.
struct Shelf<'a> {
    table: &'static str,
    id: &'static str,
    condition: &'static str,
    value: &'a String,
}

fn shelves(filter: &Filter) -> Vec<Shelf<'_>> {
    let shelf = |table, id, condition| {
        move |value| Shelf {
            table,
            id,
            condition,
            value,
        }
    };
    let author = shelf(
        "articles",
        "articles.id",
        "articles.author_id = (SELECT id FROM users WHERE username = ?)",
    );
    let favorited = shelf(
        "favorites",
        "favorites.article_id",
        "favorites.user_id = (SELECT id FROM users WHERE username = ?)",
    );
    let tag = shelf(
        "article_tags",
        "article_tags.article_id",
        "article_tags.tag = ?",
    );
    let named = [
        filter.author.as_ref().map(author),
        filter.favorited.as_ref().map(favorited),
        filter.tag.as_ref().map(tag),
    ];
    named.into_iter().flatten().collect()
}

/// The ids that match, as `SELECT what FROM …`: the first filter leads through its index, the others are asked about each id of it.
/// The text is made of constants only: eight different ones, which the connection keeps prepared.
fn matching(shelves: &[Shelf<'_>], what: impl Fn(&str) -> String) -> String {
    let Some((lead, others)) = shelves.split_first() else {
        return format!("SELECT {} FROM articles", what("articles.id"));
    };
    let mut sql = format!(
        "SELECT {} FROM {} WHERE {}",
        what(lead.id),
        lead.table,
        lead.condition
    );
    for other in others {
        sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM {} WHERE {} AND {} = {})",
            other.table, other.condition, other.id, lead.id
        ));
    }
    sql
}

fn count(tx: &Tx, filter: &Filter) -> Result<i64, Problem> {
    let (sql, values) = match (&filter.tag, &filter.author, &filter.favorited) {
        (None, None, None) => ("SELECT articles FROM totals".to_owned(), Vec::new()),
        (Some(tag), None, None) => (
            "SELECT articles FROM tags WHERE name = ?".to_owned(),
            vec![tag],
        ),
        (None, Some(author), None) => (
            "SELECT articles_count FROM users WHERE username = ?".to_owned(),
            vec![author],
        ),
        (None, None, Some(user)) => (
            "SELECT favorites_count FROM users WHERE username = ?".to_owned(),
            vec![user],
        ),
        _ => {
            let shelves = shelves(filter);
            let sql = matching(&shelves, |_| "count(*)".to_owned());
            (sql, shelves.iter().map(|shelf| shelf.value).collect())
        }
    };
    let count = tx
        .prepare_cached(&sql)?
        .query_row(params_from_iter(values), |row| row.get(0))
        .optional()?;
    // A tag that no article has, or a name that nobody has, has no counter.
    Ok(count.unwrap_or(0))
}

fn page(tx: &Tx, filter: &Filter, caller: Option<i64>) -> Result<Vec<Summary>, Problem> {
    let shelves = shelves(filter);
    let ids = matching(&shelves, |id| format!("{id} AS id"));
    // First the ids of the page, then their rows: what is left out by OFFSET costs an entry of an index, and no row.
    let sql = format!(
        "SELECT slug, title, description, tag_list, a.created_at, updated_at, a.favorites_count,
                EXISTS (SELECT 1 FROM favorites WHERE user_id = ? AND article_id = a.id),
                username, bio, image,
                EXISTS (SELECT 1 FROM follows WHERE follower_id = ? AND followed_id = a.author_id)
         FROM ({ids} ORDER BY id DESC LIMIT ? OFFSET ?) AS page
         CROSS JOIN articles AS a ON a.id = page.id
         CROSS JOIN users ON users.id = a.author_id
         ORDER BY page.id DESC"
    );
    // Without a caller NULL, which equals no id.
    let mut values: Vec<&dyn ToSql> = vec![&caller, &caller];
    values.extend(shelves.iter().map(|shelf| shelf.value as &dyn ToSql));
    values.push(&filter.page.limit);
    values.push(&filter.page.offset);
    let mut statement = tx.prepare_cached(&sql)?;
    let entries = statement.query_map(params_from_iter(values), summary)?;
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
            following: row.get(11)?,
        },
    })
}
