use std::sync::Arc;

use api_service::given::app::Cx;
use api_service::given::config::Config;
use api_service::given::neighbours::{Neighbours, Passwords, Tokens};
use api_service::given::problem::Problem;
use api_service::login::{Jwt, routes};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};
use support::seeded;

use super::helpers::{
    Answer, KEY, START, TestApp, requests, spawn, spawn_whole, spawn_with, value,
};

async fn alone() -> TestApp {
    spawn(routes(), |_, _| {}).await
}

/// A user whose stored string the hasher made of `password`.
fn user(app: &TestApp, name: &str, password: &str) -> i64 {
    let id = app.user(name);
    let hasher = &app.app.neighbours().hasher;
    let stored: String = value(hasher.hash(password, app.app.config().argon2));
    app.execute(
        "UPDATE users SET password_hash = ?2 WHERE id = ?1",
        (id, stored),
    );
    id
}

async fn login(app: &TestApp, email: &str, password: &str) -> Answer {
    let body = json!({"user": {"email": email, "password": password}});
    app.post(None, "/api/users/login", body).await
}

/// How often Argon2 has run: in the hasher itself, and by the stand-in for `passwords`.
fn work(app: &TestApp) -> (u64, Vec<String>) {
    (app.app.neighbours().hasher.runs(), app.asked())
}

/// The right password brings the user's own entry, with a token.
#[tokio::test]
async fn the_right_password_opens() {
    let app = alone().await;
    user(&app, "ada", "correct horse");
    user(&app, "bob", "battery staple");
    let answer = login(&app, "bob@lantern.example", "battery staple").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "user": {
        "bio": "about bob",
        "email": "bob@lantern.example",
        "image": "https://lantern.example/bob.png",
        "token": "token-of-2",
        "username": "bob"
      }
    }
    "#);
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, ["user 2"], "the neighbours");
}

/// A wrong password and an unknown address get the same answer, byte for byte.
#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_alike() {
    let app = alone().await;
    user(&app, "ada", "correct horse");
    let wrong = login(&app, "ada@lantern.example", "battery staple").await;
    let unknown = login(&app, "eve@lantern.example", "battery staple").await;
    assert_eq!(wrong.status, 401, "{}", wrong.text);
    let expected: Value = json!({"errors": {"credentials": ["invalid"]}});
    assert_eq!(wrong.body, expected);
    assert_eq!(unknown, wrong);
}

/// Argon2 runs once for the right password, once for a wrong one, and once for an unknown address: time tells nothing.
#[tokio::test]
async fn every_login_costs_one_run() {
    let app = alone().await;
    user(&app, "ada", "correct horse");
    let before: u64 = work(&app).0;
    login(&app, "ada@lantern.example", "correct horse").await;
    assert_eq!(
        work(&app),
        (before + 1, vec!["user 1".to_owned()]),
        "the right one"
    );
    login(&app, "ada@lantern.example", "wrong horse").await;
    assert_eq!(work(&app), (before + 2, vec![]), "a wrong one");
    login(&app, "eve@lantern.example", "correct horse").await;
    assert_eq!(
        work(&app),
        (before + 2, vec!["hash".to_owned()]),
        "an unknown address"
    );
    login(&app, "eve@lantern.example", "x").await;
    assert_eq!(
        work(&app),
        (before + 2, vec!["hash".to_owned()]),
        "an unknown address, and a short password"
    );
}

/// What is hashed for an unknown address is the password that came: a long one takes longer.
#[tokio::test]
async fn for_an_unknown_address_the_password_is_hashed() {
    struct Listening(std::sync::Mutex<Vec<String>>);
    impl Passwords for Listening {
        fn hash(&self, password: &str) -> Result<String, Problem> {
            let mut heard = self.0.lock().expect("nobody panics with it");
            heard.push(password.to_owned());
            Ok(String::new())
        }
    }
    let listening = Arc::new(Listening(Default::default()));
    let heard = Arc::clone(&listening);
    let app = spawn(routes(), |neighbours: &mut Neighbours, _: &Config| {
        neighbours.passwords = heard;
    })
    .await;
    login(&app, "eve@lantern.example", " the Password ").await;
    let heard: Vec<String> = listening.0.lock().expect("nobody panics with it").clone();
    assert_eq!(heard, [" the Password "]);
}

