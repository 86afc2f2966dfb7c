use std::collections::BTreeSet;
use std::sync::Arc;

use api_service::articles::{LONGEST_SLUG, NewArticle, RESERVED, Shelf, create, routes, slugify};
use api_service::given::app::Tx;
use api_service::given::config::Config;
use api_service::given::database::recorded;
use api_service::given::neighbours::{Articles, Found, Neighbours, Tags};
use api_service::given::problem::Problem;
use api_service::given::standins::{Journal, PlainArticles};
use api_service::given::views::Article;
use serde_json::{Value, json};
use support::seeded;

use super::helpers::{Answer, START, TestApp, by, count, requests, spawn, spawn_whole, value};

/// The milestone alone: stand-ins for all the others, and for its own trait as well.
async fn alone() -> TestApp {
    spawn(routes(), |_, _| {}).await
}

/// With its own way to find and show an article.
async fn with_own_view() -> TestApp {
    spawn(routes(), |neighbours: &mut Neighbours, _: &Config| {
        neighbours.articles = Arc::new(Shelf);
    })
    .await
}

fn dragon() -> Value {
    json!({"article": {"title": "How to train your dragon", "description": "Ever wonder how?",
        "body": "You have to believe", "tagList": ["reactjs", "angularjs"]}})
}

/// `body` with another value for a field; without the field for `None`.
fn but(mut body: Value, field: &str, value: Option<Value>) -> Value {
    let fields = body["article"].as_object_mut().expect("an object");
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    body
}

fn titled(title: &str) -> Value {
    but(dragon(), "title", Some(json!(title)))
}

#[track_caller]
fn assert_refused(case: &str, answer: &Answer, status: u16, errors: &Value) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text);
    let expected: Value = json!({"errors": errors});
    assert_eq!(answer.body, expected, "{case}");
}

fn slugs(app: &TestApp) -> Vec<String> {
    let all: String = app.query(
        "SELECT coalesce(group_concat(slug, ' '), '') FROM (SELECT slug FROM articles ORDER BY id)",
        [],
    );
    all.split_whitespace().map(str::to_owned).collect()
}

/// `slug` is `base`, a hyphen, and one to twenty letters and digits.
#[track_caller]
fn assert_distinguished(slug: &str, base: &str) {
    let end = slug.strip_prefix(&format!("{base}-")).unwrap_or_default();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    assert!(
        (1..=20).contains(&end.len()) && end.chars().all(plain),
        "{base}, a hyphen, and 1 to 20 of a to z and 0 to 9: {slug}"
    );
}

/// A slug is the title in lower case, its words joined by hyphens, in whatever script.
#[test]
fn a_slug_is_made_of_the_words_of_the_title() {
    for (title, expected) in [
        ("How to train your dragon", "how-to-train-your-dragon"),
        (" C++ & Rust: 2 languages! ", "c-rust-2-languages"),
        ("Übung macht den Meister", "übung-macht-den-meister"),
        ("ÉCOLE", "école"),
        ("Ελλάδα 2026", "ελλάδα-2026"),
        ("日本語 の 本", "日本語-の-本"),
        ("रेल", "रेल"),
        ("١٢٣", "١٢٣"),
        ("snake_case and kebab-case", "snake-case-and-kebab-case"),
        ("a -- b", "a-b"),
        ("--a--", "a"),
        ("it's", "it-s"),
        ("a😀b", "a-b"),
        ("a\u{0}b/c?d#e%f", "a-b-c-d-e-f"),
        ("x", "x"),
        ("???", "article"),
        ("", "article"),
        ("😀", "article"),
        ("article", "article"),
        ("Feed", "feed"),
    ] {
        let slug: String = slugify(title);
        assert_eq!(slug, expected, "{title:?}");
    }
}

