//! The program as somebody runs it: what it writes, what it leaves behind, what it removes, and what one can see of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth_system::given::app::{App, Keys, Parts};
use auth_system::given::clock::ManualClock;
use auth_system::given::config::Config;
use auth_system::given::database::{Database, Durability};
use auth_system::given::tokens;
use auth_system::program::{probe, routes};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use reqwest::Method;
use serde_json::{Value, json};
use serve::{Limits, Log};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::world::{World, answer, world};

const ADA: &str = "ada@lantern.example";
const PASSWORD: &str = "correct horse battery";
const DAY: i64 = 24 * 3600;

/// The one number that a statement gives.
fn number(app: &App, statement: &str) -> i64 {
    let counted = app
        .database()
        .read(|connection| Ok(connection.query_row(statement, [], |row| row.get(0))?));
    counted.expect("the test's statement is sound")
}

fn execute(app: &App, statement: &str) {
    let done = app
        .database()
        .write(|connection| Ok(connection.execute_batch(statement)?));
    done.expect("the test's statement is sound");
}

/// The files of the outbox, the oldest first.
fn mails(folder: &Path) -> Vec<PathBuf> {
    let outbox = fs::read_dir(folder.join("outbox")).expect("an outbox");
    let mut files: Vec<PathBuf> = outbox
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

/// Each request has one line with the id that its answer carries. Passwords and tokens are in none, whether they came in a body, a
/// query, a cookie or a header.
#[tokio::test]
async fn the_log_has_every_request_and_no_secret() {
    let world: World = world().await;
    world.account(ADA, PASSWORD).await;
    let (access, refresh) = world.login(ADA, PASSWORD).await;
    let me = world.server.get("/api/me").bearer_auth(&access);
    let response = me.send().await.expect("an answer");
    let id = response.headers()["x-request-id"].clone();
    world
        .post("/api/password/forgot", json!({"email": ADA}))
        .await;
    let token = world.mailed_token();
    let page = world.server.get(&format!("/reset?token={token}"));
    let page = page.header("cookie", "__Host-session=a-cookie-that-is-secret");
    page.send().await.expect("an answer");
    let broken = world.server.post("/api/login").body(PASSWORD);
    broken.send().await.expect("an answer");

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
            "POST /api/register 201",
            "POST /api/verify-email 204",
            "POST /api/login 200",
            "GET /api/me 200",
            "POST /api/password/forgot 202",
            "GET /reset 200",
            "POST /api/login 415",
        ],
        "a line for each request"
    );
    assert_eq!(
        lines[3]["id"],
        json!(id.to_str().expect("text")),
        "{}",
        lines[3]
    );
    let all = format!("{:?}", world.log.read());
    for secret in [
        PASSWORD,
        &access,
        &refresh,
        &token,
        "a-cookie-that-is-secret",
        ADA,
    ] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
}

/// What breaks is in the log with the id of its request, and its client learns nothing of it.
#[tokio::test]
async fn a_failure_is_in_the_log() {
    let world: World = world().await;
    execute(&world.app, "DROP TABLE attempts");
    let body = json!({"email": ADA, "password": PASSWORD});
    let (status, _, problem) = world.post("/api/login", body).await;
    assert_eq!(status, 500, "{problem}");
    assert!(!problem.to_string().contains("attempts"), "{problem}");
    let lines: Vec<Value> = world.log.read();
    let [failure, request] = lines.as_slice() else {
        panic!("a failure and a request: {lines:?}");
    };
    let cause = failure["error"].as_str().unwrap_or_default();
    assert!(cause.contains("no such table: attempts"), "{failure}");
    assert_eq!(failure["span"]["id"], request["id"], "{failure} {request}");
    assert_eq!(request["level"], json!("ERROR"), "{request}");
}

/// Database, log and mails are their owner's alone, also where they were not before.
#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| {
        let metadata = fs::metadata(path).expect("it is there");
        metadata.permissions().mode() & 0o777
    };
    let world: World = world().await;
    let folder = world.folder();
    world.account(ADA, PASSWORD).await;
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        let path = folder.join(name);
        assert_eq!(mode(&path), 0o600, "{name}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
    }
    let outbox = folder.join("outbox");
    assert_eq!(mode(&outbox), 0o700, "the outbox");
    for mail in mails(folder) {
        assert_eq!(mode(&mail), 0o600, "{}", mail.display());
    }
    Database::open(&folder.join("test.db"), Durability::Relaxed).expect("it opens again");
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}, opened again");
    }
}

