use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware::{self, Next};
use frameworks::state::{AppState, Warehouse, router};
use serde_json::{Value, json};
use support::Gate;
use support::server::{Server, spawn};
use tokio::task::JoinSet;
use tower::ServiceExt;

use support::http;

const EMMA: &str = "9780141439587";
const PERSUASION: &str = "9780141439686";

fn shop(emma: u32, warehouse: &Warehouse) -> AppState {
    let copies = HashMap::from([(EMMA.to_owned(), emma), (PERSUASION.to_owned(), 5)]);
    AppState::new("Lantern, Bath", copies, warehouse.clone())
}

async fn reserve(server: &Server, isbn: &str) -> reqwest::Response {
    http::answer(server.post(&format!("/stock/{isbn}/reservations"))).await
}

async fn copies(server: &Server, isbn: &str) -> Value {
    let path = format!("/stock/{isbn}");
    let body: Value = http::json(http::answer(server.get(&path)).await).await;
    body["copies"].clone()
}

/// Asks the router itself, without a network: for the tests in which many requests run at once.
async fn ask(router: Router, method: &str, path: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .expect("a request");
    let response = router.oneshot(request).await.expect("a router never fails");
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 10_000)
        .await
        .expect("a short body");
    // A refusal may come without a body, or with words.
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

/// A handler knows what the service was started with: here the name of the shop.
#[tokio::test]
async fn the_shop_has_the_name_that_it_was_opened_with() {
    let mut values = support::seeded(0x0821);
    for _ in 0..3 {
        let name = format!("Lantern, {}", values.word(3..9));
        let state = AppState::new(&name, HashMap::new(), Warehouse::open());
        let server = spawn(router(state)).await;
        let body: Value = http::json(http::answer(server.get("/about")).await).await;
        assert_eq!(body, json!({ "shop": name }), "GET /about");
    }
}

/// The number of copies is the one that the shop was opened with; a book that it does not know is not found.
#[tokio::test]
async fn stock_is_known_by_isbn() {
    let mut values = support::seeded(0x0822);
    let books: HashMap<String, u32> = (0..20)
        .map(|_| {
            (
                values.word(13..14),
                u32::try_from(values.number(0..90)).expect("small"),
            )
        })
        .collect();
    let state = AppState::new("Lantern, Bath", books.clone(), Warehouse::open());
    let server = spawn(router(state)).await;
    for (isbn, number) in &books {
        let response = http::answer(server.get(&format!("/stock/{isbn}"))).await;
        assert_eq!(http::status(&response), 200, "GET /stock/{isbn}");
        let expected = json!({ "isbn": isbn, "copies": number });
        assert_eq!(http::json(response).await, expected, "GET /stock/{isbn}");
    }
    for response in [
        http::answer(server.get("/stock/nothing")).await,
        reserve(&server, "nothing").await,
    ] {
        assert_eq!(http::status(&response), 404, "{}", response.url());
    }
}

/// What one request takes, the next one misses: the copies go down to none, and then the answer is 409.
#[tokio::test]
async fn a_reservation_is_seen_by_the_requests_after_it() {
    let server = spawn(router(shop(3, &Warehouse::open()))).await;
    for left in [2, 1, 0] {
        let response = reserve(&server, EMMA).await;
        assert_eq!(
            http::status(&response),
            201,
            "a copy is there, {left} will be left"
        );
        let body: Value = http::json(response).await;
        assert_eq!(body, json!({ "isbn": EMMA, "left": left }), "the answer");
        assert_eq!(
            copies(&server, EMMA).await,
            json!(left),
            "the stock afterwards"
        );
    }
    for _ in 0..2 {
        assert_eq!(
            http::status(&reserve(&server, EMMA).await),
            409,
            "no copy is left"
        );
        assert_eq!(
            copies(&server, EMMA).await,
            json!(0),
            "the stock stays at 0"
        );
    }
    assert_eq!(copies(&server, PERSUASION).await, json!(5), "another book");
}

/// Every clone of the state is the same shop; a state that was made anew is another one.
#[tokio::test]
async fn clones_share_and_shops_do_not() {
    let bath = shop(9, &Warehouse::open());
    let front_door = spawn(router(bath.clone())).await;
    let back_door = spawn(router(bath)).await;
    let other_shop = spawn(router(shop(9, &Warehouse::open()))).await;
    let response = reserve(&front_door, EMMA).await;
    assert_eq!(http::status(&response), 201, "the first shop has copies");
    assert_eq!(
        copies(&back_door, EMMA).await,
        json!(8),
        "a clone of the state"
    );
    assert_eq!(
        copies(&other_shop, EMMA).await,
        json!(9),
        "a state of its own"
    );
}

/// The warehouse hears of each reserved copy once, in order, and never of a refused one.
#[tokio::test]
async fn only_what_was_reserved_is_announced() {
    let warehouse = Warehouse::open();
    let server = spawn(router(shop(1, &warehouse))).await;
    for (isbn, expected) in [
        (EMMA, 201),
        (EMMA, 409),
        (PERSUASION, 201),
        ("nothing", 404),
    ] {
        let response = reserve(&server, isbn).await;
        assert_eq!(http::status(&response), expected, "reserving {isbn}");
    }
    let announced: Vec<String> = warehouse.announced();
    assert_eq!(announced, [EMMA, PERSUASION], "what the warehouse heard");
    let body: Value = http::json(http::answer(server.get("/announced")).await).await;
    let expected = json!({ "announced": [EMMA, PERSUASION] });
    assert_eq!(
        body, expected,
        "GET /announced, which asks for `State<Warehouse>`"
    );
}

