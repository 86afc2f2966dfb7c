use std::sync::{Arc, OnceLock};

use api_service::comments::{list, routes};
use api_service::given::app::Tx;
use api_service::given::clock::{ManualClock, rfc3339};
use api_service::given::config::Config;
use api_service::given::database::recorded;
use api_service::given::neighbours::{Articles, Found, Neighbours, Profiles};
use api_service::given::problem::Problem;
use api_service::given::standins::{Journal, PlainArticles};
use api_service::given::views::{Article, Comment, Profile};
use serde_json::{Value, json};
use support::seeded;

use super::helpers::{Answer, START, TestApp, by, count, spawn, value};

/// The milestone alone, with three users; the first two articles are ada's, who is user 1, the third is bob's, who is user 2.
async fn alone() -> TestApp {
    with(|_, _| {}).await
}

async fn with(wire: impl FnOnce(&mut Neighbours, &Config)) -> TestApp {
    let app = spawn(routes(), wire).await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    app.user("eve");
    for (author, slug) in [(ada, "first"), (ada, "second"), (bob, "third")] {
        app.article(author, slug);
    }
    app
}

const ADA: i64 = 1;
const BOB: i64 = 2;
const EVE: i64 = 3;
const SECOND: &str = "/api/articles/second/comments";

/// A comment; answers the id.
fn comment(app: &TestApp, article: i64, author: i64, body: &str) -> i64 {
    app.query(
        "INSERT INTO comments (article_id, author_id, created_at, updated_at, body)
         VALUES (?1, ?2, 1400000000007, 1450000000120, ?3) RETURNING id",
        (article, author, body),
    )
}

fn saying(body: Value) -> Value {
    json!({"comment": {"body": body}})
}

#[track_caller]
fn assert_refused(case: &str, answer: &Answer, status: u16, errors: &Value) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text);
    let expected: Value = json!({"errors": errors});
    assert_eq!(answer.body, expected, "{case}");
}

/// A new comment is stored and shown, its author as the neighbour shows them to the caller.
#[tokio::test]
async fn a_comment_is_stored_and_shown() {
    let app = alone().await;
    comment(&app, 1, ADA, "before");
    app.clock.advance(86_400_250);
    let answer = app.post(BOB, SECOND, saying(json!("Thank you!"))).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "comment": {
        "author": {
          "bio": "about bob",
          "following": true,
          "image": "https://lantern.example/bob.png",
          "username": "bob"
        },
        "body": "Thank you!",
        "createdAt": "2017-07-15T02:40:00.250Z",
        "id": 2,
        "updatedAt": "2017-07-15T02:40:00.250Z"
      }
    }
    "#);
    let stored: String = app.query(
        "SELECT json_array(id, article_id, author_id, created_at, updated_at, body) FROM comments WHERE id = 2",
        [],
    );
    let at = START + 86_400_250;
    assert_eq!(stored, format!(r#"[2,2,2,{at},{at},"Thank you!"]"#));
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, ["find second", "profile 2 for 2"]);
}

/// A comment is stored and shown as it came, and the same words may be said again.
#[tokio::test]
async fn a_comment_is_kept_as_it_came() {
    let app = alone().await;
    let mut seeds = seeded(0x16_91);
    let long = "long ".repeat(60_000);
    let said = seeds.word(3..20);
    let texts = [
        " around ",
        "'; DROP TABLE comments; --",
        "<b>&amp;</b>",
        "a\u{0}b",
        "line\nbreak\r\n",
        "😀é日本",
        "x",
        "x",
        "\\",
        "\"",
        &said,
        &long,
    ];
    for (number, text) in (1..).zip(texts) {
        let answer = app.post(EVE, SECOND, saying(json!(text))).await;
        assert_eq!(answer.status, 201, "{text:?}: {}", answer.text);
        let shown: Value = answer.body["comment"]["body"].clone();
        assert_eq!(shown, json!(text), "the answer");
        assert_eq!(answer.body["comment"]["id"], json!(number), "{text:?}");
        let stored: String = app.query("SELECT body FROM comments WHERE id = ?1", [number]);
        assert_eq!(stored, text, "the table");
    }
    let found: Vec<Comment> = value(list(&app.cx(), "second", None));
    let bodies: Vec<&str> = found.iter().map(|comment| comment.body.as_str()).collect();
    assert_eq!(bodies, texts, "the list");
}

