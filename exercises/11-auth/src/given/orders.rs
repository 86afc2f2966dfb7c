//! The words of the exercise `ownership`: orders, which are their owners' business, and reviews, which everybody can read.

use std::error::Error;
use std::fmt;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Open,
    Cancelled,
    Shipped,
}

impl State {
    /// The state of a word in the table.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "open" => Some(Self::Open),
            "cancelled" => Some(Self::Cancelled),
            "shipped" => Some(Self::Shipped),
            _ => None,
        }
    }
}

/// An order with its lines, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    pub id: i64,
    pub state: State,
    pub lines: Vec<Line>,
}

/// So many copies of a book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub id: i64,
    pub title: String,
    pub copies: u8,
}

/// Why it does not happen.
#[derive(Debug)]
pub enum OwnershipError {
    /// 404: there is no such thing, or none that this user may know of. Nobody is told which.
    Missing,
    /// 403: everybody can see it, and it is somebody else's.
    NotYours,
    /// 409: the order is theirs, and it is too late.
    NotOpen,
    /// 422: it cannot go to somebody who is not there.
    NoSuchUser,
    /// 500
    Broken(rusqlite::Error),
}

impl fmt::Display for OwnershipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is no such thing",
            Self::NotYours => "this is somebody else's",
            Self::NotOpen => "this order is not open any more",
            Self::NoSuchUser => "there is no such user",
            Self::Broken(_) => "something went wrong on our side",
        })
    }
}

impl Error for OwnershipError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for OwnershipError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

impl IntoResponse for OwnershipError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Missing => StatusCode::NOT_FOUND,
            Self::NotYours => StatusCode::FORBIDDEN,
            Self::NotOpen => StatusCode::CONFLICT,
            Self::NoSuchUser => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}
