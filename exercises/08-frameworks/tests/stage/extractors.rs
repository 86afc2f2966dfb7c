use axum::http::HeaderValue;
use frameworks::extractors::router;
use reqwest::Response;
use serde_json::{Value, json};
use support::server::{Server, spawn};

use support::http;

async fn get(server: &Server, path: &str) -> Response {
    http::answer(server.get(path)).await
}

/// The two parts of the path reach the handler, the second as a number.
#[tokio::test]
async fn the_path_is_taken_apart() {
    let server = spawn(router()).await;
    let mut values = support::seeded(0x0811);
    for _ in 0..20 {
        let isbn = values.number(9_780_000_000_000..9_790_000_000_000);
        let number = values.number(0..5_000_000_000);
        let path = format!("/books/{isbn}/reviews/{number}");
        let response = get(&server, &path).await;
        if number > u64::from(u32::MAX) {
            assert_eq!(http::status(&response), 400, "GET {path}: above a u32");
        } else {
            assert_eq!(http::status(&response), 200, "GET {path}");
            let body: Value = http::json(response).await;
            let expected = json!({ "isbn": isbn.to_string(), "number": number });
            assert_eq!(body, expected, "GET {path}");
        }
    }
}

/// A part of the path that is not of its type is refused with 400; what belongs together may contain any character.
#[tokio::test]
async fn a_path_of_the_wrong_type_is_refused() {
    let server = spawn(router()).await;
    for path in ["/books/x/reviews/first", "/books/x/reviews/-1"] {
        assert_eq!(http::status(&get(&server, path).await), 400, "GET {path}");
    }
    let body: Value = http::json(get(&server, "/books/a%20b%2Fc/reviews/1").await).await;
    assert_eq!(
        body["isbn"],
        json!("a b/c"),
        "GET /books/a%20b%2Fc/reviews/1"
    );
}

/// Every field of the query is understood, in any order, and decoded.
#[tokio::test]
async fn the_query_is_read_by_name() {
    let server = spawn(router()).await;
    let response = get(&server, "/search?in_stock=true&page=3&q=jane+eyre%21").await;
    assert_eq!(http::status(&response), 200, "a complete query");
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "in_stock": true,
      "page": 3,
      "q": "jane eyre!"
    }
    "#);
    let mut values = support::seeded(0x0812);
    for _ in 0..20 {
        let words = format!("{} & {}", values.word(1..8), values.word(1..8));
        let page = values.number(1..1000);
        let in_stock = values.coin();
        let request = server.get("/search").query(&json!({
            "q": words, "page": page, "in_stock": in_stock,
        }));
        let body: Value = http::json(http::answer(request).await).await;
        let expected = json!({ "q": words, "page": page, "in_stock": in_stock });
        assert_eq!(body, expected, "the search for {words:?}, page {page}");
    }
}

/// A query without a page asks for the first one; one that does not speak of stock says nothing about it.
#[tokio::test]
async fn a_short_query_gets_the_defaults() {
    let server = spawn(router()).await;
    let response = get(&server, "/search?q=emma").await;
    assert_eq!(http::status(&response), 200, "GET /search?q=emma");
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "in_stock": null,
      "page": 1,
      "q": "emma"
    }
    "#);
}

/// A query without what it must have, or with a value of another type, is refused with 400.
#[tokio::test]
async fn a_query_that_cannot_be_understood_is_refused() {
    let server = spawn(router()).await;
    for path in [
        "/search",
        "/search?page=2",
        "/search?q=emma&page=two",
        "/search?q=emma&page=",
        "/search?q=emma&page=-1",
        "/search?q=emma&in_stock=maybe",
    ] {
        assert_eq!(http::status(&get(&server, path).await), 400, "GET {path}");
    }
}