/// Commenting does not change the article.
#[tokio::test]
async fn the_article_does_not_change() {
    let app = alone().await;
    let articles = "SELECT json_group_array(json_array(id, slug, author_id, created_at, updated_at, favorites_count, tag_list))
                    FROM articles";
    let before: String = app.query(articles, []);
    app.clock.advance(5_000);
    let answer = app.post(BOB, SECOND, saying(json!("x"))).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    app.delete(BOB, &format!("{SECOND}/1")).await;
    let after: String = app.query(articles, []);
    assert_eq!(after, before);
}

/// A comment can't be blank, and has to be a text. Nothing is stored.
#[tokio::test]
async fn blank_comments_are_refused() {
    let app = alone().await;
    let before = app.contents();
    for body in [
        json!({"comment": {}}),
        json!({"comment": {"text": "x"}}),
        saying(json!(null)),
        saying(json!("")),
        saying(json!(" ")),
        saying(json!("\t\u{3000}\n")),
    ] {
        let answer = app.post(BOB, SECOND, body.clone()).await;
        assert_refused(
            &body.to_string(),
            &answer,
            422,
            &json!({"body": ["can't be blank"]}),
        );
    }
    for value in [json!(7), json!(false), json!(["x"]), json!({})] {
        let answer = app.post(BOB, SECOND, saying(value.clone())).await;
        assert_refused(
            &value.to_string(),
            &answer,
            422,
            &json!({"body": ["is invalid"]}),
        );
    }
    assert_eq!(app.contents(), before);
}

/// A comment on an unknown article is not found, whatever it says; without a token nobody learns which it is.
#[tokio::test]
async fn the_article_and_the_token_come_first() {
    let app = alone().await;
    let id = comment(&app, 2, BOB, "x");
    let before = app.contents();
    let (unknown, missing) = (
        json!({"article": ["not found"]}),
        json!({"token": ["is missing"]}),
    );
    for slug in ["unknown", "Second", "secon", "2", "%25"] {
        let path = format!("/api/articles/{slug}/comments");
        for body in [saying(json!("x")), saying(json!("")), saying(json!(7))] {
            let answer = app.post(BOB, &path, body).await;
            assert_refused(slug, &answer, 404, &unknown);
        }
        for caller in [Some(BOB), None] {
            let answer = app.get(caller, &path).await;
            assert_refused(slug, &answer, 404, &unknown);
        }
        let answer = app.delete(BOB, &format!("{path}/{id}")).await;
        assert_refused(slug, &answer, 404, &unknown);
        let answer = app.delete(BOB, &format!("{path}/x")).await;
        assert_refused(slug, &answer, 404, &unknown);
    }
    for slug in ["second", "unknown"] {
        let path = format!("/api/articles/{slug}/comments");
        let answer = app.post(None, &path, saying(json!("x"))).await;
        assert_refused(slug, &answer, 401, &missing);
        for id in ["1", "77", "x"] {
            let answer = app.delete(None, &format!("{path}/{id}")).await;
            assert_refused(slug, &answer, 401, &missing);
        }
    }
    assert_eq!(app.contents(), before);
}

/// The list has the comments of this article, the oldest first by their ids, each with its author.
#[tokio::test]
async fn the_list_has_the_comments_of_the_article() {
    let app = alone().await;
    comment(&app, 1, BOB, "elsewhere");
    let second = comment(&app, 2, BOB, "older");
    comment(&app, 3, BOB, "elsewhere");
    comment(&app, 2, ADA, "newer");
    // Times do not decide.
    app.execute(
        "UPDATE comments SET created_at = 1490000000000 WHERE id = ?1",
        [second],
    );
    app.follow(EVE, BOB);
    app.follow(ADA, EVE);
    let answer = app.get(EVE, SECOND).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "comments": [
        {
          "author": {
            "bio": "about bob",
            "following": true,
            "image": "https://lantern.example/bob.png",
            "username": "bob"
          },
          "body": "older",
          "createdAt": "2017-03-20T08:53:20.000Z",
          "id": 2,
          "updatedAt": "2015-12-13T09:46:40.120Z"
        },
        {
          "author": {
            "bio": "about ada",
            "following": false,
            "image": "https://lantern.example/ada.png",
            "username": "ada"
          },
          "body": "newer",
          "createdAt": "2014-05-13T16:53:20.007Z",
          "id": 4,
          "updatedAt": "2015-12-13T09:46:40.120Z"
        }
      ]
    }
    "#);
    let answer = app.get(None, SECOND).await;
    let following: Value = answer.body["comments"][0]["author"]["following"].clone();
    assert_eq!(following, json!(false), "without a token");
    app.execute("DELETE FROM comments WHERE article_id = 2", []);
    let answer = app.get(None, SECOND).await;
    let empty: Value = json!({"comments": []});
    assert_eq!(answer.body, empty, "without comments");
}

