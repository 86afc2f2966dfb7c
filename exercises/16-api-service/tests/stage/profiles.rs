use std::sync::Arc;

use api_service::given::app::Tx;
use api_service::given::config::Config;
use api_service::given::neighbours::{Neighbours, Profiles};
use api_service::given::problem::Problem;
use api_service::given::views::Profile;
use api_service::profiles::{Book, routes};
use serde_json::{Value, json};
use support::seeded;

use super::helpers::{Answer, TestApp, by, count, requests, spawn, spawn_whole};

/// The milestone alone: stand-ins for all the others, and for its own trait as well.
async fn alone() -> TestApp {
    spawn(routes(), |_, _| {}).await
}

/// With its own view of a profile.
async fn with_own_view() -> TestApp {
    spawn(routes(), |neighbours: &mut Neighbours, _: &Config| {
        neighbours.profiles = Arc::new(Book);
    })
    .await
}

/// Who follows whom, as text.
fn following(app: &TestApp) -> String {
    app.query(
        "SELECT coalesce(group_concat(follower_id || '>' || followed_id, ' '), '')
         FROM (SELECT * FROM follows ORDER BY follower_id, followed_id)",
        [],
    )
}

#[track_caller]
fn assert_refused(case: &str, answer: &Answer, status: u16, errors: &Value) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text);
    let expected: Value = json!({"errors": errors});
    assert_eq!(answer.body, expected, "{case}");
}

/// A profile is what others see of a user: no address, and no following without a token.
#[tokio::test]
async fn a_profile_shows_what_others_may_see() {
    let app = with_own_view().await;
    for name in ["ada", "bob", "eve"] {
        app.user(name);
    }
    let answer = app.get(None, "/api/profiles/bob").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "profile": {
        "bio": "about bob",
        "following": false,
        "image": "https://lantern.example/bob.png",
        "username": "bob"
      }
    }
    "#);
    app.execute(
        "UPDATE users SET bio = NULL, image = NULL WHERE username = 'bob'",
        [],
    );
    let answer = app.get(None, "/api/profiles/bob").await;
    let profile: Value = answer.body["profile"].clone();
    let expected: Value =
        json!({"username": "bob", "bio": null, "image": null, "following": false});
    assert_eq!(profile, expected, "without bio and image");
}

/// `following` is the caller's: who follows whom decides, not who is followed by whom, and not what others do.
#[tokio::test]
async fn following_is_the_callers() {
    let app = with_own_view().await;
    let people: Vec<(i64, String)> = (0..6)
        .map(|number| (app.user(&format!("u{number}")), format!("u{number}")))
        .collect();
    let mut seeds = seeded(0x16_04);
    let mut pairs: Vec<(i64, i64)> = Vec::new();
    for (follower, _) in &people {
        for (followed, _) in &people {
            if seeds.number(0..3) == 0 {
                app.follow(*follower, *followed);
                pairs.push((*follower, *followed));
            }
        }
    }
    assert!(pairs.len() > 5, "the seed gives some: {pairs:?}");
    for (caller, _) in &people {
        for (id, name) in &people {
            let answer = app.get(*caller, &format!("/api/profiles/{name}")).await;
            let shown: Value = answer.body["profile"]["following"].clone();
            let expected: Value = json!(pairs.contains(&(*caller, *id)));
            assert_eq!(
                shown, expected,
                "{caller} asks for {id}, of {pairs:?}: {}",
                answer.text
            );
        }
    }
    for (_, name) in &people {
        let answer = app.get(None, &format!("/api/profiles/{name}")).await;
        let shown: Value = answer.body["profile"]["following"].clone();
        assert_eq!(shown, json!(false), "nobody asks for {name}");
    }
}

