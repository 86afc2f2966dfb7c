//! The state of the program, the context of one request, and the transaction in which a milestone works.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
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
use super::tokens;

/// Everything that lives as long as the program. Clones share it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    clock: Arc<dyn Clock>,
    database: Database,
    neighbours: Neighbours,
    keys: RwLock<Arc<Keys>>,
    outbox: Outbox,
    delivering: Mutex<()>,
    mail_waiting: Notify,
}

/// The secrets that sign access tokens. New tokens are signed with the current one; the older ones stay until the
/// last token that they signed has expired.
#[derive(Clone)]
pub struct Keys {
    /// The `kid` of the secret that signs.
    pub current: String,
    /// Every accepted secret, by its `kid`.
    pub secrets: BTreeMap<String, Vec<u8>>,
}

impl Keys {
    /// Reads the keys of the database; the newest signs. Makes the first one, or another one to `rotate`.
    ///
    /// # Errors
    ///
    /// A 500 when the database or the system's generator fails.
    pub fn load(database: &Database, now: UnixTime, rotate: bool) -> Result<Self, Problem> {
        database.write(|connection| {
            let count: i64 =
                connection.query_row("SELECT count(*) FROM signing_keys", [], |row| row.get(0))?;
            if count == 0 || rotate {
                make_key(connection, now)?;
            }
            read_keys(connection)
        })
    }

    /// Makes another key once the newest is `key_lifetime` old, and removes those whose last token has expired: what a key
    /// opens must not grow with the years.
    ///
    /// # Errors
    ///
    /// A 500 when the database or the system's generator fails.
    pub fn renew(database: &Database, config: &Config, now: UnixTime) -> Result<Self, Problem> {
        database.write(|connection| {
            let newest: Option<UnixTime> =
                connection.query_row("SELECT max(created_at) FROM signing_keys", [], |row| {
                    row.get(0)
                })?;
            if newest.is_none_or(|made| made + config.key_lifetime <= now) {
                make_key(connection, now)?;
            }
            // A key has signed until the next one was made, and for as long as a request took that had begun before.
            connection.execute(
                "DELETE FROM signing_keys WHERE EXISTS (
                     SELECT 1 FROM signing_keys AS newer
                     WHERE newer.rowid > signing_keys.rowid AND newer.created_at + ?1 <= ?2)",
                (config.access_lifetime + LONGEST_REQUEST, now),
            )?;
            read_keys(connection)
        })
    }
}

/// No request takes longer, in seconds.
const LONGEST_REQUEST: i64 = 60;

fn make_key(connection: &Connection, now: UnixTime) -> Result<(), Problem> {
    connection.execute(
        "INSERT INTO signing_keys (kid, secret, created_at)
         SELECT 'k' || (coalesce(max(rowid), 0) + 1), ?1, ?2 FROM signing_keys",
        (tokens::random::<32>()?, now),
    )?;
    Ok(())
}

fn read_keys(connection: &Connection) -> Result<Keys, Problem> {
    let mut statement =
        connection.prepare("SELECT kid, secret FROM signing_keys ORDER BY rowid")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let all: Vec<(String, Vec<u8>)> = rows.collect::<Result<_, _>>()?;
    let current = all.last().map(|(kid, _)| kid.clone()).unwrap_or_default();
    Ok(Keys {
        current,
        secrets: all.into_iter().collect(),
    })
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
    /// The secrets that sign access tokens.
    pub keys: Keys,
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
            keys: RwLock::new(Arc::new(parts.keys)),
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

    /// The secrets that sign access tokens now.
    #[must_use]
    pub fn keys(&self) -> Arc<Keys> {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&keys)
    }

    /// Replaces the keys where it is time; see [`Keys::renew`].
    ///
    /// # Errors
    ///
    /// A 500 when the database or the system's generator fails.
    pub fn renew_keys(&self) -> Result<(), Problem> {
        let renewed = Keys::renew(self.database(), self.config(), self.now())?;
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        *keys = Arc::new(renewed);
        Ok(())
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
            keys: self.app.keys(),
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
    keys: Arc<Keys>,
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

    /// The secrets that sign access tokens.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
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
