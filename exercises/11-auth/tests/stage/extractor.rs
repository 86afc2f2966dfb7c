use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use auth::extractor::{CurrentUser, StaffUser, bearer};
use auth::given::users::{Directory, DirectoryError, Found, Refusal, Role, User};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::FromRef;
use axum::http::{HeaderMap, HeaderValue, Request, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use support::seeded;
use tower::ServiceExt as _;

/// A directory that remembers what it was asked.
#[derive(Default)]
struct Book {
    users: Mutex<HashMap<String, User>>,
    asked: Mutex<Vec<String>>,
    broken: bool,
}

impl Book {
    fn add(&self, token: &str, id: i64, role: Role, disabled: bool) {
        let user = User { id, role, disabled };
        let mut users = self.users.lock().expect("no test panics here");
        users.insert(token.to_owned(), user);
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panics here").clone()
    }
}

impl Directory for Book {
    fn user_of<'a>(&'a self, token: &'a str) -> Found<'a> {
        Box::pin(async move {
            self.asked
                .lock()
                .expect("no test panics here")
                .push(token.to_owned());
            if self.broken {
                return Err(DirectoryError("file /var/lib/secret.db is gone".into()));
            }
            let users = self.users.lock().expect("no test panics here");
            Ok(users.get(token).cloned())
        })
    }
}

/// A state that holds more than the directory.
#[derive(Clone)]
struct Shop {
    directory: Arc<dyn Directory>,
    _title: &'static str,
}

impl FromRef<Shop> for Arc<dyn Directory> {
    fn from_ref(shop: &Shop) -> Self {
        Arc::clone(&shop.directory)
    }
}

async fn me(CurrentUser(user): CurrentUser) -> String {
    format!("user {}", user.id)
}

async fn shelf(user: Option<CurrentUser>) -> String {
    user.map_or("a stranger".to_owned(), |CurrentUser(user)| {
        format!("user {}", user.id)
    })
}

async fn both(
    CurrentUser(user): CurrentUser,
    StaffUser(staff): StaffUser,
    again: Option<CurrentUser>,
) -> String {
    let again = again.map(|CurrentUser(user)| user.id);
    format!("user {}, staff {}, again {again:?}", user.id, staff.id)
}

async fn desk(StaffUser(user): StaffUser) -> String {
    format!("staff {}", user.id)
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    challenge: Option<String>,
    body: String,
}

impl Answer {
    fn ok(body: &str) -> Self {
        Self {
            status: 200,
            challenge: None,
            body: body.to_owned(),
        }
    }

    /// What the table of the exercise promises for a refusal.
    fn refused(refusal: &Refusal) -> Self {
        let (status, challenge) = match refusal {
            Refusal::NoCredentials => (401, Some("Bearer realm=\"lantern\"")),
            Refusal::InvalidToken => (
                401,
                Some("Bearer realm=\"lantern\", error=\"invalid_token\""),
            ),
            Refusal::Malformed => (
                400,
                Some("Bearer realm=\"lantern\", error=\"invalid_request\""),
            ),
            Refusal::Disabled | Refusal::Forbidden => (403, None),
            Refusal::Broken(_) => (500, None),
        };
        Self {
            status,
            challenge: challenge.map(str::to_owned),
            body: format!("{{\"error\":\"{refusal}\"}}"),
        }
    }
}

async fn read(response: axum::response::Response) -> Answer {
    let status = response.status().as_u16();
    let mut challenges = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
    let challenge = challenges
        .next()
        .map(|value| value.to_str().expect("plain text").to_owned());
    assert_eq!(challenges.next(), None, "a second WWW-Authenticate");
    let bytes = to_bytes(response.into_body(), 10_000)
        .await
        .expect("a body");
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Answer {
        status,
        challenge,
        body,
    }
}

/// Asks for `path` with these `Authorization` headers.
async fn ask(book: &Arc<Book>, path: &str, authorization: &[&str]) -> Answer {
    let directory: Arc<dyn Directory> = book.clone();
    let state = Shop {
        directory,
        _title: "Lantern",
    };
    let router = Router::new()
        .route("/me", get(me))
        .route("/shelf", get(shelf))
        .route("/desk", get(desk))
        .route("/both", get(both))
        .with_state(state);
    let mut request = Request::get(path).body(Body::empty()).expect("a request");
    for value in authorization {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header");
        request.headers_mut().append(header::AUTHORIZATION, value);
    }
    let response = router.oneshot(request).await.expect("axum answers");
    read(response).await
}

/// Ada buys, Bob packs, Eve has been sent away; each has a token.
fn book() -> Arc<Book> {
    let book = Book::default();
    book.add("ada", 1, Role::Customer, false);
    book.add("bob", 2, Role::Packer, false);
    book.add("eve", 3, Role::Admin, true);
    Arc::new(book)
}

/// A token is found whatever the case of its scheme and however many spaces follow it, and comes out as it was sent.
#[test]
fn a_token_is_found() {
    let mut values = seeded(0x1121);
    for _ in 0..40 {
        let token = format!(
            "{}-._~+/{}",
            values.word(1..20).to_uppercase(),
            values.number(0..999)
        );
        let token = format!("{token}{}", "=".repeat(values.size(0..3)));
        let scheme: String = "bearer"
            .chars()
            .map(|letter| match values.coin() {
                true => letter.to_ascii_uppercase(),
                false => letter,
            })
            .collect();
        let line = format!("{scheme}{}{token}", " ".repeat(values.size(1..4)));
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&line).expect("a header");
        headers.insert(header::AUTHORIZATION, value);
        match bearer(&headers) {
            Ok(found) => assert_eq!(found, Some(token.as_str()), "Authorization: {line}"),
            Err(refusal) => panic!("Authorization: {line}: {refusal:?}"),
        }
    }
}

