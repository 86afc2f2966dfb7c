use std::error::Error;
use std::fmt;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use first_service::errors::{answer, audience, report};
use first_service::given::failure::{Audience, Failure};
use first_service::given::standins;
use first_service::given::wishes::{FieldError, Refused};
use first_service::program::written_errors;
use serde_json::{Value, json};

use crate::shared::logged_program;
use support::http;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";

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

fn broken(texts: &[String]) -> Failure {
    let layers = texts.iter().rev().fold(None, |inner, text| {
        Some(Box::new(Layer(text.clone(), inner)))
    });
    Failure::Broken(layers.expect("at least one"))
}

fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

async fn body(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .expect("a body");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn two_errors() -> Failure {
    let error = |field, message: &str| FieldError {
        field,
        message: message.to_owned(),
    };
    Failure::Invalid(vec![
        error("title", "it needs a title"),
        error("price", "12 < 13, please"),
    ])
}

/// Every failure, its status and its detail.
fn table() -> Vec<(Failure, u16, &'static str)> {
    let body = |status| Failure::Body {
        status,
        said: "EOF\nat line 1".to_owned(),
    };
    vec![
        (
            Failure::NotFound { what: "wish" },
            404,
            "there is no such wish",
        ),
        (
            Failure::NotFound { what: "page" },
            404,
            "there is no such page",
        ),
        (
            Failure::WrongMethod,
            405,
            "this address does not take this method",
        ),
        (
            Failure::NotFound { what: "round" },
            404,
            "there is no such round",
        ),
        (body(StatusCode::BAD_REQUEST), 400, "EOF\nat line 1"),
        (body(StatusCode::PAYLOAD_TOO_LARGE), 413, "EOF\nat line 1"),
        (two_errors(), 422, "some fields need another look"),
        (
            Failure::Refused(Refused::NotYours),
            409,
            "somebody else has reserved this wish",
        ),
        (
            Failure::Refused(Refused::AlreadyGiven),
            409,
            "this wish has come true already",
        ),
        (Failure::Duplicate, 409, "this title is on the list already"),
        (Failure::Full, 409, "the list is full"),
        (Failure::Busy, 503, "too many ask at once"),
        (Failure::TooSlow, 503, "it took too long"),
        (
            broken(&["secret".to_owned()]),
            500,
            "something went wrong on our side",
        ),
    ]
}

/// What asks below `/api` is a program, whatever it accepts; a path that only begins alike is not below it.
#[test]
fn below_api_everybody_is_a_program() {
    for (path, expected) in [
        ("/api", Audience::Program),
        ("/api/", Audience::Program),
        ("/api/wishes/1", Audience::Program),
        ("/apiary", Audience::Person),
        ("/api-keys", Audience::Person),
        ("/a/api/x", Audience::Person),
        ("/API/x", Audience::Person),
        ("/", Audience::Person),
    ] {
        assert_eq!(audience(path, Some(BROWSER)), expected, "{path}");
    }
}

/// Elsewhere it is a person who accepts `text/html` at least as much as `application/json`; no other type counts, and no `*`.
#[test]
fn accept_decides() {
    use Audience::{Person, Program};
    for (accept, expected) in [
        (None, Program),
        (Some(""), Program),
        (Some("*/*"), Program),
        (Some(BROWSER), Person),
        (Some("text/html"), Person),
        (Some("TEXT/Html"), Person),
        (Some("application/json"), Program),
        (Some("application/json, text/html"), Person),
        (Some("application/json,text/html"), Person),
        (Some("application/json;q=0.5, text/html;q=0.4"), Program),
        (Some("application/json;q=0.4, text/html;q=0.5"), Person),
        (Some("text/html;q=0.9, Application/JSON"), Program),
        (Some("application/json;q=0.9, text/html"), Person),
        (Some("application/json;q=0, text/html;q=0"), Program),
        (Some("text/html;q=0"), Program),
        (Some("text/html;q=0.000"), Program),
        (Some("text/html; q=0.001"), Person),
        (Some("text/html ; Q = 0"), Program),
        (Some("text/html;charset=utf-8;q=0"), Program),
        (Some("text/html;charset=utf-8"), Person),
        (Some("Text/HTML; charset=utf-8; q=0"), Program),
        (Some("text/html;q=0;level=1"), Program),
        (Some("text/html;qs=0"), Person),
        (Some("text/html;q=much"), Program),
        (Some("text/html;q=NaN"), Program),
        (Some("text/html;q=-1"), Program),
        (Some("text/html;q=1.5"), Program),
        (Some("application/json;q=NaN, text/html;q=0.5"), Person),
        (Some("application/json;q=inf, text/html;q=0.5"), Person),
        (Some("text/*"), Program),
        (Some("application/xhtml+xml"), Program),
        (Some("*/*, text/html;q=0.1"), Person),
        (Some("application/*, text/html;q=0.1"), Person),
        (Some("application/xml, text/html;q=0.1"), Person),
        (Some("application/problem+json, text/html;q=0.1"), Person),
        (Some("image/png, image/webp, image/avif, text/html"), Person),
        (
            Some("text/html;q=0.5, image/png, image/webp, application/json"),
            Program,
        ),
        (
            Some("text/html;level=1;q=0.3, application/json;q=0.20"),
            Person,
        ),
        (Some("application/json;q=0.10, text/html;q=0.9"), Person),
        (Some("text/htmlx"), Program),
        (Some("xtext/html"), Program),
        (Some("text/plain;note=text/html"), Program),
        (Some("application/json;q=much, text/html;q=0.1"), Person),
    ] {
        assert_eq!(audience("/x", accept), expected, "accept: {accept:?}");
    }
}

/// Each failure has its status, for programs and for people.
#[test]
fn each_failure_has_its_status() {
    for (failure, status, _) in table() {
        for audience in [Audience::Program, Audience::Person] {
            let response = answer(&failure, audience, "r1");
            assert_eq!(
                response.status().as_u16(),
                status,
                "{failure:?} for a {audience:?}"
            );
        }
    }
}

/// A program reads problem details of the right type: title, status, detail, and the request's id.
#[tokio::test]
async fn programs_get_problem_details() {
    for (failure, status, detail) in table() {
        let response = answer(&failure, Audience::Program, "r000017");
        let kind = header(&response, "content-type");
        assert_eq!(
            kind, "application/problem+json",
            "the content type of {failure:?}"
        );
        let title = response.status().canonical_reason().unwrap_or_default();
        let text = body(response).await;
        let read: Value = serde_json::from_str(&text).expect("JSON");
        for (field, value) in [
            ("title", json!(title)),
            ("status", json!(status)),
            ("detail", json!(detail)),
            ("request_id", json!("r000017")),
        ] {
            assert_eq!(read[field], value, "{field} of {failure:?}: {text}");
        }
    }
}

/// Fields that need another look are listed, each with its message; other failures have no such list.
#[tokio::test]
async fn programs_get_every_field() {
    let invalid = body(answer(&two_errors(), Audience::Program, "r000018")).await;
    let invalid: Value = serde_json::from_str(&invalid).expect("JSON");
    insta::assert_json_snapshot!(invalid, @r#"
    {
      "detail": "some fields need another look",
      "errors": [
        {
          "field": "title",
          "message": "it needs a title"
        },
        {
          "field": "price",
          "message": "12 < 13, please"
        }
      ],
      "request_id": "r000018",
      "status": 422,
      "title": "Unprocessable Entity"
    }
    "#);
    let full = body(answer(&Failure::Full, Audience::Program, "r000019")).await;
    let full: Value = serde_json::from_str(&full).expect("JSON");
    insta::assert_json_snapshot!(full, @r#"
    {
      "detail": "the list is full",
      "request_id": "r000019",
      "status": 409,
      "title": "Conflict"
    }
    "#);
}

/// A person gets a page that says what happened, names every field, has the id, and leads back.
#[tokio::test]
async fn people_get_a_page_with_a_way_back() {
    for (failure, status, detail) in table() {
        let response = answer(&failure, Audience::Person, "r000020");
        let kind = header(&response, "content-type");
        assert!(
            kind.starts_with("text/html"),
            "the content type of {failure:?}: {kind}"
        );
        let page = body(response).await;
        let status = status.to_string();
        for part in [detail, status.as_str(), "r000020", "href=\"/\"", "</html>"] {
            assert!(page.contains(part), "{failure:?}: {part:?} in {page}");
        }
    }
    let page = body(answer(&two_errors(), Audience::Person, "r1")).await;
    for part in ["title", "it needs a title", "price", "12 &lt; 13, please"] {
        assert!(page.contains(part), "{part:?} in {page}");
    }
}

/// Who comes at a bad moment is told when to come back; nobody else is.
#[test]
fn come_back_later() {
    for (failure, status, _) in table() {
        for audience in [Audience::Program, Audience::Person] {
            let response = answer(&failure, audience, "r1");
            let expected = if status == 503 { "2" } else { "" };
            let told = header(&response, "retry-after");
            assert_eq!(
                told, expected,
                "Retry-After of {failure:?} for a {audience:?}"
            );
        }
    }
}

/// Nothing of what broke is in any answer: no head, no body, no cause.
#[tokio::test]
async fn nothing_internal_leaks() {
    let mut values = support::seeded(0x0951);
    for audience in [Audience::Program, Audience::Person] {
        let secrets = [values.word(8..16), values.word(8..16)];
        let response = answer(&broken(&secrets), audience, "r1");
        let head = format!("{:?}", response.headers());
        let body = body(response).await;
        for secret in &secrets {
            assert!(
                !head.contains(secret),
                "for a {audience:?}: {secret} in {head}"
            );
            assert!(
                !body.contains(secret),
                "for a {audience:?}: {secret} in {body}"
            );
        }
    }
}

/// The log gets what broke with everything below it, from the outermost error to the first cause.
#[test]
fn the_log_gets_the_whole_chain() {
    let mut values = support::seeded(0x0952);
    for length in [2, 3, 4, 5, 40] {
        let mut texts: Vec<String> = (0..length).map(|_| values.word(3..12)).collect();
        // Said twice is broken twice.
        texts.push(texts[length / 2].clone());
        let reported: Option<String> = report(&broken(&texts));
        assert_eq!(reported, Some(texts.join(": ")), "{texts:?}");
    }
}

/// The log gets what the service is too small for, and nothing of what a client did wrong.
#[test]
fn a_clients_mistake_wakes_nobody() {
    for (failure, status, detail) in table() {
        let expected = match status {
            500 => Some("secret".to_owned()),
            503 => Some(detail.to_owned()),
            _ => None,
        };
        assert_eq!(report(&failure), expected, "{failure:?}");
    }
}

/// The program: a page that is not there is a page with a way back, and its id is the one in the head.
#[tokio::test]
async fn the_program_leads_back() {
    let mut parts = standins::parts();
    parts.errors = written_errors();
    let (server, log) = logged_program(parts, standins::desk(), Router::new()).await;
    let response = http::answer(server.get("/nothing").header("accept", BROWSER)).await;
    assert_eq!(http::status(&response), 404, "GET /nothing");
    let id = http::header(&response, "x-request-id").unwrap_or_default();
    let page = http::text(response).await;
    assert!(page.contains("href=\"/\""), "a way back: {page}");
    assert!(
        !id.is_empty() && page.contains(&id),
        "the id {id:?}: {page}"
    );

    let wrong = json!({ "title": "Emma", "price": "cheap" });
    let response = http::answer(server.post("/api/wishes").json(&wrong)).await;
    assert_eq!(
        http::status(&response),
        422,
        "POST /api/wishes with {wrong}"
    );
    let id = http::header(&response, "x-request-id");
    let problem: Value = http::json(response).await;
    assert_eq!(problem["errors"][0]["field"], json!("price"), "{problem}");
    assert_eq!(problem["request_id"], json!(id), "{problem}");
    let lines: Vec<Value> = log.requests();
    assert_eq!(lines.len(), 2, "one line a request: {lines:?}");
    assert!(
        lines.iter().all(|line| line.get("error").is_none()),
        "{lines:?}"
    );
}
