//! Time as a value that the program is given, so that a test can hold it still.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Whole milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMillis = i64;

/// Where the program reads the time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> UnixMillis;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        jiff::Timestamp::now().as_millisecond()
    }
}

/// A clock that stands still until somebody moves it. Clones share one time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: UnixMillis) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    /// Moves the clock on by `millis`; back, when they are negative.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        self.0.load(Ordering::SeqCst)
    }
}

/// The time as RFC 3339 writes it, in UTC and with three digits of a second's fraction: `2026-03-01T09:30:00.250Z`.
#[must_use]
pub fn rfc3339(at: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map_or_else(|_| at.to_string(), |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn a_fraction_always_has_three_digits() {
        assert_eq!(rfc3339(1_500_000_000_000), "2017-07-14T02:40:00.000Z");
        assert_eq!(rfc3339(1_500_000_000_250), "2017-07-14T02:40:00.250Z");
        assert_eq!(rfc3339(1_500_000_000_007), "2017-07-14T02:40:00.007Z");
    }
}
