//! What the handlers share: the database, the hashers with their memory, the keys that sign tokens.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::{Block, Params};
use axum::extract::FromRef;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio::sync::Semaphore;

use super::failure::Failure;
use super::probe::Written;
use crate::given::entropy::{Entropy, SystemEntropy, draw};
use crate::given::roles::{RoleFound, Roles};
use crate::given::tables::{ORDERS, SESSIONS, USERS};
use crate::given::users::{Directory, DirectoryError, Found, Role, User};
use crate::passwords::Hasher;
use crate::tokens::Key;
use crate::{refresh, sessions, tokens, totp};

/// The version of the tables, kept in `PRAGMA user_version`.
const VERSION: i64 = 1;
/// The keys that sign access tokens.
const KEYS: &str = "
    CREATE TABLE keys (
        kid TEXT PRIMARY KEY,
        secret BLOB NOT NULL,
        signs_from INTEGER NOT NULL,
        signs_until INTEGER NOT NULL
    ) STRICT;
";
/// How many passwords are hashed at once. Each takes as much memory as its cost says; who comes then waits.
const HASHERS: usize = 2;
/// How long one connection waits for another that is writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whole seconds since 1970: the only place where the program reads the clock.
#[must_use]
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The shop. A clone is the same one.
#[derive(Clone)]
pub struct Shop {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    admin: Option<String>,
    cost: Params,
    connections: Mutex<Vec<Connection>>,
    hashers: Mutex<Vec<Hasher>>,
    places: Semaphore,
    entropy: Arc<dyn Entropy>,
    keys: Vec<Key>,
    written: Written,
}

impl Shop {
    /// Opens the database, makes the tables and a key if need be, and makes an admin of the user with this email.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or was written by a newer program.
    pub fn open(
        path: &Path,
        admin: Option<String>,
        cost: Params,
        written: Written,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let mut connection = connect(path)?;
        prepare(&mut connection, &*entropy)?;
        if let Some(email) = &admin {
            let sql = "UPDATE users SET role = 'admin' WHERE email = ?1";
            connection.execute(sql, [email])?;
        }
        let keys = keys(&connection)?;
        let hashers = (0..HASHERS).map(|_| hasher(&cost, &entropy)).collect();
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                admin,
                cost,
                connections: Mutex::new(vec![connection]),
                hashers: Mutex::new(hashers),
                places: Semaphore::new(HASHERS),
                entropy,
                keys,
                written,
            }),
        })
    }

    /// The source of random bytes.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.inner.entropy
    }

    /// The keys that sign and check access tokens.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.inner.keys
    }

    /// Which exercises are written.
    #[must_use]
    pub fn written(&self) -> &Written {
        &self.inner.written
    }

    /// What a new account with this email becomes.
    #[must_use]
    pub fn first_role(&self, email: &str) -> Role {
        match &self.inner.admin {
            Some(admin) if admin == email => Role::Admin,
            _ => Role::Customer,
        }
    }

    /// Asks the database, on a thread that may wait for the disk.
    ///
    /// # Errors
    ///
    /// What `work` says, or that no connection can be had.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, &mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let shop = self.clone();
        let asked = serve::blocking(move || {
            let waiting = lock(&shop.inner.connections).pop();
            let mut connection = match waiting {
                Some(connection) => connection,
                None => connect(&shop.inner.path)?,
            };
            let answer = work(&shop, &mut connection);
            lock(&shop.inner.connections).push(connection);
            answer
        });
        match asked.await {
            Ok(answer) => answer,
            Err(error) => Err(Failure::Broken(Box::new(error))),
        }
    }

    /// The same, with a hasher: waits until one is free, so that memory does not grow with those who sign in.
    ///
    /// # Errors
    ///
    /// What `work` says, or that no connection can be had.
    pub async fn ask_hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, &mut Connection, &mut Hasher) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let _place = self
            .inner
            .places
            .acquire()
            .await
            .map_err(|error| Failure::Broken(Box::new(error)))?;
        self.ask(|shop, connection| {
            let inner = &shop.inner;
            let waiting = lock(&inner.hashers).pop();
            // There is one for each place, unless a panic took it along.
            let mut hasher = waiting.unwrap_or_else(|| hasher(&inner.cost, &inner.entropy));
            let answer = work(shop, connection, &mut hasher);
            lock(&inner.hashers).push(hasher);
            answer
        })
        .await
    }

    /// Removes what has run out.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn prune(&self) -> Result<(), Failure> {
        self.ask(|shop, connection| {
            if shop.written().has("sessions") {
                sessions::prune(connection, now())?;
            }
            if shop.written().has("refresh") {
                refresh::prune(connection, now())?;
            }
            Ok(())
        })
        .await
    }

    /// Whose token this is: a session's secret, or an access token, which has points in it.
    async fn find(&self, token: String) -> Result<Option<User>, Failure> {
        self.ask(move |shop, connection| {
            let id = if token.contains('.') {
                shop.written()
                    .has("tokens")
                    .then(|| tokens::verify(shop.keys(), &token, now()).ok())
                    .flatten()
                    .and_then(|claims| claims.sub.parse().ok())
            } else if shop.written().has("sessions") {
                sessions::user_of(connection, &token, now())?
            } else {
                None
            };
            match id {
                Some(id) => Ok(user(connection, id)?),
                None => Ok(None),
            }
        })
        .await
    }
}

