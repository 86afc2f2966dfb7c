//! Connections in memory and a clock that stands still: time passes only where nothing else is left to do.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::connection;
use crate::limits::Limits;
use crate::requests::limited;

/// Limits that differ from each other, so that a test sees which one counts. Nothing passes in them but a stopped clock.
fn limits() -> Limits {
    Limits {
        connections: 8,
        requests: 1,
        head: Duration::from_secs(10),
        pause: Duration::from_secs(7),
        body: Duration::from_secs(20),
        answer: Duration::from_secs(40),
        write: Duration::from_secs(5),
        farewell: Duration::from_secs(3),
    }
}

/// A router whose `/gate` answers when it is opened.
fn router(gate: &Arc<Notify>) -> Router {
    let gate = Arc::clone(gate);
    let router = Router::new()
        .route("/", get(async || "open"))
        .route("/echo", post(async |text: String| text))
        .route("/large", get(async || vec![b'x'; 1024 * 1024]))
        .route(
            "/who",
            get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
        )
        .route(
            "/gate",
            get(async move || {
                gate.notified().await;
                "through"
            }),
        );
    limited(router, &limits())
}

/// What a client holds, and the connection's task.
struct Client {
    stream: DuplexStream,
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
}

impl Client {
    fn to(router: Router) -> Self {
        let (stream, other) = duplex(1024);
        let (stop, told) = watch::channel(false);
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 4711));
        let served = tokio::spawn(async move {
            connection(other, peer, router, &limits(), told).await;
        });
        Self {
            stream,
            stop,
            served,
        }
    }

    async fn send(&mut self, text: &str) {
        let sent = self.stream.write_all(text.as_bytes()).await;
        sent.expect("the service takes what it is sent");
    }

    /// What comes until `end` is in it.
    async fn read_to(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        while !text.windows(end.len()).any(|part| part == end.as_bytes()) {
            let byte = self.stream.read_u8().await;
            let so_far = text.escape_ascii().to_string();
            text.push(byte.unwrap_or_else(|error| panic!("{error} behind {so_far:?}")));
        }
        String::from_utf8(text).expect("an answer is text here")
    }

    /// What comes until the connection is closed, and the seconds until then.
    async fn read_to_end(&mut self) -> (String, u64) {
        let begun = Instant::now();
        let mut text = String::new();
        // A connection that is cut answers with an error, which is an end as well.
        let _ = self.stream.read_to_string(&mut text).await;
        (text, begun.elapsed().as_secs())
    }
}

/// Half a head is waited for as long as heads may take, and closed without a word.
#[tokio::test(start_paused = true)]
async fn half_a_head_is_closed() {
    let mut client = Client::to(router(&Arc::default()));
    client.send("GET / HTTP/1.1\r\nhost: lan").await;
    assert_eq!(client.read_to_end().await, (String::new(), 10));
}

