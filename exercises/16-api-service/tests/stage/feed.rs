use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use api_service::feed::{feed, routes};
use api_service::given::app::{App, Cx, Parts, SigningKey};
use api_service::given::clock::{Clock, UnixMillis, rfc3339};
use api_service::given::config::Config;
use api_service::given::database::{Database, Durability, Record, recorded};
use api_service::given::query::Page;
use api_service::given::standins::{self, Journal};
use api_service::given::views::Articles;
use serde_json::{Value, json};
use support::seeded;

use super::helpers::{Answer, KEY, START, TestApp, by, spawn, value};

/// The milestone alone.
async fn alone() -> TestApp {
    spawn(routes(), |_, _| {}).await
}

const FEED: &str = "/api/articles/feed";

fn page(limit: i64, offset: i64) -> Page {
    Page { limit, offset }
}

/// The slugs of the page, and the count.
#[track_caller]
fn assert_feed(app: &TestApp, caller: i64, page: Page, slugs: &[&str], count: i64) {
    let found: Articles = value(feed(&app.cx(), page, caller));
    let shown: Vec<&str> = found
        .articles
        .iter()
        .map(|entry| entry.slug.as_str())
        .collect();
    assert_eq!(shown, slugs, "{page:?} for {caller}");
    assert_eq!(
        found.articles_count, count,
        "articlesCount of {page:?} for {caller}"
    );
}

#[track_caller]
fn assert_refused(case: &str, answer: &Answer, status: u16, errors: &Value) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text);
    let expected: Value = json!({"errors": errors});
    assert_eq!(answer.body, expected, "{case}");
}

/// Many articles of one author at once.
fn fill(app: &TestApp, author: i64, count: i64) {
    app.execute(
        "INSERT INTO articles (slug, author_id, created_at, updated_at, title, description, body)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2)
         SELECT 'filled-' || ?1 || '-' || ?2 || '-' || n, ?1, ?3, ?3, 'T', 'D', 'B' FROM numbers",
        (author, count, START),
    );
}

fn cost(app: &TestApp, caller: i64, page: Page) -> Record {
    let (answer, record) = recorded(|| feed(&app.cx(), page, caller));
    value(answer);
    record
}

/// An entry is the row and its author, without the body; the caller's own marks show.
#[tokio::test]
async fn an_entry_is_the_row_and_its_author() {
    let app = alone().await;
    let (ada, bob, eve) = (app.user("ada"), app.user("bob"), app.user("eve"));
    app.article(bob, "first");
    let second = app.article(bob, "second");
    app.article(eve, "third");
    app.tag(second, &["z", "a", "m"]);
    app.execute(
        "UPDATE articles SET created_at = 1400000000007, updated_at = 1450000000120 WHERE id = ?1",
        [second],
    );
    app.favorite(ada, second);
    app.favorite(eve, second);
    app.favorite(bob, 1);
    app.follow(ada, bob);
    let answer = app.get(ada, FEED).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "articles": [
        {
          "author": {
            "bio": "about bob",
            "following": true,
            "image": "https://lantern.example/bob.png",
            "username": "bob"
          },
          "createdAt": "2014-05-13T16:53:20.007Z",
          "description": "About second",
          "favorited": true,
          "favoritesCount": 2,
          "slug": "second",
          "tagList": [
            "z",
            "a",
            "m"
          ],
          "title": "Title of second",
          "updatedAt": "2015-12-13T09:46:40.120Z"
        },
        {
          "author": {
            "bio": "about bob",
            "following": true,
            "image": "https://lantern.example/bob.png",
            "username": "bob"
          },
          "createdAt": "2017-07-14T02:40:00.000Z",
          "description": "About first",
          "favorited": false,
          "favoritesCount": 1,
          "slug": "first",
          "tagList": [],
          "title": "Title of first",
          "updatedAt": "2017-07-14T02:40:00.000Z"
        }
      ],
      "articlesCount": 2
    }
    "#);
    app.execute("UPDATE users SET bio = NULL, image = NULL", []);
    let answer = app.get(ada, FEED).await;
    let author: Value = answer.body["articles"][1]["author"].clone();
    let expected = json!({"username": "bob", "bio": null, "image": null, "following": true});
    assert_eq!(author, expected);
}

