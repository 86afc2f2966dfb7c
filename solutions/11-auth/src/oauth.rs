//! Sign in with another service: authorization code and PKCE (OAuth 2.0), and an ID token (OpenID Connect).
//!
//! ```text
//! browser            shop                                   provider
//!    │ /oauth/start    │                                        │
//!    │────────────────>│ begin: state, nonce, verifier          │
//!    │<── 303, cookie ─│                                        │
//!    │ /authorize?client_id&redirect_uri&state&nonce&challenge  │
//!    │─────────────────────────────────────────────────────────>│ "May Lantern know who you are?"
//!    │<────────────────────────── /oauth/callback?code&state&iss│
//!    │────────────────>│ take: is this the browser?             │
//!    │                 │── exchange: code, verifier ───────────>│
//!    │                 │<── ID token ───────────────────────────│
//!    │<── signed in ───│ identity: is it right? account_of      │
//! ```
//!
//! The routes are given, in `src/given/sign_in.rs`. The time is handed in, in whole seconds since 1970, and so is the source of
//! random bytes.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::{Client, Response, StatusCode, Url};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::given::entropy::{Entropy, NoEntropy, draw};

/// For how long an attempt waits for the browser to come back, in seconds.
pub const WAIT: i64 = 600;

/// How far the provider's clock and ours may differ, in seconds.
pub const LEEWAY: i64 = 60;

/// How many bytes an answer of the token endpoint has at most.
pub const MOST_ANSWER: usize = 65_536;

/// The cookie that ties an attempt to a browser; its value is the `state`.
pub const COOKIE: &str = "__Host-oauth";

/// The tables. Given.
pub const TABLES: &str = "
    CREATE TABLE sign_in_attempts (
        state TEXT PRIMARY KEY,
        nonce TEXT NOT NULL,
        verifier TEXT NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        email TEXT
    ) STRICT;
    CREATE TABLE identities (
        iss TEXT NOT NULL,
        sub TEXT NOT NULL,
        account INTEGER NOT NULL REFERENCES accounts (id),
        PRIMARY KEY (iss, sub)
    ) STRICT;
";

/// What was agreed with the other service. It prints without the secret.
#[derive(Clone)]
pub struct Provider {
    /// Its name, which its tokens and answers carry (`iss`).
    pub issuer: String,
    /// Where it asks people. It may have a query already.
    pub authorize_url: String,
    /// Where a code becomes a token.
    pub token_url: String,
    /// What it calls us.
    pub client_id: String,
    /// How it knows us.
    pub client_secret: String,
    /// Where it sends the browser back to: registered there, and compared letter by letter.
    pub redirect_uri: String,
    /// The public half of the key that signs its tokens: Ed25519, in base64url (`x` of its JWK).
    pub public_key: String,
}

impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Provider")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// An attempt that has begun.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the cookie holds.
    pub state: String,
    /// Where the browser goes.
    pub url: String,
}

/// What the browser brings back from the provider, in the query of the callback.
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    pub state: Option<String>,
    pub code: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
}

/// An attempt whose browser has come back.
#[derive(Clone, PartialEq, Eq)]
pub struct Taken {
    pub code: String,
    pub nonce: String,
    pub verifier: String,
}

/// Somebody, as the provider knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who says so.
    pub iss: String,
    /// Whom it means: unique there, and never given to somebody else.
    pub sub: String,
    /// Where to reach them, perhaps. It says nothing about who they are.
    pub email: Option<String>,
}

/// Why a sign-in ends here. None of these carries a secret.
#[derive(Debug, PartialEq)]
pub enum OauthError {
    /// No attempt of this browser: a strange `state`, or one that was used.
    Forged,
    /// The browser came back too late.
    Expired,
    /// The answer is another provider's.
    WrongIssuer,
    /// The person said no.
    Denied,
    /// The provider's answer did not come, or makes no sense.
    Provider,
    /// The ID token is not right.
    Token,
    /// An address among the settings is none.
    Configuration,
    /// There were no random bytes.
    NoEntropy(NoEntropy),
    /// The database failed.
    Broken(rusqlite::Error),
    /// A task was stopped in the middle.
    Unfinished,
}

impl fmt::Display for OauthError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Forged => "no attempt of this browser",
            Self::Expired => "the browser came back too late",
            Self::WrongIssuer => "the answer is another provider's",
            Self::Denied => "the person said no",
            Self::Provider => "the provider did not answer as it should",
            Self::Token => "the ID token is not right",
            Self::Configuration => "an address among the settings is none",
            Self::NoEntropy(_) => "no secrets could be made",
            Self::Broken(_) => "the database failed",
            Self::Unfinished => "a task was stopped in the middle",
        })
    }
}

impl Error for OauthError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoEntropy(error) => Some(error),
            Self::Broken(error) => Some(error),
            _ => None,
        }
    }
}

impl From<NoEntropy> for OauthError {
    fn from(error: NoEntropy) -> Self {
        Self::NoEntropy(error)
    }
}

impl From<rusqlite::Error> for OauthError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

/// What is stored of a `state`: its SHA-256, in hexadecimal. Given.
pub fn digest(state: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(state.as_bytes()))
}

/// The challenge for a verifier, by PKCE's method S256.
pub fn challenge(verifier: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()))
}

fn secret(entropy: &dyn Entropy) -> Result<String, NoEntropy> {
    Ok(BASE64URL_NOPAD.encode(&draw::<32>(entropy)?))
}

