use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use dashboard::given::app::{App, Parts};
use dashboard::given::clock::ManualClock;
use dashboard::given::config::Config;
use dashboard::given::database::{Database, Durability};
use dashboard::given::http;
use dashboard::given::neighbours::News;
use dashboard::given::standins::{self, Journal};
use dashboard::live::{
    HEARTBEAT, Hub, KEPT, LISTENERS, Listener, QUEUE, Seen, events, routes, seen,
};
use support::Gate;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::{Instant, timeout};
use tokio_stream::StreamExt;
use tower::ServiceExt;

/// What a listener has to hear first, as `name id`.
fn missed(listener: &Listener) -> Vec<String> {
    let messages = listener.missed.iter();
    messages
        .map(|message| format!("{} {}", message.name, message.id))
        .collect()
}

fn changed(ids: impl IntoIterator<Item = i64>) -> Vec<String> {
    ids.into_iter().map(|id| format!("changed {id}")).collect()
}

/// What has come for a listener so far, and whether more may come.
fn heard(listener: &mut Listener) -> (Vec<String>, bool) {
    let mut heard = Vec::new();
    loop {
        match listener.coming.try_recv() {
            Ok(message) => {
                let data = format!("{{\"version\":{}}}", message.id);
                assert_eq!(
                    *message.data, *data,
                    "the data of {} {}",
                    message.name, message.id
                );
                heard.push(format!("{} {}", message.name, message.id));
            }
            Err(TryRecvError::Empty) => return (heard, true),
            Err(TryRecvError::Disconnected) => return (heard, false),
        }
    }
}

fn listen(hub: &Hub, seen: Seen) -> Listener {
    hub.listen(seen).expect("there is room for a listener")
}

fn kept() -> i64 {
    i64::try_from(KEPT).expect("small")
}

fn said(seen: Seen) -> String {
    match seen {
        Seen::Nothing => "nothing".to_owned(),
        Seen::UpTo(id) => format!("up to {id}"),
        Seen::Unknown => "unknown".to_owned(),
    }
}

/// The header says what was heard, or the query where there is no header; only digits are a version.
#[test]
fn what_was_heard() {
    let zeros = "0".repeat(40);
    let padded = format!("{zeros}42");
    let texts: [(&str, &str); 18] = [
        (&zeros, "up to 0"),
        (&padded, "up to 42"),
        ("0", "up to 0"),
        ("42", "up to 42"),
        ("007", "up to 7"),
        ("9223372036854775807", "up to 9223372036854775807"),
        ("9223372036854775808", "unknown"),
        ("99999999999999999999999999", "unknown"),
        ("", "unknown"),
        ("-1", "unknown"),
        ("+42", "unknown"),
        ("4 2", "unknown"),
        ("42.0", "unknown"),
        ("1e3", "unknown"),
        ("0x2a", "unknown"),
        ("1_000", "unknown"),
        ("null", "unknown"),
        ("42,43", "unknown"),
    ];
    for (text, expected) in texts {
        let header = HeaderValue::from_str(text).expect("a header");
        assert_eq!(
            said(seen(Some(&header), None)),
            expected,
            "the header {text:?}"
        );
        assert_eq!(said(seen(None, Some(text))), expected, "after={text:?}");
        assert_eq!(
            said(seen(Some(&header), Some("5"))),
            expected,
            "the header {text:?}, and after=5"
        );
        let five = HeaderValue::from_static("5");
        assert_eq!(
            said(seen(Some(&five), Some(text))),
            "up to 5",
            "the header 5, and after={text:?}"
        );
    }
    for text in [" 42", "42 ", "٤٢", "４２", "42\0", "\n"] {
        assert_eq!(said(seen(None, Some(text))), "unknown", "after={text:?}");
    }
    let odd = HeaderValue::from_bytes(b"4\xff").expect("a header");
    assert_eq!(
        said(seen(Some(&odd), Some("5"))),
        "unknown",
        "a header that is no text"
    );
    assert_eq!(
        said(seen(None, None)),
        "nothing",
        "neither header nor query"
    );
}