/// Whoever says what, and follows whom: the list shows it to everybody as they see it.
#[tokio::test]
async fn the_list_is_shown_as_the_caller_sees_it() {
    let app = alone().await;
    let mut seeds = seeded(0x16_92);
    let mut said: Vec<(i64, String, i64, i64)> = Vec::new();
    for number in 0..30 {
        let (author, body) = (
            1 + seeds.number(0..3).cast_signed(),
            format!("{} {number}", seeds.word(1..9)),
        );
        let id = comment(&app, 2, author, &body);
        comment(&app, 1, author, "elsewhere");
        let (created, updated) = (
            seeds.number(0..1 << 41).cast_signed(),
            seeds.number(0..1 << 41).cast_signed(),
        );
        app.execute(
            "UPDATE comments SET created_at = ?2, updated_at = ?3 WHERE id = ?1",
            [id, created, updated],
        );
        said.push((author, body, created, updated));
    }
    app.execute("UPDATE users SET bio = NULL WHERE id = 1", []);
    app.execute("UPDATE users SET image = NULL WHERE id = 2", []);
    let mut follows = Vec::new();
    for pair in (1..=3).flat_map(|follower| (1..=3).map(move |followed| (follower, followed))) {
        if seeds.coin() {
            app.follow(pair.0, pair.1);
            follows.push(pair);
        }
    }
    for caller in [None, Some(ADA), Some(BOB), Some(EVE)] {
        let found: Vec<Comment> = value(list(&app.cx(), "second", caller));
        assert_eq!(found.len(), said.len());
        for (comment, (author, body, created, updated)) in found.iter().zip(&said) {
            assert_eq!(&comment.body, body);
            assert_eq!(comment.created_at, rfc3339(*created), "{body}");
            assert_eq!(comment.updated_at, rfc3339(*updated), "{body}");
            let text = |column: &str| -> Option<String> {
                app.query(
                    &format!("SELECT {column} FROM users WHERE id = ?1"),
                    [author],
                )
            };
            assert_eq!(
                Some(&comment.author.username),
                text("username").as_ref(),
                "{body}"
            );
            assert_eq!(comment.author.bio, text("bio"), "{body}");
            assert_eq!(comment.author.image, text("image"), "{body}");
            let following = caller.is_some_and(|caller| follows.contains(&(caller, *author)));
            assert_eq!(
                comment.author.following, following,
                "{body} for {caller:?} of {follows:?}"
            );
        }
    }
}

/// The list costs as many statements for a thousand comments as for one, and comments of other articles make it no dearer.
#[tokio::test]
async fn the_list_costs_a_fixed_number_of_statements() {
    let app = alone().await;
    comment(&app, 2, BOB, "x");
    comment(&app, 3, BOB, "x");
    app.asked();
    let cost = |slug: &str| {
        let (found, record) = recorded(|| list(&app.cx(), slug, Some(EVE)));
        (value(found).len(), record)
    };
    let (_, few) = cost("second");
    let (_, before) = cost("third");
    for _ in 0..1_200 {
        comment(&app, 2, ADA, "y");
    }
    let (length, many) = cost("second");
    assert_eq!(length, 1_201, "all of them");
    assert_eq!(
        few.statements.len(),
        many.statements.len(),
        "{:?}",
        few.statements
    );
    // The stand-in finds the article with one.
    assert!(many.statements.len() <= 3, "{:?}", many.statements);
    let (_, after) = cost("third");
    assert!(
        after.steps <= before.steps * 2 + 100,
        "steps: {}, and {} beside 1,200 of another article",
        before.steps,
        after.steps
    );
    let asked: Vec<String> = app.asked();
    assert_eq!(
        asked,
        ["find second", "find third", "find second", "find third"]
    );
}

