use frameworks::errors::{ErrorLog, Store, router};
use reqwest::Response;
use serde_json::{Value, json};
use support::server::{Server, spawn};

use support::http;

fn emma() -> Value {
    json!({ "isbn": "9780141439587", "title": "Emma", "cents": 999 })
}

async fn post(server: &Server, book: &Value) -> Response {
    http::answer(server.post("/books").json(book)).await
}

/// A book that is added can be found; nothing of that is an error.
#[tokio::test]
async fn a_book_is_added_and_found() {
    let log = ErrorLog::default();
    let server = spawn(router(Store::default(), log.clone())).await;
    let mut values = support::seeded(0x0841);
    for _ in 0..5 {
        let isbn = values.number(9_780_000_000_000..9_790_000_000_000);
        let book = json!({
            "isbn": isbn.to_string(), "title": values.word(2..12), "cents": values.number(1..5000),
        });
        let added = post(&server, &book).await;
        assert_eq!(http::status(&added), 201, "POST /books with {book}");
        assert_eq!(http::json(added).await, book, "the answer to POST /books");
        let found = http::answer(server.get(&format!("/books/{isbn}"))).await;
        assert_eq!(http::status(&found), 200, "GET /books/{isbn}");
        assert_eq!(http::json(found).await, book, "GET /books/{isbn}");
    }
    assert_eq!(log.lines(), Vec::<String>::new(), "the log");
}

/// A book that is not there and a page that is not there are both 404, and say which of the two it was.
#[tokio::test]
async fn what_is_missing_is_named() {
    let server = spawn(router(Store::default(), ErrorLog::default())).await;
    let response = http::answer(server.get("/books/9780141439587")).await;
    assert_eq!(http::status(&response), 404, "a book that is not there");
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "error": {
        "code": "not_found",
        "message": "no such book"
      }
    }
    "#);
    let response = http::answer(server.get("/films")).await;
    assert_eq!(http::status(&response), 404, "a page that is not there");
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "error": {
        "code": "not_found",
        "message": "no such page"
      }
    }
    "#);
}

/// An ISBN that is taken is a conflict, and the book that was there stays.
#[tokio::test]
async fn a_taken_isbn_is_a_conflict() {
    let server = spawn(router(Store::default(), ErrorLog::default())).await;
    assert_eq!(
        http::status(&post(&server, &emma()).await),
        201,
        "the first"
    );
    let mut other = emma();
    other["title"] = json!("Persuasion");
    let response = post(&server, &other).await;
    assert_eq!(
        http::status(&response),
        409,
        "the second with the same ISBN"
    );
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "error": {
        "code": "conflict",
        "message": "this ISBN is taken"
      }
    }
    "#);
    let found = http::answer(server.get("/books/9780141439587")).await;
    assert_eq!(http::json(found).await, emma(), "the book that was there");
}

/// A book that breaks a rule is refused with 422 and the name of the field; the title is looked at first.
#[tokio::test]
async fn an_invalid_book_is_told_which_field() {
    let server = spawn(router(Store::default(), ErrorLog::default())).await;
    for (title, cents, expected) in [
        ("", 999, "title: must not be empty"),
        (" \t ", 999, "title: must not be empty"),
        ("Emma", 0, "cents: must be above 0"),
        ("", 0, "title: must not be empty"),
    ] {
        let book = json!({ "isbn": "9780141439587", "title": title, "cents": cents });
        let response = post(&server, &book).await;
        assert_eq!(http::status(&response), 422, "POST /books with {book}");
        let body: Value = http::json(response).await;
        let expected = json!({ "error": { "code": "invalid", "message": expected } });
        assert_eq!(body, expected, "POST /books with {book}");
    }
    let cheapest = json!({ "isbn": "9780141439587", "title": "E", "cents": 1 });
    let response = post(&server, &cheapest).await;
    assert_eq!(
        http::status(&response),
        201,
        "the refused ones were not added; 1 cent is a price"
    );
}

