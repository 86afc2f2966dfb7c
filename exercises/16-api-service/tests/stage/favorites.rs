use std::sync::Arc;

use api_service::favorites::routes;
use api_service::given::app::Tx;
use api_service::given::config::Config;
use api_service::given::neighbours::{Articles, Found, Neighbours};
use api_service::given::problem::Problem;
use api_service::given::standins::{Journal, PlainArticles};
use api_service::given::views::Article;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use support::seeded;

use super::helpers::{Answer, START, TestApp, by, count, spawn};

/// The milestone alone, with two users and three articles; the first is ada's, the others are bob's.
async fn alone() -> TestApp {
    with(|_, _| {}).await
}

async fn with(wire: impl FnOnce(&mut Neighbours, &Config)) -> TestApp {
    let app = spawn(routes(), wire).await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    for (author, slug) in [(ada, "first"), (bob, "second"), (bob, "third")] {
        app.article(author, slug);
    }
    app
}

const ADA: i64 = 1;
const SECOND: &str = "/api/articles/second/favorite";

/// Marks an article, or takes the mark off it.
fn mark(app: &TestApp, caller: Option<i64>, on: bool, slug: &str) -> RequestBuilder {
    let path = format!("/api/articles/{slug}/favorite");
    let request = if on {
        app.server.post(&path)
    } else {
        app.server.delete(&path)
    };
    by(caller, request)
}

/// The marks as `user>article`, then the counters of the articles, then those of the users.
fn marks(app: &TestApp) -> String {
    app.query(
        "SELECT coalesce((SELECT group_concat(user_id || '>' || article_id, ' ') FROM (SELECT * FROM favorites ORDER BY 1, 2)), 'none')
            || '; ' || (SELECT group_concat(favorites_count, ' ') FROM (SELECT * FROM articles ORDER BY id))
            || '; ' || (SELECT group_concat(favorites_count, ' ') FROM (SELECT * FROM users ORDER BY id))",
        [],
    )
}

#[track_caller]
fn assert_refused(case: &str, answer: &Answer, status: u16, errors: &Value) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text);
    let expected: Value = json!({"errors": errors});
    assert_eq!(answer.body, expected, "{case}");
}

