use std::sync::{Arc, Mutex};

use auth_system::given::config::Config;
use auth_system::given::neighbours::{Check, Verifier};
use auth_system::given::problem::Problem;
use auth_system::given::tokens;
use auth_system::verify_email::{Links, RESEND_PAUSE, routes};
use serde_json::json;

use crate::helpers::{Answer, START, TestApp, count, spawn, spawn_with, value};

const DAY: i64 = 24 * 3600;
const PASSWORD: &str = "correct horse battery";

async fn app() -> TestApp {
    spawn(routes(), |neighbours, _| {
        neighbours.verification = Arc::new(Links)
    })
    .await
}

/// What the stand-in stores for a password.
fn stored(password: &str) -> String {
    format!("stand-in:{}", tokens::digest(password))
}

/// A person with [`PASSWORD`] whose address is not confirmed.
fn unconfirmed(app: &TestApp, email: &str) -> i64 {
    let id = app.person(email, &stored(PASSWORD));
    app.execute("UPDATE users SET verified_at = NULL WHERE id = ?1", [id]);
    id
}

/// What `register` does when an unconfirmed address is registered again: the newest password, and a new mail. Answers
/// its token.
fn register_again(app: &TestApp, id: i64, email: &str, password: &str) -> String {
    app.execute(
        "UPDATE users SET password_hash = ?2 WHERE id = ?1",
        (id, stored(password)),
    );
    send(app, id, email)
}

/// Sends the mail, and answers the token that it carries.
fn send(app: &TestApp, id: i64, email: &str) -> String {
    value(
        app.cx()
            .write(|tx| tx.neighbours().verification.send(tx, id, email)),
    );
    app.mailed_token(email)
}

async fn verify(app: &TestApp, token: &str) -> Answer {
    verify_with(app, token, PASSWORD).await
}

async fn verify_with(app: &TestApp, token: &str, password: &str) -> Answer {
    app.post(
        "/api/verify-email",
        json!({"token": token, "password": password}),
    )
    .await
}

/// 0 while the address is not confirmed, then the time at which it was.
fn confirmed_at(app: &TestApp, id: i64) -> i64 {
    app.query(
        "SELECT ifnull(verified_at, 0) FROM users WHERE id = ?1",
        [id],
    )
}

/// The token of the mail confirms its own account, and no other; the trail says so.
#[tokio::test]
async fn the_mailed_token_confirms_its_account() {
    let app = app().await;
    let ada = unconfirmed(&app, "ada@lantern.example");
    let ben = unconfirmed(&app, "ben@lantern.example");
    let token = send(&app, ada, "ada@lantern.example");
    send(&app, ben, "ben@lantern.example");
    app.clock.advance(60);
    let answer: Answer = verify(&app, &token).await;
    assert_eq!(answer.status, 204, "a fresh token: {:?}", answer.body);
    assert_eq!(
        confirmed_at(&app, ada),
        START + 60,
        "when Ada's address was confirmed"
    );
    assert_eq!(confirmed_at(&app, ben), 0, "Ben has not opened his link");
    assert_eq!(
        app.journal.take(),
        ["verify".to_owned(), format!("record email.verified {ada}")],
        "one comparison, and the trail"
    );
}

/// Nobody who reads the database can confirm an address: it holds digests, and no token.
#[tokio::test]
async fn the_database_holds_no_token() {
    let app = app().await;
    let ada = unconfirmed(&app, "ada@lantern.example");
    let token = send(&app, ada, "ada@lantern.example");
    assert_eq!(
        token.len(),
        43,
        "the mail carries a token of 43 letters: {token:?}"
    );
    let stored: String = app.query("SELECT digest FROM email_tokens", []);
    assert_eq!(stored, tokens::digest(&token), "what the table keeps");
    let by_digest: Answer = verify(&app, &stored).await;
    assert_eq!(by_digest.status, 400, "the digest itself opens nothing");
    assert_eq!(
        confirmed_at(&app, ada),
        0,
        "the address after a try with the digest"
    );
}

