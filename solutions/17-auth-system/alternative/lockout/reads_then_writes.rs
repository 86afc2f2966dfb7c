//! Differs: computes the new row in Rust and writes it once, instead of an upsert that answers the count.

use std::net::IpAddr;

use rusqlite::OptionalExtension;

use crate::given::app::Tx;
use crate::given::config::LockoutLimits;
use crate::given::neighbours::Lockout;
use crate::given::problem::Problem;

/// Counts attempts in the table `attempts`.
pub struct Gate;

impl Lockout for Gate {
    fn begin(&self, tx: &Tx, email: &str) -> Result<(), Problem> {
        let limits = tx.config().lockout;
        let network = network(tx.client().address);
        let counters = [
            (account_key(&network, email), limits.per_account),
            (client_key(&network), limits.per_client),
        ];
        // Both are asked before either counts: an attempt that is refused is no attempt.
        let account = locked_until(tx, &counters[0].0)?;
        let client = locked_until(tx, &counters[1].0)?;
        let wait = account.max(client) - tx.now();
        if wait > 0 {
            return Err(Problem::locked(wait));
        }
        for (key, allowed) in &counters {
            count(tx, key, *allowed, &limits)?;
        }
        Ok(())
    }

    fn take_back(&self, tx: &Tx, email: &str) -> Result<(), Problem> {
        let network = network(tx.client().address);
        discount(tx, &account_key(&network, email))?;
        discount(tx, &client_key(&network))
    }

    fn succeeded(&self, tx: &Tx, email: &str) -> Result<(), Problem> {
        let network = network(tx.client().address);
        tx.execute(
            "DELETE FROM attempts WHERE key = ?1",
            [account_key(&network, email)],
        )?;
        // Only this attempt is taken back here. Clearing the counter would let a guesser with an account of his own
        // sign in now and then, and guess on at everybody else's.
        discount(tx, &client_key(&network))
    }
}

/// The pause after `failures` failed attempts, in seconds: none below `allowed`, then the first pause, doubled with
/// each further failure up to the longest.
pub fn pause(failures: i64, allowed: i64, limits: &LockoutLimits) -> i64 {
    if failures < allowed {
        return 0;
    }
    let doublings = u32::try_from(failures - allowed).unwrap_or(u32::MAX);
    2_i64
        .saturating_pow(doublings)
        .saturating_mul(limits.first_pause)
        .min(limits.longest_pause)
}

/// What counts as one client: an IPv4 address, or the /64 that an IPv6 customer is given.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// One client at one account: a stranger who guesses locks out the stranger.
fn account_key(network: &str, email: &str) -> String {
    format!("{network} {email}")
}

/// One client at all accounts: one guess at each of a thousand accounts counts as a thousand.
fn client_key(network: &str) -> String {
    network.to_owned()
}

fn locked_until(tx: &Tx, key: &str) -> Result<i64, Problem> {
    let until = tx
        .query_row(
            "SELECT locked_until FROM attempts WHERE key = ?1",
            [key],
            |row| row.get(0),
        )
        .optional()?;
    Ok(until.unwrap_or(0))
}

/// Counts an attempt as failed, until it turns out otherwise.
fn count(tx: &Tx, key: &str, allowed: i64, limits: &LockoutLimits) -> Result<(), Problem> {
    let before: Option<i64> = tx
        .query_row(
            "SELECT failures FROM attempts WHERE key = ?1 AND last_at > ?2",
            (key, tx.now() - limits.memory),
            |row| row.get(0),
        )
        .optional()?;
    let failures = before.unwrap_or(0) + 1;
    let until = tx.now() + pause(failures, allowed, limits);
    tx.execute(
        "REPLACE INTO attempts (key, failures, last_at, locked_until) VALUES (?1, ?2, ?3, ?4)",
        (key, failures, tx.now(), until),
    )?;
    Ok(())
}

/// The attempt that was allowed last does not count.
fn discount(tx: &Tx, key: &str) -> Result<(), Problem> {
    tx.execute(
        "UPDATE attempts SET failures = failures - 1, locked_until = 0 WHERE key = ?1",
        [key],
    )?;
    Ok(())
}
