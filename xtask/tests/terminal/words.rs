//! What the commands say.

use sample::Sample;

use std::time::{Duration, Instant};

use crate::learner::{run, write_sum};

#[test]
fn an_error_is_shown_without_what_the_library_looks_like() {
    let sample = Sample::build();
    write_sum(&sample, "one + \"a\"");
    let said = run(&sample, "check sums").out;
    assert!(said.contains("cannot add `&str` to `u32`"), "{said}");
    assert!(said.contains("exercises/01-tiny/src/sums.rs:5:9"), "{said}");
    assert!(
        !said.contains("/rustc/") && !said.contains("rustlib"),
        "{said}"
    );
    assert!(said.lines().count() < 24, "it fits on a screen: {said}");
}

#[test]
fn a_panic_inside_of_the_library_shows_the_learners_own_line() {
    let sample = Sample::build();
    write_sum(
        &sample,
        "let all: u32 = [u32::MAX, one, other].iter().sum();\n    all",
    );
    let said = run(&sample, "check sums").out;
    assert!(said.contains("attempt to add with overflow"), "{said}");
    assert!(
        said.contains("at exercises/01-tiny/src/sums.rs:5\n"),
        "{said}"
    );
    assert!(
        said.contains("│ let all: u32 = [u32::MAX, one, other].iter().sum();"),
        "{said}"
    );
    assert!(!said.contains("/rustc/"), "{said}");
    // The program with lines is not taken for the one without, nor the other way round.
    sample.solve("sums");
    assert_eq!(run(&sample, "check sums").code, Some(0));
}

#[test]
fn the_first_failure_is_shown_and_all_on_request() {
    let sample = Sample::build();
    write_sum(&sample, "one * other * 0");
    let first = run(&sample, "check sums").out;
    assert!(first.contains("Two and three make five."), "{first}");
    assert!(!first.contains("Taking one number away"), "{first}");
    assert!(
        first.contains("0 of 2 tests pass. After this one: adding_can_be_undone"),
        "{first}"
    );
    let all = run(&sample, "check sums --all-failures").out;
    assert!(all.contains("Two and three make five."), "{all}");
    assert!(all.contains("Taking one number away"), "{all}");
}

#[test]
fn what_hangs_is_not_waited_for_once_the_first_failure_is_known() {
    let sample = Sample::build();
    sample.change(
        "exercises/01-tiny/stage.toml",
        "test_seconds = 5",
        "test_seconds = 60",
    );
    // Wrong for the first test, and without end for the second.
    write_sum(
        &sample,
        "if other == 7 { loop { std::thread::yield_now(); } }\n    one * other",
    );
    for command in ["", "check sums"] {
        let begun = Instant::now();
        let said = run(&sample, command).out;
        assert!(begun.elapsed() < Duration::from_secs(50), "{said}");
        assert!(said.contains("Two and three make five."), "{said}");
        assert!(said.contains("expected: 5"), "{said}");
    }
}

#[test]
fn what_passing_tests_printed_is_shown_on_request() {
    let sample = Sample::build();
    write_sum(&sample, "println!(\"adding {one}\");\n    one + other");
    let said = run(&sample, "check sums");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.out.contains("adding 2"), "{}", said.out);
    // Also for what has passed before, and is not judged again otherwise.
    let said = run(&sample, "check sums --printed");
    assert!(said.out.contains("adds_small_numbers"), "{}", said.out);
    assert!(said.out.contains("│ adding 2"), "{}", said.out);
    sample.solve("sums");
    let said = run(&sample, "check sums --printed");
    assert!(said.out.contains("Nothing was printed"), "{}", said.out);
}

#[test]
fn a_dbg_that_is_left_is_mentioned_with_its_line() {
    let sample = Sample::build();
    write_sum(&sample, "let all = one + other;\n    dbg!(all)");
    for command in ["", "check sums"] {
        let said = run(&sample, command).out;
        let line = "`dbg!` is left in exercises/01-tiny/src/sums.rs, line 6";
        assert!(said.contains("tiny/sums · Adding · passed"), "{said}");
        assert!(said.contains(line), "{said}");
        sample.remove(".progress.json");
    }
    write_sum(&sample, "// No dbg! here.\n    one + other");
    let said = run(&sample, "check sums").out;
    assert!(!said.contains("is left in"), "{said}");
}

#[test]
fn comments_of_the_task_are_no_difference_from_the_reference() {
    let sample = Sample::build();
    let task = "//! Adds.\n//! What to do.\n\n/// The sum.\n/// | a | b |\npub fn sum(one: u32, other: u32) -> u32 {\n    ";
    sample.write(
        "exercises/01-tiny/src/sums.rs",
        &format!("{task}one + other\n}}\n"),
    );
    let said = run(&sample, "solution sums").out;
    assert_eq!(said, "Yours is the reference answer.\n");
    sample.write(
        "exercises/01-tiny/src/sums.rs",
        &format!("{task}other + one\n}}\n"),
    );
    let said = run(&sample, "solution sums").out;
    assert!(
        said.contains("-     other + one") && said.contains("+     one + other"),
        "{said}"
    );
    assert!(
        !said.contains("What to do") && !said.contains("| a |"),
        "{said}"
    );
}

#[test]
fn a_failing_test_is_said_before_a_warning() {
    let sample = Sample::build();
    write_sum(&sample, "std::fs::read(\"a\");\n    one * other");
    let said = run(&sample, "check sums").out;
    let places = ["Two and three make five.", "unused `Result`"].map(|word| said.find(word));
    assert!(places.is_sorted() && places[0].is_some(), "{said}");
}
