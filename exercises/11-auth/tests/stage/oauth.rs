use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth::given::entropy::{CountedEntropy, Entropy, NoEntropy};
use auth::given::sign_in::{Desk, routes};
use auth::oauth::{
    Begun, Callback, Identity, LEEWAY, MOST_ANSWER, OauthError, Provider, TABLES, Taken, WAIT,
    account_of, begin, challenge, client, digest, exchange, identity, take,
};
use axum::response::IntoResponse;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, EncodingKey};
use reqwest::Url;
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::database::{TempDatabase, in_memory};
use support::http;
use support::server::{Server, spawn};

use crate::meeting::{connect, meet};
use crate::provider::{
    Answer, ISSUER, IdentityProvider, Mischief, NOW, PUBLIC, REDIRECT, claims, endpoint, provider,
    signed, signing_key,
};

/// The error as a text, which is compared as texts are.
fn word(error: OauthError) -> &'static str {
    match error {
        OauthError::Forged => "forged",
        OauthError::Expired => "expired",
        OauthError::WrongIssuer => "wrong issuer",
        OauthError::Denied => "denied",
        OauthError::Provider => "provider",
        OauthError::Token => "token",
        OauthError::Configuration => "configuration",
        OauthError::NoEntropy(_) => "no random bytes",
        OauthError::Broken(_) => "broken",
        OauthError::Unfinished => "unfinished",
    }
}

/// Long enough for any machine; the tests of impatience have their own.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often threads try to get in between.
const ROUNDS: usize = 5;

/// What the shop knows of a provider that nobody calls.
fn settings() -> Provider {
    Provider {
        issuer: ISSUER.to_owned(),
        authorize_url: "https://id.example/authorize".to_owned(),
        token_url: "https://id.example/token".to_owned(),
        client_id: "lantern & sons".to_owned(),
        client_secret: "secret".to_owned(),
        redirect_uri: REDIRECT.to_owned(),
        public_key: PUBLIC.to_owned(),
    }
}

fn tables() -> Connection {
    let db = in_memory();
    db.execute_batch(TABLES).expect("the tables");
    db
}

#[track_caller]
fn begun(db: &Connection, entropy: &CountedEntropy, provider: &Provider, now: i64) -> Begun {
    match begin(db, entropy, provider, now) {
        Ok(begun) => begun,
        Err(error) => panic!("no attempt began: {error:?}"),
    }
}

fn count(db: &Connection, table: &str) -> i64 {
    let question = format!("SELECT count(*) FROM {table}");
    db.query_row(&question, [], |row| row.get(0))
        .expect("a number")
}

/// The parameters of an address, in order.
#[track_caller]
fn parameters(url: &str) -> Vec<(String, String)> {
    let url = Url::parse(url).unwrap_or_else(|error| panic!("{url:?} is no address: {error}"));
    url.query_pairs().into_owned().collect()
}

#[track_caller]
fn parameter(url: &str, name: &str) -> String {
    let found: Vec<String> = parameters(url)
        .into_iter()
        .filter(|(found, _)| found == name)
        .map(|(_, value)| value)
        .collect();
    assert_eq!(found.len(), 1, "`{name}` stands once in {url}");
    found[0].clone()
}

/// A source that has so many draws left.
struct Few(Mutex<usize>);

impl Entropy for Few {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        let mut left = self.0.lock().expect("no panic");
        *left = left.checked_sub(1).ok_or(NoEntropy)?;
        bytes.fill(u8::try_from(*left).expect("few"));
        Ok(())
    }
}

/// What a well-behaved provider sends back.
fn answer(state: &str) -> Callback {
    Callback {
        state: Some(state.to_owned()),
        code: Some("code".to_owned()),
        iss: Some(ISSUER.to_owned()),
        error: None,
    }
}

/// The challenge is the one of RFC 7636, appendix B, and for every verifier the hash of its text.
#[test]
fn the_challenge_is_that_of_the_standard() {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let expected = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    assert_eq!(challenge(verifier), expected, "the standard's example");
    let mut values = support::seeded(0x1141);
    for _ in 0..50 {
        let verifier = values.word(43..129);
        let hash = Sha256::digest(verifier.as_bytes());
        assert_eq!(
            challenge(&verifier),
            BASE64URL_NOPAD.encode(&hash),
            "{verifier}"
        );
    }
}

/// The browser is sent with everything that the provider asks for, each once and encoded, beside what its address has already.
#[test]
fn the_address_says_what_we_want() {
    let (db, entropy) = (tables(), CountedEntropy::new(1));
    for (authorize, before) in [
        ("https://id.example/authorize", None),
        (
            "https://id.example/authorize?tenant=7",
            Some(("tenant", "7")),
        ),
    ] {
        let provider = Provider {
            authorize_url: authorize.to_owned(),
            ..settings()
        };
        let begun: Begun = begun(&db, &entropy, &provider, NOW);
        let url = &begun.url;
        assert!(
            url.starts_with("https://id.example/authorize?"),
            "where it leads: {url}"
        );
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "lantern & sons"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid email"),
            ("state", &begun.state),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(parameter(url, name), value, "`{name}` in {url}");
        }
        if let Some((name, value)) = before {
            assert_eq!(parameter(url, name), value, "`{name}` in {url}");
        }
        let mut names: Vec<String> = parameters(url).into_iter().map(|(name, _)| name).collect();
        names.retain(|name| before.is_none_or(|(known, _)| name != known));
        names.sort_unstable();
        let expected = [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "nonce",
            "redirect_uri",
            "response_type",
            "scope",
            "state",
        ];
        assert_eq!(names, expected, "what was added, in {url}");
        let verifier: String = db
            .query_row(
                "SELECT verifier FROM sign_in_attempts WHERE state = ?1",
                [digest(&begun.state)],
                |row| row.get(0),
            )
            .expect("a row for the digest of the state");
        assert_eq!(
            parameter(url, "code_challenge"),
            challenge(&verifier),
            "the challenge in {url}"
        );
        assert!(!url.contains(&verifier), "the verifier stays here: {url}");
    }
    let nowhere = Provider {
        authorize_url: "no address".to_owned(),
        ..settings()
    };
    let failed = begin(&db, &entropy, &nowhere, NOW)
        .map(|begun| begun.url)
        .map_err(word);
    assert_eq!(failed, Err("configuration"), "no address");
}