/// No transaction is open while Argon2 runs: a reader of an old state would keep the log of the database growing.
#[tokio::test]
async fn argon2_runs_outside_of_every_transaction() {
    /// Writes a row and then empties the log, which somebody who reads an older state prevents.
    struct Emptying(std::sync::Mutex<Vec<i64>>, std::sync::OnceLock<TestApp>);
    impl Passwords for Emptying {
        fn hash(&self, _: &str) -> Result<String, Problem> {
            let app = self.1.get().expect("it is put in before the request");
            app.user("written meanwhile");
            let file: String = app.query("SELECT file FROM pragma_database_list LIMIT 1", []);
            let connection = Connection::open(file)?;
            let busy =
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            self.0.lock().expect("nobody panics with it").push(busy);
            Ok(String::new())
        }
    }
    let emptying = Arc::new(Emptying(Default::default(), std::sync::OnceLock::new()));
    let own = Arc::clone(&emptying);
    let app = spawn(routes(), |neighbours: &mut Neighbours, _: &Config| {
        neighbours.passwords = own;
    })
    .await;
    let url = app.server.post("/api/users/login");
    assert!(emptying.1.set(app).is_ok(), "it is put in once");
    let body = json!({"user": {"email": "eve@lantern.example", "password": "correct horse"}});
    let answer = super::helpers::answer(url.json(&body)).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    let busy: Vec<i64> = emptying.0.lock().expect("nobody panics with it").clone();
    assert_eq!(busy, [0], "1 for a transaction that was open");
}

/// Capitals from A to Z make no difference in an address, and nothing else is overlooked.
#[tokio::test]
async fn addresses_are_compared_without_capitals() {
    let app = alone().await;
    user(&app, "ada", "correct horse");
    app.execute("UPDATE users SET email = 'Ada.É@Lantern.example'", []);
    for email in [
        "Ada.É@Lantern.example",
        "ada.É@lantern.EXAMPLE",
        "ADA.É@LANTERN.EXAMPLE",
    ] {
        let answer = login(&app, email, "correct horse").await;
        assert_eq!(answer.status, 200, "{email}: {}", answer.text);
        let shown: Value = answer.body["user"]["email"].clone();
        assert_eq!(
            shown,
            json!("Ada.É@Lantern.example"),
            "the address as it was given"
        );
    }
    for email in [
        "ada.é@lantern.example",
        " Ada.É@Lantern.example",
        "Ada.É@Lantern.example ",
        "Ada_É@Lantern.example",
        "Ada.É@Lantern.exampl",
        "%",
        "ada",
        "' OR 1=1 --",
    ] {
        let answer = login(&app, email, "correct horse").await;
        assert_eq!(answer.status, 401, "{email}: {}", answer.text);
    }
}

/// In a password everything counts: capitals, white space, the last character of a long one.
#[tokio::test]
async fn passwords_are_compared_whole() {
    let app = alone().await;
    let long = "x".repeat(199);
    for (number, (password, others)) in [
        (
            " Correct Horse ",
            vec![
                "Correct Horse",
                " Correct Horse",
                " correct horse ",
                " Correct Horse\u{0}",
            ],
        ),
        (long.as_str(), vec![&long[1..], &long[..72]]),
        ("Größe😀12", vec!["Größe😀1", "GRÖSSE😀12", "GrÖße😀12"]),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("u{number}");
        user(&app, &name, password);
        let email = format!("{name}@lantern.example");
        let answer = login(&app, &email, password).await;
        assert_eq!(answer.status, 200, "{password:?}: {}", answer.text);
        for other in others {
            let answer = login(&app, &email, other).await;
            assert_eq!(answer.status, 401, "{other:?}: {}", answer.text);
        }
    }
}