/// An order from a till is taken with 201; the gift note may be missing.
#[tokio::test]
async fn an_order_names_its_till() {
    let server = spawn(router()).await;
    let order = json!({ "isbn": "9780141439587", "quantity": 2 });
    let request = server.post("/orders").header("x-till", "12").json(&order);
    let response = http::answer(request).await;
    assert_eq!(http::status(&response), 201, "POST /orders");
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "order": {
        "gift_note": null,
        "isbn": "9780141439587",
        "quantity": 2
      },
      "till": 12
    }
    "#);
    let order = json!({ "isbn": "9780141439587", "quantity": 1, "gift_note": "For Ana" });
    let request = server.post("/orders").header("x-till", "3").json(&order);
    let body: Value = http::json(http::answer(request).await).await;
    let expected = json!({ "till": 3, "order": order });
    assert_eq!(body, expected, "an order with a gift note");
}

/// A body that is not an order in JSON is refused, and the status says why: not JSON, broken, or not an order.
#[tokio::test]
async fn a_body_that_is_no_order_is_refused() {
    let server = spawn(router()).await;
    let whole = r#"{"isbn": "9780141439587", "quantity": 1}"#;
    let json_type = "application/json";
    for (kind, body, expected) in [
        ("text/plain", whole, 415),
        (json_type, r#"{"isbn": "#, 400),
        (json_type, "", 400),
        (json_type, r#"{"isbn": "9780141439587"}"#, 422),
        (
            json_type,
            r#"{"isbn": "9780141439587", "quantity": "1"}"#,
            422,
        ),
        (
            json_type,
            r#"{"isbn": "9780141439587", "quantity": -1}"#,
            422,
        ),
        (json_type, whole, 201),
    ] {
        let request = server
            .post("/orders")
            .header("x-till", "7")
            .header("content-type", kind)
            .body(body);
        let response = http::answer(request).await;
        assert_eq!(http::status(&response), expected, "{kind}: {body:?}");
    }
}

/// The till's number is read from the header, from 1 to 99, with or without a leading zero.
#[tokio::test]
async fn a_till_has_a_number_from_1_to_99() {
    let server = spawn(router()).await;
    for number in 0..=101 {
        let request = server.get("/till").header("x-till", number.to_string());
        let response = http::answer(request).await;
        if (1..=99).contains(&number) {
            assert_eq!(http::status(&response), 200, "x-till: {number}");
            let body: Value = http::json(response).await;
            assert_eq!(body, json!({ "till": number }), "x-till: {number}");
        } else {
            assert_eq!(http::status(&response), 400, "x-till: {number}");
        }
    }
    let request = server.get("/till").header("x-till", "07");
    let body: Value = http::json(http::answer(request).await).await;
    assert_eq!(body, json!({ "till": 7 }), "x-till: 07");
}

/// A missing till and one that is no number are refused with 400, and told apart; an order without a till too.
#[tokio::test]
async fn a_request_without_a_proper_till_is_refused() {
    let server = spawn(router()).await;
    let missing = json!({ "error": "the header x-till is missing" });
    let invalid = json!({ "error": "x-till must be a number from 1 to 99" });
    for path in ["/till", "/orders"] {
        let method = if path == "/till" { "GET" } else { "POST" };
        let url = server.url(path);
        let method = method.parse().expect("a method");
        let order = json!({ "isbn": "9780141439587", "quantity": 1 });
        let request = server.client().request(method, url).json(&order);
        let without = request.try_clone().expect("a body in memory");
        let response = http::answer(without).await;
        assert_eq!(http::status(&response), 400, "{path} without x-till");
        assert_eq!(http::json(response).await, missing, "{path} without x-till");
        for till in [
            "", "+7", "seven", "7.0", "-1", "007", "256", "7,8", "7 8", "\u{e4}",
        ] {
            let value = HeaderValue::from_bytes(till.as_bytes()).expect("a header's bytes");
            let request = request.try_clone().expect("a body in memory");
            let response = http::answer(request.header("x-till", value)).await;
            assert_eq!(http::status(&response), 400, "{path} with x-till: {till:?}");
            let body: Value = http::json(response).await;
            assert_eq!(body, invalid, "{path} with x-till: {till:?}");
        }
    }
}
