//! Simple answers to the traits of `neighbours`: tests of one milestone use them for all the others. They note what they are
//! asked, refuse what a test tells them to, and refuse what no milestone may ask of another one (a write on a reading
//! connection, a hash inside of a transaction, a secret in the log).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::OptionalExtension as _;

use super::app::Tx;
use super::database;
use super::neighbours::{Audit, Event, Neighbours, Passwords, Permissions, Roles, Sessions};
use super::problem::Problem;
use super::rights::{Permission, Place};
use super::tokens;

/// What was asked of the stand-ins, in order, and what they are to refuse. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    lines: Vec<String>,
    refused: BTreeSet<String>,
    broken: BTreeSet<String>,
    secrets: Vec<String>,
    events: Vec<Event>,
}

impl Journal {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on what would be noted as `line` is refused.
    pub fn refuse(&self, line: &str) {
        self.pages().refused.insert(line.to_owned());
    }

    /// From now on what would be noted as `line` fails (500), until [`Journal::mend`].
    pub fn break_down(&self, line: &str) {
        self.pages().broken.insert(line.to_owned());
    }

    /// Nothing is refused any more, and nothing fails.
    pub fn mend(&self) {
        let mut pages = self.pages();
        pages.refused.clear();
        pages.broken.clear();
    }

    /// From now on this text is a secret: an event that holds it is refused.
    pub fn keep_secret(&self, text: &str) {
        if text.len() >= 6 {
            self.pages().secrets.push(text.to_owned());
        }
    }

    /// Takes what was asked so far.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.pages().lines)
    }

    /// Takes the events that were recorded so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        std::mem::take(&mut self.pages().events)
    }

    /// Writes a line, and says whether this is to be refused.
    fn note(&self, line: String) -> Result<bool, Problem> {
        let mut pages = self.pages();
        let refused = pages.refused.contains(&line);
        let broken = pages.broken.contains(&line);
        if pages.lines.len() < 10_000 {
            pages.lines.push(line);
        }
        if broken {
            return Err(Problem::internal(&"the test's own failure"));
        }
        Ok(refused)
    }
}

/// Fails where nothing can be written: what is asked of a milestone that writes belongs into `Cx::write`.
fn must_be_able_to_write(tx: &Tx) -> Result<(), Problem> {
    tx.execute("DELETE FROM mails WHERE id IS NULL", [])?;
    Ok(())
}

/// A stand-in for every milestone.
#[must_use]
pub fn neighbours(journal: &Journal) -> Neighbours {
    Neighbours {
        passwords: Arc::new(PlainPasswords(journal.clone())),
        sessions: Arc::new(PlainSessions(journal.clone())),
        permissions: Arc::new(PlainPermissions(journal.clone())),
        roles: Arc::new(PlainRoles(journal.clone())),
        audit: Arc::new(PlainAudit(journal.clone())),
    }
}

/// Any password of 12 characters but the address itself; "hashes" are readable as such. Notes `hash`.
pub struct PlainPasswords(pub Journal);

impl Passwords for PlainPasswords {
    fn weakness(&self, password: &str, email: &str) -> Option<String> {
        let weak = password.chars().count() < 12 || password == email;
        weak.then(|| "Use at least 12 characters, and not your address.".to_owned())
    }

    fn hash(&self, password: &str) -> Result<String, Problem> {
        self.0.note("hash".to_owned())?;
        if database::is_writing() {
            return Err(Problem::internal(&"Argon2 ran inside of a transaction"));
        }
        Ok(format!("stand-in:{}", tokens::digest(password)))
    }
}

/// The cookie `user-7` is user 7, as long as the account exists and is not disabled. Notes `end_all 7`.
pub struct PlainSessions(pub Journal);

impl Sessions for PlainSessions {
    fn authenticate(&self, tx: &Tx, cookie: &str) -> Result<Option<i64>, Problem> {
        let id: Option<i64> = cookie.strip_prefix("user-").and_then(|id| id.parse().ok());
        let user = tx
            .query_row(
                "SELECT id FROM users WHERE id = ?1 AND disabled_at IS NULL",
                [id],
                |row| row.get(0),
            )
            .optional()?;
        Ok(user)
    }

    fn end_all(&self, tx: &Tx, user_id: i64) -> Result<(), Problem> {
        self.0.note(format!("end_all {user_id}"))?;
        must_be_able_to_write(tx)
    }
}

/// Allows everything to everybody, but what a test refuses. Notes `allows 1 orders.read in 2` and
/// `require 1 orders.read everywhere`. A disabled account is refused by `require` with 401.
pub struct PlainPermissions(pub Journal);

impl Permissions for PlainPermissions {
    fn allows(
        &self,
        _tx: &Tx,
        user_id: i64,
        permission: Permission,
        place: Place,
    ) -> Result<bool, Problem> {
        let name = permission.name();
        Ok(!self.0.note(format!("allows {user_id} {name} {place}"))?)
    }

    fn require(
        &self,
        tx: &Tx,
        user_id: i64,
        permission: Permission,
        place: Place,
    ) -> Result<(), Problem> {
        let name = permission.name();
        let refused = self.0.note(format!("require {user_id} {name} {place}"))?;
        let here: bool = tx.query_row(
            "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1 AND disabled_at IS NULL)",
            [user_id],
            |row| row.get(0),
        )?;
        match (here, refused) {
            (false, _) => Err(Problem::not_signed_in()),
            (true, true) => Err(Problem::forbidden()),
            (true, false) => Ok(()),
        }
    }
}

/// Everybody may give everything, but what a test refuses. Notes `may_hand 1 gives 3 in 2` and `can_spare 7`.
pub struct PlainRoles(pub Journal);

impl Roles for PlainRoles {
    fn may_hand(
        &self,
        tx: &Tx,
        user_id: i64,
        role_id: i64,
        branch_id: Option<i64>,
    ) -> Result<(), Problem> {
        let place = Place::from(branch_id);
        let line = format!("may_hand {user_id} gives {role_id} {place}");
        must_be_able_to_write(tx)?;
        if self.0.note(line)? {
            return Err(Problem::beyond_your_rights());
        }
        Ok(())
    }

    fn can_spare(&self, tx: &Tx, user_id: i64) -> Result<(), Problem> {
        must_be_able_to_write(tx)?;
        if self.0.note(format!("can_spare {user_id}"))? {
            return Err(Problem::last_administrator());
        }
        Ok(())
    }
}

/// Keeps events for the test, and refuses those that hold a secret. Notes `record user.invited`.
pub struct PlainAudit(pub Journal);

impl Audit for PlainAudit {
    fn record(&self, tx: &Tx, event: Event) -> Result<(), Problem> {
        must_be_able_to_write(tx)?;
        self.0.note(format!("record {}", event.kind))?;
        let text = format!("{event:?}");
        let mut pages = self.0.pages();
        if text.contains("stand-in:") || pages.secrets.iter().any(|secret| text.contains(secret)) {
            pages.lines.push(format!("a secret in {text}"));
            return Err(Problem::internal(&"a secret in the log"));
        }
        pages.events.push(event);
        Ok(())
    }
}
