//! The state of the program, the context of one request, and the transaction in which a milestone works.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Notify;

use tokio::time::{Instant, sleep_until};

use super::clock::{Clock, UnixTime};
use super::config::Config;
use super::database::Database;
use super::mail::{Mail, Outbox};
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
    outbox: Outbox,
    delivering: Mutex<()>,
    mail_waiting: Notify,
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
    /// The folder for mails.
    pub outbox: PathBuf,
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
            outbox: Outbox::new(parts.outbox),
            delivering: Mutex::new(()),
            mail_waiting: Notify::new(),
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

    /// Removes what is of no use any more: see [`Database::prune`] and [`Outbox::prune`].
    ///
    /// # Errors
    ///
    /// A 500 when the database fails.
    pub fn prune(&self) -> Result<(), Problem> {
        self.database().prune(self.config(), self.now())?;
        self.0.outbox.prune(self.now() - self.config().mail_kept);
        Ok(())
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

    /// Writes the mails that wait, and removes what they leave behind; see [`Outbox::deliver`].
    ///
    /// # Errors
    ///
    /// A 500 when the database fails.
    pub fn deliver_mail(&self) -> Result<(), Problem> {
        let _one_at_a_time = self
            .0
            .delivering
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.0.outbox.deliver(self.database(), self.now())?;
        self.database().leave_no_traces()
    }

    /// Returns when mail may be waiting. Mail leaves after the answer, so that a request which sends one takes no
    /// longer than a request which does not.
    pub async fn mail_waiting(&self) {
        self.0.mail_waiting.notified().await;
    }
}

/// Who sent a request, as far as one can know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The address.
    pub address: IpAddr,
    /// What the client calls itself: anything, up to 200 characters.
    pub user_agent: String,
    /// The value of the session's cookie that came with the request, whoever put it there.
    pub cookie: Option<String>,
}

impl Client {
    /// A client without a name, at this machine.
    #[must_use]
    pub fn local() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: String::new(),
            cookie: None,
        }
    }
}

/// The context of one request: what a milestone's function takes first.
#[derive(Clone)]
pub struct Cx {
    app: App,
    client: Client,
    on_the_beat: bool,
}

/// Among the extensions of a request: its answer leaves on the beat, `answer_beat` of the configuration. How long the work
/// took cannot be seen then; where it depends on who has an account, nobody must see it.
#[derive(Debug, Clone, Copy)]
pub struct OnTheBeat;

impl Cx {
    /// The context of a request by `client`.
    #[must_use]
    pub fn new(app: App, client: Client) -> Self {
        Self {
            app,
            client,
            on_the_beat: false,
        }
    }

    /// The same for a request whose answer leaves [`OnTheBeat`].
    #[must_use]
    pub fn on_the_beat(self) -> Self {
        Self {
            on_the_beat: true,
            ..self
        }
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
        let begun = Instant::now();
        let beat = self.on_the_beat.then_some(self.config().answer_beat);
        let answer = blocking(move || {
            let answer = work(&self);
            if self.on_the_beat {
                // Whether or not a mail leaves: the next request must not find a log that was emptied for the one only.
                self.app.database().expect_traces();
            }
            self.app.0.mail_waiting.notify_one();
            answer
        })
        .await;
        if let Some(beat) = beat {
            sleep_until(next_beat(begun, beat)).await;
        }
        answer
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

    /// Runs `work` in a transaction. **A value and a refusal (4xx) commit it, a failure (5xx) rolls it back.**
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

    /// Who sent the request.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
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

    /// Who sent the request.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.cx.client
    }

    /// Posts a mail. It leaves if, and only if, the transaction is committed.
    ///
    /// # Errors
    ///
    /// A 500 when the database fails, and for a mail to anything but one plain address.
    pub fn send(&self, mail: &Mail) -> Result<(), Problem> {
        if !mail.has_one_address() {
            return Err(Problem::internal(&"a mail to what is no address"));
        }
        self.execute(
            "INSERT INTO mails (recipient, subject, body, queued_at) VALUES (?1, ?2, ?3, ?4)",
            (&mail.to, &mail.subject, &mail.text, self.now),
        )?;
        Ok(())
    }
}

/// The first beat after now, of those since `begun`.
fn next_beat(begun: Instant, beat: Duration) -> Instant {
    let mut next = begun;
    let now = Instant::now();
    while next <= now && !beat.is_zero() {
        next += beat;
    }
    next
}

/// Runs `work` on a thread where blocking is allowed; a panic in it goes on in the caller.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match serve::blocking(work).await {
        Ok(answer) => answer,
        Err(error) => Err(Problem::internal(&error)),
    }
}
