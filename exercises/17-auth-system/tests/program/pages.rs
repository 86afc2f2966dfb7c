use auth_system::totp::hotp;
use data_encoding::BASE32_NOPAD;

use crate::browser::Browser;
use crate::world::{World, world};

const ADA: (&str, &str) = ("email", "ada@lantern.example");
const PASSWORD: (&str, &str) = ("password", "correct horse battery");

async fn signed_in(world: &World) -> Browser<'_> {
    world.account(ADA.1, PASSWORD.1).await;
    let mut browser = Browser::new(world);
    browser.open("/sign-in").await;
    browser.submit("/sign-in", &[ADA, PASSWORD]).await;
    assert!(
        browser.html.contains("<h1>Devices</h1>"),
        "after signing in: {}",
        browser.html
    );
    browser
}

/// Register, open the mail, sign in, set up two-factor, sign out, sign in with a code, reset: all by forms.
#[tokio::test]
async fn a_person_needs_no_javascript() {
    let world = world().await;
    let mut browser = Browser::new(&world);
    browser.open("/").await;
    browser.open("/register").await;
    browser
        .submit(
            "/register",
            &[ADA, ("password", "short"), ("name", "<b>Ada</b>")],
        )
        .await;
    assert_eq!(browser.status, 422, "a short password");
    assert!(
        browser.html.contains("value=\"&lt;b&gt;Ada&lt;"),
        "what was typed, escaped: {}",
        browser.html
    );
    assert!(
        !browser.html.contains("short\""),
        "no password comes back: {}",
        browser.html
    );
    browser
        .submit("/register", &[ADA, PASSWORD, ("name", "Ada")])
        .await;
    assert!(browser.html.contains("Check your mail"), "{}", browser.html);
    let token = world.mailed_token();
    let link = format!("/verify-email?token={token}");
    browser.open(&link).await;
    browser.open(&link).await;
    browser.submit("/verify-email", &[("token", &token)]).await;
    assert!(
        browser.html.contains("Your address is confirmed"),
        "opening the link twice uses nothing up: {}",
        browser.html
    );

    browser.open("/sign-in").await;
    browser
        .submit("/sign-in", &[ADA, PASSWORD, ("code", "")])
        .await;
    assert!(
        browser.html.contains("(this one)"),
        "the list of devices: {}",
        browser.html
    );
    browser.open("/two-factor").await;
    browser.submit("/two-factor/enroll", &[]).await;
    let (_, rest) = browser.html.split_once("<code>").expect("a secret");
    let secret = BASE32_NOPAD
        .decode(rest.split('<').next().expect("text").as_bytes())
        .expect("base32");
    let code = |step: u64| hotp(&secret, 50_000_000 + step, 6).expect("a code");
    browser
        .submit("/two-factor/confirm", &[("code", &code(0))])
        .await;
    assert_eq!(
        browser.html.matches("<li><code>").count(),
        10,
        "recovery codes: {}",
        browser.html
    );
    browser.submit("/sign-out", &[]).await;
    assert!(
        browser.html.contains("<h1>Sign in</h1>"),
        "signed out: {}",
        browser.html
    );
    browser.submit("/sign-in", &[ADA, PASSWORD]).await;
    assert!(
        browser.html.contains("authenticator app as well"),
        "{}",
        browser.html
    );
    browser
        .submit("/sign-in", &[ADA, PASSWORD, ("code", &code(1))])
        .await;
    browser.open("/two-factor").await;
    browser.submit("/two-factor/remove", &[]).await;
    assert!(
        browser.html.contains("Two-factor is off"),
        "{}",
        browser.html
    );

    browser.open("/forgot").await;
    browser.submit("/forgot", &[ADA]).await;
    let token = world.mailed_token();
    browser.open(&format!("/reset?token={token}")).await;
    browser
        .submit("/reset", &[("token", &token), ("password", "short")])
        .await;
    assert_eq!(browser.status, 422, "a short new password");
    assert!(
        browser.html.contains("<h1>Choose a new password</h1>"),
        "the form again: {}",
        browser.html
    );
    browser
        .submit(
            "/reset",
            &[("token", &token), ("password", "another horse battery")],
        )
        .await;
    assert!(
        browser.html.contains("Your password is changed"),
        "{}",
        browser.html
    );
    browser.open("/devices").await;
    assert!(
        browser.html.contains("<h1>Sign in</h1>"),
        "the reset has ended the session: {}",
        browser.html
    );
}

