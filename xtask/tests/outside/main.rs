//! The built program in a scratch folder, command by command, as a learner uses it.
#![cfg(unix)]

mod desk;
mod ends;
mod freshness;
mod held;
mod kills;
mod meanwhile;
mod missing;
mod renamed;
mod tree;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use sample::Sample;

pub const SUMS: &str = "exercises/01-tiny/src/sums.rs";
pub const WORDS: &str = "exercises/01-tiny/src/words.rs";
pub const RIGHT: &str = "one + other";
pub const WRONG: &str = "one * other";

/// A course, and the runner that a learner starts in it.
pub struct Learner {
    pub course: Sample,
    /// Where cargo builds.
    pub target: PathBuf,
    /// The folder in which the commands are given.
    pub folder: PathBuf,
}

/// What a command did.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Learner {
    pub fn begin() -> Self {
        let course = Sample::build();
        Self {
            target: course.path("target"),
            folder: course.path(""),
            course,
        }
    }

    /// The source of `sums` with this body.
    pub fn sums(&self, body: &str) {
        self.course.write(SUMS, &sums(body));
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(line.split_whitespace())
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("NO_COLOR", "1")
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, line: &str) -> Said {
        let output = self.command(line).output().expect("the runner starts");
        said(output)
    }

    /// What `check` says of an exercise.
    pub fn check(&self, name: &str) -> Said {
        self.run(&format!("check {name}"))
    }

    /// Starts `watch`, and waits until it has judged once.
    pub fn watch(&self, name: &str) -> Watch {
        let mut command = self.command(&format!("watch {name}"));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let out = child.stdout.take().expect("it is piped");
        let mut watch = Watch {
            child,
            out: BufReader::new(out),
        };
        watch.next_verdict();
        watch
    }
}

pub fn sums(body: &str) -> String {
    format!(
        "//! Adds.\n\n/// The sum.\npub fn sum(one: u32, other: u32) -> u32 {{\n    {body}\n}}\n"
    )
}

fn said(output: Output) -> Said {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said {
        code: output.status.code(),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

impl Said {
    /// Everything that was printed.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// A `watch` that runs in another terminal; it ends with this value.
pub struct Watch {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Watch {
    /// Everything that `watch` prints up to the end of its next verdict.
    pub fn next_verdict(&mut self) -> String {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let read = self.out.read_line(&mut line).expect("it prints text");
            assert!(read > 0, "watch ended:\n{text}");
            text.push_str(&line);
            if line.starts_with("watching") {
                return text;
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended already, which the test has seen by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
