use std::collections::BTreeSet;
use std::sync::Arc;

use auth_system::given::app::{Client, Cx};
use auth_system::given::config::Config;
use auth_system::given::neighbours::{Current, Kind, Presented, Started};
use auth_system::given::tokens;
use auth_system::sessions::{Book, routes, session_cookie};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use crate::helpers::{Answer, START, TestApp, answer, count, spawn, spawn_with, value};

const MONTH: i64 = 30 * 24 * 3600;
const OLD_KEY: &[u8] = b"the older key of 32 bytes length";
const NEW_KEY: &[u8] = b"the newer key of 32 bytes length";

async fn app() -> TestApp {
    spawn(routes(), |neighbours, _| {
        neighbours.sessions = Arc::new(Book)
    })
    .await
}

/// A sign-in of `user` by this client.
fn start(app: &TestApp, user: i64, kind: Kind) -> Started {
    value(
        app.cx()
            .write(|tx| tx.neighbours().sessions.start(tx, user, kind)),
    )
}

fn authenticate(app: &TestApp, presented: Presented) -> Option<Current> {
    value(
        app.cx()
            .read(|tx| tx.neighbours().sessions.authenticate(tx, presented)),
    )
}

async fn me(app: &TestApp, token: &str) -> Answer {
    answer(app.server.get("/api/me").bearer_auth(token)).await
}

/// A token in the compact form of RFC 7515, signed with HMAC-SHA-256: written here without any JWT library.
fn signed(header: &str, payload: &str, key: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    compact(header, payload, mac)
}

/// The same with HMAC-SHA-512: as genuine as can be, but not with our algorithm.
fn signed_512(header: &str, payload: &str, key: &[u8]) -> String {
    let mac = Hmac::<Sha512>::new_from_slice(key).expect("any length is a key");
    compact(header, payload, mac)
}

fn compact(header: &str, payload: &str, mut mac: impl Mac) -> String {
    let [header, payload] = [header, payload].map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
    mac.update(format!("{header}.{payload}").as_bytes());
    let signature = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
    format!("{header}.{payload}.{signature}")
}

fn claims(session: &Started) -> Value {
    json!({
        "iss": "https://accounts.lantern.example", "aud": "lantern-api", "sub": "1",
        "sid": session.session_id, "iat": START, "exp": START + 600,
    })
}

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256","kid":"k10"}"#;

