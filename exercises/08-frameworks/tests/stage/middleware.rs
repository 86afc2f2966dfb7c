use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderValue, Request, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use frameworks::middleware::{
    AccessLog, Ids, RequestId, SERVER_TIMING, X_REQUEST_ID, with_middleware,
};
use support::server::{Server, spawn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use support::http;

const LIMIT: usize = 1000;

/// A small service without any middleware of its own.
fn routes() -> Router {
    Router::new()
        .route(
            "/id",
            get(async |Extension(RequestId(id)): Extension<RequestId>| id),
        )
        .route("/imports", post(async |body: Bytes| body.len().to_string()))
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/slow/{micros}", get(slow))
}

/// Takes as long as the path says, on the stopped clock of the test.
async fn slow(Path(micros): Path<u64>) -> StatusCode {
    tokio::time::advance(Duration::from_micros(micros)).await;
    StatusCode::ACCEPTED
}

fn wrapped(prefix: &str, log: &AccessLog) -> Router {
    with_middleware(routes(), Ids::new(prefix), log.clone(), LIMIT)
}

/// Asks the router itself, without a network.
async fn ask(router: &Router, method: &str, path: &str, id: &str) -> Response {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(X_REQUEST_ID, id)
        .body(Body::empty())
        .expect("a request");
    let answer = router.clone().oneshot(request).await;
    answer.expect("a router never fails")
}

async fn id_of(server: &Server, brought: Option<HeaderValue>) -> String {
    let request = server.get("/id");
    let request = match brought.clone() {
        Some(value) => request.header(X_REQUEST_ID, value),
        None => request,
    };
    let response = http::answer(request).await;
    assert_eq!(http::status(&response), 200, "GET /id with {brought:?}");
    let marked = http::header(&response, "x-request-id").unwrap_or_default();
    let seen = http::text(response).await;
    assert_eq!(
        marked, seen,
        "the answer's x-request-id and the id that the handler saw"
    );
    marked
}

/// A request without an id gets the next one, and no two requests get the same.
#[tokio::test]
async fn each_request_gets_an_id_of_its_own() {
    let prefix = support::seeded(0x0851).word(3..9);
    let server = spawn(wrapped(&prefix, &AccessLog::default())).await;
    let mut ids = BTreeSet::new();
    for _ in 0..5 {
        ids.insert(id_of(&server, None).await);
    }
    let expected: BTreeSet<String> = (1..=5).map(|number| format!("{prefix}-{number}")).collect();
    assert_eq!(ids, expected, "the ids of five requests");
}

/// An id that comes with the request is kept if it is short and plain: handler, answer and log speak of the same one.
#[tokio::test]
async fn a_plain_id_is_kept() {
    let log = AccessLog::default();
    let server = spawn(wrapped("bath", &log)).await;
    let mut values = support::seeded(0x0852);
    let mut brought = vec!["7".to_owned(), "A-z-09".to_owned(), "x".repeat(64)];
    for _ in 0..10 {
        let number = values.number(0..1_000_000);
        brought.push(format!("{}-{number}", values.word(1..20)));
    }
    for id in &brought {
        let value = HeaderValue::from_str(id).expect("a plain id");
        assert_eq!(
            &id_of(&server, Some(value)).await,
            id,
            "the id that was brought"
        );
    }
    let lines = log.lines();
    let logged: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(logged, brought, "the first word of each line in the log");
}

/// An id that is empty, too long, or could forge a line in the log is replaced.
#[tokio::test]
async fn an_id_that_cannot_be_trusted_is_replaced() {
    let server = spawn(wrapped("bath", &AccessLog::default())).await;
    let long = "x".repeat(65);
    let bad = [
        "",
        &long,
        "a b",
        "a\tb",
        "bath_1",
        "<b>",
        "a;b",
        "\u{e9}",
        "1 GET / 200 0",
    ];
    for (index, id) in bad.into_iter().enumerate() {
        let value = HeaderValue::from_bytes(id.as_bytes()).expect("bytes of a header");
        let given: String = id_of(&server, Some(value)).await;
        assert_eq!(given, format!("bath-{}", index + 1), "x-request-id: {id:?}");
    }
}

/// Of all the bytes that a header may hold, an id holds letters, digits and `-`; one other byte, and it is replaced.
#[tokio::test]
async fn only_letters_digits_and_a_dash_are_trusted() {
    let service = wrapped("bath", &AccessLog::default());
    for byte in 0..=u8::MAX {
        let brought = [b'a', byte, b'b'];
        // A header has no control characters, except for the tab.
        let Ok(value) = HeaderValue::from_bytes(&brought) else {
            continue;
        };
        let request = Request::get("/id")
            .header(X_REQUEST_ID, value)
            .body(Body::empty())
            .expect("a request");
        let answer = service.clone().oneshot(request).await;
        let response = answer.expect("a router never fails");
        let given = response
            .headers()
            .get(X_REQUEST_ID)
            .map(HeaderValue::as_bytes);
        let is_kept = given == Some(&brought[..]);
        let is_plain = byte.is_ascii_alphanumeric() || byte == b'-';
        assert_eq!(
            is_kept,
            is_plain,
            "is the id \"{}\" kept? The answer {} has {:?}",
            brought.escape_ascii(),
            response.status(),
            response.headers().get(X_REQUEST_ID)
        );
    }
}

/// Every answer has its id and its time: errors, unknown addresses, wrong methods and refused bodies too.
#[tokio::test]
async fn no_answer_goes_out_unmarked() {
    let log = AccessLog::default();
    let server = spawn(wrapped("bath", &log)).await;
    let too_long = vec![b'x'; LIMIT + 1];
    for (request, expected) in [
        (server.get("/id"), 200),
        (server.get("/broken"), 500),
        (server.get("/nowhere"), 404),
        (server.delete("/id"), 405),
        (server.post("/imports").body(too_long), 413),
    ] {
        let response = http::answer(request).await;
        let case = format!("the answer {expected} to {}", response.url().path());
        assert_eq!(http::status(&response), expected, "{case}");
        let id = http::header(&response, "x-request-id").unwrap_or_default();
        assert!(id.starts_with("bath-"), "{case}: x-request-id is {id:?}");
        let time = http::header(&response, "server-timing").unwrap_or_default();
        let millis = time.strip_prefix("total;dur=").unwrap_or_default();
        let is_number = millis.parse::<u64>().is_ok();
        assert!(
            is_number,
            "{case}: Server-Timing is {time:?}, not `total;dur=` and a number"
        );
    }
    assert_eq!(
        log.lines().len(),
        5,
        "one line for each answer: {:?}",
        log.lines()
    );
}

/// The time is that of the whole answer, in milliseconds, rounded down; header and log agree.
#[tokio::test(start_paused = true)]
async fn the_time_is_that_of_the_answer() {
    let log = AccessLog::default();
    let router = wrapped("bath", &log);
    let mut values = support::seeded(0x0853);
    for number in 0..20 {
        let micros = values.number(0..3_000_000);
        let path = format!("/slow/{micros}");
        let response = ask(&router, "GET", &path, &format!("test-{number}")).await;
        let millis = micros / 1000;
        let expected = format!("total;dur={millis}");
        let header = response.headers().get(SERVER_TIMING);
        let case = format!("an answer that took {micros} µs");
        assert_eq!(
            header,
            HeaderValue::from_str(&expected).ok().as_ref(),
            "{case}"
        );
        let line: String = log.lines().pop().unwrap_or_default();
        assert_eq!(
            line,
            format!("test-{number} GET {path} 202 {millis}"),
            "{case}: the log"
        );
    }
}

/// A line of the log tells which request had which answer: id, method, path, status, milliseconds.
#[tokio::test(start_paused = true)]
async fn the_log_tells_who_got_what() {
    let log = AccessLog::default();
    let router = wrapped("bath", &log);
    ask(&router, "POST", "/nowhere/at/all", "not plain").await;
    ask(&router, "GET", "/id", "a-1").await;
    ask(&router, "HEAD", "/id?token=secret", "a-2").await;
    ask(&router, "PUT", "/id", "a-3").await;
    ask(&router, "GET", "/broken", "a-4").await;
    insta::assert_json_snapshot!(log.lines(), @r#"
    [
      "bath-1 POST /nowhere/at/all 404 0",
      "a-1 GET /id 200 0",
      "a-2 HEAD /id 200 0",
      "a-3 PUT /id 405 0",
      "a-4 GET /broken 500 0"
    ]
    "#);
}

/// A body of exactly the limit is read; one byte more is answered with 413.
#[tokio::test]
async fn a_body_may_be_as_long_as_the_limit() {
    for limit in support::seeded(0x0854).numbers(1..5000).take(5) {
        let limit = usize::try_from(limit).expect("a small number");
        let log = AccessLog::default();
        let router = with_middleware(routes(), Ids::new("bath"), log, limit);
        let server = spawn(router).await;
        for (length, expected) in [(0, 200), (limit, 200), (limit + 1, 413), (3 * limit, 413)] {
            let request = server.post("/imports").body(vec![b'x'; length]);
            let response = http::answer(request).await;
            let case = format!("limit {limit}, a body of {length} bytes");
            assert_eq!(http::status(&response), expected, "{case}");
            if expected == 200 {
                assert_eq!(
                    http::text(response).await,
                    length.to_string(),
                    "{case}: bytes read"
                );
            }
        }
    }
}

/// The limit also holds for a body that does not say in advance how long it is.
#[tokio::test]
async fn a_body_of_unknown_length_is_limited_too() {
    let server = spawn(wrapped("bath", &AccessLog::default())).await;
    for (length, expected) in [(LIMIT, "HTTP/1.1 200 OK"), (LIMIT + 1, "HTTP/1.1 413 ")] {
        let answer = post_in_chunks(&server, length).await;
        let first = answer.lines().next().unwrap_or_default();
        assert!(
            first.starts_with(expected),
            "{length} bytes in chunks, without Content-Length: expected {expected:?}, got {first:?}"
        );
    }
}

/// Writes the request by hand: clients that know a body's length send it along.
async fn post_in_chunks(server: &Server, length: usize) -> String {
    let (first, second) = ("x".repeat(length / 2), "x".repeat(length - length / 2));
    let request = format!(
        "POST /imports HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len(),
    );
    let mut stream = TcpStream::connect(server.address())
        .await
        .expect("the server listens");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("the server reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("the server answers and closes");
    answer
}
