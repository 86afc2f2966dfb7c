//! Milestone 8: an end to guessing.
//!
//! Whoever fails too often waits, longer each time. What is counted decides who waits: the guesser, and not the owner
//! of the account.
//!
//! The table is `attempts`: a key of your choice, the failures so far, when the last attempt was, and until when attempts
//! are refused. The limits are `tx.config().lockout`.

use std::net::IpAddr;

use rusqlite::OptionalExtension;

use crate::given::app::Tx;
use crate::given::config::LockoutLimits;
use crate::given::neighbours::Lockout;
use crate::given::problem::Problem;

/// Counts attempts in the table `attempts`.
pub struct Gate;

impl Lockout for Gate {
    /// Counts an attempt by `tx.client()` at `email` before it is known how it ends, for two counters:
    ///
    /// - this client at this account, with the limit `per_account`;
    /// - this client at all accounts, with the limit `per_client`.
    ///
    /// A client is what [`network`] says. Unknown addresses count like known ones (the database is not asked). While either
    /// counter is locked the answer is [`Problem::locked`] with the seconds left (if both are, of the longer one), and
    /// nothing is counted, at neither of them.
    ///
    /// With the failure that reaches a limit begins the first [`pause`]: the attempt itself still goes through, the next one
    /// waits. A counter whose last attempt is `memory` seconds old, or more, begins again at one.
    ///
    /// | `per_account` 5: attempts | 1 to 5 | at once | 60 s later | at once | 120 s later |
    /// | --- | --- | --- | --- | --- | --- |
    /// | | go through | 429, Retry-After 60 | goes through | 429, Retry-After 120 | goes through |
    fn begin(&self, tx: &Tx, email: &str) -> Result<(), Problem> {
        todo!("ask both counters, then count both")
    }

    /// Takes the attempt that was allowed last back from both counters; what they counted before stays. Neither is locked
    /// any more (otherwise `begin` would not have let the attempt through).
    fn take_back(&self, tx: &Tx, email: &str) -> Result<(), Problem> {
        todo!("one less, for both keys")
    }

    /// The attempt was the owner's: the counter of this client at this account is forgotten. In the counter of this client
    /// at all accounts only this one attempt is taken back: a guesser may have an account of his own.
    fn succeeded(&self, tx: &Tx, email: &str) -> Result<(), Problem> {
        todo!("one is deleted, one is taken back")
    }
}

/// The pause after `failures` failed attempts, in seconds: none below `allowed`; at `allowed` the first pause, which
/// doubles with each further failure, up to the longest. No number of failures makes it overflow.
///
/// | failures (allowed 5, first 60, longest 3600) | 4 | 5 | 6 | 7 | 10 | 11 | 5000 |
/// | --- | --- | --- | --- | --- | --- | --- | --- |
/// | pause | 0 | 60 | 120 | 240 | 1920 | 3600 | 3600 |
pub fn pause(failures: i64, allowed: i64, limits: &LockoutLimits) -> i64 {
    todo!("count the doublings; let nothing overflow")
}

/// What counts as one client: an IPv4 address (also when it is written as IPv6, `::ffff:192.0.2.7`), or the first 64 bits
/// of an IPv6 address, since every customer is given at least that many addresses.
///
/// | address | client |
/// | --- | --- |
/// | `192.0.2.7`, `::ffff:192.0.2.7` | one and the same |
/// | `2001:db8:1:2::7`, `2001:db8:1:2:ffff::9` | one and the same |
/// | `2001:db8:1:2::7`, `2001:db8:1:3::7` | two |
pub fn network(address: IpAddr) -> String {
    todo!("the canonical form; then all of IPv4, half of IPv6")
}
