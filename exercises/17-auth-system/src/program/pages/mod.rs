//! The HTML pages: forms that work without a script, for the same milestones that the API serves.
//!
//! - `visit`: what every page needs to know of a request; `csrf`: forms that other sites cannot send
//! - `account`, `sign_in`, `links`, `password`, `two_factor`: the pages; their HTML lies in `templates/`, on top of the crate `look`
//! - `errors`: errors as pages, for people; `words`: times, devices and events in words

mod account;
mod csrf;
mod errors;
mod halfway;
mod links;
mod password;
mod sign_in;
mod templates;
mod two_factor;
mod visit;
mod words;

use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};

use self::halfway::Halfway;
use crate::given::app::App;

pub use self::errors::for_people;

/// The routes of the pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(account::home))
        .route("/account", get(account::account))
        .route("/devices", get(account::devices))
        .route("/devices/end", post(account::end_device))
        .route("/devices/end-others", post(account::end_others))
        .route("/activity", get(account::activity))
        .route("/register", get(links::register_form).post(links::register))
        .route("/verify-email", get(links::verify_form).post(links::verify))
        .route("/forgot", get(links::forgot_form).post(links::forgot))
        .route("/reset", get(links::reset_form).post(links::reset))
        .route("/sign-in", get(sign_in::form).post(sign_in::password))
        .route("/sign-in/code", get(sign_in::code_form).post(sign_in::code))
        .route("/sign-in/resend", post(sign_in::resend))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/password", get(password::form).post(password::change))
        .route("/two-factor", get(two_factor::state))
        .route("/two-factor/enroll", post(two_factor::enroll))
        .route("/two-factor/set-up", get(two_factor::set_up))
        .route("/two-factor/confirm", post(two_factor::confirm))
        .route("/two-factor/remove", post(two_factor::remove))
        .layer(Extension(Halfway::default()))
        .route("/style.css", get(style))
        .route("/lantern.svg", get(lantern))
}

async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, look::STYLE)
}

async fn lantern() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, look::ICON)
}
