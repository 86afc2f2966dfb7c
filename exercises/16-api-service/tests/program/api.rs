//! One test for each milestone, through the whole program.

use serde_json::{Value, json};

use crate::world::{START, World, slugs, text, world};

fn errors(what: &str, text: &str) -> Value {
    json!({"errors": {what: [text]}})
}

/// users: register, read, change and take away, with the token that the registration brought.
#[tokio::test]
async fn users_in_the_whole() {
    let world: World = world().await;
    let token = world.user("ada").await;
    let (status, body) = world.get("/api/user", &token).await;
    assert_eq!(status, 200, "{body}");
    let user: Value = body["user"].clone();
    let mut fields: Vec<&String> = user.as_object().expect("an object").keys().collect();
    fields.sort();
    assert_eq!(fields, ["bio", "email", "image", "token", "username"]);
    assert_eq!(
        (&user["username"], &user["email"]),
        (&json!("ada"), &json!("ada@lantern.example"))
    );
    let change = json!({"user": {"bio": "reads", "image": "https://lantern.example/a.png", "username": "Ada", "email": "a@lantern.example"}});
    let (status, body) = world.send("PUT", "/api/user", &token, change).await;
    assert_eq!(status, 200, "{body}");
    // The token names the id: it goes on working.
    let (_, body) = world.get("/api/user", &token).await;
    assert_eq!(body["user"]["username"], json!("Ada"), "{body}");
    assert_eq!(body["user"]["bio"], json!("reads"), "{body}");
    let (_, body) = world
        .send(
            "PUT",
            "/api/user",
            &token,
            json!({"user": {"bio": "", "image": null}}),
        )
        .await;
    assert_eq!(
        (&body["user"]["bio"], &body["user"]["image"]),
        (&Value::Null, &Value::Null),
        "{body}"
    );
    let (status, body) = world.get("/api/user", "").await;
    assert_eq!((status, body), (401, errors("token", "is missing")));
    let other = json!({"user": {"username": "Ada", "email": "other@lantern.example", "password": "correct horse"}});
    let answer = world.send("POST", "/api/users", "", other).await;
    assert_eq!(answer, (409, errors("username", "has already been taken")));
    let bob = world.user("bob").await;
    let answer = world
        .send(
            "PUT",
            "/api/user",
            &bob,
            json!({"user": {"email": "A@lantern.example"}}),
        )
        .await;
    assert_eq!(answer, (409, errors("email", "has already been taken")));
}

