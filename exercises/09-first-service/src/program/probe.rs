//! Which milestones are written? Each is tried; what panics with `todo!()` is not, and a stand-in takes its place.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::{written_errors, written_model};
use crate::given::failure::{Audience, Failure};
use crate::given::parts::{Model, Parts};
use crate::given::standins;
use crate::given::wishes::{Draft, State, Step};
use crate::storage::SqliteStore;
use crate::{errors, routes, validation};

/// The parts of the running program, and the milestones in whose place a stand-in stands.
#[derive(Debug)]
pub struct Found {
    pub parts: Parts,
    pub desk: Router<Parts>,
    pub unwritten: Vec<&'static str>,
}

/// Tries all milestones but `configuration`, which the start itself tries.
///
/// # Errors
///
/// A sentence, when the database cannot be opened.
pub async fn found(title: &str, database: &Path) -> Result<Found, String> {
    let usual = take_hook();
    // A `todo!()` is what is looked for here: no word about it.
    set_hook(Box::new(|_| {}));
    let found = try_all(title, database).await;
    set_hook(usual);
    found
}

async fn try_all(title: &str, database: &Path) -> Result<Found, String> {
    let mut parts = standins::parts();
    parts.title = title.into();
    let mut unwritten = Vec::new();
    if written(|| try_model(&written_model())) {
        parts.model = written_model();
    } else {
        unwritten.push("model");
    }
    match tried(|| SqliteStore::open(database)) {
        Some(Ok(store)) if written(|| store.all_methods()) => parts.store = Arc::new(store),
        Some(Err(error)) => {
            let cause = std::error::Error::source(&error);
            let cause = cause.map_or(String::new(), |cause| format!(": {cause}"));
            return Err(format!("{}: {error}{cause}", database.display()));
        }
        Some(Ok(_)) | None => unwritten.push("storage"),
    }
    let mut desk = standins::desk();
    if let Some(own) = tried(routes::routes) {
        let asked = [
            ("GET", "/", ""),
            ("GET", "/api/wishes", ""),
            ("GET", "/api/wishes/1", ""),
            ("DELETE", "/api/wishes/1", ""),
            ("POST", "/api/wishes", r#"{"title":"T","price":"1"}"#),
            (
                "POST",
                "/api/wishes/1/steps",
                r#"{"step":"reserve","who":"Ana"}"#,
            ),
        ];
        let mut complete = true;
        for (method, path, body) in asked {
            let router = own.clone().with_state(standins::parts());
            complete &= answers(router, method, path, body).await;
        }
        if complete {
            desk = own;
        } else {
            unwritten.push("routes");
        }
    } else {
        unwritten.push("routes");
    }
    let parse = standins::model().parse_cents;
    if written(|| validation::check(&Draft::default(), parse).is_ok()) {
        parts.check = validation::check;
    } else {
        unwritten.push("validation");
    }
    let try_errors = || {
        errors::audience("/", None);
        errors::report(&Failure::Busy);
        errors::answer(&Failure::Busy, Audience::Program, "r0")
    };
    if written(try_errors) {
        parts.errors = written_errors();
    } else {
        unwritten.push("errors");
    }
    Ok(Found {
        parts,
        desk,
        unwritten,
    })
}

fn try_model(model: &Model) {
    // What they answer does not matter.
    let _ = (model.parse_cents)("1");
    let _ = (model.show_cents)(1);
    let _ = (model.after)(&State::Wanted, Step::Reserve, "Ana");
    (model.sort)(&mut []);
    let _ = (model.open_cents)(&[]);
}

impl SqliteStore {
    /// Asks every question once; what is asked changes nothing.
    fn all_methods(&self) {
        use crate::given::wishes::{NewWish, Priority, Refused, Store as _};
        let _ = self.all();
        let _ = self.find(-1);
        let _ = self.change(-1, &|_| Err(Refused::NotReserved));
        let _ = self.remove(-1);
        let _ = self.add(&NewWish {
            // No table takes an empty title.
            title: String::new(),
            cents: 0,
            link: None,
            priority: Priority::Low,
        });
    }
}

async fn answers(router: Router, method: &str, path: &str, body: &str) -> bool {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()));
    let Ok(request) = request else {
        return false;
    };
    // In a task of its own a panic ends the task alone.
    match tokio::spawn(router.oneshot(request)).await {
        Ok(Ok(response)) => {
            let failure = response.extensions().get::<Arc<Failure>>();
            let broken = failure.is_some_and(|failure| matches!(**failure, Failure::Broken(_)));
            !broken && response.status() != StatusCode::METHOD_NOT_ALLOWED
        }
        Ok(Err(never)) => match never {},
        Err(error) => !error.is_panic(),
    }
}

fn written<T>(work: impl FnOnce() -> T) -> bool {
    tried(work).is_some()
}

/// What `work` says, unless it ends in a `todo!()`.
pub fn tried<T>(work: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(answer) => Some(answer),
        Err(panic) if is_todo(&*panic) => None,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn is_todo(panic: &(dyn Any + Send)) -> bool {
    let text = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.as_str(),
        (None, Some(text)) => text,
        (None, None) => "",
    };
    text.starts_with("not yet implemented")
}
