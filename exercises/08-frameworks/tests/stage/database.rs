use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use frameworks::database::{Database, SCHEMA, ServiceError, router};
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use serde_json::{Value, json};
use support::server::{Server, spawn};

use support::http;

fn prepared() -> Connection {
    let connection = support::database::in_memory();
    connection.execute_batch(SCHEMA).expect("the schema is SQL");
    connection
}

async fn service() -> Server {
    spawn(router(Database::new(prepared()))).await
}

fn book(isbn: &str, title: &str, author: &str) -> Value {
    json!({ "isbn": isbn, "title": title, "author": author, "cents": 999 })
}

async fn add(server: &Server, book: &Value) -> u16 {
    http::status(&http::answer(server.post("/books").json(book)).await)
}

async fn show(server: &Server, isbn: &str) -> Value {
    let response = http::answer(server.get(&format!("/books/{isbn}"))).await;
    assert_eq!(http::status(&response), 200, "GET /books/{isbn}");
    http::json(response).await
}

async fn titles_by(server: &Server, author: &str) -> Vec<String> {
    let request = server.get("/books").query(&[("author", author)]);
    let response = http::answer(request).await;
    assert_eq!(http::status(&response), 200, "GET /books?author={author}");
    let body: Value = http::json(response).await;
    let books = body.as_array().expect("a list of books");
    books
        .iter()
        .map(|book| book["title"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A book that is added is answered with 201, and is found afterwards as it was sent.
#[tokio::test]
async fn what_is_added_is_found() {
    let server = service().await;
    let emma = book("9780141439587", "Emma", "Jane Austen");
    let response = http::answer(server.post("/books").json(&emma)).await;
    assert_eq!(http::status(&response), 201, "POST /books");
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "author": "Jane Austen",
      "cents": 999,
      "isbn": "9780141439587",
      "title": "Emma"
    }
    "#);
    assert_eq!(
        show(&server, "9780141439587").await,
        emma,
        "the book afterwards"
    );
    let mut values = support::seeded(0x0861);
    for _ in 0..10 {
        let isbn = values
            .number(9_780_000_000_000..9_790_000_000_000)
            .to_string();
        let cents = values.number(0..u64::from(u32::MAX) + 1);
        let (title, author) = (values.word(1..12), values.word(1..12));
        let book = json!({ "isbn": isbn, "title": title, "author": author, "cents": cents });
        assert_eq!(add(&server, &book).await, 201, "POST /books with {book}");
        assert_eq!(show(&server, &isbn).await, book, "the book afterwards");
    }
}

/// Text from outside is a value and never SQL: quotes and commands are stored and found as they are.
#[tokio::test]
async fn text_is_never_sql() {
    let server = service().await;
    let author = "Robert'); DROP TABLE books; --";
    let title = "It's \"quoted\"";
    assert_eq!(
        add(&server, &book("1", title, author)).await,
        201,
        "POST /books"
    );
    assert_eq!(
        add(&server, &book("2", "Emma", "Jane Austen")).await,
        201,
        "POST /books"
    );
    assert_eq!(
        show(&server, "1").await,
        book("1", title, author),
        "the book"
    );
    assert_eq!(titles_by(&server, author).await, [title], "by {author}");
    let nobody = "' OR '1' = '1";
    assert_eq!(
        titles_by(&server, nobody).await,
        Vec::<String>::new(),
        "by {nobody}"
    );
    let response = http::answer(server.get(&format!("/books/{nobody}"))).await;
    assert_eq!(http::status(&response), 404, "GET /books/{nobody}");
    let request = server
        .put(&format!("/books/{nobody}/price"))
        .json(&json!({ "cents": 1 }));
    assert_eq!(
        http::status(&http::answer(request).await),
        404,
        "a price for {nobody}"
    );
}

/// The list holds the books of exactly the author, ordered by title.
#[tokio::test]
async fn an_authors_books_come_by_title() {
    let server = service().await;
    let mut values = support::seeded(0x0862);
    let mut expected = Vec::new();
    for number in 0..12 {
        let title = values.word(2..9);
        let author = *values.pick(&["Jane Austen", "Jane", "jane austen", "Charlotte Bronte"]);
        let book = book(&number.to_string(), &title, author);
        assert_eq!(add(&server, &book).await, 201, "POST /books with {book}");
        if author == "Jane Austen" {
            expected.push(title);
        }
    }
    assert!(
        expected.len() > 1,
        "the seed gives the author several books"
    );
    expected.sort();
    assert_eq!(
        titles_by(&server, "Jane Austen").await,
        expected,
        "by Jane Austen"
    );
    assert_eq!(
        titles_by(&server, "Nobody").await,
        Vec::<String>::new(),
        "by Nobody"
    );
}

/// A taken ISBN is a conflict, and the book that was there stays as it is.
#[tokio::test]
async fn a_taken_isbn_is_a_conflict() {
    let server = service().await;
    let emma = book("9780141439587", "Emma", "Jane Austen");
    assert_eq!(add(&server, &emma).await, 201, "the first");
    let other = book("9780141439587", "Persuasion", "Jane Austen");
    assert_eq!(
        add(&server, &other).await,
        409,
        "the second with the same ISBN"
    );
    assert_eq!(
        show(&server, "9780141439587").await,
        emma,
        "the first afterwards"
    );
}

/// A new price is that of one book; a book that is not there has no price to set, and cannot be shown.
#[tokio::test]
async fn a_price_is_set_for_one_book() {
    let server = service().await;
    for isbn in ["1", "2", "3"] {
        let book = book(isbn, "Emma", "Jane Austen");
        assert_eq!(add(&server, &book).await, 201, "POST /books with {book}");
    }
    for cents in support::seeded(0x0863).numbers(0..100_000).take(3) {
        let request = server
            .put("/books/2/price")
            .json(&json!({ "cents": cents }));
        let status: u16 = http::status(&http::answer(request).await);
        assert_eq!(status, 204, "PUT /books/2/price");
        assert_eq!(show(&server, "2").await["cents"], json!(cents), "its price");
        for other in ["1", "3"] {
            assert_eq!(
                show(&server, other).await["cents"],
                json!(999),
                "the price of {other}"
            );
        }
    }
    let request = server.put("/books/4/price").json(&json!({ "cents": 1 }));
    assert_eq!(
        http::status(&http::answer(request).await),
        404,
        "PUT /books/4/price"
    );
    let response = http::answer(server.get("/books/4")).await;
    assert_eq!(http::status(&response), 404, "GET /books/4");
}

/// No statement runs on the thread that serves the requests: the service would stand still while SQLite works.
#[tokio::test]
async fn queries_run_on_another_thread() {
    let threads: Arc<Mutex<HashSet<ThreadId>>> = Arc::default();
    let seen = Arc::clone(&threads);
    let connection = prepared();
    let note = move |_: TraceEvent<'_>| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(thread::current().id());
    };
    // SQLite calls this at the start of each statement, on the thread that runs it.
    let mut connection = connection;
    connection
        .trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note))
        .expect("SQLite takes the hook");
    let server = spawn(router(Database::new(connection))).await;
    let emma = book("9780141439587", "Emma", "Jane Austen");
    let price = json!({ "cents": 1 });
    for (what, request) in [
        ("POST /books", server.post("/books").json(&emma)),
        ("GET /books/…", server.get("/books/9780141439587")),
        (
            "GET /books?author=…",
            server.get("/books?author=Jane+Austen"),
        ),
        (
            "PUT …/price",
            server.put("/books/9780141439587/price").json(&price),
        ),
    ] {
        let response = http::answer(request).await;
        assert!(
            response.status().is_success(),
            "{what}: {}",
            response.status()
        );
        let mut seen = threads.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(!seen.is_empty(), "{what} runs a statement");
        let here = thread::current().id();
        assert!(
            !seen.contains(&here),
            "{what} ran its statement on the thread of the requests"
        );
        seen.clear();
    }
}

