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
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Deserialize;
use serde_json::Value;
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
    let mut hash = Sha256::new();
    hash.update(verifier);
    BASE64URL_NOPAD.encode(&hash.finalize())
}

/// Begins an attempt; the old ones go last.
pub fn begin(
    db: &Connection,
    entropy: &dyn Entropy,
    provider: &Provider,
    now: i64,
) -> Result<Begun, OauthError> {
    let mut secrets = Vec::new();
    for _ in 0..3 {
        let bytes: [u8; 32] = draw(entropy)?;
        secrets.push(BASE64URL_NOPAD.encode(&bytes));
    }
    let [verifier, nonce, state] = secrets.as_slice() else {
        return Err(OauthError::Unfinished);
    };
    let challenge = challenge(verifier);
    let url = Url::parse_with_params(
        &provider.authorize_url,
        [
            ("client_id", provider.client_id.as_str()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("nonce", nonce),
            ("redirect_uri", &provider.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid email"),
            ("state", state),
        ],
    )
    .map_err(|_| OauthError::Configuration)?;
    let tx = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    tx.execute(
        "INSERT INTO sign_in_attempts VALUES (?1, ?2, ?3, ?4)",
        params![digest(state), nonce, verifier, now + WAIT],
    )?;
    tx.execute("DELETE FROM sign_in_attempts WHERE expires_at <= ?1", [now])?;
    tx.commit()?;
    Ok(Begun {
        state: state.clone(),
        url: url.to_string(),
    })
}

/// Takes out the attempt: reads it and removes it in one transaction.
pub fn take(
    db: &Connection,
    provider: &Provider,
    cookie: Option<&str>,
    callback: &Callback,
    now: i64,
) -> Result<Taken, OauthError> {
    let state = callback.state.as_deref().unwrap_or_default();
    let same: bool = digest(state)
        .as_bytes()
        .ct_eq(digest(cookie.unwrap_or_default()).as_bytes())
        .into();
    if state.is_empty() || !same {
        return Err(OauthError::Forged);
    }
    let tx = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    let row: Option<(String, String, i64)> = tx
        .query_row(
            "SELECT nonce, verifier, expires_at FROM sign_in_attempts WHERE state = ?1",
            [digest(state)],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    tx.execute(
        "DELETE FROM sign_in_attempts WHERE state = ?1",
        [digest(state)],
    )?;
    tx.commit()?;
    let Some((nonce, verifier, expires_at)) = row else {
        return Err(OauthError::Forged);
    };
    if now >= expires_at {
        return Err(OauthError::Expired);
    }
    if callback.iss.as_deref() != Some(provider.issuer.as_str()) {
        return Err(OauthError::WrongIssuer);
    }
    match &callback.error {
        Some(error) if error == "access_denied" => return Err(OauthError::Denied),
        Some(_) => return Err(OauthError::Provider),
        None => {}
    }
    let code = callback.code.clone().filter(|code| !code.is_empty());
    Ok(Taken {
        code: code.ok_or(OauthError::Provider)?,
        nonce,
        verifier,
    })
}

/// A client for the token endpoint.
pub fn client(patience: Duration) -> Result<Client, OauthError> {
    let built = Client::builder()
        .connect_timeout(patience)
        .read_timeout(patience)
        .timeout(patience)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build();
    built.map_err(|_| OauthError::Configuration)
}

/// Exchanges a code for an ID token; whatever goes wrong is the provider's fault.
pub async fn exchange(
    client: &Client,
    provider: &Provider,
    code: &str,
    verifier: &str,
) -> Result<String, OauthError> {
    let answer = ask(client, provider, code, verifier).await;
    let body = answer.ok().flatten().ok_or(OauthError::Provider)?;
    let value: Value = serde_json::from_slice(&body).map_err(|_| OauthError::Provider)?;
    match &value["id_token"] {
        Value::String(token) => Ok(token.clone()),
        _ => Err(OauthError::Provider),
    }
}

/// The body of a right answer; `None` for a wrong one.
async fn ask(
    client: &Client,
    provider: &Provider,
    code: &str,
    verifier: &str,
) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let form = vec![
        ("client_id", provider.client_id.clone()),
        ("client_secret", provider.client_secret.clone()),
        ("redirect_uri", provider.redirect_uri.clone()),
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.to_owned()),
        ("code_verifier", verifier.to_owned()),
    ];
    let mut response: Response = client.post(&provider.token_url).form(&form).send().await?;
    if response.status() != StatusCode::OK {
        return Ok(None);
    }
    let mut left = MOST_ANSWER;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return Ok(None),
        }
        body.extend(chunk);
    }
    Ok(Some(body))
}

/// Reads an ID token, claim by claim.
pub fn identity(
    provider: &Provider,
    id_token: &str,
    nonce: &str,
    now: i64,
) -> Result<Identity, OauthError> {
    let key = DecodingKey::from_ed_components(&provider.public_key)
        .map_err(|_| OauthError::Configuration)?;
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_aud = false;
    let claims = jsonwebtoken::decode::<Value>(id_token, &key, &rules)
        .map_err(|_| OauthError::Token)?
        .claims;
    right(provider, &claims, nonce, now).ok_or(OauthError::Token)
}

fn right(provider: &Provider, claims: &Value, nonce: &str, now: i64) -> Option<Identity> {
    let iss = claims["iss"]
        .as_str()
        .filter(|iss| *iss == provider.issuer)?;
    let audience = match &claims["aud"] {
        Value::Array(names) if names.len() == 1 => names[0].as_str()?,
        other => other.as_str()?,
    };
    let sub = claims["sub"].as_str().filter(|sub| !sub.is_empty())?;
    let (exp, iat) = (claims["exp"].as_i64()?, claims["iat"].as_i64()?);
    let in_time = i128::from(now) < i128::from(exp) + i128::from(LEEWAY)
        && i128::from(iat) <= i128::from(now) + i128::from(LEEWAY);
    let for_us = audience == provider.client_id && claims["nonce"].as_str()? == nonce;
    (in_time && for_us).then(|| Identity {
        iss: iss.to_owned(),
        sub: sub.to_owned(),
        email: claims["email"].as_str().map(str::to_owned),
    })
}

/// Makes account and link; where there is a link already, takes both back and looks.
pub fn account_of(db: &mut Connection, person: &Identity) -> Result<i64, OauthError> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let account: i64 = tx.query_row(
        "INSERT INTO accounts (email) VALUES (?1) RETURNING id",
        [&person.email],
        |row| row.get(0),
    )?;
    let linked = tx.execute(
        "INSERT INTO identities (iss, sub, account) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![person.iss, person.sub, account],
    )?;
    if linked == 1 {
        tx.commit()?;
        return Ok(account);
    }
    tx.rollback()?;
    let account = db.query_row(
        "SELECT account FROM identities WHERE iss = ?1 AND sub = ?2",
        params![person.iss, person.sub],
        |row| row.get(0),
    )?;
    Ok(account)
}
