use std::sync::Arc;

use api_service::editing::routes;
use api_service::given::app::Tx;
use api_service::given::config::Config;
use api_service::given::neighbours::{Articles, Found, Neighbours, Tags};
use api_service::given::problem::Problem;
use api_service::given::standins::{Journal, PlainArticles};
use api_service::given::views::Article;
use serde_json::{Map, Value, json};
use support::seeded;

use super::helpers::{Answer, START, TestApp, by, count, spawn};

/// The milestone alone, with two authors and three articles; the second one is bob's, who is user 2.
async fn alone() -> TestApp {
    with(|_, _| {}).await
}

async fn with(wire: impl FnOnce(&mut Neighbours, &Config)) -> TestApp {
    let app = spawn(routes(), wire).await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    for (author, slug) in [(ada, "first"), (bob, "second"), (bob, "third")] {
        let article = app.article(author, slug);
        app.tag(article, &["z", "a"]);
    }
    app
}

const BOB: i64 = 2;
const SECOND: &str = "/api/articles/second";

fn change(article: Value) -> Value {
    json!({"article": article})
}

#[track_caller]
fn assert_refused(case: &str, answer: &Answer, status: u16, errors: &Value) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text);
    let expected: Value = json!({"errors": errors});
    assert_eq!(answer.body, expected, "{case}");
}

/// Everything about an article but `updated_at`.
fn row(app: &TestApp, slug: &str) -> Value {
    let text: String = app.query(
        "SELECT json_array(id, slug, author_id, created_at, favorites_count, tag_list, title, description, body)
         FROM articles WHERE slug = ?1",
        [slug],
    );
    serde_json::from_str(&text).expect("SQLite writes JSON")
}

fn updated(app: &TestApp, slug: &str) -> i64 {
    app.query("SELECT updated_at FROM articles WHERE slug = ?1", [slug])
}

/// A change answers the article as the neighbour shows it, with what is new and with what stayed.
#[tokio::test]
async fn a_change_answers_the_article() {
    let app = alone().await;
    app.clock.advance(86_400_250);
    let body = change(json!({"title": "A new title", "tagList": ["m"]}));
    let answer = app.put(BOB, SECOND, body).await;
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
        "favoritesCount": 0,
        "slug": "second",
        "tagList": [
          "m"
        ],
        "title": "A new title",
        "updatedAt": "2017-07-15T02:40:00.250Z"
      }
    }
    "#);
}

/// What is named changes, as it came; what is absent stays, whichever it is. No other article changes.
#[tokio::test]
async fn what_is_named_changes_and_the_rest_stays() {
    let app = alone().await;
    let mut seeds = seeded(0x16_51);
    let others = [row(&app, "first"), row(&app, "third")];
    let mut expected = row(&app, "second");
    let names = [("title", 6), ("description", 7), ("body", 8)];
    for round in 0..24 {
        let mut fields = Map::new();
        for (bit, (name, column)) in names.into_iter().enumerate() {
            if (round >> bit) & 1 == 1 {
                let end = *seeds.pick(&["", " ", "'", "\"", "%", "\\", "\u{0}", "😀é", "\n"]);
                let text = json!(format!("{end} {}{end}", seeds.word(1..9)));
                fields.insert(name.to_owned(), text.clone());
                expected[column] = text;
            }
        }
        let body = change(Value::Object(fields.clone()));
        let answer = app.put(BOB, SECOND, body).await;
        assert_eq!(answer.status, 200, "{fields:?}: {}", answer.text);
        for (name, column) in names {
            let query = format!("SELECT {name} FROM articles WHERE slug = 'second'");
            let stored: String = app.query(&query, []);
            let shown: Value = json!(stored);
            assert_eq!(shown, expected[column], "{name} after {fields:?}");
        }
        let stored = row(&app, "second");
        for column in 0..6 {
            assert_eq!(stored[column], expected[column], "after {fields:?}");
        }
        let now = [row(&app, "first"), row(&app, "third")];
        assert_eq!(now, others, "after {fields:?}");
    }
    assert_eq!(updated(&app, "first"), START);
    assert_eq!(updated(&app, "third"), START);
}

