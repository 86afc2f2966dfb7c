//! `cargo run -p frameworks [PORT]`: the exercises' routers as one service, each below a prefix of its own. Given.
//!
//! It serves what is written. Where a router cannot be built yet, or a handler is not written yet, the answer is 501, and the
//! terminal says which.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use frameworks::{
    auth_workflow, database, errors, extractors, middleware, responses, routing, state,
};
use rusqlite::Connection;
use tokio::net::TcpListener;

const DEFAULT_PORT: u16 = 3000;

/// One exercise in the service: where it hangs, how it is built, and what to try on it.
struct Part {
    prefix: &'static str,
    build: fn() -> Router,
    tries: &'static [&'static str],
}

const PARTS: [Part; 8] = [
    Part {
        prefix: "/routing",
        build: routing::router,
        tries: &[
            "curl -i URL/books/9780141439587",
            "curl -i -X PATCH URL/books",
        ],
    },
    Part {
        prefix: "/extractors",
        build: extractors::router,
        tries: &[
            "curl -i 'URL/search?q=jane+eyre'",
            "curl -i -H 'x-till: 7' --json '{\"isbn\": \"9780141439587\", \"quantity\": 2}' URL/orders",
        ],
    },
    Part {
        prefix: "/state",
        build: state_part,
        tries: &[
            "curl -i -X POST URL/stock/9780141439587/reservations",
            "curl -i URL/announced",
        ],
    },
    Part {
        prefix: "/responses",
        build: responses::router,
        tries: &["curl -i -X POST URL/orders", "curl -i URL/sales/2026-07"],
    },
    Part {
        prefix: "/errors",
        build: errors_part,
        tries: &[
            "curl -i URL/books/9780141439587",
            "curl -i --json '{\"isbn\": 1}' URL/books",
        ],
    },
    Part {
        prefix: "/middleware",
        build: middleware_part,
        tries: &[
            "curl -i -H 'x-request-id: me-1' URL",
            "curl -i --data 'more than twenty bytes of text' URL",
        ],
    },
    Part {
        prefix: "/database",
        build: database_part,
        tries: &[
            "curl -i 'URL/books?author=Jane+Austen'",
            "curl -i -X PUT --json '{\"cents\": 899}' URL/books/9780141439587/price",
        ],
    },
    Part {
        prefix: "/auth_workflow",
        build: auth_part,
        tries: &[
            "curl -i -c cookies.txt --json '{\"email\": \"ana@lantern.example\", \"password\": \"a lamp in the window\"}' URL/login",
            "curl -i -b cookies.txt URL/account",
        ],
    },
];

fn state_part() -> Router {
    let copies = HashMap::from([("9780141439587".to_owned(), 3)]);
    let warehouse = state::Warehouse::open();
    state::router(state::AppState::new("Lantern, Bath", copies, warehouse))
}

fn errors_part() -> Router {
    errors::router(errors::Store::default(), errors::ErrorLog::default())
}

fn middleware_part() -> Router {
    let routes = Router::new().route(
        "/",
        get(async || "wrapped\n").post(async |body: String| body),
    );
    let ids = middleware::Ids::new("bath");
    middleware::with_middleware(routes, ids, middleware::AccessLog::default(), 20)
}

fn database_part() -> Router {
    let book = "INSERT INTO books VALUES ('9780141439587', 'Emma', 'Jane Austen', 999);";
    // In memory: the service begins with the same books each time.
    let opened = Connection::open_in_memory().and_then(|connection| {
        connection.execute_batch(database::SCHEMA)?;
        connection.execute_batch(book)?;
        Ok(connection)
    });
    match opened {
        Ok(connection) => database::router(database::Database::new(connection)),
        Err(error) => panic!("SQLite does not start: {error}"),
    }
}

fn auth_part() -> Router {
    auth_workflow::router(
        Arc::new(OneCustomer),
        Arc::new(auth_workflow::SystemRandomness),
    )
}

/// The accounts of this demonstration. Real passwords are stored as hashes: see the stage on authentication.
struct OneCustomer;

impl auth_workflow::Accounts for OneCustomer {
    fn verify(&self, email: &str, password: &str) -> Option<auth_workflow::Customer> {
        let is_ana = email == "ana@lantern.example" && password == "a lamp in the window";
        is_ana.then(|| auth_workflow::Customer {
            email: email.to_owned(),
            name: "Ana".to_owned(),
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let port = match port() {
        Ok(port) => port,
        Err(problem) => {
            eprintln!("{problem}\nUsage: cargo run -p frameworks [PORT]");
            return ExitCode::from(2);
        }
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = match TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("Cannot listen on {address}: {error}.");
            eprintln!(
                "Another program may use this port. Name another: cargo run -p frameworks 3001"
            );
            return ExitCode::FAILURE;
        }
    };
    // Port 0 asks the system for a free one.
    let base = format!("http://{}", listener.local_addr().unwrap_or(address));
    let service = assemble(&base);
    println!("\nListening on {base}. Ctrl-C stops it.");
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(stop_signal())
        .await;
    match served {
        Ok(()) => {
            println!("Stopped.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("The service ended: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The first argument, or the variable `PORT`, or 3000.
fn port() -> Result<u16, String> {
    let wanted = std::env::args()
        .nth(1)
        .or_else(|| std::env::var("PORT").ok());
    match wanted {
        None => Ok(DEFAULT_PORT),
        Some(text) => text
            .parse()
            .map_err(|_| format!("{text:?} is not a port: a number from 0 to 65535")),
    }
}

/// Builds what can be built, and says of each part what to try on it or why it is not there.
fn assemble(base: &str) -> Router {
    let usual = panic::take_hook();
    // A part that is not written panics in here, and is reported below in one line.
    panic::set_hook(Box::new(|_| {}));
    let built = PARTS.map(|part| {
        let router = panic::catch_unwind(AssertUnwindSafe(part.build));
        (part, router)
    });
    panic::set_hook(usual);

    let mut service = Router::new();
    for (part, router) in built {
        let Part { prefix, tries, .. } = part;
        match router {
            Ok(router) => {
                service = service.nest(prefix, router);
                println!("{prefix}");
                for line in tries {
                    println!("    {}", line.replace("URL", &format!("{base}{prefix}")));
                }
            }
            Err(payload) => {
                println!("{prefix}: not served yet ({})", words(&*payload));
                service = service.nest(prefix, Router::new().fallback(not_served_yet));
            }
        }
    }
    service.layer(from_fn(unwritten_is_501))
}

async fn not_served_yet() -> (StatusCode, &'static str) {
    let words = "This part cannot be built yet; the terminal says why.\n";
    (StatusCode::NOT_IMPLEMENTED, words)
}

/// Runs the handlers in a task of their own, so that a `todo!()` becomes an answer instead of a closed connection.
async fn unwritten_is_501(request: Request, next: Next) -> Response {
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => {
            let reason = match error.try_into_panic() {
                Ok(payload) => words(&*payload),
                Err(error) => error.to_string(),
            };
            let body = format!("This handler panicked: {reason}\n");
            (StatusCode::NOT_IMPLEMENTED, body).into_response()
        }
    }
}

/// What a panic said.
fn words(payload: &(dyn std::any::Any + Send)) -> String {
    match (
        payload.downcast_ref::<&str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => (*text).to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => "no reason given".to_owned(),
    }
}

async fn stop_signal() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("Ctrl-C cannot be heard ({error}); stop the program another way");
        std::future::pending::<()>().await;
    }
    println!("\nFinishing what is under way …");
}
