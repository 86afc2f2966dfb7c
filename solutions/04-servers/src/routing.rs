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
        let segments =
            parse_pattern(pattern).ok_or_else(|| RouteError::BadPattern(String::from(pattern)))?;
        let same = |route: &Route| route.method == method && same_paths(&route.pattern, &segments);
        if self.routes.iter().any(same) {
            return Err(RouteError::Taken(String::from(pattern)));
        }
        self.routes.push(Route {
            method,
            pattern: segments,
            handler: Box::new(handler),
        });
        Ok(())
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
        let Some(path) = request.head.path.strip_prefix('/') else {
            return Response::text(Status::NOT_FOUND, "there is nothing here");
        };
        let segments: Option<Vec<String>> = match path {
            "" => Some(Vec::new()),
            path => path.split('/').map(self.decode).collect(),
        };
        let Some(segments) = segments else {
            return Response::text(Status::BAD_REQUEST, "the path cannot be decoded");
        };
        let matching: Vec<&Route> = self
            .routes
            .iter()
            .filter(|route| matches(&route.pattern, &segments))
            .collect();
        let Some(best) = matching.iter().map(|route| shape(&route.pattern)).min() else {
            return Response::text(Status::NOT_FOUND, "there is nothing here");
        };
        let candidates: Vec<&Route> = matching
            .into_iter()
            .filter(|route| shape(&route.pattern) == best)
            .collect();
        let find = |method| candidates.iter().find(|route| route.method == method);
        let route = match (find(request.head.method), request.head.method) {
            (None, Method::Head) => find(Method::Get),
            (found, _) => found,
        };
        match route {
            Some(route) => (route.handler)(request, &params(&route.pattern, segments)),
            None => refuse_method(request.head.method, &candidates),
        }
    }
}

/// The segments of a pattern, or nothing for what is no pattern.
fn parse_pattern(pattern: &str) -> Option<Vec<Segment>> {
    let rest = pattern.strip_prefix('/')?;
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let mut names = BTreeSet::new();
    rest.split('/')
        .map(|segment| {
            let name = segment
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'));
            let word = name.unwrap_or(segment);
            if word.is_empty() || word.contains(['{', '}']) {
                return None;
            }
            match name {
                Some(name) if names.insert(name) => Some(Segment::Param(String::from(name))),
                Some(_) => None,
                None => Some(Segment::Literal(String::from(word))),
            }
        })
        .collect()
}

/// Whether two patterns match the same paths: the same but for the names.
fn same_paths(one: &[Segment], other: &[Segment]) -> bool {
    let same = |(one, other): (&Segment, &Segment)| match (one, other) {
        (Segment::Literal(one), Segment::Literal(other)) => one == other,
        (Segment::Param(_), Segment::Param(_)) => true,
        _ => false,
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

fn matches(pattern: &[Segment], segments: &[String]) -> bool {
    let fits = |(part, segment): (&Segment, &String)| match part {
        Segment::Literal(word) => word == segment,
        Segment::Param(_) => !segment.is_empty(),
    };
    pattern.len() == segments.len() && pattern.iter().zip(segments).all(fits)
}

/// Where the names are. Among patterns that match one path, the smallest shape is the most exact, because `false` comes
/// before `true`, and vectors are compared from left to right.
fn shape(pattern: &[Segment]) -> Vec<bool> {
    pattern
        .iter()
        .map(|part| matches!(part, Segment::Param(_)))
        .collect()
}

fn params(pattern: &[Segment], segments: Vec<String>) -> Params {
    let mut params = Params::new();
    for (part, segment) in pattern.iter().zip(segments) {
        if let Segment::Param(name) = part {
            params.insert(name.clone(), segment);
        }
    }
    params
}

/// 405, or for OPTIONS 204, with the methods that there are.
fn refuse_method(method: Method, routes: &[&Route]) -> Response {
    let mut methods: BTreeSet<&str> = routes.iter().map(|route| route.method.name()).collect();
    methods.insert(Method::Options.name());
    if methods.contains(Method::Get.name()) {
        methods.insert(Method::Head.name());
    }
    let allow: Vec<&str> = methods.into_iter().collect();
    let response = match method {
        Method::Options => Response::new(Status::NO_CONTENT),
        _ => Response::text(Status::METHOD_NOT_ALLOWED, "not with this method"),
    };
    response.with_header("Allow", &allow.join(", "))
}
