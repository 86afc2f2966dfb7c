//! Milestone 3: profiles.
//!
//! What others see of a user, and following: whoever follows a user finds their articles in the feed.
//!
//! Routes and the form of the answers are given. Yours is the view that the other milestones ask for, too, and who follows whom.

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
    /// The profile of the user with this id. `following` says whether `caller` follows this user, a row of the table `follows`
    /// with the caller as `follower_id`; it is false without a caller.
    ///
    /// Without such a user: `profile`: `not found`. It is asked in transactions of both kinds, so it writes nothing.
    fn view(&self, tx: &Tx, user_id: i64, caller: Option<i64>) -> Result<Profile, Problem> {
        todo!("one statement answers both: the row, and whether there is a row in `follows`")
    }
}

/// The profile of the user with exactly this name, as the neighbour `profiles` shows it to `caller`.
///
/// Exactly: `Ada` is not `ada`, and nothing is trimmed. Without such a user: `profile`: `not found`. Reading waits for nobody who
/// writes.
pub fn profile(cx: &Cx, username: &str, caller: Option<i64>) -> Result<Profile, Problem> {
    todo!("find the id by the name, then ask the neighbour")
}

/// From now on `caller` follows the user with exactly this name. The answer is the profile as it is then, as the neighbour
/// `profiles` shows it to `caller`, of the same transaction.
///
/// Whoever follows already goes on following, and that is no error. One may follow oneself. Nobody else's following changes,
/// and being followed does not make anybody follow. Without such a user: `profile`: `not found`.
pub fn follow(cx: &Cx, username: &str, caller: i64) -> Result<Profile, Problem> {
    todo!("find the id, add the row unless it is there, ask the neighbour")
}

/// From now on `caller` does not follow the user with exactly this name. The answer is the profile as it is then, as the
/// neighbour `profiles` shows it to `caller`, of the same transaction.
///
/// Whoever does not follow goes on not following, and that is no error. Nobody else's following changes, in neither direction.
/// Without such a user: `profile`: `not found`.
pub fn unfollow(cx: &Cx, username: &str, caller: i64) -> Result<Profile, Problem> {
    todo!("find the id, remove the row, ask the neighbour")
}