/// A token is drawn anew for every mail: no two are alike.
#[tokio::test]
async fn every_mail_has_a_token_of_its_own() {
    let app = app().await;
    let mut seen: Vec<String> = Vec::new();
    let mut random = support::seeded(0x1711);
    for number in 0..12 {
        let email = format!("{}{number}@lantern.example", random.word(3..9));
        let id = unconfirmed(&app, &email);
        let token = send(&app, id, &email);
        assert_eq!(token.len(), 43, "the token for {email}: {token:?}");
        assert!(
            !seen.contains(&token),
            "the token for {email} was drawn before"
        );
        seen.push(token);
    }
    for (index, token) in seen.iter().enumerate() {
        assert_eq!(
            verify(&app, token).await.status,
            204,
            "the token of mail {index}"
        );
    }
}

/// A second use of a token is refused, and so are unknown ones, all with the same answer.
#[tokio::test]
async fn a_token_works_once() {
    let app = app().await;
    let ada = unconfirmed(&app, "ada@lantern.example");
    let token = send(&app, ada, "ada@lantern.example");
    assert_eq!(verify(&app, &token).await.status, 204, "the first use");
    app.clock.advance(5);
    let second: Answer = verify(&app, &token).await;
    assert_eq!(
        (second.status, second.code()),
        (400, "invalid_token"),
        "the second use"
    );
    assert_eq!(
        confirmed_at(&app, ada),
        START,
        "a second use changes nothing"
    );
    for unknown in ["x", "", "'; --", &token[1..]] {
        assert_eq!(
            verify(&app, unknown).await,
            second,
            "the unknown token {unknown:?}"
        );
    }
}

/// A squatter who registers your address after you gets nowhere: his link, which lies in your mailbox, wants his
/// password, and yours confirms what you have registered yourself.
#[tokio::test]
async fn the_newest_link_does_not_let_a_squatter_in() {
    let app = app().await;
    let mut random = support::seeded(0x1712);
    for round in 0..4 {
        let email = format!("{}{round}@lantern.example", random.word(3..9));
        let (own, his) = (random.word(12..20), random.word(21..30));
        let id = unconfirmed(&app, &email);
        register_again(&app, id, &email, &own);
        let newest = register_again(&app, id, &email, &his);
        let answer: Answer = verify_with(&app, &newest, &own).await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "invalid_credentials"),
            "the owner's password with the squatter's link: {:?}",
            answer.body
        );
        assert_eq!(
            confirmed_at(&app, id),
            0,
            "when the squatter's registration was confirmed"
        );
        let newest = register_again(&app, id, &email, &own);
        let answer: Answer = verify_with(&app, &newest, &his).await;
        assert_eq!(answer.status, 401, "the squatter's: {:?}", answer.body);
        let answer: Answer = verify_with(&app, &newest, &own).await;
        assert_eq!(
            answer.status, 204,
            "the owner's password with the owner's link: {:?}",
            answer.body
        );
        assert_eq!(confirmed_at(&app, id), START, "when it was confirmed");
    }
}

/// A wrong password changes nothing: the address stays unconfirmed, and the link is good for another try.
#[tokio::test]
async fn a_wrong_password_leaves_the_token_good() {
    let app = app().await;
    let ada = unconfirmed(&app, "ada@lantern.example");
    let token = send(&app, ada, "ada@lantern.example");
    let _ = app.journal.take();
    for wrong in ["", "Correct horse battery", "correct horse battery "] {
        let answer: Answer = verify_with(&app, &token, wrong).await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "invalid_credentials"),
            "the password {wrong:?}: {:?}",
            answer.body
        );
        assert_eq!(confirmed_at(&app, ada), 0, "after the password {wrong:?}");
        assert_eq!(
            app.journal.take(),
            ["verify"],
            "one comparison for {wrong:?}, and no event"
        );
    }
    assert_eq!(
        verify(&app, &token).await.status,
        204,
        "the right password, after all of them"
    );
}