/// login: the password opens, also after it was changed; tokens end, and forged ones are refused everywhere.
#[tokio::test]
async fn login_in_the_whole() {
    let world: World = world().await;
    let token = world.user("ada").await;
    let login =
        |password: &str| json!({"user": {"email": "ada@lantern.example", "password": password}});
    let (status, body) = world
        .send("POST", "/api/users/login", "", login("correct horse"))
        .await;
    assert_eq!(status, 200, "{body}");
    let second = text(&body["user"]["token"]);
    let (status, body) = world
        .send(
            "PUT",
            "/api/user",
            &second,
            json!({"user": {"password": "battery staple"}}),
        )
        .await;
    assert_eq!(status, 200, "{body}");
    let answer = world
        .send("POST", "/api/users/login", "", login("correct horse"))
        .await;
    assert_eq!(answer, (401, errors("credentials", "invalid")));
    let unknown = json!({"user": {"email": "eve@lantern.example", "password": "battery staple"}});
    let answer = world.send("POST", "/api/users/login", "", unknown).await;
    assert_eq!(answer, (401, errors("credentials", "invalid")));
    let (status, body) = world
        .send("POST", "/api/users/login", "", login("battery staple"))
        .await;
    assert_eq!(status, 200, "{body}");

    let slug = world.article(&token, "An article", &[]).await;
    let (head, signature) = token.rsplit_once('.').expect("a signature");
    let unsigned = data_encoding::BASE64URL_NOPAD.encode(br#"{"typ":"JWT","alg":"none"}"#);
    let said = head.split('.').nth(1).expect("claims");
    for forged in [
        format!("{head}.{}", signature.chars().rev().collect::<String>()),
        format!("{unsigned}.{said}."),
        "x".to_owned(),
    ] {
        for path in [
            "/api/user",
            "/api/articles",
            "/api/articles/feed",
            &format!("/api/articles/{slug}"),
            "/api/profiles/ada",
            &format!("/api/articles/{slug}/comments"),
        ] {
            let answer = world.get(path, &forged).await;
            assert_eq!(
                answer,
                (401, errors("token", "is invalid")),
                "{path} with {forged}"
            );
        }
    }
    world.clock.advance(30 * 24 * 3_600_000);
    let answer = world.get("/api/user", &token).await;
    assert_eq!(
        answer,
        (401, errors("token", "is invalid")),
        "after a month"
    );
}

/// profiles: following is the caller's, in the profile as below an article.
#[tokio::test]
async fn profiles_in_the_whole() {
    let world: World = world().await;
    let (ada, bob) = (world.user("ada").await, world.user("bob").await);
    let slug = world.article(&bob, "By Bob", &[]).await;
    let (status, body) = world
        .send("POST", "/api/profiles/bob/follow", &ada, Value::Null)
        .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        body,
        json!({"profile": {"username": "bob", "bio": null, "image": null, "following": true}})
    );
    for (token, following) in [(ada.as_str(), true), (bob.as_str(), false), ("", false)] {
        let (_, body) = world.get("/api/profiles/bob", token).await;
        assert_eq!(body["profile"]["following"], json!(following), "{body}");
        let (_, body) = world.get(&format!("/api/articles/{slug}"), token).await;
        assert_eq!(
            body["article"]["author"]["following"],
            json!(following),
            "{body}"
        );
        let (_, body) = world.get("/api/articles", token).await;
        assert_eq!(
            body["articles"][0]["author"]["following"],
            json!(following),
            "{body}"
        );
    }
    let (status, body) = world.delete("/api/profiles/bob/follow", &ada).await;
    assert_eq!(
        (status, &body["profile"]["following"]),
        (200, &json!(false)),
        "{body}"
    );
    for method in ["POST", "DELETE"] {
        let answer = world
            .send(method, "/api/profiles/nobody/follow", &ada, Value::Null)
            .await;
        assert_eq!(answer, (404, errors("profile", "not found")), "{method}");
        let answer = world
            .send(method, "/api/profiles/nobody/follow", "", Value::Null)
            .await;
        assert_eq!(answer, (401, errors("token", "is missing")), "{method}");
    }
    let answer = world.get("/api/profiles/nobody", "").await;
    assert_eq!(answer, (404, errors("profile", "not found")));
}

/// articles: everybody reads what one has written; tags keep their order; equal titles are two articles.
#[tokio::test]
async fn articles_in_the_whole() {
    let world: World = world().await;
    let ada = world.user("ada").await;
    let article = json!({"article": {"title": "How to train your dragon", "description": "Ever wonder how?", "body": "Believe",
        "tagList": ["training", "dragons", "advice"]}});
    let (status, body) = world
        .send("POST", "/api/articles", &ada, article.clone())
        .await;
    assert_eq!(status, 201, "{body}");
    let expected = json!({"article": {"slug": "how-to-train-your-dragon", "title": "How to train your dragon",
        "description": "Ever wonder how?", "body": "Believe", "tagList": ["training", "dragons", "advice"],
        "createdAt": "2017-07-14T02:40:00.000Z", "updatedAt": "2017-07-14T02:40:00.000Z", "favorited": false, "favoritesCount": 0,
        "author": {"username": "ada", "bio": null, "image": null, "following": false}}});
    assert_eq!(body, expected);
    let (status, body) = world
        .get("/api/articles/how-to-train-your-dragon", "")
        .await;
    assert_eq!((status, body), (200, expected));
    let (status, body) = world.send("POST", "/api/articles", &ada, article).await;
    assert_eq!(status, 201, "{body}");
    assert_ne!(body["article"]["slug"], json!("how-to-train-your-dragon"));
    let (_, body) = world
        .send(
            "POST",
            "/api/articles",
            &ada,
            json!({"article": {"title": "T", "description": "D", "body": "B"}}),
        )
        .await;
    assert_eq!(body["article"]["tagList"], json!([]), "{body}");
    let answer = world.get("/api/articles/unknown", "").await;
    assert_eq!(answer, (404, errors("article", "not found")));
    let blank = json!({"article": {"title": "", "description": "D", "body": "B"}});
    let answer = world.send("POST", "/api/articles", &ada, blank).await;
    assert_eq!(answer, (422, errors("title", "can't be blank")));
}

