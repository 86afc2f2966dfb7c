//! Lantern's little shop on the web, made of the exercises: `cargo run -p PACKAGE [ADDRESS [FOLDER]]`.
//!
//! It listens on 127.0.0.1:8080 unless told otherwise, and serves the files of `public/`. All of it is given. Until the
//! exercises are written, it stops with the message of the first one that it needs.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use servers::body::{framing, read_body};
use servers::connections::{Pool, Settings, SystemClock, admit, serve_connection};
use servers::http::{
    Framing, Head, HttpError, Method, Request, Response, Sending, Service, Status,
};
use servers::query::{self, parse_pairs, percent_decode, percent_encode, read_form};
use servers::request::{LIMITS, read_head};
use servers::response::write_response;
use servers::routing::{RouteError, Router};
use servers::static_files::serve_file;

/// Where the server listens when nothing else is said: on this machine only.
const ADDRESS: &str = "127.0.0.1:8080";

/// The files that are served when nothing else is said.
const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../exercises/04-servers/public"
);

/// The longest body, in bytes.
const LONGEST_BODY: u64 = 1_000_000;

/// Connections that are served at once, and connections that may wait. A slow client keeps a thread until its time is
/// over, so there are many more threads than processors.
const WORKERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);
const WAITING: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

const SETTINGS: Settings = Settings {
    idle: Duration::from_secs(5),
    exchange: Duration::from_secs(10),
    requests: 1_000,
    farewell: Duration::from_secs(1),
    farewell_bytes: 262_144,
};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| String::from(ADDRESS));
    let folder = arguments.next().unwrap_or_else(|| String::from(FOLDER));
    match run(&address, Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the shop at {address} cannot open: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Takes connections for as long as the process lives.
fn run(address: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let shop = Shop {
        router: router()?,
        folder: PathBuf::from(folder),
    };
    let clock = SystemClock::start();
    let pool = Pool::new(WORKERS, WAITING, move |stream: TcpStream| {
        serve_connection(stream, &shop, &clock, &SETTINGS);
    })?;
    let listener = TcpListener::bind(address)?;
    println!("Lantern is open: http://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        match stream {
            // A client that leaves while it is told to come back later is no trouble of the shop's.
            Ok(stream) => drop(stream.set_nodelay(true).and_then(|()| admit(&pool, stream))),
            Err(error) => {
                // Perhaps there are too many open files. Trying again at once would only keep the processor busy.
                eprintln!("a connection could not be accepted: {error}");
                thread::sleep(Duration::from_millis(50));
            }
        }
    }
    Ok(())
}

/// The steps of a request, each from its exercise.
struct Shop {
    router: Router,
    folder: PathBuf,
}

impl Service for Shop {
    fn read_head(&self, reader: &mut dyn BufRead) -> Result<Option<Head>, HttpError> {
        read_head(reader, &LIMITS)
    }

    fn framing(&self, head: &Head) -> Result<Framing, HttpError> {
        framing(head, LONGEST_BODY)
    }

    fn read_body(&self, reader: &mut dyn BufRead, framing: Framing) -> Result<Vec<u8>, HttpError> {
        read_body(reader, framing, LONGEST_BODY)
    }

    /// The routes come first; what they do not know may be a file.
    fn respond(&self, request: &Request) -> Response {
        let response = self.router.respond(request);
        if response.status != Status::NOT_FOUND {
            return response;
        }
        match serve_file(&self.folder, request, decode) {
            file if file.status == Status::NOT_FOUND => response,
            file => file,
        }
    }

    fn write(
        &self,
        writer: &mut dyn Write,
        response: &Response,
        sending: Sending,
    ) -> io::Result<()> {
        write_response(writer, response, sending)
    }
}

/// A decoder for `routing` and `static_files`.
fn decode(text: &str) -> Option<String> {
    percent_decode(text).ok()
}

/// What the shop sells: number, title, copies.
const BOOKS: [(&str, &str, u32); 4] = [
    ("9780141036144", "Nineteen Eighty-Four", 3),
    ("9780140449266", "The Count of Monte Cristo", 1),
    ("9780199232765", "War & Peace", 5),
    ("9782070368228", "L\u{2019}\u{c9}tranger", 0),
];

/// The shop's pages.
fn router() -> Result<Router, RouteError> {
    let stock: BTreeMap<&str, u32> = BOOKS
        .iter()
        .map(|(isbn, _, copies)| (*isbn, *copies))
        .collect();
    let stock = Arc::new(Mutex::new(stock));
    let mut router = Router::new(decode);
    router.add(Method::Get, "/search", |request, _| search(request))?;
    let shelf = Arc::clone(&stock);
    router.add(Method::Get, "/books/{isbn}", move |_, params| {
        let isbn = params.get("isbn").map_or("", String::as_str);
        let shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        match (title(isbn), shelf.get(isbn)) {
            (Some(title), Some(copies)) => {
                let text = format!("<h1>{}</h1><p>Copies in stock: {copies}</p>", escape(title));
                page(Status::OK, &text)
            }
            _ => page(Status::NOT_FOUND, "<h1>No such book</h1>"),
        }
    })?;
    router.add(Method::Post, "/orders", move |request, _| {
        let form = match read_form(request) {
            Ok(form) => form,
            Err(HttpError::Refused(status, why)) => return Response::text(status, why),
            Err(HttpError::Io(_)) => return Response::new(Status::INTERNAL_SERVER_ERROR),
        };
        let isbn = query::value(&form, "isbn").unwrap_or_default();
        let mut stock = stock.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(copies) = stock.get_mut(isbn) else {
            return page(
                Status::BAD_REQUEST,
                "<h1>Choose a book that the shop has</h1>",
            );
        };
        match copies.checked_sub(1) {
            Some(left) => {
                *copies = left;
                let address = format!("/books/{}", percent_encode(isbn));
                page(
                    Status::CREATED,
                    &format!("<h1>Ordered</h1><p>Copies left: {left}</p>"),
                )
                .with_header("Location", &address)
            }
            None => page(Status::OK, "<h1>Sold out</h1>"),
        }
    })?;
    Ok(router)
}

/// The books whose title contains what was asked for.
fn search(request: &Request) -> Response {
    let Ok(asked) = parse_pairs(request.head.query.as_deref().unwrap_or_default()) else {
        return page(
            Status::BAD_REQUEST,
            "<h1>The question cannot be decoded</h1>",
        );
    };
    let wanted = query::value(&asked, "q").unwrap_or_default();
    let mut found = format!("<h1>Books with \u{201c}{}\u{201d}</h1><ul>", escape(wanted));
    for (isbn, title, _) in BOOKS {
        if title.to_lowercase().contains(&wanted.to_lowercase()) {
            found.push_str(&format!(
                "<li><a href=\"/books/{isbn}\">{}</a></li>",
                escape(title)
            ));
        }
    }
    found.push_str("</ul>");
    page(Status::OK, &found)
}

fn title(isbn: &str) -> Option<&'static str> {
    BOOKS
        .iter()
        .find(|(number, _, _)| *number == isbn)
        .map(|(_, title, _)| *title)
}

/// A page of the shop around a piece of HTML.
fn page(status: Status, content: &str) -> Response {
    let mut response =
        Response::new(status).with_header("Content-Type", "text/html; charset=utf-8");
    response.body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Lantern</title>\
         <link rel=\"stylesheet\" href=\"/style.css\"><main>{content}<p><a href=\"/\">Back to the shop</a></p></main>\n"
    )
    .into_bytes();
    response
}

/// Text as it may stand in HTML, also in an attribute. Without it a visitor's search could bring a script along.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