/// A token that left with its mail is nowhere in the database, and not in the log beside it.
#[tokio::test]
async fn a_mailed_token_leaves_no_trace() {
    let world: World = world().await;
    world.account(ADA, PASSWORD).await;
    world
        .post("/api/password/forgot", json!({"email": ADA}))
        .await;
    let token = world.mailed_token();
    for name in ["test.db", "test.db-wal"] {
        let bytes = fs::read(world.folder().join(name)).expect("it is there");
        let is_there = |text: &str| {
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(!is_there(&token), "the token in {name}");
        assert!(!is_there("Open this link"), "the mail in {name}");
        // The digest is what the database keeps.
        let kept = name == "test.db";
        assert_eq!(
            is_there(&tokens::digest(&token)),
            kept,
            "the digest in {name}"
        );
    }
}

/// A mail that cannot be delivered waits alone: the others leave, it is tried again later, and in the end it is given up.
#[tokio::test]
async fn a_mail_that_cannot_leave_holds_up_nobody() {
    let world: World = world().await;
    let outbox = world.folder().join("outbox");
    // Nothing can be written where a folder stands.
    let in_the_way = outbox.join("000001.tmp");
    fs::create_dir_all(&in_the_way).expect("a folder");
    for number in 1..=3 {
        let email = format!("reader{number}@lantern.example");
        let form = json!({"email": email, "password": PASSWORD, "name": "Ada"});
        assert_eq!(world.post("/api/register", form).await.0, 201, "{email}");
    }
    let waiting = "SELECT count(*) FROM mails";
    world.app.deliver_mail().expect("the others leave");
    assert_eq!(number(&world.app, waiting), 1, "one waits");
    assert!(outbox.join("000002.eml").exists(), "the second has left");
    assert!(outbox.join("000003.eml").exists(), "the third has left");

    fs::remove_dir(&in_the_way).expect("it is empty");
    world.clock.advance(59);
    world.app.deliver_mail().expect("nothing is due");
    assert_eq!(number(&world.app, waiting), 1, "it waits a minute");
    world.clock.advance(1);
    world.app.deliver_mail().expect("it leaves");
    assert_eq!(number(&world.app, waiting), 0, "after a minute");
    assert!(outbox.join("000001.eml").exists(), "the first has left");

    fs::create_dir_all(outbox.join("000004.tmp")).expect("a folder");
    world
        .post(
            "/api/password/forgot",
            json!({"email": "reader1@lantern.example"}),
        )
        .await;
    world.app.deliver_mail().expect("it fails alone");
    world.clock.advance(DAY - 1);
    world.app.prune().expect("it can be written");
    assert_eq!(number(&world.app, waiting), 1, "within a day");
    world.clock.advance(1);
    world.app.prune().expect("it can be written");
    assert_eq!(number(&world.app, waiting), 0, "after a day");
}

/// What has expired is removed in the second in which it expires, and nothing else is.
#[tokio::test]
async fn what_has_expired_is_removed() {
    let world: World = world().await;
    let app = &world.app;
    let rows = [
        ("email_tokens", "expires_at"),
        ("reset_tokens", "expires_at"),
        ("sessions", "expires_at"),
        ("sessions", "ended_at"),
        ("refresh_tokens", "issued_at"),
        ("attempts", "last_at"),
        ("audit_events", "at"),
    ];
    // Each table has a row whose time is up at 1,500,000,010, and one that has a second more.
    execute(
        app,
        "INSERT INTO users VALUES (1, 'ada@lantern.example', 'Ada', '', 1, 1);
         INSERT INTO email_tokens VALUES ('a', 1, 1500000010, NULL), ('b', 1, 1500000011, NULL);
         INSERT INTO reset_tokens VALUES ('a', 1, 1500000010, NULL), ('b', 1, 1500000011, NULL);
         INSERT INTO sessions VALUES
             ('a', 1, 'api', NULL, '', '', 1, 1500000010, NULL),
             ('b', 1, 'api', NULL, '', '', 1, 1500000011, NULL),
             ('c', 1, 'api', NULL, '', '', 1, 1600000000, 1499913610),
             ('d', 1, 'api', NULL, '', '', 1, 1600000000, 1499913611);
         INSERT INTO refresh_tokens VALUES ('a', 'a', 1, NULL), ('b', 'b', 1, 1), ('c', 'c', 1, 1);
         INSERT INTO attempts VALUES
             ('a', 3, 1499913610, 0), ('b', 3, 1499913611, 0),
             ('c', 3, 1499913610, 1500000010), ('d', 3, 1499913610, 1500000011);
         INSERT INTO audit_events VALUES (1, 1, 1, 'account.registered', '', '', '', 'x');",
    );
    let counts = || {
        rows.map(|(table, column)| {
            let sql = format!("SELECT count({column}) FROM {table}");
            (table, column, number(app, &sql))
        })
    };
    app.prune().expect("it can be written");
    assert_eq!(
        counts().map(|(_, _, count)| count),
        [2, 2, 4, 2, 3, 4, 1],
        "at 1,500,000,000: {:?}",
        counts()
    );
    world.clock.advance(10);
    app.prune().expect("it can be written");
    assert_eq!(
        counts().map(|(_, _, count)| count),
        [1, 1, 2, 1, 1, 2, 1],
        "at 1,500,000,010: {:?}",
        counts()
    );
    world.clock.advance(1);
    app.prune().expect("it can be written");
    assert_eq!(
        counts().map(|(_, _, count)| count),
        [0, 0, 0, 0, 0, 0, 1],
        "at 1,500,000,011: {:?}",
        counts()
    );
}

/// Mails that have lain in the outbox for a week are removed; files that are none of ours stay.
#[tokio::test]
async fn old_mails_are_removed() {
    let world: World = world().await;
    let outbox = world.folder().join("outbox");
    world.app.prune().expect("without an outbox, too");
    fs::create_dir(&outbox).expect("a folder");
    for name in [
        "000001.eml",
        "000002.eml",
        "000003.tmp",
        "notes.eml",
        "000004.txt",
        "12.eml",
    ] {
        let written = if name == "000002.eml" {
            1_500_000_001
        } else {
            1_500_000_000
        };
        let file = fs::File::create(outbox.join(name)).expect("a file");
        let written = UNIX_EPOCH + Duration::from_secs(written);
        file.set_modified(written).expect("it is ours");
        assert!(written < SystemTime::now());
    }
    world.clock.advance(7 * DAY);
    world.app.prune().expect("it can be written");
    let left: Vec<String> = mails(world.folder())
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    assert_eq!(left, ["000002.eml", "000004.txt", "12.eml", "notes.eml"]);
}

/// After a month the running program signs with another key. Tokens of the old one are accepted until the last has expired; then
/// it is gone.
#[tokio::test]
async fn keys_are_renewed_while_the_program_runs() {
    let world: World = world().await;
    world.account(ADA, PASSWORD).await;
    world.clock.advance(30 * DAY - 1);
    world.app.renew_keys().expect("it can be written");
    let keys = || {
        let keys = world.app.keys();
        let all: Vec<String> = keys.secrets.keys().cloned().collect();
        (keys.current.clone(), all)
    };
    let texts = |kids: &[&str]| kids.iter().map(|kid| (*kid).to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(), ("k1".to_owned(), texts(&["k1"])), "within a month");
    let (old, _) = world.login(ADA, PASSWORD).await;
    world.clock.advance(1);
    world.app.renew_keys().expect("it can be written");
    assert_eq!(
        keys(),
        ("k2".to_owned(), texts(&["k1", "k2"])),
        "after a month"
    );
    let (new, _) = world.login(ADA, PASSWORD).await;
    for (token, whose) in [(&old, "the old key"), (&new, "the new key")] {
        let status = answer(world.server.get("/api/me").bearer_auth(token))
            .await
            .0;
        assert_eq!(status, 200, "a token of {whose}");
    }
    world.clock.advance(659);
    world.app.renew_keys().expect("it can be written");
    assert_eq!(keys().1, texts(&["k1", "k2"]), "its last token may live");
    world.clock.advance(1);
    world.app.renew_keys().expect("it can be written");
    assert_eq!(keys().1, texts(&["k2"]), "its last token has expired");
    let loaded = Keys::load(world.app.database(), 1_600_000_000, true).expect("it can be read");
    assert_eq!(loaded.current, "k3", "a name that no key had before");
    world.app.renew_keys().expect("it can be written");
    assert_eq!(keys().0, "k3", "the running program takes it up");
}

/// A form that was opened before the keys were renewed is accepted.
#[tokio::test]
async fn an_open_form_survives_new_keys() {
    let world: World = world().await;
    let page = world.server.get("/forgot").send().await.expect("a page");
    let cookie = page.headers()["set-cookie"]
        .to_str()
        .expect("text")
        .to_owned();
    let (cookie, _) = cookie.split_once(';').expect("attributes");
    let html = page.text().await.expect("text");
    let (_, rest) = html
        .split_once("name=\"csrf\" value=\"")
        .expect("a hidden field");
    let (csrf, _) = rest.split_once('"').expect("its end");
    world.clock.advance(31 * DAY);
    world.app.renew_keys().expect("it can be written");
    for (csrf, status) in [(csrf, 200), ("another", 403)] {
        let form = [("csrf", csrf), ("email", ADA)];
        let request = world.server.post("/forgot").header("cookie", cookie);
        let response = request.form(&form).send().await.expect("a page");
        assert_eq!(response.status(), status, "with {csrf}");
    }
}

/// The program on a clock that moves only where nothing else is left to do, as routes to call directly.
fn on_a_beat(folder: &Path) -> Router {
    let config = Config {
        answer_beat: Duration::from_millis(100),
        ..Config::for_tests()
    };
    let path = folder.join("test.db");
    let database = Database::open(&path, Durability::Relaxed).expect("it opens");
    let keys = Keys::load(&database, 1_500_000_000, false).expect("keys");
    let app = App::new(Parts {
        neighbours: probe::as_written(&config),
        config,
        clock: Arc::new(ManualClock::at(1_500_000_000)),
        database,
        keys,
        outbox: folder.join("outbox"),
    });
    routes::all(app, &Limits::default(), &Log::in_memory().0)
}

/// Where an answer must not tell who has an account, it leaves on a beat, however long the work took; other answers leave at once.
#[tokio::test(start_paused = true)]
async fn answers_that_must_not_tell_leave_on_the_beat() {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let router = on_a_beat(folder.path());
    let account = json!({"email": ADA, "password": PASSWORD, "name": "Ada"});
    let known = json!({"email": ADA});
    let unknown = json!({"email": "nobody@lantern.example"});
    for (method, path, body, milliseconds) in [
        (Method::POST, "/api/register", &account, 100),
        (Method::POST, "/api/register", &account, 100),
        (Method::POST, "/api/password/forgot", &known, 100),
        (Method::POST, "/api/password/forgot", &unknown, 100),
        (Method::GET, "/healthz", &unknown, 0),
        (Method::POST, "/api/login", &account, 0),
    ] {
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .expect("a request");
        let begun = Instant::now();
        let response = router.clone().oneshot(request).await;
        let status = response.expect("an answer").status();
        assert_eq!(
            begun.elapsed().as_millis(),
            milliseconds,
            "{method} {path}: {status}"
        );
    }
}

/// One request more than the program takes is a problem like any other, with the strict headers, and a page for people.
#[tokio::test]
async fn one_request_too_many_is_told_so() {
    let world: World = world().await;
    let limits = Limits {
        requests: 0,
        ..Limits::default()
    };
    let (log, lines) = Log::in_memory();
    let server = support::server::spawn(routes::all(world.app.clone(), &limits, &log)).await;
    let response = server.get("/api/me").send().await.expect("an answer");
    let headers = response.headers().clone();
    assert_eq!(response.status(), 503);
    assert_eq!(headers["retry-after"], "2");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["code"], json!("busy"), "{problem}");
    let page = server.get("/sign-in").header("accept", "text/html");
    let page = page.send().await.expect("an answer");
    assert_eq!(page.status(), 503);
    assert_eq!(page.headers()["retry-after"], "2");
    let html = page.text().await.expect("text");
    assert!(html.contains("Too busy"), "{html}");
    assert_eq!(lines.requests().len(), 2, "{:?}", lines.requests());
}
