//! The voucher service of the exercise `testing` as another team wrote it: as right as the first. Given.
//!
//! Its codes are numbers, its answers hold more than they must, its errors have bodies, and its list is the newest first.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

struct Book {
    staff_key: String,
    next: u64,
    vouchers: Vec<(u64, u64)>,
}

/// The service, with a few vouchers from before.
pub fn rewritten(seed: u64, staff_key: &str) -> Router {
    let mut values = support::seeded(seed);
    let mut book = Book {
        staff_key: staff_key.to_owned(),
        next: values.number(1..1_000_000_000),
        vouchers: Vec::new(),
    };
    for _ in 0..values.size(0..4) {
        book.add(values.number(500..20_001));
    }
    let book = Arc::new(Mutex::new(book));
    let answer = async move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        book.answer(&method, uri.path(), &headers, &body)
    };
    Router::new().fallback(answer)
}

impl Book {
    fn answer(
        &mut self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Response {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let cents = body["cents"].as_u64();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (method.as_str(), parts.as_slice(), cents) {
            ("POST", ["vouchers"], Some(cents @ 500..=20_000)) => {
                let code = self.add(cents);
                let location = [("location", format!("/vouchers/{code}"))];
                (StatusCode::CREATED, location, shape(code, cents)).into_response()
            }
            ("POST", ["vouchers"], _) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "from 5.00 to 200.00").into_response()
            }
            ("GET", ["vouchers"], _) => self.list(headers),
            ("GET", ["vouchers", code], _) => match self.find(code) {
                Some((code, cents)) => shape(*code, *cents).into_response(),
                None => (StatusCode::NOT_FOUND, "no such voucher").into_response(),
            },
            ("POST", ["vouchers", code, "redemptions"], Some(cents)) => match self.find(code) {
                Some((code, left)) if *left >= cents => {
                    *left -= cents;
                    shape(*code, *left).into_response()
                }
                Some((_, left)) => {
                    let body = json!({ "error": "not enough", "left": left });
                    (StatusCode::CONFLICT, body.to_string()).into_response()
                }
                None => (StatusCode::NOT_FOUND, "no such voucher").into_response(),
            },
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn add(&mut self, cents: u64) -> u64 {
        self.next += 17;
        self.vouchers.push((self.next, cents));
        self.next
    }

    fn find(&mut self, code: &str) -> Option<&mut (u64, u64)> {
        let code: u64 = code.parse().ok()?;
        self.vouchers.iter_mut().find(|(known, _)| *known == code)
    }

    fn list(&self, headers: &HeaderMap) -> Response {
        let given = headers.get("authorization").map(|value| value.as_bytes());
        if given != Some(format!("Bearer {}", self.staff_key).as_bytes()) {
            let challenge = [("www-authenticate", "Bearer")];
            return (StatusCode::UNAUTHORIZED, challenge, "for the staff").into_response();
        }
        let newest_first = self.vouchers.iter().rev();
        let list: Vec<Value> = newest_first
            .map(|(code, cents)| value(*code, *cents))
            .collect();
        json_body(&Value::from(list)).into_response()
    }
}

fn value(code: u64, cents: u64) -> Value {
    json!({ "cents": cents, "code": code.to_string(), "currency": "EUR" })
}

fn shape(code: u64, cents: u64) -> impl IntoResponse {
    json_body(&value(code, cents))
}

fn json_body(value: &Value) -> impl IntoResponse + use<> {
    let kind = [("content-type", "application/json; charset=utf-8")];
    (kind, format!("{value:#}\n"))
}
