//! Milestone 1: opening an account.
//!
//! A stranger sends an address, a password and a name. The answer must not tell whether the address already has an
//! account, and the table of passwords must be worth nothing to whoever steals it.
//!
//! Routes, types and the form of the answer are given. Yours are the rules for passwords and addresses, the hash, and
//! the registration itself.

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
    /// What is wrong with `password`, as a sentence for the person; `None` if it may be used.
    ///
    /// Refused are: fewer than 12 or more than 128 characters (characters, not bytes), one of [`COMMON_PASSWORDS`], and
    /// the address of the account itself; capitals make no difference to the last two. Everything else is allowed, spaces
    /// and emoji too.
    ///
    /// | password | email | answer |
    /// | --- | --- | --- |
    /// | `éééééééééééé` (12 characters, 24 bytes) | `ada@lantern.example` | `None` |
    /// | `PASSWORD1234` | `ada@lantern.example` | a sentence |
    fn weakness(&self, password: &str, email: &str) -> Option<String> {
        todo!("count characters, then look at the list and at the address")
    }

    /// The PHC string of `password`: Argon2id, version 19 (0x13), this cost, and a fresh random salt.
    ///
    /// ```text
    /// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>
    /// ```
    ///
    /// The hasher (`given/hasher.rs`) draws the salt and writes the string; here is decided at what cost. Argon2 runs
    /// nowhere else: outside of the hasher, each hash would take 19 MiB more.
    fn hash(&self, password: &str) -> Result<String, Problem> {
        todo!("ask the hasher, at this cost")
    }
}

/// What may stand before the `@` besides letters, digits and points. Angle brackets, commas and quotes mean something in the
/// head of a mail.
pub const SIGNS: &str = "!#$%&'*+-/=?^_`{|}~";

/// The form in which an address is stored and compared: trimmed, and all of it in lower case. `None` for what is no address.
///
/// Only what can stand in the head of a mail as it is, without quotes, is an address: at most 254 bytes, all of them ASCII
/// before anything is lower-cased, and one `@`. Before it stand letters, digits and [`SIGNS`], in parts that points
/// separate; after it letters, digits and hyphens, in two or more such parts, none of which begins or ends with a hyphen. No
/// part is empty. Whether the address exists, a mail will tell.
///
/// | written | stored |
/// | --- | --- |
/// | ` Ada.O'Hara+books@Lantern.Example ` | `ada.o'hara+books@lantern.example` |
/// | `ada@lantern`, `ada@.example`, `a@b@c.example`, `.ada@lantern.example`, `ada@-lantern.example` | `None` |
/// | `Ada <ada@lantern.example>`, `ada,eve@lantern.example`, `"ada"@lantern.example` | `None` |
pub fn normalise(email: &str) -> Option<String> {
    todo!("trim, split at the @, check every part of both sides, lower-case")
}

/// Opens an account that waits for its address to be confirmed.
///
/// 1. Every field is checked: `email` by [`normalise`], `password` by `cx.neighbours().passwords.weakness` (with the
///    trimmed address of the form), `name` for 1 to 100 characters after trimming, no control characters, and neither of
///    the separators U+2028 and U+2029, which break a line as well. If any fails: [`Problem::invalid_fields`] with one
///    error for each faulty field, named as in the form.
/// 2. The password is hashed by `cx.neighbours().passwords`, once, whatever the database will say, and outside of the
///    transaction.
/// 3. In one `cx.write`:
///    - a new address gets a row in `users`; a known address that is not confirmed (`verified_at IS NULL`) gets the new
///      name and password. Both: `verification.send`, and the audit event `account.registered` of that user;
///    - a known and confirmed address: nothing changes, and its owner gets a mail that says so (see
///      [`already_registered`]).
///
/// The answer is the same in all three cases. Two registrations of one address at the same time make one account.
pub fn register(cx: &Cx, form: &Registration) -> Result<Registered, Problem> {
    todo!("check the form, hash, then one transaction")
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