/// Everybody who listens hears every version once, in order, with its data; whoever comes later hears what comes later.
#[test]
fn everybody_hears() {
    let hub = Hub::new(10);
    let mut first = listen(&hub, Seen::Nothing);
    hub.publish(11);
    hub.publish(12);
    let mut second = listen(&hub, Seen::Nothing);
    assert_eq!(
        missed(&second),
        changed([]),
        "missed by who has said nothing"
    );
    hub.publish(15);
    assert_eq!(
        heard(&mut first),
        (changed([11, 12, 15]), true),
        "the first"
    );
    assert_eq!(heard(&mut second), (changed([15]), true), "the second");
    let mut random = support::seeded(0x1881);
    let (mut version, mut all) = (15, Vec::new());
    for _ in 0..1000 {
        version += i64::try_from(random.number(1..1_000_000_000)).expect("small");
        hub.publish(version);
        assert_eq!(
            heard(&mut first),
            (changed([version]), true),
            "the first, after {version}"
        );
        all.push(version);
        if all.len() == QUEUE {
            assert_eq!(
                heard(&mut second),
                (changed(all.drain(..)), true),
                "the second, who looks now and then"
            );
        }
    }
}

/// What is not larger than every version before is no news, for nobody.
#[test]
fn old_versions_are_no_news() {
    let hub = Hub::new(10);
    let mut listener = listen(&hub, Seen::Nothing);
    for version in [
        10,
        9,
        0,
        -1,
        i64::MIN,
        12,
        11,
        12,
        10,
        13,
        13,
        1,
        i64::MAX,
        14,
        i64::MAX,
    ] {
        hub.publish(version);
    }
    assert_eq!(
        heard(&mut listener),
        (changed([12, 13, i64::MAX]), true),
        "what is news"
    );
    assert_eq!(
        missed(&listen(&hub, Seen::UpTo(10))),
        changed([12, 13, i64::MAX]),
        "what is kept"
    );
    let empty = Hub::new(0);
    let mut listener = listen(&empty, Seen::UpTo(0));
    empty.publish(0);
    empty.publish(1);
    assert_eq!(
        heard(&mut listener),
        (changed([1]), true),
        "from the very first version on"
    );
    let below = Hub::new(-5);
    let mut listener = listen(&below, Seen::Nothing);
    below.publish(-5);
    below.publish(-4);
    assert_eq!(
        heard(&mut listener),
        (changed([-4]), true),
        "versions below zero"
    );
}

/// Who comes back hears what came after the last message heard, and all that follows.
#[test]
fn who_comes_back_has_missed_nothing() {
    let hub = Hub::new(100);
    for version in [101, 103, 104, 110] {
        hub.publish(version);
    }
    for (version, expected) in [
        (100, vec![101, 103, 104, 110]),
        (101, vec![103, 104, 110]),
        (102, vec![103, 104, 110]),
        (103, vec![104, 110]),
        (104, vec![110]),
        (109, vec![110]),
        (110, vec![]),
    ] {
        let mut listener = listen(&hub, Seen::UpTo(version));
        assert_eq!(
            missed(&listener),
            changed(expected),
            "missed after {version}"
        );
        assert_eq!(
            heard(&mut listener),
            (vec![], true),
            "what has come for who was there up to {version}"
        );
        let datas: Vec<String> = listener
            .missed
            .iter()
            .map(|message| message.data.to_string())
            .collect();
        let ids = listener
            .missed
            .iter()
            .map(|message| format!("{{\"version\":{}}}", message.id));
        assert_eq!(
            datas,
            ids.collect::<Vec<_>>(),
            "the data of what was missed after {version}"
        );
    }
    let mut listener = listen(&hub, Seen::UpTo(104));
    hub.publish(111);
    assert_eq!(
        missed(&listener),
        changed([110]),
        "what was missed, when something new has come"
    );
    assert_eq!(heard(&mut listener), (changed([111]), true), "what is new");
}

