use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apis::given::books::{Book, Details, Isbn, Shelf, Size};
use apis::resources::{merge, routes};
use axum::Router;
use serde_json::{Value, json};

use crate::calls::{Answer, call, isbn};

const EMMA: &str = "9780141439587";
const IDIOT: &str = "9780140447927";

fn parsed(text: &str) -> Isbn {
    Isbn::try_from(text.to_owned()).expect("an ISBN")
}

fn emma() -> Book {
    Book {
        isbn: parsed(EMMA),
        title: "Emma".to_owned(),
        subtitle: Some("A Novel".to_owned()),
        price_cents: 950,
        size: Some(Size {
            height_mm: 198,
            width_mm: 129,
        }),
    }
}

/// A shelf with Emma on it, and its routes.
fn with_emma() -> (Arc<Shelf>, Router) {
    let shelf = Arc::new(Shelf::default());
    shelf.put(emma());
    (shelf.clone(), routes(shelf))
}

fn at(isbn: &str) -> String {
    format!("/books/{isbn}")
}

/// The shelf holds Emma as it was, and nothing else.
#[track_caller]
fn unchanged(shelf: &Shelf, case: &str) {
    assert_eq!(shelf.all(), [emma()], "the shelf after {case}");
}

async fn patch(router: &Router, patch: &Value) -> Answer {
    let request = call("PATCH", &at(EMMA)).body("application/merge-patch+json", patch.to_string());
    request.send(router).await
}

