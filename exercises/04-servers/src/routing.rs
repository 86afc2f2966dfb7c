//! Routing: from a method and a path to the function that answers.
//!
//! `GET /books/9780141036144` shall reach the function that shows a book, and that function shall get the number. A path
//! that no route has is 404; a path that exists, asked with the wrong method, is 405, and the answer says which methods
//! there are.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;

use crate::http::{Decode, Method, Request, Response, Status};

/// What stood in the path where the pattern has `{name}`, by name, decoded.
pub type Params = BTreeMap<String, String>;

/// A function that answers. It may be a closure that has captured what it needs; several threads call it at once.
pub type Handler = Box<dyn Fn(&Request, &Params) -> Response + Send + Sync>;

/// Why a route was not added. It is the programmer's mistake, so it is found when the server starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteError {
    /// No pattern as [`Router::add`] describes it.
    BadPattern(String),
    /// There is a route for this method that matches the same paths.
    Taken(String),
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RouteError::BadPattern(pattern) => write!(f, "{pattern:?} is no pattern of a route"),
            RouteError::Taken(pattern) => write!(f, "{pattern:?} is taken by an earlier route"),
        }
    }
}

impl Error for RouteError {}

/// One part of a pattern, between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Param(String),
}

struct Route {
    method: Method,
    pattern: Vec<Segment>,
    handler: Handler,
}

/// The routes of a server.
pub struct Router {
    routes: Vec<Route>,
    decode: Decode,
}

impl Router {
    /// A router without routes, which decodes the segments of a path with `decode`.
    pub fn new(decode: Decode) -> Router {
        Router {
            routes: Vec::new(),
            decode,
        }
    }

    /// Adds a route. A pattern is `/`, or segments that each begin with a slash: a word, or a name in braces that stands
    /// for one whole segment.
    ///
    /// ```text
    /// /    /books    /books/{isbn}    /books/{isbn}/reviews/{number}
    /// ```
    ///
    /// # Errors
    ///
    /// - [`RouteError::BadPattern`]: no slash at the beginning, an empty segment (`//`, or a slash at the end), a brace
    ///   that does not enclose a whole segment (`{a`, `a{b}`), a name that is empty or stands there twice
    /// - [`RouteError::Taken`]: this method has a route with the same words and the same places for names, whatever the
    ///   names: `/books/{isbn}` and `/books/{id}`
    pub fn add<F>(&mut self, method: Method, pattern: &str, handler: F) -> Result<(), RouteError>
    where
        F: Fn(&Request, &Params) -> Response + Send + Sync + 'static,
    {
        todo!("take the pattern apart, look for an equal route, keep the new one")
    }

    /// Answers a request with the handler of its route.
    ///
    /// - The path is cut at its slashes, and then each segment is decoded, once. So `a%2Fb` is one segment, `a/b`.
    ///   A segment that cannot be decoded gets 400.
    /// - A word matches the same segment; a name matches any segment that is not empty. `/books/` is not `/books`.
    /// - Where several patterns match, the one with a word wins over the one with a name, from left to right; the order
    ///   in which they were added does not count. Only then does the method count.
    /// - No pattern: 404. A pattern, but not for this method: 405. The header `Allow` lists the methods that there are,
    ///   as in `GET, HEAD, OPTIONS`, in any order.
    /// - HEAD is answered by the handler of GET if it has none of its own (the body is left out when it is sent).
    /// - OPTIONS gets 204 and the same `Allow`, if it has no handler of its own.
    ///
    /// A path that does not begin with a slash (the `*` of OPTIONS) matches no pattern.
    pub fn respond(&self, request: &Request) -> Response {
        todo!(
            "cut, decode, find the patterns that match, choose the most exact, then look at the method"
        )
    }
}
