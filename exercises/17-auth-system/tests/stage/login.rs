use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use auth_system::given::app::Cx;
use auth_system::given::config::{Argon2Cost, Config};
use auth_system::given::hasher::Hasher;
use auth_system::given::neighbours::{Check, Credentials, Kind, SignIn, SignedIn, Verifier};
use auth_system::given::problem::Problem;
use auth_system::given::tokens;
use auth_system::login::{Door, Phc, routes};
use data_encoding::BASE64_NOPAD;
use serde_json::json;

use crate::helpers::{Answer, TestApp, spawn, value};

/// The service with this milestone's sign-in; passwords are judged by the stand-in, so that these tests need no Argon2.
async fn app() -> TestApp {
    spawn(routes(), |neighbours, _| {
        neighbours.sign_in = Arc::new(Door)
    })
    .await
}

/// What the stand-in stores for a password.
fn stored(password: &str) -> String {
    format!("stand-in:{}", tokens::digest(password))
}

async fn login(app: &TestApp, email: &str, password: &str) -> Answer {
    app.post("/api/login", json!({"email": email, "password": password}))
        .await
}

async fn login_with(app: &TestApp, email: &str, password: &str, code: &str) -> Answer {
    app.post(
        "/api/login",
        json!({"email": email, "password": password, "code": code}),
    )
    .await
}

/// How many Argon2 runs the journal has, as hashes and as comparisons.
fn slow_work(journal: &[String]) -> usize {
    journal
        .iter()
        .filter(|line| *line == "hash" || *line == "verify")
        .count()
}

/// The milestone's comparison, where this is the cost of today, with a hasher of its own.
fn phc(memory_kib: u32, iterations: u32, lanes: u32) -> Phc {
    Phc {
        cost: Argon2Cost {
            memory_kib,
            iterations,
            lanes,
        },
        hasher: Hasher::new(&Config::for_tests()),
    }
}

/// The PHC string of `password`, made with Argon2id in another version, with other passes or other lanes, than today.
fn made(version: Version, passes: u32, lanes: u32) -> String {
    let params = Params::new(256, passes, lanes, None).expect("a sound cost");
    let mut output = [0; 32];
    Argon2::new(Algorithm::Argon2id, version, params)
        .hash_password_into(b"password", b"somesalt", &mut output)
        .expect("it hashes");
    let hash = BASE64_NOPAD.encode(&output);
    format!(
        "$argon2id$v={}$m=256,t={passes},p={lanes}$c29tZXNhbHQ${hash}",
        u32::from(version)
    )
}

/// PHC strings of the Argon2 authors' own test program open with their password only, and say how they were made.
#[test]
fn phc_strings_of_the_reference_open() {
    let id = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let id_two_lanes =
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
    let i = "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8";
    let i_old_version =
        "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY";
    let older_version = made(Version::V0x10, 2, 1);
    let ten_lanes = made(Version::V0x13, 2, 10);
    let more_passes = made(Version::V0x13, 3, 1);
    for (phc, stored, outdated, what) in [
        (
            phc(256, 2, 1),
            older_version.as_str(),
            true,
            "our algorithm, an older version",
        ),
        (
            phc(256, 2, 1),
            more_passes.as_str(),
            true,
            "more passes than today",
        ),
        (phc(256, 2, 1), id_two_lanes, true, "more lanes than today"),
        (
            phc(256, 2, 1),
            ten_lanes.as_str(),
            true,
            "ten times the lanes of today",
        ),
        (
            phc(512, 1, 1),
            id,
            true,
            "as much work as today, in another way",
        ),
        (phc(256, 2, 1), id, false, "today's cost"),
        (phc(512, 2, 1), id, true, "less memory than today"),
        (phc(128, 2, 1), id, true, "more memory than today"),
        (phc(256, 3, 1), id, true, "fewer passes than today"),
        (phc(256, 2, 2), id, true, "fewer lanes than today"),
        (phc(256, 2, 2), id_two_lanes, false, "today's two lanes"),
        (phc(256, 2, 1), i, true, "another algorithm"),
        (phc(256, 2, 1), i_old_version, true, "an older version"),
    ] {
        let right: Check = phc
            .verify("password", stored)
            .expect("the string can be read");
        assert_eq!(
            right,
            Check {
                matches: true,
                outdated
            },
            "the right password, {what}: {stored}"
        );
        let mut random = support::seeded(0x1721);
        let spaced = [" password", "password ", "password\n"].map(str::to_owned);
        let others = ["Password".to_owned(), String::new(), random.word(4..12)];
        for wrong in spaced.into_iter().chain(others) {
            let answer: Check = phc.verify(&wrong, stored).expect("the string can be read");
            let expected = Check {
                matches: false,
                outdated,
            };
            assert_eq!(answer, expected, "{wrong:?}, {what}: {stored}");
        }
    }
    for broken in ["", "password", "stand-in:5e884898da28"] {
        let answer: Result<Check, Problem> = phc(256, 2, 1).verify("password", broken);
        assert_eq!(
            answer.map_err(|problem| problem.code()),
            Err("internal"),
            "{broken:?} cannot be read"
        );
    }
}

