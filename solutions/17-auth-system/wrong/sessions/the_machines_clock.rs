//! Caught by: access_ends_in_time
//! Why it tempts: the library checks `exp` by default: by the clock of the machine, which no test can move.

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
pub fn session_cookie(token: &str, max_age: i64) -> String {
    format!("{SESSION_COOKIE}={token}; Path=/; Max-Age={max_age}; Secure; HttpOnly; SameSite=Lax")
}

/// Sessions in the database, access tokens as JWT.
pub struct Book;

impl Sessions for Book {
    fn start(&self, tx: &Tx, user_id: i64, kind: Kind) -> Result<Started, Problem> {
        // Whoever put a cookie into this browser may know it: it is never adopted, and what it led to ends.
        if let Some(presented) = &tx.client().cookie {
            tx.execute(
                "UPDATE sessions SET ended_at = ?2 WHERE cookie_digest = ?1 AND ended_at IS NULL",
                (tokens::digest(presented), tx.now()),
            )?;
        }
        let session_id = Token::generate()?.text().to_owned();
        let cookie = Token::generate()?;
        let (name, cookie_digest) = match kind {
            Kind::Api => ("api", None),
            Kind::Page => ("page", Some(cookie.digest())),
        };
        tx.execute(
            "INSERT INTO sessions
                 (id, user_id, kind, cookie_digest, client, user_agent, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                &session_id,
                user_id,
                name,
                cookie_digest,
                tx.client().address.to_string(),
                &tx.client().user_agent,
                tx.now(),
                tx.now() + tx.config().session_lifetime,
            ),
        )?;
        let secret = match kind {
            Kind::Api => self.access_token(tx, user_id, &session_id)?,
            Kind::Page => cookie.text().to_owned(),
        };
        Ok(Started { session_id, secret })
    }

    fn access_token(&self, tx: &Tx, user_id: i64, session_id: &str) -> Result<String, Problem> {
        let config = tx.config();
        let keys = tx.keys();
        let claims = Claims {
            iss: config.issuer.clone(),
            aud: config.audience.clone(),
            sub: user_id.to_string(),
            sid: session_id.to_owned(),
            iat: tx.now(),
            exp: tx.now() + config.access_lifetime,
        };
        let secret = keys
            .secrets
            .get(&keys.current)
            .ok_or_else(|| Problem::internal(&"no signing key"))?;
        let header = Header {
            kid: Some(keys.current.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret))
            .map_err(|error| Problem::internal(&error))
    }

    fn authenticate(&self, tx: &Tx, presented: Presented) -> Result<Option<Current>, Problem> {
        match presented {
            Presented::Bearer(token) => {
                let Some(claims) = accepted_claims(tx, token) else {
                    return Ok(None);
                };
                let current = live(tx, LIVE_BY_ID, &claims.sid)?;
                Ok(current.filter(|current| current.user_id.to_string() == claims.sub))
            }
            Presented::Cookie(token) => live(tx, LIVE_BY_COOKIE, &tokens::digest(token)),
        }
    }

    fn end(&self, tx: &Tx, session_id: &str) -> Result<(), Problem> {
        tx.execute(
            "UPDATE sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL",
            (session_id, tx.now()),
        )?;
        Ok(())
    }

    fn end_all(&self, tx: &Tx, user_id: i64) -> Result<(), Problem> {
        tx.execute(
            "UPDATE sessions SET ended_at = ?2 WHERE user_id = ?1 AND ended_at IS NULL",
            (user_id, tx.now()),
        )?;
        Ok(())
    }
}

/// The claims of a token that one of our keys has signed with our algorithm, for us, and that has not expired.
fn accepted_claims(tx: &Tx, token: &str) -> Option<Claims> {
    // Nothing in the header is believed but the name of the key, and that only chooses among our own.
    let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
    let key = DecodingKey::from_secret(tx.keys().secrets.get(&kid)?);
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&[&tx.config().issuer]);
    rules.set_audience(&[&tx.config().audience]);
    // `Claims` requires every claim, and the library would compare `exp` with the machine's clock: we do it by ours.
    rules.validate_exp = true;
    let claims: Claims = jsonwebtoken::decode(token, &key, &rules).ok()?.claims;
    Some(claims)
}

const LIVE_BY_ID: &str = "SELECT user_id, id FROM sessions
    WHERE id = ?1 AND kind = 'api' AND ended_at IS NULL AND expires_at > ?2";

const LIVE_BY_COOKIE: &str = "SELECT user_id, id FROM sessions
    WHERE cookie_digest = ?1 AND ended_at IS NULL AND expires_at > ?2";

/// The session that one of the two statements above finds.
fn live(tx: &Tx, statement: &str, value: &str) -> Result<Option<Current>, Problem> {
    let current = tx
        .query_row(statement, (value, tx.now()), |row| {
            Ok(Current {
                user_id: row.get(0)?,
                session_id: row.get(1)?,
            })
        })
        .optional()?;
    Ok(current)
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

/// Ends one of the person's own live sessions; 404 for any other.
pub fn end_one(cx: &Cx, user_id: i64, session_id: &str) -> Result<(), Problem> {
    cx.write(|tx| {
        let ended = tx.execute(
            "UPDATE sessions SET ended_at = ?3
             WHERE id = ?1 AND user_id = ?2 AND ended_at IS NULL AND expires_at > ?3",
            (session_id, user_id, tx.now()),
        )?;
        if ended == 0 {
            return Err(Problem::not_found());
        }
        let event = Event::new(user_id, "session.ended");
        tx.neighbours().audit.record(tx, event)
    })
}