/// Another scheme is not for us, which is no fault; a header that the standard does not allow is one.
#[test]
fn no_token_and_a_bad_token_are_told_apart() {
    let tells = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header");
            headers.append(header::AUTHORIZATION, value);
        }
        match bearer(&headers) {
            Ok(found) => format!("Ok({found:?})"),
            Err(refusal) => format!("Err({refusal:?})"),
        }
    };
    let cases: [&[&str]; 7] = [
        &[],
        &["Basic YTpi"],
        &["Basic"],
        &["Bearerabc"],
        &["Bearers abc"],
        &["xBearer abc"],
        &["Digest username=\"Bearer abc\""],
    ];
    for values in cases {
        assert_eq!(tells(values), "Ok(None)", "Authorization: {values:?}");
    }
    let cases: [&[&str]; 17] = [
        &["Bearer"],
        &["bearer "],
        &["Bearer   "],
        &["Bearer a b"],
        &["Bearer a,b"],
        &["Bearer a, Bearer b"],
        &["Bearer ="],
        &["Bearer a=b"],
        &["Bearer \"abc\""],
        &["Bearer a;b"],
        &["Bearer a\tb"],
        &["Bearer é"],
        &["é"],
        &["Bearer abc", "Bearer abc"],
        &["Bearer abc", "Basic YTpi"],
        &["Basic YTpi", "Bearer abc"],
        &["Basic YTpi", "Basic YTpi"],
    ];
    for values in cases {
        assert_eq!(tells(values), "Err(Malformed)", "Authorization: {values:?}");
    }
    let proxy = HeaderMap::from_iter([(
        header::PROXY_AUTHORIZATION,
        HeaderValue::from_static("Bearer abc"),
    )]);
    let found = bearer(&proxy).ok();
    assert_eq!(found, Some(None), "Proxy-Authorization: Bearer abc");
}

/// A token is made of the characters that the standard lists, however many, and ends in as many `=` as there are; any other
/// character, in it or behind it, spoils it. Only spaces part it from its scheme.
#[test]
fn every_character_of_a_token_counts() {
    let asked = |line: &str| {
        let value = HeaderValue::from_bytes(line.as_bytes()).expect("a header");
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        match bearer(&headers) {
            Ok(found) => format!("Ok({found:?})"),
            Err(refusal) => format!("Err({refusal:?})"),
        }
    };
    for character in ('\u{20}'..='\u{7e}').chain(['\t']) {
        let allowed = character.is_ascii_alphanumeric() || "-._~+/".contains(character);
        for (front, back) in [("abc", "def"), ("abc", "")] {
            let token = format!("{front}{character}{back}");
            let good = allowed || (character == '=' && back.is_empty());
            let expected = match good {
                true => format!("Ok({:?})", Some(&token)),
                false => "Err(Malformed)".to_owned(),
            };
            let line = format!("Bearer {token}");
            assert_eq!(asked(&line), expected, "Authorization: {line:?}");
        }
    }
    for token in ["a===".to_owned(), "a".repeat(10_000)] {
        let expected = format!("Ok({:?})", Some(&token));
        assert_eq!(asked(&format!("Bearer {token}")), expected, "{token:?}");
    }
    assert_eq!(asked("Bearer \tabc"), "Err(Malformed)", "a space and a tab");
    let tab = asked("Bearer\tabc");
    assert!(!tab.contains("abc"), "a tab for the space: {tab}");
}

/// Each refusal has its status, its words, and the header that says how to do better, or none; ours names no cause.
#[tokio::test]
async fn a_refusal_says_what_would_help() {
    let refusals = [
        Refusal::NoCredentials,
        Refusal::Malformed,
        Refusal::InvalidToken,
        Refusal::Disabled,
        Refusal::Forbidden,
        Refusal::Broken("file /var/lib/secret.db is gone".into()),
    ];
    for refusal in refusals {
        let (named, expected) = (format!("{refusal:?}"), Answer::refused(&refusal));
        let answer = read(refusal.into_response()).await;
        assert_eq!(answer.status, expected.status, "{named}: {answer:?}");
        assert_eq!(answer.challenge, expected.challenge, "{named}: {answer:?}");
        assert_eq!(answer.body, expected.body, "{named}: {answer:?}");
    }
}

