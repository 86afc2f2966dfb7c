//! Who asks: a partner of Lantern, known by a secret token.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts as Head;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::refusal::refusal;

/// The partners and the hashes of their tokens. A clone is the same list.
#[derive(Debug, Clone)]
pub struct Partners {
    known: Arc<[(String, [u8; 32])]>,
}

impl Partners {
    /// Pairs of a name and a token. The token itself is not kept.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let known = pairs
            .into_iter()
            .map(|(name, token)| (name.to_owned(), Sha256::digest(token).into()))
            .collect();
        Self { known }
    }

    /// Whose token it is. The comparison takes as long for a wrong token as for a right one.
    fn find(&self, token: &str) -> Option<&str> {
        let given: [u8; 32] = Sha256::digest(token).into();
        let mut found = None;
        for (name, known) in self.known.iter() {
            if bool::from(known.ct_eq(&given)) {
                found = Some(name.as_str());
            }
        }
        found
    }
}

/// The partner whose token came in `Authorization: Bearer …`. Without one the answer is 401.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner(pub String);

impl<S> FromRequestParts<S> for Partner
where
    S: Send + Sync,
    Partners: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(head: &mut Head, state: &S) -> Result<Self, Response> {
        let token = head
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.strip_prefix("Bearer "));
        match token.and_then(|token| Partners::from_ref(state).find(token).map(str::to_owned)) {
            Some(name) => Ok(Self(name)),
            None => {
                let detail = "send the token of a partner as Authorization: Bearer TOKEN";
                let mut response = refusal(StatusCode::UNAUTHORIZED, detail);
                let bearer = HeaderValue::from_static("Bearer");
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, bearer);
                Err(response)
            }
        }
    }
}
