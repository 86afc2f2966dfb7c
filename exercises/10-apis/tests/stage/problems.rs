use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use apis::given::shipments::{Carrier, Cause, Depot, Failure, Ids, Log, Shipment};
use apis::problems::{Problem, problem_of, routes, with_problems};
use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::calls::{Answer, call};

/// An error with another below it.
#[derive(Debug)]
struct Layer(String, Option<Box<Layer>>);

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Layer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|inner| inner as _)
    }
}

/// A failure of our side, from the outermost text to the first cause.
fn broken(texts: &[String]) -> Failure {
    let layers = texts.iter().rev().fold(None, |inner, text| {
        Some(Box::new(Layer(text.clone(), inner)))
    });
    Failure::Broken(layers.expect("at least one"))
}

/// One failure of each kind, from these values.
fn failures(word: &str, number: u64) -> Vec<Failure> {
    vec![
        Failure::NoSuchShipment {
            id: word.to_owned(),
        },
        Failure::AlreadySent {
            id: word.to_owned(),
            tracking: format!("LT-{number}"),
        },
        Failure::TooHeavy {
            grams: number,
            most_grams: number - 1,
        },
        Failure::CarrierBusy { seconds: number },
        broken(&[word.to_owned()]),
    ]
}

async fn read(response: Response) -> (u16, String, Value) {
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.to_owned();
    let body = to_bytes(response.into_body(), 1 << 20)
        .await
        .expect("a body");
    let body = String::from_utf8_lossy(&body).into_owned();
    let json = serde_json::from_str(&body);
    (
        status,
        kind,
        json.unwrap_or_else(|error| panic!("{error} in {body:?}")),
    )
}

/// What the log got.
type Lines = Arc<Mutex<Vec<String>>>;

/// These routes with problems around them; the requests are called r1, r2 and so on.
fn around(router: Router) -> (Router, Lines) {
    let lines = Lines::default();
    let counter = AtomicUsize::new(0);
    let ids: Ids = Arc::new(move || format!("r{}", counter.fetch_add(1, Ordering::SeqCst) + 1));
    let log: Log = {
        let lines = lines.clone();
        Arc::new(move |line: &str| lines.lock().expect("lines").push(line.to_owned()))
    };
    (with_problems(router, ids, log), lines)
}

fn logged(lines: &Lines) -> Vec<String> {
    lines.lock().expect("lines").clone()
}

/// The answer is a problem of the right content type, of its own status, and of this request.
#[track_caller]
fn problem(answer: &Answer, instance: &str) -> Value {
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "the content type of the answer {}: {}",
        answer.status,
        answer.body
    );
    let problem = answer.json();
    assert_eq!(
        problem["status"],
        json!(answer.status),
        "status in {problem}"
    );
    let expected = format!("urn:lantern:request:{instance}");
    assert_eq!(
        problem["instance"],
        json!(expected),
        "instance in {problem}"
    );
    assert_eq!(
        all(answer, "x-request-id"),
        [instance],
        "the header x-request-id of the answer {}",
        answer.status
    );
    problem
}

/// All values of a header, in their order.
fn all(answer: &Answer, name: &str) -> Vec<String> {
    let values = answer.headers.get_all(name).iter();
    values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect()
}

