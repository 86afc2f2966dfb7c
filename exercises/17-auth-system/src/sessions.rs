//! Milestone 4: staying signed in.
//!
//! A session is a row that its owner can see and end. Browsers carry a random cookie that leads to it; programs carry
//! an access token, signed, short-lived, and of use only while its session lives.
//!
//! Given: the routes, the shapes, and the lists. Yours: the cookie, the start of a session, the access token and its
//! check, and ending. The table is `sessions`. (`current` in [`list`] is the session that asks.)

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use crate::given::app::{App, Cx, Tx};
use crate::given::clock::rfc3339;
use crate::given::extract::{CurrentUser, SESSION_COOKIE};
use crate::given::neighbours::{Current, Event, Kind, Presented, Sessions, Started};
use crate::given::problem::Problem;
use crate::given::tokens::{self, Token};

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who made it.
    pub iss: String,
    /// Who it is for.
    pub aud: String,
    /// Whose it is: the person's id.
    pub sub: String,
    /// The session that it belongs to.
    pub sid: String,
    /// When it was made.
    pub iat: i64,
    /// The first second in which it is refused.
    pub exp: i64,
}

/// `GET /api/me`.
#[derive(Debug, Serialize)]
pub struct Me {
    pub id: i64,
    pub email: String,
    pub name: String,
    pub two_factor: bool,
    pub created_at: String,
}

/// One entry of `GET /api/sessions`.
#[derive(Debug, Serialize)]
pub struct Device {
    pub id: String,
    pub kind: String,
    pub client: String,
    pub user_agent: String,
    pub created_at: String,
    pub expires_at: String,
    /// Whether the request that asks came through this session.
    pub current: bool,
}

/// The routes of this milestone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/me", get(me_handler))
        .route("/api/sessions", get(list_handler))
        .route("/api/sessions/{id}", delete(end_handler))
        .route("/api/logout", post(logout_handler))
}

async fn me_handler(cx: Cx, CurrentUser(current): CurrentUser) -> Result<Json<Me>, Problem> {
    cx.run(move |cx| me(cx, current.user_id)).await.map(Json)
}

async fn list_handler(
    cx: Cx,
    CurrentUser(current): CurrentUser,
) -> Result<Json<Vec<Device>>, Problem> {
    cx.run(move |cx| list(cx, &current)).await.map(Json)
}

async fn end_handler(
    cx: Cx,
    CurrentUser(current): CurrentUser,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    cx.run(move |cx| end_one(cx, current.user_id, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn logout_handler(cx: Cx, CurrentUser(current): CurrentUser) -> Result<StatusCode, Problem> {
    cx.run(move |cx| end_one(cx, current.user_id, &current.session_id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The `Set-Cookie` line that gives the browser its session for `max_age` seconds.
///
/// The name is [`SESSION_COOKIE`]. A name that begins with `__Host-` demands `Secure`, `Path=/` and no `Domain`; scripts
/// shall not read it, and other sites' forms shall not send it (`Lax`).
///
/// ```text
/// __Host-session=TOKEN; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax
/// ```
pub fn session_cookie(token: &str, max_age: i64) -> String {
    todo!("the name, the value, and six attributes")
}

/// Sessions in the database, access tokens as JWT.
pub struct Book;

impl Sessions for Book {
    /// Starts a session.
    ///
    /// - `tx.client().cookie` is the session cookie that came with the sign-in, if any. It is never adopted; the session
    ///   that it leads to, whoever's it is, ends.
    /// - The row in `sessions` gets a random id (the text of a fresh `Token`), the client's address and user agent, the
    ///   time, and its end: `tx.now()` plus `session_lifetime`. The id is public: it is no secret's digest, nor the secret.
    /// - [`Kind::Page`]: the secret is the text of another fresh `Token`, the row keeps its digest in `cookie_digest`.
    ///   [`Kind::Api`]: `cookie_digest` is NULL, the secret is an access token.
    fn start(&self, tx: &Tx, user_id: i64, kind: Kind) -> Result<Started, Problem> {
        todo!("end what was presented; draw an id and a cookie; insert; hand out the secret")
    }

    /// A JSON Web Token with the [`Claims`] of the session: `sub` is the user's id as a text, `iat` is `tx.now()`, `exp`
    /// is `access_lifetime` later. Its header names HS256 and, as `kid`, the key that signs: `tx.keys().current`.
    fn access_token(&self, tx: &Tx, user_id: i64, session_id: &str) -> Result<String, Problem> {
        todo!("claims, header with kid, encode")
    }

    /// Whose request this is; `None` for whatever is not accepted, be it forged, broken, expired or ended.
    ///
    /// An access token is accepted if all of this holds:
    /// - its `alg` is HS256, its `kid` names one of `tx.keys().secrets`, and HS256 with that secret gives its signature (no
    ///   header makes another algorithm right);
    /// - `iss` and `aud` are those of the configuration, and `exp` is later than `tx.now()` (our clock, not the machine's);
    /// - its session is of the kind `api`, belongs to `sub`, has not ended, and its `expires_at` is later than `tx.now()`.
    ///
    /// A cookie is accepted if a live session has its digest.
    fn authenticate(&self, tx: &Tx, presented: Presented) -> Result<Option<Current>, Problem> {
        todo!("the signature first, then the claims, then the row")
    }

    /// Ends one session, whatever its kind, now. What has ended already keeps its time.
    fn end(&self, tx: &Tx, session_id: &str) -> Result<(), Problem> {
        todo!("one UPDATE")
    }

    /// Ends every live session of this person and of nobody else.
    fn end_all(&self, tx: &Tx, user_id: i64) -> Result<(), Problem> {
        todo!("one UPDATE")
    }
}

/// The person's own entry.
pub fn me(cx: &Cx, user_id: i64) -> Result<Me, Problem> {
    cx.read(|tx| {
        let me = tx.query_row(
            "SELECT id, email, name, created_at,
                    EXISTS (SELECT 1 FROM totp WHERE user_id = users.id AND confirmed_at IS NOT NULL)
             FROM users WHERE id = ?1",
            [user_id],
            |row| {
                Ok(Me {
                    id: row.get(0)?,
                    email: row.get(1)?,
                    name: row.get(2)?,
                    created_at: rfc3339(row.get(3)?),
                    two_factor: row.get(4)?,
                })
            },
        )?;
        Ok(me)
    })
}

/// The person's live sessions, the newest first.
pub fn list(cx: &Cx, current: &Current) -> Result<Vec<Device>, Problem> {
    cx.read(|tx| {
        let mut statement = tx.prepare_cached(
            "SELECT id, kind, client, user_agent, created_at, expires_at FROM sessions
             WHERE user_id = ?1 AND ended_at IS NULL AND expires_at > ?2
             ORDER BY created_at DESC, id",
        )?;
        let rows = statement.query_map((current.user_id, tx.now()), |row| {
            let id: String = row.get(0)?;
            Ok(Device {
                current: id == current.session_id,
                id,
                kind: row.get(1)?,
                client: row.get(2)?,
                user_agent: row.get(3)?,
                created_at: rfc3339(row.get(4)?),
                expires_at: rfc3339(row.get(5)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

/// Ends one of the person's own live sessions and records the audit event `session.ended`. Any other id, also that of
/// somebody else's session, is [`Problem::not_found`].
pub fn end_one(cx: &Cx, user_id: i64, session_id: &str) -> Result<(), Problem> {
    todo!("one UPDATE that also asks whose session it is")
}