/// Argon2 runs in the hasher, once for each comparison, whatever the outcome: its memory is there already.
#[test]
fn argon2_runs_in_the_hasher() {
    let phc = phc(256, 2, 1);
    let mut random = support::seeded(0x1723);
    for (runs, memory_kib) in (1..).zip([16, 64, 256, 512]) {
        let cost = Argon2Cost {
            memory_kib,
            ..phc.cost
        };
        let password = random.word(12..30);
        let stored = Hasher::new(&Config::for_tests()).hash(&password, cost);
        let stored = stored.expect("it hashes");
        let given = if runs % 2 == 0 {
            "another one"
        } else {
            &password
        };
        let check: Check = phc.verify(given, &stored).expect("it can be read");
        assert_eq!(
            check.matches,
            given == password,
            "{given:?} and the hash of {password:?}"
        );
        assert_eq!(
            phc.hasher.runs(),
            runs,
            "runs of the hasher after {runs} comparisons, the last one with {stored}"
        );
    }
}

/// The right credentials bring an access token, a refresh token and its lifetime; the trail and the lockout hear of it.
#[tokio::test]
async fn the_right_credentials_open() {
    let app = app().await;
    let ada = app.person("ada@lantern.example", &stored("correct horse battery"));
    let answer: Answer = login(&app, " ADA@lantern.example", "correct horse battery").await;
    assert_eq!(answer.status, 200, "the right password: {:?}", answer.body);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "access_token": "secret-of-session-1",
      "expires_in": 600,
      "refresh_token": "refresh-of-session-1"
    }
    "#);
    let journal = app.journal.take();
    let first: Vec<&String> = journal.iter().take(2).collect();
    let expected = ["begin ada@lantern.example", "verify"];
    assert_eq!(first, expected, "what comes first: {journal:?}");
    let mut rest: Vec<String> = journal.into_iter().skip(2).collect();
    rest.sort_unstable();
    let expected = [
        format!("record login.succeeded {ada}"),
        "succeeded ada@lantern.example".to_owned(),
    ];
    assert_eq!(rest, expected, "what the neighbours were asked then");
}

/// A password is taken as it was typed: the spaces around it belong to it, and so do its capitals.
#[tokio::test]
async fn a_password_is_taken_as_typed() {
    let app = app().await;
    app.person("ada@lantern.example", &stored(" correct horse "));
    for (typed, status) in [
        ("correct horse", 401),
        (" correct horse  ", 401),
        (" Correct horse ", 401),
        (" correct horse ", 200),
    ] {
        let answer: Answer = login(&app, "ada@lantern.example", typed).await;
        assert_eq!(
            answer.status, status,
            "the password {typed:?}: {:?}",
            answer.body
        );
    }
}

