//! One handler for both kinds of clients, told apart by a value; the addresses for programs nested.

use axum::extract::State;
use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{FromRequest, Request};
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
/// Adding: the draft goes through `parts.check`, together with the model's `parse_cents`; what it finds is `Invalid`.
///
/// A step: the name is trimmed. When it is empty then, or longer than [`MOST_NAME`] characters, the step is not taken, and the
/// failure is `Invalid` with the field `who`. Otherwise the store changes the wish by the model's rule, `after`.
pub fn routes() -> Router<Parts> {
    let people = Router::new()
        .route(
            "/",
            get(|State(parts): State<Parts>| async move {
                let all = parts.ask(|store| store.all()).await?;
                Ok::<_, Failure>(Html(pages::list(&parts, all)?))
            }),
        )
        .route(
            "/wishes",
            post(|State(parts): State<Parts>, request: Request| adding(Kind::Page, parts, request)),
        )
        .route(
            "/wishes/{id}/steps",
            post(|State(parts): State<Parts>, Id(id): Id, request: Request| {
                stepping(Kind::Page, parts, id, request)
            }),
        );
    let programs = Router::new()
        .route(
            "/",
            get(|State(parts): State<Parts>| async move {
                let mut wishes = parts.ask(|store| store.all()).await?;
                (parts.model.sort)(&mut wishes);
                Ok::<_, Failure>(Json(Listing {
                    open_cents: (parts.model.open_cents)(&wishes),
                    wishes,
                }))
            })
            .post(|State(parts): State<Parts>, request: Request| {
                adding(Kind::Program, parts, request)
            }),
        )
        .route(
            "/{id}",
            get(|State(parts): State<Parts>, Id(id): Id| async move {
                parts.ask(move |store| store.find(id)).await.map(Json)
            })
            .delete(|State(parts): State<Parts>, Id(id): Id| async move {
                parts
                    .ask(move |store| store.remove(id))
                    .await
                    .map(|()| StatusCode::NO_CONTENT)
            }),
        )
        .route(
            "/{id}/steps",
            post(|State(parts): State<Parts>, Id(id): Id, request: Request| {
                stepping(Kind::Program, parts, id, request)
            }),
        );
    people
        .nest("/api/wishes", programs)
        .fallback(|| async { Failure::NotFound { what: "page" } })
        .method_not_allowed_fallback(|| async { Failure::WrongMethod })
}

/// A body in the shape that its address wants.
enum Kind {
    Page,
    Program,
}

async fn body<T: serde::de::DeserializeOwned>(kind: &Kind, request: Request) -> Result<T, Failure> {
    Ok(match kind {
        Kind::Page => Form::<T>::from_request(request, &()).await?.0,
        Kind::Program => Json::<T>::from_request(request, &()).await?.0,
    })
}
async fn adding(kind: Kind, parts: Parts, request: Request) -> Result<Response, Failure> {
    let draft: Draft = body(&kind, request).await?;
    let new = match (parts.check)(&draft, parts.model.parse_cents) {
        Ok(new) => new,
        Err(errors) => return Err(Failure::Invalid(errors)),
    };
    let wish = parts.ask(|store| store.add(&{ new })).await?;
    Ok(match kind {
        Kind::Page => (StatusCode::SEE_OTHER, [("location", "/")]).into_response(),
        Kind::Program => {
            let mut response = Json(&wish).into_response();
            *response.status_mut() = StatusCode::CREATED;
            if let Ok(place) = format!("/api/wishes/{}", wish.id).parse() {
                response.headers_mut().insert(header::LOCATION, place);
            }
            response
        }
    })
}
async fn stepping(
    kind: Kind,
    parts: Parts,
    id: i64,
    request: Request,
) -> Result<Response, Failure> {
    let Deed { step, who } = body(&kind, request).await?;
    let name = who.trim();
    if !(1..=MOST_NAME).contains(&name.chars().count()) {
        return Err(Failure::Invalid(vec![FieldError {
            field: "who",
            message: String::from("who are you?"),
        }]));
    }
    let (name, model) = (name.to_string(), parts.model);
    let wish = parts
        .ask(move |store| {
            let rule = |state: &crate::given::wishes::State| (model.after)(state, step, &name);
            store.change(id, &rule)
        })
        .await?;
    Ok(match kind {
        Kind::Page => Redirect::to("/").into_response(),
        Kind::Program => Json(wish).into_response(),
    })
}