/// An address and a password that are absent, null or empty can't be blank, of another type they are invalid; one answer names
/// both, and nothing is compared or hashed.
#[tokio::test]
async fn fields_that_are_missing_are_named() {
    let app = alone().await;
    user(&app, "ada", "correct horse");
    let before = work(&app).0;
    let (blank, invalid) = (["can't be blank"], ["is invalid"]);
    for (credentials, errors) in [
        (json!({}), json!({"email": blank, "password": blank})),
        (
            json!({"email": "", "password": ""}),
            json!({"email": blank, "password": blank}),
        ),
        (
            json!({"email": null, "password": null}),
            json!({"email": blank, "password": blank}),
        ),
        (
            json!({"email": "ada@lantern.example"}),
            json!({"password": blank}),
        ),
        (
            json!({"email": "ada@lantern.example", "password": ""}),
            json!({"password": blank}),
        ),
        (
            json!({"email": "ada@lantern.example", "password": null}),
            json!({"password": blank}),
        ),
        (
            json!({"email": "", "password": "correct horse"}),
            json!({"email": blank}),
        ),
        (
            json!({"email": null, "password": "correct horse"}),
            json!({"email": blank}),
        ),
        (
            json!({"password": "correct horse"}),
            json!({"email": blank}),
        ),
        (
            json!({"email": 1, "password": []}),
            json!({"email": invalid, "password": invalid}),
        ),
        (
            json!({"email": {"a": 1}, "password": null}),
            json!({"email": invalid, "password": blank}),
        ),
        (
            json!({"email": "", "password": true}),
            json!({"email": blank, "password": invalid}),
        ),
    ] {
        let case = credentials.to_string();
        let answer = app
            .post(None, "/api/users/login", json!({"user": credentials}))
            .await;
        assert_eq!(answer.status, 422, "{case}: {}", answer.text);
        let expected: Value = json!({"errors": errors});
        assert_eq!(answer.body, expected, "{case}");
    }
    assert_eq!(
        work(&app),
        (before, vec![]),
        "what Argon2 and the neighbours did"
    );
}

