//! A signature that the learner has changed is named before the compiler points into the tests.

use sample::Sample;

use crate::learner::{SUMS, run};

#[test]
fn a_changed_signature_is_said_first_and_both_are_shown() {
    let sample = Sample::build();
    sample.write(
        SUMS,
        "//! Adds.\n\n/// The sum.\npub fn sum(mut all: Vec<u32>) -> u32 {\n    all.pop().unwrap_or(0)\n}\n",
    );
    let said = run(&sample, "check sums").out;
    let head = "`sum` in exercises/01-tiny/src/sums.rs is not";
    assert!(said.contains(head), "{said}");
    // The compiler points into the test, where nothing is wrong.
    assert!(!said.contains("error"), "{said}");
    let all = run(&sample, "check sums --all-failures").out;
    let places = [head, "error", "tests/stage/sums.rs:"].map(|word| all.find(word));
    assert!(places.is_sorted() && places[0].is_some(), "{all}");
    for line in [
        "the starter has pub fn sum(one: u32, other: u32) -> u32",
        "your file has pub fn sum(mut all: Vec<u32>) -> u32",
    ] {
        assert!(said.contains(line), "{said}");
    }
    let json = run(&sample, "check sums --format json").out;
    assert!(
        json.contains("\"starter\": \"pub fn sum(one: u32, other: u32) -> u32\""),
        "{json}"
    );
    // A name that is gone.
    sample.write(
        SUMS,
        "pub fn add(one: u32, other: u32) -> u32 { one + other }\n",
    );
    let said = run(&sample, "check sums").out;
    assert!(said.contains("your file has nothing like it"), "{said}");
    let json = run(&sample, "check sums --format json").out;
    assert!(json.contains("\"yours\": null"), "{json}");
}

#[test]
fn other_names_for_parameters_are_nobodys_business() {
    let sample = Sample::build();
    sample.write(
        SUMS,
        "pub fn sum(mut a: u32, b: u32) -> u32 {\n    a *= b;\n    a\n}\n",
    );
    let said = run(&sample, "check sums").out;
    assert!(said.contains("2 and 3"), "{said}");
    assert!(!said.contains("starter"), "{said}");
}

#[test]
fn a_changed_signature_of_an_exercise_that_is_used_is_named_with_its_file() {
    let sample = Sample::build();
    sample.solve("sums");
    sample.change(SUMS, "other: u32) -> u32", "other: u32) -> u64");
    sample.change(SUMS, "one + other", "u64::from(one + other)");
    sample.write(
        "exercises/01-tiny/src/words.rs",
        "pub fn shout(word: &str) -> String {\n    let more: u32 = crate::sums::sum(1, 2);\n    word.repeat(more as usize)\n}\n",
    );
    let said = run(&sample, "check words").out;
    assert!(
        said.contains("`sum` in exercises/01-tiny/src/sums.rs is not"),
        "{said}"
    );
}