/// A body that axum refuses keeps axum's status and words, in this service's shape.
#[tokio::test]
async fn a_refused_body_has_the_services_shape() {
    let server = spawn(router(Store::default(), ErrorLog::default())).await;
    for (kind, body, status, words) in [
        (
            "text/plain",
            r#"{"isbn":"1","title":"E","cents":1}"#,
            415,
            "Content-Type",
        ),
        ("application/json", r#"{"isbn":"1","title":"#, 400, "parse"),
        (
            "application/json",
            r#"{"isbn":"1","title":"E"}"#,
            422,
            "cents",
        ),
        (
            "application/json",
            r#"{"isbn":1,"title":"E","cents":1}"#,
            422,
            "isbn",
        ),
    ] {
        let request = server
            .post("/books")
            .header("content-type", kind)
            .body(body);
        let response = http::answer(request).await;
        assert_eq!(http::status(&response), status, "{kind}: {body}");
        let answer: Value = http::json(response).await;
        assert_eq!(
            answer["error"]["code"],
            json!("bad_body"),
            "{kind}: {body}: {answer}"
        );
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(
            message.contains(words),
            "{kind}: {body}: axum's message speaks of {words:?}, the answer says {answer}"
        );
    }
}

/// When the store breaks, the client learns that, and nothing about files, causes or types.
#[tokio::test]
async fn nothing_internal_leaks() {
    let mut values = support::seeded(0x0842);
    for _ in 0..3 {
        let file = format!("/srv/{}/{}.db", values.word(6..12), values.word(6..12));
        let reason = format!("{} {}", values.word(6..12), values.word(6..12));
        let server = spawn(router(Store::broken(&file, &reason), ErrorLog::default())).await;
        let shown = http::answer(server.get("/books/9780141439587")).await;
        for response in [shown, post(&server, &emma()).await] {
            assert_eq!(http::status(&response), 500, "{}", response.url());
            let headers = format!("{:?}", response.headers());
            for secret in [&file, &reason] {
                assert!(
                    !headers.contains(secret),
                    "the headers tell {secret:?}: {headers}"
                );
            }
            let body: Value = http::json(response).await;
            insta::allow_duplicates! {
                insta::assert_json_snapshot!(body, @r#"
                {
                  "error": {
                    "code": "internal",
                    "message": "something went wrong on our side"
                  }
                }
                "#);
            }
        }
    }
}

/// The operator reads the error and everything below it, once for each failed request.
#[tokio::test]
async fn the_operator_reads_the_whole_chain() {
    let mut values = support::seeded(0x0843);
    let file = format!("/srv/{}.db", values.word(6..12));
    let reason = format!("{} {}", values.word(6..12), values.word(6..12));
    let log = ErrorLog::default();
    let server = spawn(router(Store::broken(&file, &reason), log.clone())).await;
    http::answer(server.get("/books/9780141439587")).await;
    post(&server, &emma()).await;
    let line = format!("the store in {file} failed: {reason}");
    let lines: Vec<String> = log.lines();
    assert_eq!(
        lines,
        [line.clone(), line],
        "the log after two failed requests"
    );
}

/// What a client did wrong is for the client: the operator's log stays empty.
#[tokio::test]
async fn a_clients_mistake_wakes_nobody() {
    let log = ErrorLog::default();
    let server = spawn(router(Store::default(), log.clone())).await;
    let free = json!({ "isbn": "1", "title": "Emma", "cents": 0 });
    for (response, expected) in [
        (http::answer(server.get("/books/1")).await, 404),
        (http::answer(server.get("/films")).await, 404),
        (post(&server, &free).await, 422),
        (post(&server, &json!([])).await, 422),
        (post(&server, &emma()).await, 201),
        (post(&server, &emma()).await, 409),
    ] {
        assert_eq!(http::status(&response), expected, "{}", response.url());
    }
    assert_eq!(log.lines(), Vec::<String>::new(), "the log");
}
