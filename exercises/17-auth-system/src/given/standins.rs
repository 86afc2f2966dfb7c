//! Simple answers to the traits of `neighbours`: tests of one milestone use them for all the others. None of them
//! protects anything; they refuse what no milestone may ask of another one (a write on a reading connection, a hash
//! inside of a transaction, a secret in the trail). The program itself uses only those that open no door, while their
//! milestone is unwritten.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::OptionalExtension as _;

use super::app::{Cx, Tx};
use super::config::Config;
use super::database;
use super::hasher::Hasher;
use super::neighbours::{
    Audit, Check, Credentials, Current, Event, Factor, Kind, Lockout, Neighbours, Passwords,
    Presented, RefreshTokens, SecondFactor, Sessions, SignIn, SignedIn, Started, Verification,
    Verifier,
};
use super::problem::Problem;
use super::tokens;

/// What was asked of the stand-ins, in order: `"hash"`, `"record login.failed 7"`, … Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    lines: Arc<Mutex<Vec<String>>>,
    secrets: Arc<Mutex<Vec<String>>>,
}

impl Journal {
    /// Writes a line, up to ten thousand of them.
    pub fn note(&self, line: impl Into<String>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < 10_000 {
            lines.push(line.into());
        }
    }

    /// From now on this text is a secret: an event that holds it is refused.
    pub fn keep_secret(&self, text: &str) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        // What is shorter than a code may stand anywhere by chance.
        if text.len() >= 6 && secrets.len() < 10_000 {
            secrets.push(text.to_owned());
        }
    }

    fn has_secret(&self, text: &str) -> bool {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let hashes = ["$argon2", "stand-in:", "outdated:"];
        hashes.iter().any(|hash| text.contains(hash))
            || secrets.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// Slow work, which belongs outside of every transaction.
    fn note_slow(&self, work: &str) -> Result<(), Problem> {
        self.note(work);
        if database::is_writing() {
            self.note(format!("{work} inside of a transaction"));
            return Err(Problem::internal(&"Argon2 ran inside of a transaction"));
        }
        Ok(())
    }

    /// Takes what was written so far.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Fails where nothing can be written: what is asked of a milestone that writes belongs into `Cx::write`.
fn must_be_able_to_write(tx: &Tx) -> Result<(), Problem> {
    tx.execute("DELETE FROM attempts WHERE key IS NULL", [])?;
    Ok(())
}

/// A stand-in for every milestone.
#[must_use]
pub fn neighbours(journal: &Journal) -> Neighbours {
    Neighbours {
        hasher: Hasher::new(&Config::for_tests()),
        passwords: Arc::new(PlainPasswords(journal.clone())),
        verifier: Arc::new(PlainVerifier(journal.clone())),
        verification: Arc::new(PlainVerification(journal.clone())),
        sign_in: Arc::new(PlainSignIn),
        sessions: Arc::new(PlainSessions(journal.clone())),
        refresh: Arc::new(PlainRefresh),
        second_factor: Arc::new(PlainSecondFactor),
        lockout: Arc::new(PlainLockout(journal.clone())),
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
        self.0.note_slow("hash")?;
        Ok(format!("stand-in:{}", tokens::digest(password)))
    }
}

/// Accepts what [`PlainPasswords`] made; `outdated:` in place of `stand-in:` is an outdated one. Notes `verify`.
pub struct PlainVerifier(pub Journal);

impl Verifier for PlainVerifier {
    fn verify(&self, password: &str, stored: &str) -> Result<Check, Problem> {
        self.0.note_slow("verify")?;
        let (scheme, digest) = stored.split_once(':').unwrap_or_default();
        Ok(Check {
            matches: digest == tokens::digest(password),
            outdated: scheme == "outdated",
        })
    }
}

/// Sends a mail without a link. Notes `verification 7`.
pub struct PlainVerification(pub Journal);

impl Verification for PlainVerification {
    fn send(&self, tx: &Tx, user_id: i64, email: &str) -> Result<(), Problem> {
        self.0.note(format!("verification {user_id}"));
        tx.send(&super::mail::Mail {
            to: email.to_owned(),
            subject: "Confirm your address".to_owned(),
            text: "A stand-in wrote this mail: it has no link.".to_owned(),
        })
    }
}

/// Takes the password `stand-in password` for every account.
pub struct PlainSignIn;

impl SignIn for PlainSignIn {
    fn sign_in(&self, cx: &Cx, credentials: &Credentials, kind: Kind) -> Result<SignedIn, Problem> {
        cx.write(|tx| {
            let user: Option<i64> = tx
                .query_row(
                    "SELECT id FROM users WHERE email = ?1",
                    [&credentials.email],
                    |row| row.get(0),
                )
                .optional()?;
            let user = user
                .filter(|_| credentials.password == "stand-in password")
                .ok_or_else(Problem::invalid_credentials)?;
            let session = tx.neighbours().sessions.start(tx, user, kind)?;
            Ok(SignedIn {
                session,
                refresh_token: None,
            })
        })
    }
}

/// The bearer token `user-7` is user 7. Sessions are rows with nothing secret. Notes `end …` and `end_all 7`.
pub struct PlainSessions(pub Journal);

impl Sessions for PlainSessions {
    fn start(&self, tx: &Tx, user_id: i64, kind: Kind) -> Result<Started, Problem> {
        let count: i64 = tx.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))?;
        let session_id = format!("session-{}", count + 1);
        let secret = format!("secret-of-{session_id}");
        let (name, digest) = match kind {
            Kind::Api => ("api", None),
            Kind::Page => ("page", Some(tokens::digest(&secret))),
        };
        tx.execute(
            "INSERT INTO sessions
                 (id, user_id, kind, cookie_digest, client, user_agent, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, '', '', ?5, ?6)",
            (
                &session_id,
                user_id,
                name,
                digest,
                tx.now(),
                tx.now() + tx.config().session_lifetime,
            ),
        )?;
        Ok(Started { session_id, secret })
    }

    fn access_token(&self, _tx: &Tx, user_id: i64, session_id: &str) -> Result<String, Problem> {
        Ok(format!("access-{user_id}-{session_id}"))
    }

    fn authenticate(&self, tx: &Tx, presented: Presented) -> Result<Option<Current>, Problem> {
        match presented {
            Presented::Bearer(token) => Ok(token
                .strip_prefix("user-")
                .and_then(|id| id.parse().ok())
                .map(|user_id| Current {
                    user_id,
                    session_id: "stand-in".to_owned(),
                })),
            Presented::Cookie(token) => Ok(tx
                .query_row(
                    "SELECT user_id, id FROM sessions WHERE cookie_digest = ?1 AND ended_at IS NULL",
                    [tokens::digest(token)],
                    |row| {
                        Ok(Current {
                            user_id: row.get(0)?,
                            session_id: row.get(1)?,
                        })
                    },
                )
                .optional()?),
        }
    }

    fn end(&self, tx: &Tx, session_id: &str) -> Result<(), Problem> {
        self.0.note(format!("end {session_id}"));
        tx.execute(
            "UPDATE sessions SET ended_at = ?2 WHERE id = ?1",
            (session_id, tx.now()),
        )?;
        Ok(())
    }

    fn end_all(&self, tx: &Tx, user_id: i64) -> Result<(), Problem> {
        self.0.note(format!("end_all {user_id}"));
        tx.execute(
            "UPDATE sessions SET ended_at = ?2 WHERE user_id = ?1",
            (user_id, tx.now()),
        )?;
        Ok(())
    }
}

