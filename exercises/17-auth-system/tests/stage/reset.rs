use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use auth_system::given::app::{Cx, Tx};
use auth_system::given::clock::ManualClock;
use auth_system::given::config::Config;
use auth_system::given::neighbours::{Audit, Check, Event, Kind, Passwords, Verifier};
use auth_system::given::problem::Problem;
use auth_system::given::tokens;
use auth_system::reset::routes;
use serde_json::{Value, json};

use crate::helpers::{Answer, TestApp, answer, count, spawn, spawn_with, value};

const HALF_AN_HOUR: i64 = 1800;

async fn app() -> TestApp {
    let app = spawn(routes(), |_, _| {}).await;
    app.person("ada@lantern.example", "the old hash");
    app.person("ben@lantern.example", "the old hash");
    app
}

async fn forgot(app: &TestApp, email: &str) -> Answer {
    app.post("/api/password/forgot", json!({"email": email}))
        .await
}

async fn reset(app: &TestApp, token: &str, password: &str) -> Answer {
    app.post(
        "/api/password/reset",
        json!({"token": token, "password": password}),
    )
    .await
}

fn kept(app: &TestApp, email: &str) -> String {
    app.query("SELECT password_hash FROM users WHERE email = ?1", [email])
}

fn live_sessions(app: &TestApp, user: i64) -> i64 {
    app.query(
        "SELECT count(*) FROM sessions WHERE user_id = ?1 AND ended_at IS NULL",
        [user],
    )
}

/// Asking is answered alike for a known and an unknown address: same answer, same number of transactions, one event.
#[tokio::test]
async fn asking_tells_nobody_who_has_an_account() {
    let app = app().await;
    // What is typed may be a password in the wrong field: no event holds it.
    app.keep_secrets_of(&json!({"password": "no address"}));
    let mut seen: Vec<(Answer, u64)> = Vec::new();
    for (email, event) in [
        (" ADA@lantern.example ", "record password.forgot 1"),
        ("nobody@lantern.example", "record password.forgot -"),
        ("no address", "record password.forgot -"),
    ] {
        let before = app.app.database().writes();
        let answer: Answer = forgot(&app, email).await;
        assert_eq!(
            answer.status, 202,
            "asking for {email:?}: {:?}",
            answer.body
        );
        seen.push((answer, app.app.database().writes() - before));
        assert_eq!(app.journal.take(), [event], "the trail, for {email:?}");
    }
    assert_eq!(
        seen[0], seen[1],
        "answer and transactions: a known and an unknown address"
    );
    assert_eq!(
        seen[0], seen[2],
        "answer and transactions: a known address and none"
    );
    assert_eq!(app.mails("ada@lantern.example").len(), 1, "mails to Ada");
    assert_eq!(
        app.mails("nobody@lantern.example").len(),
        0,
        "mails to nobody"
    );
    assert_eq!(
        kept(&app, "ada@lantern.example"),
        "the old hash",
        "asking changes nothing"
    );
}

/// The mailed token sets the new password of its own account; the owner is told, and the trail says so.
#[tokio::test]
async fn the_mailed_token_sets_the_password() {
    let app = app().await;
    let mut random = support::seeded(0x1761);
    for round in 1..=4_usize {
        assert_eq!(
            forgot(&app, "ada@lantern.example").await.status,
            202,
            "asking, round {round}"
        );
        let token = app.mailed_token("ada@lantern.example");
        let password = format!(" {} {} ", random.word(8..30), random.word(8..30));
        let _ = app.journal.take();
        let answer: Answer = reset(&app, &token, &password).await;
        assert_eq!(answer.status, 204, "round {round}: {:?}", answer.body);
        let expected = format!("stand-in:{}", tokens::digest(&password));
        assert_eq!(
            kept(&app, "ada@lantern.example"),
            expected,
            "Ada's hash is that of {password:?}"
        );
        let mut journal = app.journal.take();
        // The hash comes first; the order of the others is nobody's business.
        if let Some(rest) = journal.get_mut(1..) {
            rest.sort_unstable();
        }
        assert_eq!(
            journal,
            ["hash", "end_all 1", "record password.reset 1"],
            "the neighbours, round {round}"
        );
        assert_eq!(
            app.mails("ada@lantern.example").len(),
            round * 2,
            "each reset sends a link and a notice"
        );
    }
    assert_eq!(
        kept(&app, "ben@lantern.example"),
        "the old hash",
        "Ben's hash"
    );
}