/// A wrong password and an unknown address are answered alike, and cost the same: one Argon2, as many transactions.
#[tokio::test]
async fn unknown_and_wrong_are_alike() {
    let app = app().await;
    let ada = app.person("ada@lantern.example", &stored("correct horse battery"));
    app.person("new@lantern.example", &stored("correct horse battery"));
    app.execute(
        "UPDATE users SET verified_at = NULL WHERE email LIKE 'new@%'",
        [],
    );
    // What is typed may be a password in the wrong field: no event holds it.
    app.keep_secrets_of(&json!({"password": "nobody@lantern.example"}));
    let mut seen: Vec<(Answer, usize, u64)> = Vec::new();
    let mut journals: Vec<Vec<String>> = Vec::new();
    for email in [
        "ada@lantern.example",
        "nobody@lantern.example",
        "new@lantern.example",
    ] {
        let before = app.app.database().writes();
        let answer: Answer = login(&app, email, "a wrong password").await;
        let journal = app.journal.take();
        seen.push((
            answer,
            slow_work(&journal),
            app.app.database().writes() - before,
        ));
        journals.push(journal);
    }
    assert_eq!(
        (seen[0].0.status, seen[0].0.code()),
        (401, "invalid_credentials"),
        "a wrong password"
    );
    assert_eq!(
        seen[0], seen[1],
        "answer, Argon2 runs and transactions: wrong password, unknown address"
    );
    assert_eq!(
        seen[0], seen[2],
        "answer, Argon2 runs and transactions: wrong password, unconfirmed address"
    );
    assert_eq!(seen[0].1, 1, "Argon2 runs for one attempt");
    assert!(
        journals[0].contains(&format!("record login.failed {ada}")),
        "the trail, for a wrong password"
    );
    assert!(
        journals[1].contains(&"record login.failed -".to_owned()),
        "the trail, for an unknown address"
    );
}

/// The lockout is asked first: while it refuses, its 429 is the answer, and no password is looked at.
#[tokio::test]
async fn the_lockout_comes_first() {
    let app = app().await;
    app.person("ada@lantern.example", &stored("correct horse battery"));
    app.execute(
        "INSERT INTO attempts (key, failures, last_at) VALUES ('ada@lantern.example', 9, 0)",
        [],
    );
    let answer: Answer = login(&app, "Ada@lantern.example", "correct horse battery").await;
    assert_eq!(
        (answer.status, answer.code()),
        (429, "locked"),
        "while the lockout refuses: {:?}",
        answer.body
    );
    assert_eq!(answer.header("retry-after"), "30", "the header Retry-After");
    assert_eq!(
        app.journal.take(),
        ["begin ada@lantern.example"],
        "what the neighbours were asked"
    );
}

/// Only the right password learns that the address is not confirmed; that is neither a guess nor a sign-in.
#[tokio::test]
async fn an_unconfirmed_address_is_told_to_the_owner_only() {
    let app = app().await;
    app.person("ada@lantern.example", &stored("correct horse battery"));
    app.execute("UPDATE users SET verified_at = NULL", []);
    let right: Answer = login(&app, "ada@lantern.example", "correct horse battery").await;
    assert_eq!(
        (right.status, right.code()),
        (403, "email_not_verified"),
        "the right password"
    );
    let journal = app.journal.take();
    assert!(
        journal.contains(&"take_back ada@lantern.example".to_owned()),
        "the attempt is taken back: {journal:?}"
    );
    let wrong: Answer = login(&app, "ada@lantern.example", "a wrong password").await;
    assert_eq!(
        (wrong.status, wrong.code()),
        (401, "invalid_credentials"),
        "a wrong password"
    );
    assert_eq!(
        app.query::<i64>("SELECT count(*) FROM sessions", []),
        0,
        "sessions"
    );
}

