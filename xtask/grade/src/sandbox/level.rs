//! Which isolation this machine reaches. It is tried, not assumed: a start of the grader confines itself as a test is
//! confined, and says what it could still do.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{NETWORK, Network, PROBE, Policy, confine, read_policy};

/// How far tests are kept apart from the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A cleared environment, closed descriptors, a process group, limits on time, memory, output and file sizes.
    Basic,
    /// Besides: only named files can be read or written, no process can be started.
    Confined,
    /// Besides: no network but the loopback device.
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
                 reading and writing files that the grader's user can reach, starting processes that outlive the \
                 test, and the network"
            }
            Level::Confined => {
                "confined: besides limits, tests reach only their own files (Landlock) and can start no process \
                 (seccomp). Not stopped: the network"
            }
            Level::Full => {
                "full: besides limits, tests reach only their own files (Landlock), can start no process (seccomp), \
                 and have no network but the loopback device (a network namespace)"
            }
        }
    }
}

/// The measures that work here.
#[derive(Debug, Default)]
pub struct Isolation {
    pub files: bool,
    pub calls: bool,
    pub network: Option<Network>,
    holder: Option<Child>,
}

impl Isolation {
    /// Tries what works, at most up to `most`. `policy` is that of a test, `secret` a file that it must not read, and
    /// `outside` a folder that it must not write.
    pub fn reach(
        grade: &Path,
        policy: &Policy,
        secret: &Path,
        outside: &Path,
        most: Level,
    ) -> Self {
        let mut isolation = Self::default();
        if most == Level::Basic || !cfg!(target_os = "linux") {
            return isolation;
        }
        let mut policy = policy.clone();
        (policy.confine_files, policy.confine_calls) = (true, true);
        let can = try_with(grade, &policy, secret, outside);
        isolation.files = can.as_ref().is_some_and(|can| !can.contains(FILES));
        isolation.calls = can.as_ref().is_some_and(|can| !can.contains(CALLS));
        if !(isolation.files && isolation.calls && most == Level::Full) {
            return isolation;
        }
        if let Some((holder, network)) = hold(grade) {
            policy.network = Some(network);
            let can = try_with(grade, &policy, secret, outside);
            if can.is_some_and(|can| !can.contains(OUTSIDE) && can.contains(LOOPBACK)) {
                isolation.network = Some(network);
            }
            isolation.holder = Some(holder);
        }
        isolation
    }

    /// The level that these measures make up.
    pub fn level(&self) -> Level {
        match (self.files && self.calls, self.network) {
            (true, Some(_)) => Level::Full,
            (true, None) => Level::Confined,
            (false, _) => Level::Basic,
        }
    }
}

impl Drop for Isolation {
    fn drop(&mut self) {
        if let Some(mut holder) = self.holder.take() {
            // It ends when its standard input does.
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
    }
}

fn hold(grade: &Path) -> Option<(Child, Network)> {
    let mut holder = Command::new(grade)
        .arg(NETWORK)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut line = String::new();
    let read = BufReader::new(holder.stdout.take()?).read_line(&mut line);
    if read.is_err() || line.is_empty() {
        let _ = holder.wait();
        return None;
    }
    let network = Network {
        process: holder.id(),
        in_user_namespace: line.trim_end() == "user",
    };
    Some((holder, network))
}

const FILES: &str = "files";
const CALLS: &str = "calls";
const OUTSIDE: &str = "outside";
const LOOPBACK: &str = "loopback";

/// What a start with `policy` could do; `None` when it could not confine itself.
fn try_with(grade: &Path, policy: &Policy, secret: &Path, outside: &Path) -> Option<String> {
    let policy = serde_json::to_string(policy).ok()?;
    let mut command = Command::new(grade);
    command.arg(PROBE).arg(policy).arg(secret).arg(outside);
    let output = command.stdin(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `POLICY SECRET OUTSIDE`: confines itself, and prints what it can still do.
pub fn probe(words: &[OsString]) -> Result<(), String> {
    let policy = read_policy(words.first())?;
    let secret = words.get(1).ok_or("the secret is missing")?;
    let outside = Path::new(words.get(2).ok_or("the folder is missing")?);
    confine(&policy)?;
    let written = outside.join(format!("probe-{}", std::process::id()));
    let can_write = std::fs::write(&written, "").is_ok();
    if std::fs::read(secret).is_ok() || can_write || std::fs::File::open("/proc/self/mem").is_ok() {
        println!("{FILES}");
    }
    if can_write {
        let _ = std::fs::remove_file(&written);
    }
    if Command::new("/bin/true").spawn().is_ok() {
        println!("{CALLS}");
    }
    // An address that nobody has, set aside for documents: where there is a network, the attempt times out or is
    // answered by a router; where there is none, it is refused at once.
    let nobody = std::net::SocketAddr::from(([192, 0, 2, 1], 9));
    let attempt = TcpStream::connect_timeout(&nobody, Duration::from_millis(50));
    let unreachable =
        attempt.is_err_and(|error| error.kind() == std::io::ErrorKind::NetworkUnreachable);
    if !unreachable {
        println!("{OUTSIDE}");
    }
    let listener = TcpListener::bind(("127.0.0.1", 0));
    let address = listener.as_ref().ok().and_then(|one| one.local_addr().ok());
    if address.is_some_and(|address| TcpStream::connect(address).is_ok()) {
        println!("{LOOPBACK}");
    }
    Ok(())
}