/// An access token is a JWS as RFC 7515 writes it, signed with HS256 and the current key, and says what it must.
#[tokio::test]
async fn an_access_token_is_a_signed_jwt() {
    // The example of RFC 7515, appendix A.1, shows that `signed` is a yardstick.
    let key = BASE64URL_NOPAD
        .decode(b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .expect("base64url");
    let rfc = signed(
        "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}",
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
        &key,
    );
    assert!(
        rfc.ends_with(".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        "the signature of RFC 7515 A.1: {rfc}"
    );

    let app = app().await;
    let ada = app.person("ada@lantern.example", "hash");
    let session = start(&app, ada, Kind::Api);
    let parts: Vec<&str> = session.secret.split('.').collect();
    assert_eq!(
        parts.len(),
        3,
        "header, payload and signature: {}",
        session.secret
    );
    let [header, payload] = [0, 1].map(|part| -> String {
        let bytes = BASE64URL_NOPAD
            .decode(parts[part].as_bytes())
            .expect("base64url");
        String::from_utf8(bytes).expect("text")
    });
    assert_eq!(
        session.secret,
        signed(&header, &payload, NEW_KEY),
        "the token is signed with HS256 and the current key"
    );
    let header: Value = serde_json::from_str(&header).expect("the header is JSON");
    assert_eq!(
        (&header["alg"], &header["kid"]),
        (&json!("HS256"), &json!("k10")),
        "the header {header}"
    );
    let payload: Value = serde_json::from_str(&payload).expect("the payload is JSON");
    assert_eq!(payload, claims(&session), "the claims");
    app.clock.advance(60);
    let later: String = value(app.cx().read(|tx| {
        tx.neighbours()
            .sessions
            .access_token(tx, ada, &session.session_id)
    }));
    assert_ne!(later, session.secret, "a later token has later times");
    assert_eq!(
        me(&app, &later).await.status,
        200,
        "the later token of the same session"
    );
}

/// A token is accepted with either of our keys, and only if signature, algorithm, issuer, audience, owner and session fit.
#[tokio::test]
async fn forged_tokens_are_refused() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    app.person("ben@lantern.example", "hash");
    let session = start(&app, 1, Kind::Api);
    let page = start(&app, 1, Kind::Page);
    let good = claims(&session);
    let with = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        claims.to_string()
    };
    let without = |field: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().expect("an object").remove(field);
        claims.to_string()
    };
    let good_text = good.to_string();
    let older = signed(r#"{"alg":"HS256","kid":"k1"}"#, &good_text, OLD_KEY);
    for (token, what) in [
        (&session.secret, "the current key"),
        (&older, "the key before it"),
    ] {
        let answer: Answer = me(&app, token).await;
        assert_eq!(
            (answer.status, answer.text("email")),
            (200, "ada@lantern.example"),
            "signed with {what}"
        );
    }
    let unsigned = |header: &str| {
        let token = signed(header, &good_text, NEW_KEY);
        token[..=token.rfind('.').expect("a point")].to_owned()
    };
    let bens = with("sub", json!("2"));
    let genuine: Vec<&str> = session.secret.split('.').collect();
    let swapped = format!(
        "{}.{}.{}",
        genuine[0],
        BASE64URL_NOPAD.encode(bens.as_bytes()),
        genuine[2]
    );
    for (token, what) in [
        (
            unsigned(r#"{"alg":"none","kid":"k10"}"#),
            "alg none, no signature",
        ),
        (unsigned(HEADER), "alg HS256, no signature"),
        (
            signed(r#"{"alg":"none","kid":"k10"}"#, &good_text, NEW_KEY),
            "alg none, signed all the same",
        ),
        (
            signed(r#"{"alg":"HS512","kid":"k10"}"#, &good_text, NEW_KEY),
            "another algorithm in the header, signed with ours",
        ),
        (
            signed_512(r#"{"alg":"HS512","kid":"k10"}"#, &good_text, NEW_KEY),
            "another algorithm, signed with it",
        ),
        (
            signed(HEADER, &good_text, OLD_KEY),
            "the key of another kid",
        ),
        (signed(HEADER, &good_text, b""), "an empty key"),
        (
            signed(r#"{"alg":"HS256","kid":"k3"}"#, &good_text, NEW_KEY),
            "an unknown kid",
        ),
        (signed(r#"{"alg":"HS256"}"#, &good_text, NEW_KEY), "no kid"),
        (swapped, "another payload under a genuine signature"),
        (signed(HEADER, &bens, NEW_KEY), "a session of somebody else"),
        (
            signed(HEADER, &with("sid", json!(page.session_id)), NEW_KEY),
            "a session of a browser",
        ),
        (
            signed(HEADER, &with("sid", json!("none")), NEW_KEY),
            "a session that is none",
        ),
        (
            signed(HEADER, &with("iss", json!("https://evil.example")), NEW_KEY),
            "another issuer",
        ),
        (
            signed(HEADER, &with("aud", json!("lantern-shop")), NEW_KEY),
            "another audience",
        ),
        (signed(HEADER, &without("iss"), NEW_KEY), "no issuer"),
        (signed(HEADER, &without("aud"), NEW_KEY), "no audience"),
        (signed(HEADER, &without("exp"), NEW_KEY), "no expiry"),
        (page.secret, "the value of a cookie"),
        (session.session_id.clone(), "the id of the session"),
        (String::new(), "nothing"),
        ("a.b.c".to_owned(), "three letters"),
    ] {
        let answer: Answer = me(&app, &token).await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "not_signed_in"),
            "{what}: {token}"
        );
    }
}

/// An access token ends with its own time, with its session's, and at once when the session is ended.
#[tokio::test]
async fn access_ends_in_time() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    let session = start(&app, 1, Kind::Api);
    let fresh = || -> String {
        value(app.cx().read(|tx| {
            tx.neighbours()
                .sessions
                .access_token(tx, 1, &session.session_id)
        }))
    };
    app.clock.advance(599);
    assert_eq!(
        me(&app, &session.secret).await.status,
        200,
        "599 seconds after the sign-in"
    );
    app.clock.advance(1);
    assert_eq!(
        me(&app, &session.secret).await.status,
        401,
        "600 seconds after the sign-in"
    );
    assert_eq!(
        me(&app, &fresh()).await.status,
        200,
        "a fresh token of the same session"
    );
    app.clock.advance(MONTH - 601);
    let last = fresh();
    assert_eq!(
        me(&app, &last).await.status,
        200,
        "in the session's last second"
    );
    let claims = last.split('.').nth(1).unwrap_or_default();
    let claims = BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("claims");
    assert_eq!(
        claims["exp"],
        json!(START + MONTH - 1 + 600),
        "the lifetime of an access token, in the session's last second"
    );
    app.clock.advance(1);
    assert_eq!(
        me(&app, &fresh()).await.status,
        401,
        "a fresh token of an expired session"
    );

    let session = start(&app, 1, Kind::Api);
    value(
        app.cx()
            .write(|tx| tx.neighbours().sessions.end(tx, &session.session_id)),
    );
    assert_eq!(
        me(&app, &session.secret).await.status,
        401,
        "the token of a session that was ended"
    );
}

/// Neither id nor cookie follows from the other, or from anything else: each is drawn for itself.
#[tokio::test]
async fn an_id_and_a_cookie_are_drawn_each_for_itself() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    // A token is 32 random bytes; who draws less for a session makes one of its two out of the other.
    for (kind, least) in [(Kind::Page, 64), (Kind::Api, 32)] {
        let before = tokens::drawn();
        let session = start(&app, 1, kind);
        let drawn = tokens::drawn() - before;
        assert!(
            drawn >= least,
            "{drawn} random bytes for a session of the kind {kind:?}, its id is {}",
            session.session_id
        );
    }
}

/// A cookie leads to its session until that ends; the database holds only its digest, and the id opens nothing.
#[tokio::test]
async fn a_cookie_leads_to_its_session() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    app.person("ben@lantern.example", "hash");
    let mut secrets: BTreeSet<String> = BTreeSet::new();
    for user in [1, 2, 1] {
        let session = start(&app, user, Kind::Page);
        let current: Option<Current> = authenticate(&app, Presented::Cookie(&session.secret));
        let expected = Current {
            user_id: user,
            session_id: session.session_id.clone(),
        };
        assert_eq!(current, Some(expected), "the cookie of user {user}");
        let stored: String = app.query(
            "SELECT cookie_digest FROM sessions WHERE id = ?1",
            [&session.session_id],
        );
        assert_eq!(
            stored,
            tokens::digest(&session.secret),
            "what the table keeps"
        );
        for nothing in [session.session_id.as_str(), stored.as_str(), ""] {
            assert_eq!(
                authenticate(&app, Presented::Cookie(nothing)),
                None,
                "the cookie {nothing:?}"
            );
        }
        secrets.insert(session.secret);
        secrets.insert(session.session_id);
    }
    assert_eq!(
        secrets.len(),
        6,
        "three cookies and three ids, all different: {secrets:?}"
    );
    let session = start(&app, 1, Kind::Page);
    app.clock.advance(MONTH - 1);
    assert!(
        authenticate(&app, Presented::Cookie(&session.secret)).is_some(),
        "in the session's last second"
    );
    app.clock.advance(1);
    assert_eq!(
        authenticate(&app, Presented::Cookie(&session.secret)),
        None,
        "a month after the sign-in"
    );
    let session = start(&app, 1, Kind::Page);
    value(
        app.cx()
            .write(|tx| tx.neighbours().sessions.end(tx, &session.session_id)),
    );
    assert_eq!(
        authenticate(&app, Presented::Cookie(&session.secret)),
        None,
        "after the session was ended"
    );
}

/// A cookie that was in the browser before the sign-in is not adopted, and the session that it leads to ends.
#[tokio::test]
async fn a_planted_cookie_is_worth_nothing() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    app.person("eve@lantern.example", "hash");
    let other = start(&app, 2, Kind::Page);
    let eves = start(&app, 2, Kind::Page);
    for planted in [eves.secret.as_str(), "a value that Eve made up"] {
        let client = Client {
            cookie: Some(planted.to_owned()),
            ..Client::local()
        };
        let cx = Cx::new(app.app.clone(), client);
        let session: Started =
            value(cx.write(|tx| tx.neighbours().sessions.start(tx, 1, Kind::Page)));
        assert_ne!(session.secret, planted, "the planted cookie becomes Ada's");
        assert_eq!(
            authenticate(&app, Presented::Cookie(planted)),
            None,
            "the planted cookie, after Ada's sign-in"
        );
        let ada =
            authenticate(&app, Presented::Cookie(&session.secret)).map(|current| current.user_id);
        assert_eq!(ada, Some(1), "Ada's own cookie");
    }
    assert!(
        authenticate(&app, Presented::Cookie(&other.secret)).is_some(),
        "Eve's other session goes on"
    );
}

/// Whatever kind of session begins: the one that the cookie leads to ends now, what had ended keeps its time, and an id
/// is no cookie.
#[tokio::test]
async fn what_a_planted_cookie_leads_to_ends_once() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    app.person("eve@lantern.example", "hash");
    for kind in [Kind::Page, Kind::Api] {
        let (planted, other) = (start(&app, 2, Kind::Page), start(&app, 2, Kind::Page));
        let sign_in = |cookie: &str| {
            let client = Client {
                cookie: Some(cookie.to_owned()),
                ..Client::local()
            };
            let cx = Cx::new(app.app.clone(), client);
            value(cx.write(|tx| tx.neighbours().sessions.start(tx, 1, kind)))
        };
        app.clock.advance(10);
        let now = app.app.now();
        for moment in ["at the sign-in", "after another one, ten seconds later"] {
            sign_in(&planted.secret);
            let ended: Option<i64> = app.query(
                "SELECT max(ended_at) FROM sessions WHERE id = ?1",
                [&planted.session_id],
            );
            assert_eq!(
                ended,
                Some(now),
                "when the session of the cookie ended, {moment} of the kind {kind:?}"
            );
            app.clock.advance(10);
        }
        sign_in(&other.session_id);
        assert!(
            authenticate(&app, Presented::Cookie(&other.secret)).is_some(),
            "a session whose public id came as a cookie goes on, with the kind {kind:?}"
        );
    }
}

