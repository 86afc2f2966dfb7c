//! Forms that other sites cannot send.
//!
//! Every form carries a token that only our own pages know: a MAC over a random cookie of this browser and over its
//! session. Another site can make a browser send a form, cookies and all, but it can read neither cookie nor token.

use axum::http::{HeaderMap, HeaderValue};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::given::app::App;
use crate::given::extract::{SESSION_COOKIE, cookie};
use crate::given::problem::Problem;
use crate::given::tokens::Token;

const CSRF_COOKIE: &str = "__Host-csrf";

/// What one visit's forms carry and must carry.
pub(super) struct Guard {
    token: String,
    /// What forms carry that were made before the keys were renewed.
    older: Vec<String>,
    new_cookie: Option<HeaderValue>,
    same_site: bool,
}

impl Guard {
    /// Reads the browser's cookies; a browser without one is given a fresh one.
    pub(super) fn new(app: &App, headers: &HeaderMap) -> Result<Self, Problem> {
        let (value, new_cookie) = match cookie(headers, CSRF_COOKIE) {
            Some(value) => (value, None),
            None => {
                let token = Token::generate()?;
                let line = format!(
                    "{CSRF_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax",
                    token.text()
                );
                let line =
                    HeaderValue::from_str(&line).map_err(|error| Problem::internal(&error))?;
                (token.text().to_owned(), Some(line))
            }
        };
        let session = cookie(headers, SESSION_COOKIE).unwrap_or_default();
        let keys = app.keys();
        let of = |kid: &str| {
            let secret = keys.secrets.get(kid).map(Vec::as_slice);
            mac(secret.unwrap_or_default(), &value, &session)
        };
        let older = keys.secrets.keys().filter(|kid| **kid != keys.current);
        Ok(Self {
            token: of(&keys.current)?,
            older: older.map(|kid| of(kid)).collect::<Result<_, _>>()?,
            new_cookie,
            same_site: same_site(headers),
        })
    }

    /// For the hidden field of every form.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// For a browser that had no cookie yet.
    pub(super) fn new_cookie(&self) -> Option<HeaderValue> {
        self.new_cookie.clone()
    }

    /// Whether a form with this token in its hidden field comes from one of our pages in this browser.
    pub(super) fn accepts(&self, token: &str) -> bool {
        let mut ours = self.older.iter().chain([&self.token]);
        let equal = ours.any(|one| one.as_bytes().ct_eq(token.as_bytes()).into());
        // A fresh cookie means that the browser sent none: then no page of ours can have made the form.
        equal && self.new_cookie.is_none() && self.same_site
    }
}

/// Browsers say themselves whether another site made them send the request.
fn same_site(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_none_or(|value| value == "same-origin" || value == "none")
}

fn mac(secret: &[u8], value: &str, session: &str) -> Result<String, Problem> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret).map_err(|error| Problem::internal(&error))?;
    // The first word keeps these MACs apart from the signatures of access tokens, which have the same key.
    for part in ["form", value, session] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    Ok(HEXLOWER.encode(&mac.finalize().into_bytes()))
}
