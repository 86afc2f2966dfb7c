//! The whole program, as `cargo run -p frameworks-solution` starts it: every exercise's router in one service, over a real
//! socket.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use reqwest::{Client, Method};
use serde_json::json;

/// A service of its own for one test. It ends with the test.
struct Service {
    process: Child,
    base: String,
    /// What it printed until it listened.
    said: String,
    /// Kept open: a service that prints to a closed pipe would fail.
    output: BufReader<ChildStdout>,
}

impl Service {
    fn start() -> Service {
        let mut process = program("0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let output = process.stdout.take().expect("its output is a pipe");
        let mut service = Service {
            process,
            base: String::new(),
            said: String::new(),
            output: BufReader::new(output),
        };
        service.base = service.base_that_it_says();
        service
    }

    fn base_that_it_says(&mut self) -> String {
        loop {
            let read = self.output.read_line(&mut self.said);
            let read = read.expect("its output is text");
            let last = self.said.lines().last().unwrap_or_default();
            let listens = last.strip_prefix("Listening on ");
            if let Some(base) = listens.and_then(|rest| rest.strip_suffix(". Ctrl-C stops it.")) {
                return base.to_owned();
            }
            assert!(read > 0, "it ended before it listened: {}", self.said);
        }
    }

    /// Status and body of the answer.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<serde_json::Value>,
    ) -> (u16, String) {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        let mut request = client.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the service answers");
        let status = response.status().as_u16();
        (status, response.text().await.expect("the body is text"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn program(port: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frameworks-solution"));
    command.arg(port).env_remove("PORT");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every exercise is served below its prefix, with something in it, and the program says what to try.
#[tokio::test]
async fn every_exercise_is_served() {
    let service = Service::start();
    let order = json!({ "isbn": "9780141439587", "quantity": 2 });
    let ana = json!({ "email": "ana@lantern.example", "password": "a lamp in the window" });
    let stranger = json!({ "email": "ben@lantern.example", "password": "a lamp in the window" });
    let mistyped = json!({ "email": "ana@lantern.example", "password": "a lamp in the door" });
    for (method, path, body, status, part) in [
        (
            Method::GET,
            "/routing/books/9780141439587",
            None,
            200,
            "9780141439587",
        ),
        (
            Method::GET,
            "/extractors/search?q=jane+eyre",
            None,
            200,
            "jane eyre",
        ),
        (Method::POST, "/extractors/orders", Some(order), 400, ""),
        (
            Method::GET,
            "/state/stock/9780141439587",
            None,
            200,
            "\"copies\":3",
        ),
        (Method::GET, "/state/about", None, 200, "Lantern, Bath"),
        (Method::GET, "/responses/customers/1", None, 200, "Ana"),
        (
            Method::GET,
            "/errors/books/9780141439587",
            None,
            404,
            "not_found",
        ),
        (Method::GET, "/middleware", None, 200, "wrapped\n"),
        (
            Method::POST,
            "/middleware",
            Some(json!("x".repeat(18))),
            200,
            "xxx",
        ),
        (
            Method::POST,
            "/middleware",
            Some(json!("x".repeat(19))),
            413,
            "",
        ),
        (
            Method::GET,
            "/database/books/9780141439587",
            None,
            200,
            "\"Emma\"",
        ),
        (
            Method::GET,
            "/auth_workflow/account",
            None,
            401,
            "log in first",
        ),
        (Method::POST, "/auth_workflow/login", Some(ana), 204, ""),
        (
            Method::POST,
            "/auth_workflow/login",
            Some(stranger),
            401,
            "email or password",
        ),
        (
            Method::POST,
            "/auth_workflow/login",
            Some(mistyped),
            401,
            "email or password",
        ),
        (Method::GET, "/nothing", None, 404, ""),
    ] {
        let case = format!("{method} {path} {body:?}");
        let answer: (u16, String) = service.ask(method, path, body).await;
        assert_eq!(answer.0, status, "{case}: {}", answer.1);
        assert!(answer.1.contains(part), "{case}: {}", answer.1);
        if path != "/nothing" {
            let prefix = path.split('/').nth(1).unwrap_or_default();
            let heading = format!("/{prefix}\n    curl ");
            assert!(
                service.said.contains(&heading),
                "{heading:?} in {}",
                service.said
            );
        }
    }
    assert!(
        !service.said.contains("URL"),
        "the lines can be pasted: {}",
        service.said
    );
    let line = format!("curl -i {}/responses/sales/2026-07", service.base);
    assert!(service.said.contains(&line), "{line:?} in {}", service.said);
}

/// A port that is none, or that somebody else has, ends the program with a sentence and its own exit code.
#[test]
fn a_wrong_port_is_told() {
    for port in ["many", "-1", "65536"] {
        let ended: Output = program(port).output().expect("the program runs");
        let told = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "port {port:?}: {told}");
        assert!(
            told.contains("is not a port") && told.contains("Usage:"),
            "port {port:?}: {told}"
        );
    }
    let service = Service::start();
    let port = service.base.rsplit(':').next().unwrap_or_default();
    let ended: Output = program(port).output().expect("the program runs");
    let told = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "a port in use: {told}");
    assert!(
        told.contains("Cannot listen on 127.0.0.1:"),
        "a port in use: {told}"
    );
    let mut from_environment = Command::new(env!("CARGO_BIN_EXE_frameworks-solution"));
    let ended: Output = from_environment
        .env("PORT", "many")
        .output()
        .expect("the program runs");
    assert_eq!(
        ended.status.code(),
        Some(2),
        "PORT=many: {}",
        text(&ended.stderr)
    );
}

/// Ctrl-C, sent as a signal, ends the service well.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_well() {
    let mut service = Service::start();
    let id = service.process.id().to_string();
    let sent = Command::new("kill")
        .args(["-INT", &id])
        .status()
        .expect("kill runs");
    assert!(sent.success(), "the signal is sent");
    let ended = service.process.wait().expect("it ends");
    assert_eq!(ended.code(), Some(0), "the exit code after an interrupt");
}