/// Whoever reads the mailbox gets a new password, and no way round the second factor: it stays, and its codes too.
#[tokio::test]
async fn the_second_factor_stays() {
    let app = app().await;
    app.execute(
        "INSERT INTO totp (user_id, secret, confirmed_at) VALUES (1, x'00', 1)",
        [],
    );
    app.execute(
        "INSERT INTO recovery_codes (user_id, digest) VALUES (1, 'a digest')",
        [],
    );
    forgot(&app, "ada@lantern.example").await;
    let token = app.mailed_token("ada@lantern.example");
    let answer: Answer = reset(&app, &token, "a new long password").await;
    assert_eq!(answer.status, 204, "the reset: {:?}", answer.body);
    let factors: i64 = app.query(
        "SELECT count(*) FROM totp WHERE user_id = 1 AND confirmed_at IS NOT NULL",
        [],
    );
    assert_eq!(factors, 1, "the second factor, after the reset");
    let codes: i64 = app.query(
        "SELECT count(*) FROM recovery_codes WHERE user_id = 1 AND used_at IS NULL",
        [],
    );
    assert_eq!(codes, 1, "the recovery code, after the reset");
}

/// Who has not confirmed the address may forget the password as well; a reset sets it, and confirms nothing.
#[tokio::test]
async fn a_reset_confirms_nothing() {
    let app = app().await;
    app.execute("UPDATE users SET verified_at = NULL WHERE id = 1", []);
    forgot(&app, "ada@lantern.example").await;
    let token = app.mailed_token("ada@lantern.example");
    let answer: Answer = reset(&app, &token, "a brand new password").await;
    assert_eq!(
        answer.status, 204,
        "a reset before the confirmation: {:?}",
        answer.body
    );
    assert_eq!(
        kept(&app, "ada@lantern.example"),
        stored("a brand new password"),
        "the hash"
    );
    let confirmed: i64 = app.query("SELECT ifnull(verified_at, 0) FROM users WHERE id = 1", []);
    assert_eq!(confirmed, 0, "when the address was confirmed");
}

/// A new password ends every session of the person, of nobody else, and starts none.
#[tokio::test]
async fn a_reset_ends_every_session() {
    let app = app().await;
    for (user, kind) in [(1, Kind::Api), (1, Kind::Page), (2, Kind::Api)] {
        value(
            app.cx()
                .write(|tx| tx.neighbours().sessions.start(tx, user, kind)),
        );
    }
    forgot(&app, "ada@lantern.example").await;
    assert_eq!(live_sessions(&app, 1), 2, "asking ends no session");
    let answer: Answer = reset(
        &app,
        &app.mailed_token("ada@lantern.example"),
        "a brand new password",
    )
    .await;
    assert_eq!(answer.status, 204, "the reset: {:?}", answer.body);
    assert_eq!(
        (live_sessions(&app, 1), live_sessions(&app, 2)),
        (0, 1),
        "live sessions of Ada and of Ben"
    );
    assert!(
        !answer
            .headers
            .iter()
            .any(|line| line.starts_with("set-cookie")),
        "{:?}",
        answer.headers
    );
}

/// A new password forgives nobody's guesses: what the lockout counts about other people and clients stays as it is.
#[tokio::test]
async fn a_reset_forgives_no_guesses() {
    let app = app().await;
    app.execute(
        "INSERT INTO attempts (key, failures, last_at, locked_until)
         VALUES ('ben@lantern.example', 4, 1, 0), ('192.0.2.7 ben@lantern.example', 5, 2, 2000000000),
                ('192.0.2.7', 49, 3, 3)",
        [],
    );
    let counted = |when: &str| {
        let rows: String = app.query(
            "SELECT ifnull(group_concat(line, '; '), '') FROM
                 (SELECT key || ' ' || failures || ' ' || last_at || ' ' || locked_until AS line
                  FROM attempts ORDER BY last_at)",
            [],
        );
        assert_eq!(
            rows,
            "ben@lantern.example 4 1 0; 192.0.2.7 ben@lantern.example 5 2 2000000000; 192.0.2.7 49 3 3",
            "the attempts that are counted, after {when}"
        );
    };
    forgot(&app, "ada@lantern.example").await;
    counted("Ada has asked for a link");
    let token = app.mailed_token("ada@lantern.example");
    let answer: Answer = reset(&app, &token, "a brand new password").await;
    assert_eq!(answer.status, 204, "the reset: {:?}", answer.body);
    counted("her reset");
    let answer: Answer = change(&app, "a brand new password", "another new password").await;
    assert_eq!(answer.status, 204, "the change: {:?}", answer.body);
    counted("her change");
}

