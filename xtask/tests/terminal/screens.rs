//! A pseudo-terminal with a learner before it.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command as PtyCommand, Pty, open};

/// Long enough for a machine that is busy; a test that passes never waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program in a terminal of its own.
pub struct Screen {
    pty: std::sync::Arc<Pty>,
    pub child: Child,
    received: Receiver<Vec<u8>>,
    /// Everything that came.
    pub raw: String,
    /// Up to where something was found on the screen.
    seen: usize,
}

impl Screen {
    /// Starts a command in a terminal of 80 columns and 24 rows.
    pub fn start(command: &Command) -> Self {
        Self::sized(command, 80, 24)
    }

    pub fn sized(command: &Command, columns: u16, rows: u16) -> Self {
        let (pty, slave) = open().expect("the system gives a terminal");
        pty.resize(Size::new(rows, columns)).expect("it has a size");
        let mut started = PtyCommand::new(command.get_program())
            .args(command.get_args())
            .current_dir(command.get_current_dir().expect("it has a folder"));
        for (name, value) in command.get_envs() {
            started = match value {
                Some(value) => started.env(name, value),
                None => started.env_remove(name),
            };
        }
        let child = started.spawn(slave).expect("the program starts");
        let pty = std::sync::Arc::new(pty);
        let (sender, received) = channel();
        let reader = std::sync::Arc::clone(&pty);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of the program is an error on Linux, and nothing more to read elsewhere.
            while let Ok(count @ 1..) = (&*reader).read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            pty,
            child,
            received,
            raw: String::new(),
            seen: 0,
        }
    }

    /// Waits until `text` stands on the screen that was not looked for before, and answers what came up to there.
    pub fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = plain(&self.raw);
            let fresh = shown.get(self.seen..).unwrap_or_default();
            if let Some(start) = fresh.find(text) {
                let end = start + text.len();
                self.seen += end;
                return fresh[..end].to_owned();
            }
            let rest = deadline.saturating_duration_since(Instant::now());
            match self.received.recv_timeout(rest) {
                Ok(bytes) => self.raw.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("{text:?} never came; the screen has:\n{}", plain(&self.raw)),
            }
        }
    }

    pub fn press(&self, keys: &str) {
        (&*self.pty)
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
    }

    /// Whether the terminal shows what is typed and hands it on line by line, as a shell wants it.
    pub fn is_cooked(&self) -> bool {
        use rustix::termios::{LocalModes, tcgetattr};
        let modes = tcgetattr(&*self.pty).expect("it is a terminal").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Waits for the end of the program, and answers how it ended.
    pub fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Ok(bytes) = self.received.recv_timeout(Duration::from_millis(20)) {
                self.raw.push_str(&String::from_utf8_lossy(&bytes));
            }
            if let Some(status) = self.child.try_wait().expect("it is a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.raw);
        }
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).expect("it is a number");
        let id = rustix::process::Pid::from_raw(id).expect("it is an id");
        rustix::process::kill_process(id, signal).expect("it runs");
    }

    /// Ends the program by `q`.
    pub fn quit(&mut self) {
        self.press("q");
        let status = self.end();
        assert_eq!(status.code(), Some(0), "{:?} {}", status.signal(), self.raw);
        assert!(self.is_cooked(), "the terminal is left raw");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text without what steers the terminal.
pub fn plain(raw: &str) -> String {
    let mut out = String::new();
    let mut rest = raw.chars().peekable();
    while let Some(sign) = rest.next() {
        match sign {
            '\u{1b}' if rest.next_if_eq(&'[').is_some() => {
                for sign in rest.by_ref() {
                    if ('@'..='~').contains(&sign) {
                        break;
                    }
                }
            }
            '\u{1b}' if rest.next_if_eq(&']').is_some() => {
                while let Some(sign) = rest.next() {
                    if sign == '\u{7}' || (sign == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                        break;
                    }
                }
            }
            '\r' => {}
            other => out.push(other),
        }
    }
    out
}