/// `POST` answers 201 with the book and its address, and at that address is the book.
#[tokio::test]
async fn a_new_book_gets_an_address() {
    let (_, router) = with_emma();
    let book = json!({ "isbn": IDIOT, "title": "The Idiot", "price_cents": 1300 });
    let created = call("POST", "/books").json(&book).send(&router).await;
    let created = created.is(201).has("location", &at(IDIOT));
    insta::assert_json_snapshot!(created.json(), @r#"
    {
      "isbn": "9780140447927",
      "price_cents": 1300,
      "title": "The Idiot"
    }
    "#);
    let address = created.header("location");
    let found = call("GET", &address).send(&router).await.is(200);
    assert_eq!(found.json(), book, "GET {address}");
}

/// `POST` of an ISBN that is there answers 409, also when it comes twice in a row, and the first book stays.
#[tokio::test]
async fn a_book_is_added_once() {
    let (shelf, router) = with_emma();
    let other = json!({ "isbn": EMMA, "title": "Another", "price_cents": 1 });
    call("POST", "/books")
        .json(&other)
        .send(&router)
        .await
        .is(409);
    unchanged(&shelf, "a POST with its ISBN");
    let book = json!({ "isbn": IDIOT, "title": "The Idiot", "price_cents": 1300 });
    for status in [201, 409, 409] {
        call("POST", "/books")
            .json(&book)
            .send(&router)
            .await
            .is(status);
    }
    assert_eq!(shelf.all().len(), 2, "books after three POSTs of one");
}

/// Lets somebody else put The Idiot on the shelf right after the next look. The answer says whether that was done.
fn theirs_meanwhile(shelf: &Shelf) -> Arc<AtomicBool> {
    let done = Arc::new(AtomicBool::new(false));
    let tell = done.clone();
    shelf.meanwhile(move |shelf| {
        shelf.put(Book {
            isbn: parsed(IDIOT),
            title: "Theirs".to_owned(),
            ..emma()
        });
        tell.store(true, Ordering::SeqCst);
    });
    done
}

/// Looking whether a book is there and adding it are one step: what comes in between is not written over.
#[tokio::test]
async fn looking_and_writing_are_one_step() {
    let (shelf, router) = with_emma();
    let done = theirs_meanwhile(&shelf);
    let ours = json!({ "isbn": IDIOT, "title": "Ours", "price_cents": 1 });
    let answer = call("POST", "/books").json(&ours).send(&router).await;
    if done.load(Ordering::SeqCst) {
        answer.is(409);
        let title = shelf.find(&parsed(IDIOT)).map(|book| book.title);
        assert_eq!(title.as_deref(), Some("Theirs"), "they were first");
    } else {
        answer.is(201);
    }

    let (shelf, router) = with_emma();
    let done = theirs_meanwhile(&shelf);
    let ours = json!({ "title": "Ours", "price_cents": 1 });
    let answer = call("PUT", &at(IDIOT)).json(&ours).send(&router).await;
    let theirs_were_there = done.load(Ordering::SeqCst);
    answer.is(if theirs_were_there { 200 } else { 201 });
}

/// Of two who take a book away at the same moment, one did it (204); for the other it was not there (404).
#[tokio::test]
async fn a_book_is_taken_away_once() {
    let (shelf, router) = with_emma();
    let taken = Arc::new(AtomicBool::new(false));
    let tell = taken.clone();
    shelf.meanwhile(move |shelf| tell.store(shelf.remove(&parsed(EMMA)), Ordering::SeqCst));
    let answer = call("DELETE", &at(EMMA)).send(&router).await;
    let taken_by_others = taken.load(Ordering::SeqCst);
    answer.is(if taken_by_others { 404 } else { 204 });
    assert_eq!(shelf.all(), [], "the shelf after DELETE");
}

/// `PUT` makes a book (201) or takes the place of one (200); sent again it changes nothing more.
#[tokio::test]
async fn put_says_what_is_there_then() {
    let (shelf, router) = with_emma();
    let details = json!({ "title": "The Idiot", "price_cents": 1300 });
    for status in [201, 200, 200] {
        let put = call("PUT", &at(IDIOT)).json(&details).send(&router).await;
        let put = put.is(status);
        let book = json!({ "isbn": IDIOT, "title": "The Idiot", "price_cents": 1300 });
        assert_eq!(put.json(), book, "PUT of The Idiot, answered {status}");
        assert_eq!(shelf.all().len(), 2, "books after PUT, answered {status}");
    }
}

/// `PUT` is the whole book: what it does not name is gone.
#[tokio::test]
async fn put_keeps_nothing_of_before() {
    let (shelf, router) = with_emma();
    let details = json!({ "title": "Emma", "price_cents": 1000 });
    let put = call("PUT", &at(EMMA)).json(&details).send(&router).await;
    insta::assert_json_snapshot!(put.is(200).json(), @r#"
    {
      "isbn": "9780141439587",
      "price_cents": 1000,
      "title": "Emma"
    }
    "#);
    let stored = shelf.find(&parsed(EMMA)).expect("Emma");
    assert_eq!(stored.subtitle, None, "the subtitle after PUT");
    assert_eq!(stored.size, None, "the size after PUT");
}

/// `PATCH` changes what it names, also one level down, takes away what is `null`, and keeps the rest.
#[tokio::test]
async fn patch_changes_what_it_names() {
    let (shelf, router) = with_emma();
    let change = json!({ "price_cents": 800, "subtitle": null, "size": { "width_mm": 130 } });
    insta::assert_json_snapshot!(patch(&router, &change).await.is(200).json(), @r#"
    {
      "isbn": "9780141439587",
      "price_cents": 800,
      "size": {
        "height_mm": 198,
        "width_mm": 130
      },
      "title": "Emma"
    }
    "#);
    let found = call("GET", &at(EMMA)).send(&router).await.is(200).json();
    assert_eq!(found["price_cents"], json!(800), "GET after PATCH: {found}");
    assert_eq!(shelf.all().len(), 1, "books after PATCH");
}

/// A patch after which the book is no book, or another one, is 422 and changes nothing.
#[tokio::test]
async fn a_patch_leaves_a_book() {
    let (shelf, router) = with_emma();
    for change in [
        json!({ "title": null }),
        json!({ "price_cents": "800" }),
        json!({ "price_cents": -1 }),
        json!({ "colour": "red" }),
        json!({ "size": { "depth_mm": 20 } }),
        json!({ "size": null, "isbn": IDIOT }),
        json!({ "isbn": null, "title": "Emma 2" }),
        json!({ "isbn": "1" }),
        json!([{ "op": "remove", "path": "/title" }]),
        json!("Emma"),
        json!(null),
    ] {
        patch(&router, &change).await.is(422);
        unchanged(&shelf, &format!("the patch {change}"));
    }
    patch(&router, &json!({})).await.is(200);
    patch(&router, &json!({ "isbn": EMMA })).await.is(200);
    unchanged(&shelf, "patches that say nothing new");
}

/// `PATCH` tells by the content type what a patch is: two types, in any letters, and for others it says which.
#[tokio::test]
async fn a_patch_has_a_type() {
    let (shelf, router) = with_emma();
    for kind in [
        "application/merge-patch+json",
        "application/json",
        "Application/Merge-Patch+JSON",
        "application/json; charset=utf-8",
        "application/merge-patch+json;charset=utf-8",
        "application/json ; charset=utf-8",
        " application/merge-patch+json ",
    ] {
        let sent = call("PATCH", &at(EMMA)).body(kind, r#"{"title":"Emma"}"#);
        sent.send(&router).await.is(200);
    }
    for kind in [
        "application/json-patch+json",
        "application/problem+json",
        "application/jsonp",
        "text/plain",
        "text/plain; note=application/json",
        "",
    ] {
        let sent = call("PATCH", &at(EMMA)).body(kind, r#"{"title":"Not Emma"}"#);
        let refused = sent.send(&router).await.is(415);
        refused.has("accept-patch", "application/merge-patch+json");
    }
    let mut untyped = call("PATCH", &at(EMMA));
    untyped = untyped.header("x-kind", "application/json");
    let refused = untyped.send(&router).await.is(415);
    refused.has("accept-patch", "application/merge-patch+json");
    let broken = call("PATCH", &at(EMMA)).body("application/json", r#"{"title":"#);
    broken.send(&router).await.is(400);
    unchanged(&shelf, "patches that were refused");
}

/// Two patches at the same moment both count: one is not undone by the other.
#[tokio::test]
async fn two_patches_both_count() {
    let (shelf, router) = with_emma();
    shelf.meanwhile(|shelf| {
        let cheaper = |book: &Book| {
            Ok::<Book, ()>(Book {
                price_cents: 700,
                ..book.clone()
            })
        };
        shelf.change(&parsed(EMMA), cheaper);
    });
    patch(&router, &json!({ "title": "Emma again" }))
        .await
        .is(200);
    // Whoever never looked has not been interrupted yet.
    shelf.find(&parsed(EMMA));
    let after = shelf.find(&parsed(EMMA)).expect("Emma");
    assert_eq!(after.title, "Emma again", "the title of our patch");
    assert_eq!(after.price_cents, 700, "the price of theirs");
}

/// A merge patch is what RFC 7396 says: the examples of its Appendix A, and a few more.
#[test]
fn a_merge_patch_is_as_the_rfc_says() {
    for (target, patch, expected) in [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (
            json!({"a":"b","b":"c"}),
            json!({"a":null}),
            json!({"b":"c"}),
        ),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
        (
            json!({"a":{"b":"c"}}),
            json!({"a":{"b":"d","c":null}}),
            json!({"a":{"b":"d"}}),
        ),
        (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a":"b"}), json!(["c"]), json!(["c"])),
        (json!({"a":"foo"}), json!(null), json!(null)),
        (json!({"a":"foo"}), json!("bar"), json!("bar")),
        (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
        (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
        (
            json!({}),
            json!({"a":{"bb":{"ccc":null}}}),
            json!({"a":{"bb":{}}}),
        ),
        // Beyond the appendix: a list is no object, and is never put together from two.
        (json!({"a":[1,2,3]}), json!({"a":[9]}), json!({"a":[9]})),
        (json!([{"a":1},{"b":2}]), json!([{"c":3}]), json!([{"c":3}])),
        (
            json!({"a":[1]}),
            json!({"a":[null, {"b":null}]}),
            json!({"a":[null, {"b":null}]}),
        ),
        (json!({"a":1}), json!({}), json!({"a":1})),
        (json!(7), json!({}), json!({})),
        (json!(null), json!({"a":{"b":null}}), json!({"a":{}})),
    ] {
        let mut merged = target.clone();
        merge(&mut merged, &patch);
        assert_eq!(merged, expected, "{target} patched with {patch}");
    }
}

/// `DELETE` answers 204 without a body; after that the book is not there, for any method but `PUT`.
#[tokio::test]
async fn what_is_deleted_is_not_there() {
    let (shelf, router) = with_emma();
    let deleted = call("DELETE", &at(EMMA)).send(&router).await.is(204);
    assert_eq!(deleted.body, "", "the body of a 204");
    assert_eq!(shelf.all(), [], "the shelf after DELETE");
    call("DELETE", &at(EMMA)).send(&router).await.is(404);
    call("GET", &at(EMMA)).send(&router).await.is(404);
    call("HEAD", &at(EMMA)).send(&router).await.is(404);
    patch(&router, &json!({ "title": "Emma" })).await.is(404);
    assert_eq!(
        shelf.all(),
        [],
        "the shelf after PATCH of what is not there"
    );
}

/// An address that is no ISBN is 404 with any method, not a mistake in the request.
#[tokio::test]
async fn no_isbn_is_no_address() {
    let (shelf, router) = with_emma();
    for isbn in ["1", "9780141439588", "emma", "978014143958", "%20"] {
        let path = at(isbn);
        call("GET", &path).send(&router).await.is(404);
        call("DELETE", &path).send(&router).await.is(404);
        let details = json!({ "title": "Emma", "price_cents": 1000 });
        call("PUT", &path)
            .json(&details)
            .send(&router)
            .await
            .is(404);
        call("PATCH", &path)
            .json(&json!({}))
            .send(&router)
            .await
            .is(404);
    }
    unchanged(&shelf, "requests for addresses that are none");
}

/// Another method is 405, and `Allow` names exactly those that there are.
#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let (shelf, router) = with_emma();
    for (path, methods, allowed) in [
        (
            "/books".to_owned(),
            ["PUT", "PATCH", "DELETE", "OPTIONS"],
            "GET HEAD POST",
        ),
        (
            at(EMMA),
            ["POST", "OPTIONS", "TRACE", "BREW"],
            "DELETE GET HEAD PATCH PUT",
        ),
    ] {
        for method in methods {
            let answer = call(method, &path)
                .json(&json!({}))
                .send(&router)
                .await
                .is(405);
            let allow = answer.header("allow");
            let named: BTreeSet<&str> = allow.split(',').map(str::trim).collect();
            let allowed: BTreeSet<&str> = allowed.split(' ').collect();
            assert_eq!(named, allowed, "Allow after {method} {path}");
        }
    }
    unchanged(&shelf, "methods that are not there");
}

/// `HEAD` has the status and the headers of `GET`, and no body.
#[tokio::test]
async fn head_is_get_without_a_body() {
    let (_, router) = with_emma();
    for path in ["/books".to_owned(), at(EMMA)] {
        let get = call("GET", &path).send(&router).await.is(200);
        let head = call("HEAD", &path).send(&router).await.is(200);
        assert_eq!(head.body, "", "the body of HEAD {path}");
        assert_eq!(
            head.headers, get.headers,
            "the headers of HEAD and GET {path}"
        );
    }
}

/// A body of another type is 415, one that cannot be read 400, one that is no book 422; nothing is stored.
#[tokio::test]
async fn a_body_that_is_no_book_is_refused() {
    let (shelf, router) = with_emma();
    for (method, path) in [
        ("POST", "/books".to_owned()),
        ("PUT", at(IDIOT)),
        ("PUT", at(EMMA)),
    ] {
        let good = match method {
            "POST" => json!({ "isbn": IDIOT, "title": "The Idiot", "price_cents": 1300 }),
            _ => json!({ "title": "The Idiot", "price_cents": 1300 }),
        };
        let plain = call(method, &path).body("text/plain", good.to_string());
        plain.send(&router).await.is(415);
        let broken = call(method, &path).body("application/json", "{\"title\": ");
        broken.send(&router).await.is(400);
        for (field, value) in [
            ("title", json!(7)),
            ("price_cents", json!(-1)),
            ("price_cents", json!(4_294_967_296_u64)),
            ("colour", json!("red")),
            ("size", json!({ "height_mm": 198 })),
        ] {
            let mut wrong = good.clone();
            wrong[field] = value;
            call(method, &path).json(&wrong).send(&router).await.is(422);
        }
        unchanged(&shelf, &format!("bodies that {method} {path} refused"));
    }
    let no_isbn = json!({ "isbn": "9780140447928", "title": "The Idiot", "price_cents": 1300 });
    call("POST", "/books")
        .json(&no_isbn)
        .send(&router)
        .await
        .is(422);
    unchanged(&shelf, "a POST without an ISBN that is one");
}

/// The list comes as JSON or as CSV, as `Accept` likes it; 406 when it likes neither; all of it may vary by `Accept`.
#[tokio::test]
async fn the_list_comes_as_it_is_liked() {
    let (_, router) = with_emma();
    for (accept, status, kind) in [
        (None, 200, "application/json"),
        (Some("*/*"), 200, "application/json"),
        (Some("application/json"), 200, "application/json"),
        (Some("text/csv"), 200, "text/csv"),
        (Some("text/*"), 200, "text/csv"),
        (Some("text/csv, application/json"), 200, "application/json"),
        (
            Some("text/csv;q=0.9, application/json;q=0.8"),
            200,
            "text/csv",
        ),
        (Some("application/json;q=0, */*;q=0.1"), 200, "text/csv"),
        (Some("text/html, image/png"), 406, ""),
        (Some("application/json;q=0, text/csv;q=0"), 406, ""),
    ] {
        let mut request = call("GET", "/books");
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let answer = request.send(&router).await.is(status);
        let got = answer.header("content-type");
        if status == 200 {
            assert!(
                got.starts_with(kind),
                "accept {accept:?}: the type is {got:?}"
            );
            let begins = if kind == "text/csv" {
                "isbn,title"
            } else {
                "[{"
            };
            assert!(
                answer.body.starts_with(begins),
                "accept {accept:?}: {}",
                answer.body
            );
        }
        let vary = answer.header("vary").to_lowercase();
        assert_eq!(
            vary, "accept",
            "Vary of the answer {status} to accept {accept:?}"
        );
    }
}

/// Books that nobody has seen go in by `POST` and `PUT`, and come out at their addresses and in the list, in order.
#[tokio::test]
async fn what_goes_in_comes_out() {
    let mut values = support::seeded(0x1001);
    let shelf = Arc::new(Shelf::default());
    let router = routes(shelf.clone());
    let mut expected = Vec::new();
    for _ in 0..120 {
        let isbn = isbn(&mut values);
        let details = Details {
            title: format!("  {} ä\"{}  ", values.word(1..9), values.word(1..9)),
            subtitle: values.coin().then(|| values.word(3..9)),
            price_cents: u32::try_from(values.number(0..1 << 32)).expect("32 bits"),
            size: None,
        };
        let book = Book::new(isbn.clone(), details.clone());
        let answer = if values.coin() {
            call("POST", "/books")
                .json(&json!(book))
                .send(&router)
                .await
        } else {
            let path = at(isbn.as_str());
            call("PUT", &path).json(&json!(details)).send(&router).await
        };
        let answer = answer.is(201);
        assert_eq!(answer.json(), json!(book), "the book in the answer");
        let found = call("GET", &at(isbn.as_str())).send(&router).await.is(200);
        assert_eq!(found.json(), json!(book), "the book at its address");
        expected.push(book);
    }
    expected.sort_by(|a, b| a.isbn.cmp(&b.isbn));
    let list = call("GET", "/books").send(&router).await.is(200).json();
    assert_eq!(
        list.as_array().map(Vec::len),
        Some(120),
        "the length of the list"
    );
    assert_eq!(list, json!(expected), "the list, in the order of the ISBNs");
}