/// A token works once; used, unknown and digested ones get one answer, which costs no hash and changes nothing.
#[tokio::test]
async fn a_token_works_once() {
    let app = app().await;
    forgot(&app, "ada@lantern.example").await;
    let token = app.mailed_token("ada@lantern.example");
    assert_eq!(
        reset(&app, &token, "a brand new password").await.status,
        204,
        "the first use"
    );
    let after_first = kept(&app, "ada@lantern.example");
    let _ = app.journal.take();
    let stored: String = app.query(
        "SELECT ifnull(max(digest), 'nothing') FROM reset_tokens",
        [],
    );
    assert!(!stored.contains(&token), "the table keeps the token itself");
    for (token, what) in [
        (token.as_str(), "a used token"),
        ("x", "an unknown token"),
        ("", "no token"),
        (stored.as_str(), "a digest"),
    ] {
        let answer: Answer = reset(&app, token, "the thief's password").await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "invalid_token"),
            "{what}: {:?}",
            answer.body
        );
        assert_eq!(
            kept(&app, "ada@lantern.example"),
            after_first,
            "the hash after {what}"
        );
    }
    assert_eq!(
        app.journal.take(),
        Vec::<String>::new(),
        "hashes, ended sessions and events for tokens that are none"
    );
}

/// The table keeps the digest of a token that has not been used, and not the token.
#[tokio::test]
async fn the_database_holds_no_token() {
    let app = app().await;
    forgot(&app, "ada@lantern.example").await;
    let token = app.mailed_token("ada@lantern.example");
    let stored: String = app.query("SELECT digest FROM reset_tokens", []);
    assert_eq!(
        stored,
        tokens::digest(&token),
        "what the table keeps of {token}"
    );
    assert_eq!(
        reset(&app, &stored, "the thief's password").await.status,
        400,
        "the digest opens nothing"
    );
}

/// What happens while the new password is hashed counts: a link that expires meanwhile sets nothing.
#[tokio::test]
async fn the_link_must_still_be_good_after_the_hash() {
    /// A hash that takes half an hour.
    struct Slow(OnceLock<ManualClock>);
    impl Passwords for Slow {
        fn weakness(&self, _password: &str, _email: &str) -> Option<String> {
            None
        }

        fn hash(&self, password: &str) -> Result<String, Problem> {
            if let Some(clock) = self.0.get() {
                clock.advance(HALF_AN_HOUR - 1);
            }
            Ok(stored(password))
        }
    }
    for (before, status) in [(0, 204), (1, 400)] {
        let slow = Arc::new(Slow(OnceLock::new()));
        let passwords = Arc::clone(&slow);
        let app = spawn(routes(), |neighbours, _| neighbours.passwords = passwords).await;
        app.person("ada@lantern.example", "the old hash");
        assert!(slow.0.set(app.clock.clone()).is_ok(), "one clock");
        forgot(&app, "ada@lantern.example").await;
        let token = app.mailed_token("ada@lantern.example");
        app.clock.advance(before);
        let answer: Answer = reset(&app, &token, "a brand new password").await;
        assert_eq!(
            answer.status,
            status,
            "{} seconds after the mail, when the hash is made: {:?}",
            before + HALF_AN_HOUR - 1,
            answer.body
        );
        let changed = kept(&app, "ada@lantern.example") != "the old hash";
        assert_eq!(changed, status == 204, "the password was set");
    }
}

/// A token works up to the last second of its half hour; a newer mail voids it earlier.
#[tokio::test]
async fn a_token_expires_or_is_replaced() {
    let app = app().await;
    for (late, status) in [(HALF_AN_HOUR - 1, 204), (HALF_AN_HOUR, 400)] {
        forgot(&app, "ada@lantern.example").await;
        let token = app.mailed_token("ada@lantern.example");
        app.clock.advance(late);
        let _ = app.journal.take();
        let answer: Answer = reset(&app, &token, "a brand new password").await;
        assert_eq!(
            answer.status, status,
            "{late} seconds after the mail: {:?}",
            answer.body
        );
        let journal = app.journal.take();
        assert_eq!(
            journal.contains(&"hash".to_owned()),
            status == 204,
            "a hash, {late} seconds after the mail: {journal:?}"
        );
    }
    forgot(&app, "ben@lantern.example").await;
    let bens = app.mailed_token("ben@lantern.example");
    forgot(&app, "ada@lantern.example").await;
    let old = app.mailed_token("ada@lantern.example");
    forgot(&app, "ada@lantern.example").await;
    let new = app.mailed_token("ada@lantern.example");
    assert_eq!(
        reset(&app, &old, "a brand new password").await.code(),
        "invalid_token",
        "Ada's older link"
    );
    assert_eq!(
        reset(&app, &new, "a brand new password").await.status,
        204,
        "Ada's newer link"
    );
    assert_eq!(
        reset(&app, &bens, "a brand new password").await.status,
        204,
        "Ben's link"
    );
}

