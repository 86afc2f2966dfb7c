//! Log in, be known, log out: one customer's way through a service that forgets after each answer.
//!
//! HTTP has no memory. A login answers with a cookie that holds a number nobody can guess; the browser sends it along
//! from then on, and the service looks up whose it is. Checking passwords is given (as a trait, because hashing them
//! has a stage of its own); the way of the session through cookie, table and guard is the work.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The name of the cookie.
pub const SESSION_COOKIE: &str = "lantern_session";

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Customer {
    pub email: String,
    pub name: String,
}

/// Where passwords are checked. Given.
pub trait Accounts: Send + Sync {
    /// The customer with this email, if the password is right; `None` for a wrong password and for an unknown email.
    fn verify(&self, email: &str, password: &str) -> Option<Customer>;
}

/// Who is logged in: session ids and their customers. A clone is the same table. Given.
#[derive(Clone, Default)]
pub struct Sessions {
    table: Arc<Mutex<HashMap<String, Customer>>>,
}

impl Sessions {
    pub fn insert(&self, id: String, customer: Customer) {
        self.lock().insert(id, customer);
    }

    pub fn find(&self, id: &str) -> Option<Customer> {
        self.lock().get(id).cloned()
    }

    pub fn remove(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Customer>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the handlers share. Given.
#[derive(Clone)]
pub struct AppState {
    pub accounts: Arc<dyn Accounts>,
    pub randomness: Arc<dyn Randomness>,
    pub sessions: Sessions,
}

/// Why a request is refused. Given.
#[derive(Debug, PartialEq, Eq)]
pub enum AuthError {
    /// 401. One answer for a wrong password and for an unknown email: who asks must not learn which emails exist.
    WrongCredentials,
    /// 401.
    NotLoggedIn,
    /// 500. The system gave no random bytes.
    NoRandomness,
}

/// Where random bytes come from: the system, or what a test knows. Given.
pub trait Randomness: Send + Sync {
    /// Fills all of `bytes`, or fails with `NoRandomness`.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), AuthError>;
}

/// The system's source of randomness. Given.
#[derive(Debug, Clone, Copy)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), AuthError> {
        getrandom::fill(bytes).map_err(|_| AuthError::NoRandomness)
    }
}

impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::WrongCredentials => (StatusCode::UNAUTHORIZED, "email or password is wrong"),
            Self::NotLoggedIn => (StatusCode::UNAUTHORIZED, "log in first"),
            Self::NoRandomness => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "something went wrong on our side",
            ),
        };
        (status, Json(json!({ "error": message }))).into_response()
    }
}

/// A new session id: 32 bytes of `randomness`, all of them and in their order, written as 64 digits `0`–`9`, `a`–`f`.
pub fn new_session_id(randomness: &dyn Randomness) -> Result<String, AuthError> {
    let mut bytes = [0; 32];
    randomness.fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The session id that a request brings in its `Cookie` header.
///
/// | `Cookie` | id |
/// | --- | --- |
/// | `lantern_session=4f` | `4f` |
/// | `theme=dark; lantern_session=4f; cart=a=b` | `4f` |
/// | `old_lantern_session=4f` | none |
/// | `Lantern_Session=4f` | none: the names of cookies have a case |
/// | no such header, or one that is no text | none |
pub fn session_id(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    cookies
        .split(';')
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, id)| id)
}

/// Whoever is logged in. A handler with this among its arguments runs for nobody else: without a session that is in the
/// table, the request is refused with `NotLoggedIn`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentCustomer(pub Customer);

impl FromRequestParts<AppState> for CurrentCustomer {
    type Rejection = AuthError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        session_id(&parts.headers)
            .and_then(|id| state.sessions.find(id))
            .map(Self)
            .ok_or(AuthError::NotLoggedIn)
    }
}

/// The service. Given.
pub fn router(accounts: Arc<dyn Accounts>, randomness: Arc<dyn Randomness>) -> Router {
    let state = AppState {
        accounts,
        randomness,
        sessions: Sessions::default(),
    };
    Router::new()
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/account", get(account))
        .with_state(state)
}

/// What `POST /login` takes.
#[derive(Deserialize)]
pub struct Login {
    pub email: String,
    pub password: String,
}

/// `POST /login`: checks the password, opens a session with a new id, and answers with 204 and the cookie:
///
/// ```text
/// Set-Cookie: lantern_session=…64 digits…; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=86400
/// ```
///
/// An id that the browser brings is never taken over: somebody else may have planted it. The session that it stands for,
/// if there is one, ends. A failed login changes nothing: no session begins or ends, and no cookie is set.
async fn login(
    State(state): State<AppState>,
    headers: HeaderMap,
    Json(login): Json<Login>,
) -> Result<Response, AuthError> {
    let customer = state
        .accounts
        .verify(&login.email, &login.password)
        .ok_or(AuthError::WrongCredentials)?;
    let id = new_session_id(&*state.randomness)?;
    if let Some(old) = session_id(&headers) {
        state.sessions.remove(old);
    }
    let cookie = set_cookie(&id, 86_400);
    state.sessions.insert(id, customer);
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

/// `POST /logout`: ends the session in the table, not only in the browser, and answers with 204 and a cookie that the
/// browser drops at once:
///
/// ```text
/// Set-Cookie: lantern_session=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0
/// ```
///
/// Who is not logged in gets the same answer.
async fn logout(State(state): State<AppState>, headers: HeaderMap) -> Response {
    if let Some(id) = session_id(&headers) {
        state.sessions.remove(id);
    }
    (StatusCode::NO_CONTENT, set_cookie("", 0)).into_response()
}

fn set_cookie(id: &str, max_age: u32) -> [(axum::http::HeaderName, String); 1] {
    let cookie =
        format!("{SESSION_COOKIE}={id}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age={max_age}");
    [(SET_COOKIE, cookie)]
}

/// `GET /account`: who is logged in. Given: the guard is the argument.
async fn account(CurrentCustomer(customer): CurrentCustomer) -> Json<Value> {
    Json(json!({ "email": customer.email, "name": customer.name }))
}