/// While a query waits, and while the next one waits for the connection, the thread of the requests is free.
#[tokio::test]
async fn waiting_holds_up_no_request() {
    let database = Database::new(prepared());
    let (let_go, gate) = mpsc::channel::<()>();
    let (has_begun, begun) = tokio::sync::oneshot::channel::<()>();
    let first = database.clone();
    let first = tokio::spawn(async move {
        // Only a service that stands still needs the seconds: nobody is left to let the query go.
        let patience = Duration::from_secs(5);
        let wait = move |_: &mut Connection| {
            has_begun.send(()).ok();
            Ok(gate.recv_timeout(patience).is_ok())
        };
        first.run(wait).await
    });
    begun.await.expect("the first query begins");
    let second = tokio::spawn(async move { database.run(|_| Ok(true)).await });
    // The second call begins, and this test is the next request, on the same thread.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let still_waits = let_go.send(()).is_ok();
    let first: Result<bool, ServiceError> = first.await.expect("the first call has a result");
    assert!(
        still_waits && matches!(first, Ok(true)),
        "a query waited, and no other request was served until it gave up: {first:?}"
    );
    let second: Result<bool, ServiceError> = second.await.expect("the second call has a result");
    assert!(matches!(second, Ok(true)), "the query after it: {second:?}");
}

