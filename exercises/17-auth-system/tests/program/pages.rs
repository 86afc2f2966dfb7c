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
        browser.html.contains("<h1>Your account</h1>"),
        "after signing in: {}",
        browser.html
    );
    browser
}

/// Asks for a secret; the answer makes the code of a step after the first.
async fn set_up_two_factor(browser: &mut Browser<'_>) -> impl Fn(u64) -> String + use<> {
    browser.open("/two-factor").await;
    browser.submit("/two-factor/enroll", &[]).await;
    let (_, rest) = browser
        .html
        .split_once("<code class=\"key\">")
        .expect("a secret");
    let key = rest.split('<').next().expect("text").replace(' ', "");
    let secret = BASE32_NOPAD.decode(key.as_bytes()).expect("base32");
    move |step: u64| hotp(&secret, 50_000_000 + step, 6).expect("a code")
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
    browser
        .submit(
            "/verify-email",
            &[("token", &token), ("password", "a squatter's")],
        )
        .await;
    assert_eq!(browser.status, 401, "another password than the account's");
    browser
        .submit("/verify-email", &[("token", &token), PASSWORD])
        .await;
    assert!(
        browser.html.contains("Your address is confirmed"),
        "opening the link twice uses nothing up: {}",
        browser.html
    );

    browser.open("/sign-in").await;
    browser.submit("/sign-in", &[ADA, PASSWORD]).await;
    browser.open("/devices").await;
    assert!(
        browser.html.contains("this device</span>"),
        "the list of devices: {}",
        browser.html
    );
    let code = set_up_two_factor(&mut browser).await;
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
        browser.html.contains("<h1>One more step</h1>"),
        "the code is asked for after the password: {}",
        browser.html
    );
    browser.submit("/sign-in/code", &[("code", &code(1))]).await;
    assert!(
        browser.html.contains("<h1>Your account</h1>"),
        "after the code: {}",
        browser.html
    );
    world.clock.advance(60);
    browser.open("/two-factor").await;
    browser
        .submit("/two-factor/remove", &[("code", "000000")])
        .await;
    assert_eq!(browser.status, 400, "a wrong code turns nothing off");
    browser
        .submit("/two-factor/remove", &[("code", &code(3))])
        .await;
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
    let current = browser
        .html
        .find("this device</span>")
        .expect("one is this one");
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

/// A wrong code keeps the page and the secret, and a code with a space in it passes; so it does at the door.
#[tokio::test]
async fn a_wrong_code_can_be_tried_again() {
    let world = world().await;
    let mut browser = signed_in(&world).await;
    let code = set_up_two_factor(&mut browser).await;
    let key = |html: &str| {
        let (_, rest) = html.split_once("class=\"key\">").expect("a key");
        rest.split('<').next().map(str::to_owned)
    };
    let first = key(&browser.html);
    assert!(browser.html.contains("<svg class=\"qr\""), "a picture");
    browser
        .submit("/two-factor/confirm", &[("code", "000 000")])
        .await;
    assert_eq!(browser.status, 400, "a wrong code");
    assert_eq!(key(&browser.html), first, "the same secret again");
    let spaced = |code: &str| format!("{} {}", &code[..3], &code[3..]);
    browser
        .submit("/two-factor/confirm", &[("code", &spaced(&code(0)))])
        .await;
    assert!(browser.html.contains("recovery codes"), "{}", browser.html);
    browser.submit("/sign-out", &[]).await;
    browser.submit("/sign-in", &[ADA, PASSWORD]).await;
    browser.submit("/sign-in/code", &[("code", "000000")]).await;
    assert_eq!(browser.status, 401, "a wrong code at the door");
    assert!(
        browser.html.contains("name=\"code\"") && !browser.html.contains("name=\"password\""),
        "the code alone is asked for again: {}",
        browser.html
    );
    browser
        .submit("/sign-in/code", &[("code", &spaced(&code(1)))])
        .await;
    assert!(
        browser.html.contains("<h1>Your account</h1>"),
        "{}",
        browser.html
    );
}