/// For any title the slug is what an independent formula says: split, join, cut, and no hyphen at the cut.
#[test]
fn slugs_follow_the_rule_for_any_title() {
    assert_eq!(LONGEST_SLUG, 80);
    let mut seeds = seeded(0x16_05);
    let pieces = [
        "a", "Zé", "7", " ", "-", "  ", "!", "😀", "日", "ß", "Ж", "_", "ͅ", "İ",
    ];
    for round in 0..600 {
        let length = seeds.size(0..if round % 2 == 0 { 12 } else { 130 });
        let title: String = (0..length).map(|_| *seeds.pick(&pieces)).collect();
        let lower = title.to_lowercase();
        let words: Vec<&str> = lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let cut: String = words.join("-").chars().take(80).collect();
        let expected = match cut.trim_end_matches('-') {
            "" => "article",
            some => some,
        };
        let slug: String = slugify(&title);
        assert_eq!(slug, expected, "{title:?}");
    }
}

/// Of a long title 80 characters stay, not bytes; a hyphen at the cut goes away.
#[test]
fn long_titles_are_cut() {
    for (title, expected) in [
        ("a".repeat(79), "a".repeat(79)),
        ("a".repeat(80), "a".repeat(80)),
        ("a".repeat(81), "a".repeat(80)),
        ("é".repeat(81), "é".repeat(80)),
        ("日".repeat(5000), "日".repeat(80)),
        (
            format!("{} b", "a".repeat(78)),
            format!("{}-b", "a".repeat(78)),
        ),
        (format!("{} b", "a".repeat(79)), "a".repeat(79)),
        (format!("{} b", "a".repeat(80)), "a".repeat(80)),
        (format!("{}a b", " ".repeat(100)), "a-b".to_owned()),
        (format!("a{}b", "!".repeat(100)), "a-b".to_owned()),
    ] {
        let slug: String = slugify(&title);
        assert_eq!(slug, expected, "{title:?}");
    }
}

/// Whoever creates an article is answered 201 and the whole article, both times the same, nobody's favourite.
#[tokio::test]
async fn creating_answers_the_article() {
    let app = with_own_view().await;
    app.user("ada");
    let bob = app.user("bob");
    app.clock.advance(250);
    let answer = app.post(bob, "/api/articles", dragon()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "article": {
        "author": {
          "bio": "about bob",
          "following": true,
          "image": "https://lantern.example/bob.png",
          "username": "bob"
        },
        "body": "You have to believe",
        "createdAt": "2017-07-14T02:40:00.250Z",
        "description": "Ever wonder how?",
        "favorited": false,
        "favoritesCount": 0,
        "slug": "how-to-train-your-dragon",
        "tagList": [
          "reactjs",
          "angularjs"
        ],
        "title": "How to train your dragon",
        "updatedAt": "2017-07-14T02:40:00.250Z"
      }
    }
    "#);
    let answer = app
        .get(None, "/api/articles/how-to-train-your-dragon")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let title: Value = answer.body["article"]["title"].clone();
    assert_eq!(title, json!("How to train your dragon"));
}

/// Texts are stored as they came, for the caller, at the time of the transaction.
#[tokio::test]
async fn texts_are_stored_as_they_came() {
    let app = alone().await;
    app.user("ada");
    let bob = app.user("bob");
    let mut seeds = seeded(0x16_06);
    let mut now = START;
    for _ in 0..6 {
        let word = seeds.word(4..9);
        let [title, description, body] = ["title", "description", "body"]
            .map(|name| format!(" {name} '{word}\"%_\\ É😀\u{0} \n"));
        now += 1001;
        app.clock.advance(1001);
        let article = json!({"title": title, "description": description, "body": body});
        let answer = app
            .post(bob, "/api/articles", json!({"article": article}))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let id: i64 = app.query("SELECT max(id) FROM articles", []);
        let column = |name: &str| -> String {
            app.query(&format!("SELECT {name} FROM articles WHERE id = ?1"), [id])
        };
        assert_eq!(column("title"), title);
        assert_eq!(column("description"), description);
        assert_eq!(column("body"), body);
        assert_eq!(column("slug"), format!("title-{word}-é"));
        for name in ["created_at", "updated_at"] {
            let at: i64 = app.query(&format!("SELECT {name} FROM articles WHERE id = ?1"), [id]);
            assert_eq!(at, now, "{name}");
        }
        let author: i64 = app.query("SELECT author_id FROM articles WHERE id = ?1", [id]);
        assert_eq!(author, bob);
    }
}

