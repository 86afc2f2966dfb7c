//! The one error type of the service, in the specification's form: `{"errors": {"<what>": ["<text>"]}}`.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A refusal or a failure, ready to be sent. Whichever it is, its transaction is rolled back. The cause of a 5xx goes to the
/// log, and nothing of it to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    errors: BTreeMap<String, Vec<String>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Body<'a> {
    errors: &'a BTreeMap<String, Vec<String>>,
}

impl Problem {
    /// A status, what it is about, and a text.
    #[must_use]
    pub fn new(status: StatusCode, what: &str, text: &str) -> Self {
        Self {
            status,
            errors: BTreeMap::from([(what.to_owned(), vec![text.to_owned()])]),
            headers: Vec::new(),
        }
    }

    /// A status and everything that is wrong: pairs of what and text. The texts of one `what` keep their order.
    #[must_use]
    pub fn with_errors(status: StatusCode, all: &[(&str, &str)]) -> Self {
        let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (what, text) in all {
            let texts = errors.entry((*what).to_owned()).or_default();
            texts.push((*text).to_owned());
        }
        Self {
            status,
            errors,
            headers: Vec::new(),
        }
    }

    /// 422 with everything that is wrong with the request's fields: pairs of field and text.
    ///
    /// ```text
    /// Problem::invalid(&[("title", "can't be blank"), ("body", "can't be blank")])
    /// ```
    #[must_use]
    pub fn invalid(errors: &[(&str, &str)]) -> Self {
        Self::with_errors(StatusCode::UNPROCESSABLE_ENTITY, errors)
    }

    /// 409 with the fields whose value another user has: `has already been taken`.
    #[must_use]
    pub fn taken(fields: &[&str]) -> Self {
        let errors: Vec<(&str, &str)> = fields.iter().map(|field| (*field, TAKEN)).collect();
        Self::with_errors(StatusCode::CONFLICT, &errors)
    }

    /// 401 for a request without a token where one is needed.
    #[must_use]
    pub fn token_is_missing() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "token", "is missing")
    }

    /// 401 for a token that is not accepted, whatever the reason.
    #[must_use]
    pub fn token_is_invalid() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "token", "is invalid")
    }

    /// 401 for a login that did not succeed, whatever the reason.
    #[must_use]
    pub fn invalid_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "credentials", "invalid")
    }

    /// 404: `what` is `article`, `profile` or `comment`.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, what, "not found")
    }

    /// 403: `what`, an `article` or a `comment`, is somebody else's.
    #[must_use]
    pub fn forbidden(what: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, what, "forbidden")
    }

    /// 503: too many requests wait already. Nothing was done; Retry-After says when to come again.
    #[must_use]
    pub fn busy(seconds: i64) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "service",
            "is busy, please come again in a moment",
        );
        problem
            .headers
            .push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        problem
    }

    /// 500. `cause` goes to the log (in tests to standard error); the client learns only that something went wrong.
    #[must_use]
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        serve::broken(cause);
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "service",
            "has failed; it is not your fault",
        )
    }

    /// 501: a milestone that is not written yet.
    #[must_use]
    pub fn unwritten(nudge: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "milestone",
            &format!("is not written yet ({nudge})"),
        )
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong: for each `what` its texts.
    #[must_use]
    pub fn errors(&self) -> &BTreeMap<String, Vec<String>> {
        &self.errors
    }
}

/// What a required text that is empty is told.
pub const BLANK: &str = "can't be blank";
/// What a field is told that holds something else than the document says.
pub const INVALID: &str = "is invalid";
/// What a name or an address is told that another user has.
pub const TAKEN: &str = "has already been taken";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            errors: &self.errors,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Token"));
        }
        headers.extend(self.headers.iter().cloned());
        response.extensions_mut().insert(Worded);
        response
    }
}

/// Among the extensions of an answer: it has the service's own form already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worded;

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(&error)
    }
}
