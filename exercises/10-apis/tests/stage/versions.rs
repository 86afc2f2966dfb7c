use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use apis::given::shelf::{Shelf, ShelfBook};
use apis::versions::{Desk, MOST_TITLE, Plan, Version, deprecation, routes, sunset, version};
use axum::http::{HeaderMap, HeaderValue};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use support::http;
use support::server::{Server, spawn};

/// A day in 2001: nothing here asks the machine what time it is.
const NOW: i64 = 1_000_000_000;
const GONE: i64 = NOW + 1_000_000;

struct Shop {
    server: Server,
    shelf: Shelf,
    clock: Arc<AtomicI64>,
}

async fn shop() -> Shop {
    let (shelf, clock) = (Shelf::default(), Arc::new(AtomicI64::new(NOW)));
    shelf.add("Emma".to_owned(), 950, None);
    shelf.add("Foundation".to_owned(), 1199, Some("Foundation".to_owned()));
    let now = Arc::clone(&clock);
    let desk = Desk {
        shelf: shelf.clone(),
        plan: Arc::new(Plan {
            deprecated: NOW - 86_400,
            gone: GONE,
            guide: "https://lantern.example/guide/2".to_owned(),
        }),
        now: Arc::new(move || now.load(Ordering::SeqCst)),
    };
    Shop {
        server: spawn(routes(desk)).await,
        shelf,
        clock,
    }
}

/// What came: status, body, and the headers that tell of versions.
#[derive(Debug)]
struct Came {
    status: u16,
    body: Value,
    headers: Vec<(&'static str, Option<String>)>,
}

async fn came(request: RequestBuilder) -> Came {
    let response = http::answer(request).await;
    let names = ["vary", "lantern-version", "deprecation", "sunset", "link"];
    let headers = names
        .map(|name| (name, http::header(&response, name)))
        .to_vec();
    Came {
        status: http::status(&response),
        headers,
        body: http::json(response).await,
    }
}

impl Shop {
    fn ask(
        &self,
        method: &str,
        path: &str,
        speaks: Option<&str>,
        body: Option<&Value>,
    ) -> RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.server.client().request(method, self.server.url(path));
        if let Some(speaks) = speaks {
            request = request.header("lantern-version", speaks);
        }
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    async fn get(&self, path: &str, speaks: Option<&str>) -> Came {
        came(self.ask("GET", path, speaks, None)).await
    }

