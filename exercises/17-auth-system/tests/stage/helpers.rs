//! A service for one test: its own database and outbox, a clock that stands still, and stand-ins for every milestone
//! but the one under test.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_system::given::app::{App, Client, Cx, Keys, Parts};
use auth_system::given::clock::ManualClock;
use auth_system::given::config::Config;
use auth_system::given::database::{Database, Durability};
use auth_system::given::http;
use auth_system::given::neighbours::Neighbours;
use auth_system::given::problem::Problem;
use auth_system::given::standins::{self, Journal};
use axum::Router;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use support::server::{self, Server};
use tempfile::TempDir;

/// When every test begins: 2017-07-14T02:40:00Z, far from the time of the machine.
pub const START: i64 = 1_500_000_000;

pub struct TestApp {
    pub server: Server,
    pub app: App,
    pub clock: ManualClock,
    pub journal: Journal,
    /// The journal of the stand-in for the trail, which looks for secrets.
    trail: Journal,
    folder: TempDir,
}

/// Serves `routes`. `wire` puts the milestone under test in the place of its stand-in.
pub async fn spawn(routes: Router<App>, wire: impl FnOnce(&mut Neighbours, &Config)) -> TestApp {
    spawn_with(Config::for_tests(), routes, wire).await
}

/// The same with the settings of another operator.
pub async fn spawn_with(
    config: Config,
    routes: Router<App>,
    wire: impl FnOnce(&mut Neighbours, &Config),
) -> TestApp {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let clock = ManualClock::at(START);
    let journal = Journal::default();
    let mut neighbours = standins::neighbours(&journal);
    wire(&mut neighbours, &config);
    let database = Database::open(&folder.path().join("test.db"), Durability::Relaxed)
        .expect("a fresh database opens");
    // Neither the first nor the last by name is the newest, as it is after nine replacements.
    let secrets = [
        ("k1", b"the older key of 32 bytes length"),
        ("k9", b"the other key of 32 bytes length"),
        ("k10", b"the newer key of 32 bytes length"),
    ];
    let keys = Keys {
        current: "k10".to_owned(),
        secrets: secrets
            .map(|(kid, secret)| (kid.to_owned(), secret.to_vec()))
            .into(),
    };
    let app = App::new(Parts {
        config,
        clock: Arc::new(clock.clone()),
        database,
        neighbours,
        keys,
        outbox: folder.path().join("outbox"),
    });
    let server = server::spawn(http::service(app.clone(), routes)).await;
    TestApp {
        server,
        app,
        clock,
        trail: journal.clone(),
        journal,
        folder,
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// The header lines but `date`, sorted.
    pub headers: Vec<String>,
    /// The JSON of the body; null for an empty one.
    pub body: Value,
}

impl Answer {
    /// The `code` of a problem; empty for anything else.
    pub fn code(&self) -> &str {
        self.text("code")
    }

    /// A text field of the body; empty if there is none.
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    /// The value of a header; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let line = self
            .headers
            .iter()
            .find(|line| line.starts_with(&format!("{name}: ")));
        line.map_or("", |line| &line[name.len() + 2..])
    }
}

/// Sends a request and reads the answer.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response: Response = request.send().await.expect("the server answers");
    let status: StatusCode = response.status();
    let mut headers: Vec<String> = response
        .headers()
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    headers.sort();
    let bytes = response.bytes().await.expect("the body arrives");
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer {
        status: status.as_u16(),
        headers,
        body,
    }
}

