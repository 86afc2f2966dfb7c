use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue};
use frameworks::auth_workflow::{
    Accounts, AuthError, Customer, Randomness, SystemRandomness, new_session_id, router, session_id,
};
use reqwest::Response;
use serde_json::{Value, json};
use support::server::{Server, spawn};

use support::http;

/// Accounts of the test: email, name, password.
struct Known(Vec<(String, String, String)>);

impl Accounts for Known {
    fn verify(&self, email: &str, password: &str) -> Option<Customer> {
        let (email, name, _) = self
            .0
            .iter()
            .find(|(known, _, right)| known == email && right == password)?;
        Some(Customer {
            email: email.clone(),
            name: name.clone(),
        })
    }
}

/// Random bytes that the test knows: it remembers what was drawn, and it can run dry.
struct KnownBytes {
    values: Mutex<support::Seeded>,
    drawn: Mutex<Vec<u8>>,
    is_dry: AtomicBool,
}

impl KnownBytes {
    fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            values: Mutex::new(support::seeded(seed)),
            drawn: Mutex::default(),
            is_dry: AtomicBool::new(false),
        })
    }

    /// What was drawn since the last call, in digits `0`–`9`, `a`–`f`.
    fn digits(&self) -> String {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = std::mem::take(&mut *drawn);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Randomness for KnownBytes {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), AuthError> {
        if self.is_dry.load(Ordering::SeqCst) {
            return Err(AuthError::NoRandomness);
        }
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            *byte = u8::try_from(values.number(0..256)).unwrap_or_default();
            drawn.push(*byte);
        }
        Ok(())
    }
}

async fn service(seed: u64) -> (Server, Known) {
    service_with(seed, Arc::new(SystemRandomness)).await
}

async fn service_with(seed: u64, randomness: Arc<dyn Randomness>) -> (Server, Known) {
    let mut values = support::seeded(seed);
    let accounts = (0..3).map(|number| {
        let name = values.word(3..9);
        let email = format!("{name}{number}@lantern.example");
        (email, name, values.word(12..20))
    });
    let known: Vec<(String, String, String)> = accounts.collect();
    let server = spawn(router(Arc::new(Known(known.clone())), randomness)).await;
    (server, Known(known))
}

async fn try_login(server: &Server, email: &str, password: &str, cookie: &str) -> Response {
    let body = json!({ "email": email, "password": password });
    let request = server.post("/login").header("cookie", cookie).json(&body);
    http::answer(request).await
}

/// Logs in and returns the session id.
async fn login(server: &Server, account: &(String, String, String)) -> String {
    let response = try_login(server, &account.0, &account.2, "").await;
    assert_eq!(
        http::status(&response),
        204,
        "POST /login with the right password"
    );
    let id = cookie_of(&response).0;
    assert_eq!(
        id.len(),
        64,
        "a session id has 64 digits, this one is {id:?}"
    );
    id
}

/// The value of the answer's session cookie, and its attributes by lower-case name.
fn cookie_of(response: &Response) -> (String, BTreeMap<String, String>) {
    let line = http::header(response, "set-cookie").expect("the answer has a Set-Cookie");
    let mut parts = line.split(';').map(str::trim);
    let first = parts.next().unwrap_or_default();
    let value = first
        .strip_prefix("lantern_session=")
        .unwrap_or_else(|| panic!("the cookie is not called lantern_session: {line}"));
    let attributes = parts.map(|part| match part.split_once('=') {
        Some((name, value)) => (name.to_lowercase(), value.to_lowercase()),
        None => (part.to_lowercase(), String::new()),
    });
    (value.to_owned(), attributes.collect())
}

async fn account(server: &Server, cookie: &str) -> Response {
    http::answer(server.get("/account").header("cookie", cookie)).await
}

async fn account_status(server: &Server, id: &str) -> u16 {
    http::status(&account(server, &format!("lantern_session={id}")).await)
}

/// The right password is answered with a cookie that scripts cannot read, that stays on this site and on TLS, for a day.
#[tokio::test]
async fn a_login_sets_a_guarded_cookie() {
    let (server, Known(known)) = service(0x0871).await;
    for (email, _, password) in &known {
        let response = try_login(&server, email, password, "").await;
        assert_eq!(http::status(&response), 204, "POST /login as {email}");
        let (id, attributes) = cookie_of(&response);
        let is_hex = id
            .bytes()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        assert!(is_hex && id.len() == 64, "64 digits 0-9, a-f: {id:?}");
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(attributes, @r#"
            {
              "httponly": "",
              "max-age": "86400",
              "path": "/",
              "samesite": "lax",
              "secure": ""
            }
            "#);
        }
    }
}

