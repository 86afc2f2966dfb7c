//! The state of the program, the context of one request, and the transaction in which a milestone works.

use std::ops::Deref;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _};

use super::clock::{Clock, UnixMillis};
use super::config::Config;
use super::database::Database;
use super::neighbours::Neighbours;
use super::problem::Problem;
use super::random::random;

/// Everything that lives as long as the program. Clones share it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    clock: Arc<dyn Clock>,
    database: Database,
    neighbours: Neighbours,
    signing_key: SigningKey,
}

/// The secret that signs tokens.
#[derive(Clone)]
pub struct SigningKey(pub [u8; 32]);

impl SigningKey {
    /// Reads the key of the database; makes it at the first start.
    ///
    /// # Errors
    ///
    /// A 500 when the database or the system's generator fails.
    pub fn load(database: &Database) -> Result<Self, Problem> {
        database.write(|connection| {
            let stored: Option<[u8; 32]> = connection
                .query_row("SELECT secret FROM signing_keys", [], |row| row.get(0))
                .optional()?;
            if let Some(secret) = stored {
                return Ok(Self(secret));
            }
            let secret = random::<32>()?;
            connection.execute(
                "INSERT INTO signing_keys (id, secret) VALUES (1, ?1)",
                [secret],
            )?;
            Ok(Self(secret))
        })
    }
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
    /// The secret that signs tokens.
    pub signing_key: SigningKey,
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
            signing_key: parts.signing_key,
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
    pub fn now(&self) -> UnixMillis {
        self.0.clock.now()
    }
}

/// The context of one request: what a milestone's function takes first.
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

    /// Runs blocking work (the database) on a thread for such work.
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

    /// The same for work that may hash a password: when its turn comes, and before that no thread waits for it.
    ///
    /// # Errors
    ///
    /// Whatever `work` answers; [`Problem::busy`] when too many wait, and then nothing has been done.
    pub async fn run_hashing<T: Send + 'static>(
        self,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = self.neighbours().hasher.turn().await?;
        self.run(move |cx| {
            let answer = work(cx);
            drop(turn);
            answer
        })
        .await
    }

    /// Reads one consistent state of the database; what tries to write in here fails. Keep slow work, such as hashing,
    /// outside.
    ///
    /// # Errors
    ///
    /// Whatever `work` answers, and a 500 when the database fails.
    pub fn read<T>(&self, work: impl FnOnce(&Tx) -> Result<T, Problem>) -> Result<T, Problem> {
        self.app
            .database()
            .read(|connection| work(&self.transaction(connection)))
    }

    /// Runs `work` in a transaction. **A value commits it; an error, a refusal like a failure, rolls it back.**
    /// Writers run one after the other. Keep slow work, such as hashing, outside.
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

    /// The secret that signs tokens.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.app.0.signing_key
    }

    /// The time now, in milliseconds.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.app.now()
    }
}

/// A transaction. It stands for a `rusqlite::Connection`: `tx.execute(…)`, `tx.query_row(…)`.
pub struct Tx<'a> {
    cx: &'a Cx,
    connection: &'a Connection,
    now: UnixMillis,
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Tx<'_> {
    /// The time at which the transaction began, in milliseconds.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.now
    }

    /// The request's context, for what needs no transaction. `read` and `write` are not for in here.
    #[must_use]
    pub fn cx(&self) -> &Cx {
        self.cx
    }

    /// The other milestones.
    #[must_use]
    pub fn neighbours(&self) -> &Neighbours {
        self.cx.neighbours()
    }
}