/// The code is asked for in the browser in which the password was typed, and for five minutes.
#[tokio::test]
async fn half_a_sign_in_waits_in_one_browser_for_five_minutes() {
    let world = world().await;
    let mut browser = signed_in(&world).await;
    let code = set_up_two_factor(&mut browser).await;
    browser
        .submit("/two-factor/confirm", &[("code", &code(0))])
        .await;
    browser.submit("/sign-out", &[]).await;
    browser.submit("/sign-in", &[ADA, PASSWORD]).await;
    let mut other = Browser::new(&world);
    other.open("/sign-in/code").await;
    assert!(
        other.html.contains("<h1>Sign in</h1>"),
        "another browser: {}",
        other.html
    );
    world.clock.advance(5 * 60);
    browser
        .submit("/sign-in/code", &[("code", &code(10))])
        .await;
    assert_eq!(browser.status, 401, "after five minutes");
    assert!(
        browser.html.contains("href=\"/sign-in\""),
        "a way on: {}",
        browser.html
    );
}

/// Whoever knows the password of an account that is not confirmed can have another mail, once for each time.
#[tokio::test]
async fn another_mail_can_be_asked_for() {
    let world = world().await;
    let mut browser = Browser::new(&world);
    browser.open("/register").await;
    browser
        .submit("/register", &[ADA, PASSWORD, ("name", "Ada")])
        .await;
    let first = world.mailed_token();
    browser.open("/sign-in").await;
    browser.submit("/sign-in", &[ADA, PASSWORD]).await;
    assert_eq!(browser.status, 403, "not confirmed");
    world.clock.advance(60);
    browser.submit("/sign-in/resend", &[]).await;
    assert!(browser.html.contains("Check your mail"), "{}", browser.html);
    let second = world.mailed_token();
    assert_ne!(first, second, "the links");
    browser.open("/sign-in").await;
    browser.submit("/sign-in/resend", &[]).await;
    assert_eq!(browser.status, 401, "a second mail for one password");
    browser.open(&format!("/verify-email?token={second}")).await;
    browser
        .submit("/verify-email", &[("token", &second), PASSWORD])
        .await;
    assert!(browser.html.contains("Thank you"), "{}", browser.html);
}

/// A new password takes the one of today, and signs out everywhere else.
#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let world = world().await;
    let mut browser = signed_in(&world).await;
    let (access, _) = world.login(ADA.1, PASSWORD.1).await;
    let new = ("password", "another horse battery");
    browser.open("/password").await;
    for (current, new, field) in [
        ("not the right one", new, "current"),
        (PASSWORD.1, ("password", "short"), "password"),
    ] {
        browser
            .submit("/password", &[("current", current), new])
            .await;
        assert_eq!(browser.status, 422, "a wrong {field}");
        let marked = format!("id=\"{field}-wrong\"");
        assert!(browser.html.contains(&marked), "{}", browser.html);
    }
    browser
        .submit("/password", &[("current", PASSWORD.1), new])
        .await;
    assert!(
        browser.html.contains("Your password is changed"),
        "{}",
        browser.html
    );
    let request = world.server.get("/api/me").bearer_auth(&access);
    let other = request.send().await.expect("an answer");
    assert_eq!(other.status(), 401, "another session");
    browser.open("/activity").await;
    assert!(
        browser.html.contains("Password changed</strong>"),
        "the own session goes on, and the trail says it: {}",
        browser.html
    );
    world.login(ADA.1, new.1).await;
}

/// Whoever is locked out is told for how long, in words and in the header.
#[tokio::test]
async fn a_lockout_says_how_long_it_lasts() {
    let world = world().await;
    world.account(ADA.1, PASSWORD.1).await;
    let mut browser = Browser::new(&world);
    browser.open("/sign-in").await;
    for _ in 0..5 {
        browser
            .submit("/sign-in", &[ADA, ("password", "not the right one")])
            .await;
        assert_eq!(browser.status, 401, "a guess");
    }
    browser.submit("/sign-in", &[ADA, PASSWORD]).await;
    assert_eq!(browser.status, 429, "one too many");
    assert!(
        browser.html.contains("You can try again in 60 seconds."),
        "{}",
        browser.html
    );
}

