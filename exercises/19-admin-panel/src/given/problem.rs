//! The one error type of the service: an RFC 9457 problem with a stable `code`.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// A sentence for the person who filled it in.
    pub message: String,
}

impl FieldError {
    /// Says what is wrong with `field`.
    #[must_use]
    pub fn new(field: &str, message: &str) -> Self {
        Self {
            field: field.to_owned(),
            message: message.to_owned(),
        }
    }
}

/// A refusal or a failure, ready to be sent.
///
/// A 4xx is an answer like any other, and what the request recorded is kept. A 5xx is a failure: its transaction is
/// rolled back, its cause goes to the log, and nothing of it to the client.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: &'a Vec<FieldError>,
}

impl Problem {
    /// A problem with a status, a code for programs and a sentence for people.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: &str) -> Self {
        Self {
            status,
            code,
            detail: detail.to_owned(),
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// 400 with a code of its own, for example `invalid_token`.
    #[must_use]
    pub fn bad_request(code: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401 with a code of its own, for example `invalid_credentials`.
    #[must_use]
    pub fn unauthorized(code: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 401 for a request whose bearer token or cookie is missing or not accepted.
    #[must_use]
    pub fn not_signed_in() -> Self {
        Self::unauthorized("not_signed_in", "This needs a valid access token.")
    }

    /// 401 for a sign-in that did not succeed, whatever the reason.
    #[must_use]
    pub fn invalid_credentials() -> Self {
        Self::unauthorized("invalid_credentials", "Email, password or code is wrong.")
    }

    /// 422 with every field's error.
    #[must_use]
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_fields",
                "Some fields were not accepted.",
            )
        }
    }

    /// The same problem with what is wrong with single fields.
    #[must_use]
    pub fn with_errors(self, errors: Vec<FieldError>) -> Self {
        Self { errors, ..self }
    }

    /// 429: attempts are refused for `seconds`, which the header Retry-After says.
    #[must_use]
    pub fn locked(seconds: i64) -> Self {
        let mut problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "locked",
            "Too many attempts. Wait before the next one.",
        );
        problem
            .headers
            .push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        problem
    }

    /// 503: too many requests wait already. Nothing was done; Retry-After says when to come again.
    #[must_use]
    pub fn busy(seconds: i64) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Too many people are here at once.",
        );
        problem
            .headers
            .push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        problem
    }

    /// 403 for somebody who is known and may not do this.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "You may not do this.")
    }

    /// 403 for handing out what one does not have.
    #[must_use]
    pub fn beyond_your_rights() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "beyond_your_rights",
            "This role can do more than you can, or in other places.",
        )
    }

    /// 409 with a code of its own.
    #[must_use]
    pub fn conflict(code: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 409 for what would leave the shop without an administrator.
    #[must_use]
    pub fn last_administrator() -> Self {
        Self::conflict(
            "last_administrator",
            "Somebody must be left who can do everything.",
        )
    }

    /// 404, also for what exists but belongs to somebody else.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing at this address.",
        )
    }

    /// 500. `cause` goes to the log (in tests to standard error); the client learns only that something went wrong.
    #[must_use]
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        serve::broken(cause);
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side.",
        )
    }

    /// 501: a milestone that is not written yet.
    #[must_use]
    pub fn unwritten(nudge: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "milestone_unwritten",
            &format!("This milestone is not written yet ({nudge})."),
        )
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code of the answer, for example `invalid_credentials`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Every field's error, for a 422.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }
}

impl IntoResponse for Problem {
    /// The problem itself goes with the response, for whoever tells it in another way (`program/pages/errors.rs`).
    fn into_response(self) -> Response {
        let body = Body {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            errors: &self.errors,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        headers.extend(self.headers.iter().cloned());
        response.extensions_mut().insert(self);
        response
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(&error)
    }
}