/// With the cookie the guarded page knows its customer, and each customer sees their own.
#[tokio::test]
async fn the_cookie_opens_the_account() {
    let (server, Known(known)) = service(0x0872).await;
    let mut sessions = Vec::new();
    for account in &known {
        sessions.push(login(&server, account).await);
    }
    for ((email, name, _), id) in known.iter().zip(&sessions) {
        let response = account(&server, &format!("lantern_session={id}")).await;
        assert_eq!(http::status(&response), 200, "GET /account as {email}");
        let body: Value = http::json(response).await;
        assert_eq!(
            body,
            json!({ "email": email, "name": name }),
            "GET /account as {email}"
        );
    }
}

/// Without a session that the service began itself, the guarded page is closed: 401.
#[tokio::test]
async fn nobody_gets_in_without_a_session() {
    let (server, Known(known)) = service(0x0873).await;
    let id = login(&server, &known[0]).await;
    let response = http::answer(server.get("/account")).await;
    assert_eq!(
        http::status(&response),
        401,
        "GET /account without a cookie"
    );
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "error": "log in first"
    }
    "#);
    let other_digit = if id.starts_with('0') { "1" } else { "0" };
    for cookie in [
        "lantern_session=",
        "lantern_session",
        &format!("lantern_session={}", "0".repeat(64)),
        &format!("lantern_session={other_digit}{}", &id[1..]),
        &format!("lantern_session={}", &id[..63]),
        &format!("lantern_session={id}0"),
        &format!("session={id}"),
        &format!("old_lantern_session={id}"),
        &format!("lantern_session_2={id}"),
        &format!("Lantern_Session={id}"),
        &format!("lantern_session={}", known[0].0),
    ] {
        let response = account(&server, cookie).await;
        assert_eq!(http::status(&response), 401, "GET /account with {cookie}");
    }
}

/// The session cookie is found among others, by its whole name, wherever it stands.
#[tokio::test]
async fn the_session_is_found_among_other_cookies() {
    let mut values = support::seeded(0x0874);
    for _ in 0..30 {
        let id = values.word(1..30);
        let decoys = [
            "theme=dark",
            "cart=a=b",
            "old_lantern_session=decoy",
            "lantern_sessions=decoy",
            "LANTERN_SESSION=decoy",
            "note=lantern_session",
            "flag",
        ];
        let mut cookies: Vec<String> = decoys.iter().map(ToString::to_string).collect();
        cookies.truncate(values.size(0..8));
        cookies.push(format!("lantern_session={id}"));
        values.shuffle(&mut cookies);
        let header = cookies.join(*values.pick(&["; ", ";"]));
        let mut headers = HeaderMap::new();
        headers.insert(
            "cookie",
            HeaderValue::from_str(&header).expect("plain text"),
        );
        let found: Option<&str> = session_id(&headers);
        assert_eq!(found, Some(id.as_str()), "Cookie: {header}");
    }
    let mut headers = HeaderMap::new();
    assert_eq!(session_id(&headers), None, "no Cookie header");
    let latin = HeaderValue::from_bytes(b"lantern_session=\xe9").expect("bytes of a header");
    headers.insert("cookie", latin);
    assert_eq!(
        session_id(&headers),
        None,
        "a Cookie header that is no text"
    );
}

/// A wrong password and an unknown email get the same answer, to the letter, and no cookie.
#[tokio::test]
async fn a_failed_login_does_not_tell_what_was_wrong() {
    let (server, Known(known)) = service(0x0875).await;
    let (email, _, password) = &known[0];
    let mut answers = BTreeSet::new();
    for (email, password) in [
        (email.as_str(), "wrong password"),
        (email, known[1].2.as_str()),
        (email, ""),
        ("nobody@lantern.example", password),
        ("", ""),
    ] {
        let response = try_login(&server, email, password, "").await;
        assert_eq!(
            http::status(&response),
            401,
            "POST /login as {email:?} with {password:?}"
        );
        let mut headers = response.headers().clone();
        // The second may turn between two answers.
        headers.remove("date");
        assert!(
            !headers.contains_key("set-cookie"),
            "{email:?}: {headers:?}"
        );
        answers.insert(format!("{headers:?} {}", http::text(response).await));
    }
    assert_eq!(
        answers.len(),
        1,
        "five failed logins, one answer: {answers:#?}"
    );
}

/// Logging out ends this session in the service too: the cookie, kept by somebody, opens nothing any more.
#[tokio::test]
async fn a_logout_ends_the_session_itself() {
    let (server, Known(known)) = service(0x0876).await;
    let at_home = login(&server, &known[0]).await;
    let at_work = login(&server, &known[0]).await;
    let cookie = format!("lantern_session={at_home}");
    let response = http::answer(server.post("/logout").header("cookie", cookie)).await;
    assert_eq!(http::status(&response), 204, "POST /logout");
    let (value, attributes) = cookie_of(&response);
    assert_eq!(
        value, "",
        "the value of the cookie that replaces the old one"
    );
    assert_eq!(
        attributes["max-age"], "0",
        "the cookie is dropped at once: {attributes:?}"
    );
    // A cookie with another path would be another cookie, and the old one would stay.
    assert_eq!(attributes["path"], "/", "the cookie's path: {attributes:?}");
    assert_eq!(
        account_status(&server, &at_home).await,
        401,
        "the session that ended"
    );
    assert_eq!(
        account_status(&server, &at_work).await,
        200,
        "another session of the same customer"
    );
    let response = http::answer(server.post("/logout")).await;
    assert_eq!(http::status(&response), 204, "POST /logout by nobody");
    assert_eq!(
        account_status(&server, &at_work).await,
        200,
        "after a logout by nobody"
    );
}

