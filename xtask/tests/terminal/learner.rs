//! A learner with a small course and the built runner.

use std::path::Path;
use std::process::{Command, Output};

use sample::Sample;

pub const SUMS: &str = "exercises/01-tiny/src/sums.rs";
pub const WORDS: &str = "exercises/01-tiny/src/words.rs";

/// What the environment of the machine that runs these tests must not bring in.
const FOREIGN: [&str; 14] = [
    "CARGO_MANIFEST_DIR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLORTERM",
    "EDITOR",
    "FORCE_HYPERLINK",
    "NO_COLOR",
    "STY",
    "TERM_PROGRAM",
    "TMUX",
    "VISUAL",
    "VTE_VERSION",
    "WT_SESSION",
    "XTASK_PLAIN",
];

/// A command in the course's folder, as `cargo xtask` starts it, in an environment that is always the same.
pub fn runner(sample: &Sample, arguments: &str) -> Command {
    runner_in(sample, "", arguments)
}

/// As [`runner`], started in a folder of the course.
pub fn runner_in(sample: &Sample, folder: &str, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(arguments.split_whitespace())
        .current_dir(sample.path(folder))
        .env("CARGO_TARGET_DIR", sample.path("target"))
        .env("TERM", "xterm-256color");
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
}

/// What a command printed, and its exit code.
pub struct Said {
    pub out: String,
    pub err: String,
    pub code: Option<i32>,
}

/// Runs a command to its end, without a terminal.
pub fn said(mut command: Command) -> Said {
    let output: Output = command.output().expect("the runner starts");
    Said {
        out: String::from_utf8(output.stdout).expect("it prints UTF-8"),
        err: String::from_utf8(output.stderr).expect("it prints UTF-8"),
        code: output.status.code(),
    }
}

/// As [`said`], for a command line in the course's folder.
pub fn run(sample: &Sample, arguments: &str) -> Said {
    said(runner(sample, arguments))
}

/// Puts a body in the place of the work that is left in `sum`.
pub fn write_sum(sample: &Sample, body: &str) {
    let text = format!(
        "//! Adds.\n\n/// The sum.\npub fn sum(one: u32, other: u32) -> u32 {{\n    {body}\n}}\n"
    );
    sample.write(SUMS, &text);
}

/// The text of a file that a test expects to be there.
pub fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the file is there")
}
