//! Who is asking? An argument of the handler, so that a handler without an answer does not run.
//!
//! 401 says: I do not know who you are; say it, and try again. 403 says: I know who you are, and it does not help.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::given::users::{Directory, Refusal, Role, User};

/// The token that a request brings in its header `Authorization`, as RFC 6750 has it; `None` when it brings none.
///
/// The name of the scheme may be in small or capital letters. One space or more follow, then the token: letters, digits and
/// `-._~+/`, at least one of them, and then perhaps some `=`. Nothing stands behind it, not even a space, and a tab is no space.
///
/// | `Authorization` | answer |
/// | --- | --- |
/// | `Bearer abc`, `bearer abc`, `BEARER   abc` | `Ok(Some("abc"))` |
/// | no such header | `Ok(None)` |
/// | `Basic YTpi`, `Bearerabc`, `Bearers abc` | `Ok(None)`: another scheme, and not for us |
/// | `Bearer`, `Bearer a b`, `Bearer a,b`, `Bearer =`, `Bearer a=b`, `Bearer é` | `Err(Malformed)` |
/// | what is no text | `Err(Malformed)` |
/// | two headers of this name, whatever stands in them | `Err(Malformed)` |
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let values: Vec<&HeaderValue> = headers.get_all(header::AUTHORIZATION).iter().collect();
    let value = match values.as_slice() {
        [] => return Ok(None),
        [value] => value,
        _ => return Err(Refusal::Malformed),
    };
    let value = value.to_str().map_err(|_| Refusal::Malformed)?;
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let token = rest.trim_start_matches(' ');
    if is_token(token) {
        Ok(Some(token))
    } else {
        Err(Refusal::Malformed)
    }
}

/// RFC 9110 calls it a token68.
fn is_token(text: &str) -> bool {
    let front = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !front.is_empty() && front.bytes().all(allowed)
}

/// The answer to a refusal: its status, its own text as JSON, `{"error": "…"}`, and for some a header that says how to do better.
///
/// | refusal | status | `WWW-Authenticate` |
/// | --- | --- | --- |
/// | `NoCredentials` | 401 | `Bearer realm="lantern"` |
/// | `InvalidToken` | 401 | `Bearer realm="lantern", error="invalid_token"` |
/// | `Malformed` | 400 | `Bearer realm="lantern", error="invalid_request"` |
/// | `Disabled`, `Forbidden` | 403 | none: signing in again does not help |
/// | `Broken` | 500 | none |
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, challenge) = match &self {
            Self::NoCredentials => (StatusCode::UNAUTHORIZED, Some("Bearer realm=\"lantern\"")),
            Self::InvalidToken => (
                StatusCode::UNAUTHORIZED,
                Some("Bearer realm=\"lantern\", error=\"invalid_token\""),
            ),
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                Some("Bearer realm=\"lantern\", error=\"invalid_request\""),
            ),
            Self::Disabled | Self::Forbidden => (StatusCode::FORBIDDEN, None),
            Self::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, None),
        };
        let body = Json(json!({ "error": self.to_string() }));
        let mut response = (status, body).into_response();
        if let Some(challenge) = challenge {
            let challenge = HeaderValue::from_static(challenge);
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Whoever is asking. A handler with this among its arguments runs for nobody else.
///
/// A request without a token is refused with `NoCredentials`, one whose token the directory does not know with `InvalidToken`,
/// and one whose user is disabled with `Disabled`. A directory that fails says neither yes nor no: that is `Broken`. It is
/// asked once for each request, because an account may be closed between two of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentUser(pub User);

impl<S> FromRequestParts<S> for CurrentUser
where
    Arc<dyn Directory>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers)?.ok_or(Refusal::NoCredentials)?;
        let directory: Arc<dyn Directory> = Arc::from_ref(state);
        let user = directory.user_of(token).await?;
        let user = user.ok_or(Refusal::InvalidToken)?;
        if user.disabled {
            return Err(Refusal::Disabled);
        }
        Ok(Self(user))
    }
}

/// `Option<CurrentUser>`: for a handler that also serves strangers.
///
/// `None` is for a request without a token, and for nothing else: whoever shows a token that is refused above is refused here.
impl<S> OptionalFromRequestParts<S> for CurrentUser
where
    Arc<dyn Directory>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Refusal> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(user) => Ok(Some(user)),
            Err(Refusal::NoCredentials) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}

/// Somebody who works here: every role but `Customer`. A customer is refused with `Forbidden`, and whoever is no current user
/// as above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffUser(pub User);

impl<S> FromRequestParts<S> for StaffUser
where
    Arc<dyn Directory>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let CurrentUser(user) =
            <CurrentUser as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        match user.role {
            Role::Customer => Err(Refusal::Forbidden),
            Role::Packer | Role::Bookkeeper | Role::Admin => Ok(Self(user)),
        }
    }
}
