//! Milestone 1: opening an account.
//!
//! A stranger sends an address, a password and a name. The answer must not tell whether the address already has an
//! account, and the table of passwords must be worth nothing to whoever steals it.

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use crate::given::app::{App, Cx};
use crate::given::config::Argon2Cost;
use crate::given::extract::{Body, Fields, text_or_empty};
use crate::given::hasher::Hasher;
use crate::given::mail::Mail;
use crate::given::neighbours::{Event, Passwords};
use crate::given::problem::{FieldError, Problem};

/// The body of `POST /api/register`. A field that is missing or no text arrives here as the empty text.
#[derive(Clone, Deserialize)]
pub struct Registration {
    #[serde(default, deserialize_with = "text_or_empty")]
    pub email: String,
    #[serde(default, deserialize_with = "text_or_empty")]
    pub password: String,
    #[serde(default, deserialize_with = "text_or_empty")]
    pub name: String,
}

impl Fields for Registration {
    const REQUIRED: &'static [&'static str] = &[];
}

/// The answer, for a new address and for a known one alike: the address to which a mail went.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Registered {
    pub email: String,
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new().route("/api/register", post(handler))
}

async fn handler(
    cx: Cx,
    Body(form): Body<Registration>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let registered = cx.run_hashing(move |cx| register(cx, &form)).await?;
    Ok((StatusCode::CREATED, Json(registered)))
}

/// Passwords that everybody tries first. A real list has a hundred thousand.
pub const COMMON_PASSWORDS: [&str; 5] = [
    "123456789012",
    "password1234",
    "passwordpassword",
    "qwertyuiop12",
    "iloveyou1234",
];

/// Hashes with Argon2id at this cost, in the memory of the program's hasher.
pub struct Argon2id {
    pub cost: Argon2Cost,
    pub hasher: Hasher,
}

impl Passwords for Argon2id {
    fn weakness(&self, password: &str, email: &str) -> Option<String> {
        let length = password.chars().count();
        let lower = password.to_lowercase();
        if length < 12 {
            Some("Use at least 12 characters.".to_owned())
        } else if length > 128 {
            Some("Use at most 128 characters.".to_owned())
        } else if COMMON_PASSWORDS.contains(&lower.as_str()) {
            Some("Everybody tries this password first.".to_owned())
        } else if lower == email.to_lowercase() {
            Some("Do not use your address as a password.".to_owned())
        } else {
            None
        }
    }

    fn hash(&self, password: &str) -> Result<String, Problem> {
        self.hasher.hash(password, self.cost)
    }
}

/// What may stand before the `@` besides letters, digits and points. Angle brackets, commas and quotes mean something in the
/// head of a mail.
pub const SIGNS: &str = "!#$%&'*+-/=?^_`{|}~";

/// The form in which an address is stored and compared: trimmed, and all of it in lower case. `None` for what is no address.
pub fn normalise(email: &str) -> Option<String> {
    let email = email.trim();
    let (local, domain) = email.split_once('@')?;
    let sound = email.len() <= 254
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label);
    // After the checks: the Kelvin sign is no ASCII letter, and its lower case is the letter k, of somebody else's address.
    sound.then(|| email.to_lowercase())
}

fn is_atom(part: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || SIGNS.contains(c);
    !part.is_empty() && part.chars().all(allowed)
}

fn is_label(part: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !part.is_empty() && part.chars().all(allowed) && !part.starts_with('-') && !part.ends_with('-')
}

/// Opens an account that waits for its address to be confirmed, and sends the mail.
pub fn register(cx: &Cx, form: &Registration) -> Result<Registered, Problem> {
    let (email, name) = validated(cx, form)?;
    // For a known address as well: leaving out the slow part would tell the two apart by the clock.
    let hash = cx.neighbours().passwords.hash(&form.password)?;
    cx.write(|tx| {
        // One statement decides, so that two registrations at once cannot both find the address free. An account that
        // nobody has confirmed belongs to nobody: its newest password counts, not that of whoever typed the address
        // first.
        let user: Option<i64> = tx
            .query_row(
                "INSERT INTO users (email, name, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (email) DO UPDATE
                     SET name = excluded.name, password_hash = excluded.password_hash
                     WHERE verified_at IS NULL
                 RETURNING id",
                (&email, &name, &hash, tx.now()),
                |row| row.get(0),
            )
            .optional()?;
        match user {
            Some(user) => {
                tx.neighbours().verification.send(tx, user, &email)?;
                let event = Event::new(user, "account.registered");
                tx.neighbours().audit.record(tx, event)?;
            }
            None => tx.send(&already_registered(&email))?,
        }
        Ok(Registered {
            email: email.clone(),
        })
    })
}

/// The address and the name as they are stored, or every field's error.
fn validated(cx: &Cx, form: &Registration) -> Result<(String, String), Problem> {
    let mut errors = Vec::new();
    let email = normalise(&form.email);
    if email.is_none() {
        errors.push(FieldError::new("email", "Give a valid address."));
    }
    let passwords = &cx.neighbours().passwords;
    if let Some(message) = passwords.weakness(&form.password, form.email.trim()) {
        errors.push(FieldError::new("password", &message));
    }
    let name = form.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(breaks_a_line) {
        errors.push(FieldError::new(
            "name",
            "Give a name of 1 to 100 characters.",
        ));
    }
    match email {
        Some(email) if errors.is_empty() => Ok((email, name.to_owned())),
        _ => Err(Problem::invalid_fields(errors)),
    }
}

/// Control characters, and the two separators that are none and break a line as well.
fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn already_registered(email: &str) -> Mail {
    Mail {
        to: email.to_owned(),
        subject: "You already have an account".to_owned(),
        text: "Somebody, perhaps you, tried to open a Lantern account with this address. It has one already:\n\
               sign in, or ask for a new password if you have forgotten yours. Nothing was changed."
            .to_owned(),
    }
}