/// The row of a session holds what the client is, the id of a token, and for a program no cookie.
#[tokio::test]
async fn the_row_says_who_signed_in() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    let client = Client {
        address: "2001:db8::7".parse().expect("an address"),
        user_agent: "é".repeat(200),
        cookie: None,
    };
    let cx = Cx::new(app.app.clone(), client.clone());
    for (kind, cookie) in [(Kind::Page, true), (Kind::Api, false)] {
        let session: Started = value(cx.write(|tx| tx.neighbours().sessions.start(tx, 1, kind)));
        let id = &session.session_id;
        assert_eq!(id.len(), 43, "the id is a token's text: {id:?}");
        let column = |name: &str| -> String {
            app.query(&format!("SELECT {name} FROM sessions WHERE id = ?1"), [id])
        };
        assert_eq!(column("client"), "2001:db8::7", "the address");
        assert_eq!(column("user_agent"), client.user_agent, "the user agent");
        let kept: bool = app.query(
            "SELECT cookie_digest IS NOT NULL FROM sessions WHERE id = ?1",
            [id],
        );
        assert_eq!(kept, cookie, "a digest of a cookie, for the kind {kind:?}");
    }
}

/// The cookie is for this host only, for HTTPS only, out of reach for scripts and for other sites' forms.
#[test]
fn the_cookie_has_its_attributes() {
    let mut random = support::seeded(0x1741);
    for _ in 0..10 {
        let (token, age) = (random.word(5..43), random.number(0..9_000_000));
        let line: String = session_cookie(&token, i64::try_from(age).expect("it fits"));
        let mut parts = line.split("; ");
        assert_eq!(
            parts.next(),
            Some(format!("__Host-session={token}").as_str()),
            "name and value: {line}"
        );
        let mut attributes: Vec<String> = parts.map(str::to_lowercase).collect();
        attributes.sort_unstable();
        let max_age = format!("max-age={age}");
        assert_eq!(
            attributes,
            ["httponly", &max_age, "path=/", "samesite=lax", "secure"],
            "attributes: {line}"
        );
    }
}

