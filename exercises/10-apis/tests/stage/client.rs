use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apis::client::{
    Book, CallError, MOST_DETAIL, NewOrder, Receipt, Settings, SettingsError, Wholesaler, Why,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use support::server::{Server, spawn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const TOKEN: &str = "tok-5ec3e7-9";

/// What came to the other side.
#[derive(Debug, Clone)]
struct Came {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

type Reply = Arc<dyn Fn() -> Response + Send + Sync>;

/// The other side: it answers everything with the same reply, and remembers what came.
struct Other {
    server: Server,
    came: Arc<Mutex<Vec<Came>>>,
}

async fn note(
    State((reply, came)): State<(Reply, Arc<Mutex<Vec<Came>>>)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = uri.to_string();
    let one = Came {
        method,
        target,
        headers,
        body,
    };
    came.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(one);
    reply()
}

async fn other(reply: impl Fn() -> Response + Send + Sync + 'static) -> Other {
    let came = Arc::<Mutex<Vec<Came>>>::default();
    let reply: Reply = Arc::new(reply);
    let router = Router::new()
        .fallback(note)
        .with_state((reply, Arc::clone(&came)));
    let server = spawn(router).await;
    Other { server, came }
}

impl Other {
    fn came(&self) -> Vec<Came> {
        self.came
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Time enough for a slow machine.
fn settings(base: String) -> Settings {
    Settings {
        base,
        token: TOKEN.to_owned(),
        time: Duration::from_secs(30),
        most_bytes: 10_000,
    }
}

fn client(settings: &Settings) -> Wholesaler {
    match Wholesaler::new(settings) {
        Ok(client) => client,
        Err(error) => panic!("no client for {:?}: {error:?}", settings.base),
    }
}

fn at(other: &Other) -> Wholesaler {
    client(&settings(other.server.url("/api/v2")))
}

fn book() -> Value {
    json!({ "sku": "emma-1", "title": "Emma", "cents": 950 })
}

fn order() -> NewOrder {
    NewOrder {
        sku: "emma-1".to_owned(),
        copies: 3,
    }
}

fn json_reply(status: u16, kind: &'static str, body: String) -> impl Fn() -> Response {
    move || {
        let status = axum::http::StatusCode::from_u16(status).expect("a status");
        (status, [("content-type", kind)], body.clone()).into_response()
    }
}

/// An error and all its sources, as a log would print them, in both ways.
fn printed(error: &dyn Error) -> String {
    let mut all = format!("{error}\n{error:?}");
    let mut source = error.source();
    while let Some(inner) = source {
        all.push_str(&format!("\n{inner}\n{inner:?}"));
        source = inner.source();
    }
    all
}

/// Each call of the client, and its error.
async fn all_errors(client: &Wholesaler) -> Vec<CallError> {
    let book = client.book("emma-1").await.expect_err("book");
    let search = client.search("emma").await.expect_err("search");
    let order = client.order("k1", &order()).await.expect_err("order");
    let names = [book.call, search.call, order.call];
    assert_eq!(
        names,
        ["book", "search", "order"],
        "each error says which call it was"
    );
    vec![book, search, order]
}

/// A book's fields, which are compared as texts and numbers are.
fn parts(book: Book) -> (String, String, u32) {
    (book.sku, book.title, book.cents)
}

/// The three calls send what the table says, and read what comes.
#[tokio::test]
async fn the_calls_do_what_the_table_says() {
    let shelf = other(json_reply(200, "application/json", book().to_string())).await;
    let found: Option<Book> = at(&shelf).book("emma-1").await.expect("a book");
    let expected = ("emma-1".to_owned(), "Emma".to_owned(), 950);
    assert_eq!(found.map(parts), Some(expected.clone()), "book");

    let list = other(json_reply(
        200,
        "text/plain",
        json!([book(), book()]).to_string(),
    ))
    .await;
    let books: Vec<Book> = at(&list).search("jane & co").await.expect("books");
    let found: Vec<(String, String, u32)> = books.into_iter().map(parts).collect();
    assert_eq!(found, [expected.clone(), expected], "search");

    let any = other(json_reply(200, "application/json", "[]".to_owned())).await;
    let books: Vec<Book> = at(&any).search("").await.expect("no books");
    assert_eq!(books.len(), 0, "search for nothing: {books:?}");

    let desk = other(json_reply(
        201,
        "application/json",
        r#"{"order":18446744073709551615,"cents":2850}"#.to_owned(),
    ))
    .await;
    let receipt: Receipt = at(&desk).order("Key 1", &order()).await.expect("a receipt");
    assert_eq!(receipt.order, u64::MAX, "order: its number");
    assert_eq!(receipt.cents, 2850, "order: its cents");

    for (other, method, target) in [
        (&shelf, Method::GET, "/api/v2/books/emma-1"),
        (&list, Method::GET, "/api/v2/books?q=jane+%26+co"),
        (&any, Method::GET, "/api/v2/books?q="),
        (&desk, Method::POST, "/api/v2/orders"),
    ] {
        let came = other.came();
        assert_eq!(came.len(), 1, "one request: {came:?}");
        assert_eq!(came[0].method, method, "{target}");
        // A space may be sent in two ways.
        assert_eq!(came[0].target.replace("%20", "+"), target);
        let token = came[0]
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        assert_eq!(token, Some(format!("Bearer {TOKEN}").as_str()), "{target}");
    }
    let came = &desk.came()[0];
    let sent: Value = serde_json::from_slice(&came.body).expect("an order is sent as JSON");
    insta::assert_json_snapshot!(sent, @r#"
    {
      "copies": 3,
      "sku": "emma-1"
    }
    "#);
    let key = came
        .headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok());
    assert_eq!(key, Some("Key 1"), "the key: {:?}", came.headers);
    let kind = came
        .headers
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    assert_eq!(
        kind,
        Some("application/json"),
        "the type of the order: {:?}",
        came.headers
    );
}

/// A base keeps its whole path, whether it ends with a slash or not.
#[tokio::test]
async fn the_base_is_kept() {
    let shelf = other(json_reply(200, "application/json", book().to_string())).await;
    let bases = [
        ("", "/books/e"),
        ("/", "/books/e"),
        ("/api", "/api/books/e"),
        ("/api/", "/api/books/e"),
        ("/api/v2", "/api/v2/books/e"),
        ("/k%2Fy/v2/", "/k%2Fy/v2/books/e"),
    ];
    for (number, (base, expected)) in bases.into_iter().enumerate() {
        let client = client(&settings(shelf.server.url(base)));
        client.book("e").await.expect("a book");
        assert_eq!(
            shelf.came()[number].target,
            expected,
            "the base ends with {base:?}"
        );
    }
}

/// Whatever a name or a search is made of, the other side reads just that, and as one part of the path or of the query.
#[tokio::test]
async fn names_are_one_segment() {
    let shelf = other(json_reply(200, "application/json", book().to_string())).await;
    let client = at(&shelf);
    let fixed = [
        "a/b",
        "../orders",
        "a?b=c",
        "a#b",
        "50%",
        "a%2Fb",
        "a b",
        "ä ☃",
        "...",
        "%2e%2e",
        "a;b",
        "\\",
        "a\\b",
        "+",
        " a ",
    ];
    let mut values = support::seeded(0x10DB);
    let letters: Vec<char> = "ab/?#%&=+.;:@ éß☃\"<>[]{}|\\^`~".chars().collect();
    let drawn = (0..60).map(|_| {
        (0..values.size(3..12))
            .map(|_| *values.pick(&letters))
            .collect::<String>()
    });
    let names: Vec<String> = fixed.map(str::to_owned).into_iter().chain(drawn).collect();
    for name in &names {
        client.book(name).await.expect("a book");
        let came = shelf.came();
        let target = &came[came.len() - 1].target;
        let segment = target
            .strip_prefix("/api/v2/books/")
            .unwrap_or_else(|| panic!("{name:?}: {target}"));
        assert!(
            !segment.contains(['/', '?', '#']),
            "{name:?} is one segment: {target}"
        );
        assert_eq!(
            &decoded(segment),
            name,
            "the segment {segment:?} of {target}"
        );
    }
    let words = other(json_reply(200, "application/json", "[]".to_owned())).await;
    let client = at(&words);
    for name in &names {
        client.search(name).await.expect("books");
        let came = words.came();
        let target = &came[came.len() - 1].target;
        let query = target
            .strip_prefix("/api/v2/books?q=")
            .unwrap_or_else(|| panic!("{name:?}: {target}"));
        assert!(
            !query.contains(['&', '=', '#', '?']),
            "{name:?} is one value: {target}"
        );
        assert_eq!(
            &decoded(&query.replace('+', " ")),
            name,
            "the query {query:?} of {target}"
        );
    }
}

/// Percent-decoding.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = text
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                plain.push(byte);
                at += 3;
            }
            (byte, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// A name that cannot be a segment is no book's, and nothing is sent for it.
#[tokio::test]
async fn some_names_are_no_segment() {
    let shelf = other(json_reply(200, "application/json", book().to_string())).await;
    let client = at(&shelf);
    for name in [
        "", ".", "..", "a\tb", "a\nb", "\u{0}", "\r", "a\u{7f}", "\u{85}",
    ] {
        let found = client.book(name).await;
        assert!(matches!(found, Ok(None)), "{name:?}: {found:?}");
    }
    assert_eq!(shelf.came().len(), 0, "nothing is sent: {:?}", shelf.came());
}

/// 404 means that there is no such book. For the other calls, and with any other status, the call has failed.
#[tokio::test]
async fn other_statuses_are_errors() {
    let missing = other(json_reply(404, "text/html", "<h1>Not here</h1>".to_owned())).await;
    let client = at(&missing);
    let found = client.book("emma-1").await;
    assert!(
        matches!(found, Ok(None)),
        "a book that is not there: {found:?}"
    );
    for (call, error) in [
        ("search", client.search("emma").await.expect_err("no books")),
        (
            "order",
            client.order("k1", &order()).await.expect_err("no receipt"),
        ),
    ] {
        assert_eq!(error.call, call, "{error:?}");
        assert!(
            matches!(error.why, Why::Answered { status: 404, .. }),
            "{call}, answered 404: {error:?}"
        );
    }
    for status in [
        202, 203, 204, 304, 400, 401, 409, 410, 422, 429, 500, 503, 599,
    ] {
        // The body is what the call hopes for; the status is not.
        let strange = other(json_reply(status, "application/json", book().to_string())).await;
        for error in all_errors(&at(&strange)).await {
            let said = matches!(error.why, Why::Answered { status: came, .. } if came == status);
            assert!(said, "{} answered {status}: {error:?}", error.call);
        }
    }
    let swapped = other(json_reply(201, "application/json", book().to_string())).await;
    let found = at(&swapped).book("emma-1").await.expect_err("no book");
    assert!(
        matches!(found.why, Why::Answered { status: 201, .. }),
        "a book is shown with 200: {found:?}"
    );
    let receipt = json!({ "order": 1, "cents": 2 }).to_string();
    let swapped = other(json_reply(200, "application/json", receipt)).await;
    let bought = at(&swapped)
        .order("k1", &order())
        .await
        .expect_err("no receipt");
    assert!(
        matches!(bought.why, Why::Answered { status: 200, .. }),
        "an order is made with 201: {bought:?}"
    );
}

/// Nobody is followed elsewhere: not with an order, and not with a token.
#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let target = other(json_reply(200, "application/json", book().to_string())).await;
        let place = target.server.url("/api/v2/books/emma-1");
        let away = other(move || {
            let status = axum::http::StatusCode::from_u16(status).expect("a status");
            (status, [("location", place.clone())]).into_response()
        })
        .await;
        for error in all_errors(&at(&away)).await {
            let said =
                matches!(error.why, Why::Answered { status: came, detail: None } if came == status);
            assert!(said, "{} answered {status}: {error:?}", error.call);
        }
        assert_eq!(target.came().len(), 0, "{status}: where it leads to");
    }
}

async fn detail(kind: &'static str, body: String) -> Option<String> {
    let other = other(json_reply(422, kind, body.clone())).await;
    let error = at(&other).order("k1", &order()).await.expect_err("refused");
    match error.why {
        Why::Answered {
            status: 422,
            detail,
        } => detail,
        why => panic!("answered 422, {kind}, {body}: {why:?}"),
    }
}

/// What the other side says as problem details is in the error, up to a length; what it says otherwise is not.
#[tokio::test]
async fn problem_details_are_read() {
    let problem =
        |detail: &str| json!({ "title": "Unprocessable Content", "detail": detail }).to_string();
    let said = Some("there is no emma-1".to_owned());
    for kind in [
        "application/problem+json",
        "application/problem+json; charset=utf-8",
        "application/problem+json;charset=utf-8",
        "Application/Problem+JSON",
    ] {
        assert_eq!(
            detail(kind, problem("there is no emma-1")).await,
            said,
            "{kind}"
        );
    }
    for kind in [
        "application/json",
        "text/html",
        "application/problem+jsonx",
        "application/problem+xml",
        "x-application/problem+json",
    ] {
        assert_eq!(
            detail(kind, problem("there is no emma-1")).await,
            None,
            "{kind}"
        );
    }
    let kind = "application/problem+json";
    for body in ["", "{", "[]", r#"{"title":"x"}"#, r#"{"detail":7}"#] {
        assert_eq!(detail(kind, body.to_owned()).await, None, "{body:?}");
    }
    assert_eq!(
        detail(kind, problem(&"x".repeat(20_000))).await,
        None,
        "a problem that is too large"
    );
    let long = "é".repeat(MOST_DETAIL + 1);
    let cut = detail(kind, problem(&long)).await.unwrap_or_default();
    assert_eq!(
        cut,
        "é".repeat(MOST_DETAIL),
        "{} characters of {}",
        cut.chars().count(),
        MOST_DETAIL + 1
    );
    for said in ["", " two  spaces "] {
        assert_eq!(
            detail(kind, problem(said)).await.as_deref(),
            Some(said),
            "a detail as it came"
        );
    }
    let whole = "é".repeat(MOST_DETAIL);
    assert_eq!(
        detail(kind, problem(&whole)).await,
        Some(whole),
        "just as long as it may be"
    );
}

/// No error tells the token or where the base is: not for a refusal that repeats the token, not for a connection that is refused.
#[tokio::test]
async fn errors_keep_secrets() {
    // The token stands across the place where the detail is cut.
    let tail = format!(
        "{}Bearer {TOKEN} is bad, {TOKEN}!",
        "x".repeat(MOST_DETAIL - 14)
    );
    for said in [format!("the token {TOKEN} is bad"), tail] {
        let problem = json!({ "detail": said }).to_string();
        let gossip = other(json_reply(401, "application/problem+json", problem)).await;
        let base = gossip.server.url("/key-77e1/v2");
        for error in all_errors(&client(&settings(base))).await {
            let all = printed(&error);
            for secret in [TOKEN, &TOKEN[..7], "key-77e1"] {
                assert!(
                    !all.contains(secret),
                    "{} tells {secret}: {all}",
                    error.call
                );
            }
        }
    }
    let detail = detail(
        "application/problem+json",
        json!({ "detail": format!("<{TOKEN}> {TOKEN}{TOKEN}") }).to_string(),
    )
    .await;
    assert_eq!(
        detail.as_deref(),
        Some("<***> ******"),
        "the token in a detail, three times"
    );

    let base = closed_port().await + "/key-77e1/v2";
    let client = client(&settings(base));
    for error in all_errors(&client).await {
        assert!(
            matches!(error.why, Why::Unreachable(_)),
            "nobody listens: {error:?}"
        );
        let all = printed(&error);
        assert!(
            error.source().is_some(),
            "what reqwest says is a source of the error: {all}"
        );
        assert!(
            !all.contains(TOKEN) && !all.contains("key-77e1"),
            "{} tells a secret: {all}",
            error.call
        );
    }
    let shown = format!("{client:?} {client:#?}");
    assert!(
        !shown.contains(TOKEN) && !shown.contains("key-77e1"),
        "the client tells a secret: {shown}"
    );
}

/// An address at which nobody listens any more.
async fn closed_port() -> String {
    let server = spawn(Router::new()).await;
    let url = server.url("");
    server.stop().await;
    url
}

/// A body without end is left at the limit; one that is just as long as it may be is read.
#[tokio::test]
async fn bodies_have_a_limit() {
    let short = book().to_string();
    let padded = |length: usize| short.clone() + &" ".repeat(length - short.len());
    for (length, fits) in [
        (9_999, true),
        (10_000, true),
        (10_001, false),
        (300_000, false),
    ] {
        let shelf = other(json_reply(200, "application/json", padded(length))).await;
        match (at(&shelf).book("e").await, fits) {
            (Ok(Some(_)), true) => {}
            (Err(error), false) => assert!(
                matches!(error.why, Why::TooLarge),
                "{length} bytes: {error:?}"
            ),
            (other, _) => panic!("{length} bytes of 10000: {other:?}"),
        }
    }
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let endless = pours(&[b' '; 4096], counted).await;
    let error = client(&settings(endless))
        .book("e")
        .await
        .expect_err("a body without end");
    assert!(
        matches!(error.why, Why::TooLarge),
        "a body without end: {error:?}"
    );
    let sent = sent.load(Ordering::SeqCst);
    assert!(
        sent < 50_000_000,
        "{sent} bytes were taken of a body without end"
    );
}

/// A success whose body is something else is unreadable, and nothing of it is in the error.
#[tokio::test]
async fn other_bodies_are_unreadable() {
    let bodies = [
        "",
        "null",
        "<h1>4000123412341234</h1>",
        r#"{"sku":"e","title":"E","cents":"4000123412341234"}"#,
        r#"{"sku":"e","title":"E","cents":-1}"#,
        r#"{"sku":"e","title":"E","cents":4294967296}"#,
        r#"{"sku":"e","title":"E"}"#,
        r#"{"sku":"e","title":"E","cents":1} {}"#,
    ];
    for body in bodies {
        let strange = other(json_reply(200, "application/json", body.to_owned())).await;
        let error = at(&strange).book("e").await.expect_err("no book");
        assert!(matches!(error.why, Why::Unreadable), "{body}: {error:?}");
        let all = printed(&error);
        assert!(
            !all.contains("4000123412341234"),
            "the error repeats the body: {all}"
        );
    }
}

/// The whole call has one time: for a head that does not come, for a body that stops, and for one that goes on and on.
#[tokio::test]
async fn a_call_ends_in_its_time() {
    let patience = |other: &str| Settings {
        time: Duration::from_millis(150),
        most_bytes: usize::MAX,
        ..settings(other.to_owned())
    };
    let silent = listens(b"").await;
    let stops = listens(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"sku\"").await;
    // A client without an end would hang here; it is left alone after a hundred times its time.
    let most = Duration::from_secs(15);
    for (case, base) in [("no head comes", silent), ("the body stops", stops)] {
        let client = client(&patience(&base));
        let book = tokio::time::timeout(most, client.book("e")).await;
        let book = book.unwrap_or_else(|_| panic!("{case}: the call goes on and on"));
        let error = book.expect_err("no book");
        assert!(matches!(error.why, Why::TimedOut), "{case}: {error:?}");
        assert_eq!(error.call, "book", "{case}");
    }
    let drips = pours(b" ", Arc::default()).await;
    let drips = client(&patience(&drips));
    let search = tokio::time::timeout(most, drips.search("e")).await;
    let search = search.expect("a byte at a time, without end: the call goes on and on");
    let error = search.expect_err("no books");
    assert!(
        matches!(error.why, Why::TimedOut),
        "a byte at a time, without end: {error:?}"
    );
    assert_eq!(error.call, "search", "which call took too long");
}

/// An answer that breaks off, or is no HTTP, is no answer.
#[tokio::test]
async fn half_an_answer_is_none() {
    let halves: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"sku\"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    ];
    for half in halves {
        let error = client(&settings(hangs_up(half).await))
            .book("e")
            .await
            .expect_err("no book");
        assert!(
            matches!(error.why, Why::Unreachable(_)),
            "{}: {error:?}",
            half.escape_ascii()
        );
    }
}

/// A server that sends `bytes` to everybody and then says nothing more.
async fn listens(bytes: &'static [u8]) -> String {
    raw(bytes, true).await
}

/// A server that sends `bytes` to everybody and then hangs up.
async fn hangs_up(bytes: &'static [u8]) -> String {
    raw(bytes, false).await
}

/// A server whose bodies never end: `chunk`, again and again, as long as somebody reads. It counts the bytes that it sends.
async fn pours(chunk: &'static [u8], sent: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let mut pours = stream.read(&mut head).await.is_ok()
                && stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_ok();
            while pours {
                pours = stream.write_all(chunk).await.is_ok();
                sent.fetch_add(chunk.len(), Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        }
    });
    format!("http://{address}")
}

async fn raw(bytes: &'static [u8], stays: bool) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            // Whoever is gone already is not answered.
            if stream.read(&mut head).await.is_ok()
                && stream.write_all(bytes).await.is_ok()
                && stays
            {
                open.push(stream);
            }
        }
    });
    format!("http://{address}")
}