/// The neighbour for tags gets all of them, in their order, repeated and blank ones, too; then the neighbour shows the article to
/// its author.
#[tokio::test]
async fn creating_asks_the_neighbours() {
    let app = alone().await;
    app.user("ada");
    let bob = app.user("bob");
    app.article(bob, "before");
    for (tags, line) in [
        (
            Some(json!(["z", "a", "z", "", " M "])),
            "tags of 2: z, a, z, ,  M ",
        ),
        (Some(json!([])), "tags of 3: "),
        (None, "tags of 4: "),
    ] {
        let answer = app
            .post(bob, "/api/articles", but(dragon(), "tagList", tags))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let id: i64 = app.query("SELECT max(id) FROM articles", []);
        let asked: Vec<String> = app.asked();
        // Whoever has no tags need not ask for them.
        let lines: Vec<&String> = asked
            .iter()
            .filter(|asked| !(line.ends_with(": ") && *asked == line))
            .collect();
        let expected = [line.to_owned(), format!("article {id} for 2")];
        let expected: Vec<&String> = expected
            .iter()
            .filter(|asked| !asked.ends_with(": "))
            .collect();
        assert_eq!(lines, expected);
    }
}

/// Title, description and body can't be blank: absent, null, empty, or nothing but white space. Nothing is stored.
#[tokio::test]
async fn blank_fields_are_refused() {
    let app = alone().await;
    let ada = app.user("ada");
    let before = app.contents();
    for field in ["title", "description", "body"] {
        for value in [
            None,
            Some(Value::Null),
            Some(json!("")),
            Some(json!(" ")),
            Some(json!("\t\u{3000}\n")),
        ] {
            let case = format!("{field} {value:?}");
            let answer = app
                .post(ada, "/api/articles", but(dragon(), field, value))
                .await;
            assert_refused(&case, &answer, 422, &json!({field: ["can't be blank"]}));
        }
    }
    assert_eq!(app.contents(), before);
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, Vec::<String>::new());
}

/// What is no text, and tags that are no list of texts, are invalid; one answer names every field that is wrong.
#[tokio::test]
async fn what_is_no_text_is_refused() {
    let app = alone().await;
    let ada = app.user("ada");
    let before = app.contents();
    let (blank, invalid) = (["can't be blank"], ["is invalid"]);
    for field in ["title", "description", "body"] {
        for value in [json!(7), json!(false), json!(["a"]), json!({})] {
            let case = format!("{field} {value}");
            let answer = app
                .post(ada, "/api/articles", but(dragon(), field, Some(value)))
                .await;
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
        let answer = app
            .post(ada, "/api/articles", but(dragon(), "tagList", Some(value)))
            .await;
        assert_refused(&case, &answer, 422, &json!({"tagList": invalid}));
    }
    for (article, errors) in [
        (
            json!({}),
            json!({"title": blank, "description": blank, "body": blank}),
        ),
        (
            json!({"title": 1, "description": "", "body": [], "tagList": null}),
            json!({"title": invalid, "description": blank, "body": invalid, "tagList": invalid}),
        ),
        (
            json!({"title": "fine", "description": null, "body": "fine", "tagList": [1]}),
            json!({"description": blank, "tagList": invalid}),
        ),
    ] {
        let case = article.to_string();
        let answer = app
            .post(ada, "/api/articles", json!({"article": article}))
            .await;
        assert_refused(&case, &answer, 422, &errors);
    }
    assert_eq!(app.contents(), before);
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, Vec::<String>::new());
}

/// Without a token nobody creates anything, whatever the body says.
#[tokio::test]
async fn creating_needs_a_token() {
    let app = alone().await;
    let ada = app.user("ada");
    let answer = app.post(ada, "/api/articles", dragon()).await;
    assert_eq!(answer.status, 201, "with a token: {}", answer.text);
    let before = app.contents();
    for body in [dragon(), json!({}), json!([])] {
        let answer = app.post(None, "/api/articles", body).await;
        assert_refused("no token", &answer, 401, &json!({"token": ["is missing"]}));
    }
    assert_eq!(app.contents(), before);
}