/// With a second factor the password alone is not enough; a wrong code is a failed attempt, a missing one is none.
#[tokio::test]
async fn a_second_factor_is_asked_for() {
    let app = app().await;
    let ada = app.person("ada@lantern.example", &stored("correct horse battery"));
    app.execute(
        "INSERT INTO totp (user_id, secret) VALUES (?1, x'00')",
        [ada],
    );
    let missing: Answer = login(&app, "ada@lantern.example", "correct horse battery").await;
    assert_eq!(
        (missing.status, missing.code()),
        (401, "second_factor_required"),
        "without a code"
    );
    let journal = app.journal.take();
    assert!(
        journal.contains(&"take_back ada@lantern.example".to_owned()),
        "without a code: {journal:?}"
    );
    assert!(
        !journal.iter().any(|line| line.starts_with("succeeded")),
        "a password is no sign-in: {journal:?}"
    );

    let wrong: Answer = login_with(
        &app,
        "ada@lantern.example",
        "correct horse battery",
        "654321",
    )
    .await;
    assert_eq!(
        (wrong.status, wrong.code()),
        (401, "invalid_credentials"),
        "with a wrong code"
    );
    let journal = app.journal.take();
    assert!(
        journal.contains(&format!("record login.failed {ada}")),
        "with a wrong code: {journal:?}"
    );
    let relief = journal
        .iter()
        .any(|line| line.starts_with("take_back") || line.starts_with("succeeded"));
    assert!(!relief, "a wrong code is a failed attempt: {journal:?}");

    let no_code: Answer = login(&app, "ada@lantern.example", "a wrong password").await;
    assert_eq!(
        (no_code.status, no_code.code()),
        (401, "invalid_credentials"),
        "a wrong password without a code: {:?}",
        no_code.body
    );
    let code_first: Answer =
        login_with(&app, "ada@lantern.example", "a wrong password", "123456").await;
    assert_eq!(
        code_first.code(),
        "invalid_credentials",
        "the right code with a wrong password"
    );
    let right: Answer = login_with(
        &app,
        "ada@lantern.example",
        "correct horse battery",
        "123456",
    )
    .await;
    assert_eq!(right.status, 200, "password and code: {:?}", right.body);
    assert_eq!(
        app.query::<i64>("SELECT count(*) FROM sessions", []),
        1,
        "sessions"
    );
}

/// A hash of an older cost is replaced at the next right password, and only then.
#[tokio::test]
async fn an_outdated_hash_is_replaced() {
    let app = app().await;
    let mut random = support::seeded(0x1722);
    for _ in 0..4 {
        let (email, password) = (
            format!("{}@lantern.example", random.word(8..20)),
            random.word(12..20),
        );
        let outdated = format!("outdated:{}", tokens::digest(&password));
        let id = app.person(&email, &outdated);
        let kept = |app: &TestApp| -> String {
            app.query("SELECT password_hash FROM users WHERE id = ?1", [id])
        };
        assert_eq!(
            login(&app, &email, "a wrong password").await.status,
            401,
            "a wrong password for {email}"
        );
        assert_eq!(kept(&app), outdated, "the hash after a wrong password");
        assert_eq!(
            slow_work(&app.journal.take()),
            1,
            "Argon2 runs for a wrong password, where the hash is outdated"
        );
        assert_eq!(
            login(&app, &email, &password).await.status,
            200,
            "the right password for {email}"
        );
        assert_eq!(
            kept(&app),
            stored(&password),
            "the hash after the right password"
        );
        let _ = app.journal.take();
        assert_eq!(
            login(&app, &email, &password).await.status,
            200,
            "the right password once more"
        );
        assert_eq!(
            slow_work(&app.journal.take()),
            1,
            "Argon2 runs when the hash is up to date"
        );
    }
}