/// Who has missed more than is kept, or says something that never was, is told to begin anew, and then hears what comes.
#[test]
fn too_much_missed_is_a_reset() {
    let hub = Hub::new(100);
    for seen in [
        Seen::UpTo(99),
        Seen::UpTo(0),
        Seen::UpTo(101),
        Seen::UpTo(i64::MAX),
        Seen::UpTo(-1),
        Seen::Unknown,
    ] {
        let mut listener = listen(&hub, seen);
        assert_eq!(
            missed(&listener),
            ["reset 100"],
            "{seen:?}, before the first message"
        );
        assert_eq!(
            *listener.missed[0].data, *"{\"version\":100}",
            "the data of a reset"
        );
        assert_eq!(
            heard(&mut listener),
            (vec![], true),
            "{seen:?}, before the first message"
        );
    }
    assert_eq!(
        missed(&listen(&hub, Seen::UpTo(100))),
        changed([]),
        "the newest, before the first message"
    );
    // Every second version, so that the message before the oldest kept has another id than the version before it.
    let versions: Vec<i64> = (1..=kept() + 3).map(|n| 100 + 2 * n).collect();
    for (count, version) in versions.iter().enumerate() {
        hub.publish(*version);
        let messages = &versions[..=count];
        let forgotten = messages.len().saturating_sub(KEPT);
        // The version of the last message that is not kept any more: up to it, one must have heard.
        let needed = if forgotten == 0 {
            100
        } else {
            messages[forgotten - 1]
        };
        if count < KEPT - 2 {
            continue;
        }
        let all = messages[forgotten..].iter().copied();
        assert_eq!(
            missed(&listen(&hub, Seen::UpTo(needed))),
            changed(all.clone()),
            "{count} messages, heard all but the kept ones"
        );
        assert_eq!(
            missed(&listen(&hub, Seen::UpTo(needed + 1))),
            changed(all),
            "{count} messages, one version later"
        );
        let newest = format!("reset {version}");
        for seen in [
            Seen::UpTo(needed - 1),
            Seen::UpTo(99),
            Seen::UpTo(0),
            Seen::UpTo(version + 1),
            Seen::UpTo(i64::MAX),
            Seen::Unknown,
        ] {
            let mut listener = listen(&hub, seen);
            assert_eq!(
                missed(&listener),
                [newest.as_str()],
                "{count} messages, {seen:?}"
            );
            assert_eq!(
                heard(&mut listener),
                (vec![], true),
                "{count} messages, {seen:?}"
            );
        }
        assert_eq!(
            missed(&listen(&hub, Seen::UpTo(*version))),
            changed([]),
            "{count} messages, all heard"
        );
    }
    let mut listener = listen(&hub, Seen::Unknown);
    hub.publish(10_000);
    assert_eq!(
        heard(&mut listener),
        (changed([10_000]), true),
        "what comes after a reset"
    );
}

/// A listener for whom 64 messages wait still gets those, and then its end; the others hear everything.
#[test]
fn the_slow_are_let_go() {
    let hub = Hub::new(0);
    let (mut slow, mut quick, mut gone) = (
        listen(&hub, Seen::UpTo(0)),
        listen(&hub, Seen::UpTo(0)),
        listen(&hub, Seen::UpTo(0)),
    );
    gone.coming.close();
    let queue = i64::try_from(QUEUE).expect("small");
    let mut all = Vec::new();
    for version in 1..=queue + 10 {
        hub.publish(version);
        all.extend(heard(&mut quick).0);
        if version == queue {
            let waiting = slow.coming.len();
            assert_eq!(waiting, QUEUE, "messages that wait for the slow one");
            assert!(
                !slow.coming.is_closed(),
                "the queue is full, and no message too many has come"
            );
        }
    }
    assert_eq!(all, changed(1..=queue + 10), "the quick one");
    assert_eq!(
        heard(&mut slow),
        (changed(1..=queue), false),
        "the slow one, and whether more may come"
    );
    assert_eq!(heard(&mut gone), (vec![], false), "one that has gone");
    let mut again = listen(&hub, Seen::UpTo(queue));
    assert_eq!(
        missed(&again),
        changed(queue + 1..=queue + 10),
        "missed by the slow one, when it comes back"
    );
    // One that takes a message whenever the queue is full is never too slow.
    let mut version = queue + 10;
    for _ in 0..QUEUE {
        version += 1;
        hub.publish(version);
    }
    for _ in 0..300 {
        assert!(
            again.coming.try_recv().is_ok(),
            "a message for who keeps up"
        );
        version += 1;
        hub.publish(version);
        assert!(
            !again.coming.is_closed(),
            "who keeps up, with a full queue, at version {version}"
        );
    }
}

