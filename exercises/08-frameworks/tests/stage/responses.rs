use axum::body::to_bytes;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use frameworks::responses::{CsvFile, NoStore, OrNotFound, Order, OrderAnswer, router};
use serde_json::{Value, json};
use support::server::spawn;

use support::http;

fn emma(id: u64) -> Order {
    Order {
        id,
        isbn: "9780141439587".to_owned(),
        quantity: 2,
    }
}

/// One header, as text; several of one name are shown side by side.
fn header(response: &Response, name: &str) -> Option<String> {
    let values: Vec<String> = response
        .headers()
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    (!values.is_empty()).then(|| values.join(" | "))
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 100_000)
        .await
        .expect("a short body");
    String::from_utf8(bytes.to_vec()).expect("a body in UTF-8")
}

/// What a snapshot shows of an answer: the status, the headers that this exercise is about, the body.
async fn shape(answer: impl IntoResponse) -> Value {
    let response = answer.into_response();
    let status = response.status().as_u16();
    let mut headers = serde_json::Map::new();
    for name in ["content-type", "location", "retry-after", "cache-control"] {
        if let Some(value) = header(&response, name) {
            headers.insert(name.to_owned(), json!(value));
        }
    }
    let body = text(response).await;
    let body: Value = serde_json::from_str(&body).unwrap_or(Value::String(body));
    json!({ "status": status, "headers": headers, "body": body })
}

