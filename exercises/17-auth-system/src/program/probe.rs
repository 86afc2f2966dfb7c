//! Which milestones are written? Each is tried on a database of its own; what panics with `todo!()` is not.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt as _;

use crate::given::app::{App, Client, Cx, Keys, Parts, Tx};
use crate::given::clock::ManualClock;
use crate::given::config::Config;
use crate::given::database::{Database, Durability};
use crate::given::hasher::Hasher;
use crate::given::http;
use crate::given::neighbours::{Credentials, Event, Kind, Neighbours, Presented};
use crate::given::problem::Problem;
use crate::given::standins::{self, Journal};
use crate::{audit, lockout, login, refresh, register, reset, sessions, totp, verify_email};

/// The nine milestones, all of them as they are written.
#[must_use]
pub fn as_written(config: &Config) -> Neighbours {
    let (hasher, cost) = (Hasher::new(config), config.argon2);
    Neighbours {
        passwords: Arc::new(register::Argon2id {
            cost,
            hasher: hasher.clone(),
        }),
        verifier: Arc::new(login::Phc {
            cost,
            hasher: hasher.clone(),
        }),
        hasher,
        verification: Arc::new(verify_email::Links),
        sign_in: Arc::new(login::Door),
        sessions: Arc::new(sessions::Book),
        refresh: Arc::new(refresh::Rotation),
        second_factor: Arc::new(totp::Authenticator),
        lockout: Arc::new(lockout::Gate),
        audit: Arc::new(audit::Trail),
    }
}

/// The milestones of the running program, with stand-ins where that is harmless, and the names of the unwritten ones.
///
/// # Errors
///
/// A sentence, when the temporary folder cannot be used.
pub async fn milestones() -> Result<(Neighbours, Vec<&'static str>), String> {
    // A `todo!()` is what we look for: no word about it on standard error.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found = tried().await;
    std::panic::set_hook(Box::new(move |panic| {
        if http::unwritten(panic.payload()).is_none() {
            usual(panic);
        }
    }));
    found
}

async fn tried() -> Result<(Neighbours, Vec<&'static str>), String> {
    let folder = std::env::temp_dir().join(format!("lantern-probe-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let found = try_all(&folder).await;
    std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    found
}

async fn try_all(folder: &Path) -> Result<(Neighbours, Vec<&'static str>), String> {
    let config = Config::for_tests();
    let cx = scratch(folder, &config)?;
    let mut missing = missing_traits(&cx, &as_written(&config));
    for (name, routes, requests) in milestones_with_routes() {
        let service = http::service(cx.app().clone(), routes);
        for (method, path, body) in requests {
            if !answers(&service, method, path, body).await {
                missing.insert(name);
            }
        }
    }
    let unwritten = ORDER
        .into_iter()
        .filter(|name| missing.contains(name))
        .collect();
    Ok((running(cx.neighbours(), &missing), unwritten))
}

/// What the running program is made of. For milestones whose absence opens no door a stand-in answers; without
/// `register`, `login` and `sessions`, whatever needs them answers 501 as they do.
fn running(standins: &Neighbours, missing: &BTreeSet<&str>) -> Neighbours {
    let mut chosen = as_written(&Config::default());
    if missing.contains("verify_email") {
        chosen.verification = Arc::clone(&standins.verification);
    }
    if missing.contains("refresh") {
        chosen.refresh = Arc::clone(&standins.refresh);
    }
    if missing.contains("totp") {
        chosen.second_factor = Arc::clone(&standins.second_factor);
    }
    if missing.contains("lockout") {
        chosen.lockout = Arc::clone(&standins.lockout);
    }
    if missing.contains("audit") {
        chosen.audit = Arc::clone(&standins.audit);
    }
    chosen
}

/// The milestones whose own trait ends in a `todo!()`.
fn missing_traits(cx: &Cx, own: &Neighbours) -> BTreeSet<&'static str> {
    let credentials = Credentials {
        email: "nobody@lantern.example".to_owned(),
        password: "password".to_owned(),
        code: None,
    };
    let passwords = |_: &Tx| {
        own.passwords
            .weakness("a long enough password", "reader@lantern.example");
        own.passwords.hash("a long enough password").map(drop)
    };
    let sessions = |tx: &Tx| {
        let sessions = &own.sessions;
        let started = sessions.start(tx, 1, Kind::Api)?;
        sessions.access_token(tx, 1, &started.session_id)?;
        sessions.authenticate(tx, Presented::Bearer("x"))?;
        sessions.end(tx, &started.session_id)?;
        sessions.end_all(tx, 1)
    };
    let lockout = |tx: &Tx| {
        own.lockout.begin(tx, "reader@lantern.example")?;
        own.lockout.take_back(tx, "reader@lantern.example")?;
        own.lockout.succeeded(tx, "reader@lantern.example")
    };
    let verification = |tx: &Tx| own.verification.send(tx, 1, "reader@lantern.example");
    let sign_in = || own.sign_in.sign_in(cx, &credentials, Kind::Api);
    let tried = [
        ("register", written(cx, passwords)),
        ("verify_email", written(cx, verification)),
        (
            "login",
            written(cx, |_| own.verifier.verify("password", STORED).map(drop)),
        ),
        ("login", !panics(AssertUnwindSafe(sign_in))),
        ("sessions", written(cx, sessions)),
        (
            "refresh",
            written(cx, |tx| own.refresh.issue(tx, "probe").map(drop)),
        ),
        (
            "totp",
            written(cx, |tx| own.second_factor.check(tx, 1, None).map(drop)),
        ),
        ("lockout", written(cx, lockout)),
        (
            "audit",
            written(cx, |tx| own.audit.record(tx, Event::new(1, "probe"))),
        ),
    ];
    let missing = tried.into_iter().filter(|(_, written)| !written);
    missing.map(|(name, _)| name).collect()
}

/// The milestones, in their order.
const ORDER: [&str; 9] = [
    "register",
    "verify_email",
    "login",
    "sessions",
    "refresh",
    "reset",
    "totp",
    "lockout",
    "audit",
];

/// The password string that the verifier is tried on.
const STORED: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

fn scratch(folder: &Path, config: &Config) -> Result<Cx, String> {
    let database = Database::open(&folder.join("probe.db"), Durability::Relaxed)?;
    let told = |problem: Problem| problem.detail().to_owned();
    let keys = Keys::load(&database, 0, false).map_err(told)?;
    let rows = "INSERT INTO users (id, email, name, password_hash, verified_at, created_at)
                VALUES (1, 'reader@lantern.example', 'Reader', '', 1, 1);
                INSERT INTO sessions (id, user_id, kind, client, user_agent, created_at, expires_at)
                VALUES ('probe', 1, 'api', '', '', 1, 1)";
    database
        .write(|connection| Ok(connection.execute_batch(rows)?))
        .map_err(told)?;
    let app = App::new(Parts {
        config: config.clone(),
        clock: Arc::new(ManualClock::at(1_500_000_000)),
        database,
        neighbours: standins::neighbours(&Journal::default()),
        keys,
        outbox: folder.join("outbox"),
    });
    Ok(Cx::new(app, Client::local()))
}

/// Whether `work` does anything but panic with `todo!()`. What it changes is rolled back.
fn written(cx: &Cx, work: impl FnOnce(&Tx) -> Result<(), Problem>) -> bool {
    let tried = || {
        cx.write(|tx| -> Result<(), Problem> {
            // Its answer does not matter, and a 5xx rolls back.
            let _ = work(tx);
            Err(Problem::unwritten("probe"))
        })
    };
    !panics(AssertUnwindSafe(tried))
}

fn panics<T>(work: AssertUnwindSafe<impl FnOnce() -> T>) -> bool {
    std::panic::catch_unwind(work).is_err_and(|panic| http::unwritten(panic.as_ref()).is_some())
}

async fn answers(service: &Router, method: &str, path: &str, body: &str) -> bool {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, "Bearer user-1")
        .body(Body::from(body.to_owned()));
    let Ok(request) = request else {
        return false;
    };
    match service.clone().oneshot(request).await {
        Ok(response) => response.status() != StatusCode::NOT_IMPLEMENTED,
        Err(never) => match never {},
    }
}