/// The feed of somebody who follows nobody is empty, also when others follow them, and when they have written themselves.
#[tokio::test]
async fn who_follows_nobody_has_an_empty_feed() {
    let app = alone().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    app.article(ada, "first");
    app.article(bob, "second");
    app.follow(bob, ada);
    let answer = app.get(ada, FEED).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let empty: Value = json!({"articles": [], "articlesCount": 0});
    assert_eq!(answer.body, empty);
    let silent = app.user("silent");
    app.follow(ada, silent);
    assert_feed(&app, ada, page(20, 0), &[], 0);
    assert_feed(&app, bob, page(20, 0), &["first"], 1);
    app.follow(ada, ada);
    assert_feed(&app, ada, page(20, 0), &["first"], 1);
}

/// The feed is the caller's: without a token there is none.
#[tokio::test]
async fn the_feed_needs_a_token() {
    let app = alone().await;
    app.user("ada");
    for query in ["", "?limit=0"] {
        let answer = app.get(None, &format!("{FEED}{query}")).await;
        assert_refused(query, &answer, 401, &json!({"token": ["is missing"]}));
    }
    let answer = app.get(1, &format!("{FEED}?limit=0&offset=x")).await;
    let invalid = json!({"limit": ["is invalid"], "offset": ["is invalid"]});
    assert_refused("limit=0&offset=x", &answer, 422, &invalid);
    let answer = app.get(1, FEED).await;
    assert_eq!(answer.status, 200, "with one: {}", answer.text);
}

/// Newest first is by the id, across authors; neither the times nor the names decide.
#[tokio::test]
async fn the_newest_come_first() {
    let app = alone().await;
    let (ada, bob, eve) = (app.user("ada"), app.user("bob"), app.user("eve"));
    app.follow(ada, eve);
    app.follow(ada, bob);
    for (author, slug, at) in [
        (bob, "m", 900),
        (eve, "z", 800),
        (eve, "a", 700),
        (bob, "k", 600),
        (eve, "x", 500),
    ] {
        let article = app.article(author, slug);
        app.execute(
            "UPDATE articles SET created_at = ?2, updated_at = ?2 * 7 % 11 WHERE id = ?1",
            [article, at],
        );
    }
    assert_feed(&app, ada, page(20, 0), &["x", "k", "a", "z", "m"], 5);
    assert_feed(&app, ada, page(2, 1), &["k", "a"], 5);
}

/// Whoever follows whom: every page holds what the followed have written, in order and counted, and as the caller has marked it.
#[tokio::test]
async fn every_page_holds_what_the_followed_have_written() {
    let app = alone().await;
    let mut seeds = seeded(0x16_71);
    let people: Vec<i64> = (0..6)
        .map(|number| app.user(&format!("{}{number}", seeds.word(3..8))))
        .collect();
    let mut articles: Vec<(String, usize, Vec<usize>)> = Vec::new();
    for number in 0..60 {
        // The first writes most of them, the last writes none.
        let author = if seeds.coin() { 0 } else { seeds.size(1..5) };
        let slug = format!("{}-{number}", seeds.word(2..6));
        let id = app.article(people[author], &slug);
        let marks: Vec<usize> = (0..6).filter(|_| seeds.coin()).collect();
        for user in &marks {
            app.favorite(people[*user], id);
        }
        articles.push((slug, author, marks));
    }
    articles.reverse();
    let mut follows = Vec::new();
    for pair in (0..6).flat_map(|follower| (0..6).map(move |followed| (follower, followed))) {
        if seeds.coin() {
            app.follow(people[pair.0], people[pair.1]);
            follows.push(pair);
        }
    }
    for _ in 0..120 {
        let (caller, limit, offset) = (seeds.size(0..6), seeds.size(1..40), seeds.size(0..30));
        let matching: Vec<_> = articles
            .iter()
            .filter(|(_, author, _)| follows.contains(&(caller, *author)))
            .collect();
        let shown = matching.iter().skip(offset).take(limit);
        let expected: Vec<String> = shown
            .map(|(slug, author, marks)| {
                format!(
                    "{slug} by {}, {} marks, {}",
                    people[*author],
                    marks.len(),
                    marks.contains(&caller)
                )
            })
            .collect();
        let asked = page(
            i64::try_from(limit).expect("small"),
            i64::try_from(offset).expect("small"),
        );
        let found: Articles = value(feed(&app.cx(), asked, people[caller]));
        let mut lines = Vec::new();
        for entry in &found.articles {
            let id: i64 = app.query(
                "SELECT id FROM users WHERE username = ?1",
                [&entry.author.username],
            );
            lines.push(format!(
                "{} by {id}, {} marks, {}",
                entry.slug, entry.favorites_count, entry.favorited
            ));
            assert!(entry.author.following, "{}", entry.slug);
        }
        assert_eq!(lines, expected, "{asked:?} for {caller} of {follows:?}");
        assert_eq!(
            found.articles_count,
            i64::try_from(matching.len()).expect("small"),
            "articlesCount"
        );
    }
}

