use api_service::given::app::Tx;
use api_service::given::database::recorded;
use api_service::given::neighbours::Tags;
use api_service::given::problem::Problem;
use api_service::tags::{Labels, list, routes};
use serde_json::{Value, json};
use support::seeded;

use super::helpers::{TestApp, spawn, value};

/// The milestone alone, with two users and three articles; the second is bob's, who is user 2.
async fn alone() -> TestApp {
    let app = spawn(routes(), |_, _| {}).await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    for (author, slug) in [(ada, "first"), (bob, "second"), (bob, "third")] {
        app.article(author, slug);
    }
    app
}

fn set(app: &TestApp, article: i64, tags: &[&str]) {
    let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    value(app.cx().write(|tx| Labels.set(tx, article, &tags)));
}

/// What an article shows.
fn shown(app: &TestApp, article: i64) -> Vec<String> {
    let text: String = app.query("SELECT tag_list FROM articles WHERE id = ?1", [article]);
    serde_json::from_str(&text).expect("an array of texts")
}

/// Under which tags it is found, in the order of their bytes.
fn found(app: &TestApp, article: i64) -> Vec<String> {
    let tags = app.app.database().read(|connection| {
        let mut statement = connection
            .prepare("SELECT tag FROM article_tags WHERE article_id = ?1 ORDER BY tag")?;
        let tags = statement.query_map([article], |row| row.get(0))?;
        Ok(tags.collect::<Result<Vec<String>, _>>()?)
    });
    tags.expect("the table can be read")
}

#[track_caller]
fn assert_tags(app: &TestApp, article: i64, expected: &[&str]) {
    assert_eq!(
        shown(app, article),
        expected,
        "articles.tag_list of {article}"
    );
    let mut sorted = expected.to_vec();
    sorted.sort_unstable();
    assert_eq!(found(app, article), sorted, "article_tags of {article}");
}

#[track_caller]
fn assert_listed(app: &TestApp, expected: &[&str]) {
    let tags: Vec<String> = value(list(&app.cx()));
    assert_eq!(tags, expected);
}

/// An article gets its tags in their order, in the column and in the table.
#[tokio::test]
async fn an_article_gets_its_tags_in_their_order() {
    let app = alone().await;
    for tags in [
        &["z", "a", "m"][..],
        &["m", "z", "a"],
        &["x"],
        &["a", "x"],
        &[],
        &["b"],
    ] {
        set(&app, 2, tags);
        assert_tags(&app, 2, tags);
    }
    assert_tags(&app, 1, &[]);
    assert_tags(&app, 3, &[]);
}

/// Blank tags are left out, and of equal ones the first stays in its place.
#[tokio::test]
async fn blank_and_repeated_tags_are_left_out() {
    let app = alone().await;
    for (tags, expected) in [
        (&["b", "a", "b", "c", "a", "a"][..], &["b", "a", "c"][..]),
        (&["", "a", " ", "\t\n", "\u{3000}", "b", ""], &["a", "b"]),
        (&["a", "a"], &["a"]),
        (&["", " "], &[]),
    ] {
        set(&app, 2, tags);
        assert_tags(&app, 2, expected);
    }
}

/// Whatever stands in a tag stays: capitals, blanks around it, quotes, other scripts, and what only looks alike is different.
#[tokio::test]
async fn tags_are_kept_as_they_are() {
    let app = alone().await;
    let long = "long ".repeat(500);
    let tags = [
        "Rust",
        "rust",
        " rust",
        "rust ",
        "C++",
        "100%",
        "a_b",
        "it's",
        "\"q\"",
        "x\\y",
        "é",
        "e\u{301}",
        "É",
        "😀",
        "日本",
        "a,b",
        "[]",
        "null",
        "7",
        "a\u{0}b",
        "a\u{0}c",
        "a",
        "line\nbreak",
        "-",
        "?tag=x&y",
        &long,
    ];
    set(&app, 2, &tags);
    assert_tags(&app, 2, &tags);
    let listed: Vec<String> = value(list(&app.cx()));
    let mut sorted = tags.to_vec();
    sorted.sort_unstable();
    assert_eq!(
        listed, sorted,
        "each of one article: in the order of their bytes"
    );
}

