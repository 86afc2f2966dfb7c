//! What can be set. The defaults are those of the running program; tests choose a cheap Argon2.

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

/// The settings of the service.
#[derive(Debug, Clone)]
pub struct Config {
    /// The cost of every new password hash.
    pub argon2: Argon2Cost,
    /// How long a token is accepted, in seconds.
    pub token_lifetime: i64,
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
            // The second of the settings that OWASP's password storage cheat sheet lists for Argon2id: 19 MiB, 2, 1.
            argon2: Argon2Cost {
                memory_kib: 19 * 1024,
                iterations: 2,
                lanes: 1,
            },
            // The specification knows no way to renew a token: whoever works with a frontend signs in again once a month.
            token_lifetime: 30 * 24 * 3600,
            largest_body: 1024 * 1024,
            // Each hash fills 19 MiB, and the hasher keeps two such areas: a flood of sign-ins queues instead of filling
            // the memory, and the queue is short enough that whoever waits is still there.
            hashing_at_once: 2,
            hashing_queue: 64,
        }
    }
}

impl Config {
    /// The same settings with an Argon2 that takes microseconds: for tests.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            argon2: Argon2Cost {
                memory_kib: 16,
                iterations: 1,
                lanes: 1,
            },
            hashing_at_once: 64,
            ..Self::default()
        }
    }
}
