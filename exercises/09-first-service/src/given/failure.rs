//! Every way in which a request can fail, and for whom the answer is.

use std::error::Error;
use std::sync::Arc;

use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::wishes::{FieldError, Refused, StoreError};

/// For whom an answer is: a program reads JSON, a person reads a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Program,
    Person,
}

/// Every way in which a request can fail.
///
/// A handler returns it with `?`. It does not say how it looks from outside: around all handlers stands one place that asks
/// the milestone `errors` for the answer.
#[derive(Debug)]
pub enum Failure {
    /// There is no such page, or no such wish: `what` says which.
    NotFound { what: &'static str },
    /// The address is there, but does not take this method.
    WrongMethod,
    /// axum refused the body, with this status and these words.
    Body { status: StatusCode, said: String },
    /// Fields that need another look: all of them.
    Invalid(Vec<FieldError>),
    /// The step is not possible.
    Refused(Refused),
    /// A wish of this title is on the list.
    Duplicate,
    /// The list is full.
    Full,
    /// More requests at once than the service takes.
    Busy,
    /// It took longer than the service lets a request take.
    TooSlow,
    /// Something of ours is broken.
    Broken(Box<dyn Error + Send + Sync>),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing => Self::NotFound { what: "wish" },
            StoreError::Duplicate => Self::Duplicate,
            StoreError::Full => Self::Full,
            StoreError::Refused(refused) => Self::Refused(refused),
            StoreError::Newer | StoreError::Broken(_) => Self::Broken(Box::new(error)),
        }
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        let (status, said) = (rejection.status(), rejection.body_text());
        Self::Body { status, said }
    }
}

impl From<FormRejection> for Failure {
    fn from(rejection: FormRejection) -> Self {
        let (status, said) = (rejection.status(), rejection.body_text());
        Self::Body { status, said }
    }
}

/// The failure travels as an extension; the place around all handlers makes the answer of it.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
