use std::sync::Arc;

use auth_system::given::config::Config;
use auth_system::given::neighbours::Kind;
use auth_system::given::tokens;
use auth_system::refresh::{Rotation, routes};
use serde_json::json;

use crate::helpers::{Answer, START, TestApp, count, spawn, spawn_with, value};

const MONTH: i64 = 30 * 24 * 3600;

async fn app() -> TestApp {
    let app = spawn(routes(), |neighbours, _| {
        neighbours.refresh = Arc::new(Rotation)
    })
    .await;
    app.person("ada@lantern.example", "hash");
    app.person("ben@lantern.example", "hash");
    app
}

/// A session of `user` with its first refresh token.
fn start(app: &TestApp, user: i64) -> (String, String) {
    value(app.cx().write(|tx| {
        let session = tx.neighbours().sessions.start(tx, user, Kind::Api)?;
        let token = tx.neighbours().refresh.issue(tx, &session.session_id)?;
        Ok((session.session_id, token))
    }))
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.post("/api/refresh", json!({"refresh_token": token}))
        .await
}

fn lives(app: &TestApp, session: &str) -> bool {
    app.query(
        "SELECT ended_at IS NULL FROM sessions WHERE id = ?1",
        [session],
    )
}

/// A refresh token brings an access token of its own session and person, and its successor.
#[tokio::test]
async fn a_refresh_token_brings_the_next_pair() {
    let app = app().await;
    start(&app, 1);
    let (_, token) = start(&app, 2);
    let mut answer: Answer = refresh(&app, &token).await;
    assert_eq!(answer.status, 200, "a fresh token: {:?}", answer.body);
    let next = answer.text("refresh_token").to_owned();
    assert_eq!(next.len(), 43, "the successor is a token: {next:?}");
    assert_ne!(next, token, "the successor is another token");
    answer.body["refresh_token"] = json!("[43 letters]");
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "access_token": "access-2-session-2",
      "expires_in": 600,
      "refresh_token": "[43 letters]"
    }
    "#);
}

/// The successor works, and its successor, over a long chain: every token is new, and none is kept as it is.
#[tokio::test]
async fn a_chain_goes_on() {
    let app = app().await;
    let (session, mut token) = start(&app, 1);
    let mut seen: Vec<String> = Vec::new();
    for (link, pause) in support::seeded(0x1751).numbers(1..7200).take(8).enumerate() {
        assert!(
            !seen.contains(&token),
            "the token of link {link} was given before"
        );
        let kept: i64 = app.query(
            "SELECT count(*) FROM refresh_tokens WHERE digest = ?1",
            [tokens::digest(&token)],
        );
        assert_eq!(
            kept, 1,
            "the table keeps the digest of the token of link {link}"
        );
        app.clock.advance(i64::try_from(pause).expect("it fits"));
        let answer: Answer = refresh(&app, &token).await;
        assert_eq!(
            answer.status, 200,
            "link {link} of the chain: {:?}",
            answer.body
        );
        seen.push(std::mem::replace(
            &mut token,
            answer.text("refresh_token").to_owned(),
        ));
        let issued: i64 = app.query(
            "SELECT issued_at FROM refresh_tokens WHERE digest = ?1",
            [tokens::digest(&token)],
        );
        assert_eq!(
            issued,
            app.app.now(),
            "when the token after link {link} was issued, in the table"
        );
    }
    assert!(lives(&app, &session), "the session after eight refreshes");
}

/// A token that comes a second time ends its session, for the thief and for the owner, and the trail says so.
#[tokio::test]
async fn a_second_use_ends_the_session() {
    let app = app().await;
    let (session, stolen) = start(&app, 1);
    let (other, _) = start(&app, 1);
    let newest = refresh(&app, &stolen)
        .await
        .text("refresh_token")
        .to_owned();
    let _ = app.journal.take();
    app.clock.advance(3600);
    let again: Answer = refresh(&app, &stolen).await;
    assert_eq!(
        (again.status, again.code()),
        (401, "invalid_token"),
        "the second use: {:?}",
        again.body
    );
    let mut journal = app.journal.take();
    journal.sort_unstable();
    assert_eq!(
        journal,
        [
            format!("end {session}"),
            "record refresh.reused 1".to_owned()
        ],
        "the neighbours"
    );
    assert!(
        !lives(&app, &session),
        "the session ends with the second use"
    );
    assert!(lives(&app, &other), "the person's other session goes on");
    let successor: Answer = refresh(&app, &newest).await;
    assert_eq!(
        successor, again,
        "the newest token of a session that has ended"
    );
}