/// A new order is answered with 201, where it lies from now on, and the order.
#[tokio::test]
async fn a_placed_order_says_where_it_is() {
    insta::assert_json_snapshot!(shape(OrderAnswer::Placed(emma(17))).await, @r#"
    {
      "body": {
        "id": 17,
        "isbn": "9780141439587",
        "quantity": 2
      },
      "headers": {
        "content-type": "application/json",
        "location": "/orders/17"
      },
      "status": 201
    }
    "#);
    for id in support::seeded(0x0831).numbers(0..u64::MAX).take(10) {
        let response = OrderAnswer::Placed(emma(id)).into_response();
        let location = header(&response, "location");
        assert_eq!(location, Some(format!("/orders/{id}")), "order {id}");
    }
}

/// Found is 200 with the order; cancelled is 204 with nothing, not even a type for the nothing.
#[tokio::test]
async fn a_found_order_has_a_body_and_a_cancelled_one_has_none() {
    insta::assert_json_snapshot!(shape(OrderAnswer::Found(emma(5))).await, @r#"
    {
      "body": {
        "id": 5,
        "isbn": "9780141439587",
        "quantity": 2
      },
      "headers": {
        "content-type": "application/json"
      },
      "status": 200
    }
    "#);
    insta::assert_json_snapshot!(shape(OrderAnswer::Cancelled).await, @r#"
    {
      "body": "",
      "headers": {},
      "status": 204
    }
    "#);
}

/// An order that was joined with another one for good points there, with the status that keeps the method.
#[tokio::test]
async fn a_moved_order_points_to_its_new_place() {
    for to in support::seeded(0x0832).numbers(1..1_000_000).take(10) {
        let response = OrderAnswer::Moved { to }.into_response();
        let status: StatusCode = response.status();
        assert_eq!(status, StatusCode::PERMANENT_REDIRECT, "moved to {to}");
        let location = header(&response, "location");
        assert_eq!(location, Some(format!("/orders/{to}")), "moved to {to}");
    }
}

/// A closed desk is 503, and says after how many seconds it is worth trying again.
#[tokio::test]
async fn a_closed_desk_says_when_to_come_back() {
    insta::assert_json_snapshot!(shape(OrderAnswer::Closed { seconds: 90 }).await, @r#"
    {
      "body": {
        "error": "the order desk is closed"
      },
      "headers": {
        "content-type": "application/json",
        "retry-after": "90"
      },
      "status": 503
    }
    "#);
    for seconds in support::seeded(0x0833).numbers(0..100_000).take(10) {
        let response = OrderAnswer::Closed { seconds }.into_response();
        let retry = header(&response, "retry-after");
        assert_eq!(retry, Some(seconds.to_string()), "closed for {seconds} s");
    }
}

/// Something that is there is 200 with its JSON, whatever its type; nothing is 404.
#[tokio::test]
async fn nothing_is_not_found() {
    insta::assert_json_snapshot!(shape(OrNotFound::<Order>(None)).await, @r#"
    {
      "body": {
        "error": "not found"
      },
      "headers": {
        "content-type": "application/json"
      },
      "status": 404
    }
    "#);
    let mut values = support::seeded(0x0834);
    for _ in 0..10 {
        let customer = json!({ "name": values.word(3..9), "id": values.number(0..1000) });
        let shown = shape(OrNotFound(Some(&customer))).await;
        assert_eq!(shown["status"], json!(200), "{customer}");
        assert_eq!(shown["body"], customer, "the body");
    }
    let shown = shape(OrNotFound(Some(Vec::<Order>::new()))).await;
    assert_eq!(shown["status"], json!(200), "an empty list is something");
}

/// A table comes as CSV, unchanged, to be saved under its name.
#[tokio::test]
async fn a_table_is_a_file_to_keep() {
    let csv = "title,sold\r\n\"Emma; or \u{e4}\",12\r\n";
    let response = CsvFile {
        name: "sales-2026_07".to_owned(),
        csv: csv.to_owned(),
    }
    .into_response();
    assert_eq!(response.status(), StatusCode::OK, "the status");
    let kind = header(&response, "content-type").unwrap_or_default();
    assert_eq!(
        kind.to_lowercase(),
        "text/csv; charset=utf-8",
        "Content-Type"
    );
    let disposition = header(&response, "content-disposition").unwrap_or_default();
    let expected = "attachment; filename=\"sales-2026_07.csv\"";
    assert_eq!(disposition, expected, "Content-Disposition");
    assert_eq!(text(response).await, csv, "the body");
}

/// Whatever stands in a file's name, each character that could do harm becomes one underscore.
#[tokio::test]
async fn a_file_name_cannot_leave_its_quotes() {
    // Each character alone: first the quote, then what a keyboard has, control characters, letters and digits of others.
    let keyboard = ' '..='~';
    let control = ('\0'..' ').chain('\u{7f}'..='\u{9f}');
    let others =
        "\u{e9}\u{df}\u{130}\u{4e2d}\u{661}\u{ff21}\u{ff11}\u{2028}\u{202e}\u{201d}\u{1f4d6}"
            .chars();
    for letter in ['"']
        .into_iter()
        .chain(keyboard)
        .chain(control)
        .chain(others)
    {
        let clean = match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => letter,
            _ => '_',
        };
        let name = format!("a{letter}b");
        let file = CsvFile {
            name: name.clone(),
            csv: String::new(),
        };
        let disposition = header(&file.into_response(), "content-disposition").unwrap_or_default();
        let expected = format!("attachment; filename=\"a{clean}b.csv\"");
        assert_eq!(disposition, expected, "a file named {name:?}");
    }
    let pieces = [
        ("sales", "sales"),
        ("Q3", "Q3"),
        ("-", "-"),
        ("_", "_"),
        ("\"", "_"),
        ("\r\nSet-Cookie: a=b", "__Set-Cookie__a_b"),
        ("../", "___"),
        ("\\", "_"),
        (";", "_"),
        (" ", "_"),
        ("\u{e9}", "_"),
        ("\u{1f4d6}", "_"),
        ("\0", "_"),
    ];
    let mut values = support::seeded(0x0835);
    for _ in 0..60 {
        let (mut name, mut expected) = (String::new(), String::new());
        for _ in 0..values.size(1..6) {
            let (raw, clean) = values.pick(&pieces);
            name.push_str(raw);
            expected.push_str(clean);
        }
        let file = CsvFile {
            name: name.clone(),
            csv: String::new(),
        };
        let response = file.into_response();
        assert_eq!(response.status(), StatusCode::OK, "a file named {name:?}");
        let disposition = header(&response, "content-disposition").unwrap_or_default();
        let expected = format!("attachment; filename=\"{expected}.csv\"");
        assert_eq!(disposition, expected, "a file named {name:?}");
    }
}

/// `NoStore` changes what an answer says about caching, and nothing else.
#[tokio::test]
async fn no_store_keeps_the_rest_of_the_answer() {
    insta::assert_json_snapshot!(shape(NoStore(OrderAnswer::Placed(emma(3)))).await, @r#"
    {
      "body": {
        "id": 3,
        "isbn": "9780141439587",
        "quantity": 2
      },
      "headers": {
        "cache-control": "no-store",
        "content-type": "application/json",
        "location": "/orders/3"
      },
      "status": 201
    }
    "#);
    let cached = ([(CACHE_CONTROL, "public, max-age=3600")], "cached");
    let response = NoStore(cached).into_response();
    let caching = header(&response, "cache-control");
    assert_eq!(
        caching,
        Some("no-store".to_owned()),
        "an answer that wanted a cache"
    );
    assert_eq!(text(response).await, "cached", "the body");
}

/// The order desk as a client sees it: the types stand in the handlers, the answers come over the wire.
#[tokio::test]
async fn the_order_desk_answers() {
    let server = spawn(router()).await;
    let placed = http::answer(server.post("/orders")).await;
    assert_eq!(http::status(&placed), 201, "POST /orders");
    let location = http::header(&placed, "location").unwrap_or_default();
    let found = http::answer(server.get(&location)).await;
    assert_eq!(
        http::status(&found),
        200,
        "GET {location}, where `Location` led"
    );
    assert_eq!(
        http::json(found).await,
        http::json(placed).await,
        "the order"
    );
    for (path, expected) in [
        ("/orders/1042", 308),
        ("/customers/1", 200),
        ("/customers/2", 404),
        ("/sales/2026-07", 200),
    ] {
        let response = http::answer(server.get(path)).await;
        assert_eq!(http::status(&response), expected, "GET {path}");
    }
    let cancelled = http::answer(server.delete("/orders/17")).await;
    assert_eq!(http::status(&cancelled), 204, "DELETE /orders/17");
    let closed = http::answer(server.put("/orders")).await;
    assert_eq!(http::status(&closed), 503, "PUT /orders");
}