/// A head that comes byte by byte has no more time than any other.
#[tokio::test(start_paused = true)]
async fn a_dripping_head_is_closed() {
    let mut client = Client::to(router(&Arc::default()));
    client.send("GET / HTTP/1.1\r\nhost: ").await;
    for _ in 0..9 {
        client.send("x").await;
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(client.read_to_end().await, (String::new(), 1));
}

/// An idle connection lives as long as a head may take, from the end of the last answer on.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let mut client = Client::to(router(&Arc::default()));
    for _ in 0..3 {
        sleep(Duration::from_secs(9)).await;
        client.send("GET / HTTP/1.1\r\nhost: lantern\r\n\r\n").await;
        let answer = client.read_to("open").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(client.read_to_end().await, (String::new(), 10));
}

/// A handler may take longer than a head: while it works, nothing is waited for.
#[tokio::test(start_paused = true)]
async fn a_long_answer_is_no_idle_connection() {
    let gate = Arc::new(Notify::new());
    let mut client = Client::to(router(&gate));
    client
        .send("GET /gate HTTP/1.1\r\nhost: lantern\r\n\r\n")
        .await;
    sleep(Duration::from_secs(30)).await;
    gate.notify_one();
    let answer = client.read_to("through").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Half a body is answered with 408 when nothing moves, and the connection is closed.
#[tokio::test(start_paused = true)]
async fn half_a_body_is_answered_with_408() {
    let mut client = Client::to(router(&Arc::default()));
    client
        .send("POST /echo HTTP/1.1\r\nhost: lantern\r\ncontent-length: 9\r\n\r\nhalf")
        .await;
    let (answer, seconds) = client.read_to_end().await;
    assert!(
        answer.starts_with("HTTP/1.1 408 Request Timeout"),
        "{answer}"
    );
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(seconds, 7, "{answer}");
}

/// A body that moves, but not fast enough to end in time, is answered with 408.
#[tokio::test(start_paused = true)]
async fn a_dripping_body_is_answered_with_408() {
    let mut client = Client::to(router(&Arc::default()));
    client
        .send("POST /echo HTTP/1.1\r\nhost: lantern\r\ncontent-length: 9\r\n\r\n")
        .await;
    for _ in 0..3 {
        sleep(Duration::from_secs(6)).await;
        client.send("x").await;
    }
    let (answer, seconds) = client.read_to_end().await;
    assert!(
        answer.starts_with("HTTP/1.1 408 Request Timeout"),
        "{answer}"
    );
    assert_eq!(seconds, 2, "20 s in all: {answer}");
}

/// A body that comes in pieces, each in time, is taken.
#[tokio::test(start_paused = true)]
async fn a_body_in_pieces_is_taken() {
    let mut client = Client::to(router(&Arc::default()));
    client
        .send("POST /echo HTTP/1.1\r\nhost: lantern\r\ncontent-length: 9\r\n\r\nin ")
        .await;
    for piece in ["pie", "ces"] {
        sleep(Duration::from_secs(6)).await;
        client.send(piece).await;
    }
    let answer = client.read_to("in pieces").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Who waits for its client has no place among those who are answered: others are not kept out.
#[tokio::test(start_paused = true)]
async fn half_a_body_keeps_nobody_out() {
    let router = router(&Arc::default());
    let mut slow = Client::to(router.clone());
    slow.send("POST /echo HTTP/1.1\r\nhost: lantern\r\ncontent-length: 9\r\n\r\nhalf")
        .await;
    sleep(Duration::from_secs(1)).await;
    let mut client = Client::to(router);
    client.send("GET / HTTP/1.1\r\nhost: lantern\r\n\r\n").await;
    let answer = client.read_to("open").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    slow.send(" full").await;
    let answer = slow.read_to("half full").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// One request more than there are places is told when to come back; so is a body whose place was taken meanwhile.
#[tokio::test(start_paused = true)]
async fn one_too_many_is_told_to_come_back() {
    let gate = Arc::new(Notify::new());
    let router = router(&gate);
    let mut slow = Client::to(router.clone());
    slow.send("POST /echo HTTP/1.1\r\nhost: lantern\r\ncontent-length: 9\r\n\r\nhalf")
        .await;
    sleep(Duration::from_secs(1)).await;
    let mut first = Client::to(router.clone());
    first
        .send("GET /gate HTTP/1.1\r\nhost: lantern\r\n\r\n")
        .await;
    sleep(Duration::from_secs(1)).await;
    slow.send(" full").await;
    let mut second = Client::to(router);
    second.send("GET / HTTP/1.1\r\nhost: lantern\r\n\r\n").await;
    for client in [&mut slow, &mut second] {
        let answer = client.read_to("}").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("retry-after: 2"), "{answer}");
        assert!(
            answer.contains("content-type: application/problem+json"),
            "{answer}"
        );
    }
    gate.notify_one();
    first.read_to("through").await;
    second.send("GET / HTTP/1.1\r\nhost: lantern\r\n\r\n").await;
    let answer = second.read_to("open").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// An answer that does not come in time is 503.
#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_given_up() {
    let mut client = Client::to(router(&Arc::default()));
    let begun = Instant::now();
    client
        .send("GET /gate HTTP/1.1\r\nhost: lantern\r\n\r\n")
        .await;
    let answer = client.read_to("}").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert_eq!(begun.elapsed().as_secs(), 40, "{answer}");
}

/// An answer that is not taken is given up.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_is_given_up() {
    let mut client = Client::to(router(&Arc::default()));
    let begun = Instant::now();
    client
        .send("GET /large HTTP/1.1\r\nhost: lantern\r\n\r\n")
        .await;
    client.read_to("xxx").await;
    client.served.await.expect("no panic");
    assert_eq!(begun.elapsed().as_secs(), 5);
}

/// An answer that is taken slowly is given whole, however long it takes.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_taken_slowly_is_given() {
    let mut client = Client::to(router(&Arc::default()));
    let begun = Instant::now();
    client
        .send("GET /large HTTP/1.1\r\nhost: lantern\r\n\r\n")
        .await;
    client.read_to("\r\n\r\n").await;
    let mut left = 1024 * 1024;
    let mut piece = vec![0; 64 * 1024];
    while left > 0 {
        sleep(Duration::from_secs(4)).await;
        let read = client.stream.read_exact(&mut piece).await;
        left -= read.expect("the next piece");
    }
    assert_eq!(begun.elapsed().as_secs(), 64);
}

/// Handlers learn who asks.
#[tokio::test(start_paused = true)]
async fn a_handler_knows_the_address() {
    let mut client = Client::to(router(&Arc::default()));
    client
        .send("GET /who HTTP/1.1\r\nhost: lantern\r\n\r\n")
        .await;
    client.read_to("127.0.0.1:4711").await;
}

/// On the way out nobody waits for a connection without a request: one that is fresh, one with half a head, an idle one.
#[tokio::test(start_paused = true)]
async fn who_asks_nothing_is_let_go_at_once() {
    let router = router(&Arc::default());
    let mut idle = Client::to(router.clone());
    idle.send("GET / HTTP/1.1\r\nhost: lantern\r\n\r\n").await;
    idle.read_to("open").await;
    let mut half = Client::to(router.clone());
    half.send("GET / HTT").await;
    for mut client in [Client::to(router), half, idle] {
        sleep(Duration::from_secs(1)).await;
        client.stop.send_replace(true);
        assert_eq!(client.read_to_end().await, (String::new(), 0));
        client.served.await.expect("no panic");
    }
}

/// On the way out a request that has begun is answered, and its client is told that the connection ends.
#[tokio::test(start_paused = true)]
async fn who_has_asked_is_answered() {
    let gate = Arc::new(Notify::new());
    let mut client = Client::to(router(&gate));
    client
        .send("GET /gate HTTP/1.1\r\nhost: lantern\r\n\r\n")
        .await;
    sleep(Duration::from_secs(1)).await;
    client.stop.send_replace(true);
    sleep(Duration::from_secs(1)).await;
    gate.notify_one();
    let (answer, _) = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(answer.ends_with("through"), "{answer}");
}
