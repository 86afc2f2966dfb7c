//! Every address of the program.

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{from_fn, map_request, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serve::{Limits, Log, Refusal, limited, logged};

use super::{openapi, pages};
use crate::given::app::{App, OnTheBeat};
use crate::given::http::{service, strict};
use crate::given::problem::Problem;
use crate::{audit, login, refresh, register, reset, sessions, totp, verify_email};

/// Forms that answer the same whoever has an account: their answers must not tell it by their time, either.
const UNTOLD: [&str; 6] = [
    "/api/register",
    "/api/verify-email/resend",
    "/api/password/forgot",
    "/register",
    "/forgot",
    "/sign-in/resend",
];

/// The whole program: the nine milestones, the pages, and what describes them, with limits and a line in `log` for each
/// request.
pub fn all(app: App, limits: &Limits, log: &Log) -> Router {
    let milestones = Router::new()
        .merge(register::routes())
        .merge(verify_email::routes())
        .merge(login::routes())
        .merge(sessions::routes())
        .merge(refresh::routes())
        .merge(reset::routes())
        .merge(totp::routes())
        .merge(audit::routes());
    let described = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/openapi.json", get(openapi::document));
    let routes = milestones.merge(described).merge(pages::routes());
    let answers = limited(service(app, routes), limits)
        .layer(map_request(untold))
        .layer(map_response(worded))
        .layer(from_fn(pages::for_people));
    logged(strict(answers), log)
}

/// Marks the requests whose answers leave on the beat.
async fn untold(mut request: Request) -> Request {
    if request.method() == Method::POST && UNTOLD.contains(&request.uri().path()) {
        request.extensions_mut().insert(OnTheBeat);
    }
    request
}

/// What was refused, in the service's own form.
async fn worded(response: Response) -> Response {
    let Some(refusal) = response.extensions().get::<Refusal>().copied() else {
        return response;
    };
    let code = match refusal {
        Refusal::Busy => "busy",
        Refusal::SlowAnswer => "too_slow",
        Refusal::SlowBody => "request_timeout",
    };
    let mut answer = Problem::new(refusal.status(), code, detail(refusal)).into_response();
    refusal.mark(&mut answer);
    answer
}

fn detail(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Busy => "Too many ask at once. Please try again in a moment.",
        Refusal::SlowAnswer => "It took too long. Please try again in a moment.",
        Refusal::SlowBody => "The rest of the request did not come in time.",
    }
}