/// A profile of nobody is not found, by the view as by the name.
#[tokio::test]
async fn a_view_of_nobody_is_not_found() {
    let app = with_own_view().await;
    let ada = app.user("ada");
    for id in [0, -1, ada + 1, i64::MAX] {
        for caller in [None, Some(ada)] {
            let answer: Result<Profile, Problem> = app.cx().read(|tx| Book.view(tx, id, caller));
            let problem = answer.expect_err("there is no such user");
            assert_eq!(problem.status().as_u16(), 404, "{id} for {caller:?}");
            let texts: Vec<String> = problem.errors().get("profile").cloned().unwrap_or_default();
            assert_eq!(texts, ["not found"]);
        }
    }
}

/// The view is asked where one writes, too, and sees what was written a moment before.
#[tokio::test]
async fn the_view_sees_what_the_transaction_has_written() {
    let app = alone().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    let profile = app.cx().write(|tx| {
        tx.execute("INSERT INTO follows VALUES (?1, ?2)", [ada, bob])?;
        tx.execute("UPDATE users SET bio = 'new' WHERE id = ?1", [bob])?;
        Book.view(tx, bob, Some(ada))
    });
    let profile: Profile = super::helpers::value(profile);
    assert_eq!(profile.username, "bob");
    assert_eq!(profile.bio.as_deref(), Some("new"));
    assert!(profile.following, "what was written a moment before");
}

/// Every answer is the neighbour's view, asked once, of the user with this name and for the caller.
#[tokio::test]
async fn the_neighbour_shows_the_profile() {
    let app = alone().await;
    let (_, bob, eve) = (app.user("ada"), app.user("bob"), app.user("eve"));
    let answer = app.get(None, "/api/profiles/bob").await;
    let shown: Value = answer.body["profile"]["following"].clone();
    assert_eq!(shown, json!(false), "{}", answer.text);
    let answer = app.get(eve, "/api/profiles/bob").await;
    let shown: Value = answer.body["profile"]["following"].clone();
    assert_eq!(shown, json!(true), "{}", answer.text);
    app.post(eve, "/api/profiles/bob/follow", json!({})).await;
    app.delete(bob, "/api/profiles/eve/follow").await;
    let asked: Vec<String> = app.asked();
    let expected = [
        "profile 2 for nobody",
        "profile 2 for 3",
        "profile 2 for 3",
        "profile 3 for 2",
    ];
    assert_eq!(asked, expected);
}

/// Following answers the profile, followed; unfollowing answers it, not followed any more.
#[tokio::test]
async fn following_and_unfollowing_answer_the_profile() {
    let app = with_own_view().await;
    let ada = app.user("ada");
    app.user("bob");
    let answer = app.post(ada, "/api/profiles/bob/follow", json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "profile": {
        "bio": "about bob",
        "following": true,
        "image": "https://lantern.example/bob.png",
        "username": "bob"
      }
    }
    "#);
    let answer = app.get(ada, "/api/profiles/bob").await;
    let shown: Value = answer.body["profile"]["following"].clone();
    assert_eq!(shown, json!(true), "afterwards: {}", answer.text);
    let answer = app.delete(ada, "/api/profiles/bob/follow").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let shown: Value = answer.body["profile"].clone();
    let expected: Value = json!({"username": "bob", "bio": "about bob", "following": false,
        "image": "https://lantern.example/bob.png"});
    assert_eq!(shown, expected);
    let answer = app.get(ada, "/api/profiles/bob").await;
    let shown: Value = answer.body["profile"]["following"].clone();
    assert_eq!(shown, json!(false), "afterwards: {}", answer.text);
}