/// The user with this id.
fn user(connection: &Connection, id: i64) -> rusqlite::Result<Option<User>> {
    connection
        .query_row(
            "SELECT role, disabled FROM users WHERE id = ?1",
            [id],
            |row| {
                let word: String = row.get(0)?;
                let role = Role::of_word(&word).ok_or(rusqlite::Error::InvalidQuery)?;
                let disabled = row.get(1)?;
                Ok(User { id, role, disabled })
            },
        )
        .optional()
}

/// What the extractor asks.
impl Directory for Shop {
    fn user_of<'a>(&'a self, token: &'a str) -> Found<'a> {
        Box::pin(async move {
            let found = self.find(token.to_owned()).await;
            found.map_err(|failure| DirectoryError(cause(failure)))
        })
    }
}

/// What the guard asks.
impl Roles for Shop {
    fn role_of(&self, id: i64) -> RoleFound<'_> {
        Box::pin(async move {
            let found = self
                .ask(move |_, connection| Ok(user(connection, id)?))
                .await;
            let user = found.map_err(cause)?;
            Ok(user.filter(|user| !user.disabled).map(|user| user.role))
        })
    }
}

fn cause(failure: Failure) -> Box<dyn Error + Send + Sync> {
    match failure {
        Failure::Broken(error) => error,
        other => format!("{other:?}").into(),
    }
}

impl FromRef<Shop> for Arc<dyn Directory> {
    fn from_ref(shop: &Shop) -> Self {
        Arc::new(shop.clone())
    }
}

/// Nothing panics while these are held, and what they hold is sound at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hasher(cost: &Params, entropy: &Arc<dyn Entropy>) -> Hasher {
    let memory = vec![Block::default(); cost.block_count()];
    Hasher::new(cost.clone(), memory, Arc::clone(entropy))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn prepare(
    connection: &mut Connection,
    entropy: &dyn Entropy,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => {
            let own = [USERS, SESSIONS, ORDERS, KEYS];
            for sql in own.into_iter().chain([refresh::TABLES, totp::TABLES]) {
                transaction.execute_batch(sql)?;
            }
            let secret: [u8; 32] = draw(entropy)?;
            transaction.execute(
                "INSERT INTO keys VALUES ('1', ?1, ?2, ?3)",
                params![secret, now(), i64::MAX],
            )?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        VERSION => {}
        newer => {
            return Err(format!(
                "its tables have version {newer}, and this program knows {VERSION}"
            )
            .into());
        }
    }
    transaction.commit()?;
    Ok(())
}

fn keys(connection: &Connection) -> rusqlite::Result<Vec<Key>> {
    let mut statement =
        connection.prepare("SELECT kid, secret, signs_from, signs_until FROM keys")?;
    let keys = statement.query_map([], |row| {
        Ok(Key {
            kid: row.get(0)?,
            secret: row.get(1)?,
            signs_from: row.get(2)?,
            signs_until: row.get(3)?,
        })
    })?;
    keys.collect()
}