/// A comment is removed by who wrote it, from its own article; the others stay.
#[tokio::test]
async fn a_comment_is_removed_by_its_author() {
    let app = alone().await;
    for (article, author) in [(2, ADA), (2, BOB), (2, BOB), (1, BOB), (2, EVE)] {
        comment(&app, article, author, "x");
    }
    let left = || -> String {
        app.query(
            "SELECT coalesce(group_concat(id), '') FROM (SELECT id FROM comments ORDER BY id)",
            [],
        )
    };
    for (caller, id, after) in [
        (BOB, 2, "1,3,4,5"),
        (EVE, 5, "1,3,4"),
        (ADA, 1, "3,4"),
        (BOB, 3, "4"),
    ] {
        let answer = app.delete(caller, &format!("{SECOND}/{id}")).await;
        assert_eq!(answer.status, 204, "{id}: {}", answer.text);
        assert_eq!(answer.text, "", "no body");
        assert_eq!(left(), after);
        let answer = app.delete(caller, &format!("{SECOND}/{id}")).await;
        assert_refused("again", &answer, 404, &json!({"comment": ["not found"]}));
    }
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, ["find second"; 8]);
    let answer = app.post(BOB, SECOND, saying(json!("x"))).await;
    assert_eq!(
        answer.body["comment"]["id"],
        json!(6),
        "an id never comes back: {}",
        answer.text
    );
}

/// Somebody else's comment is forbidden, also to the article's author; one of another article, or of no article, is not found.
#[tokio::test]
async fn somebody_elses_comment_is_forbidden() {
    let app = alone().await;
    let (bobs, adas) = (comment(&app, 2, BOB, "x"), comment(&app, 3, ADA, "x"));
    let before = app.contents();
    let (forbidden, unknown) = (
        json!({"comment": ["forbidden"]}),
        json!({"comment": ["not found"]}),
    );
    for (caller, slug, id, status, errors) in [
        (ADA, "second", bobs.to_string(), 403, &forbidden),
        (EVE, "second", bobs.to_string(), 403, &forbidden),
        (BOB, "third", adas.to_string(), 403, &forbidden),
        (BOB, "first", bobs.to_string(), 404, &unknown),
        (BOB, "third", bobs.to_string(), 404, &unknown),
        (ADA, "first", bobs.to_string(), 404, &unknown),
        (EVE, "first", bobs.to_string(), 404, &unknown),
        (BOB, "second", "77".to_owned(), 404, &unknown),
        (BOB, "second", "0".to_owned(), 404, &unknown),
        (BOB, "second", "-1".to_owned(), 404, &unknown),
        (BOB, "second", "x".to_owned(), 404, &unknown),
        (BOB, "second", "1.0".to_owned(), 404, &unknown),
        (BOB, "second", i64::MAX.to_string(), 404, &unknown),
        (BOB, "second", (bobs + (1 << 32)).to_string(), 404, &unknown),
        (BOB, "second", format!("-{bobs}"), 404, &unknown),
        (
            BOB,
            "second",
            "99999999999999999999".to_owned(),
            404,
            &unknown,
        ),
    ] {
        let case = format!("{caller} {slug} {id}");
        let answer = app
            .delete(caller, &format!("/api/articles/{slug}/comments/{id}"))
            .await;
        assert_refused(&case, &answer, status, errors);
    }
    assert_eq!(app.contents(), before);
}

/// Of many deletions at the same moment one removes the comment, and the others find none.
#[tokio::test]
async fn a_comment_is_removed_once() {
    let app = alone().await;
    let id = comment(&app, 2, BOB, "x");
    let path = format!("{SECOND}/{id}");
    let answers = app.at_once(6, |_| by(BOB, app.server.delete(&path))).await;
    assert_eq!(count(&answers, 204), 1, "{answers:?}");
    assert_eq!(count(&answers, 404), 5, "{answers:?}");
}

/// Finds, and leaves a trace in the transaction.
struct Tracing;

impl Articles for Tracing {
    fn find(&self, tx: &Tx, slug: &str) -> Result<Found, Problem> {
        tx.execute("UPDATE users SET bio = 'a trace'", [])?;
        PlainArticles(Journal::default()).find(tx, slug)
    }