/// A change of the title keeps the address, also when the title is another article's.
#[tokio::test]
async fn the_address_stays() {
    let app = alone().await;
    for title in ["Something else", "Title of first", "first", "feed", "???"] {
        let answer = app.put(BOB, SECOND, change(json!({"title": title}))).await;
        assert_eq!(answer.status, 200, "{title}: {}", answer.text);
        let slug: Value = answer.body["article"]["slug"].clone();
        assert_eq!(slug, json!("second"), "{title}");
        let shown: Value = answer.body["article"]["title"].clone();
        assert_eq!(shown, json!(title));
    }
}

/// The neighbours are asked: for the article, for its tags only when there is a list, and for the view of the caller.
#[tokio::test]
async fn the_neighbours_are_asked() {
    let app = alone().await;
    for (fields, tags) in [
        (json!({"title": "x"}), None),
        (json!({}), None),
        (
            json!({"tagList": ["z", "a", "z", "", " M "]}),
            Some("tags of 2: z, a, z, ,  M "),
        ),
        (json!({"tagList": []}), Some("tags of 2: ")),
        (json!({"tagList": ["b"], "body": "x"}), Some("tags of 2: b")),
    ] {
        let answer = app.put(BOB, SECOND, change(fields.clone())).await;
        assert_eq!(answer.status, 200, "{fields}: {}", answer.text);
        let asked: Vec<String> = app.asked();
        let expected: Vec<String> = [Some("find second"), tags, Some("article 2 for 2")]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect();
        assert_eq!(asked, expected, "{fields}");
    }
    app.delete(BOB, SECOND).await;
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, ["find second"], "a deletion");
}

/// `updatedAt` becomes the time of the change, and is later than before even when the clock stands still or was set back.
#[tokio::test]
async fn every_change_is_later_than_the_one_before() {
    let app = alone().await;
    for (millis, fields, expected) in [
        (5_000, json!({"title": "x"}), START + 5_000),
        (0, json!({"title": "y"}), START + 5_001),
        (0, json!({}), START + 5_002),
        (0, json!({"tagList": []}), START + 5_003),
        (3, json!({"body": "z"}), START + 5_004),
        (2, json!({"body": "z"}), START + 5_005),
        (-86_400_000, json!({"description": "z"}), START + 5_006),
        (86_500_000, json!({}), START + 105_005),
    ] {
        app.clock.advance(millis);
        let answer = app.put(BOB, SECOND, change(fields.clone())).await;
        assert_eq!(answer.status, 200, "{fields}: {}", answer.text);
        assert_eq!(updated(&app, "second"), expected, "{fields} after {millis}");
    }
    let created: i64 = app.query("SELECT created_at FROM articles WHERE id = 2", []);
    assert_eq!(created, START, "when it was created stays");
}

/// A request that names no field changes nothing but `updatedAt`.
#[tokio::test]
async fn naming_nothing_is_a_change_too() {
    let app = alone().await;
    let before = row(&app, "second");
    app.clock.advance(1_000);
    for fields in [
        json!({}),
        json!({"slug": "x", "author": "ada", "createdAt": 7}),
    ] {
        let answer = app.put(BOB, SECOND, change(fields.clone())).await;
        assert_eq!(answer.status, 200, "{fields}: {}", answer.text);
        assert_eq!(row(&app, "second"), before, "{fields}");
    }
    assert_eq!(updated(&app, "second"), START + 1_001);
}

/// What is named can't be blank: null, empty, or nothing but white space. Nothing changes.
#[tokio::test]
async fn blank_fields_are_refused() {
    let app = alone().await;
    let before = app.contents();
    for field in ["title", "description", "body"] {
        for value in [json!(null), json!(""), json!(" "), json!("\t\u{3000}\n")] {
            let case = format!("{field} {value}");
            let mut fields = json!({"title": "new", "body": "new", "tagList": ["new"]});
            fields[field] = value;
            let answer = app.put(BOB, SECOND, change(fields)).await;
            assert_refused(&case, &answer, 422, &json!({field: ["can't be blank"]}));
            assert_eq!(app.contents(), before, "{case}");
        }
    }
}