/// How long a link works is the operator's to say.
#[tokio::test]
async fn the_operator_sets_the_lifetime() {
    let mut random = support::seeded(0x1763);
    for _ in 0..3 {
        let lifetime = i64::try_from(random.number(100..9_000)).expect("it fits");
        let config = Config {
            reset_lifetime: lifetime,
            ..Config::for_tests()
        };
        let app = spawn_with(config, routes(), |_, _| {}).await;
        app.person("ada@lantern.example", "the old hash");
        for (late, status) in [(lifetime - 1, 204), (lifetime, 400)] {
            forgot(&app, "ada@lantern.example").await;
            let token = app.mailed_token("ada@lantern.example");
            app.clock.advance(late);
            let answer: Answer = reset(&app, &token, "a brand new password").await;
            assert_eq!(
                answer.status, status,
                "{late} seconds after the mail, lifetime {lifetime}: {:?}",
                answer.body
            );
        }
    }
}

/// A weak password is answered with the field's error and does not use the token up.
#[tokio::test]
async fn a_weak_password_leaves_the_token_good() {
    let app = app().await;
    forgot(&app, "ada@lantern.example").await;
    let token = app.mailed_token("ada@lantern.example");
    for weak in ["short", "ada@lantern.example"] {
        let answer: Answer = reset(&app, &token, weak).await;
        assert_eq!(
            (answer.status, answer.code()),
            (422, "invalid_fields"),
            "the weak password {weak:?}: {:?}",
            answer.body
        );
        assert_eq!(
            answer.body["errors"][0]["field"],
            Value::from("password"),
            "the field at fault: {}",
            answer.body
        );
    }
    assert_eq!(
        kept(&app, "ada@lantern.example"),
        "the old hash",
        "the hash after a weak password"
    );
    assert_eq!(
        reset(&app, &token, "a brand new password").await.status,
        204,
        "the same token, a better password"
    );
}

/// Of twenty uses of one token at the same time, exactly one sets its password.
#[tokio::test]
async fn of_twenty_uses_at_once_one_wins() {
    let app = app().await;
    forgot(&app, "ada@lantern.example").await;
    let token = app.mailed_token("ada@lantern.example");
    let number = AtomicUsize::new(0);
    let password = |number: usize| format!("the brand new password {number}");
    let _ = app.journal.take();
    let answers: Vec<Answer> = app
        .at_once(20, || {
            let password = password(number.fetch_add(1, Ordering::SeqCst));
            let body = json!({"token": token, "password": password});
            app.server.post("/api/password/reset").json(&body)
        })
        .await;
    let winner = answers.iter().position(|answer| answer.status == 204);
    assert_eq!(
        Some(kept(&app, "ada@lantern.example")),
        winner.map(|winner| stored(&password(winner))),
        "the password is the winner's"
    );
    assert_eq!(
        (count(&answers, 204), count(&answers, 400)),
        (1, 19),
        "answers with 204 and with 400"
    );
    let ended = app
        .journal
        .take()
        .into_iter()
        .filter(|line| line == "end_all 1")
        .count();
    assert_eq!(ended, 1, "how often the sessions were ended");
}

/// If any step fails, none has happened: password, token and sessions are as before.
#[tokio::test]
async fn a_reset_happens_completely_or_not_at_all() {
    struct Broken;
    impl Audit for Broken {
        fn record(&self, _tx: &Tx, event: Event) -> Result<(), Problem> {
            match event.kind {
                "password.reset" => Err(Problem::internal(&"the test's own failure")),
                _ => Ok(()),
            }
        }
    }
    let app = spawn(routes(), |neighbours, _| {
        neighbours.audit = Arc::new(Broken)
    })
    .await;
    app.person("ada@lantern.example", "the old hash");
    value(
        app.cx()
            .write(|tx| tx.neighbours().sessions.start(tx, 1, Kind::Api)),
    );
    forgot(&app, "ada@lantern.example").await;
    let token = app.mailed_token("ada@lantern.example");
    let answer: Answer = reset(&app, &token, "a brand new password").await;
    assert_eq!(
        (answer.status, answer.code()),
        (500, "internal"),
        "a broken trail: {:?}",
        answer.body
    );
    assert_eq!(
        kept(&app, "ada@lantern.example"),
        "the old hash",
        "the hash"
    );
    assert_eq!(live_sessions(&app, 1), 1, "live sessions");
    let unused: i64 = app.query(
        "SELECT count(*) FROM reset_tokens WHERE used_at IS NULL",
        [],
    );
    assert_eq!(unused, 1, "unused tokens");
}

