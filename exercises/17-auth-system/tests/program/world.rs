//! The program as it runs, but for a clock that stands still and an Argon2 that is cheap.

use std::path::Path;
use std::sync::Arc;

use auth_system::given::app::{App, Keys, Parts};
use auth_system::given::clock::ManualClock;
use auth_system::given::config::Config;
use auth_system::given::database::{Database, Durability};
use auth_system::program::{probe, routes};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use serve::{Limits, Lines, Log};
use support::server::{self, Server};
use tempfile::TempDir;

pub struct World {
    pub server: Server,
    pub app: App,
    pub clock: ManualClock,
    pub log: Lines,
    folder: TempDir,
}

pub async fn world() -> World {
    world_with(Config::for_tests()).await
}

/// The same with other settings.
pub async fn world_with(config: Config) -> World {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let clock = ManualClock::at(1_500_000_000);
    let database =
        Database::open(&folder.path().join("test.db"), Durability::Relaxed).expect("it opens");
    let keys = Keys::load(&database, 1_500_000_000, false).expect("keys");
    let app = App::new(Parts {
        neighbours: probe::as_written(&config),
        config,
        clock: Arc::new(clock.clone()),
        database,
        keys,
        outbox: folder.path().join("outbox"),
    });
    let (log, lines) = Log::in_memory();
    let server = server::spawn(routes::all(app.clone(), &Limits::default(), &log)).await;
    World {
        server,
        app,
        clock,
        log: lines,
        folder,
    }
}

/// Status, `code` of a problem, and the body.
pub async fn answer(request: RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.expect("the server answers");
    let status = response.status().as_u16();
    let body: Value =
        serde_json::from_slice(&response.bytes().await.expect("a body")).unwrap_or(Value::Null);
    (
        status,
        body["code"].as_str().unwrap_or_default().to_owned(),
        body,
    )
}

impl World {
    /// Where the database and the outbox are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, String, Value) {
        answer(self.server.post(path).json(&body)).await
    }

    /// The token in the newest mail.
    pub fn mailed_token(&self) -> String {
        self.app.deliver_mail().expect("mail can be delivered");
        let outbox = std::fs::read_dir(self.folder.path().join("outbox")).expect("an outbox");
        let newest = outbox
            .map(|entry| entry.expect("an entry").path())
            .max()
            .expect("a mail");
        let mail = std::fs::read_to_string(newest).expect("a mail");
        let (_, rest) = mail.split_once("?token=").expect("a link");
        rest.split_whitespace().next().expect("a token").to_owned()
    }

    /// Registers and confirms an account with this password.
    pub async fn account(&self, email: &str, password: &str) {
        let form = json!({"email": email, "password": password, "name": "Ada Reader"});
        assert_eq!(
            self.post("/api/register", form).await.0,
            201,
            "registering {email}"
        );
        let token = self.mailed_token();
        assert_eq!(
            self.post(
                "/api/verify-email",
                json!({"token": token, "password": password})
            )
            .await
            .0,
            204,
            "confirming {email}"
        );
    }

    /// Signs in; answers the access token and the refresh token.
    pub async fn login(&self, email: &str, password: &str) -> (String, String) {
        let (status, _, body) = self
            .post("/api/login", json!({"email": email, "password": password}))
            .await;
        assert_eq!(status, 200, "signing in: {body}");
        let text = |field: &str| body[field].as_str().expect("a text").to_owned();
        (text("access_token"), text("refresh_token"))
    }
}
