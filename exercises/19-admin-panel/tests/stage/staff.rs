//! A panel for one test: its own database, a clock that stands still, and stand-ins for every milestone but the one under
//! test. Its tables hold three branches, five roles and some people.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use admin_panel::given::app::{App, Client, Cx, Parts};
use admin_panel::given::clock::ManualClock;
use admin_panel::given::config::Config;
use admin_panel::given::database::{Database, Durability};
use admin_panel::given::http;
use admin_panel::given::neighbours::{Event, Neighbours};
use admin_panel::given::problem::Problem;
use admin_panel::given::standins::{self, Journal};
use axum::Router;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use support::server::{self, Server};
use tempfile::TempDir;

/// When every test begins: 2017-07-14T02:40:00Z, far from the time of the machine.
pub const START: i64 = 1_500_000_000;

/// Branches 1 Bath, 2 Leeds, 3 `O'Connell "%_"`. Roles 1 administrator, 2 manager, 3 clerk, 4 deputy (all that an
/// administrator can, by another name), 5 empty. People 1 Ada (administrator everywhere), 2 Ben (the same), 3 Cleo (manager in
/// Bath), 4 Dan (clerk in Bath and in Leeds), 5 Eve (no role), 6 Finn (disabled, clerk in Bath), 7 Gus (deputy everywhere).
const PEOPLE: &str = r#"
    INSERT INTO branches VALUES (1, 'Bath'), (2, 'Leeds'), (3, 'O''Connell "%_"');
    INSERT INTO roles VALUES (1, 'administrator'), (2, 'manager'), (3, 'clerk'), (4, 'deputy'), (5, 'empty');
    INSERT INTO role_permissions VALUES
        (2, 'orders.read'), (2, 'orders.refund'), (2, 'users.invite'), (2, 'roles.assign'), (3, 'orders.read');
    WITH every (name) AS (VALUES ('orders.read'), ('orders.refund'), ('users.invite'), ('users.disable'),
        ('roles.assign'), ('audit.read'), ('audit.export'))
    INSERT INTO role_permissions SELECT roles.id, every.name FROM roles, every WHERE roles.id IN (1, 4);
    INSERT INTO users (id, email, name, password_hash, created_at, disabled_at) VALUES
        (1, 'ada@lantern.example', 'Ada', 'h', 1400000000, NULL),
        (2, 'ben@lantern.example', 'Ben', 'h', 1400000000, NULL),
        (3, 'cleo@lantern.example', 'Cleo', 'h', 1400000000, NULL),
        (4, 'dan@lantern.example', 'Dan', 'h', 1400000000, NULL),
        (5, 'eve@lantern.example', 'Eve', 'h', 1400000000, NULL),
        (6, 'finn@lantern.example', 'Finn', 'h', 1400000000, 1450000000),
        (7, 'gus@lantern.example', 'Gus', 'h', 1400000000, NULL);
    INSERT INTO grants (id, user_id, role_id, branch_id) VALUES
        (11, 1, 1, NULL), (12, 2, 1, NULL), (13, 3, 2, 1), (14, 4, 3, 1), (15, 4, 3, 2), (16, 6, 3, 1), (17, 7, 4, NULL);
"#;

pub struct Staff {
    pub server: Server,
    pub app: App,
    pub clock: ManualClock,
    pub journal: Journal,
    folder: TempDir,
}

/// An answer, read to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// The body as it came.
    pub text: String,
    /// The JSON of the body; null for anything else.
    pub body: Value,
    /// The header `content-type`.
    pub kind: String,
    /// The header `content-disposition`.
    pub disposition: String,
}

impl Answer {
    /// The `code` of a problem; empty for anything else.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Status and code, as most tests compare them.
    pub fn said(&self) -> (u16, &str) {
        (self.status, self.code())
    }

    /// The fields that a 422 names, sorted.
    pub fn fields(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let mut fields: Vec<String> = errors
            .iter()
            .filter_map(|error| error["field"].as_str().map(str::to_owned))
            .collect();
        fields.sort();
        fields
    }
}

/// Sends a request and reads the answer.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let status = response.status().as_u16();
    let header = |name: &str| {
        let value = response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (kind, disposition) = (header("content-type"), header("content-disposition"));
    let bytes = response.bytes().await.expect("the body arrives");
    Answer {
        status,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        text: String::from_utf8_lossy(&bytes).into_owned(),
        kind,
        disposition,
    }
}

/// What a milestone answered to a direct call, if it did.
pub fn value<T>(answer: Result<T, Problem>) -> T {
    answer.unwrap_or_else(|problem| panic!("refused: {} {}", problem.code(), problem.detail()))
}

/// How a direct call ended: `ok`, or the code of the refusal.
pub fn ended<T>(answer: Result<T, Problem>) -> &'static str {
    answer.map_or_else(|problem| problem.code(), |_| "ok")
}

/// Serves `routes`. `wire` puts the milestone under test in the place of its stand-in.
pub async fn spawn(routes: Router<App>, wire: impl FnOnce(&mut Neighbours)) -> Staff {
    spawn_with(Config::for_tests(), |_| routes, wire).await
}

