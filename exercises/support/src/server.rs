//! A router on a free port of this machine, and a client that talks to it.

use std::net::SocketAddr;

use axum::Router;
use reqwest::{Client, RequestBuilder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running server. It stops when this value is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    client: Client,
    task: JoinHandle<()>,
}

/// Serves `router` on 127.0.0.1, on a port that the system chooses. It accepts connections as soon as this returns.
///
/// # Panics
///
/// When no port is free, or outside a tokio runtime.
pub async fn spawn(router: Router) -> Server {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("the system gives a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let task = tokio::spawn(async move {
        axum::serve(listener, service)
            .await
            .expect("axum serves until it is stopped");
    });
    let client = Client::builder()
        // Proxy settings of the machine must not send a test's requests elsewhere.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client without TLS needs nothing from the system");
    Server {
        address,
        client,
        task,
    }
}

impl Server {
    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The full URL of `path`, which begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A client for requests that the shortcuts below do not cover. It follows no redirects.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Begins a GET request for `path`.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// Begins a POST request to `path`.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// Begins a PUT request to `path`.
    pub fn put(&self, path: &str) -> RequestBuilder {
        self.client.put(self.url(path))
    }

    /// Begins a PATCH request to `path`.
    pub fn patch(&self, path: &str) -> RequestBuilder {
        self.client.patch(self.url(path))
    }

    /// Begins a DELETE request for `path`.
    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.client.delete(self.url(path))
    }

    /// Stops the server and waits until its port is closed.
    pub async fn stop(mut self) {
        self.task.abort();
        // An aborted task answers with an error that says so; there is nothing else to learn from it.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;

    use super::spawn;

    #[tokio::test]
    async fn a_server_answers_until_it_is_stopped() {
        let server = spawn(Router::new().route("/", get(|| async { "open" }))).await;
        let address = server.address();
        let answer = server.get("/").send().await.expect("the server answers");
        assert_eq!(answer.text().await.expect("the body is text"), "open");
        server.stop().await;
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    }
}