/// Tokens that are none cost no comparison: whoever guesses must not keep Argon2 busy.
#[tokio::test]
async fn a_guessed_token_costs_no_comparison() {
    let app = app().await;
    let ada = unconfirmed(&app, "ada@lantern.example");
    let token = send(&app, ada, "ada@lantern.example");
    assert_eq!(verify(&app, &token).await.status, 204, "the first use");
    let late = unconfirmed(&app, "late@lantern.example");
    let expired = send(&app, late, "late@lantern.example");
    let _ = app.journal.take();
    assert_eq!(
        verify(&app, &token).await.code(),
        "invalid_token",
        "a used token, before its end"
    );
    assert_eq!(
        app.journal.take(),
        Vec::<String>::new(),
        "comparisons and events for a used token, before its end"
    );
    app.clock.advance(DAY);
    for (token, what) in [
        ("x", "an unknown token"),
        (token.as_str(), "a used token"),
        (expired.as_str(), "an expired token"),
    ] {
        let answer: Answer = verify(&app, token).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "invalid_token"),
            "{what}: {:?}",
            answer.body
        );
        assert_eq!(
            app.journal.take(),
            Vec::<String>::new(),
            "comparisons and events for {what}"
        );
    }
}

/// What happens while the password is compared counts: a link that expires meanwhile, or that a newer mail has voided,
/// confirms nothing.
#[tokio::test]
async fn the_link_must_still_be_good_after_the_comparison() {
    /// Right for every password, after something has happened.
    struct Meanwhile(Mutex<Option<Box<dyn FnOnce() + Send>>>);
    impl Verifier for Meanwhile {
        fn verify(&self, _password: &str, _stored: &str) -> Result<Check, Problem> {
            if let Some(happens) = self.0.lock().expect("no test panics here").take() {
                happens();
            }
            Ok(Check {
                matches: true,
                outdated: false,
            })
        }
    }
    for what in ["the link expires", "a newer mail is sent"] {
        let meanwhile = Arc::new(Meanwhile(Mutex::new(None)));
        let verifier = Arc::clone(&meanwhile);
        let app = spawn(routes(), |neighbours, _| {
            neighbours.verification = Arc::new(Links);
            neighbours.verifier = verifier;
        })
        .await;
        let ada = unconfirmed(&app, "ada@lantern.example");
        let token = send(&app, ada, "ada@lantern.example");
        let (clock, cx) = (app.clock.clone(), app.cx());
        *meanwhile.0.lock().expect("no test panics here") = Some(Box::new(move || match what {
            "the link expires" => clock.advance(DAY),
            _ => value(cx.write(|tx| {
                let verification = &tx.neighbours().verification;
                verification.send(tx, ada, "ada@lantern.example")
            })),
        }));
        let answer: Answer = verify(&app, &token).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "invalid_token"),
            "{what}, meanwhile: {:?}",
            answer.body
        );
        assert_eq!(confirmed_at(&app, ada), 0, "{what}, meanwhile");
    }
}

/// A token works up to the last second of its life and not in the one after, whatever the configured life is.
#[tokio::test]
async fn a_token_expires() {
    let app = app().await;
    for (late, status) in [(DAY - 1, 204), (DAY, 400), (DAY + 3600, 400)] {
        let email = format!("after{late}@lantern.example");
        let id = unconfirmed(&app, &email);
        let token = send(&app, id, &email);
        app.clock.advance(late);
        let answer: Answer = verify(&app, &token).await;
        assert_eq!(
            answer.status, status,
            "{late} seconds after the mail: {:?}",
            answer.body
        );
        assert_eq!(
            confirmed_at(&app, id) != 0,
            status == 204,
            "confirmed, {late} seconds after the mail"
        );
    }
}