/// A base that is no plain web address, and a token that is no header, are refused before anything is sent.
#[test]
fn wrong_settings_are_refused() {
    let bases = [
        "",
        "wholesale.example",
        "/api",
        "ftp://wholesale.example/api",
        "file:///etc/passwd",
        "data:text/plain,x",
        "http://ana@wholesale.example/api",
        "http://ana:pass@wholesale.example/api",
        "http://:pass@wholesale.example/api",
        "https://wholesale.example/api?key=1",
        "https://wholesale.example/api#x",
        "https://",
    ];
    for base in bases {
        let made = Wholesaler::new(&settings(base.to_owned()));
        assert!(
            matches!(made, Err(SettingsError::Base)),
            "base {base:?}: {made:?}"
        );
    }
    for token in ["a\nb", "a\r\nx-admin: 1", "\u{0}"] {
        let wrong = Settings {
            token: token.to_owned(),
            ..settings("http://h/api".to_owned())
        };
        let made = Wholesaler::new(&wrong);
        assert!(
            matches!(made, Err(SettingsError::Token)),
            "token {token:?}: {made:?}"
        );
    }
    for base in [
        "http://127.0.0.1:1",
        "HTTP://wholesale.example",
        "http://[::1]:80/a/b/",
    ] {
        let made = Wholesaler::new(&settings(base.to_owned()));
        assert!(made.is_ok(), "base {base:?}: {made:?}");
    }
}
