//! Milestone 1: users.
//!
//! A stranger registers with a name, an address and a password, and is signed in at once: the answer brings a token. Whoever has
//! a token reads their own entry and changes it.

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
    fn hash(&self, password: &str) -> Result<String, Problem> {
        self.hasher.hash(password, self.cost)
    }
}

/// The entries in the database.
pub struct Accounts;

impl Users for Accounts {
    fn view(&self, tx: &Tx, user_id: i64) -> Result<User, Problem> {
        let row = tx
            .query_row(
                "SELECT email, username, bio, image FROM users WHERE id = ?1",
                [user_id],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .optional()?;
        let (email, username, bio, image) = row.ok_or_else(Problem::token_is_invalid)?;
        Ok(User {
            email,
            token: tx.neighbours().tokens.issue(tx.cx(), user_id)?,
            username,
            bio,
            image,
        })
    }
}

/// Adds a user and answers their entry.
pub fn register(cx: &Cx, form: &NewUser) -> Result<User, Problem> {
    let mut errors = Errors::default();
    let username = errors.required("username", &form.username, is_blank);
    let email = errors.required("email", &form.email, is_blank);
    let password = errors.password(&form.password);
    errors.refuse_any()?;

    // Most of those whose name is taken need not wait for Argon2, and Argon2 not for them …
    cx.read(|tx| free(tx, None, Some(username), Some(email)))?;
    let password_hash = cx.neighbours().passwords.hash(password)?;
    cx.write(|tx| {
        // … but only here, where no other writer is at work, the answer holds.
        free(tx, None, Some(username), Some(email))?;
        let user_id = tx.query_row(
            "INSERT INTO users (username, email, password_hash, created_at)
             VALUES (?1, ?2, ?3, ?4) RETURNING id",
            (username, email, password_hash, tx.now()),
            |row| row.get(0),
        )?;
        tx.neighbours().users.view(tx, user_id)
    })
}

/// The user's own entry.
pub fn current(cx: &Cx, user_id: i64) -> Result<User, Problem> {
    cx.read(|tx| tx.neighbours().users.view(tx, user_id))
}

/// Changes what `changes` names, and answers the entry as it is then.
pub fn update(cx: &Cx, user_id: i64, changes: &UserChanges) -> Result<User, Problem> {
    let mut errors = Errors::default();
    let username = errors.changed("username", &changes.username, is_blank);
    let email = errors.changed("email", &changes.email, is_blank);
    let password = match &changes.password {
        Field::Absent => None,
        given => Some(errors.password(given)),
    };
    let bio = errors.optional("bio", &changes.bio);
    let image = errors.optional("image", &changes.image);
    if username.or(email).or(password).is_none() && bio.or(image).is_none() {
        errors.add("user", BLANK);
    }
    errors.refuse_any()?;

    let password_hash = match password {
        Some(password) => Some(cx.neighbours().passwords.hash(password)?),
        None => None,
    };
    cx.write(|tx| {
        free(tx, Some(user_id), username, email)?;
        let texts = [
            ("username", username),
            ("email", email),
            ("password_hash", password_hash.as_deref()),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(column, text)| Some((column, Some(text?))));
        let more = [("bio", bio), ("image", image)];
        let more = more
            .into_iter()
            .filter_map(|(column, value)| Some((column, value?)));
        for (column, value) in texts.chain(more) {
            // The names of the columns are ours; what came from outside is a parameter.
            tx.execute(
                &format!("UPDATE users SET {column} = ?2 WHERE id = ?1"),
                (user_id, value),
            )?;
        }
        tx.neighbours().users.view(tx, user_id)
    })
}

/// Refuses a name or an address that somebody else than `user_id` has.
fn free(
    tx: &Tx,
    user_id: Option<i64>,
    username: Option<&str>,
    email: Option<&str>,
) -> Result<(), Problem> {
    let (name_taken, email_taken): (bool, bool) = tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM users WHERE username = ?2 AND id IS NOT ?1),
                EXISTS (SELECT 1 FROM users WHERE email = ?3 AND id IS NOT ?1)",
        (user_id, username, email),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    match (name_taken, email_taken) {
        (false, false) => Ok(()),
        (true, false) => Err(Problem::taken(&["username"])),
        (false, true) => Err(Problem::taken(&["email"])),
        (true, true) => Err(Problem::taken(&["username", "email"])),
    }
}

/// What is wrong with the fields of a request. A field that is wrong reads as the empty text, which nobody gets to see.
#[derive(Default)]
struct Errors(Vec<(&'static str, &'static str)>);

impl Errors {
    fn add(&mut self, field: &'static str, text: &'static str) {
        self.0.push((field, text));
    }

    /// A text that must be there, and not blank.
    fn required<'a>(
        &mut self,
        name: &'static str,
        field: &'a Field<String>,
        blank: fn(&str) -> bool,
    ) -> &'a str {
        match field {
            Field::Value(text) if !blank(text) => return text,
            Field::Absent | Field::Null | Field::Value(_) => self.add(name, BLANK),
            Field::Other => self.add(name, INVALID),
        }
        ""
    }

    /// The same for a text that may be absent.
    fn changed<'a>(
        &mut self,
        name: &'static str,
        field: &'a Field<String>,
        blank: fn(&str) -> bool,
    ) -> Option<&'a str> {
        match field {
            Field::Absent => None,
            given => Some(self.required(name, given, blank)),
        }
    }

    fn password<'a>(&mut self, field: &'a Field<String>) -> &'a str {
        // Eight spaces are a password: there is no rule on composition.
        let password = self.required("password", field, str::is_empty);
        if !password.is_empty() && password.chars().count() < SHORTEST_PASSWORD {
            self.add("password", TOO_SHORT);
        }
        password
    }

    /// What a field that may be null is to become: `None` to stay, `Some(None)` for null.
    fn optional<'a>(
        &mut self,
        name: &'static str,
        field: &'a Field<String>,
    ) -> Option<Option<&'a str>> {
        match field {
            Field::Absent => None,
            Field::Null => Some(None),
            Field::Value(text) => Some(Some(text.as_str()).filter(|text| !text.is_empty())),
            Field::Other => {
                self.add(name, INVALID);
                Some(None)
            }
        }
    }

    fn refuse_any(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Problem::invalid(&self.0))
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}
