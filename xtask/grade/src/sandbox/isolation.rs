//! Which isolation this machine reaches. It is tried, not assumed: a start of the grader confines itself as a test is
//! confined, and says what it could still do.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Level, NAMESPACES, Namespaces, PROBE, Policy, confine, read_policy};

/// What confines one program.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    /// The files of the policy are all that it can reach.
    pub files: bool,
    /// It is kept from starting processes and from other system calls.
    pub calls: bool,
    /// The namespaces that it is to join.
    pub namespaces: Option<Namespaces>,
}

/// The measures that work here.
#[derive(Debug, Default, Clone, Copy)]
pub struct Isolation {
    pub files: bool,
    pub calls: bool,
    pub namespaces: bool,
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
        policy.measures = Measures {
            files: true,
            calls: true,
            namespaces: None,
        };
        let can = try_with(grade, &policy, secret, outside);
        isolation.files = can.as_ref().is_some_and(|can| !can.contains(FILES));
        isolation.calls = can.as_ref().is_some_and(|can| !can.contains(CALLS));
        if isolation.files
            && isolation.calls
            && most == Level::Full
            && let Some(held) = Held::new(grade, &[])
        {
            policy.measures.namespaces = Some(held.namespaces);
            let can = try_with(grade, &policy, secret, outside);
            isolation.namespaces = can.is_some_and(|can| can.lines().eq([LOOPBACK]));
        }
        isolation
    }

    /// The level that these measures make up.
    pub fn level(self) -> Level {
        match (self.files && self.calls, self.namespaces) {
            (true, true) => Level::Full,
            (true, false) => Level::Confined,
            (false, _) => Level::Basic,
        }
    }
}

/// Namespaces, and the process that holds them as long as this value lives.
#[derive(Debug)]
pub struct Held {
    pub namespaces: Namespaces,
    holder: Child,
}

impl Held {
    /// Makes namespaces in which the folders `hidden` are empty. `None` when this machine does not allow it.
    pub fn new(grade: &Path, hidden: &[PathBuf]) -> Option<Self> {
        let mut holder = Command::new(grade)
            .arg(NAMESPACES)
            .args(hidden)
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
        let namespaces = Namespaces {
            process: holder.id(),
            in_user_namespace: line.trim_end() == "user",
        };
        Some(Self { namespaces, holder })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // It ends when its standard input does.
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

const FILES: &str = "files";
const CALLS: &str = "calls";
const MODES: &str = "modes";
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
    confine(&policy, None)?;
    let written = outside.join(format!("probe-{}", std::process::id()));
    let can_write = fs::write(&written, "").is_ok();
    if fs::read(secret).is_ok() || can_write || File::open("/proc/self/mem").is_ok() {
        println!("{FILES}");
    }
    if can_write {
        let _ = fs::remove_file(&written);
    }
    // The modes that it has already: where there is nothing to stop this, it changes nothing.
    let modes = fs::metadata(outside).map(|data| data.permissions());
    if modes.is_ok_and(|modes| fs::set_permissions(outside, modes).is_ok()) {
        println!("{MODES}");
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