/// Equal titles, and titles that only look different, get slugs of their own: the first the plain one, the others a longer one.
#[tokio::test]
async fn equal_titles_get_slugs_of_their_own() {
    let app = alone().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    app.article(ada, "taken-before");
    for (title, base) in [
        ("Same title", "same-title"),
        ("Same title", "same-title"),
        ("same TITLE!", "same-title"),
        ("Taken before", "taken-before"),
        ("???", "article"),
        ("!!!", "article"),
        (&"long ".repeat(40), &slugify(&"long ".repeat(40))),
        (&"long ".repeat(50), &slugify(&"long ".repeat(40))),
    ] {
        let free = !slugs(&app).contains(&base.to_owned());
        let answer = app.post(bob, "/api/articles", titled(title)).await;
        assert_eq!(answer.status, 201, "{title}: {}", answer.text);
        let slug = slugs(&app).pop().expect("there is one now");
        if free {
            assert_eq!(slug, base, "{title}");
        } else {
            assert_distinguished(&slug, base);
        }
        let shown: Value = answer.body["article"]["slug"].clone();
        assert_eq!(shown, json!(slug), "the answer");
    }
    let all = slugs(&app);
    let different: BTreeSet<&String> = all.iter().collect();
    assert_eq!(different.len(), all.len(), "{all:?}");
}

/// No article gets the address of the feed; one that only begins like it may have its own.
#[tokio::test]
async fn the_feeds_address_is_nobodys() {
    assert_eq!(RESERVED, "feed");
    let app = alone().await;
    let ada = app.user("ada");
    for title in ["feed", "FEED!", "¿Feed?"] {
        let answer = app.post(ada, "/api/articles", titled(title)).await;
        assert_eq!(answer.status, 201, "{title}: {}", answer.text);
        assert_distinguished(&slugs(&app).pop().expect("there is one now"), "feed");
    }
    for (title, slug) in [("Feeds", "feeds"), ("My feed", "my-feed")] {
        app.post(ada, "/api/articles", titled(title)).await;
        assert_eq!(slugs(&app).pop().as_deref(), Some(slug));
    }
}

/// The thousandth article of a title takes as few statements, and as little work of the database, as the second.
#[tokio::test]
async fn the_thousandth_of_a_title_costs_no_more() {
    let app = alone().await;
    let ada = app.user("ada");
    let form: NewArticle = serde_json::from_value(dragon()["article"].clone()).expect("an article");
    let cost = |_: usize| {
        let (answer, record) = recorded(|| create(&app.cx(), ada, &form));
        value(answer);
        (record.statements.len(), record.steps)
    };
    let first = cost(0);
    let second = cost(1);
    for number in 0..600 {
        // Of these many have the numbers that somebody would try who counts up.
        app.article(ada, &format!("how-to-train-your-dragon-{number}"));
    }
    let late: Vec<(usize, u64)> = (0..20).map(cost).collect();
    for (statements, steps) in late {
        assert!(
            statements <= second.0 + 2 && steps <= second.1 * 2,
            "statements and steps: {first:?} for the first, {second:?} for the second, then {statements}, {steps}"
        );
    }
    let all = slugs(&app);
    let different: BTreeSet<&String> = all.iter().collect();
    assert_eq!(different.len(), 622);
}

/// Many who create the same title at the same moment all get a slug of their own.
#[tokio::test]
async fn equal_titles_at_the_same_moment() {
    let app = alone().await;
    let ada = app.user("ada");
    let answers = app
        .at_once(6, |_| {
            by(ada, app.server.post("/api/articles")).json(&dragon())
        })
        .await;
    assert_eq!(count(&answers, 201), 6, "{answers:?}");
    let all: BTreeSet<String> = slugs(&app).into_iter().collect();
    assert_eq!(all.len(), 6, "{all:?}");
}