/// How long a link works is the operator's to say; so is how old the last mail is that it belongs to.
#[tokio::test]
async fn the_operator_sets_the_lifetime() {
    let mut random = support::seeded(0x1714);
    for _ in 0..3 {
        let lifetime = i64::try_from(random.number(100..9_000)).expect("it fits");
        let config = Config {
            verification_lifetime: lifetime,
            public_url: "https://another.example/lantern".to_owned(),
            ..Config::for_tests()
        };
        let app = spawn_with(config, routes(), |neighbours, _| {
            neighbours.verification = Arc::new(Links)
        })
        .await;
        for (late, status) in [(lifetime - 1, 204), (lifetime, 400)] {
            let email = format!("after{late}@lantern.example");
            let id = unconfirmed(&app, &email);
            let token = send(&app, id, &email);
            app.clock.advance(late);
            let answer: Answer = verify(&app, &token).await;
            assert_eq!(
                answer.status, status,
                "{late} seconds after the mail, lifetime {lifetime}: {:?}",
                answer.body
            );
        }
        let id = unconfirmed(&app, "ada@lantern.example");
        send(&app, id, "ada@lantern.example");
        let mail = app.mails("ada@lantern.example").pop().unwrap_or_default();
        assert!(
            mail.contains("https://another.example/lantern/verify-email?token="),
            "the link begins with the operator's address: {mail}"
        );
        for (seconds, mails) in [(RESEND_PAUSE - 1, 1), (1, 2)] {
            app.clock.advance(seconds);
            resend(&app, "ada@lantern.example").await;
            assert_eq!(
                app.mails("ada@lantern.example").len(),
                mails,
                "mails, lifetime {lifetime}"
            );
        }
    }
}

/// A new mail makes the links of earlier mails to that person, and to nobody else, useless.
#[tokio::test]
async fn a_new_mail_voids_the_old_one() {
    let app = app().await;
    let ada = unconfirmed(&app, "ada@lantern.example");
    let ben = unconfirmed(&app, "ben@lantern.example");
    let bens = send(&app, ben, "ben@lantern.example");
    let old = send(&app, ada, "ada@lantern.example");
    let new = send(&app, ada, "ada@lantern.example");
    assert_eq!(
        verify(&app, &old).await.code(),
        "invalid_token",
        "the link of Ada's first mail"
    );
    assert_eq!(
        verify(&app, &new).await.status,
        204,
        "the link of Ada's second mail"
    );
    assert_eq!(
        verify(&app, &bens).await.status,
        204,
        "the link of Ben's mail"
    );
}

/// Of twenty uses of one token at the same time, exactly one wins.
#[tokio::test]
async fn of_twenty_uses_at_once_one_wins() {
    let app = app().await;
    let ada = unconfirmed(&app, "ada@lantern.example");
    let token = send(&app, ada, "ada@lantern.example");
    let body = json!({"token": token, "password": PASSWORD});
    let answers: Vec<Answer> = app
        .at_once(20, || app.server.post("/api/verify-email").json(&body))
        .await;
    assert_eq!(
        (count(&answers, 204), count(&answers, 400)),
        (1, 19),
        "answers with 204 and with 400"
    );
    let journal = app.journal.take();
    let events = journal.iter().filter(|line| line.starts_with("record"));
    assert_eq!(events.count(), 1, "events in the trail: {journal:?}");
}

async fn resend(app: &TestApp, email: &str) -> Answer {
    app.post("/api/verify-email/resend", json!({"email": email}))
        .await
}