/// What the stand-in stores for a password.
fn stored(password: &str) -> String {
    format!("stand-in:{}", tokens::digest(password))
}

/// The session through which the stand-in's bearer token `user-1` comes, two more of Ada's, and one of Ben's.
fn with_sessions(app: &TestApp) {
    app.execute(
        "INSERT INTO sessions (id, user_id, kind, client, user_agent, created_at, expires_at)
         VALUES ('stand-in', 1, 'api', '', '', 1, 2000000000),
                ('another', 1, 'page', '', '', 1, 2000000000),
                ('program', 1, 'api', '', '', 1, 2000000000),
                ('bens', 2, 'api', '', '', 1, 2000000000)",
        [],
    );
}

/// The live sessions, by name.
fn alive(app: &TestApp) -> String {
    app.query(
        "SELECT ifnull(group_concat(id, ' '), '') FROM
             (SELECT id FROM sessions WHERE ended_at IS NULL ORDER BY id)",
        [],
    )
}

async fn change(app: &TestApp, current: &str, password: &str) -> Answer {
    let body = json!({"current": current, "password": password});
    app.keep_secrets_of(&json!({"password": current}));
    app.keep_secrets_of(&body);
    let request = app.server.post("/api/password/change");
    answer(request.bearer_auth("user-1").json(&body)).await
}

/// Whoever knows the password of today chooses another; every other session of hers ends, open links too, and she is told.
#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let app = app().await;
    let mut random = support::seeded(0x1762);
    for round in 1..=3_usize {
        let (old, new) = (
            format!(" {} ", random.word(12..30)),
            format!(" {} ", random.word(12..30)),
        );
        app.execute(
            "UPDATE users SET password_hash = ?1 WHERE id = 1",
            [stored(&old)],
        );
        app.execute("DELETE FROM sessions", []);
        with_sessions(&app);
        forgot(&app, "ada@lantern.example").await;
        let link = app.mailed_token("ada@lantern.example");
        forgot(&app, "ben@lantern.example").await;
        let bens = app.mailed_token("ben@lantern.example");
        let _ = app.journal.take();
        let answer: Answer = change(&app, &old, &new).await;
        assert_eq!(answer.status, 204, "round {round}: {:?}", answer.body);
        assert_eq!(
            kept(&app, "ada@lantern.example"),
            stored(&new),
            "Ada's hash is that of {new:?}"
        );
        assert_eq!(alive(&app), "bens stand-in", "the live sessions");
        let mut journal: Vec<String> = app.journal.take();
        journal.retain(|line| !line.starts_with("end "));
        let first: Vec<String> = journal.drain(..3.min(journal.len())).collect();
        assert_eq!(
            first,
            ["begin ada@lantern.example", "verify", "hash"],
            "what comes first; then {journal:?}"
        );
        journal.sort_unstable();
        assert_eq!(
            journal,
            ["record password.changed 1", "take_back ada@lantern.example"],
            "what the neighbours were asked then"
        );
        assert_eq!(
            app.mails("ada@lantern.example").len(),
            round * 2,
            "a link and a notice for each round"
        );
        assert_eq!(
            reset(&app, &link, "the thief's password").await.code(),
            "invalid_token",
            "a link that was open"
        );
        assert_eq!(
            reset(&app, &bens, "a brand new password").await.status,
            204,
            "Ben's link"
        );
    }
}

