//! The program as somebody runs it: what it writes, what it refuses, and what one can see of it.

use std::fs;
use std::path::Path;

use api_service::given::app::{App, SigningKey};
use api_service::given::database::{Database, Durability};
use api_service::program::routes::Origins;
use reqwest::header::HeaderValue;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use serve::Limits;

use crate::world::{World, answer, world, world_for};

fn execute(app: &App, statement: &str) {
    let done = app
        .database()
        .write(|connection| Ok(connection.execute_batch(statement)?));
    done.expect("the test's statement is sound");
}

/// A header of an answer; empty without one.
fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    value.map_or(String::new(), |value| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    })
}

/// Each request has one line with the id that its answer carries. Passwords, hashes, tokens and addresses are in none.
#[tokio::test]
async fn the_log_has_every_request_and_no_secret() {
    let world: World = world().await;
    let token = world.user("ada").await;
    let me = world
        .server
        .get("/api/user")
        .header("authorization", format!("Token {token}"));
    let response = me.send().await.expect("an answer");
    let id = header(&response, "x-request-id");
    let login = json!({"user": {"email": "ada@lantern.example", "password": "a wrong password"}});
    world.send("POST", "/api/users/login", "", login).await;
    world.get("/api/articles?tag=a-secret-tag", "").await;
    let broken = world.server.post("/api/users/login").body("correct horse");
    assert_eq!(broken.send().await.expect("an answer").status(), 400);
    world
        .send(
            "PUT",
            "/api/user",
            &token,
            json!({"user": {"password": "battery staple"}}),
        )
        .await;

    let lines: Vec<Value> = world.log.requests();
    let asked: Vec<String> = lines
        .iter()
        .map(|line| {
            format!("{} {} {}", line["method"], line["path"], line["status"]).replace('"', "")
        })
        .collect();
    assert_eq!(
        asked,
        [
            "POST /api/users 201",
            "GET /api/user 200",
            "POST /api/users/login 401",
            "GET /api/articles 200",
            "POST /api/users/login 400",
            "PUT /api/user 200",
        ],
        "a line for each request"
    );
    assert_eq!(lines[1]["id"], json!(id), "{}", lines[1]);
    let all = format!("{:?}", world.log.read());
    for secret in [
        "correct horse",
        "a wrong password",
        "battery staple",
        &token,
        "$argon2",
        "ada@lantern.example",
        "a-secret-tag",
    ] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
}

/// No password is in the database or beside it as it was given, and no token.
#[tokio::test]
async fn no_password_is_stored() {
    let world: World = world().await;
    let token = world.user("ada").await;
    let change = json!({"user": {"password": "battery staple"}});
    world.send("PUT", "/api/user", &token, change).await;
    for name in ["test.db", "test.db-wal"] {
        let bytes = fs::read(world.folder().join(name)).expect("it is there");
        for secret in ["correct horse", "battery staple", &token] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} in {name}");
        }
    }
}

/// What breaks is in the log with the id of its request, and its client learns nothing of it.
#[tokio::test]
async fn a_failure_is_in_the_log() {
    let world: World = world().await;
    execute(&world.app, "DROP TABLE follows");
    let token = world.user("ada").await;
    let _ = world.log.read();
    let (status, body) = world
        .send("POST", "/api/profiles/ada/follow", &token, Value::Null)
        .await;
    assert_eq!(status, 500, "{body}");
    assert!(body["errors"].is_object(), "{body}");
    assert!(!body.to_string().contains("follows"), "{body}");
    let lines: Vec<Value> = world.log.read();
    let failure = lines
        .iter()
        .find(|line| line.to_string().contains("no such table"));
    let failure = failure.unwrap_or_else(|| panic!("the cause: {lines:?}"));
    let requests = world.log.requests();
    let request = requests.last().expect("a line");
    assert_eq!(failure["span"]["id"], request["id"], "{failure} {request}");
}

/// Database and log are their owner's alone, also where they were not before.
#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    let world: World = world().await;
    world.user("ada").await;
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        let path = world.folder().join(name);
        assert_eq!(mode(&path), 0o600, "{name}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
    }
    let database = Database::open(&world.folder().join("test.db"), Durability::Relaxed)
        .expect("it opens again");
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        assert_eq!(
            mode(&world.folder().join(name)),
            0o600,
            "{name}, opened again"
        );
    }
    let (key, again) = (
        SigningKey::load(&database).expect("a key"),
        SigningKey::load(&database).expect("a key"),
    );
    assert_eq!(key.0, again.0, "tokens outlive a restart");
}

