//! A service for one test: its own database, a clock that stands still, and stand-ins for every milestone but the one under
//! test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api_service::given::app::{App, Cx, Parts, SigningKey};
use api_service::given::clock::ManualClock;
use api_service::given::config::Config;
use api_service::given::database::{Database, Durability};
use api_service::given::http;
use api_service::given::neighbours::Neighbours;
use api_service::given::problem::Problem;
use api_service::given::standins::{self, Journal};
use api_service::program::routes::{self, Origins};
use axum::Router;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use serve::{Limits, Lines, Log};
use support::server::{self, Server};
use tempfile::TempDir;

/// When every test begins: 2017-07-14T02:40:00.000Z in milliseconds, far from the time of the machine.
pub const START: i64 = 1_500_000_000_000;

/// The key that signs tokens in tests.
pub const KEY: [u8; 32] = *b"the key of tests, 32 bytes long.";

pub struct TestApp {
    pub server: Server,
    pub app: App,
    pub clock: ManualClock,
    pub journal: Journal,
    _folder: TempDir,
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
    serve_with(config, wire, |app| http::service(app, routes)).await
}

/// Serves the whole program, as `cargo run` does, with its log; `wire` puts the milestone under test in the place of its
/// stand-in.
pub async fn spawn_whole(wire: impl FnOnce(&mut Neighbours, &Config)) -> (TestApp, Lines) {
    let (log, lines) = Log::in_memory();
    let whole = |app| routes::all(app, &Origins::Any, &Limits::default(), &log);
    (serve_with(Config::for_tests(), wire, whole).await, lines)
}