/// Other articles keep their tags, the same ones, too; and of this article nothing else changes.
#[tokio::test]
async fn nothing_else_changes() {
    let app = alone().await;
    for article in 1..=3 {
        set(&app, article, &["x", "y"]);
    }
    let rest = "SELECT json_group_array(json_array(slug, author_id, created_at, updated_at, favorites_count, title, description, body))
                FROM articles";
    let before: String = app.query(rest, []);
    app.clock.advance(5_000);
    set(&app, 2, &["y", "z"]);
    assert_tags(&app, 1, &["x", "y"]);
    assert_tags(&app, 2, &["y", "z"]);
    assert_tags(&app, 3, &["x", "y"]);
    set(&app, 2, &[]);
    assert_tags(&app, 1, &["x", "y"]);
    assert_tags(&app, 2, &[]);
    assert_tags(&app, 3, &["x", "y"]);
    let after: String = app.query(rest, []);
    assert_eq!(after, before);
}

/// Hundreds of tags are tags.
#[tokio::test]
async fn hundreds_of_tags_are_tags() {
    let app = alone().await;
    let tags: Vec<String> = (0..1_200)
        .map(|number| format!("tag {}", number * 7_919 % 1_200))
        .collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    set(&app, 2, &tags);
    assert_tags(&app, 2, &tags);
    let listed: Vec<String> = value(list(&app.cx()));
    assert_eq!(listed.len(), 1_200);
}

/// It takes part in the caller's transaction: what that one refuses later has not happened.
#[tokio::test]
async fn it_is_part_of_the_callers_transaction() {
    let app = alone().await;
    set(&app, 2, &["x"]);
    let before = app.contents();
    let tags = ["y".to_owned()];
    let refused: Result<(), Problem> = app.cx().write(|tx: &Tx| {
        Labels.set(tx, 2, &tags)?;
        Err(Problem::not_found("article"))
    });
    assert!(refused.is_err());
    assert_eq!(app.contents(), before);
}

/// What the database refuses is an error, at whichever statement.
#[tokio::test]
async fn what_cannot_be_stored_is_an_error() {
    for (event, table) in [
        ("UPDATE", "articles"),
        ("INSERT", "article_tags"),
        ("DELETE", "article_tags"),
    ] {
        let app = alone().await;
        set(&app, 2, &["x"]);
        let trigger = format!(
            "CREATE TRIGGER refuse BEFORE {event} ON {table} BEGIN SELECT raise(ABORT, 'the test refuses'); END"
        );
        app.execute(&trigger, []);
        let before = app.contents();
        let tags = ["y".to_owned(), "z".to_owned()];
        let answer: Result<(), Problem> = app.cx().write(|tx| Labels.set(tx, 2, &tags));
        let problem = answer.expect_err("the database refuses");
        assert_eq!(problem.status().as_u16(), 500, "{event} on {table}");
        assert_eq!(app.contents(), before, "{event} on {table}");
    }
}

/// Without any tag the list is empty, and nobody needs a token to read it.
#[tokio::test]
async fn the_list_needs_no_token() {
    let app = alone().await;
    let answer = app.get(None, "/api/tags").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let empty: Value = json!({"tags": []});
    assert_eq!(answer.body, empty);
    app.tag(1, &["b", "a"]);
    app.tag(2, &["b"]);
    let answer = app.get(None, "/api/tags").await;
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "tags": [
        "b",
        "a"
      ]
    }
    "#);
    let answer = app.get(1, "/api/tags").await;
    assert_eq!(
        answer.body,
        json!({"tags": ["b", "a"]}),
        "with one: {}",
        answer.text
    );
}

/// The tag of most articles comes first; of those with equally many the one whose bytes are smaller.
#[tokio::test]
async fn the_most_used_come_first() {
    let app = alone().await;
    app.tag(1, &["a", "Z", "é", "b"]);
    app.tag(2, &["b", "é"]);
    app.tag(3, &["é", "y"]);
    assert_listed(&app, &["é", "b", "Z", "a", "y"]);
    let mut seeds = seeded(0x16_A1);
    let names: Vec<String> = (0..15)
        .map(|number| format!("{}{number}", seeds.word(1..4)))
        .collect();
    let mut articles: Vec<(i64, Vec<&str>)> = Vec::new();
    for number in 0..20 {
        let article = app.article(1, &format!("more-{number}"));
        articles.push((article, Vec::new()));
    }
    for _ in 0..30 {
        let number = seeds.size(0..20);
        let mut tags: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|_| seeds.coin())
            .collect();
        seeds.shuffle(&mut tags);
        tags.truncate(seeds.size(0..9));
        set(&app, articles[number].0, &tags);
        articles[number].1 = tags;
        let count = |name: &&str| {
            articles
                .iter()
                .filter(|(_, tags)| tags.contains(name))
                .count()
        };
        let mut expected: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| count(name) > 0)
            .collect();
        expected.sort_by_key(|name| (std::cmp::Reverse(count(name)), *name));
        let listed: Vec<String> = value(list(&app.cx()));
        let listed: Vec<&str> = listed
            .iter()
            .map(String::as_str)
            .filter(|tag| names.iter().any(|name| name == tag))
            .collect();
        assert_eq!(listed, expected);
    }
}