/// An address that answers always the same: a status, these headers, and a body.
fn answering(code: u16, headers: &[(&'static str, &str)], body: &str) -> Router {
    let status = StatusCode::from_u16(code).expect("a status");
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let body = body.to_owned();
    let answer = move || async move {
        let headers = headers.into_iter().collect::<Vec<_>>();
        (status, AppendHeaders(headers), Body::from(body)).into_response()
    };
    Router::new().route("/", get(answer))
}

/// Every failure has its type, title, status and detail, and its numbers as further fields.
#[test]
fn every_failure_is_a_problem_of_its_own() {
    let problems: Vec<Value> = failures("7", 30_001)
        .iter()
        .map(|failure| json!(problem_of(failure)))
        .collect();
    insta::assert_json_snapshot!(problems, @r#"
    [
      {
        "detail": "shipment 7 is not there",
        "status": 404,
        "title": "There is no such shipment",
        "type": "https://lantern.example/problems/no-such-shipment"
      },
      {
        "detail": "shipment 7 left as LT-30001",
        "status": 409,
        "title": "The parcel has left",
        "tracking": "LT-30001",
        "type": "https://lantern.example/problems/already-sent"
      },
      {
        "detail": "30001 g are more than 30000 g",
        "grams": 30001,
        "most_grams": 30000,
        "status": 422,
        "title": "The parcel is too heavy",
        "type": "https://lantern.example/problems/too-heavy"
      },
      {
        "detail": "ask again in 30001 s",
        "seconds": 30001,
        "status": 503,
        "title": "The carrier is busy",
        "type": "https://lantern.example/problems/carrier-busy"
      },
      {
        "status": 500,
        "title": "Internal Server Error",
        "type": "about:blank"
      }
    ]
    "#);
}

/// The type and the title of a kind are the same whatever the occurrence; detail and fields tell what is special about it.
#[test]
fn the_type_does_not_depend_on_the_occurrence() {
    let mut values = support::seeded(0x1004);
    let usual = failures("7", 30_001);
    for _ in 0..50 {
        let word = format!("{} \"ä\" {{}}", values.word(1..12));
        let number = values.number(2..u64::MAX);
        for (failure, usual) in failures(&word, number).iter().zip(&usual) {
            let (problem, usual) = (problem_of(failure), problem_of(usual));
            assert_eq!(problem.r#type, usual.r#type, "the type of {failure:?}");
            assert_eq!(problem.title, usual.title, "the title of {failure:?}");
            assert_eq!(problem.status, usual.status, "the status of {failure:?}");
            let detail = problem.detail.clone().unwrap_or_default();
            match failure {
                Failure::NoSuchShipment { id } => {
                    assert_eq!(detail, format!("shipment {id} is not there"), "{failure:?}");
                }
                Failure::AlreadySent { tracking, .. } => {
                    assert_eq!(
                        problem.extensions["tracking"],
                        json!(tracking),
                        "{failure:?}"
                    );
                }
                Failure::TooHeavy { grams, most_grams } => {
                    assert_eq!(problem.extensions["grams"], json!(grams), "{failure:?}");
                    assert_eq!(
                        problem.extensions["most_grams"],
                        json!(most_grams),
                        "{failure:?}"
                    );
                }
                Failure::CarrierBusy { seconds } => {
                    assert_eq!(problem.extensions["seconds"], json!(seconds), "{failure:?}");
                }
                Failure::Broken(_) => assert_eq!(problem.detail, None, "{failure:?}"),
            }
        }
    }
}

/// A problem is answered with its status, as `application/problem+json`, with its further fields beside the others.
#[tokio::test]
async fn a_problem_is_an_answer() {
    for failure in failures("7", 90) {
        let problem: Problem = problem_of(&failure);
        let expected = json!(problem);
        let status = problem.status;
        let (got, kind, body) = read(problem.into_response()).await;
        assert_eq!(got, status, "the status of {failure:?}: {body}");
        assert_eq!(
            kind, "application/problem+json",
            "the content type of {failure:?}"
        );
        assert_eq!(body, expected, "the body of {failure:?}");
        let (got, kind, body) = read(failure.into_response()).await;
        assert_eq!(got, status, "the status of the failure: {body}");
        assert_eq!(
            kind, "application/problem+json",
            "the content type of the failure: {body}"
        );
        assert_eq!(body, expected, "the body of the failure");
    }
}

/// Who finds the carrier busy is told when to come back, in seconds; nobody else is.
#[test]
fn come_back_later() {
    for number in [0_u64, 1, 30, 86_400, 9_007_199_254_740_993, u64::MAX] {
        for failure in failures("7", number.max(1)) {
            let expected = match failure {
                Failure::CarrierBusy { .. } => number.max(1).to_string(),
                _ => String::new(),
            };
            let name = format!("{failure:?}");
            let response = failure.into_response();
            let told = response.headers().get("retry-after");
            let told = told.and_then(|told| told.to_str().ok()).unwrap_or_default();
            assert_eq!(told, expected, "Retry-After of {name}");
        }
    }
    let now = Failure::CarrierBusy { seconds: 0 }.into_response();
    assert_eq!(
        now.headers().get("retry-after").map(|told| told.as_bytes()),
        Some(&b"0"[..]),
        "0 seconds"
    );
}

/// What broke is in no part of the answer that a client sees; its cause goes along for the log, from the outermost error down.
#[tokio::test]
async fn nothing_internal_leaks() {
    let mut values = support::seeded(0x1005);
    for depth in 1..6 {
        let texts: Vec<String> = (0..depth).map(|_| values.word(8..16)).collect();
        let response = broken(&texts).into_response();
        let cause: Option<&Cause> = response.extensions().get();
        assert_eq!(
            cause,
            Some(&Cause(texts.join(": "))),
            "the cause for the log"
        );
        let head = format!("{:?}", response.headers());
        let (_, _, body) = read(response).await;
        for text in &texts {
            assert!(!head.contains(text), "{text} is in the headers: {head}");
            assert!(
                !body.to_string().contains(text),
                "{text} is in the body: {body}"
            );
        }
    }
    for texts in [
        ["disk full", "disk full", "disk full"],
        ["not sent\nr9: paid", "", " disk full\r\n"],
    ] {
        let response = broken(&texts.map(str::to_owned)).into_response();
        let cause: Option<&Cause> = response.extensions().get();
        let expected = Cause(texts.join(": "));
        assert_eq!(cause, Some(&expected), "the cause of {texts:?}");
    }
    for failure in failures("7", 90).into_iter().take(4) {
        let name = format!("{failure:?}");
        let response = failure.into_response();
        let cause: Option<&Cause> = response.extensions().get();
        assert_eq!(cause, None, "{name} is nothing that wakes somebody");
    }
}

/// A carrier that always fails in one way.
struct Failing(fn() -> Failure);

impl Carrier for Failing {
    fn find(&self, _: &str) -> Result<Shipment, Failure> {
        Err((self.0)())
    }

    fn dispatch(&self, _: &str, _: u64) -> Result<Shipment, Failure> {
        Err((self.0)())
    }
}

/// The routes show and send parcels, and return what the carrier says as problems.
#[tokio::test]
async fn parcels_are_shown_and_sent() {
    let router = routes(Arc::new(Depot::with(&["7", "8 9"])));
    let found = call("GET", "/shipments/7").send(&router).await.is(200);
    assert_eq!(found.json(), json!({ "id": "7" }), "GET /shipments/7");
    let parcel =
        |grams: u64| call("POST", "/shipments/7/dispatch").json(&json!({ "grams": grams }));
    let heavy = parcel(30_001).send(&router).await.is(422).json();
    assert_eq!(heavy["grams"], json!(30_001), "{heavy}");
    let sent = parcel(30_000).send(&router).await.is(200);
    assert_eq!(
        sent.json(),
        json!({ "id": "7", "tracking": "LT-7" }),
        "the parcel as it is then"
    );
    let again = parcel(30_000).send(&router).await.is(409).json();
    assert_eq!(again["tracking"], json!("LT-7"), "{again}");
    let other = call("GET", "/shipments/8%209").send(&router).await.is(200);
    assert_eq!(other.json(), json!({ "id": "8 9" }), "GET /shipments/8%209");
    let none = call("GET", "/shipments/LT-7")
        .send(&router)
        .await
        .is(404)
        .json();
    assert_eq!(
        none["detail"],
        json!("shipment LT-7 is not there"),
        "{none}"
    );
    let busy = routes(Arc::new(Failing(|| Failure::CarrierBusy { seconds: 17 })));
    for request in [call("GET", "/shipments/7"), parcel(1)] {
        request.send(&busy).await.is(503).has("retry-after", "17");
    }
}

/// A carrier that writes down what it was asked, and does not know a parcel until it is sent.
#[derive(Default)]
struct Counting(Mutex<Vec<String>>);

impl Counting {
    fn note(&self, asked: String) {
        self.0.lock().expect("what was asked").push(asked);
    }
}

impl Carrier for Counting {
    fn find(&self, id: &str) -> Result<Shipment, Failure> {
        self.note(format!("find {id}"));
        Err(Failure::NoSuchShipment { id: id.to_owned() })
    }

    fn dispatch(&self, id: &str, grams: u64) -> Result<Shipment, Failure> {
        self.note(format!("dispatch {id} {grams}"));
        let tracking = Some(format!("of {grams}"));
        let id = id.to_owned();
        Ok(Shipment { id, tracking })
    }
}

/// The carrier is asked for one thing a request, and what it says is the answer: looking first is a question too many.
#[tokio::test]
async fn the_carrier_is_asked_once() {
    let carrier = Arc::new(Counting::default());
    let router = routes(carrier.clone());
    let grams = json!({ "grams": 7 });
    let sent = call("POST", "/shipments/9/dispatch").json(&grams);
    let sent = sent.send(&router).await.is(200).json();
    assert_eq!(sent, json!({ "id": "9", "tracking": "of 7" }));
    call("GET", "/shipments/9").send(&router).await.is(404);
    let asked = carrier.0.lock().expect("what was asked").clone();
    assert_eq!(
        asked,
        ["dispatch 9 7", "find 9"],
        "what the carrier was asked"
    );
}

/// What axum answers by itself is a problem as well: no such address, method or body.
#[tokio::test]
async fn the_frameworks_errors_are_problems() {
    let (router, lines) = around(routes(Arc::new(Depot::with(&["7"]))));
    let dispatch = || call("POST", "/shipments/7/dispatch");
    let refused = [
        (call("GET", "/nothing"), 404),
        (call("DELETE", "/shipments/7"), 405),
        (dispatch().body("text/plain", "1 kg"), 415),
        (dispatch().body("application/json", "{"), 400),
        (dispatch().json(&json!({ "grams": "heavy" })), 422),
        (call("GET", "/shipments/%ff"), 400),
    ];
    let mut problems = Vec::new();
    for (index, (request, status)) in refused.into_iter().enumerate() {
        let answer = request.send(&router).await.is(status);
        problems.push(problem(&answer, &format!("r{}", index + 1)));
        if status == 405 {
            let allow = answer.header("allow");
            let allow: BTreeSet<&str> = allow.split(',').map(str::trim).collect();
            assert_eq!(allow, BTreeSet::from(["GET", "HEAD"]), "Allow of the 405");
        }
    }
    insta::assert_json_snapshot!(problems[1], @r#"
    {
      "instance": "urn:lantern:request:r2",
      "status": 405,
      "title": "Method Not Allowed",
      "type": "about:blank"
    }
    "#);
    for problem in problems {
        let fields: Vec<&String> = problem.as_object().expect("an object").keys().collect();
        assert_eq!(fields, ["instance", "status", "title", "type"], "{problem}");
    }
    assert_eq!(
        logged(&lines),
        [""; 0],
        "what a client did wrong is not logged"
    );
}

/// A handler's own error becomes a problem without its text, whatever its status; its other headers stay.
#[tokio::test]
async fn a_handlers_text_does_not_get_out() {
    let mut values = support::seeded(0x1006);
    for code in [
        400_u16, 401, 403, 418, 429, 499, 500, 502, 503, 599, 600, 999,
    ] {
        let secret = values.word(12..20);
        let text = format!("no such table: {secret}");
        let status = StatusCode::from_u16(code).expect("a status");
        let handler = move |kind: &'static str, body: String| {
            let headers = [
                ("content-type", kind.to_owned()),
                ("content-length", body.len().to_string()),
                ("content-encoding", "gzip".to_owned()),
                ("retry-after", "9".to_owned()),
            ];
            (status, headers, body).into_response()
        };
        let [plain, json, page] = [
            ("text/plain", text.clone()),
            ("application/json", json!({ "error": text }).to_string()),
            ("application/problem+json", format!("[\"{text}\"]")),
        ]
        .map(|(kind, body)| get(move || async move { handler(kind, body) }));
        let router = Router::new()
            .route("/a", plain)
            .route("/b", json)
            .route("/c", page);
        let (router, lines) = around(router);
        for (index, path) in ["/a", "/b", "/c"].iter().enumerate() {
            let answer = call("GET", path).send(&router).await.is(code);
            let read = problem(&answer, &format!("r{}", index + 1));
            let title = status.canonical_reason().unwrap_or("Error");
            assert_eq!(read["title"], json!(title), "the title of {code}: {read}");
            assert_eq!(
                read["type"],
                json!("about:blank"),
                "the type of {code}: {read}"
            );
            assert!(
                !answer.body.contains(&secret),
                "{secret} is in the body: {}",
                answer.body
            );
            assert_eq!(
                answer.header("retry-after"),
                "9",
                "another header of the {code}"
            );
            assert_eq!(
                answer.header("content-encoding"),
                "",
                "of a body that is not there any more"
            );
            let length = answer.header("content-length");
            let whole = answer.body.len().to_string();
            assert!(
                length.is_empty() || length == whole,
                "{length} for {whole} bytes"
            );
        }
        let log = logged(&lines);
        assert_eq!(log, [""; 0], "a {code} without a cause is no line");
    }
}

/// A problem that a handler answered keeps all of its fields, even very many, and gets the instance of this request.
#[tokio::test]
async fn a_problem_keeps_its_fields() {
    let errors: Vec<Value> = (0..300)
        .map(|line| json!({ "pointer": format!("/lines/{line}"), "detail": "1 to 99" }))
        .collect();
    let large = json!({
        "type": "t",
        "title": "Many",
        "status": 422,
        "errors": errors,
        "instance": "theirs"
    });
    let mut huge = large.clone();
    huge["note"] = json!("x".repeat(2_200_000));
    let answers = [
        ("application/problem+json", huge.clone()),
        ("Application/Problem+JSON; charset=utf-8", large.clone()),
    ];
    let [plain, other] = answers.map(|(kind, large)| {
        let large = large.to_string();
        get(move || async move {
            let headers = [
                ("content-type", kind.to_owned()),
                ("content-length", large.len().to_string()),
            ];
            (StatusCode::UNPROCESSABLE_ENTITY, headers, large)
        })
    });
    let (router, lines) = around(Router::new().route("/a", plain).route("/b", other));
    for (path, id, mut expected) in [("/a", "r1", huge), ("/b", "r2", large)] {
        let answer = call("GET", path).send(&router).await.is(422);
        expected["instance"] = json!(format!("urn:lantern:request:{id}"));
        let kept = answer.json() == expected;
        assert!(
            kept,
            "{path}: {} bytes came, {} were expected",
            answer.body.len(),
            expected.to_string().len()
        );
        let length = answer.header("content-length");
        let whole = answer.body.len().to_string();
        assert!(
            length.is_empty() || length == whole,
            "{path}: {length} for {whole} bytes"
        );
        let kind = answer.header("content-type").to_lowercase();
        assert!(
            kind.starts_with("application/problem+json"),
            "{path}: {kind}"
        );
    }
    assert_eq!(
        logged(&lines),
        [""; 0],
        "what a client did wrong is not logged"
    );
}

/// A problem of a handler is its own affair: what is missing, `null` or at odds with the answer stays so.
#[tokio::test]
async fn a_problem_stays_as_its_handler_made_it() {
    for (code, body) in [
        (400, json!({})),
        (404, json!({ "detail": "" })),
        (409, json!({ "title": "Sold out", "left": 0 })),
        (
            422,
            json!({ "type": "t", "title": null, "status": null, "errors": [null] }),
        ),
        (429, json!({ "type": null, "status": 400, "title": "" })),
        (
            503,
            json!({ "status": "503", "seconds": u64::MAX, "x": { "instance": 1 } }),
        ),
        (600, json!({ "type": 7, "instance": null })),
    ] {
        for kind in [
            "application/problem+json",
            "application/problem+json;charset=utf-8",
            "APPLICATION/PROBLEM+JSON ; charset=utf-8",
        ] {
            let headers = [("content-type", kind)];
            let (router, _) = around(answering(code, &headers, &body.to_string()));
            let answer = call("GET", "/").send(&router).await.is(code);
            let mut expected = body.clone();
            expected["instance"] = json!("urn:lantern:request:r1");
            assert_eq!(answer.json(), expected, "{code}, {kind:?}: {body}");
        }
    }
}

/// The content type says what a problem is, all of it: one that only begins like it, ends like it or names it is another.
#[tokio::test]
async fn a_type_that_looks_alike_is_no_problem() {
    let body = json!({ "type": "t", "detail": "no such table" }).to_string();
    for kind in [
        "application/problem+jsonx",
        "application/problem+json-seq",
        "application/problem",
        "application/problem+xml",
        "x-application/problem+json",
        "application/json; of=application/problem+json",
        "application/vnd.lantern+json",
        "",
    ] {
        let (router, _) = around(answering(409, &[("content-type", kind)], &body));
        let answer = call("GET", "/").send(&router).await.is(409);
        let expected = json!({
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "instance": "urn:lantern:request:r1"
        });
        assert_eq!(problem(&answer, "r1"), expected, "content type {kind:?}");
    }
}

/// Of the headers only those go that speak of the body; the others stay, however often they come. The id is there once.
#[tokio::test]
async fn the_headers_stay() {
    let problem_body = json!({ "title": "t" }).to_string();
    for (code, kind, body) in [
        (200, "text/plain", "fine"),
        (401, "text/plain", "no"),
        (401, "application/problem+json", problem_body.as_str()),
        (503, "application/problem+json", "[]"),
    ] {
        let headers = [
            ("content-type", kind),
            ("set-cookie", "a=1"),
            ("x-request-id", "theirs"),
            ("set-cookie", "b=2"),
            ("content-language", "de"),
            ("content-security-policy", "default-src 'none'"),
            ("www-authenticate", "Bearer"),
            ("www-authenticate", "Basic"),
            ("x-request-id", "theirs too"),
        ];
        let (router, _) = around(answering(code, &headers, body));
        let answer = call("GET", "/").send(&router).await.is(code);
        for (name, expected) in [
            ("x-request-id", &["r1"][..]),
            ("set-cookie", &["a=1", "b=2"]),
            ("content-language", &["de"]),
            ("content-security-policy", &["default-src 'none'"]),
            ("www-authenticate", &["Bearer", "Basic"]),
        ] {
            let got = all(&answer, name);
            assert_eq!(got, expected, "{name} of the answer {code}, {kind}: {body}");
        }
        assert_eq!(
            all(&answer, "content-type").len(),
            1,
            "content types of {code}"
        );
    }
}

/// Whoever gives a cause wants it in the log, whatever the answer says: once, with the id, sign for sign.
#[tokio::test]
async fn every_cause_is_logged() {
    let mut values = support::seeded(0x1016);
    for code in [
        200_u16, 204, 303, 400, 404, 409, 499, 500, 501, 503, 599, 600,
    ] {
        let texts = [
            "disk full",
            " two\nlines\r\n",
            "twice: twice: twice",
            "{id} ä",
            "",
        ];
        for text in texts {
            let cause = format!("{text}{}", values.word(0..9));
            let given = cause.clone();
            let handler = move || async move {
                let status = StatusCode::from_u16(code).expect("a status");
                let mut response = status.into_response();
                response.extensions_mut().insert(Cause(given));
                response
            };
            let (router, lines) = around(Router::new().route("/", get(handler)));
            call("GET", "/").send(&router).await.is(code);
            let expected = format!("r1: {cause}");
            assert_eq!(
                logged(&lines),
                [expected],
                "the log after a {code} with a cause"
            );
        }
    }
}

/// What broke is one line of the log, with the id that the client has: so the two halves can be put together.
#[tokio::test]
async fn the_log_and_the_answer_share_an_id() {
    let failing = || broken(&["no dispatch".to_owned(), "disk full".to_owned()]);
    let (router, lines) = around(routes(Arc::new(Failing(failing))));
    for number in 1..=3 {
        let answer = call("GET", "/shipments/7").send(&router).await.is(500);
        let id = format!("r{number}");
        let read = problem(&answer, &id);
        assert_eq!(read["title"], json!("Internal Server Error"), "{read}");
        let log = logged(&lines);
        assert_eq!(log.len(), number, "lines after {number} requests: {log:?}");
        assert_eq!(
            log[number - 1],
            format!("{id}: no dispatch: disk full"),
            "the line of {id}"
        );
    }
}

/// An answer that is no error stays as it is, and carries the id of its request, which nobody chooses from outside.
#[tokio::test]
async fn what_is_fine_stays_as_it_is() {
    let problem_like = get(async || ([("content-type", "application/problem+json")], "an example"));
    let moved = get(async || (StatusCode::SEE_OTHER, [("location", "/fine")]));
    let stream = get(async || Response::new(Body::from("a \u{fffd} b")));
    let echo = post(async |body: String| body);
    let router = Router::new()
        .route("/example", problem_like)
        .route("/moved", moved)
        .route("/fine", stream)
        .route("/list", get(async || Json(json!([1, 2]))))
        .route("/echo", echo);
    let (router, lines) = around(router);
    let fine = [
        (call("GET", "/example"), 200, "an example"),
        (call("GET", "/moved"), 303, ""),
        (call("GET", "/fine"), 200, "a \u{fffd} b"),
        (call("GET", "/list"), 200, "[1,2]"),
        (
            call("POST", "/echo").body("text/plain", "hello"),
            200,
            "hello",
        ),
    ];
    for (index, (request, status, body)) in fine.into_iter().enumerate() {
        let request = request.header("x-request-id", "mine");
        let answer = request.send(&router).await.is(status);
        assert_eq!(answer.body, body, "the body of the answer {status}");
        assert_eq!(
            answer.header("x-request-id"),
            format!("r{}", index + 1),
            "the id"
        );
    }
    assert_eq!(logged(&lines), [""; 0], "nothing broke");
    let long = "0123456789".repeat(300_000);
    let (router, _) = around(answering(200, &[], &long));
    let answer = call("GET", "/").send(&router).await.is(200);
    assert_eq!(answer.body.len(), long.len(), "bytes of a long answer");
    assert!(answer.body == long, "a long answer came as other bytes");
}