/// The list shows one's own live sessions, the newest first, and which of them asks.
#[tokio::test]
async fn the_list_shows_ones_own_sessions() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    app.person("ben@lantern.example", "hash");
    let first = start(&app, 1, Kind::Page);
    start(&app, 2, Kind::Api);
    app.clock.advance(1);
    let ended = start(&app, 1, Kind::Page);
    value(
        app.cx()
            .write(|tx| tx.neighbours().sessions.end(tx, &ended.session_id)),
    );
    let current = start(&app, 1, Kind::Api);
    let answer: Answer = answer(app.server.get("/api/sessions").bearer_auth(&current.secret)).await;
    assert_eq!(answer.status, 200, "the list: {:?}", answer.body);
    let mut devices = answer.body.clone();
    for (device, id) in [(0, &current.session_id), (1, &first.session_id)] {
        assert_eq!(
            devices[device]["id"],
            json!(id),
            "session {device} of {devices}"
        );
        devices[device]["id"] = json!("[its id]");
    }
    insta::assert_json_snapshot!(devices, @r#"
    [
      {
        "client": "127.0.0.1",
        "created_at": "2017-07-14T02:40:01Z",
        "current": true,
        "expires_at": "2017-08-13T02:40:01Z",
        "id": "[its id]",
        "kind": "api",
        "user_agent": "test"
      },
      {
        "client": "127.0.0.1",
        "created_at": "2017-07-14T02:40:00Z",
        "current": false,
        "expires_at": "2017-08-13T02:40:00Z",
        "id": "[its id]",
        "kind": "page",
        "user_agent": "test"
      }
    ]
    "#);
}

