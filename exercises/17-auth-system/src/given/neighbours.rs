//! How one milestone reaches another: one trait for each thing that a neighbour may ask for.
//!
//! A milestone implements its own trait in its own file and calls the others through `cx.neighbours()` or
//! `tx.neighbours()`. Which answers stand behind them is decided once, when the program or a test is put together.

use std::sync::Arc;

use serde::Serialize;

use super::app::{Cx, Tx};
use super::hasher::Hasher;
use super::problem::Problem;

/// What may be a password, and how it is stored. Answered by `register`.
pub trait Passwords: Send + Sync {
    /// What is wrong with `password` for the account `email`, as a sentence; `None` when it may be used.
    fn weakness(&self, password: &str, email: &str) -> Option<String>;

    /// The string to store for `password`. Slow on purpose.
    fn hash(&self, password: &str) -> Result<String, Problem>;
}

/// Whether a password is the right one. Answered by `login`.
pub trait Verifier: Send + Sync {
    /// Compares `password` with what was stored. Slow on purpose.
    fn verify(&self, password: &str, stored: &str) -> Result<Check, Problem>;
}

/// What [`Verifier::verify`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// The password is the right one.
    pub matches: bool,
    /// The stored string was not made with today's algorithm and cost.
    pub outdated: bool,
}

/// Proof that an address belongs to the person. Answered by `verify_email`.
pub trait Verification: Send + Sync {
    /// Sends a mail with a fresh link to `email`; the links of earlier mails stop working.
    fn send(&self, tx: &Tx, user_id: i64, email: &str) -> Result<(), Problem>;
}

/// Checking a person's credentials. Answered by `login`.
pub trait SignIn: Send + Sync {
    /// Starts a session of this kind if everything about the credentials is right.
    fn sign_in(&self, cx: &Cx, credentials: &Credentials, kind: Kind) -> Result<SignedIn, Problem>;
}

/// What a person types to sign in.
#[derive(Clone)]
pub struct Credentials {
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: String,
    /// The code of the authenticator app, or a recovery code.
    pub code: Option<String>,
}

/// What [`SignIn::sign_in`] hands over.
pub struct SignedIn {
    /// The new session.
    pub session: Started,
    /// The first refresh token, for the API.
    pub refresh_token: Option<String>,
}

/// The answer to a login and to a refresh.
#[derive(Serialize)]
pub struct TokenPair {
    /// For `Authorization: Bearer …`.
    pub access_token: String,
    /// For `POST /api/refresh`, once.
    pub refresh_token: String,
    /// Seconds until the access token is refused.
    pub expires_in: i64,
}

/// What a session is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A program: bearer tokens.
    Api,
    /// A browser: a cookie.
    Page,
}

/// Who is signed in where. Answered by `sessions`.
pub trait Sessions: Send + Sync {
    /// Starts a session with an id and a secret that nobody knew before.
    fn start(&self, tx: &Tx, user_id: i64, kind: Kind) -> Result<Started, Problem>;

    /// A new access token for a session of the API that goes on.
    fn access_token(&self, tx: &Tx, user_id: i64, session_id: &str) -> Result<String, Problem>;

    /// Whose request this is; `None` for anything that is not accepted.
    fn authenticate(&self, tx: &Tx, presented: Presented) -> Result<Option<Current>, Problem>;

    /// Ends one session.
    fn end(&self, tx: &Tx, session_id: &str) -> Result<(), Problem>;

    /// Ends every session of a person.
    fn end_all(&self, tx: &Tx, user_id: i64) -> Result<(), Problem>;
}

/// A session that has just begun.
pub struct Started {
    /// The public id.
    pub session_id: String,
    /// For [`Kind::Api`] an access token, for [`Kind::Page`] the value of the cookie.
    pub secret: String,
}

/// What a request shows to say whose it is.
#[derive(Clone, Copy)]
pub enum Presented<'a> {
    /// The access token of `Authorization: Bearer`.
    Bearer(&'a str),
    /// The value of the session's cookie.
    Cookie(&'a str),
}

/// A request's person and session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// The person.
    pub user_id: i64,
    /// The session.
    pub session_id: String,
}

/// Tokens that buy new access tokens. Answered by `refresh`.
pub trait RefreshTokens: Send + Sync {
    /// A fresh token for the session.
    fn issue(&self, tx: &Tx, session_id: &str) -> Result<String, Problem>;
}

/// Something that only the person has. Answered by `totp`.
pub trait SecondFactor: Send + Sync {
    /// Judges `code`. A code that passes is used up.
    fn check(&self, tx: &Tx, user_id: i64, code: Option<&str>) -> Result<Factor, Problem>;
}

/// What [`SecondFactor::check`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// This person has no second factor: the password is enough.
    NotEnrolled,
    /// A code is needed and none came.
    Missing,
    /// A code came, and it is not accepted.
    Wrong,
    /// The code is right, and used up now.
    Passed,
}

/// A limit to guessing. Answered by `lockout`.
pub trait Lockout: Send + Sync {
    /// Counts one attempt by the transaction's client at `email`, before it is known how it ends.
    /// Refuses with [`Problem::locked`] while this client has to wait.
    fn begin(&self, tx: &Tx, email: &str) -> Result<(), Problem>;

    /// The attempt that was counted last is taken back: it was no guess, and no sign-in either.
    fn take_back(&self, tx: &Tx, email: &str) -> Result<(), Problem>;

    /// The attempt that was counted last turned out to be the owner's.
    fn succeeded(&self, tx: &Tx, email: &str) -> Result<(), Problem>;
}

/// What happened, and who did it. Answered by `audit`.
pub trait Audit: Send + Sync {
    /// Appends one event.
    fn record(&self, tx: &Tx, event: Event) -> Result<(), Problem>;
}

/// One event for the trail. Nothing secret belongs in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whose account; `None` when the address belongs to nobody.
    pub user_id: Option<i64>,
    /// A name such as `login.succeeded`.
    pub kind: &'static str,
    /// More, for people; often empty.
    pub detail: String,
}

impl Event {
    /// An event without a detail.
    #[must_use]
    pub fn new(user_id: impl Into<Option<i64>>, kind: &'static str) -> Self {
        Self {
            user_id: user_id.into(),
            kind,
            detail: String::new(),
        }
    }
}

/// The answers that stand behind the traits.
#[derive(Clone)]
pub struct Neighbours {
    /// Given: where `register` and `login` let Argon2 run.
    pub hasher: Hasher,
    /// `register`
    pub passwords: Arc<dyn Passwords>,
    /// `login`
    pub verifier: Arc<dyn Verifier>,
    /// `verify_email`
    pub verification: Arc<dyn Verification>,
    /// `login`
    pub sign_in: Arc<dyn SignIn>,
    /// `sessions`
    pub sessions: Arc<dyn Sessions>,
    /// `refresh`
    pub refresh: Arc<dyn RefreshTokens>,
    /// `totp`
    pub second_factor: Arc<dyn SecondFactor>,
    /// `lockout`
    pub lockout: Arc<dyn Lockout>,
    /// `audit`
    pub audit: Arc<dyn Audit>,
}