/// The same with the settings of another operator, and with routes that need the program's state.
pub async fn spawn_with(
    config: Config,
    routes: impl FnOnce(&App) -> Router<App>,
    wire: impl FnOnce(&mut Neighbours),
) -> Staff {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let clock = ManualClock::at(START);
    let journal = Journal::default();
    let mut neighbours = standins::neighbours(&journal);
    wire(&mut neighbours);
    let database = Database::open(&folder.path().join("test.db"), Durability::Relaxed)
        .expect("a fresh database opens");
    let app = App::new(Parts {
        config,
        clock: Arc::new(clock.clone()),
        database,
        neighbours,
        outbox: folder.path().join("outbox"),
    });
    let routes = routes(&app);
    let server = server::spawn(http::service(app.clone(), routes)).await;
    let staff = Staff {
        server,
        app,
        clock,
        journal,
        folder,
    };
    staff.batch(PEOPLE);
    staff
}

impl Staff {
    /// A request of the colleague `user`.
    pub fn as_user(&self, request: RequestBuilder, user: i64) -> RequestBuilder {
        request.header("cookie", format!("__Host-session=user-{user}"))
    }

    pub async fn get(&self, user: i64, path: &str) -> Answer {
        answer(self.as_user(self.server.get(path), user)).await
    }

    pub async fn post(&self, user: i64, path: &str, body: Value) -> Answer {
        answer(self.as_user(self.server.post(path), user).json(&body)).await
    }

    pub async fn delete(&self, user: i64, path: &str) -> Answer {
        answer(self.as_user(self.server.delete(path), user)).await
    }

    /// Sends requests that meet: whatever each of them looks up before it writes, it has looked up before the first
    /// one may write.
    pub async fn at_once(&self, requests: Vec<RequestBuilder>) -> Vec<Answer> {
        let count = requests.len();
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
        let tasks: Vec<_> = requests
            .into_iter()
            .map(|request| {
                let answered = Arc::clone(&answered);
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

    /// Sends a request that waits for its turn to write, runs `meanwhile` in the turn before it, and reads the answer.
    pub async fn overtaken(&self, request: RequestBuilder, meanwhile: &'static str) -> Answer {
        let answered = Arc::new(AtomicUsize::new(0));
        let (holds, held) = tokio::sync::oneshot::channel();
        let (app, done) = (self.app.clone(), Arc::clone(&answered));
        let gate = tokio::task::spawn_blocking(move || {
            app.database().write(|connection| {
                holds.send(()).expect("the test waits for this");
                while app.database().waiting_writers() + done.load(Ordering::SeqCst) < 1 {
                    std::thread::yield_now();
                }
                Ok(connection.execute_batch(meanwhile)?)
            })
        });
        held.await.expect("the gate is closed");
        let task = tokio::spawn(async move {
            let answer = answer(request).await;
            answered.fetch_add(1, Ordering::SeqCst);
            answer
        });
        gate.await
            .expect("the gate opens")
            .expect("the test's statement is sound");
        task.await.expect("the request is sent")
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

    /// Runs statements of the test's own.
    pub fn batch(&self, statements: &str) {
        let done = self
            .app
            .database()
            .write(|connection| Ok(connection.execute_batch(statements)?));
        done.expect("the test's statements are sound");
    }

    /// Every table that a milestone may write, as one text: what a refusal must leave as it was.
    pub fn tables(&self) -> String {
        let mut tables = Vec::new();
        for (table, columns) in [
            (
                "users",
                "id || email || name || password_hash || created_at || coalesce(disabled_at, '-')",
            ),
            (
                "grants",
                "id || ' ' || user_id || ' ' || role_id || ' ' || coalesce(branch_id, '*')",
            ),
            ("roles", "id || name"),
            ("role_permissions", "role_id || permission"),
            (
                "invitations",
                "digest || email || role_id || coalesce(branch_id, '*') || invited_by || expires_at || coalesce(used_at, '-')",
            ),
            ("sessions", "id || user_id || coalesce(ended_at, '-')"),
            ("orders", "id || branch_id || customer || cents || state"),
            ("mails", "recipient || body"),
            ("audit", "id || kind"),
        ] {
            let rows: String = self.query(
                &format!("SELECT coalesce(group_concat(row, '; '), '') FROM (SELECT {columns} AS row FROM {table} ORDER BY 1)"),
                [],
            );
            tables.push(format!("{table}: {rows}"));
        }
        tables.join("\n")
    }

    /// What the stand-ins were asked since the last call.
    pub fn asked(&self) -> Vec<String> {
        self.journal.take()
    }

    /// How often the stand-ins were asked this since the last call of [`Staff::asked`]; the rest is forgotten, too.
    pub fn times(&self, line: &str) -> usize {
        self.asked().iter().filter(|asked| *asked == line).count()
    }

    /// The events since the last call, as JSON.
    pub fn events(&self) -> Vec<Value> {
        let events: Vec<Event> = self.journal.events();
        events
            .into_iter()
            .map(|event| {
                json!({
                    "actor": event.actor, "kind": event.kind, "subject": event.subject,
                    "before": event.before, "after": event.after,
                })
            })
            .collect()
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
        files
            .iter()
            .map(|file| std::fs::read_to_string(file).expect("a mail"))
            .filter(|mail| mail.contains(&format!("\nTo: {to}\r\n")))
            .collect()
    }

    /// The context of a request by a client that calls itself `agent`.
    pub fn cx_of(&self, address: &str, agent: &str) -> Cx {
        let client = Client {
            address: address.parse().expect("an address"),
            user_agent: agent.to_owned(),
            cookie: None,
        };
        Cx::new(self.app.clone(), client)
    }

    /// The context of a request from this machine.
    pub fn cx(&self) -> Cx {
        self.cx_of("127.0.0.1", "test")
    }
}