/// One can end one's own live sessions, once; somebody else's are not even there.
#[tokio::test]
async fn one_ends_ones_own_sessions_only() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    app.person("ben@lantern.example", "hash");
    let (mine, phone, bens) = (
        start(&app, 1, Kind::Api),
        start(&app, 1, Kind::Page),
        start(&app, 2, Kind::Api),
    );
    let end = async |id: &str| -> u16 {
        let path = format!("/api/sessions/{id}");
        answer(app.server.delete(&path).bearer_auth(&mine.secret))
            .await
            .status
    };
    assert_eq!(
        end(&bens.session_id).await,
        StatusCode::NOT_FOUND,
        "Ada ends Ben's session"
    );
    assert_eq!(
        me(&app, &bens.secret).await.status,
        200,
        "Ben is still signed in"
    );
    assert_eq!(
        end("none").await,
        StatusCode::NOT_FOUND,
        "a session that is none"
    );
    assert_eq!(
        end(&phone.session_id).await,
        StatusCode::NO_CONTENT,
        "Ada ends her phone's session"
    );
    assert_eq!(
        authenticate(&app, Presented::Cookie(&phone.secret)),
        None,
        "the phone's cookie"
    );
    assert_eq!(
        end(&phone.session_id).await,
        StatusCode::NOT_FOUND,
        "the same once more"
    );
    assert_eq!(
        me(&app, &mine.secret).await.status,
        200,
        "Ada's own request goes on"
    );
    assert_eq!(app.journal.take(), ["record session.ended 1"], "the trail");
    let logout = answer(app.server.post("/api/logout").bearer_auth(&mine.secret)).await;
    assert_eq!(logout.status, 204, "the logout: {:?}", logout.body);
    assert_eq!(me(&app, &mine.secret).await.status, 401, "after the logout");
}

/// An id is compared as it is, and only a live session can be ended: an expired one is not there any more.
#[tokio::test]
async fn an_id_means_one_live_session() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    let old = start(&app, 1, Kind::Page);
    app.clock.advance(1);
    let (mine, phone) = (start(&app, 1, Kind::Api), start(&app, 1, Kind::Page));
    let swapped: String = phone
        .session_id
        .chars()
        .map(|c| match c {
            'a'..='z' => c.to_ascii_uppercase(),
            _ => c.to_ascii_lowercase(),
        })
        .collect();
    let others = [
        "%25".to_owned(),
        "_".repeat(43),
        swapped,
        format!("{}%20", phone.session_id),
        tokens::digest(&phone.secret),
    ];
    for id in others {
        let path = format!("/api/sessions/{id}");
        let answer = answer(app.server.delete(&path).bearer_auth(&mine.secret)).await;
        assert_eq!(answer.status, 404, "the id {id:?}: {:?}", answer.body);
    }
    assert!(
        authenticate(&app, Presented::Cookie(&phone.secret)).is_some(),
        "the phone's session goes on"
    );
    app.clock.advance(MONTH - 1);
    let token: String = value(app.cx().read(|tx| {
        tx.neighbours()
            .sessions
            .access_token(tx, 1, &mine.session_id)
    }));
    let path = format!("/api/sessions/{}", old.session_id);
    let answer = answer(app.server.delete(&path).bearer_auth(&token)).await;
    assert_eq!(
        answer.status, 404,
        "a session in the first second after its end: {:?}",
        answer.body
    );
    assert!(app.journal.take().is_empty(), "the trail: nothing ended");
}

/// Of twenty requests that end one session at the same time, one does, and the trail says it once.
#[tokio::test]
async fn a_session_ends_once() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    let (mine, phone) = (start(&app, 1, Kind::Api), start(&app, 1, Kind::Page));
    let path = format!("/api/sessions/{}", phone.session_id);
    let end = || app.server.delete(&path).bearer_auth(&mine.secret);
    let answers: Vec<Answer> = app.at_once(20, end).await;
    assert_eq!(
        (count(&answers, 204), count(&answers, 404)),
        (1, 19),
        "answers with 204 and with 404"
    );
    assert_eq!(app.journal.take(), ["record session.ended 1"], "the trail");
}

