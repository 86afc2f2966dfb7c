//! The orders of all partners in SQLite, and what a handler needs to list them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use reqwest::Url;
use rusqlite::Connection;
use serde::Serialize;

/// The table.
pub const TABLES: &str = "
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        partner TEXT NOT NULL,
        shop TEXT NOT NULL,
        placed_at INTEGER NOT NULL,
        cents INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX orders_by_time ON orders (partner, placed_at, id);
";

/// An order, as its partner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    pub id: i64,
    /// Which of the partner's shops it came from: any text.
    pub shop: String,
    /// Seconds since 1970. Several orders may come in one second.
    pub placed_at: i64,
    pub cents: i64,
}

/// A database. A clone is the same one.
#[derive(Debug, Clone)]
pub struct Records {
    connection: Arc<Mutex<Connection>>,
}

impl Records {
    /// A database with these tables, in memory.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn with(tables: &str) -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(tables)?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// The connection, for whoever does not mind to wait.
    pub fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the database on a thread that may wait.
    ///
    /// # Errors
    ///
    /// 500 when SQLite fails. What it says stays inside.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StatusCode> {
        let records = self.clone();
        let answer = tokio::task::spawn_blocking(move || question(&records.lock())).await;
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            _ => Err(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// The name of the partner who asks. What stands before the service checks who it is, and says so in the header `x-partner`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let name = parts.headers.get("x-partner");
        let name = name.and_then(|name| name.to_str().ok());
        let name = name.filter(|name| !name.is_empty());
        name.map(|name| Self(name.to_owned()))
            .ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// The seconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A path with a query, whatever signs are in its values.
///
/// ```
/// let address = apis::given::records::address("/seats", &[("hall", "A & B")]);
/// assert_eq!(address, "/seats?hall=A+%26+B");
/// ```
pub fn address(path: &str, query: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://localhost", query);
    let query = url.ok().and_then(|url| url.query().map(str::to_owned));
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}