/// What is no text, and tags that are no list of texts, are invalid; one answer names every field that is wrong. Nothing changes.
#[tokio::test]
async fn what_is_no_text_is_refused() {
    let app = alone().await;
    let before = app.contents();
    let (blank, invalid) = (["can't be blank"], ["is invalid"]);
    for field in ["title", "description", "body"] {
        for value in [json!(7), json!(false), json!(["a"]), json!({})] {
            let case = format!("{field} {value}");
            let answer = app.put(BOB, SECOND, change(json!({field: value}))).await;
            assert_refused(&case, &answer, 422, &json!({field: invalid}));
        }
    }
    for value in [
        json!(null),
        json!("a"),
        json!(""),
        json!(7),
        json!({}),
        json!(["a", 7]),
        json!([null]),
        json!([["a"]]),
    ] {
        let case = format!("tagList {value}");
        let fields = json!({"title": "new", "tagList": value});
        let answer = app.put(BOB, SECOND, change(fields)).await;
        assert_refused(&case, &answer, 422, &json!({"tagList": invalid}));
    }
    for (fields, errors) in [
        (
            json!({"title": null, "description": "", "body": " "}),
            json!({"title": blank, "description": blank, "body": blank}),
        ),
        (
            json!({"title": 1, "description": "", "body": [], "tagList": null}),
            json!({"title": invalid, "description": blank, "body": invalid, "tagList": invalid}),
        ),
        (
            json!({"title": "fine", "body": null, "tagList": [1]}),
            json!({"body": blank, "tagList": invalid}),
        ),
    ] {
        let case = fields.to_string();
        let answer = app.put(BOB, SECOND, change(fields)).await;
        assert_refused(&case, &answer, 422, &errors);
    }
    assert_eq!(app.contents(), before);
}

/// Somebody else's article is forbidden, whatever the request says; an unknown one is not found; without a token nobody learns
/// which it is. Nothing changes.
#[tokio::test]
async fn only_the_author_may() {
    let app = alone().await;
    let eve = app.user("eve");
    let before = app.contents();
    for body in [
        change(json!({"title": "new", "tagList": ["new"]})),
        change(json!({"title": "", "tagList": null})),
        change(json!({})),
    ] {
        for (caller, slug, status, errors) in [
            (Some(1), "second", 403, json!({"article": ["forbidden"]})),
            (Some(eve), "second", 403, json!({"article": ["forbidden"]})),
            (Some(BOB), "first", 403, json!({"article": ["forbidden"]})),
            (Some(BOB), "Second", 404, json!({"article": ["not found"]})),
            (Some(BOB), "secon", 404, json!({"article": ["not found"]})),
            (Some(BOB), "2", 404, json!({"article": ["not found"]})),
            (None, "second", 401, json!({"token": ["is missing"]})),
            (None, "unknown", 401, json!({"token": ["is missing"]})),
        ] {
            let case = format!("{caller:?} {slug} {body}");
            let path = format!("/api/articles/{slug}");
            let answer = app.put(caller, &path, body.clone()).await;
            assert_refused(&case, &answer, status, &errors);
            let answer = app.delete(caller, &path).await;
            assert_refused(&format!("DELETE {case}"), &answer, status, &errors);
        }
    }
    assert_eq!(app.contents(), before);
}

