//! Mails wait in a table, in the transaction that causes them, and leave as `.eml` files when it is committed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use super::clock::UnixTime;
use super::database::Database;
use super::problem::Problem;

/// After how many seconds a mail that could not be delivered is tried again; each further failure doubles it.
const FIRST_PAUSE: i64 = 60;
/// No pause is longer, in seconds.
const LONGEST_PAUSE: i64 = 3600;

/// A mail to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

impl Mail {
    /// Whether `to` is one address that can stand in the head of a mail as it is. Anything else, quoted or not, could
    /// address somebody of a stranger's choice.
    #[must_use]
    pub fn has_one_address(&self) -> bool {
        let plain = |c: char| c.is_ascii_graphic() && !"()<>[]:;\\,\"".contains(c);
        self.to.chars().all(plain) && self.to.matches('@').count() == 1
    }
}

/// The folder in which mails appear.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
    /// By the id of the mail; clones share them. A new start of the program tries everything at once.
    failures: Arc<Mutex<BTreeMap<i64, Failure>>>,
}

/// A mail that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) id: i64,
    pub(super) queued_at: UnixTime,
    pub(super) mail: Mail,
}

/// A mail could not be delivered.
#[derive(Debug, Clone, Copy)]
struct Failure {
    pause: i64,
    again_at: UnixTime,
}

impl Outbox {
    /// Mails go to `folder`, which is made when the first one leaves. It is its owner's alone: mails hold tokens.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            failures: Arc::default(),
        }
    }

    /// Where the mails appear.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes every waiting mail. One that cannot be delivered waits alone, for a minute at first, and the others leave. A
    /// mail that was written before a crash keeps its name, so it is never doubled.
    ///
    /// # Errors
    ///
    /// A 500 when the database fails.
    pub fn deliver(&self, database: &Database, now: UnixTime) -> Result<(), Problem> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *failures);
        let mut last = 0;
        loop {
            let letters = database.waiting_mails(last)?;
            let Some(newest) = letters.last() else {
                return Ok(());
            };
            last = newest.id;
            for letter in &letters {
                match self.try_to_deliver(letter, before.get(&letter.id), now) {
                    Ok(()) => database.mail_sent(letter.id)?,
                    Err(failure) => {
                        failures.insert(letter.id, failure);
                    }
                }
            }
        }
    }

    /// Writes the mail, unless it has failed and has to wait.
    fn try_to_deliver(
        &self,
        letter: &Letter,
        before: Option<&Failure>,
        now: UnixTime,
    ) -> Result<(), Failure> {
        if let Some(failure) = before.filter(|failure| failure.again_at > now) {
            return Err(*failure);
        }
        self.write(letter).map_err(|error| {
            let pause = before.map_or(FIRST_PAUSE, |failure| {
                (failure.pause * 2).min(LONGEST_PAUSE)
            });
            // Neither the address nor the text, which may hold a token.
            tracing::warn!(mail = letter.id, seconds = pause, %error, "a mail waits: it could not be delivered");
            Failure {
                pause,
                again_at: now + pause,
            }
        })
    }

    fn write(&self, letter: &Letter) -> io::Result<()> {
        serve::own_folder(&self.folder)?;
        let unfinished = self.folder.join(format!("{:06}.tmp", letter.id));
        serve::own(&unfinished)?;
        let mut file = File::create(&unfinished)?;
        file.write_all(message(letter).as_bytes())?;
        file.sync_all()?;
        fs::rename(
            unfinished,
            self.folder.join(format!("{:06}.eml", letter.id)),
        )?;
        keep_names(&self.folder)
    }

    /// Removes the mails that were written at `until` or before. A folder that cannot be read, or a file that cannot be removed,
    /// is left as it is, and the log says so.
    pub fn prune(&self, until: UnixTime) {
        match self.old_mails(until) {
            Ok(old) => {
                for path in old {
                    if let Err(error) = fs::remove_file(&path) {
                        tracing::warn!(path = %path.display(), %error, "an old mail stays");
                    }
                }
            }
            // No mail has ever left.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, "the outbox cannot be read"),
        }
    }

    fn old_mails(&self, until: UnixTime) -> io::Result<Vec<PathBuf>> {
        let mut old = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let (path, metadata) = {
                let entry = entry?;
                (entry.path(), entry.metadata()?)
            };
            let written = metadata.modified()?.duration_since(UNIX_EPOCH);
            let seconds = written.map_or(0, |since| since.as_secs());
            let is_old = UnixTime::try_from(seconds).is_ok_and(|at| at <= until);
            if metadata.is_file() && is_mail(&path) && is_old {
                old.push(path);
            }
        }
        Ok(old)
    }
}

/// Brings the names in a folder to the disk: the mail leaves the database next, and must not be lost with the power.
#[cfg(unix)]
fn keep_names(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere than on Unix a folder cannot be opened for that, and the system sees to it.
#[cfg(not(unix))]
fn keep_names(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether the file is one of ours: nobody else's is ever removed.
fn is_mail(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let end = path.extension().and_then(|end| end.to_str());
    stem.is_some_and(|stem| stem.len() >= 6 && stem.bytes().all(|b| b.is_ascii_digit()))
        && matches!(end, Some("eml" | "tmp"))
}

/// The mail as RFC 5322 writes it.
fn message(letter: &Letter) -> String {
    let (id, mail) = (letter.id, &letter.mail);
    let date = jiff::Timestamp::from_second(letter.queued_at)
        .ok()
        .and_then(|time| {
            jiff::fmt::rfc2822::DateTimePrinter::new()
                .timestamp_to_string(&time)
                .ok()
        })
        .unwrap_or_default();
    let head = [
        "From: Lantern <accounts@lantern.example>".to_owned(),
        format!("To: {}", one_line(&mail.to)),
        format!("Subject: {}", one_line(&mail.subject)),
        format!("Date: {date}"),
        format!("Message-ID: <{id}@accounts.lantern.example>"),
        "MIME-Version: 1.0".to_owned(),
        "Content-Type: text/plain; charset=utf-8".to_owned(),
        "Content-Transfer-Encoding: 8bit".to_owned(),
    ];
    let body = mail.text.replace("\r\n", "\n").replace('\n', "\r\n");
    format!("{}\r\n\r\n{body}\r\n", head.join("\r\n"))
}

/// A header is one line: a line break in an address would begin a header of the sender's choice.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::Mail;

    #[test]
    fn a_mail_goes_to_one_address() {
        for (to, sound) in [
            ("ada@lantern.example", true),
            ("o'hara+books@lantern.example", true),
            ("ada", false),
            ("ada@lantern.example,eve@evil.example", false),
            ("Ada <ada@lantern.example>", false),
            ("\"ada\"@lantern.example", false),
            ("ada@lantern.example\r\nBcc: eve", false),
            ("ada@lantern.example\u{2028}", false),
        ] {
            let mail = Mail {
                to: to.to_owned(),
                subject: String::new(),
                text: String::new(),
            };
            assert_eq!(mail.has_one_address(), sound, "{to:?}");
        }
    }
}
