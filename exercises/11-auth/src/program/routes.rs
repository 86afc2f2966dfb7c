//! Every address: for whom it is, and which exercises it needs.

use std::any::Any;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use serde_json::json;
use serve::{Limits, Log, limited, logged};
use tower_http::catch_panic::CatchPanicLayer;

use super::failure::Failure;
use super::shop::{Shop, now};
use super::{accounts, failure, orders};
use crate::extractor::CurrentUser;
use crate::given::roles::{Access, Guard, Permission, Roles, Rule, UserId};
use crate::{roles, sessions};

/// What a body may weigh.
const MOST_BYTES: usize = 16 * 1024;

/// For whom each address is. What is not in here is for nobody.
const RULES: &[Rule] = &[
    Rule::new("GET", "/health", Access::Public),
    Rule::new("POST", "/accounts", Access::Public),
    Rule::new("POST", "/sessions", Access::Public),
    Rule::new("DELETE", "/sessions/current", Access::Public),
    Rule::new("POST", "/tokens", Access::Public),
    Rule::new("DELETE", "/tokens", Access::Public),
    Rule::new("POST", "/tokens/refresh", Access::Public),
    Rule::new("GET", "/reviews", Access::Public),
    Rule::new("GET", "/me", Access::SignedIn),
    Rule::new("POST", "/me/totp", Access::SignedIn),
    Rule::new("POST", "/me/totp/code", Access::SignedIn),
    Rule::new("GET", "/sessions", Access::SignedIn),
    Rule::new("DELETE", "/sessions", Access::SignedIn),
    Rule::new("DELETE", "/sessions/{id}", Access::SignedIn),
    Rule::new("GET", "/orders", Access::SignedIn),
    Rule::new("POST", "/orders", Access::SignedIn),
    Rule::new("GET", "/orders/{id}", Access::SignedIn),
    Rule::new("POST", "/orders/{id}/cancelling", Access::SignedIn),
    Rule::new("PUT", "/orders/{id}/lines/{line}", Access::SignedIn),
    Rule::new("PUT", "/orders/{id}/owner", Access::SignedIn),
    Rule::new("POST", "/reviews", Access::SignedIn),
    Rule::new("PUT", "/reviews/{id}", Access::SignedIn),
    Rule::new(
        "GET",
        "/staff/orders",
        Access::Needs(Permission::ReadOrders),
    ),
    Rule::new(
        "POST",
        "/orders/{id}/shipping",
        Access::Needs(Permission::Ship),
    ),
    Rule::new(
        "PUT",
        "/users/{id}/role",
        Access::Needs(Permission::ManageRoles),
    ),
];

/// The exercises without which an address answers 501.
fn needs(method: &str, route: &str) -> &'static [&'static str] {
    match (method, route) {
        (_, "/health") | ("GET", "/reviews") => &[],
        (_, "/accounts") => &["passwords", "validation"],
        ("POST", "/sessions") => &["passwords", "validation", "sessions"],
        (_, "/sessions/current") => &["sessions"],
        ("POST", "/tokens") => &["passwords", "validation", "tokens", "refresh"],
        (_, "/tokens" | "/tokens/refresh") => &["tokens", "refresh"],
        (_, "/sessions" | "/sessions/{id}") => &["extractor", "roles", "sessions"],
        (_, "/me/totp" | "/me/totp/code") => &["extractor", "roles", "totp"],
        (_, "/me" | "/users/{id}/role") => &["extractor", "roles"],
        _ => &["extractor", "roles", "ownership"],
    }
}