/// An entry shows its own article's fields, whatever they are.
#[tokio::test]
async fn every_field_is_its_own() {
    let app = alone().await;
    let ada = app.user("ada");
    let mut seeds = seeded(0x16_72);
    for number in 0..6 {
        let user = app.user(&format!("{}{number}", seeds.word(3..8)));
        app.follow(ada, user);
        let article = app.article(user, &format!("{}-{number}", seeds.word(3..8)));
        let tags: Vec<String> = (0..number).map(|_| seeds.word(5..12)).collect();
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        app.tag(article, &tags);
        let (created, updated) = (seeds.number(0..1 << 41), seeds.number(0..1 << 41));
        app.execute(
            "UPDATE articles SET title = ?2, description = ?3, created_at = ?4, updated_at = ?5 WHERE id = ?1",
            (article, seeds.word(3..20), seeds.word(3..20), created.cast_signed(), updated.cast_signed()),
        );
    }
    let found: Articles = value(feed(&app.cx(), page(20, 0), ada));
    assert_eq!(found.articles.len(), 6);
    for (entry, id) in found.articles.iter().zip((1..=6).rev()) {
        let column = |name: &str| -> String {
            let query = format!(
                "SELECT CAST({name} AS TEXT) FROM articles JOIN users ON users.id = author_id WHERE articles.id = ?1"
            );
            app.query(&query, [id])
        };
        let time = |name: &str| rfc3339(column(name).parse().expect("a number"));
        assert_eq!(entry.slug, column("slug"));
        assert_eq!(entry.title, column("title"));
        assert_eq!(entry.description, column("description"));
        assert_eq!(entry.created_at, time("articles.created_at"));
        assert_eq!(entry.updated_at, time("updated_at"));
        assert_eq!(entry.author.username, column("username"));
        assert_eq!(entry.author.bio, Some(column("bio")));
        assert_eq!(entry.author.image, Some(column("image")));
        let tags: Vec<String> = value(entry.tag_list.names());
        assert_eq!(json!(tags).to_string(), column("tag_list"));
    }
}

