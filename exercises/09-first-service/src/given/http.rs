//! What handlers take from a request.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts as Head;

use super::failure::Failure;

/// The `{id}` of the path. What is no number is the id of no wish: 404, as for a number that is no wish's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, state: &S) -> Result<Self, Failure> {
        match Path::<i64>::from_request_parts(head, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Failure::NotFound { what: "wish" }),
        }
    }
}
