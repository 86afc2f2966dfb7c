use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api_service::given::app::{App, Cx, Parts, SigningKey};
use api_service::given::clock::{Clock, UnixMillis, rfc3339};
use api_service::given::config::Config;
use api_service::given::database::{Database, Durability, Record, recorded};
use api_service::given::query::{Filter, Page};
use api_service::given::standins::{self, Journal};
use api_service::given::views::{Articles, Summary};
use api_service::listing::{list, routes};
use serde_json::{Value, json};
use support::{Seeded, seeded};

use super::helpers::{Answer, KEY, START, TestApp, by, spawn, value};

/// The milestone alone.
async fn alone() -> TestApp {
    spawn(routes(), |_, _| {}).await
}

const ALL: Filter = Filter {
    tag: None,
    author: None,
    favorited: None,
    page: Page {
        limit: 100,
        offset: 0,
    },
};

fn page(limit: i64, offset: i64) -> Page {
    Page { limit, offset }
}

fn tagged(tag: &str) -> Filter {
    Filter {
        tag: Some(tag.to_owned()),
        ..ALL
    }
}

fn written_by(author: &str) -> Filter {
    Filter {
        author: Some(author.to_owned()),
        ..ALL
    }
}

fn marked_by(user: &str) -> Filter {
    Filter {
        favorited: Some(user.to_owned()),
        ..ALL
    }
}

/// The slugs of the page, and the count.
fn listed(app: &TestApp, filter: &Filter) -> (Vec<String>, i64) {
    let found: Articles = value(list(&app.cx(), filter, None));
    let slugs = found.articles.iter().map(|entry| entry.slug.clone());
    (slugs.collect(), found.articles_count)
}

#[track_caller]
fn assert_listed(app: &TestApp, filter: &Filter, slugs: &[&str], count: i64) {
    let found: (Vec<String>, i64) = listed(app, filter);
    let expected: Vec<String> = slugs.iter().map(|slug| (*slug).to_owned()).collect();
    assert_eq!(found.0, expected, "{filter:?}");
    assert_eq!(found.1, count, "articlesCount of {filter:?}");
}

#[track_caller]
fn assert_refused(case: &str, answer: &Answer, status: u16, errors: &Value) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text);
    let expected: Value = json!({"errors": errors});
    assert_eq!(answer.body, expected, "{case}");
}

/// Many articles of one author at once, numbered; answers the first id and the last.
fn fill(app: &TestApp, author: i64, count: i64, tag: Option<&str>) -> (i64, i64) {
    app.execute(
        "INSERT INTO articles (slug, author_id, created_at, updated_at, title, description, body)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2)
         SELECT 'filled-' || ?1 || '-' || ?2 || '-' || n, ?1, ?3, ?3, 'T', 'D', 'B' FROM numbers",
        (author, count, START),
    );
    let last: i64 = app.query("SELECT max(id) FROM articles", []);
    if let Some(tag) = tag {
        app.execute(
            "INSERT INTO article_tags SELECT ?1, id FROM articles WHERE id > ?2",
            (tag, last - count),
        );
    }
    (last - count + 1, last)
}

fn cost(app: &TestApp, filter: &Filter, caller: Option<i64>) -> Record {
    let (answer, record) = recorded(|| list(&app.cx(), filter, caller));
    value(answer);
    record
}

/// An entry is the row and its author, without the body; the caller's own marks and followings show.
#[tokio::test]
async fn an_entry_is_the_row_and_its_author() {
    let app = alone().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    app.article(ada, "first");
    let second = app.article(bob, "second");
    app.tag(second, &["z", "a", "m"]);
    app.execute(
        "UPDATE articles SET created_at = 1400000000007, updated_at = 1450000000120 WHERE id = ?1",
        [second],
    );
    app.favorite(ada, second);
    app.favorite(bob, second);
    app.follow(ada, bob);
    let answer = app.get(ada, "/api/articles?limit=1").await;
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
        }
      ],
      "articlesCount": 2
    }
    "#);
    let answer = app.get(None, "/api/articles?limit=1").await;
    let entry: Value = answer.body["articles"][0].clone();
    assert_eq!(entry["favorited"], json!(false), "without a token");
    assert_eq!(
        entry["author"]["following"],
        json!(false),
        "without a token"
    );
    assert_eq!(entry["favoritesCount"], json!(2), "without a token");
    app.execute("UPDATE users SET bio = NULL, image = NULL", []);
    let answer = app.get(None, "/api/articles").await;
    let author: Value = answer.body["articles"][1]["author"].clone();
    let expected = json!({"username": "ada", "bio": null, "image": null, "following": false});
    assert_eq!(author, expected);
}