/// editing: the author changes and deletes, nobody else does, and what is absent stays.
#[tokio::test]
async fn editing_in_the_whole() {
    let world: World = world().await;
    let (ada, bob) = (world.user("ada").await, world.user("bob").await);
    let slug = world.article(&ada, "Draft", &["b", "a"]).await;
    let path = format!("/api/articles/{slug}");
    let (_, before) = world.get(&path, "").await;
    world.clock.advance(5000);
    let (status, body) = world
        .send("PUT", &path, &ada, json!({"article": {"body": "Better"}}))
        .await;
    assert_eq!(status, 200, "{body}");
    let after = &body["article"];
    assert_eq!(
        (&after["body"], &after["title"]),
        (&json!("Better"), &json!("Draft"))
    );
    assert_eq!(after["tagList"], json!(["b", "a"]), "absent keeps the tags");
    assert_eq!(after["createdAt"], before["article"]["createdAt"], "{body}");
    assert_ne!(after["updatedAt"], before["article"]["updatedAt"], "{body}");
    let change = json!({"article": {"title": "Final", "tagList": ["c"]}});
    let (status, body) = world.send("PUT", &path, &ada, change).await;
    assert_eq!(status, 200, "{body}");
    let path = format!("/api/articles/{}", text(&body["article"]["slug"]));
    let (_, tagged) = world.get("/api/articles?tag=a", "").await;
    assert_eq!(slugs(&tagged), (vec![], 0), "the old tag");
    let (_, tagged) = world.get("/api/articles?tag=c", "").await;
    assert_eq!(slugs(&tagged).1, 1, "the new tag");
    let (status, body) = world
        .send("PUT", &path, &ada, json!({"article": {"tagList": []}}))
        .await;
    assert_eq!(
        (status, &body["article"]["tagList"]),
        (200, &json!([])),
        "{body}"
    );
    let (status, body) = world
        .send("PUT", &path, &ada, json!({"article": {"tagList": null}}))
        .await;
    assert_eq!(status, 422, "{body}");
    assert!(body["errors"]["tagList"].is_array(), "{body}");
    for (method, body) in [
        ("PUT", json!({"article": {"body": "Worse"}})),
        ("DELETE", Value::Null),
    ] {
        let answer = world.send(method, &path, &bob, body.clone()).await;
        assert_eq!(answer, (403, errors("article", "forbidden")), "{method}");
        let answer = world.send(method, &path, "", body.clone()).await;
        assert_eq!(answer, (401, errors("token", "is missing")), "{method}");
        let answer = world
            .send(method, "/api/articles/unknown", &bob, body.clone())
            .await;
        assert_eq!(answer, (404, errors("article", "not found")), "{method}");
        let answer = world.send(method, "/api/articles/unknown", "", body).await;
        assert_eq!(answer, (401, errors("token", "is missing")), "{method}");
    }
    let answer = world.delete(&path, &ada).await;
    assert_eq!(answer, (204, Value::Null));
    let answer = world.get(&path, &ada).await;
    assert_eq!(answer, (404, errors("article", "not found")));
    let (_, body) = world.get("/api/articles", "").await;
    assert_eq!(slugs(&body), (vec![], 0));
}

/// listing: newest first, in pages; filters; the count is that of all that match; no body.
#[tokio::test]
async fn listing_in_the_whole() {
    let world: World = world().await;
    let (ada, bob) = (world.user("ada").await, world.user("bob").await);
    let mut all = Vec::new();
    for number in 0..25 {
        let (author, tag) = if number % 5 == 0 {
            (&bob, "five")
        } else {
            (&ada, "other")
        };
        all.insert(
            0,
            world
                .article(author, &format!("Number {number}"), &[tag, "all"])
                .await,
        );
    }
    let (status, body) = world.get("/api/articles", "").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(slugs(&body), (all[..20].to_vec(), 25), "the first page");
    let mut fields: Vec<String> = body["articles"][0]
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    fields.sort();
    let expected = [
        "author",
        "createdAt",
        "description",
        "favorited",
        "favoritesCount",
        "slug",
        "tagList",
        "title",
        "updatedAt",
    ];
    assert_eq!(fields, expected);
    for (query, expected, count) in [
        ("offset=20", &all[20..], 25),
        ("limit=3", &all[..3], 25),
        ("limit=3&offset=4", &all[4..7], 25),
        ("offset=25", &[], 25),
        ("offset=1000000", &[], 25),
        ("limit=100", &all[..], 25),
        ("tag=nothing", &[], 0),
        ("author=nobody", &[], 0),
        ("favorited=ada", &[], 0),
    ] {
        let (status, body) = world.get(&format!("/api/articles?{query}"), &ada).await;
        assert_eq!(status, 200, "{query}: {body}");
        assert_eq!(slugs(&body), (expected.to_vec(), count), "{query}");
    }
    let fives: Vec<String> = all.iter().rev().step_by(5).rev().cloned().collect();
    for query in [
        "tag=five",
        "author=bob",
        "tag=five&author=bob",
        "tag=all&author=bob",
    ] {
        let (_, body) = world.get(&format!("/api/articles?{query}"), "").await;
        assert_eq!(slugs(&body), (fives.clone(), 5), "{query}");
    }
    for slug in [&all[7], &all[3]] {
        let (status, body) = world
            .send(
                "POST",
                &format!("/api/articles/{slug}/favorite"),
                &ada,
                Value::Null,
            )
            .await;
        assert_eq!(status, 200, "{body}");
    }
    let (_, body) = world.get("/api/articles?favorited=ada&limit=1", &ada).await;
    assert_eq!(
        slugs(&body),
        (vec![all[3].clone()], 2),
        "newest first, of two"
    );
    assert_eq!(
        (
            &body["articles"][0]["favorited"],
            &body["articles"][0]["favoritesCount"]
        ),
        (&json!(true), &json!(1))
    );
    for query in ["limit=0", "limit=-1", "limit=x", "offset=-1", "offset=1.5"] {
        let (status, body) = world.get(&format!("/api/articles?{query}"), "").await;
        assert_eq!(status, 422, "{query}: {body}");
        assert!(body["errors"].is_object(), "{query}: {body}");
    }
}