impl TestApp {
    /// Posts JSON. Passwords, codes and tokens in it, and those of the answer, are secrets from then on: none may
    /// stand in an event.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.keep_secrets_of(&body);
        let answer = answer(self.server.post(path).json(&body)).await;
        self.keep_secrets_of(&answer.body);
        answer
    }

    /// From now on the passwords, codes and tokens among these fields are secrets.
    pub fn keep_secrets_of(&self, body: &Value) {
        for (field, value) in body.as_object().into_iter().flatten() {
            let is_secret = [
                "password",
                "code",
                "token",
                "access_token",
                "refresh_token",
                "secret",
            ]
            .contains(&field.as_str());
            if let Some(text) = value.as_str().filter(|_| is_secret) {
                self.trail.keep_secret(text);
            }
            if field == "recovery_codes" {
                let codes = value.as_array().into_iter().flatten();
                codes
                    .filter_map(Value::as_str)
                    .for_each(|code| self.trail.keep_secret(code));
            }
        }
    }

    /// Sends `count` requests that meet: whatever each of them looks up before it writes, it has looked up before the
    /// first one may write.
    pub async fn at_once(&self, count: usize, request: impl Fn() -> RequestBuilder) -> Vec<Answer> {
        let answered = Arc::new(AtomicUsize::new(0));
        let (holds, held) = tokio::sync::oneshot::channel();
        let (app, done) = (self.app.clone(), Arc::clone(&answered));
        let gate = tokio::task::spawn_blocking(move || {
            app.database().write(|_| {
                holds.send(()).expect("the test waits for this");
                while app.database().waiting_writers() + done.load(Ordering::SeqCst) < count {
                    std::thread::yield_now();
                }
                Ok(())
            })
        });
        held.await.expect("the gate is closed");
        let tasks: Vec<_> = (0..count)
            .map(|_| {
                let (request, answered) = (request(), Arc::clone(&answered));
                tokio::spawn(async move {
                    let answer = answer(request).await;
                    answered.fetch_add(1, Ordering::SeqCst);
                    answer
                })
            })
            .collect();
        gate.await
            .expect("the gate opens")
            .expect("nothing was written");
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.expect("the request is sent"));
        }
        answers
    }

    /// A person whose address is confirmed, with the password hash `stored`; answers the id.
    pub fn person(&self, email: &str, stored: &str) -> i64 {
        self.query(
            "INSERT INTO users (email, name, password_hash, verified_at, created_at)
             VALUES (?1, 'Ada Reader', ?2, 1400000000, 1400000000) RETURNING id",
            [email, stored],
        )
    }

    /// The one value that a statement gives.
    pub fn query<T: rusqlite::types::FromSql>(
        &self,
        statement: &str,
        parameters: impl rusqlite::Params,
    ) -> T {
        let answer = self
            .app
            .database()
            .write(|connection| Ok(connection.query_row(statement, parameters, |row| row.get(0))?));
        answer.expect("the test's statement is sound")
    }

    /// Runs a statement of the test's own.
    pub fn execute(&self, statement: &str, parameters: impl rusqlite::Params) {
        let done = self.app.database().write(|connection| {
            connection.execute(statement, parameters)?;
            Ok(())
        });
        done.expect("the test's statement is sound");
    }

    /// What the stand-ins were asked since the last call, whatever journal a test has put in the place of theirs.
    pub fn asked(&self) -> Vec<String> {
        self.trail.take()
    }

    /// Every mail to `to` so far, the oldest first.
    pub fn mails(&self, to: &str) -> Vec<String> {
        self.app.deliver_mail().expect("mail can be delivered");
        let Ok(folder) = std::fs::read_dir(self.folder.path().join("outbox")) else {
            return Vec::new();
        };
        let mut files: Vec<_> = folder
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        let mails = files
            .iter()
            .map(|file| std::fs::read_to_string(file).expect("a mail"));
        mails
            .filter(|mail| mail.contains(&format!("\nTo: {to}\r\n")))
            .collect()
    }

    /// The token in the newest mail to `to`; empty if there is none.
    pub fn mailed_token(&self, to: &str) -> String {
        let newest = self.mails(to).pop().unwrap_or_default();
        newest
            .split_once("?token=")
            .map(|(_, rest)| {
                rest.chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
                    .collect()
            })
            .unwrap_or_default()
    }

    /// The context of a request from this machine, for functions that tests call directly.
    pub fn cx(&self) -> Cx {
        Cx::new(
            self.app.clone(),
            Client {
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                user_agent: "test".to_owned(),
                cookie: None,
            },
        )
    }
}

/// How many of the answers have this status.
pub fn count(answers: &[Answer], status: u16) -> usize {
    answers
        .iter()
        .filter(|answer| answer.status == status)
        .count()
}

/// What a milestone answered to a direct call, if it did.
pub fn value<T>(answer: Result<T, Problem>) -> T {
    answer.unwrap_or_else(|problem| panic!("refused: {} {}", problem.code(), problem.detail()))
}