/// A login never takes over an id that the browser brings; the session behind that id ends, if the login succeeds.
#[tokio::test]
async fn a_login_begins_a_session_of_its_own() {
    let (server, Known(known)) = service(0x0877).await;
    let planted = "f".repeat(64);
    let (email, _, password) = &known[0];
    let cookie = format!("lantern_session={planted}");
    let response = try_login(&server, email, password, &cookie).await;
    let first = cookie_of(&response).0;
    assert_ne!(first, planted, "the new session's id");
    assert_eq!(
        account_status(&server, &planted).await,
        401,
        "with the id that was planted"
    );
    let cookie = format!("lantern_session={first}");
    let response = try_login(&server, email, "wrong", &cookie).await;
    assert_eq!(
        http::status(&response),
        401,
        "POST /login with a wrong password"
    );
    assert_eq!(
        account_status(&server, &first).await,
        200,
        "a failed login ends nothing"
    );
    let (email, _, password) = &known[1];
    let second = cookie_of(&try_login(&server, email, password, &cookie).await).0;
    assert_ne!(second, first, "the next session's id");
    assert_eq!(
        account_status(&server, &first).await,
        401,
        "the session that was replaced"
    );
    assert_eq!(
        account_status(&server, &second).await,
        200,
        "the session that replaced it"
    );
}

/// Session ids cannot be counted up or guessed: no two are equal, and every digit of them varies.
#[tokio::test]
async fn session_ids_are_random() {
    let mut ids = BTreeSet::new();
    for _ in 0..64 {
        ids.insert(new_session_id(&SystemRandomness).expect("the system gives random bytes"));
    }
    let (server, Known(known)) = service(0x0878).await;
    let (other_server, _) = service(0x0878).await;
    for server in [&server, &other_server] {
        ids.insert(login(server, &known[0]).await);
    }
    assert_eq!(ids.len(), 66, "66 ids, all different");
    for place in 0..64 {
        let digits: BTreeSet<Option<u8>> = ids
            .iter()
            .map(|id| id.as_bytes().get(place).copied())
            .collect();
        // Of 66 random digits, fewer than 5 different ones come up once in more than 10^30 runs.
        assert!(
            digits.len() >= 5 && !digits.contains(&None),
            "digit {place} of 66 ids takes only {} values",
            digits.len()
        );
    }
}

/// An id is the 32 bytes that were drawn for it, and nothing else: in the function, and in the cookie of a login.
#[tokio::test]
async fn an_id_is_what_was_drawn_for_it() {
    let randomness = KnownBytes::new(0x0879);
    for _ in 0..20 {
        let id: String = new_session_id(&*randomness).expect("there are bytes");
        let drawn = randomness.digits();
        assert_eq!(
            drawn.len(),
            64,
            "two digits for each byte that was drawn: {drawn}"
        );
        assert_eq!(id, drawn, "the id, and the bytes that were drawn for it");
    }
    let (server, Known(known)) = service_with(0x087a, randomness.clone()).await;
    for account in [&known[0], &known[1], &known[0]] {
        let id = login(&server, account).await;
        assert_eq!(
            id,
            randomness.digits(),
            "the id of a login, and the bytes that were drawn"
        );
    }
}

/// Without random bytes there is no id: the login fails with 500, and the session that was there goes on.
#[tokio::test]
async fn no_session_begins_without_randomness() {
    let randomness = KnownBytes::new(0x087b);
    let (server, Known(known)) = service_with(0x087c, randomness.clone()).await;
    let id = login(&server, &known[0]).await;
    randomness.is_dry.store(true, Ordering::SeqCst);
    let made: Result<String, AuthError> = new_session_id(&*randomness);
    let made: Result<String, &str> = made.map_err(|error| match error {
        AuthError::WrongCredentials => "WrongCredentials",
        AuthError::NotLoggedIn => "NotLoggedIn",
        AuthError::NoRandomness => "NoRandomness",
    });
    assert_eq!(made, Err("NoRandomness"), "an id out of no bytes");
    let cookie = format!("lantern_session={id}");
    let response = try_login(&server, &known[0].0, &known[0].2, &cookie).await;
    assert_eq!(
        http::status(&response),
        500,
        "POST /login without random bytes"
    );
    assert_eq!(
        http::header(&response, "set-cookie"),
        None,
        "the cookie of the login that failed"
    );
    assert_eq!(
        account_status(&server, &id).await,
        200,
        "the session from before"
    );
}
