//! What is answered in the place of a handler.

use std::error::Error;
use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Seconds after which a client may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// Why a request was not, or not wholly, carried out.
///
/// As a response it is problem details (RFC 9457). The response has the refusal as an extension as well, so that a layer
/// around [`limited`](crate::limited) can say it in the program's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 503: more requests at once than the program takes.
    Busy,
    /// 408: the body did not come in time. The connection is closed.
    SlowBody,
    /// 503: the answer did not come in time.
    SlowAnswer,
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Busy | Self::SlowAnswer => StatusCode::SERVICE_UNAVAILABLE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// One sentence for whoever asked.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Busy => "too many ask at once; please try again in a moment",
            Self::SlowBody => "the rest of the request did not come in time",
            Self::SlowAnswer => "it took too long; please try again in a moment",
        }
    }

    /// Gives `response` the headers that belong to this refusal: when to try again, or that the connection ends. For a layer
    /// that words it anew.
    pub fn mark(self, response: &mut Response) {
        let headers = response.headers_mut();
        match self {
            Self::Busy | Self::SlowAnswer => headers.insert(header::RETRY_AFTER, RETRY_AFTER),
            Self::SlowBody => headers.insert(header::CONNECTION, HeaderValue::from_static("close")),
        };
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.detail())
    }
}

impl Error for Refusal {}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let problem = serde_json::json!({
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.detail(),
        });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, problem.to_string()).into_response();
        self.mark(&mut response);
        response.extensions_mut().insert(self);
        response
    }
}