/// The theft is noticed however old the stolen token is.
#[tokio::test]
async fn an_older_token_is_recognised() {
    let app = app().await;
    let (session, first) = start(&app, 1);
    let mut token = first.clone();
    for _ in 0..3 {
        token = refresh(&app, &token).await.text("refresh_token").to_owned();
    }
    assert_eq!(
        refresh(&app, &first).await.status,
        401,
        "the first token, three refreshes later"
    );
    assert!(!lives(&app, &session), "the session ends with it");
    assert_eq!(
        refresh(&app, &token).await.status,
        401,
        "the newest token, afterwards"
    );
}

/// Used tokens are remembered as long as the session lasts, and not only for some days or the last few of them.
#[tokio::test]
async fn a_token_of_three_weeks_ago_is_recognised() {
    let app = app().await;
    let (session, first) = start(&app, 1);
    let mut token = first.clone();
    for _ in 0..25 {
        token = refresh(&app, &token).await.text("refresh_token").to_owned();
        app.clock.advance(24 * 3600);
    }
    let _ = app.journal.take();
    assert_eq!(
        refresh(&app, &first).await.status,
        401,
        "the first token, 25 refreshes and 25 days later"
    );
    assert!(!lives(&app, &session), "the session ends with it");
    assert_eq!(
        app.journal.take(),
        [
            format!("end {session}"),
            "record refresh.reused 1".to_owned()
        ],
        "the neighbours"
    );
}

/// Unknown tokens and digests are refused, all with the same answer, and harm no session.
#[tokio::test]
async fn unknown_tokens_are_refused() {
    let app = app().await;
    let (session, token) = start(&app, 1);
    for unknown in [
        "",
        "x",
        &tokens::digest(&token),
        &session,
        &token.to_uppercase(),
        &format!(" {token}"),
        &format!("{token}\n"),
    ] {
        let answer: Answer = refresh(&app, unknown).await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "invalid_token"),
            "the token {unknown:?}"
        );
    }
    assert_eq!(
        refresh(&app, &token).await.status,
        200,
        "the session's own token, afterwards"
    );
}

/// Refreshing does not prolong the session: at its end the newest token is refused too.
#[tokio::test]
async fn the_session_ends_in_spite_of_refreshing() {
    let app = app().await;
    let (session, token) = start(&app, 1);
    app.clock.advance(MONTH - 10);
    let newest = refresh(&app, &token).await.text("refresh_token").to_owned();
    let expires: i64 = app.query("SELECT expires_at FROM sessions WHERE id = ?1", [&session]);
    assert_eq!(
        expires,
        START + MONTH,
        "the end of the session, after a refresh"
    );
    app.clock.advance(9);
    let last = refresh(&app, &newest).await;
    assert_eq!(
        last.status, 200,
        "in the session's last second: {:?}",
        last.body
    );
    assert_eq!(
        last.body["expires_in"],
        json!(600),
        "the configured lifetime, in the session's last second"
    );
    app.clock.advance(1);
    let _ = app.journal.take();
    let late: Answer = refresh(&app, last.text("refresh_token")).await;
    assert_eq!(
        (late.status, late.code()),
        (401, "invalid_token"),
        "in the first second after its end"
    );
    assert!(
        app.journal
            .take()
            .iter()
            .all(|line| !line.contains("refresh.reused")),
        "the trail of a token that was never used: no theft"
    );
}

/// Of twenty uses of one token at the same time, exactly one gets a pair; the others end the session.
#[tokio::test]
async fn of_twenty_uses_at_once_one_wins() {
    let app = app().await;
    let (session, token) = start(&app, 1);
    let body = json!({"refresh_token": token});
    let answers: Vec<Answer> = app
        .at_once(20, || app.server.post("/api/refresh").json(&body))
        .await;
    assert_eq!(
        (count(&answers, 200), count(&answers, 401)),
        (1, 19),
        "answers with 200 and with 401"
    );
    assert!(
        !lives(&app, &session),
        "the session, after nineteen second uses"
    );
}

/// How long an access token lives is the operator's to say, and the answer says it.
#[tokio::test]
async fn the_answer_says_the_configured_lifetime() {
    let mut random = support::seeded(0x1751);
    for _ in 0..3 {
        let lifetime = i64::try_from(random.number(700..9_000)).expect("it fits");
        let config = Config {
            access_lifetime: lifetime,
            ..Config::for_tests()
        };
        let app = spawn_with(config, routes(), |neighbours, _| {
            neighbours.refresh = Arc::new(Rotation)
        })
        .await;
        app.person("ada@lantern.example", "hash");
        let (_, token) = start(&app, 1);
        let answer: Answer = refresh(&app, &token).await;
        assert_eq!(
            (answer.status, &answer.body["expires_in"]),
            (200, &json!(lifetime)),
            "the answer: {}",
            answer.body
        );
    }
}