struct Broken;

impl Tags for Broken {
    fn set(&self, _: &Tx, _: i64, _: &[String]) -> Result<(), Problem> {
        Err(Problem::internal(&"the test's own failure"))
    }
}

impl Articles for Broken {
    fn find(&self, _: &Tx, _: &str) -> Result<Found, Problem> {
        Err(Problem::internal(&"the test's own failure"))
    }

    fn view(&self, _: &Tx, _: i64, _: Option<i64>) -> Result<Article, Problem> {
        Err(Problem::internal(&"the test's own failure"))
    }
}

/// Where the tags cannot be given, or the answer cannot be made, or the database refuses, there is no article.
#[tokio::test]
async fn what_fails_leaves_nothing() {
    type Wire = fn(&mut Neighbours, &Config);
    let broken: [(&str, Wire); 3] = [
        ("tags", |neighbours, _| neighbours.tags = Arc::new(Broken)),
        ("the view", |neighbours, _| {
            neighbours.articles = Arc::new(Broken)
        }),
        ("the database", |_, _| {}),
    ];
    for (case, wire) in broken {
        let app = spawn(routes(), wire).await;
        let ada = app.user("ada");
        if case == "the database" {
            app.execute(
                "CREATE TRIGGER refuse AFTER INSERT ON articles BEGIN SELECT raise(ABORT, 'the test refuses'); END",
                [],
            );
        }
        let before = app.contents();
        let answer = app.post(ada, "/api/articles", dragon()).await;
        assert_eq!(answer.status, 500, "{case}: {}", answer.text);
        assert_eq!(app.contents(), before, "{case}");
    }
}

