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

/// The challenge for a verifier, by PKCE's method S256 (RFC 7636): the SHA-256 of its text, in base64url without padding.
///
/// | verifier | challenge |
/// | --- | --- |
/// | `dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk` | `E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM` |
pub fn challenge(verifier: &str) -> String {
    todo!("hash the text, encode the bytes")
}

/// Begins an attempt: three secrets, a row, and the address to which the browser goes.
///
/// `state`, `nonce` and `verifier` are 32 random bytes each, drawn for themselves, in base64url without padding. The row keeps the
/// [`digest`] of the state, the other two as they are, and `expires_at`, [`WAIT`] after `now`. Rows that have expired at `now` are
/// removed, so that the table does not grow with everybody who turns back. Without random bytes nothing is stored.
///
/// The address is `authorize_url` and, added to whatever query it has, percent-encoded:
///
/// | parameter | value |
/// | --- | --- |
/// | `response_type` | `code` |
/// | `client_id`, `redirect_uri` | the provider's settings |
/// | `scope` | `openid email` |
/// | `state`, `nonce` | the secrets |
/// | `code_challenge` | [`challenge`] of the verifier |
/// | `code_challenge_method` | `S256` |
///
/// # Errors
///
/// `Configuration`, when `authorize_url` is no address.
pub fn begin(
    db: &Connection,
    entropy: &dyn Entropy,
    provider: &Provider,
    now: i64,
) -> Result<Begun, OauthError> {
    todo!("draw, store, and let `Url` put the address together")
}

/// Takes out the attempt of the browser that has come back. `cookie` is the value of its cookie.
///
/// The first row that fits counts:
///
/// | what | answer | the attempt |
/// | --- | --- | --- |
/// | no `state`, no cookie, or the two are not equal (in constant time) | `Forged` | stays: it may be somebody else's |
/// | there is none of this state, or it was taken before | `Forged` | |
/// | its `expires_at` is `now` or earlier | `Expired` | is gone |
/// | no `iss`, or not exactly the provider's issuer (RFC 9207) | `WrongIssuer` | is gone |
/// | `error` is `access_denied` | `Denied` | is gone |
/// | another `error`, or no `code`, or an empty one | `Provider` | is gone |
/// | none of these | what is needed to go on | is gone |
///
/// Of two callbacks at the same moment one gets it.
pub fn take(
    db: &Connection,
    provider: &Provider,
    cookie: Option<&str>,
    callback: &Callback,
    now: i64,
) -> Result<Taken, OauthError> {
    todo!("compare, take the row out and read it in one statement, and look at the answer then")
}

/// A client for the token endpoint.
///
/// `patience` limits the whole exchange, from the connection to the end of the body. Redirects are not followed: our secret goes
/// to the agreed address and nowhere else. The machine's proxy settings do not count.
pub fn client(patience: Duration) -> Result<Client, OauthError> {
    todo!("a builder with three settings")
}

/// Exchanges a code for an ID token: a POST to `token_url`, with a form.
///
/// | field | value |
/// | --- | --- |
/// | `grant_type` | `authorization_code` |
/// | `code`, `code_verifier` | as given |
/// | `redirect_uri`, `client_id`, `client_secret` | the provider's settings |
///
/// The answer is right if its status is 200 and its body JSON with the text `id_token`, in at most [`MOST_ANSWER`] bytes. No more than
/// that is read. Other fields do not matter, and what a list in the place of an object means is left to your library.
///
/// # Errors
///
/// `Provider`, for every other answer and for none, and when `token_url` is no address.
pub async fn exchange(
    client: &Client,
    provider: &Provider,
    code: &str,
    verifier: &str,
) -> Result<String, OauthError> {
    todo!("send the form, look at the status, read chunk by chunk, parse")
}

/// Reads an ID token, if it is right.
///
/// | what | is right if |
/// | --- | --- |
/// | algorithm | the header says `EdDSA`: a token that names another one is refused, however it is signed |
/// | signature | it is one of `EdDSA`, by the provider's `public_key` |
/// | `iss` | it is exactly the provider's issuer |
/// | `aud` | it is our `client_id`, alone: as a text, or as a list of this one |
/// | `nonce` | it is `nonce` |
/// | `exp` | it is later than `now` less [`LEEWAY`] |
/// | `iat` | it is not later than `now` and [`LEEWAY`] |
/// | `sub` | it is a text, and not empty |
///
/// All of these must be there. `email` may be missing.
///
/// # Errors
///
/// `Token`, when any of this is wrong; `Configuration`, when the provider's key is none.
pub fn identity(
    provider: &Provider,
    id_token: &str,
    nonce: &str,
    now: i64,
) -> Result<Identity, OauthError> {
    todo!("a key, rules for the library, and the claims that it does not know")
}

/// The account of this person: the one that is linked to this `iss` and this `sub`, or a new one with their email as an address to
/// write to.
///
/// An account that is there stays as it is, with its email.
///
/// An email links nothing: whoever may write one into his profile there would get into the account of its owner here. Of two first
/// sign-ins at the same moment one makes the account, and both get it.
pub fn account_of(db: &mut Connection, person: &Identity) -> Result<i64, OauthError> {
    todo!("look, and if there is none make an account and the link: as one step")
}