async fn serve_with(
    config: Config,
    wire: impl FnOnce(&mut Neighbours, &Config),
    service: impl FnOnce(App) -> Router,
) -> TestApp {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let clock = ManualClock::at(START);
    let journal = Journal::default();
    let mut neighbours = standins::neighbours(&journal);
    wire(&mut neighbours, &config);
    let database = Database::open(&folder.path().join("test.db"), Durability::Relaxed)
        .expect("a fresh database opens");
    let app = App::new(Parts {
        config,
        clock: Arc::new(clock.clone()),
        database,
        neighbours,
        signing_key: SigningKey(KEY),
    });
    let server = server::spawn(service(app.clone())).await;
    TestApp {
        server,
        app,
        clock,
        journal,
        _folder: folder,
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
    /// The body as it came.
    pub text: String,
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
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// The request with the token of this user, as the stand-in for `login` knows it; without one for `None`.
pub fn by(caller: impl Into<Option<i64>>, request: RequestBuilder) -> RequestBuilder {
    match caller.into() {
        Some(id) => request.header("authorization", format!("Token user-{id}")),
        None => request,
    }
}

impl TestApp {
    /// `GET path`, by `caller`.
    pub async fn get(&self, caller: impl Into<Option<i64>>, path: &str) -> Answer {
        answer(by(caller, self.server.get(path))).await
    }

    /// `POST path` with a body, by `caller`.
    pub async fn post(&self, caller: impl Into<Option<i64>>, path: &str, body: Value) -> Answer {
        answer(by(caller, self.server.post(path)).json(&body)).await
    }

    /// `PUT path` with a body, by `caller`.
    pub async fn put(&self, caller: impl Into<Option<i64>>, path: &str, body: Value) -> Answer {
        answer(by(caller, self.server.put(path)).json(&body)).await
    }

    /// `DELETE path`, by `caller`.
    pub async fn delete(&self, caller: impl Into<Option<i64>>, path: &str) -> Answer {
        answer(by(caller, self.server.delete(path))).await
    }

    /// A user with this name, the address `NAME@lantern.example`, a bio and an image; answers the id.
    pub fn user(&self, name: &str) -> i64 {
        self.query(
            "INSERT INTO users (username, email, password_hash, bio, image, created_at)
             VALUES (?1, ?1 || '@lantern.example', 'stand-in:password of ' || ?1, 'about ' || ?1,
                     'https://lantern.example/' || ?1 || '.png', 1400000000000)
             RETURNING id",
            [name],
        )
    }

    /// An article of this author with the title `Title of SLUG` and so on, made at the test's beginning; answers the id.
    pub fn article(&self, author: i64, slug: &str) -> i64 {
        self.query(
            "INSERT INTO articles (slug, author_id, created_at, updated_at, title, description, body)
             VALUES (?1, ?2, ?3, ?3, 'Title of ' || ?1, 'About ' || ?1, 'Body of ' || ?1) RETURNING id",
            (slug, author, START),
        )
    }

    /// Gives an article these tags, in the list and in the table.
    pub fn tag(&self, article: i64, tags: &[&str]) {
        let list = serde_json::to_string(tags).expect("texts are JSON");
        self.execute(
            "UPDATE articles SET tag_list = ?2 WHERE id = ?1",
            (article, list),
        );
        for tag in tags {
            self.execute("INSERT INTO article_tags VALUES (?1, ?2)", (tag, article));
        }
    }

    /// `follower` follows `followed`.
    pub fn follow(&self, follower: i64, followed: i64) {
        self.execute("INSERT INTO follows VALUES (?1, ?2)", [follower, followed]);
    }

    /// `user` marks `article`.
    pub fn favorite(&self, user: i64, article: i64) {
        self.execute("INSERT INTO favorites VALUES (?1, ?2)", [user, article]);
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

    /// What the stand-ins were asked since the last call.
    pub fn asked(&self) -> Vec<String> {
        self.journal.take()
    }

    /// Everything that the database holds, as text: compare two to see whether a request has changed something.
    pub fn contents(&self) -> String {
        let tables = [
            "users",
            "follows",
            "articles",
            "article_tags",
            "favorites",
            "comments",
            "totals",
            "tags",
        ];
        let all = self.app.database().read(|connection| {
            let mut text = String::new();
            for table in tables {
                let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
                let columns = statement.column_count();
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    text.push_str(table);
                    for column in 0..columns {
                        text.push_str(&format!(" {:?}", row.get_ref(column)?));
                    }
                    text.push('\n');
                }
            }
            Ok(text)
        });
        all.expect("the database can be read")
    }

    /// The context of a request, for functions that tests call directly.
    pub fn cx(&self) -> Cx {
        Cx::new(self.app.clone())
    }

    /// Sends a request while somebody else writes; says whether it waited for that one.
    pub async fn beside_a_writer(&self, request: RequestBuilder) -> (Answer, bool) {
        let answered = Arc::new(AtomicUsize::new(0));
        let (holds, held) = tokio::sync::oneshot::channel();
        let (app, done) = (self.app.clone(), Arc::clone(&answered));
        let writer = tokio::task::spawn_blocking(move || {
            app.database().write(|_| {
                holds.send(()).expect("the test waits for this");
                while app.database().waiting_writers() + done.load(Ordering::SeqCst) == 0 {
                    std::thread::yield_now();
                }
                Ok(app.database().waiting_writers() > 0)
            })
        });
        held.await.expect("the writer is at work");
        let answer = answer(request).await;
        answered.fetch_add(1, Ordering::SeqCst);
        let waited = writer.await.expect("the writer ends");
        (answer, waited.expect("nothing was written"))
    }

    /// Sends `count` requests that meet: whatever each of them looks up before it writes, it has looked up before the
    /// first one may write.
    pub async fn at_once(
        &self,
        count: usize,
        request: impl Fn(usize) -> RequestBuilder,
    ) -> Vec<Answer> {
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
            .map(|number| {
                let (request, answered) = (request(number), Arc::clone(&answered));
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
    answer.unwrap_or_else(|problem| panic!("refused: {} {:?}", problem.status(), problem.errors()))
}

/// The requests of a log, such as `POST /api/users 201`. None of the `secrets` may stand in it.
#[track_caller]
pub fn requests(log: &Lines, secrets: &[&str]) -> Vec<String> {
    let all = format!("{:?}", log.read());
    for secret in secrets {
        assert!(!all.contains(secret), "{secret:?} stands in the log: {all}");
    }
    let line = |line: &Value| format!("{} {} {}", line["method"], line["path"], line["status"]);
    log.requests()
        .iter()
        .map(|request| line(request).replace('"', ""))
        .collect()
}