/// Both answer the article as the neighbour shows it to the caller, and after the change.
#[tokio::test]
async fn the_answer_is_the_article_after_the_change() {
    let app = alone().await;
    let answer = super::helpers::answer(mark(&app, Some(ADA), true, "second")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "article": {
        "author": {
          "bio": null,
          "following": false,
          "image": null,
          "username": "user 2"
        },
        "body": "Body of second",
        "createdAt": "2017-07-14T02:40:00.000Z",
        "description": "About second",
        "favorited": true,
        "favoritesCount": 1,
        "slug": "second",
        "tagList": [],
        "title": "Title of second",
        "updatedAt": "2017-07-14T02:40:00.000Z"
      }
    }
    "#);
    let answer = super::helpers::answer(mark(&app, Some(ADA), false, "second")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let count: Value = answer.body["article"]["favoritesCount"].clone();
    assert_eq!(count, json!(0), "after the mark is gone");
    let asked: Vec<String> = app.asked();
    let once = ["find second", "article 2 for 1"];
    assert_eq!(asked, [once, once].concat());
}

/// One pair comes, one pair goes; a second click changes nothing, and the counters follow.
#[tokio::test]
async fn one_mark_changes() {
    let app = alone().await;
    for (caller, on, slug, after) in [
        (1, true, "second", "1>2; 0 1 0; 1 0"),
        (1, true, "second", "1>2; 0 1 0; 1 0"),
        (2, true, "second", "1>2 2>2; 0 2 0; 1 1"),
        (1, true, "first", "1>1 1>2 2>2; 1 2 0; 2 1"),
        (2, false, "first", "1>1 1>2 2>2; 1 2 0; 2 1"),
        (1, false, "second", "1>1 2>2; 1 1 0; 1 1"),
        (1, false, "second", "1>1 2>2; 1 1 0; 1 1"),
        (1, true, "third", "1>1 1>3 2>2; 1 1 1; 2 1"),
        (2, false, "second", "1>1 1>3; 1 0 1; 2 0"),
        (1, false, "first", "1>3; 0 0 1; 1 0"),
        (1, false, "third", "none; 0 0 0; 0 0"),
    ] {
        let answer = super::helpers::answer(mark(&app, Some(caller), on, slug)).await;
        assert_eq!(answer.status, 200, "{caller} {on} {slug}: {}", answer.text);
        assert_eq!(marks(&app), after, "after {caller} {on} {slug}");
    }
}

/// Whatever the order of clicks, there are the marks of those who clicked last, and the counters count them.
#[tokio::test]
async fn the_last_click_counts() {
    let app = alone().await;
    for number in 0..4 {
        app.user(&format!("u{number}"));
    }
    let mut seeds = seeded(0x16_81);
    let slugs = ["first", "second", "third"];
    let mut expected = [[false; 3]; 6];
    for _ in 0..120 {
        let (user, article, on) = (seeds.size(0..6), seeds.size(0..3), seeds.coin());
        expected[user][article] = on;
        let caller = i64::try_from(user).expect("small") + 1;
        let answer = super::helpers::answer(mark(&app, Some(caller), on, slugs[article])).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let of_article = expected.iter().filter(|marks| marks[article]).count();
        let shown: Value = answer.body["article"]["favoritesCount"].clone();
        assert_eq!(shown, json!(of_article), "{caller} {on} {}", slugs[article]);
        let of_user: i64 = app.query("SELECT favorites_count FROM users WHERE id = ?1", [caller]);
        let counted = expected[user].iter().filter(|mark| **mark).count();
        assert_eq!(of_user, i64::try_from(counted).expect("small"));
    }
    let rows: i64 = app.query("SELECT count(*) FROM favorites", []);
    let counted = expected.iter().flatten().filter(|mark| **mark).count();
    assert_eq!(rows, i64::try_from(counted).expect("small"));
}

/// A mark is no edit: nothing of the article changes but the counter, whatever the clock shows.
#[tokio::test]
async fn a_mark_is_no_edit() {
    let app = alone().await;
    let rest = "SELECT json_group_array(json_array(slug, author_id, created_at, updated_at, title, description, body, tag_list))
                FROM articles";
    let before: String = app.query(rest, []);
    app.clock.advance(5_000);
    for on in [true, true, false, false] {
        let answer = super::helpers::answer(mark(&app, Some(ADA), on, "second")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let after: String = app.query(rest, []);
        assert_eq!(after, before);
    }
    let updated: i64 = app.query("SELECT updated_at FROM articles WHERE id = 2", []);
    assert_eq!(updated, START);
}

/// Without such an article there is a 404, and without a token a 401, whether or not there is one.
#[tokio::test]
async fn an_unknown_article_and_a_missing_token_are_refused() {
    let app = alone().await;
    app.favorite(ADA, 2);
    let before = app.contents();
    for on in [true, false] {
        for slug in [
            "unknown",
            "Second",
            "secon",
            "2",
            "%25",
            "%20second",
            "second%20",
        ] {
            let answer = super::helpers::answer(mark(&app, Some(ADA), on, slug)).await;
            assert_refused(slug, &answer, 404, &json!({"article": ["not found"]}));
        }
        for slug in ["second", "unknown"] {
            let answer = super::helpers::answer(mark(&app, None, on, slug)).await;
            assert_refused(slug, &answer, 401, &json!({"token": ["is missing"]}));
        }
    }
    assert_eq!(app.contents(), before);
}

/// Many clicks at the same moment are one mark, and it goes once.
#[tokio::test]
async fn clicks_at_the_same_moment_are_one() {
    let app = alone().await;
    for (on, after) in [(true, "1>2; 0 1 0; 1 0"), (false, "none; 0 0 0; 0 0")] {
        let answers = app
            .at_once(6, |_| mark(&app, Some(ADA), on, "second"))
            .await;
        assert_eq!(count(&answers, 200), 6, "{answers:?}");
        assert_eq!(marks(&app), after);
    }
}

/// Finds, and leaves a trace in the transaction; with `seen`, shows the article, and otherwise fails.
struct Tracing {
    seen: bool,
}

impl Articles for Tracing {
    fn find(&self, tx: &Tx, slug: &str) -> Result<Found, Problem> {
        tx.execute("UPDATE users SET bio = 'a trace'", [])?;
        PlainArticles(Journal::default()).find(tx, slug)
    }

    fn view(&self, tx: &Tx, id: i64, caller: Option<i64>) -> Result<Article, Problem> {
        if self.seen {
            return PlainArticles(Journal::default()).view(tx, id, caller);
        }
        Err(Problem::internal(&"the test's own failure"))
    }
}

/// Finding, marking and the answer are one transaction: whatever fails, nothing has changed.
#[tokio::test]
async fn what_fails_changes_nothing() {
    for seen in [false, true] {
        let app = with(|neighbours: &mut Neighbours, _: &Config| {
            neighbours.articles = Arc::new(Tracing { seen });
        })
        .await;
        app.favorite(ADA, 3);
        if seen {
            for event in ["INSERT", "DELETE"] {
                let trigger = format!(
                    "CREATE TRIGGER refuse_{event} BEFORE {event} ON favorites
                     BEGIN SELECT raise(ABORT, 'the test refuses'); END"
                );
                app.execute(&trigger, []);
            }
        }
        let before = app.contents();
        for (on, slug) in [(true, "second"), (false, "third")] {
            let answer = super::helpers::answer(mark(&app, Some(ADA), on, slug)).await;
            assert_eq!(answer.status, 500, "{slug}: {}", answer.text);
            assert_eq!(app.contents(), before, "{slug}");
        }
    }
}

/// The article is found in the transaction that changes the mark: what the neighbour does there belongs to it.
#[tokio::test]
async fn finding_is_part_of_the_change() {
    let app = with(|neighbours: &mut Neighbours, _: &Config| {
        neighbours.articles = Arc::new(Tracing { seen: true });
    })
    .await;
    for on in [true, false] {
        let answer = super::helpers::answer(mark(&app, Some(ADA), on, "second")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

/// A refusal of the database is a failure, and is not taken for a mark that was there already.
#[tokio::test]
async fn only_a_second_mark_is_forgiven() {
    let app = alone().await;
    // Whoever has no row cannot mark, though their token is accepted.
    let answer = app.post(77, SECOND, json!({})).await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    app.execute(
        "CREATE UNIQUE INDEX one_reader ON favorites (article_id)",
        [],
    );
    app.favorite(2, 2);
    let before = app.contents();
    let answer = app.post(ADA, SECOND, json!({})).await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    assert_eq!(app.contents(), before);
}

/// The counters are the triggers' business: each change of a mark moves them by one, from where they stand.
#[tokio::test]
async fn the_counters_move_by_one() {
    let app = alone().await;
    app.execute("UPDATE articles SET favorites_count = 41 WHERE id = 2", []);
    app.execute("UPDATE users SET favorites_count = 17 WHERE id = 1", []);
    for (on, after) in [
        (true, "1>2; 0 42 0; 18 0"),
        (true, "1>2; 0 42 0; 18 0"),
        (false, "none; 0 41 0; 17 0"),
        (false, "none; 0 41 0; 17 0"),
    ] {
        let answer = super::helpers::answer(mark(&app, Some(ADA), on, "second")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(marks(&app), after);
    }
}

/// The second click touches no row: the mark that is there stays, and where none is none comes for a moment.
#[tokio::test]
async fn the_second_click_touches_no_row() {
    let app = alone().await;
    app.favorite(ADA, 2);
    for event in ["INSERT", "DELETE"] {
        let trigger = format!(
            "CREATE TRIGGER refuse_{event} AFTER {event} ON favorites
             BEGIN SELECT raise(ABORT, 'the test refuses'); END"
        );
        app.execute(&trigger, []);
    }
    for (on, slug) in [(true, "second"), (false, "third")] {
        let answer = super::helpers::answer(mark(&app, Some(ADA), on, slug)).await;
        assert_eq!(answer.status, 200, "{slug}: {}", answer.text);
        assert_eq!(marks(&app), "1>2; 0 1 0; 1 0", "{slug}");
    }
}

/// A database that cannot be asked is a failure: it is no article that is missing, and no mark that is there or not.
#[tokio::test]
async fn a_failure_is_no_answer() {
    let app = alone().await;
    app.favorite(ADA, 2);
    for (rename, back) in [
        (
            "ALTER TABLE articles RENAME COLUMN slug TO words",
            "ALTER TABLE articles RENAME COLUMN words TO slug",
        ),
        (
            "ALTER TABLE favorites RENAME TO hearts",
            "ALTER TABLE hearts RENAME TO favorites",
        ),
    ] {
        app.execute(rename, []);
        for (on, slug) in [
            (true, "second"),
            (true, "third"),
            (false, "second"),
            (false, "third"),
        ] {
            let answer = super::helpers::answer(mark(&app, Some(ADA), on, slug)).await;
            assert_eq!(answer.status, 500, "{rename}, {on} {slug}: {}", answer.text);
        }
        app.execute(back, []);
        assert_eq!(marks(&app), "1>2; 0 1 0; 1 0", "{rename}");
    }
}