type Probes = [(&'static str, &'static str, &'static str)];

/// Each milestone that has routes, and requests that reach its functions.
fn milestones_with_routes() -> [(&'static str, Router<App>, &'static Probes); 8] {
    [
        (
            "register",
            register::routes(),
            &[(
                "POST",
                "/api/register",
                r#"{"email":"new@lantern.example","password":"a long enough password","name":"New"}"#,
            )],
        ),
        (
            "verify_email",
            verify_email::routes(),
            &[
                (
                    "POST",
                    "/api/verify-email",
                    r#"{"token":"x","password":"y"}"#,
                ),
                (
                    "POST",
                    "/api/verify-email/resend",
                    r#"{"email":"nobody@lantern.example"}"#,
                ),
            ],
        ),
        (
            "login",
            login::routes(),
            &[(
                "POST",
                "/api/login",
                r#"{"email":"nobody@lantern.example","password":"x"}"#,
            )],
        ),
        (
            "sessions",
            sessions::routes(),
            &[
                ("GET", "/api/me", ""),
                ("GET", "/api/sessions", ""),
                ("DELETE", "/api/sessions/x", ""),
            ],
        ),
        (
            "refresh",
            refresh::routes(),
            &[("POST", "/api/refresh", r#"{"refresh_token":"x"}"#)],
        ),
        (
            "reset",
            reset::routes(),
            &[
                (
                    "POST",
                    "/api/password/forgot",
                    r#"{"email":"nobody@lantern.example"}"#,
                ),
                (
                    "POST",
                    "/api/password/reset",
                    r#"{"token":"x","password":"y"}"#,
                ),
                (
                    "POST",
                    "/api/password/change",
                    r#"{"current":"x","password":"y"}"#,
                ),
            ],
        ),
        (
            "totp",
            totp::routes(),
            &[
                ("POST", "/api/totp/enroll", ""),
                ("POST", "/api/totp/confirm", r#"{"code":"000000"}"#),
                ("POST", "/api/totp/remove", r#"{"code":"000000"}"#),
            ],
        ),
        ("audit", audit::routes(), &[("GET", "/api/audit", "")]),
    ]
}
