//! A request to a router without a socket, and its answer with messages for whoever reads a failed test. Given.

use apis::given::books::Isbn;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::Value;
use support::Seeded;
use tower::ServiceExt;

/// A request that is being put together.
#[derive(Debug, Clone)]
pub struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// A request without headers and without a body.
pub fn call(method: &'static str, path: &str) -> Call {
    Call {
        method,
        path: path.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    }
}

impl Call {
    /// One more header; the same name may come again.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body with its content type.
    pub fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", kind)
    }

    /// A body of JSON.
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// Asks the router, and reads the answer to its end.
    pub async fn send(self, router: &Router) -> Answer {
        let asked = format!(
            "{} {} {:?} {}",
            self.method,
            self.path,
            self.headers,
            self.body.escape_ascii()
        );
        let mut request = Request::builder().method(self.method).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(self.body)).expect("a request");
        let response = router.clone().oneshot(request).await;
        let response = response.unwrap_or_else(|never| match never {});
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = to_bytes(response.into_body(), 1 << 22).await;
        let body = body.expect("the body comes to its end");
        Answer {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            asked,
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
    asked: String,
}

impl Answer {
    /// The answer has this status. Gives itself back, for the next question.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        let Self { asked, body, .. } = &self;
        assert_eq!(
            self.status, status,
            "the status of {asked}; its body: {body}"
        );
        self
    }

    /// A header as text, empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name);
        let text = value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        text.unwrap_or_default()
    }

    /// The header has this value.
    #[track_caller]
    pub fn has(self, name: &str, value: &str) -> Self {
        let Self { asked, status, .. } = &self;
        assert_eq!(
            self.header(name),
            value,
            "the header {name} of the answer {status} to {asked}"
        );
        self
    }

    /// The body, read as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.body) {
            Ok(value) => value,
            Err(error) => panic!(
                "{} answered {} with a body that is no JSON ({error}): {:?}",
                self.asked, self.status, self.body
            ),
        }
    }
}

/// An ISBN that is in no source.
pub fn isbn(values: &mut Seeded) -> Isbn {
    let first = format!("978{:09}", values.number(0..1_000_000_000));
    let last = (0..10).find_map(|digit| Isbn::try_from(format!("{first}{digit}")).ok());
    last.expect("one of ten digits is right")
}