/// State, nonce and verifier are 32 random bytes each, drawn for themselves; without random bytes nothing is stored.
#[test]
fn three_secrets_are_drawn() {
    let (db, entropy) = (tables(), CountedEntropy::new(2));
    for _ in 0..3 {
        let begun: Begun = begun(&db, &entropy, &settings(), NOW);
        let drawn = entropy.take_drawn();
        assert_eq!(
            drawn.iter().map(Vec::len).collect::<Vec<_>>(),
            [32, 32, 32],
            "bytes of each draw"
        );
        let (nonce, verifier, expires_at): (String, String, i64) = db
            .query_row(
                "SELECT nonce, verifier, expires_at FROM sign_in_attempts WHERE state = ?1",
                [digest(&begun.state)],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .expect("a row for the digest of the state");
        assert_eq!(
            parameter(&begun.url, "nonce"),
            nonce,
            "the nonce that is stored, in {}",
            begun.url
        );
        assert_eq!(expires_at, NOW + WAIT, "when it expires");
        let mut secrets = vec![begun.state, nonce, verifier];
        let mut expected: Vec<String> = drawn
            .iter()
            .map(|bytes| BASE64URL_NOPAD.encode(bytes))
            .collect();
        secrets.sort();
        expected.sort();
        assert_eq!(
            secrets, expected,
            "state, nonce and verifier are what was drawn"
        );
    }
    let before = count(&db, "sign_in_attempts");
    for draws in 0..3 {
        let few = Few(Mutex::new(draws));
        let failed = begin(&db, &few, &settings(), NOW)
            .map(|begun| begun.url)
            .map_err(word);
        let expected = Err("no random bytes");
        assert_eq!(failed, expected, "random bytes for {draws} secrets");
        assert_eq!(
            count(&db, "sign_in_attempts"),
            before,
            "rows, after random bytes for {draws} secrets"
        );
    }
    entropy.run_dry();
    let failed = begin(&db, &entropy, &settings(), NOW)
        .map(|begun| begun.url)
        .map_err(word);
    assert_eq!(failed, Err("no random bytes"), "no random bytes");
    assert_eq!(
        count(&db, "sign_in_attempts"),
        before,
        "rows, after an attempt that could not begin"
    );
}

/// Attempts that nobody came back from do not stay: beginning one removes those that have expired, and no others.
#[test]
fn old_attempts_are_removed() {
    let (db, entropy) = (tables(), CountedEntropy::new(3));
    for second in 0..50 {
        begun(&db, &entropy, &settings(), NOW + second);
    }
    begun(&db, &entropy, &settings(), NOW + WAIT - 1);
    assert_eq!(count(&db, "sign_in_attempts"), 51, "none has expired yet");
    begun(&db, &entropy, &settings(), NOW + WAIT);
    assert_eq!(count(&db, "sign_in_attempts"), 51, "the first has expired");
    begun(&db, &entropy, &settings(), NOW + WAIT + 49);
    assert_eq!(count(&db, "sign_in_attempts"), 3, "fifty have expired");
    for _ in 0..250 {
        begun(&db, &entropy, &settings(), NOW + 2 * WAIT);
    }
    begun(&db, &entropy, &settings(), NOW + 3 * WAIT);
    assert_eq!(
        count(&db, "sign_in_attempts"),
        1,
        "all but the newest have expired"
    );
}

/// A browser that comes back in time, with its own cookie, gets its code, nonce and verifier, once.
#[test]
fn an_attempt_is_taken_once() {
    let (db, entropy) = (tables(), CountedEntropy::new(4));
    for later in [0, 1, WAIT - 1] {
        let begun: Begun = begun(&db, &entropy, &settings(), NOW);
        let other = self::begun(&db, &entropy, &settings(), NOW);
        let callback = answer(&begun.state);
        let taken = take(&db, &settings(), Some(&begun.state), &callback, NOW + later);
        let Ok(Taken {
            code,
            nonce,
            verifier,
        }) = taken
        else {
            panic!(
                "a right answer, after {later} s, was refused: {:?}",
                taken.err()
            );
        };
        assert_eq!(code, "code", "the code");
        assert_eq!(
            nonce,
            parameter(&begun.url, "nonce"),
            "the nonce of this attempt"
        );
        assert_eq!(
            challenge(&verifier),
            parameter(&begun.url, "code_challenge"),
            "the verifier of this attempt"
        );
        let again = take(&db, &settings(), Some(&begun.state), &callback, NOW + later)
            .err()
            .map(word);
        assert_eq!(again, Some("forged"), "the same answer again");
        let others = take(
            &db,
            &settings(),
            Some(&other.state),
            &answer(&other.state),
            NOW + later,
        );
        assert_eq!(others.err(), None, "another attempt is still there");
    }
    for code in [" ", " 4/ab+c= ", "CODE"] {
        let begun: Begun = begun(&db, &entropy, &settings(), NOW);
        let callback = Callback {
            code: Some(code.to_owned()),
            ..answer(&begun.state)
        };
        let taken = take(&db, &settings(), Some(&begun.state), &callback, NOW);
        let kept = taken.map(|taken| taken.code);
        assert_eq!(
            kept.as_deref(),
            Ok(code),
            "a code is the provider's, letter by letter"
        );
    }
}

/// A state that is not this browser's is refused, and the attempt stays for the browser whose it is.
#[test]
fn only_its_own_browser_takes_an_attempt() {
    let (db, entropy) = (tables(), CountedEntropy::new(5));
    let mine: Begun = begun(&db, &entropy, &settings(), NOW);
    let thiefs: Begun = begun(&db, &entropy, &settings(), NOW);
    let nothing = Callback {
        state: None,
        ..answer("")
    };
    let (spaced, small) = (format!("{} ", mine.state), mine.state.to_lowercase());
    let cases: [(&str, Option<&str>, Callback); 12] = [
        (
            "the beginning of the cookie",
            Some(&mine.state[..42]),
            answer(&mine.state),
        ),
        ("a cookie and a space", Some(&spaced), answer(&mine.state)),
        (
            "the cookie in small letters",
            Some(&small),
            answer(&mine.state),
        ),
        ("no cookie", None, answer(&mine.state)),
        ("an empty cookie", Some(""), answer(&mine.state)),
        ("no state", Some(&mine.state), nothing.clone()),
        ("neither", None, nothing),
        ("both empty", Some(""), answer("")),
        (
            "another browser's state",
            Some(&mine.state),
            answer(&thiefs.state),
        ),
        (
            "another browser's cookie",
            Some(&thiefs.state),
            answer(&mine.state),
        ),
        (
            "the beginning of the state",
            Some(&mine.state),
            answer(&mine.state[..42]),
        ),
        (
            "the stored digest",
            Some(&digest(&mine.state)),
            answer(&digest(&mine.state)),
        ),
    ];
    for (case, cookie, callback) in cases {
        let refused = take(&db, &settings(), cookie, &callback, NOW)
            .err()
            .map(word);
        assert_eq!(refused, Some("forged"), "{case}");
    }
    let denied = Callback {
        error: Some("access_denied".to_owned()),
        ..answer(&mine.state)
    };
    let refused = take(&db, &settings(), Some(&thiefs.state), &denied, NOW)
        .err()
        .map(word);
    assert_eq!(
        refused,
        Some("forged"),
        "an error with another browser's state"
    );
    for begun in [&mine, &thiefs] {
        let taken = take(
            &db,
            &settings(),
            Some(&begun.state),
            &answer(&begun.state),
            NOW,
        );
        assert_eq!(
            taken.err(),
            None,
            "the attempt is still there for its browser"
        );
    }
}

/// A late browser, an answer of another provider and one that is none are refused, and the attempt is gone.
#[test]
fn a_wrong_answer_ends_the_attempt() {
    let right = answer("");
    let other = |iss: Option<&str>| Callback {
        iss: iss.map(str::to_owned),
        ..right.clone()
    };
    let error = |error: &str| Callback {
        error: Some(error.to_owned()),
        ..right.clone()
    };
    let code = |code: Option<&str>| Callback {
        code: code.map(str::to_owned),
        ..right.clone()
    };
    let cases = [
        ("in its last second", 0, right.clone(), "expired"),
        ("an hour late", 3_000, right.clone(), "expired"),
        ("late, and an error", 0, error("access_denied"), "expired"),
        ("no issuer", -1, other(None), "wrong issuer"),
        ("an empty issuer", -1, other(Some("")), "wrong issuer"),
        (
            "another issuer",
            -1,
            other(Some("https://evil.example")),
            "wrong issuer",
        ),
        (
            "nearly our issuer",
            -1,
            other(Some("https://id.example/")),
            "wrong issuer",
        ),
        (
            "our issuer and more",
            -1,
            other(Some("https://id.example.evil.example")),
            "wrong issuer",
        ),
        (
            "our issuer in capitals",
            -1,
            other(Some("HTTPS://ID.EXAMPLE")),
            "wrong issuer",
        ),
        (
            "our issuer and a space",
            -1,
            other(Some("https://id.example ")),
            "wrong issuer",
        ),
        (
            "an error that begins like a no",
            -1,
            error("access_denied_by_policy"),
            "provider",
        ),
        (
            "another issuer's error",
            -1,
            Callback {
                iss: Some("https://evil.example".to_owned()),
                ..error("access_denied")
            },
            "wrong issuer",
        ),
        (
            "the person said no",
            -1,
            Callback {
                code: None,
                ..error("access_denied")
            },
            "denied",
        ),
        ("no, and a code", -1, error("access_denied"), "denied"),
        (
            "it failed",
            -1,
            Callback {
                code: None,
                ..error("server_error")
            },
            "provider",
        ),
        (
            "it failed, with a code",
            -1,
            error("temporarily_unavailable"),
            "provider",
        ),
        ("an error without a name", -1, error(""), "provider"),
        ("no code", -1, code(None), "provider"),
        ("an empty code", -1, code(Some("")), "provider"),
    ];
    for (case, late, callback, expected) in cases {
        let (db, entropy) = (tables(), CountedEntropy::new(6));
        let begun: Begun = begun(&db, &entropy, &settings(), NOW);
        let callback = Callback {
            state: Some(begun.state.clone()),
            ..callback
        };
        let now = NOW + WAIT + late;
        let refused = take(&db, &settings(), Some(&begun.state), &callback, now)
            .err()
            .map(word);
        assert_eq!(refused, Some(expected), "{case}");
        assert_eq!(
            count(&db, "sign_in_attempts"),
            0,
            "{case}: attempts that are left"
        );
    }
}

/// Of several answers to one attempt at the same moment one gets it.
#[test]
fn of_several_answers_at_once_one_counts() {
    let file = TempDatabase::new();
    let db = connect(&file);
    db.execute_batch(TABLES).expect("the tables");
    let entropy = CountedEntropy::new(7);
    for round in 0..ROUNDS {
        let begun: Begun = begun(&db, &entropy, &settings(), NOW);
        let callback = answer(&begun.state);
        let answers = meet(&file, 3, |db, _| {
            take(db, &settings(), Some(&begun.state), &callback, NOW)
                .err()
                .map(word)
        });
        let taken = answers.iter().filter(|error| error.is_none()).count();
        assert_eq!(
            taken, 1,
            "answers that got the attempt, in round {round}: {answers:?}"
        );
        let forged = answers
            .iter()
            .filter(|error| **error == Some("forged"))
            .count();
        assert_eq!(
            forged, 2,
            "answers that came too late, in round {round}: {answers:?}"
        );
    }
}

fn shop_client() -> reqwest::Client {
    client(PATIENCE).unwrap_or_else(|error| panic!("no client: {error:?}"))
}

/// A code becomes a token for whoever has the verifier, and only once.
#[tokio::test]
async fn a_code_becomes_a_token() {
    let idp: IdentityProvider = provider().await;
    let client = shop_client();
    let mut values = support::seeded(0x1142);
    for _ in 0..3 {
        let verifier = values.word(43..128);
        let code = idp.code(&challenge(&verifier));
        let token = exchange(&client, &idp.settings(), &code, &verifier)
            .await
            .map_err(word);
        let asked = idp.asked().pop().expect("a form came");
        assert!(token.is_ok(), "{:?}, for the form {asked:?}", token.err());
        let mut names: Vec<&str> = asked.keys().map(String::as_str).collect();
        names.sort_unstable();
        let expected = [
            "client_id",
            "client_secret",
            "code",
            "code_verifier",
            "grant_type",
            "redirect_uri",
        ];
        assert_eq!(names, expected, "the fields of the form");
        let again = exchange(&client, &idp.settings(), &code, &verifier)
            .await
            .map_err(word);
        assert_eq!(again, Err("provider"), "the same code again");
        let code = idp.code(&challenge(&verifier));
        let other = exchange(
            &client,
            &idp.settings(),
            &code,
            "another verifier, of the thief, of 43 characters",
        )
        .await
        .map_err(word);
        assert_eq!(other, Err("provider"), "another verifier");
    }
}

/// Whatever else the token endpoint answers is an error of the provider.
#[tokio::test]
async fn other_answers_are_the_providers_fault() {
    let idp: IdentityProvider = provider().await;
    let client = shop_client();
    for mischief in [
        Mischief::Status(201),
        Mischief::Status(203),
        Mischief::Status(400),
        Mischief::Status(401),
        Mischief::Status(500),
        Mischief::Status(503),
        Mischief::NotJson,
        Mischief::NoToken,
        Mischief::TokenIsNumber,
    ] {
        idp.does(mischief);
        let code = idp.code(&challenge("verifier"));
        let answer = exchange(&client, &idp.settings(), &code, "verifier")
            .await
            .map_err(word);
        assert_eq!(answer, Err("provider"), "{mischief:?}");
    }
    let nobody = Provider {
        token_url: "http://127.0.0.1:1/token".to_owned(),
        ..settings()
    };
    let answer = exchange(&client, &nobody, "code", "verifier")
        .await
        .map_err(word);
    assert_eq!(answer, Err("provider"), "nobody listens there");
    let nowhere = Provider {
        token_url: "no address".to_owned(),
        ..settings()
    };
    let answer = exchange(&client, &nowhere, "code", "verifier")
        .await
        .map_err(word);
    assert_eq!(answer, Err("provider"), "no address");
}

/// Our secret goes to the agreed address and nowhere else: a redirect is not followed.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let idp: IdentityProvider = provider().await;
    idp.does(Mischief::Elsewhere);
    let code = idp.code(&challenge("verifier"));
    let answer = exchange(&shop_client(), &idp.settings(), &code, "verifier")
        .await
        .map_err(word);
    assert_eq!(answer, Err("provider"), "sent elsewhere");
    assert_eq!(idp.elsewhere(), 0, "requests that came elsewhere");
}