/// Whoever knows the password renews the hash, also if the sign-in ends there: without a confirmed address, or a code.
#[tokio::test]
async fn half_a_sign_in_renews_the_hash() {
    for (half, code) in [
        ("UPDATE users SET verified_at = NULL", "email_not_verified"),
        (
            "INSERT INTO totp (user_id, secret, confirmed_at) VALUES (1, x'00', 1)",
            "second_factor_required",
        ),
    ] {
        let app = app().await;
        let password = "correct horse battery";
        let outdated = format!("outdated:{}", tokens::digest(password));
        app.person("ada@lantern.example", &outdated);
        app.person("ben@lantern.example", "Ben's hash");
        app.execute(half, []);
        let answer: Answer = login(&app, "ada@lantern.example", password).await;
        assert_eq!(answer.code(), code, "half a sign-in: {:?}", answer.body);
        let kept: String = app.query("SELECT password_hash FROM users WHERE id = 1", []);
        assert_eq!(kept, stored(password), "the hash after {code}");
        let bens: String = app.query("SELECT password_hash FROM users WHERE id = 2", []);
        assert_eq!(bens, "Ben's hash", "somebody else's hash after {code}");
        let journal = app.journal.take();
        assert!(
            journal.iter().all(|line| !line.starts_with("record")),
            "half a sign-in is no event: {journal:?}"
        );
    }
}

/// If the password is changed while it is being compared, the old one does not open, and the new one stays.
#[tokio::test]
async fn a_change_during_the_comparison_wins() {
    /// Right for every password; at the first comparison somebody else changes the password.
    struct Slow(Arc<AtomicBool>, std::sync::Mutex<Option<Cx>>, bool);
    impl Verifier for Slow {
        fn verify(&self, _password: &str, _stored: &str) -> Result<Check, Problem> {
            let cx = self.1.lock().expect("no test panics here").take();
            if let Some(cx) = cx {
                cx.write(|tx| {
                    Ok(tx.execute("UPDATE users SET password_hash = 'the new one'", [])?)
                })?;
                self.0.store(true, Ordering::SeqCst);
            }
            Ok(Check {
                matches: true,
                outdated: self.2,
            })
        }
    }
    for outdated in [true, false] {
        let changed = Arc::new(AtomicBool::new(false));
        let slow = Arc::new(Slow(
            Arc::clone(&changed),
            std::sync::Mutex::new(None),
            outdated,
        ));
        let verifier = Arc::clone(&slow);
        let app = spawn(routes(), |neighbours, _| {
            neighbours.sign_in = Arc::new(Door);
            neighbours.verifier = verifier;
        })
        .await;
        app.person("ada@lantern.example", "the old one");
        *slow.1.lock().expect("no test panics here") = Some(app.cx());
        let answer: Answer = login(&app, "ada@lantern.example", "the old password").await;
        assert!(
            changed.load(Ordering::SeqCst),
            "the password was changed during the comparison"
        );
        assert_eq!(
            (answer.status, answer.code()),
            (401, "invalid_credentials"),
            "the old password, its hash is outdated: {outdated}, {:?}",
            answer.body
        );
        let kept: String = app.query("SELECT password_hash FROM users", []);
        assert_eq!(kept, "the new one", "the hash that is kept");
        assert!(
            app.journal
                .take()
                .contains(&"record login.failed 1".to_owned()),
            "the trail says that a sign-in failed"
        );
    }
}

/// A page's sign-in starts a session of its own kind, without a refresh token.
#[tokio::test]
async fn a_page_gets_no_refresh_token() {
    let app = app().await;
    app.person("ada@lantern.example", &stored("correct horse battery"));
    let credentials = Credentials {
        email: "ada@lantern.example".to_owned(),
        password: "correct horse battery".to_owned(),
        code: None,
    };
    let signed_in: SignedIn = value(Door.sign_in(&app.cx(), &credentials, Kind::Page));
    assert_eq!(
        signed_in.refresh_token, None,
        "the refresh token of a page's session"
    );
    assert_eq!(
        app.query::<String>("SELECT group_concat(kind) FROM sessions", []),
        "page",
        "kinds of sessions"
    );
}
