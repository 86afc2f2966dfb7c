//! Simple answers in the place of the milestones: the tests of one use them for all the others, and the program does
//! where one is not written yet. They know less than yours will: whole euros only, no rule but "not twice", no list that
//! is ever full.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Taken};
use axum::http::{Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use super::failure::{Audience, Failure};
use super::pages;
use super::parts::{Errors, Model, ParseCents, Parts};
use super::wishes::{
    Draft, FieldError, NewWish, PriceError, Priority, Refused, Rule, State, Step, Store,
    StoreError, Wish,
};

/// A whole service of stand-ins.
#[must_use]
pub fn parts() -> Parts {
    Parts {
        title: "Wishes".into(),
        model: model(),
        store: Arc::new(Memory::default()),
        check,
        errors: errors(),
    }
}

/// Prices are whole euros; a wish that is reserved stays so.
#[must_use]
pub fn model() -> Model {
    Model {
        parse_cents: |text| {
            let euros: u32 = text.parse().map_err(|_| PriceError::NotAPrice)?;
            euros.checked_mul(100).ok_or(PriceError::TooMuch)
        },
        show_cents: |cents| format!("{} euros", cents / 100),
        after: |state, step, who| match (state, step) {
            (State::Wanted, Step::Reserve) => Ok(State::Reserved { by: who.to_owned() }),
            (State::Wanted, _) => Err(Refused::NotReserved),
            _ => Err(Refused::AlreadyReserved),
        },
        sort: |wishes| wishes.reverse(),
        open_cents: |_| 4200,
    }
}

/// Programs get the failure's name, people too.
#[must_use]
pub fn errors() -> Errors {
    Errors {
        audience: |path, _| {
            if path.starts_with("/api/") {
                Audience::Program
            } else {
                Audience::Person
            }
        },
        answer: |failure, _, _| {
            let status = match failure {
                Failure::NotFound { .. } => StatusCode::NOT_FOUND,
                Failure::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
                Failure::Body { status, .. } => *status,
                Failure::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Failure::Refused(_) | Failure::Duplicate | Failure::Full => StatusCode::CONFLICT,
                Failure::Busy | Failure::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
                Failure::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            let said = match failure {
                Failure::Broken(_) => "Broken".to_owned(),
                other => format!("{other:?}"),
            };
            (status, said).into_response()
        },
        report: |failure| match failure {
            Failure::Broken(error) => match error.source() {
                Some(cause) => Some(format!("{error}: {cause}")),
                None => Some(error.to_string()),
            },
            _ => None,
        },
    }
}

/// Refuses a price that the parser refuses, and nothing else.
///
/// # Errors
///
/// The price.
pub fn check(draft: &Draft, parse_cents: ParseCents) -> Result<NewWish, Vec<FieldError>> {
    let cents = parse_cents(&draft.price).map_err(|_| {
        vec![FieldError {
            field: "price",
            message: "whole euros, please".to_owned(),
        }]
    })?;
    Ok(NewWish {
        title: draft.title.clone(),
        cents,
        link: (!draft.link.is_empty()).then(|| draft.link.clone()),
        priority: Priority::Normal,
    })
}

/// Wishes in memory: gone when the program ends.
#[derive(Debug, Default)]
pub struct Memory {
    wishes: Mutex<(i64, Vec<Wish>)>,
}

impl Store for Memory {
    fn add(&self, new: &NewWish) -> Result<Wish, StoreError> {
        let mut held = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, wishes) = &mut *held;
        if wishes.iter().any(|wish| wish.title == new.title) {
            return Err(StoreError::Duplicate);
        }
        *last += 1;
        let wish = Wish {
            id: *last,
            title: new.title.clone(),
            cents: new.cents,
            link: new.link.clone(),
            priority: new.priority,
            state: State::Wanted,
        };
        wishes.push(wish.clone());
        Ok(wish)
    }

    fn all(&self) -> Result<Vec<Wish>, StoreError> {
        let held = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(held.1.clone())
    }

    fn find(&self, id: i64) -> Result<Wish, StoreError> {
        let found = self.all()?.into_iter().find(|wish| wish.id == id);
        found.ok_or(StoreError::Missing)
    }

    fn change(&self, id: i64, rule: Rule<'_>) -> Result<Wish, StoreError> {
        let mut held = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        let found = held.1.iter_mut().find(|wish| wish.id == id);
        let wish = found.ok_or(StoreError::Missing)?;
        wish.state = rule(&wish.state).map_err(StoreError::Refused)?;
        Ok(wish.clone())
    }

    fn remove(&self, id: i64) -> Result<(), StoreError> {
        let mut held = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = held.1.len();
        held.1.retain(|wish| wish.id != id);
        if held.1.len() == before {
            Err(StoreError::Missing)
        } else {
            Ok(())
        }
    }
}

/// The smallest desk: the page, the list, and a way to add to it, told apart by hand and without a router.
pub fn desk() -> Router<Parts> {
    Router::new().fallback(async |Taken(parts): Taken<Parts>, request: Request| {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, 16 * 1024)
            .await
            .map_err(|error| Failure::Body {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                said: error.to_string(),
            })?;
        serve(&parts, &head.method, head.uri.path(), &body).await
    })
}

async fn serve(
    parts: &Parts,
    method: &Method,
    path: &str,
    body: &Bytes,
) -> Result<Response, Failure> {
    match (method.as_str(), path) {
        ("GET", "/") => {
            let wishes = parts.ask(|store| store.all()).await?;
            Ok(Html(pages::list(parts, wishes)?).into_response())
        }
        ("GET", "/api/wishes") => {
            let mut wishes = parts.ask(|store| store.all()).await?;
            (parts.model.sort)(&mut wishes);
            let open = (parts.model.open_cents)(&wishes);
            Ok(axum::Json(json!({ "wishes": wishes, "open_cents": open })).into_response())
        }
        ("POST", "/api/wishes") => {
            let draft: Draft = serde_json::from_slice(body).map_err(|error| Failure::Body {
                status: StatusCode::BAD_REQUEST,
                said: error.to_string(),
            })?;
            let new = (parts.check)(&draft, parts.model.parse_cents).map_err(Failure::Invalid)?;
            let wish = parts.ask(move |store| store.add(&new)).await?;
            let place = [(header::LOCATION, format!("/api/wishes/{}", wish.id))];
            Ok((StatusCode::CREATED, place, axum::Json(wish)).into_response())
        }
        _ => Err(Failure::NotFound { what: "page" }),
    }
}
