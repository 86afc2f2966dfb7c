//! The access log: one line for each response, in the format that the exercise `access_log` of 03-io reads.
//!
//! ```text
//! 203.0.113.7 - - [21/Nov/2026:07:20:30 +0000] "GET /books/17 HTTP/1.1" 200 5123 "-" "curl/8.5" 6920f1d0-1
//! ```

use std::io::{self, Write};
use std::net::IpAddr;

use servers::http::{Head, Response, Sending, Version, http_date};
use servers::response::has_body;

/// What a request that could not be read counts as. It has three words, as a request line has.
const UNREADABLE: &str = "- - -";

/// What the log keeps of a request. The query is left out: what people search for is nobody's business, and now and then
/// there is a password in an address.
pub struct Entry {
    request: String,
    agent: String,
}

impl Entry {
    /// A request that was refused before it could be read.
    pub fn unreadable() -> Entry {
        Entry {
            request: String::from(UNREADABLE),
            agent: String::from("-"),
        }
    }

    /// A request with this head.
    pub fn of(head: &Head) -> Entry {
        let version = match head.version {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        };
        Entry {
            request: format!("{} {} {version}", head.method.name(), quoted(&head.path)),
            agent: quoted(head.headers.first("User-Agent").unwrap_or("-")),
        }
    }

    /// Writes the line. A log that cannot be written is no reason to keep a client waiting.
    pub fn write(&self, client: IpAddr, response: &Response, sending: Sending, id: &str) {
        let sent = if has_body(response.status) && !sending.head_only {
            response.body.len()
        } else {
            0
        };
        self.line(client, sending.now, response.status.code(), sent, id);
    }

    /// Writes a line with these numbers.
    pub fn line(&self, client: IpAddr, now: u64, status: u16, bytes: usize, id: &str) {
        let line = format!(
            "{client} - - [{}] \"{}\" {status} {bytes} \"-\" \"{}\" {id}\n",
            time(now),
            self.request,
            self.agent,
        );
        // In one piece, so that the lines of two clients do not mix.
        io::stdout().lock().write_all(line.as_bytes()).ok();
    }
}

/// The time as logs write it: `06/Nov/1994:08:49:37 +0000`.
fn time(now: u64) -> String {
    let date = http_date(now);
    let words: Vec<&str> = date.split(' ').collect();
    match words[..] {
        [_, day, month, year, clock, _] => format!("{day}/{month}/{year}:{clock} +0000"),
        _ => date,
    }
}

/// Text from a stranger as it may stand in quotes: what would end them, or a line, is encoded.
fn quoted(text: &str) -> String {
    text.chars()
        .take(200)
        .map(|letter| match letter {
            '"' => String::from("%22"),
            '\\' => String::from("%5C"),
            ' '..='~' => String::from(letter),
            _ => String::from("?"),
        })
        .collect()
}
