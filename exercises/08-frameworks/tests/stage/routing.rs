use axum::Router;
use frameworks::routing::{books, router, staff};
use reqwest::Method;
use serde_json::{Value, json};
use support::server::{Server, spawn};

use support::http;

async fn ask(server: &Server, method: Method, path: &str) -> reqwest::Response {
    http::answer(server.client().request(method, server.url(path))).await
}

/// Every address of the table leads to its handler, and to another one for another method.
#[tokio::test]
async fn each_address_reaches_its_handler() {
    let server = spawn(router()).await;
    for (method, path, handler) in [
        (Method::GET, "/health", "health"),
        (Method::GET, "/covers/emma.jpg", "show_cover"),
        (Method::GET, "/books", "list_books"),
        (Method::POST, "/books", "add_book"),
        (Method::GET, "/books/latest", "latest_book"),
        (Method::GET, "/books/9780141439587", "show_book"),
        (Method::PUT, "/books/9780141439587", "replace_book"),
        (Method::DELETE, "/books/9780141439587", "remove_book"),
        (Method::GET, "/books/9780141439587/reviews/4", "show_review"),
        (Method::GET, "/staff/orders", "list_orders"),
        (Method::POST, "/staff/orders/17/refund", "refund_order"),
    ] {
        let response = ask(&server, method.clone(), path).await;
        assert_eq!(http::status(&response), 200, "{method} {path}");
        let body: Value = http::json(response).await;
        assert_eq!(body["handler"], json!(handler), "{method} {path}");
    }
}

/// What stands in the path at a parameter's place reaches the handler, whatever it is.
#[tokio::test]
async fn parts_of_the_path_reach_the_handler() {
    let server = spawn(router()).await;
    let mut values = support::seeded(0x0801);
    for _ in 0..10 {
        let isbn = values.number(9_780_000_000_000..9_790_000_000_000);
        let number = values.number(1..5000);
        let path = format!("/books/{isbn}/reviews/{number}");
        let body: Value = http::json(ask(&server, Method::GET, &path).await).await;
        let expected =
            json!({ "handler": "show_review", "isbn": isbn.to_string(), "number": number });
        assert_eq!(body, expected, "GET {path}");
    }
}

/// The address of a cover may have any number of parts; the handler gets all of them, slashes included.
#[tokio::test]
async fn a_cover_keeps_its_slashes() {
    let server = spawn(router()).await;
    let mut values = support::seeded(0x0802);
    for parts in 1..6 {
        let names: Vec<String> = (0..parts).map(|_| values.word(1..9)).collect();
        let file = format!("{}.jpg", names.join("/"));
        let response = ask(&server, Method::GET, &format!("/covers/{file}")).await;
        assert_eq!(http::status(&response), 200, "GET /covers/{file}");
        let body: Value = http::json(response).await;
        let expected = json!({ "handler": "show_cover", "file": file });
        assert_eq!(body, expected, "GET /covers/{file}");
    }
}

/// The parts do not know where they hang: mounted under another path they answer there, and only there.
#[tokio::test]
async fn the_parts_can_be_mounted_elsewhere() {
    let elsewhere = Router::new()
        .nest("/v2/catalogue", books())
        .nest("/back-office", staff());
    let server = spawn(elsewhere).await;
    for (path, expected) in [
        ("/v2/catalogue", 200),
        ("/v2/catalogue/9780141439587", 200),
        ("/back-office/orders", 200),
        ("/books", 404),
        ("/v2/catalogue/books/latest", 404),
        ("/back-office/staff/orders", 404),
    ] {
        let response = ask(&server, Method::GET, path).await;
        assert_eq!(http::status(&response), expected, "GET {path}");
    }
}

/// An address that is not in the table is answered with 404 by `no_such_page`, for any method, also below the parts.
#[tokio::test]
async fn unknown_addresses_are_answered_in_the_services_own_words() {
    let server = spawn(router()).await;
    for path in [
        "/",
        "/book",
        "/covers",
        "/health/now",
        "/books/",
        "/books/9780141439587/reviews",
        "/books/9780141439587/reviews/4/5",
        "/staff",
        "/staff/orders/17",
    ] {
        for method in [Method::GET, Method::POST] {
            let response = ask(&server, method.clone(), path).await;
            assert_eq!(http::status(&response), 404, "{method} {path}");
            let body: Value = http::json(response).await;
            insta::allow_duplicates! {
                insta::assert_json_snapshot!(body, @r#"
                {
                  "error": "no such page"
                }
                "#);
            }
        }
    }
}

/// A known address with a method that it does not take: 405, the methods that it does take, and `wrong_method`'s body.
#[tokio::test]
async fn a_wrong_method_is_told_which_ones_are_right() {
    let server = spawn(router()).await;
    for (method, path, allowed) in [
        (Method::POST, "/health", vec!["GET"]),
        (Method::DELETE, "/covers/emma.jpg", vec!["GET"]),
        (Method::PATCH, "/books", vec!["GET", "POST"]),
        (
            Method::POST,
            "/books/9780141439587",
            vec!["GET", "PUT", "DELETE"],
        ),
        (Method::GET, "/staff/orders/17/refund", vec!["POST"]),
        (Method::PUT, "/staff/orders", vec!["GET"]),
    ] {
        let response = ask(&server, method.clone(), path).await;
        assert_eq!(http::status(&response), 405, "{method} {path}");
        let allow = http::header(&response, "allow").unwrap_or_default();
        let named: Vec<&str> = allow.split(',').map(str::trim).collect();
        for name in &allowed {
            assert!(
                named.contains(name),
                "{method} {path}: `Allow` must name {name}, and is {allow:?}"
            );
        }
        // axum answers HEAD wherever it answers GET, so HEAD may stand there as well.
        let surplus: Vec<&&str> = named
            .iter()
            .filter(|name| **name != "HEAD" && !allowed.contains(name))
            .collect();
        assert!(
            surplus.is_empty(),
            "{method} {path}: `Allow` names {surplus:?} too"
        );
        let body: Value = http::json(response).await;
        let expected = json!({ "error": "this page does not take that method" });
        assert_eq!(body, expected, "{method} {path}");
    }
}

/// HEAD asks for the head of what GET would answer: the same status, and no body.
#[tokio::test]
async fn head_is_answered_like_get_without_the_body() {
    let server = spawn(router()).await;
    for (path, expected) in [("/books", 200), ("/books/latest", 200), ("/nowhere", 404)] {
        let response = ask(&server, Method::HEAD, path).await;
        assert_eq!(http::status(&response), expected, "HEAD {path}");
        assert_eq!(http::text(response).await, "", "HEAD {path}: the body");
    }
}