    fn view(&self, tx: &Tx, id: i64, caller: Option<i64>) -> Result<Article, Problem> {
        PlainArticles(Journal::default()).view(tx, id, caller)
    }
}

struct Broken;

impl Profiles for Broken {
    fn view(&self, _: &Tx, _: i64, _: Option<i64>) -> Result<Profile, Problem> {
        Err(Problem::internal(&"the test's own failure"))
    }
}

/// Finding, storing and the answer are one transaction, and so are finding and removing: whatever fails, nothing has changed.
#[tokio::test]
async fn what_fails_changes_nothing() {
    for case in ["the profile", "the table"] {
        let app = with(|neighbours: &mut Neighbours, _: &Config| {
            neighbours.articles = Arc::new(Tracing);
            if case == "the profile" {
                neighbours.profiles = Arc::new(Broken);
            }
        })
        .await;
        let id = comment(&app, 2, BOB, "x");
        if case == "the table" {
            for event in ["INSERT", "DELETE"] {
                let trigger = format!(
                    "CREATE TRIGGER refuse_{event} AFTER {event} ON comments
                     BEGIN SELECT raise(ABORT, 'the test refuses'); END"
                );
                app.execute(&trigger, []);
            }
        }
        let before = app.contents();
        let answer = app.post(BOB, SECOND, saying(json!("y"))).await;
        assert_eq!(answer.status, 500, "{case}: {}", answer.text);
        assert_eq!(app.contents(), before, "{case}");
        if case == "the table" {
            let answer = app.delete(BOB, &format!("{SECOND}/{id}")).await;
            assert_eq!(answer.status, 500, "{case}: {}", answer.text);
            assert_eq!(app.contents(), before, "{case}");
        }
    }
}

