//! Milestone 3: profiles.
//!
//! What others see of a user, and following: whoever follows a user finds their articles in the feed.

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use rusqlite::OptionalExtension;

use crate::given::app::{App, Cx, Tx};
use crate::given::extract::{Caller, Visitor};
use crate::given::neighbours::Profiles;
use crate::given::problem::Problem;
use crate::given::views::{Profile, ProfileAnswer};

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/profiles/{username}", get(profile_handler))
        .route(
            "/api/profiles/{username}/follow",
            post(follow_handler).delete(unfollow_handler),
        )
}

async fn profile_handler(
    cx: Cx,
    Visitor(caller): Visitor,
    Path(username): Path<String>,
) -> Result<Json<ProfileAnswer>, Problem> {
    let profile = cx.run(move |cx| profile(cx, &username, caller)).await?;
    Ok(Json(ProfileAnswer { profile }))
}

async fn follow_handler(
    cx: Cx,
    Caller(caller): Caller,
    Path(username): Path<String>,
) -> Result<Json<ProfileAnswer>, Problem> {
    let profile = cx.run(move |cx| follow(cx, &username, caller)).await?;
    Ok(Json(ProfileAnswer { profile }))
}

async fn unfollow_handler(
    cx: Cx,
    Caller(caller): Caller,
    Path(username): Path<String>,
) -> Result<Json<ProfileAnswer>, Problem> {
    let profile = cx.run(move |cx| unfollow(cx, &username, caller)).await?;
    Ok(Json(ProfileAnswer { profile }))
}

/// The profiles in the database.
pub struct Book;

impl Profiles for Book {
    fn view(&self, tx: &Tx, user_id: i64, caller: Option<i64>) -> Result<Profile, Problem> {
        // Without a caller `?2` is NULL, which equals no id.
        let profile = tx
            .prepare_cached(
                "SELECT username, bio, image, followed_id IS NOT NULL FROM users
                 LEFT JOIN follows ON follower_id = ?2 AND followed_id = users.id
                 WHERE users.id = ?1",
            )?
            .query_row((user_id, caller), |row| {
                Ok(Profile {
                    username: row.get(0)?,
                    bio: row.get(1)?,
                    image: row.get(2)?,
                    following: row.get(3)?,
                })
            })
            .optional()?;
        profile.ok_or_else(|| Problem::not_found("profile"))
    }
}

/// The profile of the user with exactly this name.
pub fn profile(cx: &Cx, username: &str, caller: Option<i64>) -> Result<Profile, Problem> {
    cx.read(|tx| {
        let user_id = find(tx, username)?;
        tx.neighbours().profiles.view(tx, user_id, caller)
    })
}

/// From now on `caller` follows the user with exactly this name.
pub fn follow(cx: &Cx, username: &str, caller: i64) -> Result<Profile, Problem> {
    cx.write(|tx| {
        let followed = find(tx, username)?;
        // Writers run one after the other: what is looked up in here stays so.
        let follows: bool = tx.query_row(
            "SELECT count(*) FROM follows WHERE follower_id = ?1 AND followed_id = ?2",
            [caller, followed],
            |row| row.get(0),
        )?;
        if !follows {
            tx.execute(
                "INSERT INTO follows (follower_id, followed_id) VALUES (?1, ?2)",
                [caller, followed],
            )?;
        }
        tx.neighbours().profiles.view(tx, followed, Some(caller))
    })
}

/// From now on `caller` does not follow the user with exactly this name.
pub fn unfollow(cx: &Cx, username: &str, caller: i64) -> Result<Profile, Problem> {
    cx.write(|tx| {
        let followed = find(tx, username)?;
        tx.execute(
            "DELETE FROM follows WHERE follower_id = ?1 AND followed_id = ?2",
            [caller, followed],
        )?;
        tx.neighbours().profiles.view(tx, followed, Some(caller))
    })
}

fn find(tx: &Tx, username: &str) -> Result<i64, Problem> {
    let user_id = tx
        .query_row(
            "SELECT id FROM users WHERE username = ?1",
            [username],
            |row| row.get(0),
        )
        .optional()?;
    user_id.ok_or_else(|| Problem::not_found("profile"))
}