/// Begins an attempt: three secrets, a row, and the address to which the browser goes.
pub fn begin(
    db: &Connection,
    entropy: &dyn Entropy,
    provider: &Provider,
    now: i64,
) -> Result<Begun, OauthError> {
    let mut url = Url::parse(&provider.authorize_url).map_err(|_| OauthError::Configuration)?;
    let (state, nonce, verifier) = (secret(entropy)?, secret(entropy)?, secret(entropy)?);
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &provider.redirect_uri)
        .append_pair("scope", "openid email")
        .append_pair("state", &state)
        .append_pair("nonce", &nonce)
        .append_pair("code_challenge", &challenge(&verifier))
        .append_pair("code_challenge_method", "S256");
    db.execute("DELETE FROM sign_in_attempts WHERE expires_at <= ?1", [now])?;
    db.execute(
        "INSERT INTO sign_in_attempts (state, nonce, verifier, expires_at) VALUES (?1, ?2, ?3, ?4)",
        params![digest(&state), nonce, verifier, now.saturating_add(WAIT)],
    )?;
    Ok(Begun {
        state,
        url: url.into(),
    })
}

/// Takes out the attempt of the browser that has come back.
pub fn take(
    db: &Connection,
    provider: &Provider,
    cookie: Option<&str>,
    callback: &Callback,
    now: i64,
) -> Result<Taken, OauthError> {
    let (Some(state), Some(cookie)) = (&callback.state, cookie) else {
        return Err(OauthError::Forged);
    };
    if !bool::from(state.as_bytes().ct_eq(cookie.as_bytes())) {
        return Err(OauthError::Forged);
    }
    // Whoever takes the row out has it: there is no second answer to one attempt.
    let (nonce, verifier, expires_at): (String, String, i64) = db
        .query_row(
            "DELETE FROM sign_in_attempts WHERE state = ?1 RETURNING nonce, verifier, expires_at",
            [digest(state)],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?
        .ok_or(OauthError::Forged)?;
    if expires_at <= now {
        return Err(OauthError::Expired);
    }
    if callback.iss.as_ref() != Some(&provider.issuer) {
        return Err(OauthError::WrongIssuer);
    }
    match (callback.error.as_deref(), callback.code.as_deref()) {
        (Some("access_denied"), _) => Err(OauthError::Denied),
        (Some(_), _) | (None, None | Some("")) => Err(OauthError::Provider),
        (None, Some(code)) => Ok(Taken {
            code: code.to_owned(),
            nonce,
            verifier,
        }),
    }
}

/// A client for the token endpoint.
pub fn client(patience: Duration) -> Result<Client, OauthError> {
    Client::builder()
        .timeout(patience)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|_| OauthError::Configuration)
}

/// The part of the token endpoint's answer that we need.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Exchanges a code for an ID token.
pub async fn exchange(
    client: &Client,
    provider: &Provider,
    code: &str,
    verifier: &str,
) -> Result<String, OauthError> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", verifier),
        ("redirect_uri", &provider.redirect_uri),
        ("client_id", &provider.client_id),
        ("client_secret", &provider.client_secret),
    ];
    let request = client.post(&provider.token_url).form(&form);
    let response = request.send().await.map_err(|_| OauthError::Provider)?;
    if response.status() != StatusCode::OK {
        return Err(OauthError::Provider);
    }
    let body = body_of(response).await?;
    let tokens: Tokens = serde_json::from_slice(&body).map_err(|_| OauthError::Provider)?;
    Ok(tokens.id_token)
}

/// The body, read no further than it may be long.
async fn body_of(mut response: Response) -> Result<Vec<u8>, OauthError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| OauthError::Provider)? {
        if body.len() + chunk.len() > MOST_ANSWER {
            return Err(OauthError::Provider);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What an ID token says.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    nonce: String,
    exp: i64,
    iat: i64,
    email: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is_only(&self, client_id: &str) -> bool {
        match self {
            Self::One(name) => name == client_id,
            Self::Many(names) => matches!(names.as_slice(), [name] if name == client_id),
        }
    }
}

/// Reads an ID token, if it is right. One whose header names another algorithm than EdDSA is refused.
pub fn identity(
    provider: &Provider,
    id_token: &str,
    nonce: &str,
    now: i64,
) -> Result<Identity, OauthError> {
    let key = DecodingKey::from_ed_components(&provider.public_key)
        .map_err(|_| OauthError::Configuration)?;
    let mut rules = Validation::new(Algorithm::EdDSA);
    // The library would ask the machine's clock, and take a token for us and others.
    rules.validate_exp = false;
    rules.validate_aud = false;
    let claims = jsonwebtoken::decode::<Claims>(id_token, &key, &rules)
        .map_err(|_| OauthError::Token)?
        .claims;
    let for_us = claims.iss == provider.issuer
        && claims.aud.is_only(&provider.client_id)
        && claims.nonce == nonce;
    let in_time =
        claims.exp > now.saturating_sub(LEEWAY) && claims.iat <= now.saturating_add(LEEWAY);
    if !for_us || !in_time || claims.sub.is_empty() {
        return Err(OauthError::Token);
    }
    Ok(Identity {
        iss: claims.iss,
        sub: claims.sub,
        email: claims.email,
    })
}

/// The account of this person.
pub fn account_of(db: &mut Connection, person: &Identity) -> Result<i64, OauthError> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let linked = tx
        .query_row(
            "SELECT account FROM identities WHERE iss = ?1 AND sub = ?2",
            params![person.iss, person.sub],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(account) = linked {
        return Ok(account);
    }
    tx.execute("INSERT INTO accounts (email) VALUES (?1)", [&person.email])?;
    let account = tx.last_insert_rowid();
    tx.execute(
        "INSERT INTO identities (iss, sub, account) VALUES (?1, ?2, ?3)",
        params![person.iss, person.sub, account],
    )?;
    tx.commit()?;
    Ok(account)
}