/// An article is shown as its row says, its author as the neighbour shows them to the caller.
#[tokio::test]
async fn a_view_shows_the_row_and_the_author() {
    let app = with_own_view().await;
    let (ada, bob, eve) = (app.user("ada"), app.user("bob"), app.user("eve"));
    app.article(ada, "first");
    let article = app.article(bob, "second");
    app.article(eve, "third");
    app.tag(article, &["z", "a", "m"]);
    app.execute(
        "UPDATE articles SET created_at = 1400000000007, updated_at = 1450000000120 WHERE id = ?1",
        [article],
    );
    app.favorite(ada, article);
    app.favorite(bob, article);
    app.asked();
    let answer = app.get(ada, "/api/articles/second").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    insta::assert_json_snapshot!(answer.body, @r#"
    {
      "article": {
        "author": {
          "bio": "about bob",
          "following": true,
          "image": "https://lantern.example/bob.png",
          "username": "bob"
        },
        "body": "Body of second",
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
    }
    "#);
    let answer = app.get(None, "/api/articles/second").await;
    let [favorited, following, count] = [
        answer.body["article"]["favorited"].clone(),
        answer.body["article"]["author"]["following"].clone(),
        answer.body["article"]["favoritesCount"].clone(),
    ];
    assert_eq!(favorited, json!(false), "without a token");
    assert_eq!(following, json!(false), "without a token");
    assert_eq!(count, json!(2), "without a token");
    let asked: Vec<String> = app.asked();
    assert_eq!(asked, ["profile 2 for 1", "profile 2 for nobody"]);
}

/// `favorited` is the caller's, whatever others have marked.
#[tokio::test]
async fn favorited_is_the_callers() {
    let app = with_own_view().await;
    let people: Vec<i64> = (0..5)
        .map(|number| app.user(&format!("u{number}")))
        .collect();
    let articles: Vec<i64> = (0..5)
        .map(|number| app.article(people[number % 2], &format!("a{number}")))
        .collect();
    let mut seeds = seeded(0x16_07);
    let mut pairs: Vec<(i64, i64)> = Vec::new();
    for user in &people {
        for article in &articles {
            if seeds.coin() {
                app.favorite(*user, *article);
                pairs.push((*user, *article));
            }
        }
    }
    for (number, article) in articles.iter().enumerate() {
        let marked = pairs.iter().filter(|(_, other)| other == article).count();
        for user in &people {
            let answer = app.get(*user, &format!("/api/articles/a{number}")).await;
            let shown: Value = answer.body["article"]["favorited"].clone();
            let expected: Value = json!(pairs.contains(&(*user, *article)));
            assert_eq!(
                shown, expected,
                "{user} asks for {article}, of {pairs:?}: {}",
                answer.text
            );
            let shown: Value = answer.body["article"]["favoritesCount"].clone();
            assert_eq!(shown, json!(marked), "{article}, of {pairs:?}");
        }
    }
}

/// An article is found by exactly its slug, and says whose it is.
#[tokio::test]
async fn an_article_is_found_by_exactly_its_slug() {
    let app = with_own_view().await;
    let (ada, bob) = (app.user("ada"), app.user("bob"));
    app.article(ada, "first");
    let second = app.article(bob, "zweite-ünd-mehr");
    let found: Found = value(app.cx().read(|tx| Shelf.find(tx, "zweite-ünd-mehr")));
    assert_eq!((found.id, found.author_id), (second, bob));
    let found: Found = value(app.cx().write(|tx| Shelf.find(tx, "first")));
    assert_eq!((found.id, found.author_id), (1, ada));
    for slug in [
        "First",
        "firs",
        "first ",
        " first",
        "f%",
        "_irst",
        "",
        "zweite-Ünd-mehr",
        "1",
        "'",
    ] {
        let answer: Result<Found, Problem> = app.cx().read(|tx| Shelf.find(tx, slug));
        let problem = answer.expect_err("there is no such article");
        assert_eq!(problem.status().as_u16(), 404, "{slug:?}");
        let texts: Vec<String> = problem.errors().get("article").cloned().unwrap_or_default();
        assert_eq!(texts, ["not found"]);
    }
    let answer = app.get(None, "/api/articles/zweite-%C3%BCnd-mehr").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for path in ["FIRST", "f%25", "unknown", "first%20"] {
        let answer = app.get(ada, &format!("/api/articles/{path}")).await;
        assert_refused(path, &answer, 404, &json!({"article": ["not found"]}));
    }
}

/// A view of an id that no article has is not found.
#[tokio::test]
async fn a_view_of_no_article_is_not_found() {
    let app = with_own_view().await;
    let ada = app.user("ada");
    let article = app.article(ada, "first");
    for id in [0, -1, article + 1, i64::MAX] {
        let answer: Result<Article, Problem> = app.cx().read(|tx| Shelf.view(tx, id, Some(ada)));
        let problem = answer.expect_err("there is no such article");
        assert_eq!(problem.status().as_u16(), 404, "{id}");
        let texts: Vec<String> = problem.errors().get("article").cloned().unwrap_or_default();
        assert_eq!(texts, ["not found"]);
    }
}

/// Reading finds and shows through the neighbour, for the caller.
#[tokio::test]
async fn reading_asks_the_neighbour() {
    let app = alone().await;
    let (_, bob) = (app.user("ada"), app.user("bob"));
    app.article(bob, "first");
    app.article(bob, "second");
    let answer = app.get(None, "/api/articles/second").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    app.get(bob, "/api/articles/first").await;
    let asked: Vec<String> = app.asked();
    assert_eq!(
        asked,
        [
            "find second",
            "article 2 for nobody",
            "find first",
            "article 1 for 2"
        ]
    );
}

/// Finding and showing see one state of the database: what is deleted in between is still shown.
#[tokio::test]
async fn reading_sees_one_state() {
    struct Deleting(PlainArticles);
    impl Articles for Deleting {
        fn find(&self, tx: &Tx, slug: &str) -> Result<Found, Problem> {
            let found = self.0.find(tx, slug)?;
            let database = tx.cx().app().database();
            database.write(|connection| Ok(connection.execute("DELETE FROM articles", [])?))?;
            Ok(found)
        }

        fn view(&self, tx: &Tx, id: i64, caller: Option<i64>) -> Result<Article, Problem> {
            self.0.view(tx, id, caller)
        }
    }
    let app = spawn(routes(), |neighbours: &mut Neighbours, _: &Config| {
        neighbours.articles = Arc::new(Deleting(PlainArticles(Journal::default())));
    })
    .await;
    let ada = app.user("ada");
    app.article(ada, "first");
    let answer = app.get(None, "/api/articles/first").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = app.get(None, "/api/articles/first").await;
    assert_eq!(answer.status, 404, "{}", answer.text);
}

/// A database that does not answer is a failure and no unknown article.
#[tokio::test]
async fn a_failure_of_the_database_is_a_failure() {
    let app = with_own_view().await;
    let ada = app.user("ada");
    app.article(ada, "first");
    app.execute("UPDATE articles SET title = CAST(x'ff' AS TEXT)", []);
    let answer = app.get(ada, "/api/articles/first").await;
    assert_eq!(answer.status, 500, "no UTF-8: {}", answer.text);
    app.execute("ALTER TABLE favorites RENAME COLUMN user_id TO person", []);
    app.execute(
        "ALTER TABLE articles RENAME COLUMN description TO about",
        [],
    );
    let answer = app.get(ada, "/api/articles/first").await;
    assert_eq!(answer.status, 500, "{}", answer.text);
    app.execute("ALTER TABLE articles RENAME COLUMN slug TO address", []);
    let answer = app.get(ada, "/api/articles/first").await;
    assert_eq!(answer.status, 500, "{}", answer.text);
}

/// Reading an article waits for nobody who writes.
#[tokio::test]
async fn reading_waits_for_no_writer() {
    let app = with_own_view().await;
    let ada = app.user("ada");
    app.article(ada, "first");
    for (slug, status) in [("first", 200), ("unknown", 404)] {
        let request = by(ada, app.server.get(&format!("/api/articles/{slug}")));
        let (answer, waited) = app.beside_a_writer(request).await;
        assert_eq!(answer.status, status, "{slug}: {}", answer.text);
        assert!(!waited, "{slug}: it waited for a turn to write");
    }
}

/// The whole program: an article that is written and read, and another one with the same title.
#[tokio::test]
async fn an_article_in_the_whole_program() {
    let (app, log) = spawn_whole(|neighbours: &mut Neighbours, _: &Config| {
        neighbours.articles = Arc::new(Shelf);
    })
    .await;
    let ada = app.user("ada");
    let mut addresses = BTreeSet::new();
    for _ in 0..2 {
        let answer = app.post(ada, "/api/articles", dragon()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let slug = answer.body["article"]["slug"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let read = app.get(ada, &format!("/api/articles/{slug}")).await;
        assert_eq!(read.status, 200, "{}", read.text);
        assert_eq!(read.body, answer.body, "what is read is what was answered");
        addresses.insert(slug);
    }
    assert_eq!(addresses.len(), 2, "{addresses:?}");
    let asked: Vec<String> = requests(&log, &["user-1", "You have to believe"]);
    assert_eq!(asked.len(), 4, "{asked:?}");
}

/// Texts have no largest length, and lists of tags no largest number, but that of a whole request.
#[tokio::test]
async fn long_texts_and_lists_are_taken_whole() {
    let app = alone().await;
    let ada = app.user("ada");
    let tags: Vec<String> = (0..3000).map(|number| format!("tag {number}")).collect();
    let article = json!({"title": "té ".repeat(20_000), "description": "d".repeat(100_000),
        "body": "b".repeat(400_000), "tagList": tags});
    let answer = app
        .post(ada, "/api/articles", json!({"article": article}))
        .await;
    assert_eq!(answer.status, 201, "{:.200}", answer.text);
    for (column, length) in [
        ("title", 60_000),
        ("description", 100_000),
        ("body", 400_000),
    ] {
        let stored: i64 = app.query(&format!("SELECT length({column}) FROM articles"), []);
        assert_eq!(stored, length, "characters of {column}");
    }
    let asked: Vec<String> = app.asked();
    assert_eq!(asked[0], format!("tags of 1: {}", tags.join(", ")));
}
