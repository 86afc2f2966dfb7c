//! What can go wrong in a handler, and its answer.

use std::error::Error;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;
use serve::Cause;

use crate::given::orders::OwnershipError;
use crate::given::passwords::{PasswordError, SignInError, Weakness};
use crate::given::roles::RoleError;
use crate::given::sessions::SessionError;
use crate::refresh::RefreshError;
use crate::tokens::TokenError;
use crate::totp::TotpError;
use crate::validation::{Fault, FieldError};

/// Every way in which a handler can fail. A handler returns it with `?`.
#[derive(Debug)]
pub enum Failure {
    /// The client's doing, in our words.
    Refused(StatusCode, &'static str),
    /// axum could not read the body.
    Body(StatusCode, String),
    /// Fields that need another look.
    Fields(Vec<FieldError>),
    /// It is somebody else's, or was never there.
    Ownership(OwnershipError),
    /// Something of ours is broken.
    Broken(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// 404
    pub const MISSING: Self = Self::Ownership(OwnershipError::Missing);
    /// 401, whichever of the two is wrong.
    pub const WRONG: Self = Self::Refused(StatusCode::UNAUTHORIZED, "email or password is wrong");
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(status, said) => error(status, said),
            Self::Body(status, said) => error(status, &said),
            Self::Fields(errors) => {
                let fields: serde_json::Map<String, serde_json::Value> = errors
                    .iter()
                    .map(|error| (error.field.to_owned(), fault(error.fault).into()))
                    .collect();
                let body = json!({ "error": "some fields need another look", "fields": fields });
                (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
            }
            Self::Ownership(OwnershipError::Broken(error)) => broken(&error),
            Self::Ownership(error) => error.into_response(),
            Self::Broken(error) => broken(&*error),
        }
    }
}

fn error(status: StatusCode, said: &str) -> Response {
    (status, Json(json!({ "error": said }))).into_response()
}

/// 500 for the client; the whole chain of causes for the log.
pub fn broken(cause: &(dyn Error + 'static)) -> Response {
    let mut chain = cause.to_string();
    let mut source = cause.source();
    while let Some(inner) = source {
        chain = format!("{chain}: {inner}");
        source = inner.source();
    }
    let mut response = error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "something went wrong on our side",
    );
    response.extensions_mut().insert(Cause(chain));
    response
}

fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Missing => "there is nothing in it",
        Fault::TooShort => "12 characters or more, please",
        Fault::TooLong => "it is too long",
        Fault::Characters => "it holds a character that has no place in it",
        Fault::Shape => "this is no email address",
        Fault::Guessable => "whoever knows the account can guess it",
    }
}

impl From<Weakness> for Failure {
    fn from(weakness: Weakness) -> Self {
        let said = match weakness {
            Weakness::TooShort => "a password has 12 characters or more",
            Weakness::TooLong => "a password has 512 bytes at most",
            Weakness::Common => "everybody tries this password first",
        };
        Self::Refused(StatusCode::UNPROCESSABLE_ENTITY, said)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(Box::new(error))
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Self::Broken(Box::new(error))
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::Broken(Box::new(error))
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::Broken(Box::new(error))
    }
}

impl From<OwnershipError> for Failure {
    fn from(error: OwnershipError) -> Self {
        Self::Ownership(error)
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => Self::WRONG,
            SignInError::Broken(error) => Self::Broken(error),
        }
    }
}

impl From<RefreshError> for Failure {
    fn from(error: RefreshError) -> Self {
        match error {
            // The client is not told which of the two it was.
            RefreshError::Invalid | RefreshError::Reused => Self::Refused(
                StatusCode::UNAUTHORIZED,
                "the refresh token is worth nothing; sign in again",
            ),
            error => Self::Broken(Box::new(error)),
        }
    }
}

impl From<TotpError> for Failure {
    fn from(error: TotpError) -> Self {
        match error {
            TotpError::AlreadyOn => {
                Self::Refused(StatusCode::CONFLICT, "the second factor is on already")
            }
            error => Self::Broken(Box::new(error)),
        }
    }
}

impl From<RoleError> for Failure {
    fn from(error: RoleError) -> Self {
        match error {
            RoleError::NotAllowed => {
                Self::Refused(StatusCode::FORBIDDEN, "only admins decide who is what")
            }
            RoleError::OwnRole => Self::Refused(
                StatusCode::CONFLICT,
                "nobody decides what they are themselves",
            ),
            RoleError::Missing => Self::Refused(StatusCode::NOT_FOUND, "there is no such user"),
            RoleError::Broken(error) => Self::Broken(Box::new(error)),
        }
    }
}

/// A body of JSON.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

fn refused(rejection: &JsonRejection) -> Failure {
    Failure::Body(rejection.status(), rejection.body_text())
}

/// The numbers in the path. What is no number is the id of nothing: 404.
#[derive(Debug)]
pub struct Ids<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Ids<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(_) => Err(Failure::MISSING),
        }
    }
}
