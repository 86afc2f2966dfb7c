//! The start and the end of the program.

use std::any::Any;
use std::process::ExitCode;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{Html, Response};
use axum::routing::get;
use data_encoding::BASE64URL_NOPAD;
use serve::{Cause, Limits, Log, Refusal, limited, listen, logged, own, program, serve, stopped};
use tower_http::catch_panic::CatchPanicLayer;

use super::front;
use super::options::{HELP, Options, read};
use super::parts::{Part, Shared, all, below, said};
use crate::given::refusal::refusal;

/// Reads the command line, serves until Ctrl-C, and says how it ended.
pub fn main() -> ExitCode {
    program(HELP, read(std::env::args_os().skip(1)), run)
}

async fn run(options: Options) -> Result<(), String> {
    let (listener, address) = listen(options.port).await?;
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", options.database.display());
    own(&options.database).map_err(|error| named(&error))?;
    let token = match set("APIS_TOKEN") {
        Some(token) => token,
        None => {
            let token = random_token()?;
            println!("the token of the partner demo is {token}");
            token
        }
    };
    let secret = set("APIS_SECRET");
    let shared = Shared {
        database: &options.database,
        token: &token,
        secret: secret.as_deref(),
    };
    let parts = quietly(|| all(&shared)).map_err(|error| named(&error))?;
    for part in parts.iter().filter(|part| !part.written) {
        println!("not written yet: {}", part.name);
    }
    let (limits, log) = (Limits::default(), Log::to_stderr());
    log.install();
    let service = assemble(parts, &limits, &log)?;
    let stop = stopped();
    println!("serving http://{address}");
    println!("{}", serve(listener, service, &limits, stop).await);
    Ok(())
}

/// The parts below their names, a first page, and around all of it what every request goes through.
///
/// # Errors
///
/// A sentence, when the page cannot be made.
pub fn assemble(parts: Vec<Part>, limits: &Limits, log: &Log) -> Result<Router, String> {
    let page = front::page(&parts).map_err(|error| error.to_string())?;
    let style = (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        look::STYLE,
    );
    let icon = ([(header::CONTENT_TYPE, "image/svg+xml")], look::ICON);
    let mut router = Router::new()
        .route("/", get(async move || Html(page)))
        .route("/style.css", get(async move || style))
        .route("/lantern.svg", get(async move || icon));
    for part in parts {
        // The document's page has links that begin at the root.
        router = match part.name {
            "openapi" if part.written => router.merge(part.router),
            "openapi" => router
                .nest("/docs", part.router.clone())
                .nest("/openapi.json", part.router),
            name => router.merge(below(name, part.router)),
        };
    }
    let nowhere = async || refusal(StatusCode::NOT_FOUND, "there is nothing at this address");
    let all = router
        .fallback(nowhere)
        .layer(CatchPanicLayer::custom(panicked));
    // From the inside out: what is too much is refused, refusals get words, answers have a line in the log.
    let answered = limited(all, limits).layer(map_response(worded));
    Ok(logged(answered, log))
}

/// A handler that panics fails as any other: its client gets an answer, and the log gets its message.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let detail = "something went wrong on our side";
    let mut response = refusal(StatusCode::INTERNAL_SERVER_ERROR, detail);
    let cause = Cause(format!("panicked: {}", said(&*panic)));
    response.extensions_mut().insert(cause);
    response
}

/// What was refused before a handler saw it, in this service's words; and headers that every answer has.
async fn worded(response: Response) -> Response {
    let refused = response.extensions().get::<Refusal>().copied();
    let mut response = match refused {
        None => response,
        Some(refused) => {
            let mut worded = refusal(response.status(), refused.detail());
            refused.mark(&mut worded);
            worded
        }
    };
    let guards = [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ];
    for (name, value) in guards {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A `todo!()` is what is looked for: no word about it.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = work();
    std::panic::set_hook(usual);
    done
}

/// What the environment says, if it says something.
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// 128 bits that nobody guesses.
fn random_token() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}
