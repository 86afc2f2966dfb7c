//! Every address of the program.

use std::sync::Arc;

use axum::Router;
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serve::{Limits, Log, Refusal, limited, logged};

use super::probe::Written;
use super::{api, openapi, page};
use crate::caching::cached;
use crate::given::app::App;
use crate::given::http::{service, strict};
use crate::given::problem::Problem;
use crate::ingest;
use crate::live::Hub;

/// The whole program: the nine milestones and what describes them, with limits and a line in `log` for each request.
pub fn all(
    app: &App,
    written: &Written,
    hub: Option<Arc<Hub>>,
    limits: &Limits,
    log: &Log,
) -> Router {
    let numbers = api::numbers().merge(page::routes());
    let numbers = match written.has("caching") {
        true => cached(app, numbers),
        false => numbers,
    };
    let described = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/openapi.json", get(openapi::document));
    let routes = ingest::routes()
        .merge(numbers)
        .merge(api::streams(hub))
        .merge(described)
        .merge(page::parts());
    let answers = limited(service(app.clone(), routes), limits).layer(map_response(worded));
    logged(strict(answers), log)
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
    let mut answer = Problem::new(refusal.status(), code, refusal.detail()).into_response();
    refusal.mark(&mut answer);
    answer
}