/// Without any article the list is empty.
#[tokio::test]
async fn a_list_of_nothing_is_empty() {
    let app = alone().await;
    for query in ["", "?tag=x", "?author=ada", "?favorited=ada", "?offset=5"] {
        let answer = app.get(None, &format!("/api/articles{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        let expected = json!({"articles": [], "articlesCount": 0});
        assert_eq!(answer.body, expected, "{query}");
    }
}

/// Newest first is by the id: neither the times nor the slug nor the order of marks decide.
#[tokio::test]
async fn the_newest_come_first() {
    let app = alone().await;
    let ada = app.user("ada");
    let slugs = ["m", "z", "a", "k"];
    for (number, slug) in slugs.iter().enumerate() {
        let article = app.article(ada, slug);
        app.tag(article, &["t"]);
        let at = 9_000 - 1_000 * i64::try_from(number).expect("small");
        app.execute(
            "UPDATE articles SET created_at = ?2, updated_at = ?2 * 7 % 11 WHERE id = ?1",
            [article, at],
        );
    }
    for article in [3, 1, 4, 2] {
        app.favorite(ada, article);
    }
    for filter in [ALL, tagged("t"), written_by("ada"), marked_by("ada")] {
        assert_listed(&app, &filter, &["k", "a", "z", "m"], 4);
    }
    let (slugs, _) = listed(
        &app,
        &Filter {
            author: Some("ada".to_owned()),
            ..tagged("t")
        },
    );
    assert_eq!(slugs, ["k", "a", "z", "m"]);
}

/// The address says which page, 20 articles unless it says otherwise; what is no number of that kind is refused.
#[tokio::test]
async fn the_address_says_which_page() {
    let app = alone().await;
    let ada = app.user("ada");
    fill(&app, ada, 130, None);
    for (query, length, first) in [
        ("", 20, "filled-1-130-130"),
        ("?limit=3", 3, "filled-1-130-130"),
        ("?offset=3", 20, "filled-1-130-127"),
        ("?limit=2&offset=100", 2, "filled-1-130-30"),
        ("?limit=1000&offset=1", 100, "filled-1-130-129"),
        ("?offset=129", 1, "filled-1-130-1"),
    ] {
        let answer = app.get(None, &format!("/api/articles{query}")).await;
        let entries = answer.body["articles"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert_eq!(entries.len(), length, "{query}: {}", answer.text);
        assert_eq!(entries[0]["slug"], json!(first), "{query}");
        assert_eq!(answer.body["articlesCount"], json!(130), "{query}");
    }
    for offset in ["130", "131", "9223372036854775807", "99999999999999999999"] {
        let answer = app
            .get(None, &format!("/api/articles?offset={offset}"))
            .await;
        let expected = json!({"articles": [], "articlesCount": 130});
        assert_eq!(answer.body, expected, "beyond the last: {offset}");
    }
    let answer = app.get(None, "/api/articles?limit=0&offset=-1").await;
    let invalid = json!({"limit": ["is invalid"], "offset": ["is invalid"]});
    assert_refused("limit=0&offset=-1", &answer, 422, &invalid);
}

/// Names and tags are compared exactly, whatever stands in them; what nobody has is an empty list.
#[tokio::test]
async fn filters_are_compared_exactly() {
    let app = alone().await;
    let texts = [
        "a b", "100%", "a_b", "it's", "\"q\"", "é😀", "x\\y", " x ", "7", "Ada", "a&b=c",
    ];
    for (number, text) in texts.iter().enumerate() {
        let user = app.user(text);
        let article = app.article(user, &format!("a{number}"));
        app.tag(article, &[text]);
        app.favorite(user, article);
    }
    for (number, text) in texts.iter().enumerate() {
        let slug = format!("a{number}");
        for filter in [tagged(text), written_by(text), marked_by(text)] {
            assert_listed(&app, &filter, &[&slug], 1);
        }
        let all = Filter {
            tag: Some((*text).to_owned()),
            author: Some((*text).to_owned()),
            ..marked_by(text)
        };
        assert_listed(&app, &all, &[&slug], 1);
    }
    for text in [
        "",
        "%",
        "_",
        "A b",
        "a%",
        "ada",
        "x",
        "é",
        "É😀",
        "1",
        "a\u{0}",
        "'",
        "' OR 1=1 --",
        "aXb",
        "07",
        "7 ",
    ] {
        for filter in [tagged(text), written_by(text), marked_by(text)] {
            assert_listed(&app, &filter, &[], 0);
        }
    }
    let answer = app
        .get(None, "/api/articles?tag=a%26b%3Dc&author=a%26b%3Dc")
        .await;
    assert_eq!(answer.body["articlesCount"], json!(1), "{}", answer.text);
    let answer = app.get(None, "/api/articles?tag=a+b&tag=7").await;
    assert_refused("two tags", &answer, 422, &json!({"tag": ["is invalid"]}));
}

/// Id, slug, author, tags, who has marked it.
type Shown = (i64, String, usize, Vec<&'static str>, Vec<usize>);

struct World {
    people: Vec<(i64, String)>,
    /// The newest first.
    articles: Vec<Shown>,
    follows: Vec<(usize, usize)>,
}

/// People, articles, tags and marks as the seed has them.
fn world(app: &TestApp, seeds: &mut Seeded) -> World {
    let names = (0..5).map(|_| seeds.word(4..9)).collect::<Vec<String>>();
    let people: Vec<(i64, String)> = names
        .into_iter()
        .map(|name| (app.user(&name), name))
        .collect();
    let mut articles = Vec::new();
    for number in 0..40 {
        let author = seeds.size(0..4);
        let slug = format!("{}-{number}", seeds.word(2..6));
        let id = app.article(people[author].0, &slug);
        let tags: Vec<&str> = ["red", "green", "blue"]
            .into_iter()
            .filter(|_| seeds.coin())
            .collect();
        app.tag(id, &tags);
        let marks: Vec<usize> = (0..people.len()).filter(|_| seeds.coin()).collect();
        for user in &marks {
            app.favorite(people[*user].0, id);
        }
        articles.push((id, slug, author, tags, marks));
    }
    articles.reverse();
    let mut follows = Vec::new();
    for follower in 0..people.len() {
        for followed in 0..people.len() {
            if seeds.coin() {
                app.follow(people[follower].0, people[followed].0);
                follows.push((follower, followed));
            }
        }
    }
    World {
        people,
        articles,
        follows,
    }
}

/// Whatever is asked for, by whom and on which page: what matches is there, in its order, counted, and as the caller sees it.
#[tokio::test]
async fn every_list_holds_what_matches() {
    let app = alone().await;
    let mut seeds = seeded(0x16_61);
    let world = world(&app, &mut seeds);
    for round in 0..160 {
        let bits = round % 8;
        let (author, marker) = (seeds.size(0..5), seeds.size(0..5));
        let tag = *seeds.pick(&["red", "green", "blue"]);
        let named = |bit: usize, text: &str| (bits & bit != 0).then(|| text.to_owned());
        let limit = i64::try_from(seeds.size(1..30)).expect("small");
        let offset = i64::try_from(seeds.size(0..12)).expect("small");
        let filter = Filter {
            tag: named(1, tag),
            author: named(2, &world.people[author].1),
            favorited: named(4, &world.people[marker].1),
            page: page(limit, offset),
        };
        let caller = seeds.size(0..6);
        let caller = (caller < 5).then_some(caller);
        let matching: Vec<_> = world
            .articles
            .iter()
            .filter(|(_, _, by, tags, marks)| {
                (bits & 1 == 0 || tags.contains(&tag))
                    && (bits & 2 == 0 || *by == author)
                    && (bits & 4 == 0 || marks.contains(&marker))
            })
            .collect();
        let shown = matching
            .iter()
            .skip(usize::try_from(offset).expect("small"))
            .take(usize::try_from(limit).expect("small"));
        let expected: Vec<String> = shown
            .map(|(_, slug, by, _, marks)| {
                let favorited = caller.is_some_and(|caller| marks.contains(&caller));
                let following = caller.is_some_and(|caller| world.follows.contains(&(caller, *by)));
                let author = &world.people[*by].1;
                format!(
                    "{slug} of {author}, {} marks, {favorited} {following}",
                    marks.len()
                )
            })
            .collect();
        let id = caller.map(|caller| world.people[caller].0);
        let found: Articles = value(list(&app.cx(), &filter, id));
        let entry = |entry: &Summary| {
            format!(
                "{} of {}, {} marks, {} {}",
                entry.slug,
                entry.author.username,
                entry.favorites_count,
                entry.favorited,
                entry.author.following
            )
        };
        let lines: Vec<String> = found.articles.iter().map(entry).collect();
        assert_eq!(lines, expected, "{filter:?} by {caller:?}");
        let count = i64::try_from(matching.len()).expect("small");
        assert_eq!(found.articles_count, count, "articlesCount of {filter:?}");
    }
}

/// An entry shows its own article's fields, whatever they are.
#[tokio::test]
async fn every_field_is_its_own() {
    let app = alone().await;
    let mut seeds = seeded(0x16_62);
    for number in 0..6 {
        let name = format!("{}{number}", seeds.word(3..8));
        let user = app.user(&name);
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
    let found: Articles = value(list(&app.cx(), &ALL, None));
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

/// `articlesCount` is the triggers' counter, and nothing is counted for it, while one filter or none is named.
#[tokio::test]
async fn the_count_is_the_counter() {
    let app = alone().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    for (author, slug) in [(ada, "first"), (bob, "second")] {
        let article = app.article(author, slug);
        app.tag(article, &["x", "y"]);
        app.favorite(ada, article);
        app.favorite(bob, article);
    }
    // Counters that no count would give.
    for statement in [
        "UPDATE totals SET articles = 1001",
        "UPDATE tags SET articles = 2002 WHERE name = 'x'",
        "UPDATE tags SET articles = 3003 WHERE name = 'y'",
        "UPDATE users SET articles_count = 4004, favorites_count = 5005 WHERE id = 1",
        "UPDATE users SET articles_count = 6006, favorites_count = 7007 WHERE id = 2",
    ] {
        app.execute(statement, []);
    }
    for (filter, count) in [
        (ALL, 1001),
        (tagged("x"), 2002),
        (tagged("y"), 3003),
        (written_by("ada"), 4004),
        (marked_by("ada"), 5005),
        (written_by("bob"), 6006),
        (marked_by("bob"), 7007),
    ] {
        let (_, found): (Vec<String>, i64) = listed(&app, &filter);
        assert_eq!(found, count, "{filter:?}");
    }
    let both = Filter {
        author: Some("ada".to_owned()),
        ..tagged("x")
    };
    assert_listed(&app, &both, &["first"], 1);
}

/// A page costs three statements at most, and as many whether it shows two articles or a hundred; no neighbour is asked.
#[tokio::test]
async fn a_page_costs_a_fixed_number_of_statements() {
    let app = alone().await;
    let people: Vec<i64> = (0..20)
        .map(|number| app.user(&format!("u{number}")))
        .collect();
    let articles: Vec<i64> = (0..120)
        .map(|number| app.article(people[number % 20], &format!("a{number}")))
        .collect();
    for article in articles {
        app.tag(article, &["t"]);
        app.favorite(people[0], article);
    }
    let all = Filter {
        author: Some("u1".to_owned()),
        favorited: Some("u0".to_owned()),
        ..tagged("t")
    };
    for filter in [ALL, tagged("t"), written_by("u1"), marked_by("u0"), all] {
        for caller in [None, Some(people[3])] {
            let few = cost(
                &app,
                &Filter {
                    page: page(2, 0),
                    ..filter.clone()
                },
                caller,
            );
            let many = cost(&app, &filter, caller);
            assert!(
                many.statements.len() <= 3,
                "{filter:?}: {:?}",
                many.statements
            );
            assert_eq!(
                few.statements.len(),
                many.statements.len(),
                "{filter:?}: {:?}",
                few.statements
            );
        }
    }
    assert_eq!(app.asked(), Vec::<String>::new(), "the neighbours");
}

/// The first page takes no more work among thousands of articles than among dozens, whichever filter is named.
#[tokio::test]
async fn the_first_page_costs_no_more_among_thousands() {
    let app = alone().await;
    let (ada, bob, eve) = (app.user("ada"), app.user("bob"), app.user("eve"));
    let (first, last) = fill(&app, ada, 30, Some("t"));
    for article in first..=last {
        app.favorite(ada, article);
        app.favorite(bob, article);
    }
    let both = Filter {
        author: Some("ada".to_owned()),
        ..tagged("t")
    };
    let filters = [
        ALL,
        tagged("t"),
        written_by("ada"),
        marked_by("ada"),
        tagged("none"),
        written_by("nobody"),
        both,
    ];
    let steps = |filter: &Filter| {
        let filter = Filter {
            page: page(20, 0),
            ..filter.clone()
        };
        (
            cost(&app, &filter, Some(bob)).steps,
            cost(&app, &filter, None).steps,
        )
    };
    let before: Vec<(u64, u64)> = filters.iter().map(steps).collect();
    // Others' articles with other tags, marked by others.
    let (first, last) = fill(&app, eve, 3_000, Some("other"));
    app.execute(
        "INSERT INTO favorites SELECT ?1, id FROM articles WHERE id BETWEEN ?2 AND ?3",
        [eve, first, last],
    );
    app.execute(
        "INSERT INTO favorites SELECT ?1, id FROM articles WHERE author_id = ?2",
        [bob, eve],
    );
    let others: Vec<(u64, u64)> = filters.iter().map(steps).collect();
    for ((filter, before), after) in filters.iter().zip(&before).zip(&others) {
        assert!(
            after.0 <= before.0 * 2 + 200 && after.1 <= before.1 * 2 + 200,
            "steps with a caller and without, of {filter:?}: {before:?} among 30, {after:?} among 3,030"
        );
    }
    // And as many of the same kind.
    let (first, last) = fill(&app, ada, 3_000, Some("t"));
    app.execute(
        "INSERT INTO favorites SELECT ?1, id FROM articles WHERE id BETWEEN ?2 AND ?3",
        [ada, first, last],
    );
    for (filter, before) in filters.iter().zip(&before).take(6) {
        let after = steps(filter);
        assert!(
            after.0 <= before.0 * 2 + 200 && after.1 <= before.1 * 2 + 200,
            "steps with a caller and without, of {filter:?}: {before:?} among 30, {after:?} among 6,030"
        );
    }
}

/// Whoever looks at the clock publishes an article: so there is one more after every beginning of a transaction.
struct Publishing {
    app: std::sync::OnceLock<App>,
    published: AtomicUsize,
}

impl Clock for Publishing {
    fn now(&self) -> UnixMillis {
        let number = self.published.fetch_add(1, Ordering::SeqCst);
        if let Some(app) = self.app.get() {
            let slug = format!("published-{number}");
            let done = app.database().write(|connection| {
                let insert = "INSERT INTO articles (slug, author_id, created_at, updated_at, title, description, body)
                              VALUES (?1, 1, 1, 1, 'T', 'D', 'B') RETURNING id";
                let id: i64 = connection.query_row(insert, [slug], |row| row.get(0))?;
                connection.execute("INSERT INTO article_tags VALUES ('t', ?1)", [id])?;
                connection.execute("INSERT INTO favorites VALUES (1, ?1)", [id])?;
                Ok(())
            });
            done.expect("an article is published");
        }
        START
    }
}

/// The page and the count are of one state, though others publish while the list is made.
#[tokio::test]
async fn the_page_and_the_count_are_of_one_state() {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let database = Database::open(&folder.path().join("test.db"), Durability::Relaxed)
        .expect("a fresh database opens");
    let clock = Arc::new(Publishing {
        app: std::sync::OnceLock::new(),
        published: AtomicUsize::new(0),
    });
    let app = App::new(Parts {
        config: Config::for_tests(),
        clock: clock.clone(),
        database,
        neighbours: standins::neighbours(&Journal::default()),
        signing_key: SigningKey(KEY),
    });
    let user = "INSERT INTO users (username, email, password_hash, created_at) VALUES ('ada', 'ada@lantern.example', '', 1)";
    let done = app
        .database()
        .write(|connection| Ok(connection.execute(user, [])?));
    done.expect("a user is stored");
    assert!(clock.app.set(app.clone()).is_ok(), "set once");
    for round in 0..5 {
        for filter in [ALL, tagged("t"), written_by("ada"), marked_by("ada")] {
            let found: Articles = value(list(&Cx::new(app.clone()), &filter, Some(1)));
            let shown = i64::try_from(found.articles.len()).expect("small");
            assert_eq!(found.articles_count, shown, "round {round}: {filter:?}");
        }
    }
}

/// A write is in the next answer: nothing is kept from one request to the next.
#[tokio::test]
async fn a_write_is_in_the_next_answer() {
    let app = alone().await;
    let ada = app.user("ada");
    app.article(ada, "first");
    assert_listed(&app, &ALL, &["first"], 1);
    let second = app.article(ada, "second");
    assert_listed(&app, &ALL, &["second", "first"], 2);
    assert_listed(&app, &tagged("x"), &[], 0);
    app.tag(second, &["x"]);
    assert_listed(&app, &tagged("x"), &["second"], 1);
    app.execute("UPDATE articles SET title = 'new' WHERE id = ?1", [second]);
    let answer = app.get(None, "/api/articles").await;
    assert_eq!(
        answer.body["articles"][0]["title"],
        json!("new"),
        "{}",
        answer.text
    );
    app.execute("DELETE FROM articles WHERE id = ?1", [second]);
    assert_listed(&app, &ALL, &["first"], 1);
    assert_listed(&app, &tagged("x"), &[], 0);
}

/// A list waits for nobody who writes, and a database that does not answer is a failure and no empty list.
#[tokio::test]
async fn a_list_waits_for_no_writer_and_fails_when_the_database_does() {
    let app = alone().await;
    let ada = app.user("ada");
    app.article(ada, "first");
    let (answer, waited) = app
        .beside_a_writer(by(ada, app.server.get("/api/articles")))
        .await;
    assert_eq!(answer.body["articlesCount"], json!(1), "{}", answer.text);
    assert!(!waited, "it waited for a turn to write");
    app.execute("UPDATE users SET articles_count = 7", []);
    app.execute("ALTER TABLE articles RENAME COLUMN slug TO address", []);
    for query in ["", "?tag=x", "?author=ada", "?favorited=ada"] {
        let answer = app.get(None, &format!("/api/articles{query}")).await;
        assert_eq!(answer.status, 500, "the rows, {query}: {}", answer.text);
    }
    app.execute("ALTER TABLE articles RENAME COLUMN address TO slug", []);
    for (table, column, query) in [
        ("totals", "articles", ""),
        ("tags", "articles", "?tag=x"),
        ("users", "articles_count", "?author=ada"),
        ("users", "favorites_count", "?favorited=ada"),
    ] {
        app.execute(
            &format!("ALTER TABLE {table} RENAME COLUMN {column} TO no_{column}"),
            [],
        );
        let answer = app.get(None, &format!("/api/articles{query}")).await;
        assert_eq!(answer.status, 500, "the counter, {query}: {}", answer.text);
    }
}

/// A long list is counted and shown to its end, whatever is filtered.
#[tokio::test]
async fn a_long_list_is_counted_and_shown_to_its_end() {
    let app = alone().await;
    let ada = app.user("ada");
    fill(&app, ada, 10_100, Some("t"));
    app.execute("INSERT INTO favorites SELECT ?1, id FROM articles", [ada]);
    let by_two = Filter {
        author: Some("ada".to_owned()),
        ..tagged("t")
    };
    let by_three = Filter {
        tag: Some("t".to_owned()),
        author: Some("ada".to_owned()),
        ..marked_by("ada")
    };
    for filter in [
        ALL,
        tagged("t"),
        written_by("ada"),
        marked_by("ada"),
        by_two,
        by_three,
    ] {
        let filter = Filter {
            page: page(100, 10_050),
            ..filter
        };
        let (slugs, count) = listed(&app, &filter);
        assert_eq!(count, 10_100, "articlesCount of {filter:?}");
        assert_eq!(slugs.len(), 50, "{filter:?}");
        assert_eq!(slugs[0], "filled-1-10100-50", "{filter:?}");
        assert_eq!(slugs[49], "filled-1-10100-1", "{filter:?}");
    }
}

/// One's own article is like any other: followed is who has a row of `follows`, and marked what has a row of `favorites`.
#[tokio::test]
async fn ones_own_article_is_like_any_other() {
    let app = alone().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    let article = app.article(ada, "first");
    app.follow(bob, ada);
    app.favorite(bob, article);
    let seen = || {
        let found: Articles = value(list(&app.cx(), &ALL, Some(ada)));
        let entry = &found.articles[0];
        (entry.author.following, entry.favorited)
    };
    assert_eq!(seen(), (false, false), "neither followed nor marked");
    app.follow(ada, ada);
    assert_eq!(seen(), (true, false), "she follows herself");
    app.favorite(ada, article);
    assert_eq!(seen(), (true, true), "she has marked it, too");
}