/// Ending all sessions of a person ends them all, and nobody else's; what had ended keeps its time.
#[tokio::test]
async fn all_sessions_of_a_person_end_together() {
    let app = app().await;
    app.person("ada@lantern.example", "hash");
    app.person("ben@lantern.example", "hash");
    let (api, page, bens) = (
        start(&app, 1, Kind::Api),
        start(&app, 1, Kind::Page),
        start(&app, 2, Kind::Api),
    );
    let earlier = start(&app, 1, Kind::Page);
    value(
        app.cx()
            .write(|tx| tx.neighbours().sessions.end(tx, &earlier.session_id)),
    );
    app.execute(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1200)
         INSERT INTO sessions (id, user_id, kind, client, user_agent, created_at, expires_at)
         SELECT 'many' || n, 1, 'api', '', '', ?1, ?1 + 10000 FROM numbers",
        [START],
    );
    app.clock.advance(10);
    value(
        app.cx()
            .write(|tx| tx.neighbours().sessions.end(tx, &earlier.session_id)),
    );
    value(app.cx().write(|tx| tx.neighbours().sessions.end_all(tx, 1)));
    let left: i64 = app.query(
        "SELECT count(*) FROM sessions WHERE user_id = 1 AND ended_at IS NULL",
        [],
    );
    assert_eq!(left, 0, "live sessions of 1,203, when all are ended");
    assert_eq!(
        me(&app, &api.secret).await.status,
        401,
        "Ada's access token"
    );
    assert_eq!(
        authenticate(&app, Presented::Cookie(&page.secret)),
        None,
        "Ada's cookie"
    );
    assert_eq!(
        me(&app, &bens.secret).await.status,
        200,
        "Ben's access token"
    );
    let ended: i64 = app.query(
        "SELECT ended_at FROM sessions WHERE id = ?1",
        [&earlier.session_id],
    );
    assert_eq!(
        ended, START,
        "when the session that had ended before did end"
    );
}

/// Lifetimes, issuer and audience are the operator's to say: another operator's tokens are made and judged by his settings.
#[tokio::test]
async fn the_operator_sets_lifetimes_and_names() {
    let mut random = support::seeded(0x1731);
    for _ in 0..3 {
        let mut seconds = |range| i64::try_from(random.number(range)).expect("it fits");
        let (access, session) = (seconds(20..500), seconds(1_000..9_000));
        let config = Config {
            access_lifetime: access,
            session_lifetime: session,
            issuer: "https://another.example".to_owned(),
            audience: "another-api".to_owned(),
            ..Config::for_tests()
        };
        let app = spawn_with(config, routes(), |neighbours, _| {
            neighbours.sessions = Arc::new(Book)
        })
        .await;
        let ada = app.person("ada@lantern.example", "hash");
        let page = start(&app, ada, Kind::Page);
        let api = start(&app, ada, Kind::Api);
        let foreign = signed(HEADER, &claims(&api).to_string(), NEW_KEY);
        assert_eq!(
            me(&app, &foreign).await.status,
            401,
            "a token for the issuer and the audience of the defaults"
        );
        let middle = api.secret.split('.').nth(1).unwrap_or_default();
        let said = BASE64URL_NOPAD
            .decode(middle.as_bytes())
            .expect("base64url");
        let said: Value = serde_json::from_slice(&said).expect("claims");
        assert_eq!(
            (&said["iss"], &said["aud"]),
            (&json!("https://another.example"), &json!("another-api")),
            "who made the token, and for whom: {said}"
        );
        app.clock.advance(access - 1);
        assert_eq!(
            me(&app, &api.secret).await.status,
            200,
            "the access token, in the last of its {access} seconds"
        );
        app.clock.advance(1);
        assert_eq!(
            me(&app, &api.secret).await.status,
            401,
            "the access token, after {access} seconds"
        );
        app.clock.advance(session - access - 1);
        let cookie = || authenticate(&app, Presented::Cookie(&page.secret));
        assert!(
            cookie().is_some(),
            "the session, in the last of its {session} seconds"
        );
        app.clock.advance(1);
        assert_eq!(cookie(), None, "the session, after {session} seconds");
    }
}
