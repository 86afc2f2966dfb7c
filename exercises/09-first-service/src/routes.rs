//! The addresses of the wish list, and what each of them does.
//!
//! A handler here is short: it takes what it needs, asks the parts, and says what to answer. It does not check fields, know
//! prices or make error answers; other milestones do, and [`Parts`] holds them. A [`Failure`] is returned with `?`.

use axum::extract::State;
use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde::Serialize;

use crate::given::failure::Failure;
use crate::given::http::Id;
use crate::given::pages;
use crate::given::parts::Parts;
use crate::given::wishes::{Deed, Draft, FieldError, Wish};

/// How many characters a guest's name has at most.
pub const MOST_NAME: usize = 40;

/// What `GET /api/wishes` shows.
#[derive(Debug, Serialize)]
struct Listing {
    wishes: Vec<Wish>,
    open_cents: u64,
}

/// All addresses:
///
/// | address | takes | does | answers |
/// | --- | --- | --- | --- |
/// | `GET /` | | | 200, the page that [`pages::list`] makes |
/// | `POST /wishes` | a form, [`Draft`] | adds the wish | 303 to `/` |
/// | `POST /wishes/{id}/steps` | a form, [`Deed`] | takes the step | 303 to `/` |
/// | `GET /api/wishes` | | | 200, [`Listing`]: in the model's order, with the model's sum |
/// | `POST /api/wishes` | JSON, [`Draft`] | adds the wish | 201, the wish, and its address as `Location` |
/// | `GET /api/wishes/{id}` | | | 200, the wish |
/// | `DELETE /api/wishes/{id}` | | removes the wish | 204, no body |
/// | `POST /api/wishes/{id}/steps` | JSON, [`Deed`] | takes the step | 200, the wish as it is now |
///
/// Any other address is `NotFound { what: "page" }`; one of these with a method that is not here is `WrongMethod`. A body that
/// axum refuses becomes a `Failure` too (`From` is given).
///
/// The store is asked through [`Parts::ask`]: it may wait for a disk, and the thread that serves everybody may not.
///
/// Adding: the draft goes through `parts.check`, together with the model's `parse_cents`; what it finds is `Invalid`.
///
/// A step: the name is trimmed. When it is empty then, or longer than [`MOST_NAME`] characters, the step is not taken, and the
/// failure is `Invalid` with the field `who`. Otherwise the store changes the wish by the model's rule, `after`.
pub fn routes() -> Router<Parts> {
    todo!("a row for each row of the table, and two fallbacks")
}