/// An answer is an object with the text `id_token`, in at most 65,536 bytes, and of a longer one no more is read.
#[tokio::test]
async fn an_answer_has_a_limit() {
    let client = shop_client();
    let text = r#"{"id_token": "a.b.c", "token_type": "Bearer"}"#;
    for (size, expected) in [
        (100, Ok("a.b.c".to_owned())),
        (MOST_ANSWER - 1, Ok("a.b.c".to_owned())),
        (MOST_ANSWER, Ok("a.b.c".to_owned())),
        (MOST_ANSWER + 1, Err("provider")),
        (3 * MOST_ANSWER, Err("provider")),
    ] {
        let spaces = " ".repeat(size - text.len());
        for (body, place) in [
            (format!("{spaces}{text}"), "at its end"),
            (format!("{text}{spaces}"), "at its beginning"),
        ] {
            let (token_url, _) = endpoint(Answer::Body(body)).await;
            let provider = Provider {
                token_url,
                ..settings()
            };
            let answer = exchange(&client, &provider, "code", "verifier")
                .await
                .map_err(word);
            assert_eq!(
                answer, expected,
                "an answer of {size} bytes, the token {place}"
            );
        }
    }
    for (body, expected) in [
        (
            r#"{"access_token": 7, "token_type": [], "expires_in": "soon", "scope": null, "id_token": "a.b.c"}"#,
            Ok("a.b.c".to_owned()),
        ),
        (r#"{"id_token": "a.b.c"} and more"#, Err("provider")),
        (r#"{"access_token": "a.b.c"}"#, Err("provider")),
        (r#"{"ID_TOKEN": "a.b.c"}"#, Err("provider")),
        (r#"{"id_token": null}"#, Err("provider")),
        (r#"{"id_token": {"a": 1}}"#, Err("provider")),
        (r#""a.b.c""#, Err("provider")),
        ("a.b.c", Err("provider")),
        ("", Err("provider")),
    ] {
        let (token_url, _) = endpoint(Answer::Body(body.to_owned())).await;
        let provider = Provider {
            token_url,
            ..settings()
        };
        let answer = exchange(&client, &provider, "code", "verifier")
            .await
            .map_err(word);
        assert_eq!(answer, expected, "{body}");
    }
    let (token_url, sent) = endpoint(Answer::Endless).await;
    let provider = Provider {
        token_url,
        ..settings()
    };
    let answer = exchange(&client, &provider, "code", "verifier")
        .await
        .map_err(word);
    assert_eq!(answer, Err("provider"), "an answer without an end");
    let sent = sent.load(std::sync::atomic::Ordering::SeqCst);
    // What lies in the sockets' buffers was sent and not read.
    assert!(
        sent < 64 << 20,
        "{sent} bytes of an endless answer were taken"
    );
}

/// Nobody waits for ever: not for an answer that does not begin, not for one that stops in the middle, and not for one that comes
/// in drops.
#[tokio::test]
async fn patience_has_an_end() {
    let half = Answer::Half(r#"{"id_token": "a.b.c"}"#.to_owned());
    for (answer, patience) in [(Answer::Silent, 60), (half, 60), (Answer::Drips, 400)] {
        let impatient = client(Duration::from_millis(patience))
            .unwrap_or_else(|error| panic!("no client: {error:?}"));
        let (token_url, _) = endpoint(answer.clone()).await;
        let provider = Provider {
            token_url,
            ..settings()
        };
        let waiting = exchange(&impatient, &provider, "code", "verifier");
        // Only for whoever waits for ever: it turns a test that hangs into one that says why.
        let Ok(result) = tokio::time::timeout(Duration::from_secs(10), waiting).await else {
            panic!("{answer:?}: still waiting, with a patience of {patience} ms");
        };
        assert_eq!(result.map_err(word), Err("provider"), "{answer:?}");
    }
}

#[track_caller]
fn refused(token: &str, now: i64, case: &str) {
    let answer = identity(&settings(), token, "nonce", now).err().map(word);
    assert_eq!(
        answer,
        Some("token"),
        "{case}, at NOW + {}: {token}",
        now - NOW
    );
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims("nonce");
    claims[name] = value;
    claims
}

/// A right token names a person: who says so, whom it means, and perhaps an email.
#[test]
fn a_right_token_names_a_person() {
    let mut values = support::seeded(0x1143);
    for _ in 0..20 {
        let (sub, nonce) = (values.word(1..60), values.word(1..60));
        let email = values
            .coin()
            .then(|| format!("{}@lantern.example", values.word(1..9)));
        let mut claims = claims(&nonce);
        claims["sub"] = json!(sub);
        claims["email"] = json!(email);
        if values.coin() {
            claims["aud"] = json!(["lantern & sons"]);
        }
        let person = identity(&settings(), &signed(&claims), &nonce, NOW);
        let found = person
            .map(|Identity { iss, sub, email }| (iss, sub, email))
            .map_err(word);
        assert_eq!(found, Ok((ISSUER.to_owned(), sub, email)), "{claims}");
    }
    for sub in [
        " ",
        " 7",
        "sub 7",
        "SUB-7",
        "王小明",
        "7\n",
        &"x".repeat(255),
    ] {
        let person = identity(&settings(), &signed(&with("sub", json!(sub))), "nonce", NOW);
        let kept = person.map(|person| person.sub);
        assert_eq!(
            kept.as_deref(),
            Ok(sub),
            "a subject is kept letter by letter"
        );
    }
    let email = identity(
        &settings(),
        &signed(&with("email", json!("Ada@Lantern.Example"))),
        "nonce",
        NOW,
    )
    .map(|person| person.email);
    assert_eq!(
        email,
        Ok(Some("Ada@Lantern.Example".to_owned())),
        "an email is kept letter by letter"
    );
    let mut silent = claims("nonce");
    silent.as_object_mut().expect("an object").remove("email");
    let person = identity(&settings(), &signed(&silent), "nonce", NOW);
    assert_eq!(person.map(|person| person.email), Ok(None), "no email");
}

/// A token of another issuer, for another client or for others besides us, or of another attempt is refused.
#[test]
fn a_token_is_for_this_sign_in() {
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!("https://id.example/")),
        ("iss", json!("https://id.example.evil.example")),
        ("iss", json!("HTTPS://ID.EXAMPLE")),
        ("iss", json!("http://id.example")),
        ("iss", json!(["https://id.example"])),
        ("aud", json!("another shop")),
        ("aud", json!("lantern")),
        ("aud", json!("lantern & sons & daughters")),
        ("aud", json!("Lantern & Sons")),
        ("aud", json!("")),
        ("aud", json!([])),
        ("aud", json!(["another shop"])),
        ("aud", json!(["lantern & sons", "another shop"])),
        ("aud", json!(["another shop", "lantern & sons"])),
        ("nonce", json!("")),
        ("nonce", json!("nonc")),
        ("nonce", json!("nonce2")),
        ("nonce", json!("NONCE")),
        ("nonce", json!(digest("nonce"))),
        ("sub", json!("")),
        ("sub", json!(7)),
    ] {
        let case = format!("`{name}` is {value}");
        refused(&signed(&with(name, value)), NOW, &case);
    }
    for name in ["iss", "aud", "sub", "nonce", "exp", "iat"] {
        let mut claims = claims("nonce");
        claims.as_object_mut().expect("an object").remove(name);
        refused(&signed(&claims), NOW, &format!("no `{name}`"));
        refused(
            &signed(&with(name, Value::Null)),
            NOW,
            &format!("`{name}` is null"),
        );
    }
    for wrong in ["", "a.b.c", "no token"] {
        refused(wrong, NOW, "no token");
    }
}

/// Two clocks may differ by a minute, and not by more: at the end of a token, and at its beginning.
#[test]
fn a_token_has_its_time() {
    let token = |iat: i64, exp: i64| {
        let mut claims = claims("nonce");
        claims["iat"] = json!(iat);
        claims["exp"] = json!(exp);
        signed(&claims)
    };
    for (iat, exp) in [
        (NOW, NOW + 300),
        (NOW - 300, NOW + 1),
        (NOW - 300, NOW),
        (NOW - 300, NOW - LEEWAY + 1),
        (NOW + LEEWAY, NOW + 300),
        (NOW, i64::MAX),
        (i64::MIN, NOW + 300),
        (0, NOW + 300),
    ] {
        let answer = identity(&settings(), &token(iat, exp), "nonce", NOW)
            .err()
            .map(word);
        assert_eq!(
            answer,
            None,
            "written at NOW + {}, good until {exp}",
            iat.saturating_sub(NOW)
        );
    }
    for (iat, exp) in [
        (NOW - 300, NOW - LEEWAY),
        (NOW - 300, NOW - LEEWAY - 1),
        (NOW - 300, 0),
        (NOW - 300, -1),
        (NOW - 300, i64::MIN),
        (NOW + LEEWAY + 1, NOW + 300),
        (i64::MAX, NOW + 300),
    ] {
        refused(&token(iat, exp), NOW, &format!("`iat` {iat}, `exp` {exp}"));
    }
    refused(
        &signed(&with("exp", json!(u64::MAX))),
        NOW,
        "`exp` beyond all numbers",
    );
}

/// The signature is the provider's, by EdDSA: unsigned and changed tokens, other keys and other algorithms are refused.
#[test]
fn a_token_is_signed_by_the_provider() {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let hmac = |key: &[u8], content: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes every key");
        mac.update(content.as_bytes());
        format!(
            "{content}.{}",
            BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
        )
    };
    let right = signed(&claims("nonce"));
    let (content, signature) = right.rsplit_once('.').expect("a signature");
    let (head, _) = content.split_once('.').expect("two parts");
    refused(&format!("{content}."), NOW, "no signature");
    refused(
        &format!("{head}.{}.{signature}", part(&with("sub", json!("sub-8")))),
        NOW,
        "another person",
    );
    for algorithm in ["none", "None", "NONE"] {
        let header = json!({"alg": algorithm, "typ": "JWT"});
        let unsigned = format!("{}.{}.", part(&header), part(&claims("nonce")));
        refused(&unsigned, NOW, "unsigned");
        refused(
            &format!("{unsigned}{signature}"),
            NOW,
            "another header before our signature",
        );
    }
    let public = BASE64URL_NOPAD
        .decode(PUBLIC.as_bytes())
        .expect("base64url");
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let content = format!("{}.{}", part(&header), part(&claims("nonce")));
    for (case, key) in [
        ("HS256 with the public key's bytes", public.as_slice()),
        ("HS256 with the public key's text", PUBLIC.as_bytes()),
        ("HS256 with our own secret", b"secret"),
        ("HS256 with an empty key", b""),
    ] {
        refused(&hmac(key, &content), NOW, case);
    }
    for algorithm in ["HS256", "ES256", "RS256", "eddsa", "none", ""] {
        let header = json!({"alg": algorithm, "typ": "JWT"});
        let content = format!("{}.{}", part(&header), part(&claims("nonce")));
        let signature =
            jsonwebtoken::crypto::sign(content.as_bytes(), &signing_key(), Algorithm::EdDSA)
                .expect("a signature");
        refused(
            &format!("{content}.{signature}"),
            NOW,
            &format!("signed by the provider with EdDSA, but `alg` says {algorithm:?}"),
        );
    }
    // A key that the header brings along is the sender's: that of RFC 8032, test 2.
    let pkcs8 = "302e020100300506032b6570042204204ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    let bytes = |hex: &str| HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal");
    let header = json!({
        "alg": "EdDSA", "typ": "JWT",
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": BASE64URL_NOPAD.encode(&bytes(public))}
    });
    let content = format!("{}.{}", part(&header), part(&claims("nonce")));
    let key = EncodingKey::from_ed_der(&bytes(pkcs8));
    let signature = jsonwebtoken::crypto::sign(content.as_bytes(), &key, Algorithm::EdDSA)
        .expect("a signature");
    refused(
        &format!("{content}.{signature}"),
        NOW,
        "signed with a key that the token brings along",
    );
    // The right signature does not fit another key of the provider's.
    let other = Provider {
        public_key: BASE64URL_NOPAD.encode(&[7; 32]),
        ..settings()
    };
    let answer = identity(&other, &right, "nonce", NOW).err().map(word);
    assert_eq!(answer, Some("token"), "another public key");
    let broken = Provider {
        public_key: "no key!".to_owned(),
        ..settings()
    };
    let answer = identity(&broken, &right, "nonce", NOW).err().map(word);
    assert_eq!(answer, Some("configuration"), "a public key that is none");
}

#[track_caller]
fn account(db: &mut Connection, iss: &str, sub: &str, email: Option<&str>) -> i64 {
    let person = Identity {
        iss: iss.to_owned(),
        sub: sub.to_owned(),
        email: email.map(str::to_owned),
    };
    match account_of(db, &person) {
        Ok(account) => account,
        Err(error) => panic!("no account for {person:?}: {error:?}"),
    }
}

/// An account belongs to an issuer's subject, and to nobody else, whatever the email says.
#[test]
fn an_account_is_linked_by_issuer_and_subject() {
    let mut db = tables();
    db.execute(
        "INSERT INTO accounts (email) VALUES ('ada@lantern.example')",
        [],
    )
    .expect("an account that was made with a password");
    let with_password = db.last_insert_rowid();
    let ada = account(&mut db, ISSUER, "sub-7", Some("ada@lantern.example"));
    assert_ne!(
        ada, with_password,
        "the account with this email is somebody else's until they say so"
    );
    assert_eq!(
        account(&mut db, ISSUER, "sub-7", Some("ada@lantern.example")),
        ada,
        "again"
    );
    assert_eq!(
        account(&mut db, ISSUER, "sub-7", Some("new@lantern.example")),
        ada,
        "with a new email"
    );
    assert_eq!(
        account(&mut db, ISSUER, "sub-7", None),
        ada,
        "without an email"
    );
    let mut known = vec![with_password, ada];
    for (iss, sub, email) in [
        (ISSUER, "sub-8", Some("ada@lantern.example")),
        (
            "https://other.example",
            "sub-7",
            Some("ada@lantern.example"),
        ),
        ("https://other.example", "sub-8", None),
        (ISSUER, "SUB-7", None),
        (ISSUER, "sub-7 ", None),
        (ISSUER, "sub-", None),
        (ISSUER, "'; DROP TABLE accounts; --", None),
        ("https://id.examples", "ub-7", None),
    ] {
        let new = account(&mut db, iss, sub, email);
        assert!(
            !known.contains(&new),
            "{iss} {sub:?} got account {new}, which was there: {known:?}"
        );
        let stored: Option<String> = db
            .query_row("SELECT email FROM accounts WHERE id = ?1", [new], |row| {
                row.get(0)
            })
            .expect("the account");
        assert_eq!(stored.as_deref(), email, "the email of {iss} {sub:?}");
        assert_eq!(account(&mut db, iss, sub, None), new, "{iss} {sub:?} again");
        known.push(new);
    }
    let kept: Option<String> = db
        .query_row("SELECT email FROM accounts WHERE id = ?1", [ada], |row| {
            row.get(0)
        })
        .expect("the account");
    assert_eq!(
        kept.as_deref(),
        Some("ada@lantern.example"),
        "the email of an account that was there"
    );
    assert_eq!(count(&db, "accounts"), 10, "accounts");
    assert_eq!(count(&db, "identities"), 9, "links");
}

/// Two first sign-ins of one person at the same moment make one account.
#[test]
fn two_first_sign_ins_make_one_account() {
    let file = TempDatabase::new();
    let db = connect(&file);
    db.execute_batch(TABLES).expect("the tables");
    for round in 0..ROUNDS {
        let person = Identity {
            iss: ISSUER.to_owned(),
            sub: format!("sub-{round}"),
            email: None,
        };
        let accounts = meet(&file, 3, |db, _| account_of(db, &person));
        let expected = i64::try_from(round + 1).expect("it fits");
        assert_eq!(
            count(&db, "accounts"),
            expected,
            "accounts, after round {round}: {accounts:?}"
        );
        for account in &accounts {
            assert!(
                account.is_ok(),
                "everybody gets the account, in round {round}: {accounts:?}"
            );
            assert_eq!(
                account, &accounts[0],
                "it is the same one, in round {round}: {accounts:?}"
            );
        }
    }
}

/// The shop's routes and its provider.
struct World {
    idp: IdentityProvider,
    shop: Server,
    db: Arc<Mutex<Connection>>,
}

async fn world() -> World {
    let idp = provider().await;
    let db = Arc::new(Mutex::new(tables()));
    let desk = Desk {
        provider: Arc::new(idp.settings()),
        client: shop_client(),
        db: Arc::clone(&db),
        entropy: Arc::new(CountedEntropy::new(8)),
        clock: Arc::new(|| NOW),
        welcome: Arc::new(|account| format!("welcome, account {account}").into_response()),
    };
    World {
        shop: spawn(routes(desk)).await,
        idp,
        db,
    }
}

/// An answer of the shop: status and body.
type Seen = (u16, String);

impl World {
    /// Begins: where the browser is sent, and its cookie.
    async fn start(&self) -> (String, String) {
        let response = http::answer(self.shop.get("/oauth/start")).await;
        let status = http::status(&response);
        let location = http::header(&response, "location");
        let cookie = http::header(&response, "set-cookie");
        let body = http::text(response).await;
        assert_eq!(status, 303, "the start sends the browser on: {body}");
        (location.expect("a location"), cookie.expect("a cookie"))
    }

    /// The provider's page, where the person agrees: where the browser is sent back.
    async fn agree(&self, url: &str) -> String {
        let response = http::answer(self.idp.server.client().get(url)).await;
        let status = http::status(&response);
        let location = http::header(&response, "location");
        let body = http::text(response).await;
        assert_eq!(status, 303, "the provider takes what it is asked: {body}");
        location.expect("a location")
    }

    /// The browser comes back.
    async fn back(&self, url: &str, cookie: Option<&str>) -> Seen {
        let url = Url::parse(url).expect("an address");
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let mut request = self.shop.get(&path);
        if let Some(cookie) = cookie {
            let pair = cookie.split(';').next().unwrap_or_default();
            request = request.header("cookie", format!("theme=dark; {pair}; lang=en"));
        }
        let response = http::answer(request).await;
        (http::status(&response), http::text(response).await)
    }

    async fn walk(&self) -> Seen {
        let (url, cookie) = self.start().await;
        let back = self.agree(&url).await;
        self.back(&back, Some(&cookie)).await
    }

    fn accounts(&self) -> i64 {
        count(&self.db.lock().expect("no panic"), "accounts")
    }
}

/// From the start to the welcome: one signs in, again with the same account, and somebody else with another.
#[tokio::test]
async fn one_signs_in() {
    let world = world().await;
    let (url, cookie) = world.start().await;
    assert!(cookie.starts_with("__Host-oauth="), "the cookie: {cookie}");
    let back = world.agree(&url).await;
    assert!(
        back.starts_with(REDIRECT),
        "back to the registered address: {back}"
    );
    let seen = world.back(&back, Some(&cookie)).await;
    assert_eq!(
        seen,
        (200, "welcome, account 1".to_owned()),
        "the first sign-in"
    );
    let seen = world.walk().await;
    assert_eq!(
        seen,
        (200, "welcome, account 1".to_owned()),
        "the second sign-in"
    );
    world.idp.person("sub-8", Some("ada@lantern.example"));
    let seen = world.walk().await;
    assert_eq!(
        seen,
        (200, "welcome, account 2".to_owned()),
        "somebody else with the same email"
    );
    world.idp.person("sub-9", None);
    let seen = world.walk().await;
    assert_eq!(
        seen,
        (200, "welcome, account 3".to_owned()),
        "somebody without an email"
    );
}

/// Whatever the provider does wrong, nobody is signed in; and where its answer shows it, no code goes to anybody.
#[tokio::test]
async fn a_provider_that_misbehaves_signs_nobody_in() {
    let world = world().await;
    for (mischief, status, asked) in [
        (Mischief::OtherState, 400, 0),
        (Mischief::OtherIssuer, 400, 0),
        (Mischief::NoIssuer, 400, 0),
        (Mischief::Denies, 403, 0),
        (Mischief::Fails, 502, 0),
        (Mischief::OtherClient, 400, 1),
        (Mischief::OtherNonce, 400, 1),
        (Mischief::OtherIssuerInToken, 400, 1),
        (Mischief::OldToken, 400, 1),
        (Mischief::Unsigned, 400, 1),
        (Mischief::Status(500), 502, 1),
        (Mischief::NoToken, 502, 1),
        (Mischief::Elsewhere, 502, 1),
    ] {
        world.idp.does(mischief);
        let before = world.idp.asked().len();
        let (answered, body) = world.walk().await;
        assert_eq!(answered, status, "{mischief:?}: {body}");
        assert_eq!(
            world.idp.asked().len() - before,
            asked,
            "{mischief:?}: requests for a token"
        );
        assert_eq!(world.accounts(), 0, "{mischief:?}: accounts that were made");
    }
    world.idp.does(Mischief::None);
    assert_eq!(
        world.walk().await.0,
        200,
        "and when it behaves, one signs in"
    );
}

/// An answer works once and in its own browser: neither a replay nor a link that a thief sends signs anybody in.
#[tokio::test]
async fn an_answer_works_once_and_in_its_browser() {
    let world = world().await;
    let (url, cookie) = world.start().await;
    let back = world.agree(&url).await;
    let (_, victims) = world.start().await;
    for (case, cookie) in [
        ("no cookie", None),
        ("the victim's cookie", Some(victims.as_str())),
    ] {
        let (status, body) = world.back(&back, cookie).await;
        assert_eq!(status, 400, "{case}: {body}");
        assert_eq!(world.idp.asked().len(), 0, "{case}: requests for a token");
    }
    let (status, body) = world.back(&back, Some(&cookie)).await;
    assert_eq!(status, 200, "the browser whose it is: {body}");
    let (status, body) = world.back(&back, Some(&cookie)).await;
    assert_eq!(status, 400, "the same answer again: {body}");
    assert_eq!(world.idp.asked().len(), 1, "requests for a token");
}
