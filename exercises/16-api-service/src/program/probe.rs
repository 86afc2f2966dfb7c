//! Which milestones are written? Each is tried on a database of its own; what panics with `todo!()` is not.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt as _;

use crate::given::app::{App, Cx, Parts, SigningKey, Tx};
use crate::given::clock::ManualClock;
use crate::given::config::Config;
use crate::given::database::{Database, Durability};
use crate::given::hasher::Hasher;
use crate::given::http;
use crate::given::neighbours::Neighbours;
use crate::given::problem::Problem;
use crate::given::standins::{self, Journal};
use crate::{articles, comments, editing, favorites, feed, listing, login, profiles, tags, users};

/// The ten milestones, all of them as they are written. One that is not answers 501.
#[must_use]
pub fn as_written(config: &Config) -> Neighbours {
    let hasher = Hasher::new(config);
    Neighbours {
        passwords: Arc::new(users::Argon2id {
            cost: config.argon2,
            hasher: hasher.clone(),
        }),
        hasher,
        users: Arc::new(users::Accounts),
        tokens: Arc::new(login::Jwt),
        profiles: Arc::new(profiles::Book),
        articles: Arc::new(articles::Shelf),
        tags: Arc::new(tags::Labels),
    }
}

/// The names of the milestones that are not written yet, in their order.
///
/// # Errors
///
/// A sentence, when the temporary folder cannot be used.
pub async fn unwritten() -> Result<Vec<&'static str>, String> {
    // A `todo!()` is what we look for: no word about it on standard error.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found = tried().await;
    std::panic::set_hook(Box::new(move |panic| {
        if http::unwritten(panic.payload()).is_none() {
            usual(panic);
        }
    }));
    found
}

async fn tried() -> Result<Vec<&'static str>, String> {
    let folder = std::env::temp_dir().join(format!("conduit-probe-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let found = try_all(&folder).await;
    std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    found
}

async fn try_all(folder: &Path) -> Result<Vec<&'static str>, String> {
    let config = Config::for_tests();
    let cx = scratch(folder, &config)?;
    let mut missing = missing_traits(&cx, &as_written(&config));
    let mut order = Vec::new();
    for (name, routes, requests) in milestones() {
        order.push(name);
        let service = http::service(cx.app().clone(), routes);
        for (method, path, body) in requests {
            if !answers(&service, method, path, body).await {
                missing.insert(name);
            }
        }
    }
    order.retain(|name| missing.contains(name));
    Ok(order)
}

/// The milestones whose own trait ends in a `todo!()`.
fn missing_traits(cx: &Cx, own: &Neighbours) -> BTreeSet<&'static str> {
    let issued = AssertUnwindSafe(|| own.tokens.issue(cx, 1));
    let authenticated = AssertUnwindSafe(|| own.tokens.authenticate(cx, "x"));
    let tried = [
        (
            "users",
            written(cx, |_| own.passwords.hash("password").map(drop)),
        ),
        ("users", written(cx, |tx| own.users.view(tx, 1).map(drop))),
        ("login", !panics(issued) && !panics(authenticated)),
        (
            "profiles",
            written(cx, |tx| own.profiles.view(tx, 1, None).map(drop)),
        ),
        (
            "articles",
            written(cx, |tx| own.articles.find(tx, "probe").map(drop)),
        ),
        (
            "articles",
            written(cx, |tx| own.articles.view(tx, 1, None).map(drop)),
        ),
        (
            "tags",
            written(cx, |tx| own.tags.set(tx, 1, &["probe".to_owned()])),
        ),
    ];
    let missing = tried.into_iter().filter(|(_, written)| !written);
    missing.map(|(name, _)| name).collect()
}

