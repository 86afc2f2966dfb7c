//! What grading adds to a judgement: programs that are confined, builds that are looked at, and a proof that a test
//! came to its end.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::Result;

/// Stands between the engine and code that nobody trusts. A learner's own runner has none.
pub trait Guard: Sync {
    /// Puts what confines the compiler into cargo's environment.
    fn prepare_build(&self, cargo: &mut Command);

    /// How long one cargo call may take; `None` is without end.
    fn build_time(&self) -> Option<Duration>;

    /// Looks at what cargo built, given the files that it made of the stage's package.
    ///
    /// # Errors
    ///
    /// When the build must not be run.
    fn inspect(&self, artifacts: &[PathBuf]) -> Result<()>;

    /// How long a test may run that would have `usual` by itself.
    fn test_time(&self, usual: Duration) -> Duration;

    /// How long a test may run at first that has `usual` by itself. What needs longer runs when all others are done.
    fn first_time(&self, usual: Duration) -> Duration {
        usual
    }

    /// How many tests may run at a time.
    fn workers(&self) -> usize;

    /// Prepares the run of one test.
    ///
    /// # Errors
    ///
    /// When the test's place cannot be made.
    fn start(&self, test: Command) -> io::Result<Start>;
}

/// A test that is ready to run.
pub struct Start {
    pub command: Command,
    /// The path by which the test program knows the test, where it is another than the course's.
    pub path: Option<String>,
    pub stdin: Stdio,
    /// Asked once after the run: whether the test proved that it came to its end.
    pub proved: Box<dyn FnOnce() -> bool>,
}