/// feed: the articles of those whom the caller follows, and nobody else's.
#[tokio::test]
async fn the_feed_in_the_whole() {
    let world: World = world().await;
    let (ada, bob, eve) = (
        world.user("ada").await,
        world.user("bob").await,
        world.user("eve").await,
    );
    let answer = world.get("/api/articles/feed", "").await;
    assert_eq!(answer, (401, errors("token", "is missing")));
    let mut by_bob = Vec::new();
    for number in 0..3 {
        by_bob.insert(0, world.article(&bob, &format!("Bob {number}"), &[]).await);
        world.article(&eve, &format!("Eve {number}"), &[]).await;
    }
    let (status, body) = world.get("/api/articles/feed", &ada).await;
    assert_eq!(
        (status, body),
        (200, json!({"articles": [], "articlesCount": 0}))
    );
    world
        .send("POST", "/api/profiles/bob/follow", &ada, Value::Null)
        .await;
    let (_, body) = world.get("/api/articles/feed", &ada).await;
    assert_eq!(slugs(&body), (by_bob.clone(), 3));
    assert_eq!(
        body["articles"][0]["author"]["following"],
        json!(true),
        "{body}"
    );
    assert!(body["articles"][0].get("body").is_none(), "{body}");
    let (_, body) = world.get("/api/articles/feed?limit=1&offset=1", &ada).await;
    assert_eq!(slugs(&body), (vec![by_bob[1].clone()], 3));
    world.delete("/api/profiles/bob/follow", &ada).await;
    let (_, body) = world.get("/api/articles/feed", &ada).await;
    assert_eq!(slugs(&body), (vec![], 0));
}

/// favorites: marking twice counts once, and everybody sees their own mark.
#[tokio::test]
async fn favorites_in_the_whole() {
    let world: World = world().await;
    let (ada, bob) = (world.user("ada").await, world.user("bob").await);
    let slug = world.article(&bob, "Marked", &[]).await;
    let path = format!("/api/articles/{slug}/favorite");
    for (method, token, favorited, count) in [
        ("POST", &ada, true, 1),
        ("POST", &ada, true, 1),
        ("POST", &bob, true, 2),
        ("DELETE", &ada, false, 1),
        ("DELETE", &ada, false, 1),
    ] {
        let (status, body) = world.send(method, &path, token, Value::Null).await;
        assert_eq!(status, 200, "{method}: {body}");
        let article = &body["article"];
        assert_eq!(
            (&article["favorited"], &article["favoritesCount"]),
            (&json!(favorited), &json!(count)),
            "{method}: {body}"
        );
        assert_eq!(
            article["body"],
            json!("Body of Marked"),
            "the whole article"
        );
    }
    for (token, favorited) in [(ada.as_str(), false), (bob.as_str(), true), ("", false)] {
        let (_, body) = world.get(&format!("/api/articles/{slug}"), token).await;
        assert_eq!(
            (
                &body["article"]["favorited"],
                &body["article"]["favoritesCount"]
            ),
            (&json!(favorited), &json!(1))
        );
    }
    for method in ["POST", "DELETE"] {
        let answer = world
            .send(method, "/api/articles/unknown/favorite", &ada, Value::Null)
            .await;
        assert_eq!(answer, (404, errors("article", "not found")), "{method}");
        let answer = world
            .send(method, "/api/articles/unknown/favorite", "", Value::Null)
            .await;
        assert_eq!(answer, (401, errors("token", "is missing")), "{method}");
    }
}