/// An access token alone changes nothing: a wrong password is a guess that counts, and 422 for `current`.
#[tokio::test]
async fn a_stolen_token_changes_no_password() {
    let app = app().await;
    let own = stored("correct horse battery");
    app.execute("UPDATE users SET password_hash = ?1", [&own]);
    with_sessions(&app);
    for wrong in ["", "Correct horse battery", "correct horse battery "] {
        let answer: Answer = change(&app, wrong, "the thief's password").await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["field"]),
            (422, &Value::from("current")),
            "the password {wrong:?}: {}",
            answer.body
        );
        assert_eq!(
            app.journal.take(),
            ["begin ada@lantern.example", "verify"],
            "{wrong:?} is counted, and stays counted"
        );
        assert_eq!(kept(&app, "ada@lantern.example"), own, "the hash");
        assert_eq!(
            alive(&app),
            "another bens program stand-in",
            "the live sessions, after {wrong:?}"
        );
    }
    assert_eq!(
        app.mails("ada@lantern.example").len(),
        0,
        "mails after guesses"
    );
    app.execute(
        "INSERT INTO attempts (key, failures, last_at) VALUES ('ada@lantern.example', 9, 0)",
        [],
    );
    let locked: Answer = change(&app, "correct horse battery", "the thief's password").await;
    assert_eq!(
        (locked.status, locked.code()),
        (429, "locked"),
        "while the lockout refuses: {:?}",
        locked.body
    );
    assert_eq!(
        app.journal.take(),
        ["begin ada@lantern.example"],
        "while the lockout refuses, no password is looked at"
    );
}

/// A weak new password is answered with its field's error, before anything is counted or compared.
#[tokio::test]
async fn a_weak_change_is_no_attempt() {
    let app = app().await;
    let own = stored("correct horse battery");
    app.execute("UPDATE users SET password_hash = ?1", [&own]);
    for weak in ["short", "ada@lantern.example"] {
        let answer: Answer = change(&app, "correct horse battery", weak).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["field"]),
            (422, &Value::from("password")),
            "the weak password {weak:?}: {}",
            answer.body
        );
    }
    assert_eq!(kept(&app, "ada@lantern.example"), own, "the hash");
    assert_eq!(
        app.journal.take(),
        Vec::<String>::new(),
        "attempts and comparisons"
    );
}

/// If the password is reset while it is being compared, the change comes too late: the newer one stays.
#[tokio::test]
async fn a_reset_during_the_comparison_wins() {
    /// Right for every password; at the first comparison somebody else changes the password.
    struct Slow(Mutex<Option<Cx>>);
    impl Verifier for Slow {
        fn verify(&self, _password: &str, _stored: &str) -> Result<Check, Problem> {
            if let Some(cx) = self.0.lock().expect("no test panics here").take() {
                cx.write(|tx| {
                    Ok(tx.execute("UPDATE users SET password_hash = 'the newer one'", [])?)
                })?;
            }
            Ok(Check {
                matches: true,
                outdated: false,
            })
        }
    }
    let slow = Arc::new(Slow(Mutex::new(None)));
    let verifier = Arc::clone(&slow);
    let app = spawn(routes(), |neighbours, _| neighbours.verifier = verifier).await;
    app.person("ada@lantern.example", "the old hash");
    app.person("ben@lantern.example", "the old hash");
    with_sessions(&app);
    *slow.0.lock().expect("no test panics here") = Some(app.cx());
    let answer: Answer = change(&app, "the old password", "a brand new password").await;
    assert_eq!(
        (answer.status, &answer.body["errors"][0]["field"]),
        (422, &Value::from("current")),
        "the old password, which was right a moment ago: {}",
        answer.body
    );
    assert_eq!(
        kept(&app, "ada@lantern.example"),
        "the newer one",
        "the hash that is kept"
    );
    assert_eq!(
        alive(&app),
        "another bens program stand-in",
        "the live sessions: nothing was changed"
    );
    assert_eq!(
        app.journal.take(),
        ["begin ada@lantern.example", "hash"],
        "the attempt stays counted, and the trail says nothing of a change"
    );
}

/// Of twenty changes at the same time that all know the password of today, exactly one makes it.
#[tokio::test]
async fn of_twenty_changes_at_once_one_wins() {
    let app = app().await;
    app.execute(
        "UPDATE users SET password_hash = ?1",
        [stored("correct horse battery")],
    );
    let body = json!({"current": "correct horse battery", "password": "a brand new password"});
    let answers: Vec<Answer> = app
        .at_once(20, || {
            let request = app.server.post("/api/password/change");
            request.bearer_auth("user-1").json(&body)
        })
        .await;
    assert_eq!(
        (count(&answers, 204), count(&answers, 422)),
        (1, 19),
        "answers with 204 and with 422"
    );
    let changes = app.journal.take().into_iter();
    let changes = changes.filter(|line| line == "record password.changed 1");
    assert_eq!(changes.count(), 1, "changes in the trail");
}
