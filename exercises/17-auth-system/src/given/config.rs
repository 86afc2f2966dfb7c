//! What can be set. The defaults are those of the running program; tests choose a cheap Argon2.

use std::time::Duration;

/// What one Argon2id hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes that could be filled in parallel.
    pub lanes: u32,
}

/// When guessing is stopped, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct LockoutLimits {
    /// Failed attempts by one client at one account before that client has to wait.
    pub per_account: i64,
    /// Failed attempts by one client over all accounts before it has to wait.
    pub per_client: i64,
    /// The first pause, in seconds; each further failure doubles it.
    pub first_pause: i64,
    /// No pause is longer than this, in seconds.
    pub longest_pause: i64,
    /// Attempts are forgotten when this many seconds have passed without another one.
    pub memory: i64,
}

/// The settings of the service. Lifetimes are seconds.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where people reach the service, without a slash at the end: links in mails begin with it.
    pub public_url: String,
    /// The cost of every new password hash.
    pub argon2: Argon2Cost,
    /// How long the link of a verification mail works.
    pub verification_lifetime: i64,
    /// How long the link of a reset mail works.
    pub reset_lifetime: i64,
    /// How long an access token is accepted.
    pub access_lifetime: i64,
    /// How long a session lasts, whatever happens in it.
    pub session_lifetime: i64,
    /// How long a key signs access tokens.
    pub key_lifetime: i64,
    /// How long the delivery of a mail is tried.
    pub mail_patience: i64,
    /// How long a mail that was delivered stays in the outbox.
    pub mail_kept: i64,
    /// Answers that must not tell by their time who has an account leave at multiples of this.
    pub answer_beat: Duration,
    /// The `iss` of access tokens: who made them.
    pub issuer: String,
    /// The `aud` of access tokens: who they are for.
    pub audience: String,
    /// When guessing is stopped.
    pub lockout: LockoutLimits,
    /// Whether the last address of `X-Forwarded-For` is the client's: only behind a proxy that sets it.
    pub behind_proxy: bool,
    /// The largest request body, in bytes.
    pub largest_body: usize,
    /// How many requests may hash a password at the same time; the others wait.
    pub hashing_at_once: usize,
    /// How many requests may wait for that; the others are asked to come again.
    pub hashing_queue: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_url: "http://localhost:3000".to_owned(),
            // The second of the settings that OWASP's password storage cheat sheet lists for Argon2id: 19 MiB, 2, 1.
            argon2: Argon2Cost {
                memory_kib: 19 * 1024,
                iterations: 2,
                lanes: 1,
            },
            verification_lifetime: 24 * 3600,
            reset_lifetime: 30 * 60,
            access_lifetime: 10 * 60,
            session_lifetime: 30 * 24 * 3600,
            key_lifetime: 30 * 24 * 3600,
            mail_patience: 24 * 3600,
            mail_kept: 7 * 24 * 3600,
            answer_beat: Duration::from_millis(100),
            issuer: "https://accounts.lantern.example".to_owned(),
            audience: "lantern-api".to_owned(),
            lockout: LockoutLimits {
                per_account: 5,
                per_client: 50,
                first_pause: 60,
                longest_pause: 3600,
                memory: 24 * 3600,
            },
            behind_proxy: false,
            largest_body: 16 * 1024,
            // Each hash fills 19 MiB, and the hasher keeps two such areas: a flood of sign-ins queues instead of filling
            // the memory, and the queue is short enough that whoever waits is still there.
            hashing_at_once: 2,
            hashing_queue: 64,
        }
    }
}

impl Config {
    /// The same settings with an Argon2 that takes microseconds, and with answers that leave at once: for tests.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            argon2: Argon2Cost {
                memory_kib: 16,
                iterations: 1,
                lanes: 1,
            },
            answer_beat: Duration::ZERO,
            behind_proxy: true,
            hashing_at_once: 64,
            ..Self::default()
        }
    }
}
