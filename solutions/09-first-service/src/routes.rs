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
    Router::new()
        .route("/", get(page))
        .route("/wishes", post(add_by_form))
        .route("/wishes/{id}/steps", post(step_by_form))
        .route("/api/wishes", get(list).post(add))
        .route("/api/wishes/{id}", get(show).delete(remove))
        .route("/api/wishes/{id}/steps", post(step))
        .fallback(async || Failure::NotFound { what: "page" })
        .method_not_allowed_fallback(async || Failure::WrongMethod)
}

async fn page(State(parts): State<Parts>) -> Result<Html<String>, Failure> {
    let wishes = parts.ask(|store| store.all()).await?;
    Ok(Html(pages::list(&parts, wishes)?))
}

async fn add_by_form(
    State(parts): State<Parts>,
    body: Result<Form<Draft>, FormRejection>,
) -> Result<Redirect, Failure> {
    let Form(draft) = body?;
    added(&parts, &draft).await?;
    Ok(Redirect::to("/"))
}

async fn step_by_form(
    State(parts): State<Parts>,
    Id(id): Id,
    body: Result<Form<Deed>, FormRejection>,
) -> Result<Redirect, Failure> {
    let Form(deed) = body?;
    taken(&parts, id, deed).await?;
    Ok(Redirect::to("/"))
}

async fn list(State(parts): State<Parts>) -> Result<Json<Listing>, Failure> {
    let mut wishes = parts.ask(|store| store.all()).await?;
    (parts.model.sort)(&mut wishes);
    let open_cents = (parts.model.open_cents)(&wishes);
    Ok(Json(Listing { wishes, open_cents }))
}

async fn add(
    State(parts): State<Parts>,
    body: Result<Json<Draft>, JsonRejection>,
) -> Result<Response, Failure> {
    let Json(draft) = body?;
    let wish = added(&parts, &draft).await?;
    let place = [(header::LOCATION, format!("/api/wishes/{}", wish.id))];
    Ok((StatusCode::CREATED, place, Json(wish)).into_response())
}

async fn show(State(parts): State<Parts>, Id(id): Id) -> Result<Json<Wish>, Failure> {
    Ok(Json(parts.ask(move |store| store.find(id)).await?))
}

async fn remove(State(parts): State<Parts>, Id(id): Id) -> Result<StatusCode, Failure> {
    parts.ask(move |store| store.remove(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn step(
    State(parts): State<Parts>,
    Id(id): Id,
    body: Result<Json<Deed>, JsonRejection>,
) -> Result<Json<Wish>, Failure> {
    let Json(deed) = body?;
    Ok(Json(taken(&parts, id, deed).await?))
}

/// A draft, checked and on the list.
async fn added(parts: &Parts, draft: &Draft) -> Result<Wish, Failure> {
    let new = (parts.check)(draft, parts.model.parse_cents).map_err(Failure::Invalid)?;
    parts.ask(move |store| store.add(&new)).await
}

/// A step, taken by somebody who has a name.
async fn taken(parts: &Parts, id: i64, deed: Deed) -> Result<Wish, Failure> {
    let who = deed.who.trim().to_owned();
    if who.is_empty() || who.chars().count() > MOST_NAME {
        let message = format!("a name of 1 to {MOST_NAME} characters, please");
        let field = "who";
        return Err(Failure::Invalid(vec![FieldError { field, message }]));
    }
    let after = parts.model.after;
    let rule = move |store: &dyn crate::given::wishes::Store| {
        store.change(id, &|state| after(state, deed.step, &who))
    };
    parts.ask(rule).await
}