/// Two hundred may listen; whoever has gone, or was let go, leaves room at once.
#[test]
fn so_many_may_listen() {
    let hub = Hub::new(0);
    let mut all: Vec<Listener> = (0..LISTENERS)
        .map(|_| listen(&hub, Seen::Nothing))
        .collect();
    for seen in [Seen::Nothing, Seen::UpTo(0), Seen::Unknown] {
        assert!(
            hub.listen(seen).is_none(),
            "one more than {LISTENERS}: {seen:?}"
        );
    }
    hub.publish(1);
    assert!(
        hub.listen(Seen::Nothing).is_none(),
        "one more, after a message"
    );
    drop(all.remove(77));
    drop(all.remove(0));
    all.push(listen(&hub, Seen::Nothing));
    all.push(listen(&hub, Seen::Nothing));
    assert!(
        hub.listen(Seen::Nothing).is_none(),
        "one more, after two have gone and two have come"
    );
    for version in 2..=100 {
        hub.publish(version);
    }
    for listener in &mut all {
        assert!(
            !heard(listener).1,
            "nobody has listened, and all are let go"
        );
    }
    let again: Vec<Option<Listener>> = (0..LISTENERS).map(|_| hub.listen(Seen::Nothing)).collect();
    assert!(
        again.iter().all(Option::is_some),
        "room for all, when all were let go"
    );
    assert!(hub.listen(Seen::Nothing).is_none(), "one more");
}

/// Who begins to listen while others publish hears every message once: in what was missed, or in what comes.
#[test]
fn nothing_falls_between() {
    // Whatever is not written yet fails here, and not while a thread waits for another.
    let first = Hub::new(0);
    let early = listen(&first, Seen::UpTo(0));
    first.publish(1);
    drop((early, listen(&first, Seen::UpTo(1))));
    // On a busy machine the threads often run one after the other, which says nothing: only listeners who came in the midst count.
    let began = std::time::Instant::now();
    let enough = 3_000;
    let mut met = 0;
    let mut rounds = 0;
    while met < enough && began.elapsed() < Duration::from_secs(5) {
        rounds += 1;
        let hub = Hub::new(0);
        let gate = Gate::new(3);
        let next = AtomicI64::new(1);
        let mut listeners: Vec<Listener> = thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    gate.wait();
                    for _ in 0..30 {
                        hub.publish(next.fetch_add(1, Ordering::SeqCst));
                    }
                });
            }
            gate.wait();
            (0..30).map(|_| listen(&hub, Seen::UpTo(0))).collect()
        });
        let all: Vec<i64> = (listen(&hub, Seen::UpTo(0)).missed.iter())
            .map(|message| message.id)
            .collect();
        for listener in &mut listeners {
            let before = listener.missed.len();
            met += usize::from(before > 0 && before < all.len());
            let coming = std::iter::from_fn(|| listener.coming.try_recv().ok());
            let ids: Vec<i64> = (listener.missed.iter().cloned().chain(coming))
                .map(|message| message.id)
                .collect();
            assert_eq!(
                ids, all,
                "missed ({before} of them) and heard, in place of all that was published; round {rounds}"
            );
        }
    }
}