/// The article is found in the transaction that stores or removes: what the neighbour does there belongs to it.
#[tokio::test]
async fn finding_is_part_of_the_change() {
    let app = with(|neighbours: &mut Neighbours, _: &Config| {
        neighbours.articles = Arc::new(Tracing);
    })
    .await;
    let answer = app.post(BOB, SECOND, saying(json!("x"))).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = app.delete(BOB, &format!("{SECOND}/1")).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// Finds the article, and before anything else is read somebody deletes it.
struct Deleting;

impl Articles for Deleting {
    fn find(&self, tx: &Tx, slug: &str) -> Result<Found, Problem> {
        let found = PlainArticles(Journal::default()).find(tx, slug)?;
        let database = tx.cx().app().database();
        database.write(|connection| Ok(connection.execute("DELETE FROM articles", [])?))?;
        Ok(found)
    }

    fn view(&self, tx: &Tx, id: i64, caller: Option<i64>) -> Result<Article, Problem> {
        PlainArticles(Journal::default()).view(tx, id, caller)
    }
}

/// The list waits for nobody who writes, is of one state, and fails when the database does.
#[tokio::test]
async fn the_list_is_of_one_state() {
    let app = alone().await;
    comment(&app, 2, BOB, "x");
    let (answer, waited) = app.beside_a_writer(app.server.get(SECOND)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!waited, "it waited for a turn to write");
    app.execute("ALTER TABLE comments RENAME COLUMN body TO words", []);
    for answer in [
        app.get(None, SECOND).await,
        app.post(BOB, SECOND, saying(json!("x"))).await,
    ] {
        assert_eq!(answer.status, 500, "{}", answer.text);
    }
    app.execute("ALTER TABLE comments RENAME COLUMN author_id TO writer", []);
    let answer = app.delete(BOB, &format!("{SECOND}/1")).await;
    assert_eq!(answer.status, 500, "{}", answer.text);

    let app = with(|neighbours: &mut Neighbours, _: &Config| {
        neighbours.articles = Arc::new(Deleting);
    })
    .await;
    comment(&app, 2, BOB, "x");
    let answer = app.get(None, SECOND).await;
    let comments = answer.body["comments"].as_array().map(Vec::len);
    assert_eq!(
        comments,
        Some(1),
        "as when the article was found: {}",
        answer.text
    );
}

/// Everybody may comment on everything: the article's author, too, and each of them more than once.
#[tokio::test]
async fn everybody_may_comment() {
    let app = alone().await;
    for (number, caller) in (1..).zip([ADA, BOB, EVE, ADA, BOB]) {
        let answer = app.post(caller, SECOND, saying(json!("x"))).await;
        assert_eq!(answer.status, 201, "{caller}: {}", answer.text);
        let author: i64 = app.query("SELECT author_id FROM comments WHERE id = ?1", [number]);
        assert_eq!(author, caller);
    }
}

/// One comment goes, and those that the same reader has written before and after it stay.
#[tokio::test]
async fn one_comment_goes() {
    let app = alone().await;
    for _ in 0..5 {
        comment(&app, 2, BOB, "x");
    }
    for (id, after) in [(3, "1,2,4,5"), (5, "1,2,4"), (1, "2,4")] {
        let answer = app.delete(BOB, &format!("{SECOND}/{id}")).await;
        assert_eq!(answer.status, 204, "{id}: {}", answer.text);
        let left: String = app.query(
            "SELECT group_concat(id) FROM (SELECT id FROM comments ORDER BY id)",
            [],
        );
        assert_eq!(left, after, "after {id}");
    }
}

/// One's own comment is like any other: followed is who has a row of `follows`.
#[tokio::test]
async fn ones_own_comment_is_like_any_other() {
    let app = alone().await;
    comment(&app, 2, BOB, "x");
    app.follow(EVE, BOB);
    let following = || {
        let found: Vec<Comment> = value(list(&app.cx(), "second", Some(BOB)));
        found[0].author.following
    };
    assert!(!following(), "nobody follows themselves without a row");
    app.follow(BOB, BOB);
    assert!(following(), "with a row");
}

/// All comments are listed, ten thousand, too.
#[tokio::test]
async fn all_comments_are_listed() {
    let app = alone().await;
    app.execute(
        "INSERT INTO comments (article_id, author_id, created_at, updated_at, body)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10100)
         SELECT 2, 1 + n % 3, 1, 1, 'number ' || n FROM numbers",
        [],
    );
    let found: Vec<Comment> = value(list(&app.cx(), "second", None));
    assert_eq!(found.len(), 10_100);
    assert_eq!(found[10_099].body, "number 10100");
}

/// Finds, and takes a second for it.
struct Slow(Arc<OnceLock<ManualClock>>);

impl Articles for Slow {
    fn find(&self, tx: &Tx, slug: &str) -> Result<Found, Problem> {
        if let Some(clock) = self.0.get() {
            clock.advance(1_000);
        }
        PlainArticles(Journal::default()).find(tx, slug)
    }

    fn view(&self, tx: &Tx, id: i64, caller: Option<i64>) -> Result<Article, Problem> {
        PlainArticles(Journal::default()).view(tx, id, caller)
    }
}

/// Both times are the transaction's, in the table and in the answer, however long it takes.
#[tokio::test]
async fn the_times_are_the_transactions() {
    let clock = Arc::new(OnceLock::new());
    let app = with(|neighbours: &mut Neighbours, _: &Config| {
        neighbours.articles = Arc::new(Slow(Arc::clone(&clock)));
    })
    .await;
    assert!(clock.set(app.clock.clone()).is_ok(), "set once");
    let answer = app.post(BOB, SECOND, saying(json!("x"))).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    for name in ["createdAt", "updatedAt"] {
        let shown: Value = answer.body["comment"][name].clone();
        assert_eq!(shown, json!(rfc3339(START)), "{name}");
    }
    let stored: String = app.query(
        "SELECT json_array(created_at, updated_at) FROM comments",
        [],
    );
    assert_eq!(stored, format!("[{START},{START}]"));
}

/// A database that cannot be asked is a failure, and no article that is missing.
#[tokio::test]
async fn a_failure_is_no_missing_article() {
    let app = alone().await;
    let id = comment(&app, 2, BOB, "x");
    app.execute("ALTER TABLE articles RENAME COLUMN slug TO words", []);
    for (case, answer) in [
        ("list", app.get(BOB, SECOND).await),
        ("create", app.post(BOB, SECOND, saying(json!("x"))).await),
        ("remove", app.delete(BOB, &format!("{SECOND}/{id}")).await),
    ] {
        assert_eq!(answer.status, 500, "{case}: {}", answer.text);
    }
}