    async fn send(&self, method: &str, path: &str, speaks: &str, body: &Value) -> Came {
        came(self.ask(method, path, Some(speaks), Some(body))).await
    }
}

/// One shelf, seen in two versions.
#[tokio::test]
async fn one_shelf_has_two_faces() {
    let shop = shop().await;
    let old = shop.get("/books", Some("1")).await;
    assert_eq!(old.status, 200, "{old:?}");
    insta::assert_json_snapshot!(old.body, @r#"
    {
      "books": [
        {
          "cents": 950,
          "id": 1,
          "name": "Emma"
        },
        {
          "cents": 1199,
          "id": 2,
          "name": "Foundation"
        }
      ]
    }
    "#);
    let new = shop.get("/books", Some("2")).await;
    assert_eq!(new.status, 200, "{new:?}");
    insta::assert_json_snapshot!(new.body, @r#"
    {
      "books": [
        {
          "cents": 950,
          "id": 1,
          "series": null,
          "title": "Emma"
        },
        {
          "cents": 1199,
          "id": 2,
          "series": "Foundation",
          "title": "Foundation"
        }
      ]
    }
    "#);
    for (speaks, name) in [("1", "name"), ("2", "title")] {
        let one = shop.get("/books/2", Some(speaks)).await;
        assert_eq!(one.status, 200, "version {speaks}: {one:?}");
        assert_eq!(one.body[name], "Foundation", "version {speaks}: {one:?}");
        for missing in [
            "/books/3",
            "/books/0",
            "/books/-1",
            "/books/two",
            "/books/%202",
            "/books/9223372036854775808",
        ] {
            let none = shop.get(missing, Some(speaks)).await;
            assert_eq!(
                none.status, 404,
                "GET {missing}, version {speaks}: {none:?}"
            );
            assert_eq!(
                none.body["status"], 404,
                "GET {missing} is refused with a problem: {none:?}"
            );
        }
    }
}

/// Clients that say nothing were written when there was one version, and get that.
#[tokio::test]
async fn who_says_nothing_speaks_the_first() {
    let shop = shop().await;
    let silent = shop.get("/books/1", None).await;
    let old = shop.get("/books/1", Some("1")).await;
    assert_eq!(
        silent.body,
        json!({ "id": 1, "name": "Emma", "cents": 950 }),
        "{silent:?}"
    );
    assert_eq!(silent.headers, old.headers, "the same headers as version 1");
}

/// A version is one header with a known number, letter by letter; anything else is refused, and nothing happens.
#[tokio::test]
async fn unknown_versions_are_refused() {
    for (values, expected) in [
        (&[][..], Some("first")),
        (&["1"][..], Some("first")),
        (&["2"], Some("second")),
        (&["0"], None),
        (&["3"], None),
        (&["01"], None),
        (&["2.0"], None),
        (&["v2"], None),
        (&[""], None),
        (&["12"], None),
        (&["1, 2"], None),
        (&["+2"], None),
        (&["1", "2"], None),
        (&["2", "2"], None),
        (&["2", "3"], None),
    ] {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("lantern-version", HeaderValue::from_static(value));
        }
        let found = version(&headers).map(|version| match version {
            Version::V1 => "first",
            Version::V2 => "second",
        });
        assert_eq!(found, expected, "{values:?}");
    }
    let shop = shop().await;
    let draft = json!({ "title": "X", "cents": 1 });
    for speaks in ["3", "latest", ""] {
        for (method, path) in [
            ("GET", "/books"),
            ("GET", "/books/9"),
            ("POST", "/books"),
            ("PUT", "/books/1"),
        ] {
            let refused = shop.send(method, path, speaks, &draft).await;
            assert_eq!(
                refused.status, 400,
                "{method} {path}, version {speaks:?}: {refused:?}"
            );
            assert_eq!(refused.body["status"], 400, "a problem: {refused:?}");
            let headers = [
                ("vary", Some("Lantern-Version".to_owned())),
                ("lantern-version", None),
                ("deprecation", None),
                ("sunset", None),
                ("link", None),
            ];
            assert_eq!(
                refused.headers, headers,
                "{method} {path}, version {speaks:?}"
            );
        }
    }
    assert_eq!(shop.shelf.all().len(), 2, "nothing was added");
    assert_eq!(
        shop.shelf.find(1).map(|book| book.title),
        Some("Emma".to_owned()),
        "nothing was changed"
    );
}

/// What is written in one version is read in the other, whatever it is.
#[tokio::test]
async fn what_one_writes_the_other_reads() {
    let shop = shop().await;
    let mut values = support::seeded(0x10EF);
    for id in 3..23 {
        let title = format!(" {} – \"{}\" ☃\n", values.word(1..12), values.word(1..12));
        let cents = values.number(0..u64::from(u32::MAX) + 1);
        let series = values.coin().then(|| values.word(1..9));
        let (speaks, draft) = if values.coin() {
            (
                "2",
                json!({ "title": title, "cents": cents, "series": series }),
            )
        } else {
            ("1", json!({ "name": title, "cents": cents }))
        };
        let series = if speaks == "2" { series } else { None };
        let old_face = json!({ "id": id, "name": title, "cents": cents });
        let new_face = json!({ "id": id, "title": title, "cents": cents, "series": series });
        let request = shop.ask("POST", "/books", Some(speaks), Some(&draft));
        let response = http::answer(request).await;
        let place = http::header(&response, "location");
        assert_eq!(http::status(&response), 201, "version {speaks}: {draft}");
        assert_eq!(
            place.as_deref(),
            Some(format!("/books/{id}").as_str()),
            "Location, version {speaks}"
        );
        let written: Value = http::json(response).await;
        let own = if speaks == "1" { &old_face } else { &new_face };
        assert_eq!(&written, own, "what version {speaks} is answered");
        let path = format!("/books/{id}");
        assert_eq!(
            shop.get(&path, Some("1")).await.body,
            old_face,
            "{draft} in version 1"
        );
        assert_eq!(
            shop.get(&path, Some("2")).await.body,
            new_face,
            "{draft} in version 2"
        );
    }
}

/// An old client changes what it knows, and leaves alone what it does not.
#[tokio::test]
async fn old_writes_keep_what_is_new() {
    let shop = shop().await;
    let draft = json!({ "name": "Foundation and Empire", "cents": 1250 });
    for speaks in [Some("1"), None] {
        let changed = came(shop.ask("PUT", "/books/2", speaks, Some(&draft))).await;
        assert_eq!(changed.status, 200, "version {speaks:?}: {changed:?}");
        assert_eq!(
            changed.body,
            json!({ "id": 2, "name": "Foundation and Empire", "cents": 1250 }),
            "version {speaks:?}"
        );
        let expected = ShelfBook {
            id: 2,
            title: "Foundation and Empire".to_owned(),
            cents: 1250,
            series: Some("Foundation".to_owned()),
        };
        assert_eq!(
            shop.shelf.find(2),
            Some(expected),
            "on the shelf, after version {speaks:?}"
        );
    }
    let missing = shop.send("PUT", "/books/3", "1", &draft).await;
    assert_eq!(missing.status, 404, "a book that is not there: {missing:?}");
    assert_eq!(shop.shelf.all().len(), 2, "PUT adds no book");
}

/// A new client that does not speak of a series takes it away: a draft replaces all that its version knows.
#[tokio::test]
async fn new_writes_replace_everything() {
    let shop = shop().await;
    for (draft, series) in [
        (
            json!({ "title": " T ", "cents": 0, "series": "S" }),
            Some("S".to_owned()),
        ),
        (json!({ "title": " T ", "cents": 0 }), None),
        (
            json!({ "title": " T ", "cents": 0, "series": "S2" }),
            Some("S2".to_owned()),
        ),
        (json!({ "title": " T ", "cents": 0, "series": null }), None),
    ] {
        let changed = shop.send("PUT", "/books/2", "2", &draft).await;
        assert_eq!(changed.status, 200, "{draft}: {changed:?}");
        assert_eq!(
            changed.body,
            json!({ "id": 2, "title": " T ", "cents": 0, "series": series }),
            "{draft}"
        );
        let expected = ShelfBook {
            id: 2,
            title: " T ".to_owned(),
            cents: 0,
            series,
        };
        assert_eq!(
            shop.shelf.find(2),
            Some(expected),
            "on the shelf, after {draft}"
        );
    }
}

/// Versions are not mixed: a field of the other one is refused, and a title is called as its version calls it.
#[tokio::test]
async fn versions_are_not_mixed() {
    let shop = shop().await;
    for (speaks, draft, status) in [
        ("1", json!({ "title": "T", "cents": 1 }), 422),
        ("1", json!({ "name": "T", "title": "T", "cents": 1 }), 422),
        ("1", json!({ "name": "T", "cents": 1, "series": "S" }), 422),
        ("2", json!({ "name": "T", "cents": 1 }), 422),
        ("2", json!({ "name": "T", "title": "T", "cents": 1 }), 422),
        ("1", json!({ "name": "T" }), 422),
        ("2", json!({ "title": "T", "cents": -1 }), 422),
        ("2", json!({ "title": "T", "cents": 1, "series": 7 }), 422),
    ] {
        for (method, path) in [("POST", "/books"), ("PUT", "/books/2")] {
            let refused = shop.send(method, path, speaks, &draft).await;
            assert_eq!(
                refused.status, status,
                "{method} {path}, version {speaks}, {draft}: {refused:?}"
            );
            assert_eq!(refused.body["status"], status, "a problem: {refused:?}");
        }
    }
    for (speaks, own, other) in [("1", "name", "title"), ("2", "title", "name")] {
        for (length, fits) in [
            (0, false),
            (1, true),
            (MOST_TITLE, true),
            (MOST_TITLE + 1, false),
        ] {
            let draft = json!({ own: "𝄞".repeat(length), "cents": 1 });
            let answer = shop.send("PUT", "/books/1", speaks, &draft).await;
            let expected = if fits { 200 } else { 422 };
            assert_eq!(
                answer.status, expected,
                "version {speaks}, {length} characters: {answer:?}"
            );
            if !fits {
                let detail = answer.body["detail"].as_str().unwrap_or_default();
                assert!(
                    detail.contains(own),
                    "version {speaks} calls it {own}: {answer:?}"
                );
                assert!(
                    !detail.contains(other),
                    "version {speaks} does not call it {other}: {answer:?}"
                );
            }
        }
    }
    let text = shop.ask("POST", "/books", Some("2"), None).body("{}");
    let refused = came(text).await;
    assert_eq!(
        refused.status, 415,
        "a body that does not say that it is JSON: {refused:?}"
    );
    let text = shop
        .ask("POST", "/books", Some("1"), None)
        .header("content-type", "application/json")
        .body("{");
    let refused = came(text).await;
    assert_eq!(refused.status, 400, "a body that is no JSON: {refused:?}");
}

/// Every answer of version 1, refusals too, tells that it is on its way out; none of version 2 does.
#[tokio::test]
async fn every_answer_tells_its_version() {
    let shop = shop().await;
    let text = |text: &str| Some(text.to_owned());
    for (speaks, headers) in [
        (
            "1",
            [
                ("vary", text("Lantern-Version")),
                ("lantern-version", text("1")),
                ("deprecation", text("@999913600")),
                ("sunset", text("Thu, 20 Sep 2001 15:33:20 GMT")),
                (
                    "link",
                    text("<https://lantern.example/guide/2>; rel=\"deprecation\""),
                ),
            ],
        ),
        (
            "2",
            [
                ("vary", text("Lantern-Version")),
                ("lantern-version", text("2")),
                ("deprecation", None),
                ("sunset", None),
                ("link", None),
            ],
        ),
    ] {
        let draft = if speaks == "1" {
            json!({ "name": "T", "cents": 1 })
        } else {
            json!({ "title": "T", "cents": 1 })
        };
        for (method, path, body, status) in [
            ("GET", "/books", None, 200),
            ("GET", "/books/1", None, 200),
            ("GET", "/books/77", None, 404),
            ("POST", "/books", Some(&draft), 201),
            ("PUT", "/books/1", Some(&draft), 200),
            ("PUT", "/books/77", Some(&draft), 404),
            ("POST", "/books", Some(&json!({})), 422),
        ] {
            let came = came(shop.ask(method, path, Some(speaks), body)).await;
            assert_eq!(
                came.status, status,
                "{method} {path}, version {speaks}: {came:?}"
            );
            assert_eq!(
                came.headers, headers,
                "{method} {path}, version {speaks}, status {status}"
            );
        }
    }
}

/// From the announced second on version 1 is gone, by the clock that the routes are given, and version 2 goes on.
#[tokio::test]
async fn the_first_version_ends_on_its_day() {
    let shop = shop().await;
    let draft = json!({ "name": "T", "cents": 1 });
    shop.clock.store(GONE - 1, Ordering::SeqCst);
    assert_eq!(
        shop.get("/books", None).await.status,
        200,
        "in its last second"
    );
    let announced = shop.get("/books", Some("1")).await.headers;
    for now in [GONE, GONE + 1, i64::MAX] {
        shop.clock.store(now, Ordering::SeqCst);
        for speaks in [Some("1"), None] {
            for (method, path) in [
                ("GET", "/books"),
                ("GET", "/books/77"),
                ("POST", "/books"),
                ("PUT", "/books/1"),
            ] {
                let gone = came(shop.ask(method, path, speaks, Some(&draft))).await;
                assert_eq!(
                    gone.status,
                    410,
                    "{method} {path}, version {speaks:?}, {} s late: {gone:?}",
                    now - GONE
                );
                assert_eq!(gone.body["status"], 410, "a problem: {gone:?}");
                assert_eq!(gone.headers, announced, "the headers are as they were");
            }
        }
        let new = shop.get("/books/1", Some("2")).await;
        assert_eq!(new.status, 200, "version 2, {} s late: {new:?}", now - GONE);
    }
    assert_eq!(shop.shelf.all().len(), 2, "nothing was added");
    assert_eq!(
        shop.shelf.find(1).map(|book| book.title),
        Some("Emma".to_owned()),
        "nothing was changed"
    );
}

/// The two headers write a moment in two ways.
#[test]
fn moments_are_written_in_two_ways() {
    for (at, structured, date) in [
        (0, "@0", "Thu, 01 Jan 1970 00:00:00 GMT"),
        (-1, "@-1", "Wed, 31 Dec 1969 23:59:59 GMT"),
        (NOW, "@1000000000", "Sun, 09 Sep 2001 01:46:40 GMT"),
        (
            1_709_164_800,
            "@1709164800",
            "Thu, 29 Feb 2024 00:00:00 GMT",
        ),
        (
            4_102_444_799,
            "@4102444799",
            "Thu, 31 Dec 2099 23:59:59 GMT",
        ),
    ] {
        assert_eq!(deprecation(at), structured, "Deprecation at {at}");
        assert_eq!(sunset(at).as_deref(), Some(date), "Sunset at {at}");
    }
    for at in [i64::MAX, i64::MIN] {
        assert_eq!(sunset(at), None, "Sunset at {at}");
    }
}

/// The headers stand in every answer: to addresses that are none, to methods that are none, and before the day from which
/// on version 1 should not be used any more.
#[tokio::test]
async fn strays_are_told_their_version() {
    let shop = shop().await;
    for (now, of_v1) in [
        (NOW - 100_000, [404, 405]),
        (NOW, [404, 405]),
        (GONE, [410, 410]),
    ] {
        shop.clock.store(now, Ordering::SeqCst);
        for (speaks, statuses) in [("1", of_v1), ("2", [404, 405])] {
            for ((method, path), status) in [("GET", "/nowhere"), ("DELETE", "/books")]
                .into_iter()
                .zip(statuses)
            {
                let response = http::answer(shop.ask(method, path, Some(speaks), None)).await;
                let case = format!("{method} {path}, version {speaks}, at {now}");
                assert_eq!(http::status(&response), status, "{case}");
                for (name, expected) in [
                    ("vary", Some("Lantern-Version")),
                    ("lantern-version", Some(speaks)),
                    ("deprecation", (speaks == "1").then_some("@999913600")),
                ] {
                    assert_eq!(
                        http::header(&response, name).as_deref(),
                        expected,
                        "{name}: {case}"
                    );
                }
            }
        }
        let listed = shop.get("/books", Some("2")).await;
        assert_eq!(listed.status, 200, "version 2 at {now}: {listed:?}");
    }
}

/// What came is kept as it came, if it is a space or nothing; and all books are listed, however many there are.
#[tokio::test]
async fn nothing_is_made_prettier() {
    let shop = shop().await;
    for (speaks, title, draft) in [
        ("1", "name", json!({ "name": " ", "cents": 0 })),
        (
            "2",
            "title",
            json!({ "title": " ", "cents": 0, "series": "" }),
        ),
    ] {
        let answer = shop.send("PUT", "/books/2", speaks, &draft).await;
        assert_eq!(
            answer.status, 200,
            "a space is a character, version {speaks}: {answer:?}"
        );
        assert_eq!(answer.body[title], " ", "version {speaks}: {answer:?}");
    }
    let series = shop.shelf.find(2).and_then(|book| book.series);
    assert_eq!(series.as_deref(), Some(""), "a series without a letter");
    for number in 0..1_100 {
        shop.shelf.add(format!("Volume {number}"), 100, None);
    }
    for speaks in ["1", "2"] {
        let listed = shop.get("/books", Some(speaks)).await;
        let count = listed.body["books"].as_array().map(Vec::len);
        assert_eq!(count, Some(1_102), "books, version {speaks}");
    }
}
