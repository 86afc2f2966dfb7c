//! The state of the program, the context of one request, and the transaction in which a milestone works.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts as Head;
use rusqlite::Connection;

use super::clock::{Clock, UnixTime};
use super::config::Config;
use super::database::Database;
use super::neighbours::Neighbours;
use super::problem::Problem;

/// Everything that lives as long as the program. Clones share it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    clock: Arc<dyn Clock>,
    database: Database,
    neighbours: Neighbours,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The database, opened.
    pub database: Database,
    /// The milestones, or stand-ins for them.
    pub neighbours: Neighbours,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            config: parts.config,
            clock: parts.clock,
            database: parts.database,
            neighbours: parts.neighbours,
        }))
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// The milestones, or stand-ins for them.
    #[must_use]
    pub fn neighbours(&self) -> &Neighbours {
        &self.0.neighbours
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        self.0.clock.now()
    }
}

/// The context of one request: what a milestone's function takes first. Handlers get it as an argument.
#[derive(Clone)]
pub struct Cx {
    app: App,
}

impl Cx {
    /// The context of a request.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app }
    }

    /// Runs blocking work (the database) on a thread for such work. A panic in it goes on in the caller.
    ///
    /// # Errors
    ///
    /// Whatever `work` answers.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        match serve::blocking(move || work(&self)).await {
            Ok(answer) => answer,
            Err(error) => Err(Problem::internal(&error)),
        }
    }

    /// Reads one consistent state of the database; what tries to write in here fails.
    ///
    /// # Errors
    ///
    /// Whatever `work` answers, and a 500 when the database fails.
    pub fn read<T>(&self, work: impl FnOnce(&Tx) -> Result<T, Problem>) -> Result<T, Problem> {
        self.app
            .database()
            .read(|connection| work(&self.transaction(connection)))
    }

    /// Runs `work` in a transaction. **A value commits it, a refusal (4xx) and a failure (5xx) roll it back.** Writers run
    /// one after the other.
    ///
    /// # Errors
    ///
    /// Whatever `work` answers, and a 500 when the database fails.
    pub fn write<T>(&self, work: impl FnOnce(&Tx) -> Result<T, Problem>) -> Result<T, Problem> {
        self.app
            .database()
            .write(|connection| work(&self.transaction(connection)))
    }

    fn transaction<'a>(&'a self, connection: &'a Connection) -> Tx<'a> {
        Tx {
            cx: self,
            connection,
            now: self.app.now(),
        }
    }

    /// The program's state.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.app.config()
    }

    /// The other milestones.
    #[must_use]
    pub fn neighbours(&self) -> &Neighbours {
        self.app.neighbours()
    }
}

impl FromRequestParts<App> for Cx {
    type Rejection = Problem;

    async fn from_request_parts(_head: &mut Head, app: &App) -> Result<Self, Problem> {
        Ok(Self::new(app.clone()))
    }
}

/// A transaction. It stands for a `rusqlite::Connection`: `tx.execute(…)`, `tx.query_row(…)`.
pub struct Tx<'a> {
    cx: &'a Cx,
    connection: &'a Connection,
    now: UnixTime,
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Tx<'_> {
    /// The time at which the transaction began.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        self.now
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.cx.config()
    }

    /// The other milestones.
    #[must_use]
    pub fn neighbours(&self) -> &Neighbours {
        self.cx.neighbours()
    }
}
