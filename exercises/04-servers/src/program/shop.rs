//! The shop: its books, its routes, and the steps of a request, each from its exercise.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use servers::chunks::read_chunks;
use servers::framing::{framing, read_length};
use servers::http::{
    Framing, Head, HttpError, Method, Request, Response, Sending, Service, Status,
};
use servers::query::{self, parse_pairs, percent_decode, percent_encode, read_form};
use servers::request::{LIMITS, read_head};
use servers::response::write_response;
use servers::routing::{RouteError, Router};
use servers::static_files::serve_file;
use servers::stream::{Clock, SystemClock};

use super::log::Entry;
use super::pages::{escape, page, page_for};

/// The longest body, in bytes.
const LONGEST_BODY: u64 = 1_000_000;

/// What the shop sells: number, title, copies.
const BOOKS: [(&str, &str, u32); 4] = [
    ("9780141036144", "Nineteen Eighty-Four", 3),
    ("9780140449266", "The Count of Monte Cristo", 1),
    ("9780199232765", "War & Peace", 5),
    ("9782070368228", "L\u{2019}\u{c9}tranger", 0),
];

/// How many copies there are of each book.
pub fn copies() -> [u32; 4] {
    BOOKS.map(|(_, _, copies)| copies)
}

/// What all connections share.
pub struct Shop {
    router: Router,
    folder: PathBuf,
    /// When the shop opened, and how many requests it has had: together the number of a request.
    opened: u64,
    requests: AtomicU64,
}

impl Shop {
    /// The shop, with its files in a folder.
    pub fn new(folder: PathBuf) -> Result<Shop, RouteError> {
        Ok(Shop {
            router: router()?,
            folder,
            opened: SystemClock::start().unix_seconds(),
            requests: AtomicU64::new(0),
        })
    }

    /// One client's connection.
    pub fn visit(&self, client: IpAddr) -> Visit<'_> {
        Visit {
            shop: self,
            client,
            entry: RefCell::new(Entry::unreadable()),
        }
    }
}

/// One client's connection, and what is to be logged of its request.
pub struct Visit<'a> {
    shop: &'a Shop,
    client: IpAddr,
    entry: RefCell<Entry>,
}

impl Service for Visit<'_> {
    fn read_head(&self, reader: &mut dyn BufRead) -> Result<Option<Head>, HttpError> {
        self.entry.replace(Entry::unreadable());
        let head = read_head(reader, &LIMITS)?;
        if let Some(head) = &head {
            self.entry.replace(Entry::of(head));
        }
        Ok(head)
    }

    fn framing(&self, head: &Head) -> Result<Framing, HttpError> {
        framing(head, LONGEST_BODY)
    }

    fn read_body(&self, reader: &mut dyn BufRead, framing: Framing) -> Result<Vec<u8>, HttpError> {
        match framing {
            Framing::Empty => Ok(Vec::new()),
            Framing::Length(length) => read_length(reader, length, LONGEST_BODY),
            Framing::Chunked => read_chunks(reader, LONGEST_BODY),
        }
    }

    /// The routes come first; what they do not know may be a file. What is wrong is said on a page with a way back.
    fn respond(&self, request: &Request) -> Response {
        let routed = self.shop.router.respond(request);
        if routed.status != Status::NOT_FOUND {
            return page_for(routed);
        }
        match serve_file(&self.shop.folder, request, decode) {
            file if file.status == Status::NOT_FOUND => page_for(routed),
            file => page_for(file),
        }
    }

    /// Sends the response with its number, and writes the line of the log.
    fn write(
        &self,
        writer: &mut dyn Write,
        response: &Response,
        sending: Sending,
    ) -> io::Result<()> {
        let number = self.shop.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let id = format!("{:x}-{number}", self.shop.opened);
        let numbered = response.clone().with_header("X-Request-Id", &id);
        let written = write_response(writer, &numbered, sending);
        let entry = self.entry.replace(Entry::unreadable());
        entry.write(self.client, response, sending, &id);
        written
    }
}

/// A decoder for `routing` and `static_files`.
fn decode(text: &str) -> Option<String> {
    percent_decode(text).ok()
}

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
    router.add(Method::Get, "/books/{isbn}", move |request, params| {
        let isbn = params.get("isbn").map_or("", String::as_str);
        let copies = shelf
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(isbn)
            .copied();
        match (title(isbn), copies) {
            (Some(title), Some(copies)) => book(title, copies, request),
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
            let text = "<h1>Choose a book that the shop has</h1>";
            return page(Status::BAD_REQUEST, text);
        };
        let outcome = match copies.checked_sub(1) {
            Some(left) => {
                *copies = left;
                "taken"
            }
            None => "sold-out",
        };
        // 303: the browser goes on with a GET, and reloading that page does not order a second copy.
        let address = format!("/books/{}?order={outcome}", percent_encode(isbn));
        Response::new(Status::SEE_OTHER).with_header("Location", &address)
    })?;
    Ok(router)
}

/// The page of a book. After an order it says how that went.
fn book(title: &str, copies: u32, request: &Request) -> Response {
    let asked = parse_pairs(request.head.query.as_deref().unwrap_or_default()).unwrap_or_default();
    let note = match query::value(&asked, "order") {
        Some("taken") => "<p class=\"done\"><strong>Ordered.</strong> Thank you.</p>",
        Some("sold-out") => {
            "<p class=\"error\"><strong>Sold out.</strong> Nothing was ordered.</p>"
        }
        _ => "",
    };
    let title = escape(title);
    let text = format!("<h1>{title}</h1>{note}<p>Copies in stock: {copies}</p>");
    page(Status::OK, &text)
}

/// The books whose title contains what was asked for.
fn search(request: &Request) -> Response {
    let Ok(asked) = parse_pairs(request.head.query.as_deref().unwrap_or_default()) else {
        let text = "<h1>The question cannot be decoded</h1>";
        return page(Status::BAD_REQUEST, text);
    };
    let wanted = query::value(&asked, "q").unwrap_or_default();
    let mut found = format!("<h1>Books with \u{201c}{}\u{201d}</h1><ul>", escape(wanted));
    let before = found.len();
    for (isbn, title, _) in BOOKS {
        if title.to_lowercase().contains(&wanted.to_lowercase()) {
            let title = escape(title);
            found.push_str(&format!("<li><a href=\"/books/{isbn}\">{title}</a></li>"));
        }
    }
    if found.len() == before {
        found.push_str("<li>None so far.</li>");
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
