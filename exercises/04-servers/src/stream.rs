//! A connection and a clock, as `patience` and `pool` know them.
//!
//! They are traits, so that a test can bring a client that plays a script and a clock that it turns itself. All of it is
//! given.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A connection: bytes in, bytes out, and how long to wait for them.
pub trait Stream: Read + Write {
    /// From now on a read or a write that waits longer fails. `wait` is more than zero.
    ///
    /// The error is [`io::ErrorKind::WouldBlock`] on some systems and [`io::ErrorKind::TimedOut`] on others.
    fn set_wait(&mut self, wait: Duration) -> io::Result<()>;

    /// Tells the client that nothing more will come. What the client sends can still be read.
    fn end_sending(&mut self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn set_wait(&mut self, wait: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(wait))?;
        self.set_write_timeout(Some(wait))
    }

    fn end_sending(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// What time it is. A trait, so that a test can have a clock of its own.
pub trait Clock {
    /// The time since some beginning. It never goes back.
    fn now(&self) -> Duration;

    /// The seconds since the beginning of 1970, UTC.
    fn unix_seconds(&self) -> u64;
}

/// The time of the system.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock that begins now.
    pub fn start() -> SystemClock {
        SystemClock {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn unix_seconds(&self) -> u64 {
        // A clock that is set before 1970 counts as 1970.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs())
    }
}
