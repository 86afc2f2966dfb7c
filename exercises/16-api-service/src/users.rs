//! Milestone 1: users.
//!
//! A stranger registers with a name, an address and a password, and is signed in at once: the answer brings a token. Whoever has
//! a token reads their own entry and changes it.
//!
//! Routes, types and the form of the answers are given. Yours are the rules for what may be stored, and what is stored.

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rusqlite::OptionalExtension;
use serde::Deserialize;

use crate::given::app::{App, Cx, Tx};
use crate::given::config::Argon2Cost;
use crate::given::extract::{Body, Caller, Field, Wrapped};
use crate::given::hasher::Hasher;
use crate::given::neighbours::{Passwords, Users};
use crate::given::problem::{BLANK, INVALID, Problem};
use crate::given::views::{User, UserAnswer};

/// The body of `POST /api/users`, in `{"user": …}`.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewUser {
    pub username: Field<String>,
    pub email: Field<String>,
    pub password: Field<String>,
}

impl Wrapped for NewUser {
    const NAME: &'static str = "user";
}

/// The body of `PUT /api/user`, in `{"user": …}`.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct UserChanges {
    pub username: Field<String>,
    pub email: Field<String>,
    pub password: Field<String>,
    pub bio: Field<String>,
    pub image: Field<String>,
}

impl Wrapped for UserChanges {
    const NAME: &'static str = "user";
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/users", post(register_handler))
        .route("/api/user", get(current_handler).put(update_handler))
}

async fn register_handler(
    cx: Cx,
    Body(form): Body<NewUser>,
) -> Result<(StatusCode, Json<UserAnswer>), Problem> {
    let user = cx.run_hashing(move |cx| register(cx, &form)).await?;
    Ok((StatusCode::CREATED, Json(UserAnswer { user })))
}

async fn current_handler(cx: Cx, Caller(caller): Caller) -> Result<Json<UserAnswer>, Problem> {
    let user = cx.run(move |cx| current(cx, caller)).await?;
    Ok(Json(UserAnswer { user }))
}

async fn update_handler(
    cx: Cx,
    Caller(caller): Caller,
    Body(changes): Body<UserChanges>,
) -> Result<Json<UserAnswer>, Problem> {
    let user = cx
        .run_hashing(move |cx| update(cx, caller, &changes))
        .await?;
    Ok(Json(UserAnswer { user }))
}

/// The fewest characters of a password. There is no rule on which characters, and no largest number: NIST SP 800-63B, 5.1.1.2.
pub const SHORTEST_PASSWORD: usize = 8;

/// What a password is told that has fewer.
pub const TOO_SHORT: &str = "is too short (minimum is 8 characters)";

/// Hashes with Argon2id at this cost, in the memory of the program's hasher.
pub struct Argon2id {
    pub cost: Argon2Cost,
    pub hasher: Hasher,
}

impl Passwords for Argon2id {
    /// The string to store for `password`, as it is: the hasher (`given/hasher.rs`) makes it, at this cost. Argon2 runs nowhere
    /// else: outside of the hasher, each hash would take 19 MiB more.
    fn hash(&self, password: &str) -> Result<String, Problem> {
        todo!("ask the hasher, at this cost")
    }
}

/// The entries in the database.
pub struct Accounts;

impl Users for Accounts {
    /// The entry of the user with this id. Its token is a new one, of the neighbour `tokens`, which wants `tx.cx()`.
    ///
    /// Without such a user: [`Problem::token_is_invalid`], because the id came out of a token.
    fn view(&self, tx: &Tx, user_id: i64) -> Result<User, Problem> {
        todo!("read the row, and ask the neighbour for a token")
    }
}

/// Adds a user and answers their entry, which the neighbour `users` reads.
///
/// | field | 422 `can't be blank` | 422 `is invalid` | 422 [`TOO_SHORT`] | 409 `has already been taken` |
/// | --- | --- | --- | --- | --- |
/// | `username` | absent, null, empty, or nothing but white space | no text | | a user has exactly this name |
/// | `email` | the same | no text | | a user has this address; A to Z and a to z are the same |
/// | `password` | absent, null or empty | no text | fewer than [`SHORTEST_PASSWORD`] characters (not bytes) | |
///
/// One answer names every field that is wrong. 422 comes before 409, and one 409 names both fields if both are taken.
///
/// Every text is stored as it came: with its capitals, with white space at its ends, and however long it is; the program takes no
/// request of more than a megabyte. The column `email` compares as the
/// table says. `bio` and `image` are null at first, and `created_at` is the transaction's time.
///
/// - The string to store is the neighbour `passwords`' affair. The password itself is stored nowhere.
/// - Hashing is slow: it happens outside of every transaction, and only when the answer will not be 422, and neither name nor
///   address was taken when the request came.
/// - Two requests at the same moment may want the same name. One gets it, the other one 409.
/// - What is refused has changed nothing.
pub fn register(cx: &Cx, form: &NewUser) -> Result<User, Problem> {
    todo!("check the fields, look, hash, and look again in the transaction that writes")
}

/// The user's own entry, which the neighbour `users` reads. Reading waits for nobody who writes.
pub fn current(cx: &Cx, user_id: i64) -> Result<User, Problem> {
    todo!("read, with the neighbour")
}

/// Changes what `changes` names, and answers the entry as it is then, which the neighbour `users` reads.
///
/// - What is absent stays as it is. No field at all is a 422: `user`, `can't be blank`.
/// - `username`, `email`, `password`: the rules of [`register`], except that they may be absent. One's own name and one's own
///   address are not taken by anybody else, however they are capitalised.
/// - `bio`, `image`: null and the empty text become null; any other text is stored as it came, white space alone, too; what is
///   neither text nor null is a 422, `is invalid`.
/// - A new password is hashed outside of every transaction, and only if the answer will not be 422; without one, the stored
///   string stays as it is.
/// - All changes or none: what is refused has changed nothing.
/// - Without such a user: [`Problem::token_is_invalid`].
///
/// ```text
/// {"user": {"bio": null, "image": "https://lantern.example/ada.png"}}   the bio is removed, name, address and password stay
/// {"user": {"username": null, "password": "1234567"}}                   422: username can't be blank, password is too short
/// ```
pub fn update(cx: &Cx, user_id: i64, changes: &UserChanges) -> Result<User, Problem> {
    todo!("check the fields, hash a new password, and write in one statement what is not absent")
}
