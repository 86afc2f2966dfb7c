//! The program as it runs, but for a clock that stands still and an Argon2 that is cheap.

use std::path::Path;
use std::sync::Arc;

use api_service::given::app::{App, Parts, SigningKey};
use api_service::given::clock::ManualClock;
use api_service::given::config::Config;
use api_service::given::database::{Database, Durability};
use api_service::program::probe;
use api_service::program::routes::{self, Origins};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use serve::{Limits, Lines, Log};
use support::server::{self, Server};
use tempfile::TempDir;

/// When every test begins: 2017-07-14T02:40:00.000Z in milliseconds.
pub const START: i64 = 1_500_000_000_000;

pub struct World {
    pub server: Server,
    pub app: App,
    pub clock: ManualClock,
    pub log: Lines,
    folder: TempDir,
}

pub async fn world() -> World {
    world_for(&Origins::Any, &Limits::default()).await
}

/// The same for the pages of these sites, with these limits.
pub async fn world_for(origins: &Origins, limits: &Limits) -> World {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let clock = ManualClock::at(START);
    let database =
        Database::open(&folder.path().join("test.db"), Durability::Relaxed).expect("it opens");
    let signing_key = SigningKey::load(&database).expect("a key");
    let config = Config::for_tests();
    let app = App::new(Parts {
        neighbours: probe::as_written(&config),
        config,
        clock: Arc::new(clock.clone()),
        database,
        signing_key,
    });
    let (log, lines) = Log::in_memory();
    let server = server::spawn(routes::all(app.clone(), origins, limits, &log)).await;
    World {
        server,
        app,
        clock,
        log: lines,
        folder,
    }
}

/// Status and body; null for a body that is empty.
pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("the server answers");
    let status = response.status().as_u16();
    let bytes = response.bytes().await.expect("a body");
    if bytes.is_empty() {
        return (status, Value::Null);
    }
    let body = serde_json::from_slice(&bytes);
    (
        status,
        body.unwrap_or_else(|_| panic!("JSON: {}", bytes.escape_ascii())),
    )
}

impl World {
    /// Where the database is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sends a request, with a token unless that is empty, and with a body unless that is null.
    pub async fn send(&self, method: &str, path: &str, token: &str, body: Value) -> (u16, Value) {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.server.client().request(method, self.server.url(path));
        if !token.is_empty() {
            request = request.header("authorization", format!("Token {token}"));
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        self.send("GET", path, token, Value::Null).await
    }

    pub async fn delete(&self, path: &str, token: &str) -> (u16, Value) {
        self.send("DELETE", path, token, Value::Null).await
    }

    /// Registers a user with this name; answers the token.
    pub async fn user(&self, name: &str) -> String {
        let user = json!({"username": name, "email": format!("{name}@lantern.example"), "password": "correct horse"});
        let (status, body) = self
            .send("POST", "/api/users", "", json!({"user": user}))
            .await;
        assert_eq!(status, 201, "registering {name}: {body}");
        text(&body["user"]["token"])
    }

    /// Creates an article; answers the slug.
    pub async fn article(&self, token: &str, title: &str, tags: &[&str]) -> String {
        self.clock.advance(1000);
        let article = json!({"title": title, "description": format!("About {title}"), "body": format!("Body of {title}"), "tagList": tags});
        let (status, body) = self
            .send("POST", "/api/articles", token, json!({"article": article}))
            .await;
        assert_eq!(status, 201, "creating {title}: {body}");
        text(&body["article"]["slug"])
    }
}

/// A JSON text.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text: {value}"))
        .to_owned()
}

/// The slugs of a list, and how many match.
pub fn slugs(body: &Value) -> (Vec<String>, i64) {
    let articles = body["articles"]
        .as_array()
        .unwrap_or_else(|| panic!("a list: {body}"));
    let count = body["articlesCount"].as_i64();
    (
        articles
            .iter()
            .map(|article| text(&article["slug"]))
            .collect(),
        count.unwrap_or_else(|| panic!("a number: {body}")),
    )
}
