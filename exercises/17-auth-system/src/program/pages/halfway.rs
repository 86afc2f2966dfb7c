//! People who have typed their password, and are asked for a code next.
//!
//! The sign-in takes address, password and code at once, and counts an attempt each time. So what was typed first waits
//! here: in memory only, for a few minutes, and for the one browser that has the cookie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::given::clock::UnixTime;
use crate::given::neighbours::Credentials;
use crate::given::problem::Problem;
use crate::given::tokens::{self, Token};

/// The cookie that leads to what waits.
pub(super) const COOKIE: &str = "__Host-halfway";

/// How long the code may take, in seconds.
pub(super) const LIFETIME: i64 = 5 * 60;

/// No more than this many wait; the one that has waited longest makes room.
const ROOM: usize = 1_000;

/// Whoever waits, by the digest of the cookie. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Halfway(Arc<Mutex<HashMap<String, Waiting>>>);

struct Waiting {
    credentials: Credentials,
    until: UnixTime,
}

impl Halfway {
    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was typed; the answer is the value of the cookie.
    pub(super) fn keep(&self, credentials: Credentials, now: UnixTime) -> Result<Token, Problem> {
        let token = Token::generate()?;
        let until = now + LIFETIME;
        let mut waiting = self.waiting();
        waiting.retain(|_, one| one.until > now);
        if waiting.len() >= ROOM {
            let first = waiting.iter().min_by_key(|(_, one)| one.until);
            let first = first.map(|(digest, _)| digest.clone());
            waiting.remove(&first.unwrap_or_default());
        }
        waiting.insert(token.digest(), Waiting { credentials, until });
        Ok(token)
    }

    /// What was typed in the browser that sends this cookie, if it has not waited too long.
    pub(super) fn find(&self, cookie: &str, now: UnixTime) -> Option<Credentials> {
        let waiting = self.waiting();
        let found = waiting.get(&tokens::digest(cookie));
        found
            .filter(|one| one.until > now)
            .map(|one| one.credentials.clone())
    }

    /// Forgets it.
    pub(super) fn end(&self, cookie: &str) {
        self.waiting().remove(&tokens::digest(cookie));
    }
}

/// The `Set-Cookie` line for `value`, for `max_age` seconds.
pub(super) fn set_cookie(value: &str, max_age: i64) -> String {
    format!("{COOKIE}={value}; Path=/; Max-Age={max_age}; Secure; HttpOnly; SameSite=Strict")
}

#[cfg(test)]
mod tests {
    use super::{Halfway, LIFETIME, ROOM};
    use crate::given::neighbours::Credentials;

    fn of(email: &str) -> Credentials {
        Credentials {
            email: email.to_owned(),
            password: "a long enough password".to_owned(),
            code: None,
        }
    }

    #[test]
    fn what_was_typed_waits_five_minutes() {
        let halfway = Halfway::default();
        let token = halfway.keep(of("ada"), 100).expect("a token");
        let email = |now| halfway.find(token.text(), now).map(|found| found.email);
        assert_eq!(email(100 + LIFETIME - 1).as_deref(), Some("ada"));
        assert_eq!(email(100 + LIFETIME), None);
        assert!(halfway.find("another cookie", 100).is_none());
        halfway.end(token.text());
        assert_eq!(email(100), None);
    }

    #[test]
    fn the_longest_wait_makes_room() {
        let halfway = Halfway::default();
        let first = halfway.keep(of("first"), 100).expect("a token");
        let second = halfway.keep(of("second"), 101).expect("a token");
        for _ in 2..=ROOM {
            halfway.keep(of("another"), 102).expect("a token");
        }
        assert!(halfway.find(first.text(), 102).is_none(), "the first");
        assert!(halfway.find(second.text(), 102).is_some(), "the second");
        assert_eq!(halfway.waiting().len(), ROOM);
    }
}
