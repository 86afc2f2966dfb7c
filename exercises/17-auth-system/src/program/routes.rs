//! Every address of the program.

use axum::Router;
use axum::routing::get;

use super::{openapi, pages};
use crate::given::app::App;
use crate::given::http::service;
use crate::{audit, login, refresh, register, reset, sessions, totp, verify_email};

/// The whole program: the nine milestones, the pages, and what describes them.
pub fn all(app: App) -> Router {
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
    service(app, milestones.merge(described).merge(pages::routes()))
        .layer(axum::middleware::from_fn(pages::for_people))
}
