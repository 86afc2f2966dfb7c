//! Which exercises are written? Each function is tried with harmless values; what ends in a `todo!()` is not.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Arc;

use argon2::{Block, Params};
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Router, http::header};
use rusqlite::Connection;
use tower::ServiceExt as _;

use crate::extractor::{CurrentUser, StaffUser, bearer};
use crate::given::entropy::CountedEntropy;
use crate::given::passwords::Passwords as _;
use crate::given::roles::{Guard, Permission, RoleFound, Roles};
use crate::given::tables::{ORDERS, SESSIONS, USERS};
use crate::given::users::{Directory, Found, Refusal, Role, User};
use crate::passwords::Hasher;
use crate::validation::Form;
use crate::{ownership, passwords, refresh, roles, sessions, tokens, totp, validation};

/// The exercises that the service uses.
const EXERCISES: [&str; 9] = [
    "passwords",
    "sessions",
    "tokens",
    "extractor",
    "roles",
    "ownership",
    "validation",
    "refresh",
    "totp",
];

/// Which exercises are written.
#[derive(Debug, Clone)]
pub struct Written(Vec<&'static str>);

impl Written {
    /// Whether this one is.
    #[must_use]
    pub fn has(&self, exercise: &str) -> bool {
        self.0.contains(&exercise)
    }

    /// Those that are not.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let missing = |exercise: &&str| !self.has(exercise);
        EXERCISES.into_iter().filter(missing).collect()
    }
}

/// Tries all exercises.
///
/// # Errors
///
/// When SQLite opens no database in memory.
pub async fn written() -> rusqlite::Result<Written> {
    let usual = take_hook();
    // A `todo!()` is what is looked for here: no word about it.
    set_hook(Box::new(|_| {}));
    let found = try_all().await;
    set_hook(usual);
    found
}

async fn try_all() -> rusqlite::Result<Written> {
    let mut db = Connection::open_in_memory()?;
    for sql in [USERS, SESSIONS, ORDERS, refresh::TABLES, totp::TABLES] {
        db.execute_batch(sql)?;
    }
    db.execute_batch("INSERT INTO users (email, password_hash) VALUES ('a@b.example', '-')")?;
    let mut found = Vec::new();
    for exercise in EXERCISES {
        let written = match exercise {
            "passwords" => is_written(|| try_passwords(&db)),
            "sessions" => is_written(|| try_sessions(&mut db)),
            "tokens" => is_written(try_tokens),
            "extractor" => is_written(try_refusals) && try_extractors().await,
            "roles" => is_written(|| try_roles(&mut db)),
            "ownership" => is_written(|| try_ownership(&db)),
            "validation" => is_written(try_validation),
            "refresh" => is_written(|| try_refresh(&mut db)),
            "totp" => is_written(|| try_totp(&db)),
            _ => false,
        };
        if written {
            found.push(exercise);
        }
    }
    Ok(Written(found))
}

// What the functions answer does not matter in the following.

fn try_passwords(db: &Connection) {
    let _ = passwords::weakness("");
    if let Ok(cost) = Params::new(8, 1, 1, None) {
        let memory = vec![Block::default(); cost.block_count()];
        let mut hasher = Hasher::new(cost, memory, Arc::new(CountedEntropy::new(0)));
        let stored = hasher.hash("").unwrap_or_default();
        let _ = hasher.verify("", &stored);
        let _ = passwords::sign_in(db, &mut hasher, "", "");
    }
}

fn try_sessions(db: &mut Connection) {
    let entropy = CountedEntropy::new(0);
    let _ = sessions::secret_of(&HeaderMap::new());
    let _ = (sessions::set_cookie(""), sessions::clear_cookie());
    let _ = sessions::begin(db, &entropy, 1, None, 0);
    let _ = sessions::user_of(db, "", 0);
    let _ = sessions::list(db, 1, 0);
    let _ = sessions::end(db, "");
    let _ = sessions::end_one(db, 1, 0);
    let _ = sessions::end_all(db, 1);
    let _ = sessions::prune(db, 0);
}

fn try_tokens() {
    let _ = tokens::issue(&[], "", 0);
    let _ = tokens::verify(&[], "", 0);
}

fn try_refusals() {
    let _ = bearer(&HeaderMap::new());
    let _ = Refusal::NoCredentials.into_response();
}

/// Knows one user, and one token.
struct One;

impl Directory for One {
    fn user_of<'a>(&'a self, _token: &'a str) -> Found<'a> {
        let (id, role, disabled) = (1, Role::Admin, false);
        Box::pin(async move { Ok(Some(User { id, role, disabled })) })
    }
}

impl Roles for One {
    fn role_of(&self, _user: i64) -> RoleFound<'_> {
        Box::pin(async { Ok(None) })
    }
}

async fn try_extractors() -> bool {
    let directory: Arc<dyn Directory> = Arc::new(One);
    let router = Router::new()
        .route("/user", get(async |_: CurrentUser| ()))
        .route("/guest", get(async |_: Option<CurrentUser>| ()))
        .route("/staff", get(async |_: StaffUser| ()))
        .with_state(directory);
    for path in ["/user", "/guest", "/staff"] {
        let request = Request::get(path)
            .header(header::AUTHORIZATION, "Bearer a")
            .body(Body::empty());
        let Ok(request) = request else { return false };
        // In a task of its own a panic ends the task alone.
        let answered = tokio::spawn(router.clone().oneshot(request)).await;
        if answered.is_err_and(|error| error.is_panic()) {
            return false;
        }
    }
    true
}

fn try_roles(db: &mut Connection) {
    let _ = roles::allows(Role::Customer, Permission::Ship);
    let _ = roles::access(&[], &Method::GET, "/");
    let (rules, roles): (_, Arc<dyn Roles>) = (&[], Arc::new(One));
    let _ = roles::guarded(Router::new(), Guard { rules, roles });
    let _ = roles::set_role(db, 0, 0, Role::Customer);
}

fn try_ownership(db: &Connection) {
    let _ = ownership::find(db, 0, 0);
    let _ = ownership::list(db, 0);
    let _ = ownership::cancel(db, 0, 0);
    let _ = ownership::set_copies(db, 0, 0, 0, 0);
    let _ = ownership::give(db, 0, 0, 0);
    let _ = ownership::edit_review(db, 0, 0, "");
}

fn try_validation() {
    let _ = validation::check(&Form::default());
    let _ = validation::email("");
}

fn try_refresh(db: &mut Connection) {
    let entropy = CountedEntropy::new(0);
    let _ = refresh::start(db, &entropy, 1, 0);
    let _ = refresh::rotate(db, &entropy, "", 0);
    let _ = refresh::end(db, "", 0);
    let _ = refresh::prune(db, 0);
}

fn try_totp(db: &Connection) {
    let _ = totp::hotp(b"", 0, 6);
    let _ = totp::otpauth_uri("", "", "");
    let _ = totp::enrol(db, &CountedEntropy::new(0), 1, "");
    let _ = totp::check(db, 1, "", 0);
}

/// Whether `work` ends otherwise than in a `todo!()`. What panics for another reason is written, and will say so in the log.
fn is_written<T>(work: impl FnOnce() -> T) -> bool {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(_) => true,
        Err(panic) => !is_todo(&*panic),
    }
}

fn is_todo(panic: &(dyn Any + Send)) -> bool {
    let text = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.as_str(),
        (None, Some(text)) => text,
        (None, None) => "",
    };
    text.starts_with("not yet implemented")
}
