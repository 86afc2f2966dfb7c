use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use servers::http::{Head, Method, Request, Response, Status};
use servers::routing::{Params, RouteError, Router};

use crate::decoding::decode;

/// A router whose handlers say which of them was called, and with what.
fn router(routes: &[(Method, &'static str)]) -> Router {
    let mut router = Router::new(decode);
    for (method, pattern) in routes {
        let (method, pattern) = (*method, *pattern);
        let answer = move |request: &Request, params: &Params| -> Response {
            let asked = request.head.method.name();
            let given: Vec<String> = params
                .iter()
                .map(|(name, value)| format!(" {name}={value}"))
                .collect();
            Response::text(
                Status::OK,
                &format!("{asked} at {} {pattern}{}", method.name(), given.concat()),
            )
        };
        router.add(method, pattern, answer).unwrap_or_else(|error| {
            panic!(
                "{} {pattern} is a route, and was refused: {error}",
                method.name()
            )
        });
    }
    router
}

/// The status and the text that a request gets.
fn ask(router: &Router, method: Method, path: &str) -> (u16, String) {
    let response: Response = router.respond(&Request {
        head: Head::new(method, path),
        body: Vec::new(),
    });
    (
        response.status.code(),
        String::from_utf8_lossy(&response.body)
            .trim_end()
            .to_string(),
    )
}

/// The methods that the header `Allow` lists, in alphabetical order.
fn allowed(router: &Router, method: Method, path: &str) -> (u16, Vec<String>) {
    let response: Response = router.respond(&Request {
        head: Head::new(method, path),
        body: Vec::new(),
    });
    let mut names: Vec<String> = response.headers.list("Allow").map(String::from).collect();
    names.sort_unstable();
    (response.status.code(), names)
}

/// Names of methods in alphabetical order.
fn names(methods: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = methods.iter().map(|name| String::from(*name)).collect();
    names.sort_unstable();
    names
}

/// What `add` says, as texts of the test's own: the kind of the error, and the pattern that it names.
fn kind(added: Result<(), RouteError>) -> Result<(), (&'static str, String)> {
    added.map_err(|error| match error {
        RouteError::BadPattern(pattern) => ("BadPattern", pattern),
        RouteError::Taken(pattern) => ("Taken", pattern),
    })
}

/// A request reaches the handler of its method and path, and the handler gets the request and the parameters.
#[test]
fn a_request_reaches_its_handler() {
    use Method::{Delete, Get, Post};
    let router: Router = router(&[
        (Get, "/"),
        (Get, "/books"),
        (Post, "/books"),
        (Get, "/books/{isbn}"),
        (Delete, "/books/{id}"),
        (Get, "/books/{isbn}/reviews/{number}"),
    ]);
    for (method, path, expected) in [
        (Get, "/", "GET at GET /"),
        (Get, "/books", "GET at GET /books"),
        (Post, "/books", "POST at POST /books"),
        (Get, "/books/12", "GET at GET /books/{isbn} isbn=12"),
        (Delete, "/books/12", "DELETE at DELETE /books/{id} id=12"),
        (
            Get,
            "/books/12/reviews/3",
            "GET at GET /books/{isbn}/reviews/{number} isbn=12 number=3",
        ),
    ] {
        let answer: (u16, String) = ask(&router, method, path);
        assert_eq!(
            answer,
            (200, String::from(expected)),
            "{} {path}",
            method.name()
        );
    }
}

/// A handler is called once, with the request as it came, and its answer is the answer, whatever the status.
#[test]
fn the_handlers_answer_is_the_answer() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let mut router = Router::new(decode);
    let handler = move |request: &Request, params: &Params| -> Response {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        let (path, query) = (&request.head.path, &request.head.query);
        let body = String::from_utf8_lossy(&request.body);
        let text = format!("{number} {path} {query:?} {body} {params:?}");
        Response::text(Status::NOT_FOUND, &text).with_header("X-Shelf", "7")
    };
    let added = router.add(Method::Post, "/books/{ISBN}/{Isbn_2}", handler);
    assert!(added.is_ok(), "names may have upper case, signs and digits");
    let mut request = Request {
        head: Head::new(Method::Post, "/books/a%20b/c"),
        body: b"isbn=1".to_vec(),
    };
    request.head.query = Some(String::from("q=%20"));
    for number in 0..3 {
        let response: Response = router.respond(&request);
        assert_eq!(response.status.code(), 404, "the handler's status");
        assert_eq!(
            String::from_utf8_lossy(&response.body),
            format!(
                "{number} /books/a%20b/c Some(\"q=%20\") isbn=1 {{\"ISBN\": \"a b\", \"Isbn_2\": \"c\"}}\n"
            ),
            "the call's number, and what the handler was given"
        );
        let shelf = response.headers.first("X-Shelf");
        assert_eq!(shelf, Some("7"), "the handler's header");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 3, "calls for three requests");
}

/// A path that no pattern has is 404: upper case, a slash more, a segment less, or an empty parameter.
#[test]
fn an_unknown_path_is_not_found() {
    let router: Router = router(&[
        (Method::Get, "/books"),
        (Method::Get, "/books/{isbn}/reviews"),
    ]);
    for path in [
        "/",
        "",
        "*",
        "books",
        "/book",
        "/bookss",
        "/Books",
        "/books/",
        "//books",
        "/books//reviews",
        "/books/12",
        "/books/12/",
        "/books/12/reviews/",
        "/books/12/reviews/3",
        "/{isbn}",
        "/books/12/review",
    ] {
        for method in [Method::Get, Method::Post, Method::Options] {
            let status: u16 = ask(&router, method, path).0;
            assert_eq!(status, 404, "{} {path:?}", method.name());
        }
    }
}

/// A path that is there, but not for this method, is 405; `Allow` says for which, with HEAD wherever GET is.
#[test]
fn a_wrong_method_is_told_which_are_allowed() {
    let router: Router = router(&[
        (Method::Get, "/books"),
        (Method::Post, "/books"),
        (Method::Put, "/stock/{isbn}"),
        (Method::Patch, "/stock/{id}"),
        (Method::Get, "/all"),
        (Method::Head, "/all"),
        (Method::Options, "/all"),
    ]);
    for (method, path, methods) in [
        (
            Method::Delete,
            "/books",
            &["GET", "HEAD", "POST", "OPTIONS"][..],
        ),
        (Method::Put, "/all", &["GET", "HEAD", "OPTIONS"]),
        (Method::Get, "/stock/12", &["PUT", "PATCH", "OPTIONS"]),
        (Method::Head, "/stock/12", &["PUT", "PATCH", "OPTIONS"]),
    ] {
        let answer: (u16, Vec<String>) = allowed(&router, method, path);
        assert_eq!(answer, (405, names(methods)), "{} {path}", method.name());
    }
}

/// HEAD is answered by GET, and OPTIONS with the methods that there are, unless they have handlers of their own.
#[test]
fn head_and_options_are_answered() {
    let plain: Router = router(&[(Method::Get, "/books"), (Method::Delete, "/books")]);
    assert_eq!(
        ask(&plain, Method::Head, "/books"),
        (200, String::from("HEAD at GET /books")),
        "HEAD"
    );
    let expected = (204, names(&["DELETE", "GET", "HEAD", "OPTIONS"]));
    assert_eq!(
        allowed(&plain, Method::Options, "/books"),
        expected,
        "OPTIONS"
    );
    let head: Router = router(&[
        (Method::Head, "/b"),
        (Method::Options, "/b"),
        (Method::Get, "/a"),
    ]);
    assert_eq!(
        allowed(&head, Method::Get, "/b"),
        (405, names(&["HEAD", "OPTIONS"])),
        "GET where HEAD and OPTIONS have handlers, and GET has none"
    );
    let own: Router = router(&[
        (Method::Get, "/b"),
        (Method::Head, "/b"),
        (Method::Options, "/b"),
    ]);
    assert_eq!(
        ask(&own, Method::Head, "/b"),
        (200, String::from("HEAD at HEAD /b")),
        "HEAD of its own"
    );
    assert_eq!(
        ask(&own, Method::Options, "/b"),
        (200, String::from("OPTIONS at OPTIONS /b")),
        "OPTIONS of its own"
    );
}

/// A word wins over a name, from left to right, in whatever order the routes were added; the method counts only then.
#[test]
fn the_most_exact_pattern_wins() {
    use Method::{Get, Post};
    let mut routes = [
        (Get, "/books/{isbn}"),
        (Get, "/books/new"),
        (Post, "/books/{isbn}"),
        (Get, "/{shelf}/new"),
        (Get, "/{shelf}/{isbn}"),
        (Get, "/{shelf}/{isbn}/cover"),
    ];
    for round in 0..2 {
        let router: Router = router(&routes);
        for (path, expected) in [
            ("/books/new", "GET at GET /books/new"),
            ("/books/12", "GET at GET /books/{isbn} isbn=12"),
            ("/maps/new", "GET at GET /{shelf}/new shelf=maps"),
            ("/maps/12", "GET at GET /{shelf}/{isbn} isbn=12 shelf=maps"),
            (
                "/books/new/cover",
                "GET at GET /{shelf}/{isbn}/cover isbn=new shelf=books",
            ),
        ] {
            let answer: (u16, String) = ask(&router, Get, path);
            assert_eq!(
                answer,
                (200, String::from(expected)),
                "GET {path}, order {round}"
            );
        }
        let (status, methods) = allowed(&router, Post, "/books/new");
        let expected = (405, names(&["GET", "HEAD", "OPTIONS"]));
        assert_eq!(
            (status, methods),
            expected,
            "POST /books/new: the pattern is /books/new, which has only GET"
        );
        routes.reverse();
    }
}

/// What does not begin with a slash is no path. The `*` of OPTIONS means the server as a whole, and matches no pattern, not
/// even `/`.
#[test]
fn what_has_no_slash_matches_nothing() {
    let router: Router = router(&[
        (Method::Get, "/"),
        (Method::Options, "/"),
        (Method::Get, "/{name}"),
        (Method::Options, "/{name}"),
    ]);
    for method in [Method::Get, Method::Options, Method::Head, Method::Delete] {
        for path in ["*", "", "a", "%2F", "%2Fa"] {
            let (status, _) = ask(&router, method, path);
            assert_eq!(status, 404, "{} {path:?}", method.name());
        }
    }
}

/// The path is cut at its slashes and then decoded, once: an encoded slash belongs to the segment. What cannot be decoded
/// gets 400.
#[test]
fn segments_are_decoded_after_the_cut() {
    let router: Router = router(&[
        (Method::Get, "/books/{title}"),
        (Method::Get, "/books/{title}/cover"),
        (Method::Get, "/caf\u{e9}"),
        (Method::Get, "/a%20b"),
        (Method::Get, "/50%"),
    ]);
    for (path, expected) in [
        ("/books/a%20b", "GET at GET /books/{title} title=a b"),
        (
            "/books/a%2Fcover",
            "GET at GET /books/{title} title=a/cover",
        ),
        ("/books/100%2525", "GET at GET /books/{title} title=100%25"),
        (
            "/books/%252F/cover",
            "GET at GET /books/{title}/cover title=%2F",
        ),
        (
            "/books/%252e%252f",
            "GET at GET /books/{title} title=%2e%2f",
        ),
        ("/books/%20a%20%20", "GET at GET /books/{title} title= a  "),
        ("/books/+a+", "GET at GET /books/{title} title=+a+"),
        (
            "/books/%7Btitle%7D",
            "GET at GET /books/{title} title={title}",
        ),
        ("/caf%C3%A9", "GET at GET /caf\u{e9}"),
        (
            "/books/%20/cover",
            "GET at GET /books/{title}/cover title= ",
        ),
        ("/books/..", "GET at GET /books/{title} title=.."),
        ("/books/./cover", "GET at GET /books/{title}/cover title=."),
        // A pattern is written as it is meant, and not encoded.
        ("/a%2520b", "GET at GET /a%20b"),
        ("/50%25", "GET at GET /50%"),
    ] {
        let answer: (u16, String) = ask(&router, Method::Get, path);
        assert_eq!(
            answer,
            (200, String::from(expected.trim_end())),
            "GET {path}"
        );
    }
    for path in ["/a%20b", "/./caf%C3%A9", "/books/../caf%C3%A9"] {
        assert_eq!(ask(&router, Method::Get, path).0, 404, "GET {path}");
    }
    for path in ["/books/%zz", "/%zz/cover", "/unknown/%zz"] {
        assert_eq!(ask(&router, Method::Get, path).0, 400, "GET {path}");
    }
}

/// A path may have many segments, and all of them count.
#[test]
fn every_segment_counts() {
    let pattern = "/a/{b}/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/{r}";
    let router: Router = router(&[(Method::Get, pattern)]);
    let path = "/a/1/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/2";
    assert_eq!(
        ask(&router, Method::Get, path),
        (200, format!("GET at GET {pattern} b=1 r=2")),
        "GET {path}"
    );
    for other in [
        format!("{path}/s"),
        format!("{path}{path}"),
        path.replace("/q/", "/x/"),
        path.replace("/2", ""),
    ] {
        assert_eq!(ask(&router, Method::Get, &other).0, 404, "GET {other}");
    }
}

/// A mistake in a pattern, or a route that can never be reached, is reported when the route is added.
#[test]
fn a_faulty_route_is_refused() {
    let mut router = Router::new(decode);
    let mut add = |method: Method, pattern: &str| -> Result<(), RouteError> {
        router.add(method, pattern, |_, _| Response::new(Status::OK))
    };
    for pattern in [
        "",
        "books",
        "{isbn}",
        "//",
        "/books/",
        "//books",
        "/books//reviews",
        "/{}",
        "/{isbn",
        "/isbn}",
        "/a{isbn}",
        "/{isbn}a",
        "/{a{b}}",
        "/{{isbn}}",
        "/{isbn}/{isbn}",
        "/{isbn}/{number}/{isbn}",
        "/{isbn}/reviews/{isbn}",
        "/{",
        "/}",
        "/a}b",
    ] {
        let expected = Err(("BadPattern", String::from(pattern)));
        assert_eq!(
            kind(add(Method::Get, pattern)),
            expected,
            "the pattern {pattern:?}"
        );
    }
    for (method, pattern, fine) in [
        (Method::Get, "/", true),
        (Method::Get, "/books/{isbn}", true),
        (Method::Get, "/books/{id}", false),
        (Method::Put, "/books/{id}", true),
        (Method::Get, "/books/isbn", true),
        (Method::Get, "/books/isbn", false),
        (Method::Get, "/{books}/isbn", true),
        (Method::Get, "/books", true),
        (Method::Get, "/books/{a}/{b}", true),
        (Method::Get, "/books/{b}/{a}", false),
        (Method::Get, "/Books", true),
        (Method::Get, "/a?b=*", true),
        (Method::Get, "/*", true),
        (Method::Get, "/Books/{isbn}", true),
        (Method::Get, "/books/{Isbn}", false),
        (Method::Get, "/", false),
    ] {
        let expected = if fine {
            Ok(())
        } else {
            Err(("Taken", String::from(pattern)))
        };
        assert_eq!(
            kind(add(method, pattern)),
            expected,
            "adding {} {pattern}",
            method.name()
        );
    }
    for error in [
        RouteError::BadPattern(String::from("/{")),
        RouteError::Taken(String::from("/{")),
    ] {
        assert!(
            error.to_string().contains("/{"),
            "the message names the pattern: {error}"
        );
    }
}

/// In random tables of routes, each path finds the pattern that is found by trying every placing of names, from none to
/// all, in order.
#[test]
fn random_tables_agree_with_trying_every_pattern() {
    let mut generator = support::seeded(0x404);
    let words = ["a", "b", "c"];
    for table in 0..60 {
        let mut patterns: BTreeMap<String, usize> = BTreeMap::new();
        let mut router = Router::new(decode);
        for number in 0..generator.size(1..25) {
            let mut pattern = String::new();
            let mut shape = String::new();
            for place in 0..generator.size(1..5) {
                let word = *generator.pick(&words);
                let name = generator.coin();
                let letter = *generator.pick(&["p", "q"]);
                pattern.push_str(&if name {
                    format!("/{{{letter}{place}}}")
                } else {
                    format!("/{word}")
                });
                shape.push_str(&if name {
                    String::from("/{}")
                } else {
                    format!("/{word}")
                });
            }
            let answer =
                move |_: &Request, _: &Params| Response::text(Status::OK, &format!("{number}"));
            let added: Result<(), RouteError> = router.add(Method::Get, &pattern, answer);
            assert_eq!(
                added.is_ok(),
                !patterns.contains_key(&shape),
                "table {table}, adding {pattern:?}"
            );
            patterns.entry(shape).or_insert(number);
        }
        for _ in 0..60 {
            let path: Vec<&str> = (0..generator.size(1..5))
                .map(|_| *generator.pick(&words))
                .collect();
            // Each bit of the mask says whether a segment is a name; the leftmost segment is the highest bit.
            let expected = (0..1 << path.len()).find_map(|mask: usize| {
                let shape: String = path
                    .iter()
                    .enumerate()
                    .map(|(place, word)| match mask >> (path.len() - 1 - place) & 1 {
                        0 => format!("/{word}"),
                        _ => String::from("/{}"),
                    })
                    .collect();
                patterns
                    .get(&shape)
                    .map(|number| (200, format!("{number}")))
            });
            let path = format!("/{}", path.join("/"));
            let answer: (u16, String) = ask(&router, Method::Get, &path);
            let found = Some(answer).filter(|(status, _)| *status != 404);
            assert_eq!(
                found,
                expected,
                "table {table}, GET {path} among {:?}",
                patterns.keys()
            );
        }
    }
}