/// Whoever has a token that the directory knows is let in as themselves, and the directory is asked for that token, once.
#[tokio::test]
async fn a_known_token_is_its_user() {
    let book = book();
    let mut values = seeded(0x1122);
    let mut expected = Vec::new();
    for _ in 0..8 {
        let (token, id) = (
            values.word(20..40),
            i64::try_from(values.number(9..999)).unwrap_or(9),
        );
        book.add(&token, id, *values.pick(&Role::ALL), false);
        for path in ["/me", "/shelf"] {
            let answer = ask(&book, path, &[&format!("Bearer {token}")]).await;
            assert_eq!(
                answer,
                Answer::ok(&format!("user {id}")),
                "{path} with {token}"
            );
            expected.push(token.clone());
        }
    }
    for token in ["abc==", "A-._~+/9="] {
        book.add(token, 8, Role::Customer, false);
        let answer = ask(&book, "/me", &[&format!("Bearer {token}")]).await;
        assert_eq!(answer, Answer::ok("user 8"), "/me with {token}");
        expected.push(token.to_owned());
    }
    assert_eq!(book.asked(), expected, "what the directory was asked");
}

/// A handler may have several of them among its arguments: none takes anything away from the next.
#[tokio::test]
async fn one_leaves_the_request_to_the_next() {
    let answer = ask(&book(), "/both", &["Bearer bob"]).await;
    let expected = Answer::ok("user 2, staff 2, again Some(2)");
    assert_eq!(answer, expected, "/both with bob's token");
}

/// Without a token the answer is 401 with a challenge, and nobody is asked for one.
#[tokio::test]
async fn nobody_is_asked_to_say_who_they_are() {
    let book = book();
    let expected = Answer::refused(&Refusal::NoCredentials);
    for path in ["/me", "/desk"] {
        for headers in [&[][..], &["Basic YTpi"]] {
            let answer = ask(&book, path, headers).await;
            assert_eq!(answer, expected, "{path} with {headers:?}");
        }
    }
    assert_eq!(
        book.asked(),
        Vec::<String>::new(),
        "what the directory was asked"
    );
}

/// A token that opens nothing, an account that is closed and a header that is malformed are refused everywhere, also where strangers are welcome.
#[tokio::test]
async fn a_bad_token_is_no_stranger() {
    let book = book();
    for path in ["/me", "/shelf", "/desk"] {
        for (header, refusal) in [
            ("Bearer nobody", Refusal::InvalidToken),
            ("Bearer ADA", Refusal::InvalidToken),
            ("Bearer eve", Refusal::Disabled),
            ("Bearer a b", Refusal::Malformed),
        ] {
            let answer = ask(&book, path, &[header]).await;
            assert_eq!(answer, Answer::refused(&refusal), "{path} with {header}");
        }
        let answer = ask(&book, path, &["Bearer ada", "Bearer bob"]).await;
        let expected = Answer::refused(&Refusal::Malformed);
        assert_eq!(answer, expected, "{path} with two headers");
    }
}

/// Where strangers are welcome, a request without a token is served as a stranger's.
#[tokio::test]
async fn a_stranger_is_served() {
    let book = book();
    for headers in [&[][..], &["Basic YTpi"]] {
        let answer = ask(&book, "/shelf", headers).await;
        assert_eq!(answer, Answer::ok("a stranger"), "/shelf with {headers:?}");
    }
}

/// Staff is every role but the customer's: a customer gets 403, because we know who it is.
#[tokio::test]
async fn staff_is_let_in() {
    let book = book();
    for (id, role) in (10..).zip(Role::ALL) {
        book.add(role.word(), id, role, false);
        let answer = ask(&book, "/desk", &[&format!("Bearer {}", role.word())]).await;
        let expected = match role {
            Role::Customer => Answer::refused(&Refusal::Forbidden),
            _ => Answer::ok(&format!("staff {id}")),
        };
        assert_eq!(answer, expected, "/desk as {role:?}");
    }
}

/// An account that is closed, or somebody who leaves the staff, is refused from the next request on.
#[tokio::test]
async fn a_change_counts_from_the_next_request() {
    let book = book();
    let before = ask(&book, "/desk", &["Bearer bob"]).await;
    assert_eq!(before, Answer::ok("staff 2"), "before");
    book.add("bob", 2, Role::Customer, false);
    let demoted = ask(&book, "/desk", &["Bearer bob"]).await;
    assert_eq!(
        demoted,
        Answer::refused(&Refusal::Forbidden),
        "as a customer"
    );
    book.add("bob", 2, Role::Customer, true);
    for path in ["/me", "/shelf", "/desk"] {
        let closed = ask(&book, path, &["Bearer bob"]).await;
        let expected = Answer::refused(&Refusal::Disabled);
        assert_eq!(closed, expected, "{path}, after the account was closed");
    }
}

/// A directory that fails has not said no: the answer is 500 everywhere, and names no cause.
#[tokio::test]
async fn a_broken_directory_is_no_refusal() {
    let broken = Arc::new(Book {
        broken: true,
        ..Book::default()
    });
    let expected = Answer::refused(&Refusal::Broken("the cause".into()));
    for path in ["/me", "/shelf", "/desk"] {
        let answer = ask(&broken, path, &["Bearer ada"]).await;
        assert_eq!(answer, expected, "{path}");
    }
}