/// Whatever is refused before a milestone sees it has the service's own form: 400, 404, 405, 413, 503.
#[tokio::test]
async fn every_refusal_has_the_one_form() {
    let world: World = world().await;
    let token = world.user("ada").await;
    let request = |method: &str, path: &str| {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = world
            .server
            .client()
            .request(method, world.server.url(path));
        request.header("authorization", format!("Token {token}"))
    };
    let long = "x".repeat(1024 * 1024 + 1);
    for (case, request, status, what) in [
        (
            "no JSON",
            request("POST", "/api/articles").body("{"),
            400,
            "body",
        ),
        (
            "no UTF-8",
            request("POST", "/api/articles").body(&b"\"\xff\""[..]),
            400,
            "body",
        ),
        (
            "half a surrogate",
            request("POST", "/api/articles").body(r#"{"article":{"title":"\ud800"}}"#),
            400,
            "body",
        ),
        (
            "no text in the path",
            request("GET", "/api/profiles/%FF"),
            400,
            "request",
        ),
        ("unknown path", request("GET", "/api/nothing"), 404, "path"),
        ("the root", request("GET", "/"), 404, "path"),
        (
            "another method",
            request("PATCH", "/api/user"),
            405,
            "method",
        ),
        (
            "a strange method",
            request("FETCH", "/api/tags"),
            405,
            "method",
        ),
        (
            "OPTIONS without a browser",
            request("OPTIONS", "/api/tags"),
            405,
            "method",
        ),
        (
            "too large",
            request("POST", "/api/articles").body(long),
            413,
            "body",
        ),
        (
            "an array",
            request("POST", "/api/articles").body("[]"),
            422,
            "article",
        ),
    ] {
        let response = request.send().await.expect("an answer");
        let (kind, id) = (
            header(&response, "content-type"),
            header(&response, "x-request-id"),
        );
        let allow = header(&response, "allow");
        assert_eq!(response.status().as_u16(), status, "{case}");
        let body: Value = response.json().await.expect("JSON");
        assert!(body["errors"][what][0].is_string(), "{case}: {body}");
        assert_eq!(kind, "application/json", "{case}");
        assert!(!id.is_empty(), "{case} has no id");
        if case == "another method" {
            assert!(
                allow.contains("GET") && allow.contains("PUT"),
                "{case}: {allow}"
            );
        }
    }
}

/// One request more than the program takes is told so, in the same form.
#[tokio::test]
async fn one_request_too_many_is_told_so() {
    let limits = Limits {
        requests: 0,
        ..Limits::default()
    };
    let world: World = world_for(&Origins::Any, &limits).await;
    let response = world
        .server
        .get("/api/tags")
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, "retry-after"), "2");
    let body: Value = response.json().await.expect("JSON");
    assert!(body["errors"]["service"].is_array(), "{body}");
}

/// A body is JSON whatever its type is called; frontends forget it.
#[tokio::test]
async fn a_body_is_json_whatever_its_type_is_called() {
    let world: World = world().await;
    world.user("ada").await;
    let body = r#"{"user":{"email":"ada@lantern.example","password":"correct horse"}}"#;
    for kind in [
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let mut request = world.server.post("/api/users/login").body(body);
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        let (status, body) = answer(request).await;
        assert_eq!(status, 200, "{kind:?}: {body}");
    }
}

/// A browser is told which sites' pages may read the answers, errors included: all of them, or those that were named.
#[tokio::test]
async fn pages_of_other_sites_may_read() {
    let frontend = "http://localhost:4200";
    let named = Origins::Only(vec![HeaderValue::from_static(frontend)]);
    for (origins, origin, allowed) in [
        (&Origins::Any, "https://anywhere.example", "*"),
        (&named, frontend, frontend),
        (&named, "http://localhost:4201", ""),
        (&named, "null", ""),
    ] {
        let world: World = world_for(origins, &Limits::default()).await;
        for path in ["/api/tags", "/api/user", "/api/nothing"] {
            let request = world.server.get(path).header("origin", origin);
            let response = request.send().await.expect("an answer");
            assert_eq!(
                header(&response, "access-control-allow-origin"),
                allowed,
                "{path} for {origin}"
            );
            assert_eq!(
                header(&response, "access-control-allow-credentials"),
                "",
                "{path} for {origin}"
            );
        }
        let preflight = world
            .server
            .client()
            .request(Method::OPTIONS, world.server.url("/api/articles/some"))
            .header("origin", origin)
            .header("access-control-request-method", "PUT")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let response = preflight.send().await.expect("an answer");
        assert_eq!(response.status(), 200, "the question of {origin}");
        assert_eq!(
            header(&response, "access-control-allow-origin"),
            allowed,
            "the question of {origin}"
        );
        let (methods, headers) = (
            header(&response, "access-control-allow-methods"),
            header(&response, "access-control-allow-headers"),
        );
        assert!(
            methods.contains("PUT") && methods.contains("DELETE"),
            "{methods}"
        );
        assert!(
            headers.contains("authorization") && headers.contains("content-type"),
            "{headers}"
        );
    }
}