fn scratch(folder: &Path, config: &Config) -> Result<Cx, String> {
    let database = Database::open(&folder.join("probe.db"), Durability::Relaxed)?;
    let rows = "INSERT INTO users (id, username, email, password_hash, created_at)
                VALUES (1, 'probe', 'probe@lantern.example', '', 1);
                INSERT INTO articles (id, slug, author_id, created_at, updated_at, title, description, body)
                VALUES (1, 'probe', 1, 1, 1, 'Probe', 'Probe', 'Probe');
                INSERT INTO comments (id, article_id, author_id, created_at, updated_at, body)
                VALUES (1, 1, 1, 1, 1, 'Probe')";
    database
        .write(|connection| Ok(connection.execute_batch(rows)?))
        .map_err(|_| "the database for trying the milestones cannot be written".to_owned())?;
    Ok(Cx::new(App::new(Parts {
        config: config.clone(),
        clock: Arc::new(ManualClock::at(1_500_000_000_000)),
        database,
        neighbours: standins::neighbours(&Journal::default()),
        signing_key: SigningKey([0; 32]),
    })))
}

/// Whether `work` does anything but panic with `todo!()`. What it changes is rolled back.
fn written(cx: &Cx, work: impl FnOnce(&Tx) -> Result<(), Problem>) -> bool {
    let tried = || {
        cx.write(|tx| -> Result<(), Problem> {
            // Its answer does not matter, and an error rolls back.
            let _ = work(tx);
            Err(Problem::unwritten("probe"))
        })
    };
    !panics(AssertUnwindSafe(tried))
}

fn panics<T>(work: AssertUnwindSafe<impl FnOnce() -> T>) -> bool {
    std::panic::catch_unwind(work).is_err_and(|panic| http::unwritten(panic.as_ref()).is_some())
}

async fn answers(service: &Router, method: &str, path: &str, body: &str) -> bool {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, "Token user-1")
        .body(Body::from(body.to_owned()));
    let Ok(request) = request else {
        return false;
    };
    match service.clone().oneshot(request).await {
        Ok(response) => response.status() != StatusCode::NOT_IMPLEMENTED,
        Err(never) => match never {},
    }
}

type Probes = [(&'static str, &'static str, &'static str)];

/// Each milestone, its routes, and requests that reach its functions. What deletes comes last.
fn milestones() -> [(&'static str, Router<App>, &'static Probes); 10] {
    [
        (
            "users",
            users::routes(),
            &[
                (
                    "POST",
                    "/api/users",
                    r#"{"user":{"username":"new","email":"new@lantern.example","password":"password"}}"#,
                ),
                ("GET", "/api/user", ""),
                ("PUT", "/api/user", r#"{"user":{"bio":"x"}}"#),
            ],
        ),
        (
            "login",
            login::routes(),
            &[(
                "POST",
                "/api/users/login",
                r#"{"user":{"email":"nobody@lantern.example","password":"x"}}"#,
            )],
        ),
        (
            "profiles",
            profiles::routes(),
            &[
                ("GET", "/api/profiles/probe", ""),
                ("POST", "/api/profiles/probe/follow", ""),
                ("DELETE", "/api/profiles/probe/follow", ""),
            ],
        ),
        (
            "articles",
            articles::routes(),
            &[
                (
                    "POST",
                    "/api/articles",
                    r#"{"article":{"title":"x","description":"x","body":"x","tagList":["x"]}}"#,
                ),
                ("GET", "/api/articles/probe", ""),
            ],
        ),
        (
            "editing",
            editing::routes(),
            &[
                ("PUT", "/api/articles/probe", r#"{"article":{"title":"y"}}"#),
                ("DELETE", "/api/articles/x", ""),
            ],
        ),
        (
            "listing",
            listing::routes(),
            &[("GET", "/api/articles?tag=x&author=y&favorited=z", "")],
        ),
        ("feed", feed::routes(), &[("GET", "/api/articles/feed", "")]),
        (
            "favorites",
            favorites::routes(),
            &[
                ("POST", "/api/articles/probe/favorite", ""),
                ("DELETE", "/api/articles/probe/favorite", ""),
            ],
        ),
        (
            "comments",
            comments::routes(),
            &[
                (
                    "POST",
                    "/api/articles/probe/comments",
                    r#"{"comment":{"body":"x"}}"#,
                ),
                ("GET", "/api/articles/probe/comments", ""),
                ("DELETE", "/api/articles/probe/comments/1", ""),
            ],
        ),
        ("tags", tags::routes(), &[("GET", "/api/tags", "")]),
    ]
}
