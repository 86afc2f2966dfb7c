use auth_system::audit::first_broken;
use auth_system::given::config::Config;
use auth_system::totp::hotp;
use data_encoding::BASE32_NOPAD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, answer, world, world_with};

const ADA: &str = "ada@lantern.example";
const PASSWORD: &str = "correct horse battery";

/// From the registration to the trail: one person's way through every milestone.
#[tokio::test]
async fn a_life_of_an_account() {
    let world: World = world().await;
    let form = json!({"email": ADA, "password": PASSWORD, "name": "Ada"});
    assert_eq!(
        world.post("/api/register", form).await.0,
        201,
        "registering"
    );
    let early = world
        .post("/api/login", json!({"email": ADA, "password": PASSWORD}))
        .await;
    assert_eq!(
        (early.0, early.1.as_str()),
        (403, "email_not_verified"),
        "signing in before confirming"
    );
    let token = world.mailed_token();
    assert_eq!(
        world
            .post(
                "/api/verify-email",
                json!({"token": token, "password": PASSWORD})
            )
            .await
            .0,
        204,
        "confirming"
    );
    let (access, refresh) = world.login(ADA, PASSWORD).await;
    let me = answer(world.server.get("/api/me").bearer_auth(&access)).await;
    assert_eq!(
        (me.0, &me.2["email"], &me.2["two_factor"]),
        (200, &json!(ADA), &json!(false)),
        "who one is"
    );

    let (status, _, pair) = world
        .post("/api/refresh", json!({"refresh_token": refresh}))
        .await;
    assert_eq!(status, 200, "refreshing: {pair}");
    let newer = pair["access_token"].as_str().expect("a token").to_owned();
    let enrolment = answer(world.server.post("/api/totp/enroll").bearer_auth(&newer))
        .await
        .2;
    let secret = BASE32_NOPAD
        .decode(enrolment["secret"].as_str().expect("a secret").as_bytes())
        .expect("base32");
    let code = |step: u64| hotp(&secret, 50_000_000 + step, 6).expect("a code");
    let confirm = world
        .server
        .post("/api/totp/confirm")
        .bearer_auth(&newer)
        .json(&json!({"code": code(0)}));
    assert_eq!(answer(confirm).await.0, 200, "confirming the second factor");
    let half = world
        .post("/api/login", json!({"email": ADA, "password": PASSWORD}))
        .await;
    assert_eq!(
        (half.0, half.1.as_str()),
        (401, "second_factor_required"),
        "without a code"
    );
    let whole = json!({"email": ADA, "password": PASSWORD, "code": code(1)});
    assert_eq!(
        world.post("/api/login", whole.clone()).await.0,
        200,
        "with a code"
    );
    assert_eq!(
        world.post("/api/login", whole).await.1,
        "invalid_credentials",
        "with the same code again"
    );

    let stolen = world
        .post("/api/refresh", json!({"refresh_token": refresh}))
        .await;
    assert_eq!(
        (stolen.0, stolen.1.as_str()),
        (401, "invalid_token"),
        "the first refresh token again"
    );
    assert_eq!(
        answer(world.server.get("/api/me").bearer_auth(&newer))
            .await
            .0,
        401,
        "its session has ended"
    );

    assert_eq!(
        world
            .post("/api/password/forgot", json!({"email": ADA}))
            .await
            .0,
        202,
        "forgetting"
    );
    let token = world.mailed_token();
    let reset = json!({"token": token, "password": "another horse battery"});
    assert_eq!(
        world.post("/api/password/reset", reset).await.0,
        204,
        "resetting"
    );
    let old = world
        .post("/api/login", json!({"email": ADA, "password": PASSWORD}))
        .await;
    assert_eq!(old.1, "invalid_credentials", "the old password");
    world.clock.advance(60);
    let new = json!({"email": ADA, "password": "another horse battery", "code": code(3)});
    let (status, _, pair) = world.post("/api/login", new).await;
    assert_eq!(status, 200, "the new password: {pair}");
    let access = pair["access_token"].as_str().expect("a token");
    let trail = answer(world.server.get("/api/audit?limit=100").bearer_auth(access))
        .await
        .2;
    let events = trail["events"].as_array().expect("events");
    let kinds: Vec<&str> = events
        .iter()
        .rev()
        .filter_map(|event| event["kind"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "account.registered",
            "email.verified",
            "login.succeeded",
            "totp.enabled",
            "login.succeeded",
            "login.failed",
            "refresh.reused",
            "password.forgot",
            "password.reset",
            "login.failed",
            "login.succeeded",
        ],
        "the trail"
    );
    let broken: Option<i64> = world
        .app
        .database()
        .read(first_broken)
        .expect("it can be read");
    assert_eq!(broken, None, "the chain");
    assert_eq!(
        answer(world.server.post("/api/logout").bearer_auth(access))
            .await
            .0,
        204,
        "signing out"
    );
    assert_eq!(
        answer(world.server.get("/api/me").bearer_auth(access))
            .await
            .0,
        401,
        "after signing out"
    );
}

/// Whoever registers an address after its owner gets no account by the owner's own click on the newest link.
#[tokio::test]
async fn the_newest_link_lets_no_squatter_in() {
    let world: World = world().await;
    let form = |password: &str| json!({"email": ADA, "password": password, "name": "Ada"});
    for password in [PASSWORD, "the squatter's password"] {
        let answer = world.post("/api/register", form(password)).await;
        assert_eq!(answer.0, 201, "registering");
    }
    let newest = world.mailed_token();
    let proof = json!({"token": newest, "password": PASSWORD});
    let refused = world.post("/api/verify-email", proof).await;
    assert_eq!(
        (refused.0, refused.1.as_str()),
        (401, "invalid_credentials")
    );
    let squatter = json!({"email": ADA, "password": "the squatter's password"});
    let answer = world.post("/api/login", squatter.clone()).await;
    assert_eq!((answer.0, answer.1.as_str()), (403, "email_not_verified"));
    world.account(ADA, PASSWORD).await;
    let answer = world.post("/api/login", squatter).await;
    assert_eq!((answer.0, answer.1.as_str()), (401, "invalid_credentials"));
    world.login(ADA, PASSWORD).await;
}

