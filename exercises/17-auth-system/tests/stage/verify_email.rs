use std::sync::Arc;

use auth_system::given::tokens;
use auth_system::verify_email::{Links, routes};
use serde_json::json;

use crate::helpers::{Answer, START, TestApp, count, spawn, value};

const DAY: i64 = 24 * 3600;

async fn app() -> TestApp {
    spawn(routes(), |neighbours, _| {
        neighbours.verification = Arc::new(Links)
    })
    .await
}

/// A person whose address is not confirmed.
fn unconfirmed(app: &TestApp, email: &str) -> i64 {
    let id = app.person(email, "hash");
    app.execute("UPDATE users SET verified_at = NULL WHERE id = ?1", [id]);
    id
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
    app.post("/api/verify-email", json!({"token": token})).await
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
        [format!("record email.verified {ada}")],
        "the trail"
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
    let body = json!({"token": send(&app, ada, "ada@lantern.example")});
    let answers: Vec<Answer> = app
        .at_once(20, || app.server.post("/api/verify-email").json(&body))
        .await;
    assert_eq!(
        (count(&answers, 204), count(&answers, 400)),
        (1, 19),
        "answers with 204 and with 400"
    );
    assert_eq!(app.journal.take().len(), 1, "events in the trail");
}