/// A token that buys nothing.
pub struct PlainRefresh;

impl RefreshTokens for PlainRefresh {
    fn issue(&self, _tx: &Tx, session_id: &str) -> Result<String, Problem> {
        Ok(format!("refresh-of-{session_id}"))
    }
}

/// Whoever has a row in `totp` needs the code `123456`.
pub struct PlainSecondFactor;

impl SecondFactor for PlainSecondFactor {
    fn check(&self, tx: &Tx, user_id: i64, code: Option<&str>) -> Result<Factor, Problem> {
        let enrolled: bool = tx.query_row(
            "SELECT EXISTS (SELECT 1 FROM totp WHERE user_id = ?1)",
            [user_id],
            |row| row.get(0),
        )?;
        Ok(match (enrolled, code) {
            (false, _) => Factor::NotEnrolled,
            (true, None) => Factor::Missing,
            (true, Some("123456")) => {
                // Using a code up is a write.
                must_be_able_to_write(tx)?;
                Factor::Passed
            }
            (true, Some(_)) => Factor::Wrong,
        })
    }
}

/// Refuses for 30 seconds whatever has a row in `attempts` with the address as its key. Notes `begin …`,
/// `take_back …` and `succeeded …`.
pub struct PlainLockout(pub Journal);

impl Lockout for PlainLockout {
    fn begin(&self, tx: &Tx, email: &str) -> Result<(), Problem> {
        self.0.note(format!("begin {email}"));
        must_be_able_to_write(tx)?;
        let locked: bool = tx.query_row(
            "SELECT EXISTS (SELECT 1 FROM attempts WHERE key = ?1)",
            [email],
            |row| row.get(0),
        )?;
        if locked {
            return Err(Problem::locked(30));
        }
        Ok(())
    }

    fn take_back(&self, tx: &Tx, email: &str) -> Result<(), Problem> {
        self.0.note(format!("take_back {email}"));
        must_be_able_to_write(tx)
    }

    fn succeeded(&self, tx: &Tx, email: &str) -> Result<(), Problem> {
        self.0.note(format!("succeeded {email}"));
        must_be_able_to_write(tx)
    }
}

/// Keeps nothing, and refuses a detail that holds a secret or the hash of a password. Notes `record login.failed 7`, or `record login.failed -`
/// without an account.
pub struct PlainAudit(pub Journal);

impl Audit for PlainAudit {
    fn record(&self, tx: &Tx, event: Event) -> Result<(), Problem> {
        let user = event.user_id.map_or("-".to_owned(), |id| id.to_string());
        self.0.note(format!("record {} {user}", event.kind));
        if self.0.has_secret(&event.detail) {
            self.0.note(format!(
                "a secret in the detail of {}: {}",
                event.kind, event.detail
            ));
            return Err(Problem::internal(&"a secret in the trail"));
        }
        must_be_able_to_write(tx)
    }
}
