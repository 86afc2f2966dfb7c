//! Which isolation this machine reaches. It is tried, not assumed: a start of the grader confines itself as a test is
//! confined, and says what it could still do.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
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
#[derive(Debug, Default, Clone)]
pub struct Isolation {
    /// Files can be confined.
    pub files: bool,
    /// System calls can be refused.
    pub calls: bool,
    /// Tests can have namespaces of their own.
    pub namespaces: bool,
    /// Why the next level is not reached, where the machine says so.
    pub missing: Option<String>,
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
        let can = match try_with(grade, &policy, secret, outside) {
            Ok(can) => can,
            Err(why) => {
                isolation.missing = Some(why);
                return isolation;
            }
        };
        isolation.files = !can.contains(FILES);
        isolation.calls = !can.contains(CALLS);
        if isolation.files && isolation.calls && most == Level::Full {
            let tried = Held::new(grade, &[]).and_then(|held| {
                policy.measures.namespaces = Some(held.namespaces);
                try_with(grade, &policy, secret, outside)
            });
            match tried {
                Ok(can) => isolation.namespaces = can.lines().eq([LOOPBACK]),
                Err(why) => isolation.missing = Some(why),
            }
        }
        isolation
    }

    /// The level that these measures make up.
    pub fn level(&self) -> Level {
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
    /// What a test is told to join them.
    pub namespaces: Namespaces,
    holder: Child,
}

impl Held {
    /// Makes namespaces in which the folders `hidden` are empty.
    ///
    /// # Errors
    ///
    /// When this machine does not allow it; the text says what was refused.
    pub fn new(grade: &Path, hidden: &[PathBuf]) -> Result<Self, String> {
        let mut holder = Command::new(grade)
            .arg(NAMESPACES)
            .args(hidden)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut line = String::new();
        let out = holder.stdout.take().map(BufReader::new);
        let read = out.map_or(Ok(0), |mut out| out.read_line(&mut line));
        if read.is_err() || line.is_empty() {
            let output = holder.wait_with_output();
            return Err(output.map_or_else(|error| error.to_string(), |output| said(&output)));
        }
        let namespaces = Namespaces {
            process: holder.id(),
            in_user_namespace: line.trim_end() == "user",
        };
        Ok(Self { namespaces, holder })
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

/// What a start with `policy` could do. An error when it could not confine itself, with its words.
fn try_with(
    grade: &Path,
    policy: &Policy,
    secret: &Path,
    outside: &Path,
) -> Result<String, String> {
    let policy = serde_json::to_string(policy).map_err(|error| error.to_string())?;
    let mut command = Command::new(grade);
    command.arg(PROBE).arg(policy).arg(secret).arg(outside);
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(said(&output))
    }
}

/// What a start says that could not do its work.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
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
