use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serve::{Farewell, Limits, limited, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Service {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Farewell>,
}

async fn listener() -> (TcpListener, SocketAddr) {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = bound.expect("the system gives a free port");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

fn router(limits: &Limits) -> Router {
    let router = Router::new()
        .route("/", get(async || "open"))
        .route("/echo", post(async |text: String| text));
    limited(router, limits)
}

async fn start(limits: Limits) -> Service {
    let (listener, address) = listener().await;
    let (stop, stopping) = oneshot::channel();
    let served = tokio::spawn(async move {
        let stop = async {
            let _ = stopping.await;
        };
        serve(listener, router(&limits), &limits, stop).await
    });
    Service {
        address,
        stop,
        served,
    }
}

async fn send(address: SocketAddr, text: &str) -> TcpStream {
    let connected = TcpStream::connect(address).await;
    let mut stream = connected.expect("the service listens");
    let sent = stream.write_all(text.as_bytes()).await;
    sent.expect("the service takes what it is sent");
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    let read = stream.read_to_string(&mut text).await;
    read.unwrap_or_else(|error| panic!("{error} behind {text:?}"));
    text
}

const ASK: &str = "GET / HTTP/1.1\r\nhost: lantern\r\n\r\n";
const ASK_ONCE: &str = "GET / HTTP/1.1\r\nhost: lantern\r\nconnection: close\r\n\r\n";
const HALF_A_BODY: &str = "POST /echo HTTP/1.1\r\nhost: lantern\r\ncontent-length: 9\r\n\r\nhalf";

/// Who comes when all places are taken is told so at once; when one is free again, so is the service.
#[tokio::test]
async fn one_connection_too_many_is_turned_away() {
    let service = start(Limits {
        connections: 2,
        ..Limits::default()
    })
    .await;
    let mut first = send(service.address, ASK).await;
    let mut head = [0; 15];
    first.read_exact(&mut head).await.expect("an answer");
    assert_eq!(head.escape_ascii().to_string(), "HTTP/1.1 200 OK");
    let second = send(service.address, "GET / HT").await;
    // Those who do not go when they are told to keep nobody else from being told.
    let mut stay = Vec::new();
    for _ in 0..40 {
        stay.push(send(service.address, "GET / HT").await);
    }
    let mut late = TcpStream::connect(service.address)
        .await
        .expect("the service listens");
    let mut head = [0; 12];
    late.read_exact(&mut head).await.expect("an answer");
    assert_eq!(head.escape_ascii().to_string(), "HTTP/1.1 503");
    drop((stay, late));
    let answer = rest(send(service.address, ASK).await).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("\r\nretry-after: 2\r\n"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let length = format!("\r\ncontent-length: {}\r\n", body.len());
    assert!(answer.contains(&length), "{answer}");
    drop(second);
    // The service learns of it a moment later.
    loop {
        let answer = rest(send(service.address, ASK_ONCE).await).await;
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
    }
}

/// Told to stop, the service is gone: those that ask nothing are let go, and nobody is let in.
#[tokio::test]
async fn the_end_comes_at_once() {
    let service = start(Limits::default()).await;
    let mut idle = send(service.address, ASK).await;
    let mut head = [0; 15];
    idle.read_exact(&mut head).await.expect("an answer");
    let half = send(service.address, "GET / HT").await;
    let _ = service.stop.send(());
    let farewell = service.served.await.expect("no panic");
    assert_eq!(farewell, Farewell { cut: 0 });
    TcpStream::connect(service.address)
        .await
        .expect_err("nobody listens");
    drop((idle, half));
}

/// A client with half a body is waited for as long as the farewell is, and then cut.
#[tokio::test]
async fn the_end_comes_whatever_clients_do() {
    let service = start(Limits {
        farewell: Duration::from_millis(20),
        ..Limits::default()
    })
    .await;
    let half = send(service.address, HALF_A_BODY).await;
    // An answer to somebody who came later: the first has been let in.
    rest(send(service.address, ASK_ONCE).await).await;
    let _ = service.stop.send(());
    let farewell = service.served.await.expect("no panic");
    assert_eq!(farewell, Farewell { cut: 1 });
    drop(half);
}

/// The signals with which a program is told to stop end it in its own way.
#[cfg(unix)]
#[tokio::test]
async fn signals_stop_a_service() {
    use std::process::Command;

    use serve::stopped;

    for name in ["-INT", "-TERM"] {
        let (listener, _) = listener().await;
        let limits = Limits::default();
        let stop = stopped();
        let process = std::process::id().to_string();
        let sent = Command::new("kill").args([name, &process]).status();
        assert!(sent.expect("there is `kill`").success(), "kill {name}");
        let farewell = serve(listener, router(&limits), &limits, stop).await;
        assert_eq!(farewell, Farewell { cut: 0 }, "{name}");
    }
}
