//! Pages around a mail: opening an account, confirming the address, and a new password for a forgotten one.

use axum::extract::{Form, Query};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::{Value, context};

use super::visit::{Answer, Fields, Visit, action, field};
use crate::given::problem::Problem;
use crate::register::Registration;
use crate::{register, reset, verify_email};

/// What was typed, to fill the form again: never a password.
pub(super) fn typed(fields: &Fields) -> Value {
    context! {
        width => "narrow",
        form_values => context! { email => field(fields, "email"), name => field(fields, "name") },
    }
}

pub(super) async fn register_form(visit: Visit) -> Response {
    visit.page("register.html", typed(&Fields::new()))
}

pub(super) async fn register(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let form = Registration {
        email: field(&fields, "email"),
        password: field(&fields, "password"),
        name: field(&fields, "name"),
    };
    let done = visit
        .run_hashing(move |cx| register::register(cx, &form))
        .await;
    Ok(match done {
        Ok(_) => visit.done(
            "Check your mail",
            "We have sent you a mail. Open the link in it within a day; then you can sign in.",
            &[
                action("/sign-in", "Sign in"),
                action("/register", "No mail? Try again"),
            ],
        ),
        Err(problem) => {
            let shown = ["name", "email", "password"];
            visit.again("register.html", &problem, &shown, typed(&fields))
        }
    })
}

/// A link that was cut off on its way.
fn incomplete(visit: &Visit) -> Response {
    let words = "This link is not complete. Copy the whole of it from the mail.";
    let problem = Problem::bad_request("invalid_token", words);
    visit.refusal(&problem, &[action("/", "To the first page")])
}

fn token_page(token: &str) -> Value {
    context! { token, width => "narrow" }
}

/// Opening the link changes nothing: programs that look into mails open links, too. The button does.
pub(super) async fn verify_form(visit: Visit, Query(query): Query<Fields>) -> Response {
    match field(&query, "token").as_str() {
        "" => incomplete(&visit),
        token => visit.page("verify.html", token_page(token)),
    }
}

pub(super) async fn verify(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let (token, password) = (field(&fields, "token"), field(&fields, "password"));
    let done = visit
        .run_hashing(move |cx| verify_email::verify(cx, &token, &password))
        .await;
    Ok(match done {
        Ok(()) => visit.done(
            "Thank you",
            "Your address is confirmed.",
            &[action("/sign-in", "Sign in")],
        ),
        Err(problem) if problem.code() == "invalid_credentials" => {
            let values = token_page(&field(&fields, "token"));
            visit.again("verify.html", &problem, &[], values)
        }
        Err(problem) => visit.refusal(
            &problem,
            &[
                action("/sign-in", "Sign in"),
                action("/register", "Ask for another link"),
            ],
        ),
    })
}

fn forgot_page() -> Value {
    context! { width => "narrow" }
}

pub(super) async fn forgot_form(visit: Visit) -> Response {
    visit.page("forgot.html", forgot_page())
}

pub(super) async fn forgot(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let email = field(&fields, "email");
    Ok(match visit.run(move |cx| reset::forgot(cx, &email)).await {
        Ok(()) => visit.done(
            "Check your mail",
            "If this address has an account, a link is on its way. It works for half an hour.",
            &[
                action("/sign-in", "Sign in"),
                action("/forgot", "No mail? Try again"),
            ],
        ),
        Err(problem) => visit.again("forgot.html", &problem, &[], forgot_page()),
    })
}

pub(super) async fn reset_form(visit: Visit, Query(query): Query<Fields>) -> Response {
    match field(&query, "token").as_str() {
        "" => incomplete(&visit),
        token => visit.page("reset.html", token_page(token)),
    }
}

pub(super) async fn reset(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    let (token, password) = (field(&fields, "token"), field(&fields, "password"));
    let done = visit
        .run_hashing(move |cx| reset::reset(cx, &token, &password))
        .await;
    Ok(match done {
        Ok(()) => visit.done(
            "Your password is changed",
            "Every device was signed out.",
            &[action("/sign-in", "Sign in with the new password")],
        ),
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let values = token_page(&field(&fields, "token"));
            visit.again("reset.html", &problem, &["password"], values)
        }
        Err(problem) => visit.refusal(&problem, &[action("/forgot", "Ask for another link")]),
    })
}