/// An article goes with its comments, marks and tags, and the counters follow; what belongs to other articles stays.
#[tokio::test]
async fn an_article_goes_with_what_belongs_to_it() {
    let app = alone().await;
    for article in 1..=3 {
        for user in 1..=2 {
            app.favorite(user, article);
            app.execute(
                "INSERT INTO comments (article_id, author_id, created_at, updated_at, body) VALUES (?1, ?2, 1, 1, 'x')",
                [article, user],
            );
        }
    }
    app.follow(1, 2);
    app.tag(2, &["only here"]);
    let answer = app.delete(BOB, SECOND).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(answer.text, "", "no body");
    let sums: String = app.query(
        "SELECT json_array(
            (SELECT group_concat(slug) FROM articles), (SELECT articles FROM totals),
            (SELECT group_concat(articles_count) FROM users), (SELECT group_concat(favorites_count) FROM users),
            (SELECT group_concat(favorites_count) FROM articles),
            (SELECT group_concat(article_id) FROM (SELECT article_id FROM comments ORDER BY id)),
            (SELECT count(*) FROM favorites), (SELECT count(*) FROM follows),
            (SELECT group_concat(name || articles) FROM tags))",
        [],
    );
    assert_eq!(
        sums,
        r#"["first,third",2,"1,1","2,2","2,2","1,1,3,3",4,1,"a2,z2"]"#
    );
    let answer = app.delete(BOB, SECOND).await;
    assert_refused("again", &answer, 404, &json!({"article": ["not found"]}));
}

/// Of many deletions at the same moment one removes the article, and the others find none.
#[tokio::test]
async fn an_article_is_removed_once() {
    let app = alone().await;
    let answers = app.at_once(6, |_| by(BOB, app.server.delete(SECOND))).await;
    assert_eq!(count(&answers, 204), 1, "{answers:?}");
    assert_eq!(count(&answers, 404), 5, "{answers:?}");
}

/// Changes of different fields at the same moment all hold, and each is later than the one before.
#[tokio::test]
async fn changes_at_the_same_moment_all_hold() {
    let app = alone().await;
    let names = ["title", "description", "body"];
    let answers = app
        .at_once(3, |number| {
            let fields = json!({(names[number]): format!("new {number}")});
            by(BOB, app.server.put(SECOND)).json(&change(fields))
        })
        .await;
    assert_eq!(count(&answers, 200), 3, "{answers:?}");
    let stored: String = app.query(
        "SELECT title || ', ' || description || ', ' || body FROM articles WHERE id = 2",
        [],
    );
    assert_eq!(stored, "new 0, new 1, new 2");
    assert_eq!(updated(&app, "second"), START + 3);
}

struct Broken;

impl Tags for Broken {
    fn set(&self, _: &Tx, _: i64, _: &[String]) -> Result<(), Problem> {
        Err(Problem::internal(&"the test's own failure"))
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

/// Finding, changing, the tags and the answer are one transaction: whatever fails, nothing has changed.
#[tokio::test]
async fn what_fails_changes_nothing() {
    for case in ["the view", "the tags", "the row"] {
        let app = with(|neighbours: &mut Neighbours, _: &Config| {
            neighbours.articles = Arc::new(Tracing {
                seen: case != "the view",
            });
            if case == "the tags" {
                neighbours.tags = Arc::new(Broken);
            }
        })
        .await;
        if case == "the row" {
            for event in ["UPDATE", "DELETE"] {
                let trigger = format!(
                    "CREATE TRIGGER refuse_{event} AFTER {event} ON articles
                     BEGIN SELECT raise(ABORT, 'the test refuses'); END"
                );
                app.execute(&trigger, []);
            }
        }
        let before = app.contents();
        let body = change(json!({"title": "new", "tagList": ["new"]}));
        let answer = app.put(BOB, SECOND, body).await;
        assert_eq!(answer.status, 500, "{case}: {}", answer.text);
        assert_eq!(app.contents(), before, "{case}");
        if case == "the row" {
            let answer = app.delete(BOB, SECOND).await;
            assert_eq!(answer.status, 500, "{case}: {}", answer.text);
            assert_eq!(app.contents(), before, "{case}");
        }
    }
}

/// The article is found in the transaction that changes it: what the neighbour does there belongs to it.
#[tokio::test]
async fn finding_is_part_of_the_change() {
    let app = with(|neighbours: &mut Neighbours, _: &Config| {
        neighbours.articles = Arc::new(Tracing { seen: true });
    })
    .await;
    let answer = app.put(BOB, SECOND, change(json!({"title": "new"}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = app.delete(BOB, SECOND).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}
