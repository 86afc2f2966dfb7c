//! `kill -9` at any moment: no file is lost or half-written, and no progress that was shown.

use std::fs;
use std::io::Read;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::{Learner, RIGHT, SUMS, WRONG, sums};

/// How many commands are killed. The whole number takes some minutes, so it is for the night.
const KILLS: u32 = 1000;

/// A command of those that write, in turn.
const COMMANDS: [&str; 5] = [
    "check sums",
    "hint words",
    "check --all",
    "reset sums",
    "watch sums",
];

#[test]
#[ignore = "takes minutes: `cargo xtask verify --slow` runs it"]
fn nothing_is_lost_whenever_the_runner_is_killed() {
    let learner = Learner::begin();
    learner.course.solve("words");
    assert_eq!(learner.check("words").code, Some(0));
    let mut number = 0x2545_F491_4F6C_DD1D_u64;
    for turn in 0..KILLS {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        let text = sums(if turn % 2 == 0 { RIGHT } else { WRONG });
        learner.course.write(SUMS, &text);
        let line = COMMANDS[turn as usize % COMMANDS.len()];
        let mut first = learner.command(line);
        let mut second = learner.command("hint words");
        let mut first = first
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut second = second.stdout(Stdio::null()).spawn().expect("it starts");
        // The moment of the kill is what is tried here: nothing waits for it.
        thread::sleep(Duration::from_millis(number % 400));
        let _ = first.kill();
        let _ = second.kill();
        let mut shown = String::new();
        let out = first
            .stdout
            .take()
            .map(|mut out| out.read_to_string(&mut shown));
        assert!(out.is_some());
        let _ = first.wait();
        let _ = second.wait();
        let lies_there = learner.course.read(SUMS);
        let starter = lies_there.contains("todo!");
        let kept = fs::read_dir(learner.course.path("exercises/01-tiny/src")).expect("readable");
        let kept = kept
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains("kept-"));
        let is_kept = kept
            .filter_map(|entry| fs::read_to_string(entry.path()).ok())
            .any(|kept| kept == text);
        assert!(
            lies_there == text || (starter && is_kept),
            "turn {turn}: the answer is lost"
        );
        let listed = learner.run("list");
        assert!(
            listed.out.contains("✓ words"),
            "turn {turn}, {line}: {}",
            listed.all()
        );
        let was_shown = line == "check sums" && shown.contains("✓ tiny/sums");
        assert!(
            !was_shown || listed.out.contains("✓ sums"),
            "turn {turn}: the pass of sums was shown and is lost"
        );
    }
}
