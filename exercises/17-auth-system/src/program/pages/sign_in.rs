//! Signing in, in two steps where there is a second factor, and signing out.

use axum::Extension;
use axum::extract::Form;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::{Value, context};

use super::halfway::{self, Halfway};
use super::links::typed;
use super::visit::{Answer, Fields, Visit, action, code_field, field, with_cookie};
use crate::given::extract::cookie;
use crate::given::neighbours::{Credentials, Kind, SignedIn};
use crate::given::problem::{FieldError, Problem};
use crate::{sessions, verify_email};

/// The fields whose errors the pages show themselves.
const FIELDS: [&str; 1] = ["code"];

pub(super) async fn form(visit: Visit) -> Response {
    visit.page("sign_in.html", typed(&Fields::new()))
}

/// The first step: address and password. Whoever has a second factor goes on to the code.
pub(super) async fn password(
    visit: Visit,
    Extension(halfway): Extension<Halfway>,
    Form(fields): Form<Fields>,
) -> Answer {
    visit.check(&fields)?;
    let credentials = Credentials {
        email: field(&fields, "email"),
        password: field(&fields, "password"),
        code: None,
    };
    Ok(match sign_in(&visit, credentials.clone()).await {
        Ok(signed_in) => welcome(&visit, &signed_in),
        Err(problem) if problem.code() == "second_factor_required" => {
            let token = halfway.keep(credentials, visit.cx.app().now())?;
            let line = halfway::set_cookie(token.text(), halfway::LIFETIME);
            with_cookie(Redirect::to("/sign-in/code"), &line)
        }
        Err(problem) if problem.code() == "email_not_verified" => {
            let token = halfway.keep(credentials, visit.cx.app().now())?;
            let line = halfway::set_cookie(token.text(), halfway::LIFETIME);
            let values = context! { width => "narrow" };
            with_cookie(visit.again("unverified.html", &problem, &[], values), &line)
        }
        Err(problem) if problem.code() == "invalid_credentials" => {
            let plain = Problem::unauthorized(problem.code(), "Email or password is wrong.");
            visit.again("sign_in.html", &plain, &FIELDS, typed(&fields))
        }
        Err(problem) => visit.again("sign_in.html", &problem, &FIELDS, typed(&fields)),
    })
}

async fn sign_in(visit: &Visit, credentials: Credentials) -> Result<SignedIn, Problem> {
    let work = visit.run_hashing(move |cx| {
        let sign_in = &cx.neighbours().sign_in;
        sign_in.sign_in(cx, &credentials, Kind::Page)
    });
    work.await
}

fn welcome(visit: &Visit, signed_in: &SignedIn) -> Response {
    let lifetime = visit.cx.config().session_lifetime;
    let cookie = sessions::session_cookie(&signed_in.session.secret, lifetime);
    with_cookie(Redirect::to("/account"), &cookie)
}

fn code_page() -> Value {
    context! { width => "narrow" }
}

/// The cookie of a browser that is halfway, and what was typed in it.
fn found(visit: &Visit, halfway: &Halfway, headers: &HeaderMap) -> Option<(String, Credentials)> {
    let cookie = cookie(headers, halfway::COOKIE)?;
    let credentials = halfway.find(&cookie, visit.cx.app().now())?;
    Some((cookie, credentials))
}

pub(super) async fn code_form(
    visit: Visit,
    Extension(halfway): Extension<Halfway>,
    headers: HeaderMap,
) -> Response {
    match found(&visit, &halfway, &headers) {
        Some(_) => visit.page("code.html", code_page()),
        None => Redirect::to("/sign-in").into_response(),
    }
}

/// The second step: a code. A wrong one can be tried again, as often as the lockout lets one.
pub(super) async fn code(
    visit: Visit,
    Extension(halfway): Extension<Halfway>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Answer {
    visit.check(&fields)?;
    let Some((cookie, credentials)) = found(&visit, &halfway, &headers) else {
        return Ok(too_late(&visit));
    };
    let credentials = Credentials {
        code: Some(code_field(&fields)),
        ..credentials
    };
    Ok(match sign_in(&visit, credentials).await {
        Ok(signed_in) => {
            halfway.end(&cookie);
            with_cookie(welcome(&visit, &signed_in), &halfway::set_cookie("", 0))
        }
        Err(problem) if problem.code() == "invalid_credentials" => {
            let wrong = wrong_code(problem.status());
            visit.again("code.html", &wrong, &FIELDS, code_page())
        }
        Err(problem) => visit.again("code.html", &problem, &FIELDS, code_page()),
    })
}

/// What a page says of a code that did not pass.
pub(super) fn wrong_code(status: StatusCode) -> Problem {
    let words = "This code is not the right one. Wait for the next, and make sure that your phone's clock is right.";
    Problem::new(status, "invalid_code", "The code was not accepted.")
        .with_errors(vec![FieldError::new("code", words)])
}

fn too_late(visit: &Visit) -> Response {
    let words = "That took too long. Type your password again.";
    let late = Problem::unauthorized("sign_in_expired", words);
    visit.refusal(&late, &[action("/sign-in", "Sign in")])
}

/// Another mail with a link, for somebody who has just typed the right password: one mail for each time.
pub(super) async fn resend(
    visit: Visit,
    Extension(halfway): Extension<Halfway>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Answer {
    visit.check(&fields)?;
    let Some((cookie, credentials)) = found(&visit, &halfway, &headers) else {
        return Ok(too_late(&visit));
    };
    halfway.end(&cookie);
    let sent = visit.run(move |cx| verify_email::resend(cx, &credentials.email));
    let on = action("/sign-in", "Sign in");
    Ok(match sent.await {
        Ok(()) => visit.done(
            "Check your mail",
            "If the last mail is a minute old, another link is on its way, and the older ones do not work any more.",
            &[on],
        ),
        Err(problem) => visit.refusal(&problem, &[on]),
    })
}

pub(super) async fn sign_out(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    visit.check(&fields)?;
    if let Some(current) = visit.current.clone() {
        // A session that has ended meanwhile is signed out as well.
        let _ = visit
            .run(move |cx| sessions::end_one(cx, current.user_id, &current.session_id))
            .await;
    }
    let cleared = sessions::session_cookie("", 0);
    Ok(with_cookie(Redirect::to("/sign-in"), &cleared))
}
