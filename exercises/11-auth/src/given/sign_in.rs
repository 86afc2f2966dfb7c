//! The two routes of a sign-in with another service, on top of what `oauth` answers: `GET /oauth/start` sends the browser there,
//! `GET /oauth/callback` receives it back.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{COOKIE as COOKIE_HEADER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use reqwest::Client;
use rusqlite::Connection;

use super::entropy::Entropy;
use crate::oauth::{
    COOKIE, Callback, OauthError, Provider, WAIT, account_of, begin, exchange, identity, take,
};

/// What the routes need. Clones share it.
#[derive(Clone)]
pub struct Desk {
    /// The other service.
    pub provider: Arc<Provider>,
    /// How to reach it: see [`crate::oauth::client`].
    pub client: Client,
    /// A connection to a database with the tables of [`crate::oauth::TABLES`].
    pub db: Arc<Mutex<Connection>>,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
    /// The time, in whole seconds since 1970.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// The answer for an account that has signed in: it begins a session.
    pub welcome: Arc<dyn Fn(i64) -> Response + Send + Sync>,
}

/// The routes.
pub fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/oauth/start", get(start))
        .route("/oauth/callback", get(callback))
        .with_state(desk)
}

async fn start(State(desk): State<Desk>) -> Result<Response, OauthError> {
    let now = (desk.clock)();
    let begun = desk
        .with_db(move |desk, db| begin(db, &*desk.entropy, &desk.provider, now))
        .await?;
    let mut response = Redirect::to(&begun.url).into_response();
    set_cookie(&mut response, &begun.state, WAIT)?;
    Ok(response)
}

async fn callback(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(callback): Query<Callback>,
) -> Result<Response, OauthError> {
    let now = (desk.clock)();
    let cookie = cookie(&headers);
    let taken = desk
        .with_db(move |desk, db| take(db, &desk.provider, cookie.as_deref(), &callback, now))
        .await?;
    let token = exchange(&desk.client, &desk.provider, &taken.code, &taken.verifier).await?;
    let person = identity(&desk.provider, &token, &taken.nonce, now)?;
    let account = desk.with_db(move |_, db| account_of(db, &person)).await?;
    let mut response = (desk.welcome)(account);
    set_cookie(&mut response, "", 0)?;
    Ok(response)
}

impl Desk {
    /// Does something with the database, on a thread that may wait.
    async fn with_db<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, &mut Connection) -> Result<T, OauthError> + Send + 'static,
    ) -> Result<T, OauthError> {
        let desk = self.clone();
        let running = tokio::task::spawn_blocking(move || {
            let mut db = desk.db.lock().unwrap_or_else(PoisonError::into_inner);
            work(&desk, &mut db)
        });
        running.await.map_err(|_| OauthError::Unfinished)?
    }
}

/// Ties the attempt to this browser. `Lax`, because the browser comes back from another site.
fn set_cookie(response: &mut Response, value: &str, age: i64) -> Result<(), OauthError> {
    let cookie = format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}");
    let cookie = HeaderValue::from_str(&cookie).map_err(|_| OauthError::Unfinished)?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE_HEADER)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

/// People read what to do. What was wrong is for the log.
impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Denied => (StatusCode::FORBIDDEN, "You did not allow the sign-in."),
            Self::Forged | Self::Expired | Self::WrongIssuer | Self::Token => (
                StatusCode::BAD_REQUEST,
                "This sign-in is no longer good. Begin again.",
            ),
            Self::Provider => (
                StatusCode::BAD_GATEWAY,
                "The other service did not answer as it should. Try again in a minute.",
            ),
            Self::Configuration | Self::NoEntropy(_) | Self::Broken(_) | Self::Unfinished => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something broke on our side.",
            ),
        };
        (status, text).into_response()
    }
}
