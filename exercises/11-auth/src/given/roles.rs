//! The words of the exercise `roles`: who may do what, and where.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::users::Role;

/// What somebody may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    ReadOrders,
    Ship,
    Refund,
    ManageRoles,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::ReadOrders,
        Self::Ship,
        Self::Refund,
        Self::ManageRoles,
    ];
}

/// For whom a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// For everybody, and nobody is asked who they are.
    Public,
    /// For everybody who has signed in.
    SignedIn,
    /// For those whose role has this permission.
    Needs(Permission),
}

/// A line of the table of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `GET`, `POST` and so on.
    pub method: &'static str,
    /// The route as it was declared: `/orders/{id}`, and not `/orders/7`.
    pub route: &'static str,
    pub access: Access,
}

impl Rule {
    /// A line of the table.
    #[must_use]
    pub const fn new(method: &'static str, route: &'static str, access: Access) -> Self {
        Self {
            method,
            route,
            access,
        }
    }
}

/// Whose request it is. Whoever recognises the user puts it into the request's extensions; there is none in a stranger's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserId(pub i64);

/// What somebody's role will have turned out to be: `None` when there is no such user (any more).
pub type RoleFound<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Role>, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

/// Knows what everybody is at this moment.
pub trait Roles: Send + Sync {
    /// Asks for the role of a user.
    fn role_of(&self, user: i64) -> RoleFound<'_>;
}

/// What the guard at the door goes by. A clone is the same guard.
#[derive(Clone)]
pub struct Guard {
    pub rules: &'static [Rule],
    pub roles: Arc<dyn Roles>,
}

/// Why a request does not come through.
#[derive(Debug)]
pub enum Denied {
    /// 401
    NotSignedIn,
    /// 403
    Forbidden,
    /// 500
    Broken(Box<dyn Error + Send + Sync>),
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let (status, said) = match self {
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "sign in first"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "this is not for you"),
            Self::Broken(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "something went wrong on our side",
            ),
        };
        let mut response = (status, Json(json!({ "error": said }))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"lantern\"");
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Why a role stays as it is.
#[derive(Debug)]
pub enum RoleError {
    /// Whoever asks is no admin, or not any more.
    NotAllowed,
    /// Nobody decides what they are themselves.
    OwnRole,
    /// There is no such user.
    Missing,
    /// The table failed.
    Broken(rusqlite::Error),
}

impl fmt::Display for RoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAllowed => "only admins decide who is what",
            Self::OwnRole => "nobody decides what they are themselves",
            Self::Missing => "there is no such user",
            Self::Broken(_) => "something went wrong on our side",
        })
    }
}

impl Error for RoleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for RoleError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}