/// The whole service.
pub fn service(shop: &Shop, log: &Log, limits: &Limits) -> Router {
    let mut routes = Router::new()
        .route("/health", get(async || "ok\n"))
        .route("/accounts", post(accounts::open))
        .route(
            "/sessions",
            post(accounts::sign_in)
                .get(accounts::sessions)
                .delete(accounts::end_sessions),
        )
        .route("/sessions/current", delete(accounts::sign_out))
        .route("/sessions/{id}", delete(accounts::end_session))
        .route(
            "/tokens",
            post(accounts::start_tokens).delete(accounts::end_tokens),
        )
        .route("/tokens/refresh", post(accounts::refresh_tokens))
        .route("/me", get(accounts::me))
        .route("/me/totp", post(accounts::enrol))
        .route("/me/totp/code", post(accounts::confirm))
        .route("/users/{id}/role", put(accounts::set_role))
        .route("/orders", get(orders::list).post(orders::add))
        .route("/orders/{id}", get(orders::show))
        .route("/orders/{id}/cancelling", post(orders::cancel))
        .route("/orders/{id}/lines/{line}", put(orders::set_copies))
        .route("/orders/{id}/owner", put(orders::give))
        .route("/orders/{id}/shipping", post(orders::ship))
        .route("/staff/orders", get(orders::open_orders))
        .route("/reviews", get(orders::reviews).post(orders::add_review))
        .route("/reviews/{id}", put(orders::edit_review))
        .fallback(async || Failure::MISSING)
        .with_state(shop.clone());
    // From the inside out: the guard asks whose request it is, so that must be known before; and both must be written.
    if shop.written().has("roles") {
        let roles: Arc<dyn Roles> = Arc::new(shop.clone());
        let rules = RULES;
        routes = roles::guarded(routes, Guard { rules, roles });
    }
    if shop.written().has("extractor") {
        routes = routes.layer(from_fn_with_state(shop.clone(), recognised));
    }
    let routes = routes
        .layer(from_fn_with_state(shop.clone(), cookie_as_token))
        .layer(from_fn_with_state(shop.clone(), written))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(MOST_BYTES));
    logged(
        limited(routes, limits).layer(axum::middleware::map_response(guarded)),
        log,
    )
}

/// Tells what is not written yet.
async fn written(
    State(shop): State<Shop>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let needed = match &route {
        Some(route) => needs(request.method().as_str(), route.as_str()),
        None => &[],
    };
    let missing: Vec<&str> = needed
        .iter()
        .filter(|exercise| !shop.written().has(exercise))
        .copied()
        .collect();
    if missing.is_empty() {
        return next.run(request).await;
    }
    let said = format!("not written yet: {}", missing.join(", "));
    (StatusCode::NOT_IMPLEMENTED, Json(json!({ "error": said }))).into_response()
}

/// A browser shows its secret in a cookie, where a program shows a token in a header: from here on they are the same. A cookie
/// that has run out is none; whoever wants to sign in must not be stopped by it.
async fn cookie_as_token(State(shop): State<Shop>, mut request: Request, next: Next) -> Response {
    let has_header = request.headers().contains_key(header::AUTHORIZATION);
    if !has_header && shop.written().has("sessions") {
        let secret = sessions::secret_of(request.headers()).map(str::to_owned);
        if let Some(secret) = secret {
            let value = HeaderValue::from_str(&format!("Bearer {secret}"));
            let lives = shop.ask(move |_, connection| {
                Ok(sessions::user_of(connection, &secret, now())?.is_some())
            });
            match lives.await {
                Ok(true) => {
                    if let Ok(value) = value {
                        request.headers_mut().insert(header::AUTHORIZATION, value);
                    }
                }
                Ok(false) => {}
                Err(failure) => return failure.into_response(),
            }
        }
    }
    next.run(request).await
}

/// Puts the user's id where the guard looks for it.
async fn recognised(user: Option<CurrentUser>, mut request: Request, next: Next) -> Response {
    if let Some(CurrentUser(user)) = user {
        request.extensions_mut().insert(UserId(user.id));
    }
    next.run(request).await
}

/// What an answer with somebody's data in it must not become: a page, or a copy in a cache.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// A handler that panics fails as any other: its client gets an answer, and the log its message.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (None, Some(text)) => (*text).to_owned(),
        (None, None) => "a panic without words".to_owned(),
    };
    failure::broken(&std::io::Error::other(format!("panicked: {said}")))
}