/// comments: written and read below an article, deleted by their author alone, gone with the article.
#[tokio::test]
async fn comments_in_the_whole() {
    let world: World = world().await;
    let (ada, bob) = (world.user("ada").await, world.user("bob").await);
    let slug = world.article(&ada, "Talk", &[]).await;
    let other = world.article(&ada, "Silence", &[]).await;
    let path = format!("/api/articles/{slug}/comments");
    let (status, body) = world
        .send("POST", &path, &bob, json!({"comment": {"body": "First!"}}))
        .await;
    assert_eq!(status, 201, "{body}");
    let id = body["comment"]["id"].as_i64().expect("a number");
    let at = "2017-07-14T02:40:02.000Z";
    let expected = json!({"id": id, "createdAt": at, "updatedAt": at, "body": "First!",
        "author": {"username": "bob", "bio": null, "image": null, "following": false}});
    assert_eq!(body, json!({"comment": expected}));
    let (status, body) = world.get(&path, "").await;
    assert_eq!((status, body), (200, json!({"comments": [expected]})));
    let (_, body) = world
        .get(&format!("/api/articles/{other}/comments"), "")
        .await;
    assert_eq!(body, json!({"comments": []}));
    let answer = world
        .send("POST", &path, &bob, json!({"comment": {"body": ""}}))
        .await;
    assert_eq!(answer, (422, errors("body", "can't be blank")));
    let one = format!("{path}/{id}");
    let answer = world.delete(&one, &ada).await;
    assert_eq!(
        answer,
        (403, errors("comment", "forbidden")),
        "the article's author"
    );
    let answer = world.delete(&one, "").await;
    assert_eq!(answer, (401, errors("token", "is missing")));
    let answer = world
        .delete(&format!("/api/articles/unknown/comments/{id}"), &bob)
        .await;
    assert_eq!(answer, (404, errors("article", "not found")));
    let answer = world
        .delete(&format!("/api/articles/{other}/comments/{id}"), &bob)
        .await;
    assert_eq!(
        answer,
        (404, errors("comment", "not found")),
        "below another article"
    );
    let answer = world.delete(&format!("{path}/{}", id + 1), &bob).await;
    assert_eq!(answer, (404, errors("comment", "not found")));
    for (method, body) in [
        ("GET", Value::Null),
        ("POST", json!({"comment": {"body": "x"}})),
    ] {
        let answer = world
            .send(method, "/api/articles/unknown/comments", &bob, body)
            .await;
        assert_eq!(answer, (404, errors("article", "not found")), "{method}");
    }
    let answer = world.delete(&one, &bob).await;
    assert_eq!(answer, (204, Value::Null));
    let answer = world.delete(&one, &bob).await;
    assert_eq!(answer, (404, errors("comment", "not found")));
    let (_, body) = world
        .send("POST", &path, &bob, json!({"comment": {"body": "Second"}}))
        .await;
    assert_ne!(body["comment"]["id"], json!(id), "no id comes back");
    let answer = world.delete(&format!("/api/articles/{slug}"), &ada).await;
    assert_eq!(answer.0, 204, "an article with comments");
}

/// tags: those that some article has.
#[tokio::test]
async fn tags_in_the_whole() {
    let world: World = world().await;
    let (status, body) = world.get("/api/tags", "").await;
    assert_eq!((status, body), (200, json!({"tags": []})));
    let ada = world.user("ada").await;
    let slug = world.article(&ada, "One", &["rust", "sql", "rust"]).await;
    world.article(&ada, "Two", &["sql", "Größe 😀"]).await;
    let names = |body: &Value| {
        let mut names: Vec<String> = body["tags"]
            .as_array()
            .expect("a list")
            .iter()
            .map(text)
            .collect();
        names.sort();
        names
    };
    let (_, body) = world.get("/api/tags", "").await;
    assert_eq!(names(&body), ["Größe 😀", "rust", "sql"]);
    world.delete(&format!("/api/articles/{slug}"), &ada).await;
    let (_, body) = world.get("/api/tags", "").await;
    assert_eq!(names(&body), ["Größe 😀", "sql"]);
    let (_, body) = world
        .get("/api/articles?tag=Gr%C3%B6%C3%9Fe%20%F0%9F%98%80", "")
        .await;
    assert_eq!(slugs(&body).1, 1, "{body}");
    assert!(world.app.now() > START);
}