/// The address says which page, 20 articles unless it says otherwise; a page beyond the last one is empty, however far beyond.
#[tokio::test]
async fn the_address_says_which_page() {
    let app = alone().await;
    let (ada, bob, eve) = (app.user("ada"), app.user("bob"), app.user("eve"));
    fill(&app, bob, 70);
    fill(&app, eve, 60);
    app.follow(ada, bob);
    app.follow(ada, eve);
    for (query, length, first) in [
        ("", 20, "filled-3-60-60"),
        ("?limit=3", 3, "filled-3-60-60"),
        ("?offset=59", 20, "filled-3-60-1"),
        ("?offset=60&limit=5", 5, "filled-2-70-70"),
        ("?limit=1000&offset=1", 100, "filled-3-60-59"),
        ("?offset=129", 1, "filled-2-70-1"),
    ] {
        let answer = app.get(ada, &format!("{FEED}{query}")).await;
        let entries = answer.body["articles"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert_eq!(entries.len(), length, "{query}: {}", answer.text);
        assert_eq!(entries[0]["slug"], json!(first), "{query}");
        assert_eq!(answer.body["articlesCount"], json!(130), "{query}");
    }
    for offset in [
        "130",
        "131",
        "9223372036854775707",
        "9223372036854775807",
        "99999999999999999999",
    ] {
        let answer = app
            .get(ada, &format!("{FEED}?limit=100&offset={offset}"))
            .await;
        let expected: Value = json!({"articles": [], "articlesCount": 130});
        assert_eq!(
            answer.body, expected,
            "beyond the last: {offset}: {}",
            answer.text
        );
    }
}

/// `articlesCount` is the sum of the authors' counters, and no article is counted for it.
#[tokio::test]
async fn the_count_is_the_sum_of_the_counters() {
    let app = alone().await;
    let (ada, bob, eve) = (app.user("ada"), app.user("bob"), app.user("eve"));
    for (author, slug) in [(ada, "first"), (bob, "second"), (eve, "third")] {
        app.article(author, slug);
    }
    app.follow(ada, bob);
    app.follow(ada, eve);
    app.follow(bob, ada);
    for (user, count) in [(ada, 1001), (bob, 2002), (eve, 3003)] {
        app.execute(
            "UPDATE users SET articles_count = ?2, favorites_count = 9 WHERE id = ?1",
            [user, count],
        );
    }
    assert_feed(&app, ada, page(1, 1), &["second"], 5005);
    assert_feed(&app, bob, page(20, 0), &["first"], 1001);
    assert_feed(&app, eve, page(20, 0), &[], 0);
}

/// A page costs three statements at most, and as many for whoever follows one as for whoever follows fifty; no neighbour is asked.
#[tokio::test]
async fn a_page_costs_a_fixed_number_of_statements() {
    let app = alone().await;
    let (one, many) = (app.user("one"), app.user("many"));
    for number in 0..50 {
        let author = app.user(&format!("u{number}"));
        fill(&app, author, 3);
        app.follow(many, author);
        if number == 0 {
            app.follow(one, author);
        }
    }
    let few = cost(&app, one, page(2, 0)).statements;
    let most = cost(&app, many, page(100, 0)).statements;
    assert!(most.len() <= 3, "{most:?}");
    assert_eq!(few.len(), most.len(), "{few:?}");
    assert_eq!(app.asked(), Vec::<String>::new(), "the neighbours");
}

/// Neither what others write nor the old articles of those whom one follows make a page dearer.
#[tokio::test]
async fn old_articles_and_those_of_others_cost_nothing() {
    let app = alone().await;
    let (ada, bob, eve, idle) = (
        app.user("ada"),
        app.user("bob"),
        app.user("eve"),
        app.user("idle"),
    );
    let other = app.user("other");
    for author in [bob, eve] {
        fill(&app, author, 30);
        app.follow(ada, author);
    }
    app.follow(idle, other);
    let steps = |caller: i64| cost(&app, caller, page(10, 0)).steps;
    let before = (steps(ada), steps(idle), steps(other));
    let stranger = app.user("stranger");
    fill(&app, stranger, 3_000);
    let others = (steps(ada), steps(idle), steps(other));
    fill(&app, bob, 2_999);
    fill(&app, eve, 20);
    let old = (steps(ada), steps(idle), steps(other));
    for (case, after) in [
        ("3,000 articles of others", others),
        ("2,999 of a followed author", old),
    ] {
        assert!(
            after.0 <= before.0 * 2 + 200 && after.1 <= before.1 + 200 && after.2 <= before.2 + 200,
            "steps for who follows two, for who follows a silent one, for who follows nobody: {before:?}; {case}: {after:?}"
        );
    }
    let further = cost(&app, ada, page(10, 40)).steps;
    assert!(
        further <= before.0 * 8,
        "the fifth page: {further}; the first one: {}",
        before.0
    );
}

/// Whoever looks at the clock publishes an article: so there is one more after every beginning of a transaction.
struct Publishing {
    app: OnceLock<App>,
    published: AtomicUsize,
}

impl Clock for Publishing {
    fn now(&self) -> UnixMillis {
        let number = self.published.fetch_add(1, Ordering::SeqCst);
        if let Some(app) = self.app.get() {
            let slug = format!("published-{number}");
            let done = app.database().write(|connection| {
                let insert = "INSERT INTO articles (slug, author_id, created_at, updated_at, title, description, body)
                              VALUES (?1, 1, 1, 1, 'T', 'D', 'B')";
                Ok(connection.execute(insert, [slug])?)
            });
            done.expect("an article is published");
        }
        START
    }
}

/// The page and the count are of one state, though others publish while the feed is made.
#[tokio::test]
async fn the_page_and_the_count_are_of_one_state() {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let database = Database::open(&folder.path().join("test.db"), Durability::Relaxed)
        .expect("a fresh database opens");
    let clock = Arc::new(Publishing {
        app: OnceLock::new(),
        published: AtomicUsize::new(0),
    });
    let app = App::new(Parts {
        config: Config::for_tests(),
        clock: clock.clone(),
        database,
        neighbours: standins::neighbours(&Journal::default()),
        signing_key: SigningKey(KEY),
    });
    let people = "INSERT INTO users (username, email, password_hash, created_at)
                  VALUES ('ada', 'ada@lantern.example', '', 1), ('bob', 'bob@lantern.example', '', 1);
                  INSERT INTO follows VALUES (2, 1)";
    let done = app
        .database()
        .write(|connection| Ok(connection.execute_batch(people)?));
    done.expect("users are stored");
    assert!(clock.app.set(app.clone()).is_ok(), "set once");
    for round in 0..5 {
        let found: Articles = value(feed(&Cx::new(app.clone()), page(100, 0), 2));
        let shown = i64::try_from(found.articles.len()).expect("small");
        assert_eq!(found.articles_count, shown, "round {round}");
    }
}

/// A write is in the next answer: an article, a mark, a following and its end.
#[tokio::test]
async fn a_write_is_in_the_next_answer() {
    let app = alone().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    let first = app.article(bob, "first");
    assert_feed(&app, ada, page(20, 0), &[], 0);
    app.follow(ada, bob);
    assert_feed(&app, ada, page(20, 0), &["first"], 1);
    app.article(bob, "second");
    assert_feed(&app, ada, page(20, 0), &["second", "first"], 2);
    app.execute("DELETE FROM articles WHERE id = ?1", [first]);
    assert_feed(&app, ada, page(20, 0), &["second"], 1);
    app.execute("DELETE FROM follows", []);
    assert_feed(&app, ada, page(20, 0), &[], 0);
}

/// A feed waits for nobody who writes, and a database that does not answer is a failure and no empty feed.
#[tokio::test]
async fn a_feed_waits_for_no_writer_and_fails_when_the_database_does() {
    let app = alone().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    app.article(bob, "first");
    app.follow(ada, bob);
    let (answer, waited) = app.beside_a_writer(by(ada, app.server.get(FEED))).await;
    assert_eq!(answer.body["articlesCount"], json!(1), "{}", answer.text);
    assert!(!waited, "it waited for a turn to write");
    for (table, column) in [("articles", "slug"), ("users", "articles_count")] {
        app.execute(
            &format!("ALTER TABLE {table} RENAME COLUMN {column} TO other"),
            [],
        );
        let answer = app.get(ada, FEED).await;
        assert_eq!(answer.status, 500, "{table}.{column}: {}", answer.text);
        app.execute(
            &format!("ALTER TABLE {table} RENAME COLUMN other TO {column}"),
            [],
        );
    }
}

/// Many users at once, named after `name`; answers the first id.
fn crowd(app: &TestApp, name: &str, count: i64) -> i64 {
    app.execute(
        "INSERT INTO users (username, email, password_hash, created_at)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2)
         SELECT ?1 || n, ?1 || n || '@lantern.example', '', 1 FROM numbers",
        (name, count),
    );
    let last: i64 = app.query("SELECT max(id) FROM users", []);
    last - count + 1
}

/// Two authors who have written equally many count twice.
#[tokio::test]
async fn equal_numbers_are_added_up() {
    let app = alone().await;
    let ada = app.user("ada");
    for name in ["bob", "eve", "dan"] {
        let author = app.user(name);
        app.follow(ada, author);
        for number in 0..2 {
            app.article(author, &format!("{name}-{number}"));
        }
    }
    let found: Articles = value(feed(&app.cx(), page(2, 1), ada));
    assert_eq!(found.articles_count, 6);
}

/// However many somebody follows, all of them are in the feed.
#[tokio::test]
async fn a_thousand_are_followed() {
    let app = alone().await;
    let ada = app.user("ada");
    let first = crowd(&app, "author", 1_100);
    app.execute(
        "INSERT INTO follows SELECT ?1, id FROM users WHERE id >= ?2",
        [ada, first],
    );
    app.execute(
        "INSERT INTO articles (slug, author_id, created_at, updated_at, title, description, body)
         SELECT 'of-' || username, id, 1, 1, 'T', 'D', 'B' FROM users WHERE id >= ?1 ORDER BY id DESC",
        [first],
    );
    let found: Articles = value(feed(&app.cx(), page(2, 0), ada));
    assert_eq!(found.articles[0].slug, "of-author1");
    assert_eq!(found.articles_count, 1_100);
    let found: Articles = value(feed(&app.cx(), page(100, 1_050), ada));
    let slugs: Vec<&str> = found.articles.iter().map(|a| a.slug.as_str()).collect();
    assert_eq!(slugs.len(), 50, "the last page");
    assert_eq!((slugs[0], slugs[49]), ("of-author1051", "of-author1100"));
}

/// A page far behind the first one is as full as that, whoever has written it.
#[tokio::test]
async fn far_pages_are_full() {
    let app = alone().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    fill(&app, bob, 10_100);
    app.follow(ada, bob);
    for (offset, length, first) in [
        (95, 100, "filled-2-10100-10005"),
        (995, 100, "filled-2-10100-9105"),
        (9_995, 100, "filled-2-10100-105"),
        (10_050, 50, "filled-2-10100-50"),
    ] {
        let found: Articles = value(feed(&app.cx(), page(100, offset), ada));
        assert_eq!(found.articles.len(), length, "offset {offset}");
        assert_eq!(found.articles[0].slug, first, "offset {offset}");
        assert_eq!(found.articles_count, 10_100, "offset {offset}");
    }
}

/// Users whom one does not follow make no page dearer, and a small page looks at few articles of each author.
#[tokio::test]
async fn only_the_followed_and_a_page_of_each_are_looked_at() {
    let app = alone().await;
    let ada = app.user("ada");
    let first = crowd(&app, "author", 30);
    app.execute(
        "INSERT INTO follows SELECT ?1, id FROM users WHERE id >= ?2",
        [ada, first],
    );
    let write = "INSERT INTO articles (slug, author_id, created_at, updated_at, title, description, body)
                 SELECT 'round-' || ?1 || '-' || id, id, 1, 1, 'T', 'D', 'B' FROM users WHERE id > 1";
    for round in 0..2 {
        app.execute(write, [round]);
    }
    let steps = || cost(&app, ada, page(1, 0)).steps;
    let before = steps();
    for round in 2..40 {
        app.execute(write, [round]);
    }
    let old = steps();
    assert!(
        old <= before * 2 + 200,
        "steps for one article of thirty authors: {before} when each has written 2, {old} when each has written 40"
    );
    crowd(&app, "stranger", 3_000);
    let others = steps();
    assert!(
        others <= old + 200,
        "steps: {old}, and {others} beside 3,000 users who are not followed"
    );
}
