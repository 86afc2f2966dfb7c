//! What can be set.

use std::time::Duration;

/// The settings. Lifetimes are seconds.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where people reach the panel, without a slash at the end.
    pub public_url: String,
    /// How long an invitation works.
    pub invitation_lifetime: i64,
    /// How long a session lasts.
    pub session_lifetime: i64,
    /// How long the delivery of a mail is tried.
    pub mail_patience: i64,
    /// How long a mail that was delivered stays in the outbox.
    pub mail_kept: i64,
    /// Answers that must not tell by their time leave at multiples of this.
    pub answer_beat: Duration,
    /// Whether the last address of `X-Forwarded-For` is the client's.
    pub behind_proxy: bool,
    /// The largest request body, in bytes.
    pub largest_body: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_url: "http://localhost:3000".to_owned(),
            invitation_lifetime: 3 * 24 * 3600,
            session_lifetime: 8 * 3600,
            mail_patience: 24 * 3600,
            mail_kept: 7 * 24 * 3600,
            answer_beat: Duration::from_millis(100),
            behind_proxy: false,
            largest_body: 16 * 1024,
        }
    }
}

impl Config {
    /// For tests.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            answer_beat: Duration::ZERO,
            behind_proxy: true,
            ..Self::default()
        }
    }
}
