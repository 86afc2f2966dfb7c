//! Connections: how many, how long, and how they end.

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::limits::Limits;
use crate::writing::PatientWriter;

/// What a connection holds in memory of a head, and of an answer that is not taken, at most: 64 KiB.
const BUFFER: usize = 64 * 1024;
/// How many clients may be told with care at once that there is no room; who comes then is told in passing.
const AT_THE_DOOR: usize = 32;
/// How long telling them may take.
const AT_THE_DOOR_FOR: Duration = Duration::from_secs(1);
/// How long handlers that are cut off may take to notice.
const NOTICE: Duration = Duration::from_secs(1);
/// What they are told.
const NO_ROOM: &str = "too many connections at once; please try again in a moment\n";

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Farewell {
    /// Connections that were cut, because their requests did not end within [`Limits::farewell`].
    pub cut: usize,
}

impl fmt::Display for Farewell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cut {
            0 => formatter.write_str("stopped"),
            cut => write!(formatter, "stopped; {cut} connections did not end in time"),
        }
    }
}

/// Serves `router` over HTTP/1.1 until `stop` returns, and then ends within [`Limits::farewell`] and a second, whatever
/// clients do.
///
/// Handlers find the client's address in `ConnectInfo<SocketAddr>`. Once `stop` returns, nobody is let in; idle connections,
/// and those that have not sent a whole head, are closed at once; requests that have begun are answered.
///
/// An error of the system on accepting (too many open files) is waited out for a second.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    limits: &Limits,
    stop: impl Future<Output = ()>,
) -> Farewell {
    let mut stop = pin!(stop);
    let places = Arc::new(Semaphore::new(limits.connections));
    let door = Arc::new(Semaphore::new(AT_THE_DOOR));
    let (stopping, told) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            // axum's own: it goes on after an error.
            accepted = Listener::accept(&mut listener) => accepted,
            Some(_) = connections.join_next() => continue,
        };
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            let (router, limits, told) = (router.clone(), *limits, told.clone());
            connections.spawn(async move {
                // Answers are written whole; waiting for more of them would only delay them.
                let _ = stream.set_nodelay(true);
                connection(stream, peer, router, &limits, told).await;
                drop(place);
            });
        } else if let Ok(place) = Arc::clone(&door).try_acquire_owned() {
            tracing::warn!(most = limits.connections, "no room for a connection");
            connections.spawn(async move {
                let _ = timeout(AT_THE_DOOR_FOR, turn_away(stream)).await;
                drop(place);
            });
        } else {
            // The first bytes of a connection go into the system's buffer at once.
            let told = stream.into_std();
            let _ = told.and_then(|mut stream| stream.write_all(no_room().as_bytes()));
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(limits.farewell, all).await.is_ok() {
        return Farewell { cut: 0 };
    }
    let cut = connections.len();
    // A handler notices at its next `await`.
    let _ = timeout(NOTICE, connections.shutdown()).await;
    Farewell { cut }
}

/// Serves one connection.
async fn connection<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    limits: &Limits,
    mut told: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let has_asked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&has_asked);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    });
    let stream = TokioIo::new(PatientWriter::new(stream, limits.write));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        // hyper starts this time anew whenever it begins to wait for a head: idle connections end by it, too.
        .header_read_timeout(limits.head)
        .max_buf_size(BUFFER)
        .serve_connection(stream, service);
    let mut serving = pin!(serving);
    let stop = async {
        // The sender lives as long as the program serves.
        let _ = told.wait_for(|stop| *stop).await;
    };
    // How a connection ends is its client's affair: a failure is logged with its request, if there was one.
    tokio::select! {
        _ = serving.as_mut() => return,
        () = stop => {}
    }
    // Nothing was asked here, or half a head: nobody waits for an answer.
    if !has_asked.load(Ordering::Relaxed) {
        return;
    }
    serving.as_mut().graceful_shutdown();
    let _ = serving.await;
}

/// What a client is told for whom there is no room.
fn no_room() -> String {
    let head = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nconnection: close\r\n";
    let kind = "content-type: text/plain; charset=utf-8";
    format!(
        "{head}{kind}\r\ncontent-length: {}\r\n\r\n{NO_ROOM}",
        NO_ROOM.len()
    )
}

/// Tells a client that there is no room, and lets it read that.
async fn turn_away(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(no_room().as_bytes()).await?;
    stream.shutdown().await?;
    // To close while there is something to read would reset the connection, and the answer might be lost.
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests;
