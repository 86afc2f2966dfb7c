//! The exercises that have routes, each below an address of its own.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use rusqlite::Connection;

use crate::given::books::{Book, Isbn, Shelf as Books};
use crate::given::levels::Levels;
use crate::given::orders::Orders;
use crate::given::partner::Partners;
use crate::given::records::{self, Clock, Records};
use crate::given::refusal::refusal;
use crate::given::shelf::Shelf;
use crate::given::shipments::Depot;
use crate::given::stock::SHELF;
use crate::given::till::PlayTill;
use crate::given::{catalogue, partner};
use crate::{
    conditional, filtering, idempotency, openapi, pagination, problems, resources, validation,
    versions, webhooks,
};

/// What the parts share.
#[derive(Debug, Clone)]
pub struct Shared<'a> {
    pub database: &'a Path,
    /// The token of the partner `demo`.
    pub token: &'a str,
    /// The secret of webhooks, if there is one.
    pub secret: Option<&'a str>,
}

/// An exercise as it is served.
#[derive(Debug)]
pub struct Part {
    pub name: &'static str,
    pub written: bool,
    pub router: Router,
}

/// All exercises that have routes.
///
/// # Errors
///
/// SQLite's.
pub fn all(shared: &Shared<'_>) -> rusqlite::Result<Vec<Part>> {
    let keys = idempotency::Keys::new(Connection::open(shared.database)?)?;
    let taken = webhooks::Taken::new(Connection::open(shared.database)?)?;
    let (orders, titles) = (sample_orders()?, sample_titles()?);
    let partners = partner::Partners::new([("demo", shared.token)]);
    let payments = idempotency::Desk {
        partners: partners.clone(),
        keys: Arc::new(keys),
        till: Arc::new(PlayTill::default()),
        now: clock(),
    };
    let hooks = webhooks::Desk {
        secrets: shared
            .secret
            .map(|secret| webhooks::Secret(secret.into()))
            .into_iter()
            .collect(),
        taken: Arc::new(taken),
        now: clock(),
        inbox: Arc::new(|id, body| println!("a message came: {id}, {} bytes", body.len())),
    };
    let pages = pagination::Desk {
        records: orders,
        key: shared.token.as_bytes().into(),
        clock: clock(),
    };
    Ok(vec![
        part("resources", || resources::routes(Arc::new(sample_books()))),
        part("validation", || validation::routes(Arc::new(sample_shop()))),
        part("problems", || {
            problems::routes(Arc::new(Depot::with(&["p1", "p2"])))
        }),
        part("pagination", || pagination::routes(pages)),
        part("filtering", || filtering::routes(titles)),
        part("conditional", || {
            conditional::routes(Arc::new(Levels::default()), clock())
        }),
        part("idempotency", || idempotency::routes(payments)),
        part("openapi", || openapi_routes(partners)),
        part("webhooks", || webhooks::routes(hooks)),
        part("versions", || versions::routes(sample_versions())),
    ])
}

/// The document's page has links that begin at the root, so this one stands there.
fn openapi_routes(partners: Partners) -> Router {
    openapi::routes(openapi::Shop::new(partners))
}

/// The exercise's routes, or a stand-in in the place of what panics with `todo!()`.
fn part(name: &'static str, routes: impl FnOnce() -> Router) -> Part {
    match catch_unwind(AssertUnwindSafe(routes)) {
        Ok(router) => Part {
            name,
            written: true,
            router,
        },
        Err(panic) if is_todo(&*panic) => Part {
            name,
            written: false,
            router: Router::new().fallback(async || {
                refusal(
                    StatusCode::NOT_IMPLEMENTED,
                    "this exercise is not written yet",
                )
            }),
        },
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn is_todo(panic: &(dyn Any + Send)) -> bool {
    said(panic).starts_with("not yet implemented")
}

/// The words of a panic.
pub fn said(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "a panic without words",
    }
}

/// `router` below `/NAME`: the addresses in its `Location` and `Link` begin with that, too.
pub fn below(name: &'static str, router: Router) -> Router {
    let longer = move |mut response: Response| {
        let headers = response.headers_mut();
        lengthen(headers, header::LOCATION, |at| match at.strip_prefix('/') {
            Some(rest) => format!("/{name}/{rest}"),
            None => at.to_owned(),
        });
        lengthen(headers, header::LINK, |links| {
            links.replace("</", &format!("</{name}/"))
        });
        std::future::ready(response)
    };
    let place = axum::middleware::map_response(longer);
    Router::new().nest(&format!("/{name}"), router.layer(place))
}

fn lengthen(headers: &mut HeaderMap, name: HeaderName, longer: impl Fn(&str) -> String) {
    let value = headers.get(&name).and_then(|value| value.to_str().ok());
    if let Some(Ok(value)) = value.map(|value| HeaderValue::try_from(longer(value))) {
        headers.insert(name, value);
    }
}

fn clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is a clock that was never set.
        since.map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        })
    })
}

fn isbns() -> impl Iterator<Item = Isbn> {
    SHELF
        .iter()
        .filter_map(|title| Isbn::try_from(title.isbn.to_owned()).ok())
}

fn sample_books() -> Books {
    let books = Books::default();
    for (isbn, title) in isbns().zip(SHELF) {
        books.put(Book {
            isbn,
            title: title.title.to_owned(),
            subtitle: None,
            price_cents: title.cents,
            size: None,
        });
    }
    books
}

fn sample_shop() -> Orders {
    Orders::with_books(isbns())
}

fn sample_orders() -> rusqlite::Result<Records> {
    let records = Records::with(records::TABLES)?;
    let now = clock()();
    records.lock().execute(
        "INSERT INTO orders (partner, shop, placed_at, cents)
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60)
         SELECT 'demo', iif(n % 3 = 0, 'Harbour', 'Market'), ?1 - 600 * (n / 2), 500 + 37 * n FROM n",
        [now],
    )?;
    Ok(records)
}

fn sample_titles() -> rusqlite::Result<Records> {
    let records = Records::with(catalogue::TABLES)?;
    for (title, author) in SHELF.iter().zip([
        "Jane Austen",
        "Jane Austen",
        "Charles Dickens",
        "Bram Stoker",
    ]) {
        records.lock().execute(
            "INSERT INTO titles VALUES (?1, ?2, ?3, 'en', ?4, 2003, ?5, ?4 / 2)",
            rusqlite::params![
                title.isbn,
                title.title,
                author,
                title.cents,
                title.copies > 0
            ],
        )?;
    }
    Ok(records)
}

fn sample_versions() -> versions::Desk {
    let shelf = Shelf::default();
    shelf.add("Emma".to_owned(), 950, None);
    shelf.add("Foundation".to_owned(), 1199, Some("Foundation".to_owned()));
    let now = clock()();
    let day = 24 * 60 * 60;
    versions::Desk {
        shelf,
        plan: Arc::new(versions::Plan {
            deprecated: now - 30 * day,
            gone: now + 180 * day,
            guide: "https://lantern.example/guide/2".to_owned(),
        }),
        now: clock(),
    }
}