/// Several who publish at once: everybody hears versions that only grow, up to the newest.
#[test]
fn versions_only_grow() {
    for round in 0..150 {
        let hub = Hub::new(0);
        let mut listener = listen(&hub, Seen::Nothing);
        let gate = Gate::new(2);
        thread::scope(|scope| {
            for side in 0..2 {
                let (hub, gate) = (&hub, &gate);
                scope.spawn(move || {
                    gate.wait();
                    for step in 0..20 {
                        hub.publish(2 * step + side + 1);
                    }
                });
            }
        });
        let ids: Vec<i64> = std::iter::from_fn(|| listener.coming.try_recv().ok())
            .map(|message| message.id)
            .collect();
        assert!(
            ids.is_sorted_by(|one, next| one < next),
            "heard in round {round}: {ids:?}"
        );
        assert_eq!(
            ids.last(),
            Some(&40),
            "the newest in round {round}: {ids:?}"
        );
        let kept: Vec<i64> = listen(&hub, Seen::UpTo(0))
            .missed
            .iter()
            .map(|message| message.id)
            .collect();
        assert_eq!(kept, ids, "kept in round {round}");
    }
}

/// Reads the events of an answer that ends.
async fn body(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1_000_000).await;
    String::from_utf8(bytes.expect("the body ends well").to_vec()).expect("text")
}

/// One event as its fields, each with its value; comments are left out.
fn fields(event: &str) -> Vec<(String, String)> {
    let lines = event
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(':'));
    let mut fields: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (
                name.to_owned(),
                value.strip_prefix(' ').unwrap_or(value).to_owned(),
            )
        })
        .collect();
    fields.sort();
    fields
}