/// What happened is there to read, in words, and an old page leads to the newest.
#[tokio::test]
async fn activity_is_read_page_by_page() {
    let world = world().await;
    let mut browser = signed_in(&world).await;
    for _ in 0..20 {
        world.login(ADA.1, PASSWORD.1).await;
    }
    browser.open("/activity").await;
    assert_eq!(
        browser.html.matches("Signed in</strong>").count(),
        20,
        "the first page: {}",
        browser.html
    );
    let (_, rest) = browser.html.split_once("?cursor=").expect("an older page");
    let cursor = rest.split('"').next().expect("text").to_owned();
    browser.open(&format!("/activity?cursor={cursor}")).await;
    assert!(
        browser.html.contains("Account opened</strong>"),
        "the last page: {}",
        browser.html
    );
    browser.open("/activity?cursor=nonsense").await;
    assert_eq!(browser.status, 400, "a wrong cursor");
    assert!(
        browser.html.contains("href=\"/activity\""),
        "a way on: {}",
        browser.html
    );
}

/// One button signs out everywhere but here.
#[tokio::test]
async fn everywhere_else_can_be_signed_out_at_once() {
    let world = world().await;
    let mut browser = signed_in(&world).await;
    for _ in 0..3 {
        world.login(ADA.1, PASSWORD.1).await;
    }
    browser.open("/devices").await;
    browser.submit("/devices/end-others", &[]).await;
    let left = browser.html.matches("name=\"id\"").count();
    assert_eq!(left, 1, "sessions in the list: {}", browser.html);
    assert!(
        browser.html.contains("this device</span>"),
        "{}",
        browser.html
    );
}

/// Errors are pages for browsers, with a way on, and problems for programs and for the API.
#[tokio::test]
async fn errors_are_pages_for_people() {
    let world = world().await;
    let html = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (path, accept, kind) in [
        ("/nothing", html, "text/html; charset=utf-8"),
        ("/nothing", "*/*", "application/problem+json"),
        ("/api/nothing", html, "application/problem+json"),
    ] {
        let request = world.server.get(path).header("accept", accept);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 404, "{path} for {accept}");
        assert_eq!(
            response.headers()["content-type"],
            kind,
            "{path} for {accept}"
        );
        let text = response.text().await.expect("a body");
        assert_eq!(
            text.contains("href=\"/\""),
            kind.starts_with("text/html"),
            "a way on: {text}"
        );
    }
    let large = [("email", "x".repeat(20_000))];
    for (request, status) in [
        (world.server.get("/sign-out"), 405),
        (world.server.post("/sign-in").form(&large), 413),
        (world.server.post("/sign-in").body("{}"), 415),
    ] {
        let response = request.header("accept", html).send().await;
        let response = response.expect("an answer");
        assert_eq!(response.status(), status);
        assert_eq!(
            response.headers()["content-type"],
            "text/html; charset=utf-8",
            "the page of a {status}"
        );
        assert!(
            response.headers().contains_key("content-security-policy"),
            "the headers of a {status}"
        );
    }
}

/// Every page of somebody who is signed in, and of somebody who is not, has one heading and leads on.
#[tokio::test]
async fn every_page_has_a_heading_and_a_way_on() {
    let world = world().await;
    let mut stranger = Browser::new(&world);
    for path in [
        "/register",
        "/sign-in",
        "/forgot",
        "/verify-email?token=x",
        "/verify-email",
        "/reset?token=x",
        "/reset",
    ] {
        stranger.open(path).await;
        assert_eq!(stranger.html.matches("<h1>").count(), 1, "{path}");
        assert!(stranger.html.contains("href=\"/sign-in\""), "{path}");
    }
    let mut browser = signed_in(&world).await;
    for path in ["/account", "/devices", "/two-factor", "/activity"] {
        browser.open(path).await;
        assert_eq!(browser.status, 200, "{path}");
        assert_eq!(browser.html.matches("<h1>").count(), 1, "{path}");
        let here = format!("href=\"{path}\" aria-current=\"page\"");
        assert!(browser.html.contains(&here), "{path}: {}", browser.html);
    }
}
