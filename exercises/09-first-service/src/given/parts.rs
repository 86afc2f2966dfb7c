//! The milestones as values: a service is made of its parts, and a test can put a stand-in in the place of each.

use std::fmt;
use std::sync::Arc;

use axum::response::Response;

use super::failure::{Audience, Failure};
use super::wishes::{
    Draft, FieldError, NewWish, PriceError, Refused, State, Step, Store, StoreError, Wish,
};

/// Reads a price.
pub type ParseCents = fn(&str) -> Result<u32, PriceError>;

/// The milestone `model`.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    pub parse_cents: ParseCents,
    pub show_cents: fn(u64) -> String,
    pub after: fn(&State, Step, &str) -> Result<State, Refused>,
    pub sort: fn(&mut [Wish]),
    pub open_cents: fn(&[Wish]) -> u64,
}

/// The milestone `errors`.
#[derive(Debug, Clone, Copy)]
pub struct Errors {
    pub audience: fn(&str, Option<&str>) -> Audience,
    pub answer: fn(&Failure, Audience, &str) -> Response,
    pub report: fn(&Failure) -> Option<String>,
}

/// What the service is made of. A clone is the same service.
#[derive(Clone)]
pub struct Parts {
    /// What stands above the list.
    pub title: Arc<str>,
    pub model: Model,
    pub store: Arc<dyn Store>,
    /// The milestone `validation`.
    pub check: fn(&Draft, ParseCents) -> Result<NewWish, Vec<FieldError>>,
    pub errors: Errors,
}

impl Parts {
    /// Asks the store, on a thread that may wait for the disk.
    ///
    /// # Errors
    ///
    /// What the store says, as a [`Failure`].
    pub async fn ask<T, F>(&self, question: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        let asked = tokio::task::spawn_blocking(move || question(&*store)).await;
        match asked {
            Ok(answer) => Ok(answer?),
            // It panicked: the message stands in the log, with the failure of this request.
            Err(error) => Err(Failure::Broken(Box::new(error))),
        }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("title", &self.title)
            .finish_non_exhaustive()
    }
}