/// Asking for another mail is answered alike for everybody: same answer, same number of transactions, one event.
#[tokio::test]
async fn asking_again_tells_nobody_who_waits() {
    let app = app().await;
    let ada = unconfirmed(&app, "ada@lantern.example");
    app.person("ben@lantern.example", &stored(PASSWORD));
    // What is typed may be a password in the wrong field: no event holds it.
    app.keep_secrets_of(&json!({"password": "no address"}));
    let mut seen: Vec<(Answer, u64)> = Vec::new();
    for (email, event) in [
        (
            " ADA@lantern.example ",
            format!("record email.resend {ada}"),
        ),
        ("ada@lantern.example", "record email.resend -".to_owned()),
        ("ben@lantern.example", "record email.resend -".to_owned()),
        ("nobody@lantern.example", "record email.resend -".to_owned()),
        ("no address", "record email.resend -".to_owned()),
    ] {
        let before = app.app.database().writes();
        let answer: Answer = resend(&app, email).await;
        assert_eq!(
            answer.status, 202,
            "asking for {email:?}: {:?}",
            answer.body
        );
        seen.push((answer, app.app.database().writes() - before));
        assert_eq!(app.journal.take(), [event], "the trail, for {email:?}");
        assert_eq!(
            seen.last(),
            seen.first(),
            "answer and transactions: {email:?}, and somebody who waits"
        );
    }
    for (email, mails) in [
        ("ada@lantern.example", 1),
        ("ben@lantern.example", 0),
        ("nobody@lantern.example", 0),
    ] {
        assert_eq!(app.mails(email).len(), mails, "mails to {email}");
    }
}

/// One mailbox gets a mail a minute, whoever asks for it and how often; the newest link confirms, and the older one is void.
#[tokio::test]
async fn a_mailbox_gets_one_mail_a_minute() {
    let app = app().await;
    let mut random = support::seeded(0x1713);
    for round in 0..3 {
        let email = format!("{}{round}@lantern.example", random.word(3..9));
        let id = unconfirmed(&app, &email);
        let first = send(&app, id, &email);
        app.clock.advance(RESEND_PAUSE - 1);
        let other = format!("other-{email}");
        let another = unconfirmed(&app, &other);
        send(&app, another, &other);
        for _ in 0..3 {
            assert_eq!(resend(&app, &email).await.status, 202, "asking too early");
        }
        assert_eq!(app.mails(&email).len(), 1, "mails in the first minute");
        app.clock.advance(1);
        for _ in 0..3 {
            assert_eq!(resend(&app, &email).await.status, 202, "asking in time");
        }
        assert_eq!(app.mails(&email).len(), 2, "mails in the second minute");
        let second = app.mailed_token(&email);
        assert_eq!(
            verify(&app, &first).await.code(),
            "invalid_token",
            "the link of the first mail"
        );
        assert_eq!(
            verify(&app, &second).await.status,
            204,
            "the link of the second mail"
        );
        app.clock.advance(2 * DAY);
        assert_eq!(resend(&app, &email).await.status, 202, "once confirmed");
        assert_eq!(app.mails(&email).len(), 2, "mails, once confirmed");
    }
}

/// A link that has expired is no reason to wait: another mail is sent, and its link confirms.
#[tokio::test]
async fn an_expired_link_is_replaced() {
    let app = app().await;
    let ada = unconfirmed(&app, "ada@lantern.example");
    send(&app, ada, "ada@lantern.example");
    app.clock.advance(3 * DAY);
    let answer: Answer = resend(&app, "ada@lantern.example").await;
    assert_eq!(answer.status, 202, "asking: {:?}", answer.body);
    let token = app.mailed_token("ada@lantern.example");
    assert_eq!(verify(&app, &token).await.status, 204, "the new link");
}

/// Of twenty people who ask at the same time for a mail to one mailbox, one makes it come.
#[tokio::test]
async fn of_twenty_requests_at_once_one_mails() {
    let app = app().await;
    unconfirmed(&app, "ada@lantern.example");
    let body = json!({"email": "ada@lantern.example"});
    let answers: Vec<Answer> = app
        .at_once(20, || {
            app.server.post("/api/verify-email/resend").json(&body)
        })
        .await;
    assert_eq!(count(&answers, 202), 20, "answers with 202");
    assert_eq!(app.mails("ada@lantern.example").len(), 1, "mails");
}