fn event(name: &str, id: i64) -> Vec<(String, String)> {
    [
        ("data", format!("{{\"version\":{id}}}")),
        ("event", name.to_owned()),
        ("id", id.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// The answer is a stream of events: first what was missed, then what comes, each with id, name and data, until the hub lets go.
#[tokio::test(start_paused = true)]
async fn messages_are_events() {
    let hub = Hub::new(40);
    hub.publish(41);
    hub.publish(42);
    let listener = listen(&hub, Seen::UpTo(40));
    hub.publish(43);
    hub.publish(i64::MAX);
    drop(hub);
    let response: Response = events(listener);
    assert_eq!(response.status().as_u16(), 200, "the status");
    assert_eq!(
        response
            .headers()
            .get("content-type")
            .map(HeaderValue::as_bytes),
        Some(&b"text/event-stream"[..]),
        "the type"
    );
    assert_eq!(
        response
            .headers()
            .get("cache-control")
            .map(HeaderValue::as_bytes),
        Some(&b"no-cache"[..]),
        "cache-control"
    );
    let body: String = body(response).await;
    assert!(
        body.ends_with("\n\n"),
        "an empty line ends the last event: {body:?}"
    );
    let found: Vec<_> = body
        .split("\n\n")
        .map(fields)
        .filter(|fields| !fields.is_empty())
        .collect();
    let expected = [41, 42, 43, i64::MAX].map(|id| event("changed", id));
    assert_eq!(found, expected, "the events of {body:?}");
    let listener = listen(&Hub::new(7), Seen::Unknown);
    let reset: String = self::body(events(listener)).await;
    let found: Vec<_> = reset
        .split("\n\n")
        .map(fields)
        .filter(|fields| !fields.is_empty())
        .collect();
    assert_eq!(found, [event("reset", 7)], "the events of {reset:?}");
}

/// Every fifteen seconds without a message there is a comment, and a message begins the fifteen seconds anew.
#[tokio::test(start_paused = true)]
async fn there_are_signs_of_life() {
    let hub = Arc::new(Hub::new(0));
    let response: Response = events(listen(&hub, Seen::Nothing));
    let mut body = pin!(response.into_body().into_data_stream());
    let mut last = Instant::now();
    for version in 1..=4 {
        for beat in 0..3 {
            let part = timeout(Duration::from_secs(60), body.next()).await;
            let part = part
                .unwrap_or_else(|_| panic!("a minute without a sign of life, after beat {beat}"));
            let part = part.expect("the body goes on").expect("the body is sound");
            let text = String::from_utf8_lossy(&part).into_owned();
            assert!(
                text.starts_with(':') && text.ends_with("\n\n") && fields(&text).is_empty(),
                "no comment: {text:?}"
            );
            let waited = last.elapsed();
            let off = waited.abs_diff(HEARTBEAT);
            assert!(
                off < Duration::from_millis(50),
                "beat {beat} came after {waited:?}"
            );
            last = Instant::now();
        }
        let soon = timeout(Duration::from_secs(9), body.next()).await;
        assert!(
            soon.is_err(),
            "something came within nine seconds of a beat: {soon:?}"
        );
        hub.publish(version);
        let part = timeout(Duration::from_secs(1), body.next()).await;
        let part = part
            .expect("a message comes at once")
            .expect("the body goes on")
            .expect("the body is sound");
        let text = String::from_utf8_lossy(&part).into_owned();
        assert_eq!(
            fields(&text),
            event("changed", version),
            "the message: {text:?}"
        );
        last = Instant::now();
    }
}

/// A client that goes away leaves its place.
#[tokio::test(start_paused = true)]
async fn a_client_that_goes_leaves_its_place() {
    let hub = Hub::new(0);
    let mut answers: Vec<Response> = (0..LISTENERS)
        .map(|_| events(listen(&hub, Seen::Nothing)))
        .collect();
    assert!(
        hub.listen(Seen::Nothing).is_none(),
        "one more than {LISTENERS}"
    );
    answers.pop();
    assert!(
        hub.listen(Seen::Nothing).is_some(),
        "room, when one has gone"
    );
}

/// At its address the hub is heard: what the header or the query says decides what comes first, and a full house is a 503.
#[tokio::test]
async fn the_hub_is_heard_at_its_address() {
    let folder = tempfile::tempdir().expect("the system gives a temporary folder");
    let hub = Arc::new(Hub::new(5));
    let app = App::new(Parts {
        config: Config::default(),
        clock: Arc::new(ManualClock::at(1_500_000_000)),
        database: Database::open(&folder.path().join("test.db"), Durability::Relaxed)
            .expect("a fresh database opens"),
        neighbours: standins::neighbours(&Journal::default()),
    });
    let service = http::service(app, routes(Arc::clone(&hub)));
    let news: Arc<dyn News> = hub.clone();
    news.publish(6);
    news.publish(7);
    let ask = async |address: &str, header: Option<&str>| {
        let mut request = Request::builder().uri(address);
        if let Some(header) = header {
            request = request.header("Last-Event-ID", header);
        }
        let request = request.body(Body::empty()).expect("a request");
        match service.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    };
    for (address, header, expected) in [
        ("/api/live?after=5", None, event("changed", 6)),
        ("/api/live?after=5", Some("6"), event("changed", 7)),
        ("/api/live", Some("5"), event("changed", 6)),
        ("/api/live?after=nonsense", None, event("reset", 7)),
        ("/api/live?after=7", Some("4"), event("reset", 7)),
    ] {
        let response: Response = ask(address, header).await;
        assert_eq!(response.status().as_u16(), 200, "{address}, {header:?}");
        let mut body = pin!(response.into_body().into_data_stream());
        let part = body
            .next()
            .await
            .expect("the body goes on")
            .expect("it is sound");
        let text = String::from_utf8_lossy(&part).into_owned();
        assert_eq!(
            fields(&text),
            expected,
            "the first event at {address}, {header:?}: {text:?}"
        );
    }
    let here: Vec<Response> = {
        let mut here = Vec::new();
        for _ in 0..LISTENERS {
            here.push(ask("/api/live", None).await);
        }
        here
    };
    assert!(
        here.iter()
            .all(|response| response.status().as_u16() == 200),
        "two hundred who listen"
    );
    let response: Response = ask("/api/live", None).await;
    assert_eq!(response.status().as_u16(), 503, "one more: {response:?}");
    assert!(
        response.headers().contains_key("retry-after"),
        "when to come again: {response:?}"
    );
}
