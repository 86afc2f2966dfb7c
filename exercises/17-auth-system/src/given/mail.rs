//! Mails wait in a table, in the transaction that causes them, and leave as `.eml` files when it is committed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::clock::UnixTime;
use super::database::Database;
use super::problem::Problem;

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
}

impl Outbox {
    /// Mails go to `folder`, which is made when the first one leaves.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the mails appear.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes every waiting mail. A mail that was written before a crash keeps its name, so it is never doubled.
    ///
    /// # Errors
    ///
    /// A 500 when the folder cannot be written.
    pub fn deliver(&self, database: &Database) -> Result<(), Problem> {
        let waiting = database.waiting_mails()?;
        for (id, queued_at, mail) in waiting {
            self.write(id, queued_at, &mail)
                .map_err(|error| Problem::internal(&error))?;
            database.mail_sent(id)?;
        }
        Ok(())
    }

    fn write(&self, id: i64, queued_at: UnixTime, mail: &Mail) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let unfinished = self.folder.join(format!("{id:06}.tmp"));
        let mut file = fs::File::create(&unfinished)?;
        file.write_all(message(id, queued_at, mail).as_bytes())?;
        file.sync_all()?;
        fs::rename(unfinished, self.folder.join(format!("{id:06}.eml")))
    }
}

/// The mail as RFC 5322 writes it.
fn message(id: i64, queued_at: UnixTime, mail: &Mail) -> String {
    let date = jiff::Timestamp::from_second(queued_at)
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