/// Following adds the one pair, from the caller to the named user, and unfollowing removes the one pair.
#[tokio::test]
async fn one_pair_changes() {
    let app = alone().await;
    for name in ["ada", "bob", "eve"] {
        app.user(name);
    }
    app.follow(3, 1);
    app.follow(2, 1);
    for (method, caller, name, after) in [
        ("POST", 1, "bob", "1>2 2>1 3>1"),
        ("POST", 1, "bob", "1>2 2>1 3>1"),
        ("POST", 3, "bob", "1>2 2>1 3>1 3>2"),
        ("POST", 1, "eve", "1>2 1>3 2>1 3>1 3>2"),
        ("DELETE", 1, "bob", "1>3 2>1 3>1 3>2"),
        ("DELETE", 1, "bob", "1>3 2>1 3>1 3>2"),
        ("DELETE", 2, "eve", "1>3 2>1 3>1 3>2"),
        ("POST", 2, "bob", "1>3 2>1 2>2 3>1 3>2"),
        ("DELETE", 3, "ada", "1>3 2>1 2>2 3>2"),
        ("DELETE", 2, "bob", "1>3 2>1 3>2"),
    ] {
        let path = format!("/api/profiles/{name}/follow");
        let answer = match method {
            "POST" => app.post(caller, &path, json!({})).await,
            _ => app.delete(caller, &path).await,
        };
        assert_eq!(
            answer.status, 200,
            "{method} {caller} {name}: {}",
            answer.text
        );
        assert_eq!(following(&app), after, "after {method} {caller} {name}");
    }
}

/// A name is compared exactly, whatever stands in it.
#[tokio::test]
async fn names_are_compared_exactly() {
    let app = alone().await;
    let caller = app.user("caller");
    let names = [
        ("a%2Fb", "a/b"),
        ("%C3%A9", "é"),
        ("100%25", "100%"),
        ("a_b", "a_b"),
        ("%20x%20", " x "),
        ("%F0%9F%98%80", "😀"),
        ("it%27s", "it's"),
        ("7", "7"),
        ("follow", "follow"),
    ];
    for (path, name) in names {
        let id = app.user(name);
        let answer = app.get(None, &format!("/api/profiles/{path}")).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        let shown: Value = answer.body["profile"]["username"].clone();
        assert_eq!(shown, json!(name));
        let answer = app
            .post(caller, &format!("/api/profiles/{path}/follow"), json!({}))
            .await;
        let shown: Value = answer.body["profile"]["username"].clone();
        assert_eq!(shown, json!(name), "{}", answer.text);
        let followed: i64 = app.query("SELECT max(followed_id) FROM follows", []);
        assert_eq!(followed, id, "{name}");
    }
    let before = app.contents();
    for path in [
        "A_B",
        "a%5Fb%20",
        "%25",
        "_",
        "x",
        "%C3%89",
        "a-b",
        "Caller",
        "1",
        "%27%20OR%201=1",
        "call",
        "caller2",
    ] {
        let unknown = json!({"profile": ["not found"]});
        let answer = app.get(caller, &format!("/api/profiles/{path}")).await;
        assert_refused(path, &answer, 404, &unknown);
        let answer = app
            .post(caller, &format!("/api/profiles/{path}/follow"), json!({}))
            .await;
        assert_refused(path, &answer, 404, &unknown);
        let answer = app
            .delete(caller, &format!("/api/profiles/{path}/follow"))
            .await;
        assert_refused(path, &answer, 404, &unknown);
    }
    assert_eq!(app.contents(), before);
}

/// Following needs a token, and without one nobody learns who exists.
#[tokio::test]
async fn following_needs_a_token() {
    let app = alone().await;
    let ada = app.user("ada");
    let answer = app.delete(ada, "/api/profiles/ada/follow").await;
    assert_eq!(answer.status, 200, "with a token: {}", answer.text);
    for name in ["ada", "nobody"] {
        let path = format!("/api/profiles/{name}/follow");
        let missing = json!({"token": ["is missing"]});
        let answer = app.post(None, &path, json!({})).await;
        assert_refused(name, &answer, 401, &missing);
        let answer = app.delete(None, &path).await;
        assert_refused(name, &answer, 401, &missing);
    }
    assert_eq!(following(&app), "");
}

/// Many requests at the same moment are one following.
#[tokio::test]
async fn following_at_the_same_moment_is_one_following() {
    let app = alone().await;
    let ada = app.user("ada");
    app.user("bob");
    let answers = app
        .at_once(6, |_| by(ada, app.server.post("/api/profiles/bob/follow")))
        .await;
    assert_eq!(count(&answers, 200), 6, "{answers:?}");
    assert_eq!(following(&app), "1>2");
}

