//! Another password, for somebody who is signed in and knows the one of today.

use axum::extract::Form;
use axum::response::Response;
use minijinja::{Value, context};

use super::visit::{Answer, Fields, Visit, action, field};
use crate::reset;

/// The fields whose errors the page shows itself.
const FIELDS: [&str; 2] = ["current", "password"];

fn page() -> Value {
    context! { width => "narrow" }
}

pub(super) async fn form(visit: Visit) -> Answer {
    visit.current()?;
    Ok(visit.page("password.html", page()))
}

pub(super) async fn change(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let current = visit.current()?;
    let (old, new) = (field(&fields, "current"), field(&fields, "password"));
    let changed = visit
        .run_hashing(move |cx| reset::change(cx, &current, &old, &new))
        .await;
    Ok(match changed {
        Ok(()) => done(&visit),
        Err(problem) => visit.again("password.html", &problem, &FIELDS, page()),
    })
}

fn done(visit: &Visit) -> Response {
    visit.done(
        "Your password is changed",
        "Every other device was signed out.",
        &[action("/account", "To your account")],
    )
}
