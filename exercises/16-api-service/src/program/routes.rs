//! Every address of the program.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use serve::{Limits, Log, Refusal, X_REQUEST_ID, limited, logged};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use super::openapi;
use crate::given::app::App;
use crate::given::http::{service, strict};
use crate::given::problem::Problem;
use crate::{articles, comments, editing, favorites, feed, listing, login, profiles, tags, users};

/// Whose pages may read the answers.
#[derive(Debug, Clone)]
pub enum Origins {
    /// Every site's. No cookie is in play: who has no token gets nothing that they could not fetch themselves.
    Any,
    /// Those of these sites only.
    Only(Vec<HeaderValue>),
}

/// How long a browser remembers what it may do.
const PREFLIGHT_KEPT: Duration = Duration::from_secs(3600);

/// The ten milestones.
pub fn milestones() -> Router<App> {
    Router::new()
        .merge(users::routes())
        .merge(login::routes())
        .merge(profiles::routes())
        .merge(articles::routes())
        .merge(editing::routes())
        .merge(listing::routes())
        .merge(feed::routes())
        .merge(favorites::routes())
        .merge(comments::routes())
        .merge(tags::routes())
}

/// The whole program: the ten milestones and what describes them, with limits, for the pages of `origins`, and with a line in
/// `log` for each request.
pub fn all(app: App, origins: &Origins, limits: &Limits, log: &Log) -> Router {
    let described = Router::new()
        .route("/healthz", get(async || Json(json!({"status": "ok"}))))
        .route("/openapi.json", get(openapi::document));
    let answers = limited(service(app, milestones().merge(described)), limits)
        .layer(map_response(worded))
        .layer(cors(origins))
        .layer(from_fn(options));
    logged(strict(answers), log)
}

fn cors(origins: &Origins) -> CorsLayer {
    let allowed = match origins {
        Origins::Any => AllowOrigin::from(Any),
        Origins::Only(list) => AllowOrigin::list(list.clone()),
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            X_REQUESTED_WITH,
        ])
        .expose_headers([X_REQUEST_ID, header::RETRY_AFTER])
        .max_age(PREFLIGHT_KEPT)
}

/// Older libraries for the browser send it with everything.
const X_REQUESTED_WITH: header::HeaderName = header::HeaderName::from_static("x-requested-with");

/// An OPTIONS that is no browser's question is a method like any other: the layer for browsers would answer it with 200.
async fn options(request: Request, next: Next) -> Response {
    let asks = request
        .headers()
        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() == Method::OPTIONS && !asks {
        return Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method",
            "is not allowed here",
        )
        .into_response();
    }
    next.run(request).await
}

/// What was refused, in the service's own form.
async fn worded(response: Response) -> Response {
    let Some(refusal) = response.extensions().get::<Refusal>().copied() else {
        return response;
    };
    let (what, text) = match refusal {
        Refusal::Busy => ("service", "is busy, please come again in a moment"),
        Refusal::SlowAnswer => ("service", "took too long, please come again in a moment"),
        Refusal::SlowBody => ("body", "did not come in time"),
    };
    let mut answer = Problem::new(refusal.status(), what, text).into_response();
    refusal.mark(&mut answer);
    answer
}
