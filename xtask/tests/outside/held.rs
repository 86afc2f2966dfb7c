//! A test is held by its runner: it ends when the runner is killed, and it does not take the machine's memory.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::Learner;

/// The longest wait for what must happen; nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a condition holds, and answers whether it came to hold.
fn comes(condition: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    while !condition() {
        if begin.elapsed() > PATIENCE {
            return false;
        }
        thread::yield_now();
    }
    true
}

/// After `kill -9` of the runner, the test that it was running is gone as well.
#[test]
fn a_killed_runner_leaves_no_test_behind() {
    let learner = Learner::begin();
    let noted = learner.course.path("noted");
    learner.sums(&format!(
        "std::fs::write({noted:?}, std::process::id().to_string()).expect(\"it can be written\");\n    loop {{\n        \
         std::hint::spin_loop();\n    }}\n    #[allow(unreachable_code)]\n    {{\n        one + other\n    }}"
    ));
    let mut command = learner.command("check sums");
    let mut runner = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let number = || fs::read_to_string(&noted).unwrap_or_default();
    assert!(
        comes(|| !number().is_empty()),
        "the test began and said who it is"
    );
    let test = format!("/proc/{}/stat", number());
    runner.kill().expect("it runs");
    runner.wait().expect("it was a child");
    // Nobody may have collected what is left of it: then it is a zombie.
    let is_gone = || {
        let stat = fs::read_to_string(&test).unwrap_or_default();
        let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
        state.is_empty() || state.starts_with(['Z', 'X'])
    };
    assert!(comes(is_gone), "the test still runs");
}

/// What wants 3 GiB is told that the memory was used up, on a machine that has them, too: the sum would be right.
#[test]
fn a_test_does_not_take_the_machines_memory() {
    let learner = Learner::begin();
    // Asked for and not touched: without the limit the machine gives it, and the test passes at once.
    learner.sums(
        "let room: Vec<u32> = Vec::with_capacity(3 << 28);\n    if room.capacity() == 0 {\n        return one;\n    }\n    one + other",
    );
    let said = learner.check("sums");
    assert_eq!(said.code, Some(1), "{}", said.all());
    let words = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("the memory was used up"), "{}", said.all());
}
