//! On forty columns words are broken at spaces, by the runner and not by the terminal.

use sample::Sample;

use crate::learner::{runner, write_sum};
use crate::screens::{Screen, plain};

/// What a command shows on forty columns.
fn shown(sample: &Sample, line: &str) -> String {
    let mut command = runner(sample, line);
    command.env("EDITOR", "no-such-editor");
    let mut screen = Screen::sized(&command, 40, 20);
    screen.end();
    // The line that says how far something is goes away before the next thing is said.
    plain(&screen.raw.replace("\u{1b}[2K", "\n"))
}

#[test]
fn no_sentence_is_longer_than_the_screen_is_wide() {
    let sample = Sample::build();
    let long = "Add both of them, and think of what becomes of a sum that is larger than its type can hold";
    sample.change(
        "exercises/01-tiny/stage.toml",
        "\"Adding\"",
        &format!("\"{long}\""),
    );
    sample.change(
        "exercises/01-tiny/stage.toml",
        "\"three\"",
        &format!("\"{long}\""),
    );
    write_sum(&sample, &format!("panic!(\"{long}\")"));
    for line in [
        "",
        "check sums",
        "list",
        "hint sums --all",
        "hint sums",
        "lesson tiny",
        "check smus",
        "nonsense",
        "next",
        "reset --tests tiny",
        "solution sums",
        "open sums",
        "doctor",
        "reset sums",
        "check --all sums",
        "check later",
        "help",
        "help watch",
    ] {
        let text = shown(&sample, line);
        for row in text.lines() {
            // What stands behind a bar is code.
            let is_code = row.contains('│') || row.contains("Usage: ");
            assert!(
                is_code || row.chars().count() <= 40,
                "{line}: {row:?} in\n{text}"
            );
        }
    }
}

#[test]
fn what_the_runner_says_instead_of_the_compiler_is_broken_too() {
    let sample = Sample::build();
    sample.change(
        crate::learner::SUMS,
        "    todo!(\"add both\")\n",
        "<<<<<<< HEAD\n    one\n=======\n    other\n>>>>>>> origin/main\n",
    );
    let text = shown(&sample, "check sums");
    assert!(text.contains("git has left a conflict in"), "{text}");
    for row in text.lines() {
        assert!(row.chars().count() <= 40, "{row:?} in\n{text}");
    }
}

#[test]
fn on_a_small_screen_a_watch_keeps_what_is_said_first() {
    let sample = Sample::build();
    let text = "let all = vec![\"a long line of text\"; 30];\n    assert_eq!(all, Vec::<&str>::new());\n    one * other";
    for body in ["one * other", "one + \"a\"", text, "todo!(\"add both\")"] {
        write_sum(&sample, body);
        let mut screen = Screen::sized(&runner(&sample, "watch"), 40, 20);
        let shown = screen.wait_for("q quit");
        let verdict = shown.rfind("tiny/sums ·").expect("it is named");
        let shown = &shown[verdict..];
        let rows: usize = shown
            .lines()
            .map(|line| line.chars().count().div_ceil(40).max(1))
            .sum();
        // The cursor takes the last row.
        assert!(rows < 20, "{rows} rows:\n{shown}");
        assert!(shown.contains("exercises/01-tiny/src/sums.rs"), "{shown}");
        screen.quit();
    }
}