/// Each kind of request has one statement, whatever text comes in: what comes in is no part of it.
#[tokio::test]
async fn a_statement_holds_no_text_from_outside() {
    let texts: Arc<Mutex<HashSet<String>>> = Arc::default();
    let seen = Arc::clone(&texts);
    let mut connection = prepared();
    let note = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(_, sql) = event {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.insert(sql.to_owned());
        }
    };
    connection
        .trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note))
        .expect("SQLite takes the hook");
    let server = spawn(router(Database::new(connection))).await;
    let mut values = support::seeded(0x0865);
    let mut known = HashSet::new();
    for round in 0..3 {
        let (isbn, author) = (values.word(13..14), values.word(5..9));
        let new = book(&isbn, &values.word(5..9), &author);
        assert_eq!(add(&server, &new).await, 201, "POST /books with {new}");
        assert_eq!(show(&server, &isbn).await, new, "GET /books/{isbn}");
        assert_eq!(titles_by(&server, &author).await.len(), 1, "by {author}");
        let price = server.put(&format!("/books/{isbn}/price"));
        let response = http::answer(price.json(&json!({ "cents": 999 }))).await;
        assert_eq!(http::status(&response), 204, "PUT /books/{isbn}/price");
        let texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
        if round > 0 {
            let new: Vec<&String> = texts.difference(&known).collect();
            assert!(
                new.is_empty(),
                "the same requests with other values made other statements: {new:#?}"
            );
        }
        known = texts.clone();
    }
}

/// What the work returns comes back, and its errors are told apart: nothing found, a taken key, and all the rest.
#[tokio::test]
async fn the_errors_of_sqlite_are_told_apart() {
    let database = Database::new(prepared());
    let number = support::seeded(0x0864).number(0..1_000_000);
    let result = database.run(move |_| Ok(number)).await;
    assert!(
        matches!(result, Ok(found) if found == number),
        "the result of the work: {result:?}"
    );
    let tables =
        "CREATE TABLE shelves (code TEXT UNIQUE, place INTEGER NOT NULL CHECK (place > 0));
        INSERT INTO shelves VALUES ('A', 1);
        INSERT INTO books VALUES ('1', 'Emma', 'Jane Austen', 999);";
    let result = database
        .run(|connection| connection.execute_batch(tables))
        .await;
    assert!(result.is_ok(), "two tables with a row each: {result:?}");
    for (sql, expected) in [
        ("INSERT INTO shelves VALUES ('A', 2) RETURNING place", 409),
        (
            "INSERT INTO books VALUES ('1', 'x', 'y', 1) RETURNING cents",
            409,
        ),
        ("INSERT INTO shelves VALUES ('B', 0) RETURNING place", 500),
        (
            "INSERT INTO shelves VALUES ('B', NULL) RETURNING place",
            500,
        ),
        ("SELECT place FROM shelves WHERE code = 'B'", 404),
        ("SELECT nothing FROM shelves", 500),
    ] {
        let result: Result<i64, ServiceError> = database
            .run(move |connection| connection.query_row(sql, [], |row| row.get(0)))
            .await;
        let status = match &result {
            Err(ServiceError::NotFound) => 404,
            Err(ServiceError::Conflict) => 409,
            Err(ServiceError::Database(_)) => 500,
            Ok(_) | Err(ServiceError::Panicked) => 0,
        };
        assert_eq!(status, expected, "{sql}: {result:?}");
    }
}

/// Work that panics fails for its own caller; everybody after it finds a connection that works.
#[tokio::test]
async fn a_panic_does_not_break_the_connection() {
    let database = Database::new(prepared());
    let result: Result<(), ServiceError> = database
        .run(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute("INSERT INTO books VALUES ('1', 'half', 'done', 1)", [])?;
            panic!("this panic belongs to the test");
        })
        .await;
    assert!(
        matches!(result, Err(ServiceError::Panicked)),
        "the caller of the work that panicked: {result:?}"
    );
    let result: Result<i64, ServiceError> = database
        .run(|connection| connection.query_row("SELECT count(*) FROM books", [], |row| row.get(0)))
        .await;
    assert!(
        matches!(result, Ok(0)),
        "the next one counts the books: {result:?}"
    );
}

/// When the table is gone, the client learns that something went wrong, and not what.
#[tokio::test]
async fn nothing_internal_leaks() {
    let connection = prepared();
    connection
        .execute_batch("DROP TABLE books")
        .expect("the table is there");
    let server = spawn(router(Database::new(connection))).await;
    let response = http::answer(server.get("/books/9780141439587")).await;
    assert_eq!(http::status(&response), 500, "GET /books/9780141439587");
    insta::assert_json_snapshot!(http::json(response).await, @r#"
    {
      "error": "something went wrong on our side"
    }
    "#);
}