/// A tag is listed as long as some article has it.
#[tokio::test]
async fn a_tag_is_listed_while_an_article_has_it() {
    let app = alone().await;
    set(&app, 1, &["x", "y"]);
    set(&app, 2, &["x"]);
    assert_listed(&app, &["x", "y"]);
    set(&app, 1, &["x"]);
    assert_listed(&app, &["x"]);
    set(&app, 1, &[]);
    assert_listed(&app, &["x"]);
    app.execute("DELETE FROM articles WHERE id = 2", []);
    assert_listed(&app, &[]);
}

/// The list takes one statement and no more work with thousands of articles than with a few.
#[tokio::test]
async fn the_list_counts_no_articles() {
    let app = alone().await;
    for article in 1..=3 {
        app.tag(article, &["x", "y"]);
    }
    let cost = || {
        let (tags, record) = recorded(|| list(&app.cx()));
        assert_eq!(value(tags), ["x", "y"]);
        assert_eq!(record.statements.len(), 1, "{:?}", record.statements);
        record.steps
    };
    let few = cost();
    app.execute(
        "INSERT INTO articles (slug, author_id, created_at, updated_at, title, description, body)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000)
         SELECT 'filled-' || n, 1, 1, 1, 'T', 'D', 'B' FROM numbers",
        [],
    );
    app.execute(
        "INSERT INTO article_tags SELECT 'x', id FROM articles WHERE id > 3",
        [],
    );
    let many = cost();
    assert!(
        many <= few * 2 + 100,
        "steps: {few} with 3 articles, {many} with 2,003"
    );
}

/// The list waits for nobody who writes, and a database that does not answer is a failure.
#[tokio::test]
async fn the_list_waits_for_no_writer_and_fails_when_the_database_does() {
    let app = alone().await;
    app.tag(1, &["x"]);
    let (answer, waited) = app.beside_a_writer(app.server.get("/api/tags")).await;
    assert_eq!(answer.body, json!({"tags": ["x"]}), "{}", answer.text);
    assert!(!waited, "it waited for a turn to write");
    app.execute("ALTER TABLE tags RENAME TO labels", []);
    let answer = app.get(None, "/api/tags").await;
    assert_eq!(answer.status, 500, "{}", answer.text);
}

/// The table `tags` is the triggers' business: they move its numbers by one, from where they stand.
#[tokio::test]
async fn the_numbers_move_by_one() {
    let app = alone().await;
    set(&app, 1, &["x", "y"]);
    app.execute("UPDATE tags SET articles = 41 WHERE name = 'x'", []);
    app.execute("INSERT INTO tags VALUES ('idle', 0)", []);
    let numbers = || -> String {
        app.query(
            "SELECT group_concat(name || ' ' || articles, ', ') FROM (SELECT * FROM tags ORDER BY name)",
            [],
        )
    };
    for (tags, after) in [
        (&["x"][..], "idle 0, x 42, y 1"),
        (&["x", "y"], "idle 0, x 42, y 2"),
        (&["z"], "idle 0, x 41, y 1, z 1"),
        (&[], "idle 0, x 41, y 1"),
    ] {
        set(&app, 2, tags);
        assert_eq!(numbers(), after, "{tags:?}");
    }
}

/// The list has every tag, ten thousand, too.
#[tokio::test]
async fn the_list_has_every_tag() {
    let app = alone().await;
    app.execute(
        "INSERT INTO article_tags
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10100)
         SELECT printf('tag %05d', n), 1 FROM numbers",
        [],
    );
    let listed: Vec<String> = value(list(&app.cx()));
    assert_eq!(listed.len(), 10_100);
    assert_eq!(listed[10_099], "tag 10100");
}