/// Where the answer cannot be made, nothing has changed.
#[tokio::test]
async fn what_fails_changes_nothing() {
    struct Broken;
    impl Profiles for Broken {
        fn view(&self, _: &Tx, _: i64, _: Option<i64>) -> Result<Profile, Problem> {
            Err(Problem::internal(&"the test's own failure"))
        }
    }
    let app = spawn(routes(), |neighbours: &mut Neighbours, _: &Config| {
        neighbours.profiles = Arc::new(Broken);
    })
    .await;
    let ada = app.user("ada");
    let bob = app.user("bob");
    app.follow(bob, ada);
    let answer = app.post(ada, "/api/profiles/bob/follow", json!({})).await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    let answer = app.delete(bob, "/api/profiles/ada/follow").await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    assert_eq!(following(&app), "2>1");
}

/// A database that refuses, or does not answer, is a failure and no unknown name.
#[tokio::test]
async fn a_failure_of_the_database_is_a_failure() {
    let app = with_own_view().await;
    let ada = app.user("ada");
    let bob = app.user("bob");
    app.follow(bob, ada);
    for statement in [
        "CREATE TRIGGER refuse BEFORE INSERT ON follows BEGIN SELECT raise(ABORT, 'the test refuses'); END",
        "CREATE TRIGGER refuse_too BEFORE DELETE ON follows BEGIN SELECT raise(ABORT, 'the test refuses'); END",
    ] {
        app.execute(statement, []);
    }
    let answer = app.post(ada, "/api/profiles/bob/follow", json!({})).await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    let answer = app.delete(bob, "/api/profiles/ada/follow").await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    app.execute(
        "UPDATE users SET image = CAST(x'ff' AS TEXT) WHERE id = ?1",
        [bob],
    );
    let answer = app.get(None, "/api/profiles/bob").await;
    assert_eq!(answer.status, 500, "no UTF-8: {}", answer.text);
    app.execute("ALTER TABLE users RENAME COLUMN image TO picture", []);
    let answer = app.get(None, "/api/profiles/bob").await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    app.execute("ALTER TABLE users RENAME COLUMN username TO name", []);
    let answer = app.get(None, "/api/profiles/bob").await;
    assert_eq!(answer.status, 500, "{}", answer.text);
}

/// Reading a profile waits for nobody who writes.
#[tokio::test]
async fn reading_waits_for_no_writer() {
    let app = with_own_view().await;
    let ada = app.user("ada");
    for (name, status) in [("ada", 200), ("nobody", 404)] {
        let request = by(ada, app.server.get(&format!("/api/profiles/{name}")));
        let (answer, waited) = app.beside_a_writer(request).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
        assert!(!waited, "{name}: it waited for a turn to write");
    }
}

/// The whole program: a stranger, a follower, and a follower who has enough.
#[tokio::test]
async fn following_in_the_whole_program() {
    let (app, log) = spawn_whole(|neighbours: &mut Neighbours, _: &Config| {
        neighbours.profiles = Arc::new(Book);
    })
    .await;
    let ada = app.user("ada");
    app.user("bob");
    let path = "/api/profiles/bob/follow";
    for (method, caller, path, following) in [
        ("GET", None, "/api/profiles/bob", false),
        ("POST", Some(ada), path, true),
        ("GET", Some(ada), "/api/profiles/bob", true),
        ("GET", None, "/api/profiles/bob", false),
        ("DELETE", Some(ada), path, false),
        ("GET", Some(ada), "/api/profiles/bob", false),
    ] {
        let answer = match method {
            "GET" => app.get(caller, path).await,
            "POST" => app.post(caller, path, json!({})).await,
            _ => app.delete(caller, path).await,
        };
        let shown: Value = answer.body["profile"]["following"].clone();
        assert_eq!(
            shown,
            json!(following),
            "{method} {path} by {caller:?}: {}",
            answer.text
        );
    }
    let asked: Vec<String> = requests(&log, &["user-1"]);
    assert_eq!(asked.len(), 6, "{asked:?}");
}