/// A form without the token of its page, with that of another browser, or sent by another site, does nothing.
#[tokio::test]
async fn forged_forms_do_nothing() {
    let world = world().await;
    let mut browser = signed_in(&world).await;
    let mut other = Browser::new(&world);
    other.open("/sign-in").await;
    let foreign = other.hidden("csrf");
    let own = browser.hidden("csrf");
    for token in ["", "x", foreign.as_str()] {
        browser
            .send(
                world
                    .server
                    .post("/two-factor/enroll")
                    .form(&[("csrf", token)]),
            )
            .await;
        assert_eq!(browser.status, 403, "the token {token:?}");
    }
    let cross = world
        .server
        .post("/two-factor/enroll")
        .form(&[("csrf", own.as_str())]);
    browser
        .send(cross.header("sec-fetch-site", "cross-site"))
        .await;
    assert_eq!(browser.status, 403, "a form that another site has sent");
    let enrolled: i64 = world
        .app
        .database()
        .read(|connection| {
            Ok(connection.query_row("SELECT count(*) FROM totp", [], |row| row.get(0))?)
        })
        .expect("it can be read");
    assert_eq!(enrolled, 0, "enrolments");
}

/// The session's cookie changes with the sign-in, and neither it nor anything else of the API opens the other door.
#[tokio::test]
async fn cookies_and_bearer_tokens_keep_to_their_doors() {
    let world = world().await;
    let mut browser = signed_in(&world).await;
    let first = browser.cookies["__Host-session"].clone();
    let cookie = format!("__Host-session={first}");
    let by_cookie = world
        .server
        .get("/api/me")
        .header("cookie", &cookie)
        .send()
        .await
        .expect("an answer");
    assert_eq!(by_cookie.status(), 401, "the API with a cookie");
    let by_bearer = world
        .server
        .get("/api/me")
        .bearer_auth(&first)
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        by_bearer.status(),
        401,
        "the API with a cookie's value as a token"
    );
    let (access, _) = world.login(ADA.1, PASSWORD.1).await;
    let mut thief = Browser::new(&world);
    thief.cookies.insert("__Host-session".to_owned(), access);
    thief.open("/devices").await;
    assert!(
        thief.html.contains("<h1>Sign in</h1>"),
        "the pages with an access token as a cookie"
    );
    browser.open("/sign-in").await;
    browser.submit("/sign-in", &[ADA, PASSWORD]).await;
    assert_ne!(
        browser.cookies["__Host-session"], first,
        "a second sign-in keeps the cookie"
    );
    let mut left_behind = Browser::new(&world);
    left_behind
        .cookies
        .insert("__Host-session".to_owned(), first);
    left_behind.open("/devices").await;
    assert!(
        left_behind.html.contains("<h1>Sign in</h1>"),
        "the cookie from before the second sign-in"
    );
}

/// The button of the list ends the other session.
#[tokio::test]
async fn the_list_ends_other_sessions() {
    let world = world().await;
    let mut browser = signed_in(&world).await;
    let (access, _) = world.login(ADA.1, PASSWORD.1).await;
    browser.open("/devices").await;
    let ids: Vec<&str> = browser
        .html
        .split("name=\"id\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(ids.len(), 2, "sessions in the list: {}", browser.html);
    let current = browser.html.find("(this one)").expect("one is this one");
    let other = ids.iter().copied().find(|id| {
        let at = browser.html.find(*id).expect("it is in the list");
        at < current || browser.html[current..at].contains("</li>")
    });
    let other = other.expect("another session").to_owned();
    browser.submit("/devices/end", &[("id", &other)]).await;
    let answer = world
        .server
        .get("/api/me")
        .bearer_auth(&access)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 401, "the session that was ended");
}