/// However many ask at once, each copy goes to one of them, and each is told another number of copies left.
#[tokio::test(start_paused = true)]
async fn no_copy_is_promised_twice() {
    let mut values = support::seeded(0x0823);
    for _ in 0..5 {
        let stock = values.number(1..12);
        let asking = stock + values.number(1..12);
        let warehouse = Warehouse::open();
        let service = router(shop(u32::try_from(stock).expect("small"), &warehouse));
        let mut requests = JoinSet::new();
        for _ in 0..asking {
            let service = service.clone();
            requests.spawn(async move {
                ask(service, "POST", &format!("/stock/{EMMA}/reservations")).await
            });
        }
        let answers: Vec<(StatusCode, Value)> = requests.join_all().await;
        let left: Vec<u64> = answers
            .iter()
            .filter(|(status, _)| *status == StatusCode::CREATED)
            .filter_map(|(_, body)| body["left"].as_u64())
            .collect();
        let case = format!("{asking} ask at once for {stock} copies");
        assert_eq!(left.len() as u64, stock, "{case}: answers with 201");
        let refused = answers
            .iter()
            .filter(|(status, _)| *status == StatusCode::CONFLICT);
        assert_eq!(
            refused.count() as u64,
            asking - stock,
            "{case}: answers with 409"
        );
        let told: BTreeSet<u64> = left.into_iter().collect();
        let expected: BTreeSet<u64> = (0..stock).collect();
        assert_eq!(told, expected, "{case}: what they were told is left");
        let announced = warehouse.announced().len() as u64;
        assert_eq!(announced, stock, "{case}: what the warehouse heard");
    }
}

/// Requests on two threads at once: of 1,500 books with one copy each, every copy is sold to one of them.
#[test]
fn threads_never_share_a_copy() {
    const BOOKS: usize = 1500;
    const THREADS: usize = 2;
    // Comparing such long names takes a while: time for the other one to come in between two steps.
    let name = |book: usize| format!("{}-{book}", "long".repeat(100));
    let one_each = (0..BOOKS).map(|book| (name(book), 1));
    let state = AppState::new("Lantern, Bath", one_each.collect(), Warehouse::open());
    // Right before the handler, both wait for each other.
    let gate = Arc::new(Gate::new(THREADS));
    let together = middleware::from_fn(move |request: Request<Body>, next: Next| {
        gate.wait();
        next.run(request)
    });
    let service = router(state).layer(together);
    let sold: Vec<AtomicUsize> = (0..BOOKS).map(|_| AtomicUsize::new(0)).collect();
    let buy_one_of_each = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime for this thread");
        for (book, copies_sold) in sold.iter().enumerate() {
            let path = format!("/stock/{}/reservations", name(book));
            let (status, _) = runtime.block_on(ask(service.clone(), "POST", &path));
            if status == StatusCode::CREATED {
                copies_sold.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(buy_one_of_each);
        }
    });
    for (book, copies_sold) in sold.into_iter().enumerate() {
        let answers = copies_sold.into_inner();
        assert_eq!(
            answers, 1,
            "answers with 201 for the one copy of book {book}, which {THREADS} threads asked for at once"
        );
    }
}

/// While one request waits for the warehouse, the others are answered; the copy that it took is gone already.
#[tokio::test(start_paused = true)]
async fn a_slow_warehouse_holds_nobody_up() {
    let warehouse = Warehouse::asleep();
    let service = router(shop(2, &warehouse));
    let mut waiting = JoinSet::new();
    let first = service.clone();
    let path = format!("/stock/{EMMA}/reservations");
    waiting.spawn(async move { ask(first, "POST", &path).await });
    // The clock is paused: as soon as nobody has anything left to do, the hour is over.
    let hour = Duration::from_secs(3600);
    let early = tokio::time::timeout(hour, waiting.join_next()).await;
    assert!(
        early.is_err(),
        "the answer to a reservation comes after the warehouse knows of it: {early:?}"
    );
    for (isbn, copies) in [(PERSUASION, 5), (EMMA, 1)] {
        let path = format!("/stock/{isbn}");
        match tokio::time::timeout(hour, ask(service.clone(), "GET", &path)).await {
            Ok((_, body)) => assert_eq!(body["copies"], json!(copies), "GET {path}"),
            Err(_) => panic!("GET {path} waits for another request's call to the warehouse"),
        }
    }
    warehouse.pick_up();
    let (status, body) = tokio::time::timeout(hour, waiting.join_next())
        .await
        .expect("the reservation is answered when the warehouse has picked up")
        .expect("one reservation")
        .expect("it does not panic");
    assert_eq!(status, StatusCode::CREATED, "after the warehouse picked up");
    assert_eq!(
        body,
        json!({ "isbn": EMMA, "left": 1 }),
        "after the warehouse picked up"
    );
}
