//! How far tests are kept apart from the machine.

use serde::{Deserialize, Serialize};

/// How far tests are kept apart from the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A cleared environment, closed descriptors, a process group, limits on time, memory, output and file sizes.
    Basic,
    /// Besides: only named files can be read or written, no process can be started.
    Confined,
    /// Besides: no network but the loopback device, and nothing to be changed outside a folder of limited size.
    Full,
}

impl Level {
    /// The name in reports and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Level::Basic => "basic",
            Level::Confined => "confined",
            Level::Full => "full",
        }
    }

    /// The level of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = [Level::Basic, Level::Confined, Level::Full].into_iter();
        all.find(|level| level.id() == name)
    }

    /// What the level does, and what it cannot stop.
    pub fn words(self) -> &'static str {
        match self {
            Level::Basic => {
                "basic: tests have a cleared environment, closed descriptors, a process group and limits. Not stopped: \
                 reading and changing files that the grader's user can reach, the memory of the test itself among \
                 them, starting processes that outlive the test, and the network"
            }
            Level::Confined => {
                "confined: besides limits, tests reach only their own files (Landlock) and can start no process \
                 (seccomp). Not stopped: the network, filling the disk, and reading the program with the tests in it"
            }
            Level::Full => {
                "full: besides limits, tests reach only their own files (Landlock), can start no process (seccomp), \
                 have no network but the loopback device, see neither their program nor other processes, and write \
                 only to a folder of limited size (namespaces)"
            }
        }
    }
}
