use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use serve::{Cause, Lines, Log, RequestId, logged};
use support::server::{Server, spawn};

async fn broken() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    let cause = Cause("the disk is full".to_owned());
    response.extensions_mut().insert(cause);
    response
}

async fn service() -> (Server, Lines) {
    let (log, lines) = Log::in_memory();
    let router = Router::new()
        .route(
            "/greeting",
            get(
                async |axum::Extension(RequestId(id)): axum::Extension<RequestId>| {
                    let greeted = serve::blocking(|| tracing::info!(reader = 7, "greeted"));
                    greeted.await.expect("the program goes on");
                    id.to_string()
                },
            ),
        )
        .route("/broken", get(broken))
        .route(
            "/panic",
            get(async || -> &'static str { panic!("as the test wants") }),
        )
        .route("/told", get(async || serve::broken(&"the disk is full")))
        .route("/never", get(async || std::future::pending::<()>().await));
    (spawn(logged(router, &log)).await, lines)
}

/// Of a request: id, method, path, status and time; nothing of the query, and nothing of the headers.
#[tokio::test]
async fn a_request_is_a_line() {
    let (server, lines) = service().await;
    let request = server.get("/greeting?token=s3cret").bearer_auth("s3cret");
    let response = request.send().await.expect("an answer");
    let id = response.headers().get("x-request-id").cloned();
    let id = id.expect("an id in the head");
    let seen = response.text().await.expect("text");
    assert_eq!(seen.as_bytes(), id.as_bytes(), "the handler knows the id");
    let written = lines.read();
    let [event, request] = written.as_slice() else {
        panic!("an event and a request: {written:?}");
    };
    let expected = [
        ("level", json!("INFO")),
        ("message", json!("answered")),
        ("id", json!(seen)),
        ("method", json!("GET")),
        ("path", json!("/greeting")),
        ("status", json!(200)),
    ];
    for (field, value) in expected {
        assert_eq!(request[field], value, "{field}: {request}");
    }
    assert!(
        request["ms"].is_u64() && request["timestamp"].is_string(),
        "{request}"
    );
    assert!(request.get("error").is_none(), "{request}");
    assert_eq!(event["message"], json!("greeted"), "{event}");
    assert_eq!(event["reader"], json!(7), "{event}");
    assert_eq!(event["span"]["id"], json!(seen), "{event}");
    let all = format!("{written:?}");
    assert!(!all.contains("s3cret"), "{all}");
    assert_eq!(lines.requests(), std::slice::from_ref(request));
}

/// Each request has an id of its own, whatever its client sends.
#[tokio::test]
async fn every_id_is_another() {
    let (server, lines) = service().await;
    for path in ["/greeting", "/none"] {
        let request = server.get(path).header("x-request-id", "mine");
        request.send().await.expect("an answer");
    }
    let requests = lines.requests();
    let ids: Vec<&Value> = requests.iter().map(|line| &line["id"]).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert_ne!(ids[0], ids[1]);
    assert!(!ids.contains(&&json!("mine")), "{ids:?}");
}

/// What really broke is in the line and not in the answer.
#[tokio::test]
async fn a_cause_is_in_the_line() {
    let (server, lines) = service().await;
    let response = server.get("/broken").send().await.expect("an answer");
    assert_eq!(response.text().await.expect("text"), "");
    let line = &lines.requests()[0];
    assert_eq!(line["level"], json!("ERROR"), "{line}");
    assert_eq!(line["status"], json!(500), "{line}");
    assert_eq!(line["error"], json!("the disk is full"), "{line}");
}

/// What breaks inside is a line with the request's id.
#[tokio::test]
async fn what_breaks_is_a_line() {
    let (server, lines) = service().await;
    server.get("/told").send().await.expect("an answer");
    let written = lines.read();
    let [event, request] = written.as_slice() else {
        panic!("an event and a request: {written:?}");
    };
    assert_eq!(event["error"], json!("the disk is full"), "{event}");
    assert_eq!(event["level"], json!("ERROR"), "{event}");
    assert_eq!(event["span"]["id"], request["id"], "{event}");
}

/// A handler that panics has its line, too.
#[tokio::test]
async fn a_panic_is_a_line() {
    let (server, lines) = service().await;
    server.get("/panic").send().await.expect_err("no answer");
    let line = &lines.requests()[0];
    assert_eq!(line["message"], json!("the handler panicked"), "{line}");
    assert_eq!(line["level"], json!("ERROR"), "{line}");
    assert!(line.get("status").is_none(), "{line}");
}

/// So has a request whose client left.
#[tokio::test]
async fn a_client_that_leaves_is_a_line() {
    let (server, lines) = service().await;
    let left = tokio::time::timeout(
        std::time::Duration::from_millis(50),
        server.get("/never").send(),
    );
    left.await.expect_err("there is no answer");
    server.stop().await;
    // The connection's own task sees the end of its client.
    let written = async {
        while lines.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(10);
    let written = tokio::time::timeout(patience, written).await;
    written.expect("a line");
    let line = &lines.requests()[0];
    let message = json!("ended without an answer");
    assert_eq!(line["message"], message, "{line}");
    assert_eq!(line["path"], json!("/never"), "{line}");
}