/// White space only, and a short password, are just wrong.
#[tokio::test]
async fn white_space_and_short_passwords_are_just_wrong() {
    let app = alone().await;
    user(&app, "ada", "correct horse");
    for (email, password) in [
        ("  ", "correct horse"),
        ("ada@lantern.example", "x"),
        ("ada@lantern.example", " "),
        ("\t", "\n"),
    ] {
        let answer = login(&app, email, password).await;
        assert_eq!(
            answer.status, 401,
            "{email:?} {password:?}: {}",
            answer.text
        );
    }
    let short = user(&app, "bob", "  ");
    app.execute("UPDATE users SET email = ' ' WHERE id = ?1", [short]);
    let answer = login(&app, " ", "  ").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// A stored string that cannot be read, and a database that does not answer, are failures and no wrong password.
#[tokio::test]
async fn failures_are_no_wrong_passwords() {
    let app = alone().await;
    let ada = user(&app, "ada", "correct horse");
    for stored in [
        "",
        "correct horse",
        "$argon2id$v=19$m=16,t=1,p=1$c29tZXNhbHQ",
    ] {
        app.execute(
            "UPDATE users SET password_hash = ?2 WHERE id = ?1",
            (ada, stored),
        );
        let answer = login(&app, "ada@lantern.example", "correct horse").await;
        assert_eq!(answer.status, 500, "{stored:?}: {}", answer.text);
    }
    app.execute("ALTER TABLE users RENAME COLUMN email TO address", []);
    let answer = login(&app, "ada@lantern.example", "correct horse").await;
    assert_eq!(answer.status, 500, "{}", answer.text);
}

/// A login writes nothing, whatever its answer is.
#[tokio::test]
async fn a_login_writes_nothing() {
    let app = alone().await;
    user(&app, "ada", "correct horse");
    let before = app.contents();
    for (email, password, status) in [
        ("ada@lantern.example", "correct horse", 200),
        ("ADA@lantern.example", "wrong horse", 401),
        ("eve@lantern.example", "correct horse", 401),
    ] {
        let answer = login(&app, email, password).await;
        assert_eq!(answer.status, status, "{email}: {}", answer.text);
        assert_eq!(app.contents(), before, "{email} {password}");
    }
}

/// A login waits for nobody who writes.
#[tokio::test]
async fn a_login_waits_for_no_writer() {
    let app = alone().await;
    user(&app, "ada", "correct horse");
    for (email, status) in [("ada@lantern.example", 200), ("eve@lantern.example", 401)] {
        let body = json!({"user": {"email": email, "password": "correct horse"}});
        let request = app.server.post("/api/users/login").json(&body);
        let (answer, waited) = app.beside_a_writer(request).await;
        assert_eq!(answer.status, status, "{email}: {}", answer.text);
        assert!(!waited, "{email}: it waited for a turn to write");
    }
}

// Tokens, made and taken apart without the library that makes them.

fn encoded(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

fn signed(header: &Value, claims: &Value, key: &[u8]) -> String {
    let text = format!("{}.{}", encoded(header), encoded(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    mac.update(text.as_bytes());
    let signature = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
    format!("{text}.{signature}")
}

fn parts(token: &str) -> Vec<Value> {
    let (head, _) = token.rsplit_once('.').expect("a signature");
    head.split('.')
        .map(|part| {
            let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
            serde_json::from_slice(&bytes).expect("JSON")
        })
        .collect()
}

fn header() -> Value {
    json!({"typ": "JWT", "alg": "HS256"})
}

/// What a token says that was made at `START` and ends an hour later.
fn claims(sub: &str) -> Value {
    json!({"sub": sub, "iat": START / 1000, "exp": START / 1000 + 3600})
}

async fn with_lifetime(seconds: i64) -> TestApp {
    let config = Config {
        token_lifetime: seconds,
        ..Config::for_tests()
    };
    spawn_with(config, routes(), |_, _| {}).await
}

/// A token names its algorithm, its user, and its first and last second, and the key has signed that.
#[tokio::test]
async fn a_token_says_whose_it_is_and_until_when() {
    let mut seeds = seeded(0x16_03);
    for lifetime in [1, 3600, 30 * 24 * 3600] {
        let app = with_lifetime(lifetime).await;
        for id in [1, 7, i64::MAX, i64::from(seeds.bits() as u32)] {
            let millis = i64::try_from(seeds.number(1..100_000)).expect("a small number");
            app.clock.advance(millis);
            let now: i64 = app.app.now() / 1000;
            let token: String = value(Jwt.issue(&app.cx(), id));
            let expected: Vec<Value> = vec![
                header(),
                json!({"sub": id.to_string(), "iat": now, "exp": now + lifetime}),
            ];
            assert_eq!(parts(&token), expected, "{token}");
            let (head, signature) = token.rsplit_once('.').expect("a signature");
            let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).expect("any length will do");
            mac.update(head.as_bytes());
            let by_key: String = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
            assert_eq!(signature, by_key, "the signature by the program's key");
            assert_eq!(Jwt.authenticate(&app.cx(), &token), Some(id));
        }
    }
}

/// A part of a second is cut off.
#[tokio::test]
async fn parts_of_seconds_are_cut_off() {
    let app = with_lifetime(3600).await;
    app.clock.advance(999);
    let token: String = value(Jwt.issue(&app.cx(), 7));
    assert_eq!(parts(&token)[1], claims("7"));
}

/// A token is accepted until the last millisecond before its `exp`, and refused from then on, by the program's clock alone.
#[tokio::test]
async fn a_token_ends_with_its_last_second() {
    let app = with_lifetime(3600).await;
    let token: String = value(Jwt.issue(&app.cx(), 7));
    let mut at = 0;
    for (millis, accepted) in [
        (0, true),
        (1, true),
        (3_599_000, true),
        (3_599_999, true),
        (3_600_000, false),
        (3_600_001, false),
        (3_600_999, false),
        (3_660_001, false),
        (400_000_000_000, false),
        // A clock that was put back: the token has not ended.
        (-1, true),
        (-1_000_000_000_000, true),
    ] {
        app.clock.advance(millis - at);
        at = millis;
        let answer: Option<i64> = Jwt.authenticate(&app.cx(), &token);
        assert_eq!(
            answer,
            accepted.then_some(7),
            "{millis} ms after it was made"
        );
    }
}

/// What another key has signed is worth nothing, nor what was changed after it was signed.
#[tokio::test]
async fn forged_tokens_are_refused() {
    let app = with_lifetime(3600).await;
    let cx: Cx = app.cx();
    let good = signed(&header(), &claims("7"), &KEY);
    assert_eq!(
        Jwt.authenticate(&cx, &good),
        Some(7),
        "the test's own way to sign"
    );
    let parts: Vec<&str> = good.split('.').collect();
    let [head, said, signature] = parts[..] else {
        panic!("three parts: {good}");
    };
    let other = encoded(&claims("8"));
    let first = if signature.starts_with('A') { "B" } else { "A" };
    for (case, token) in [
        (
            "another key",
            signed(
                &header(),
                &claims("7"),
                b"another key of 32 bytes, not ours",
            ),
        ),
        ("an empty key", signed(&header(), &claims("7"), b"")),
        (
            "the key with one byte more",
            signed(&header(), &claims("7"), &[&KEY[..], b"x"].concat()),
        ),
        (
            "the key in hexadecimal",
            signed(
                &header(),
                &claims("7"),
                data_encoding::HEXLOWER.encode(&KEY).as_bytes(),
            ),
        ),
        ("other claims", format!("{head}.{other}.{signature}")),
        ("no signature", format!("{head}.{said}.")),
        ("two parts", format!("{head}.{said}")),
        ("four parts", format!("{good}.{signature}")),
        (
            "half a signature",
            format!("{head}.{said}.{}", &signature[..signature.len() / 2]),
        ),
        (
            "another signature",
            format!("{head}.{said}.{first}{}", &signature[1..]),
        ),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("a word", "user-7".to_owned()),
        ("white space before it", format!(" {good}")),
        ("white space behind it", format!("{good} ")),
        ("emoji", "😀.😀.😀".to_owned()),
    ] {
        let answer: Option<i64> = Jwt.authenticate(&cx, &token);
        assert_eq!(answer, None, "{case}: {token}");
    }
}

/// A token does not choose how it is checked: whatever algorithm its header names but HS256, it is refused.
#[tokio::test]
async fn other_algorithms_are_refused() {
    let app = with_lifetime(3600).await;
    let cx: Cx = app.cx();
    for algorithm in [
        "none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA",
        "hs256",
    ] {
        let head = json!({"typ": "JWT", "alg": algorithm});
        let text = format!("{}.{}", encoded(&head), encoded(&claims("7")));
        let mut by_384 = Hmac::<Sha384>::new_from_slice(&KEY).expect("any length will do");
        by_384.update(text.as_bytes());
        let mut by_512 = Hmac::<Sha512>::new_from_slice(&KEY).expect("any length will do");
        by_512.update(text.as_bytes());
        for token in [
            format!("{text}."),
            text.clone(),
            signed(&head, &claims("7"), &KEY),
            format!(
                "{text}.{}",
                BASE64URL_NOPAD.encode(&by_384.finalize().into_bytes())
            ),
            format!(
                "{text}.{}",
                BASE64URL_NOPAD.encode(&by_512.finalize().into_bytes())
            ),
        ] {
            let answer: Option<i64> = Jwt.authenticate(&cx, &token);
            assert_eq!(answer, None, "{algorithm:?}: {token}");
        }
    }
    let head = json!({"typ": "JWT"});
    let answer: Option<i64> = Jwt.authenticate(&cx, &signed(&head, &claims("7"), &KEY));
    assert_eq!(answer, None, "no algorithm");
}

/// A token has to say whose it is and until when, and a token of ours always does: one that does not is not ours.
#[tokio::test]
async fn every_claim_has_to_be_there() {
    let app = with_lifetime(3600).await;
    let cx: Cx = app.cx();
    for claim in ["sub", "iat", "exp"] {
        let mut less = claims("7");
        less.as_object_mut().expect("an object").remove(claim);
        let token = signed(&header(), &less, &KEY);
        assert_eq!(Jwt.authenticate(&cx, &token), None, "without {claim}");
        for wrong in [json!(null), json!([]), json!(true)] {
            let mut other = claims("7");
            other[claim] = wrong.clone();
            let token = signed(&header(), &other, &KEY);
            assert_eq!(Jwt.authenticate(&cx, &token), None, "{claim}: {wrong}");
        }
    }
    for sub in ["", "ada", "7x", "7.0", "99999999999999999999"] {
        let token = signed(&header(), &claims(sub), &KEY);
        assert_eq!(Jwt.authenticate(&cx, &token), None, "sub: {sub:?}");
    }
}

/// The whole program: two logins, and neither passwords nor tokens in the log.
#[tokio::test]
async fn a_login_in_the_whole_program() {
    let (app, log) = spawn_whole(|neighbours: &mut Neighbours, _: &Config| {
        neighbours.tokens = Arc::new(Jwt);
    })
    .await;
    let ada = user(&app, "ada", "correct horse");
    for (password, status) in [("correct horse", 200), ("battery staple", 401)] {
        let answer = login(&app, "ada@lantern.example", password).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let tokens = &app.app.neighbours().tokens;
    let token: String = value(tokens.issue(&app.cx(), ada));
    assert_eq!(tokens.authenticate(&app.cx(), &token), Some(ada));
    let asked: Vec<String> = requests(
        &log,
        &[
            "correct horse",
            "battery staple",
            "token-of",
            "$argon2",
            &token,
        ],
    );
    assert_eq!(
        asked,
        ["POST /api/users/login 200", "POST /api/users/login 401"]
    );
}