/// Fifty guesses at one account from one place: five go through, and none of them is told apart.
#[tokio::test]
async fn guessing_is_stopped() {
    let world: World = world().await;
    world.account(ADA, PASSWORD).await;
    for email in [ADA, "nobody@lantern.example"] {
        let mut codes: Vec<String> = Vec::new();
        for guess in 0..7 {
            let body = json!({"email": email, "password": format!("guess number {guess}")});
            codes.push(world.post("/api/login", body).await.1);
        }
        let expected = [
            ["invalid_credentials"; 5].as_slice(),
            ["locked"; 2].as_slice(),
        ]
        .concat();
        assert_eq!(codes, expected, "guesses at {email}");
    }
}

/// While everybody who may hash does, and nobody more may wait, a sign-in is told to come again, and counts as nothing.
#[tokio::test]
async fn too_many_at_once_are_told_to_come_again() {
    let world: World = world_with(Config {
        hashing_at_once: 1,
        hashing_queue: 0,
        ..Config::for_tests()
    })
    .await;
    world.account(ADA, PASSWORD).await;
    let turn = world.app.neighbours().hasher.turn().await;
    assert!(turn.is_ok(), "the only turn");
    let body = json!({"email": ADA, "password": PASSWORD});
    for path in ["/api/login", "/api/register"] {
        for _ in 0..9 {
            let request = world.server.post(path).json(&body);
            let response = request.send().await.expect("an answer");
            assert_eq!(response.status(), 503, "{path}");
            assert_eq!(response.headers()["retry-after"], "2", "{path}");
            let body: Value = response.json().await.expect("a problem");
            assert_eq!(body["code"], "busy", "{path}: {body}");
        }
    }
    drop(turn);
    world.login(ADA, PASSWORD).await;
}

/// Errors that no milestone makes: 400, 404, 405 with Allow, 413, 415, each as a problem with its code.
#[tokio::test]
async fn every_error_is_a_problem() {
    let world: World = world().await;
    let post = |path: &str| {
        world
            .server
            .post(path)
            .header("content-type", "application/json")
    };
    for (request, status, code) in [
        (post("/api/login").body("{"), 400, "malformed_json"),
        (post("/api/login").body("[]"), 422, "invalid_fields"),
        (
            post("/api/login").body(r#"{"email":1}"#),
            422,
            "invalid_fields",
        ),
        (
            world.server.post("/api/login").body("{}"),
            415,
            "unsupported_media_type",
        ),
        (
            post("/api/login").body(" ".repeat(20_000)),
            413,
            "too_large",
        ),
        (world.server.get("/api/login"), 405, "method_not_allowed"),
        (world.server.get("/api/nothing"), 404, "not_found"),
        (world.server.get("/api/me"), 401, "not_signed_in"),
        (
            world.server.get("/api/me").bearer_auth("x"),
            401,
            "not_signed_in",
        ),
    ] {
        let response = request.send().await.expect("an answer");
        let headers = response.headers().clone();
        assert_eq!(
            headers["content-type"], "application/problem+json",
            "the type of a {status} {code}"
        );
        assert_eq!(
            headers.contains_key("allow"),
            status == 405,
            "Allow with a {status}"
        );
        assert_eq!(
            headers.contains_key("www-authenticate"),
            status == 401,
            "WWW-Authenticate with a {status}"
        );
        let body: Value =
            serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON");
        assert_eq!(
            (&body["status"], &body["code"]),
            (&json!(status), &json!(code)),
            "{body}"
        );
    }
    let (_, _, body) = world
        .post("/api/login", json!({"email": 1, "code": 7}))
        .await;
    let fields: Vec<&Value> = body["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| &error["field"])
        .collect();
    assert_eq!(
        fields,
        ["email", "password", "code"],
        "every field at once: {body}"
    );
}

/// The document describes every route of the API with every method that it takes, and no other.
#[tokio::test]
async fn the_document_agrees_with_the_routes() {
    let world: World = world().await;
    let (status, _, document) = answer(world.server.get("/openapi.json")).await;
    assert_eq!(status, 200, "the document");
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let url = world.server.url(&path.replace("{id}", "x"));
        let mut described: Vec<String> = methods
            .as_object()
            .expect("methods")
            .keys()
            .map(|m| m.to_uppercase())
            .collect();
        let answer = world
            .server
            .client()
            .request(Method::PATCH, url)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 405, "PATCH {path}");
        let allow = answer.headers()["allow"].to_str().expect("text");
        let mut allowed: Vec<String> = allow
            .split(',')
            .map(|m| m.trim().to_owned())
            .filter(|m| m != "HEAD")
            .collect();
        described.sort_unstable();
        allowed.sort_unstable();
        assert_eq!(described, allowed, "the methods of {path}");
    }
}

/// Every answer carries the headers that keep browsers strict.
#[tokio::test]
async fn every_answer_is_strict() {
    let world: World = world().await;
    for path in ["/healthz", "/api/nothing", "/sign-in", "/style.css"] {
        let response = world.server.get(path).send().await.expect("an answer");
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(
            policy.starts_with("default-src 'none';") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert!(headers.contains_key("strict-transport-security"), "{path}");
    }
}
