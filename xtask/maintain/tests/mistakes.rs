//! Known mistakes are made out of edited copies, and stay with a solution that changes.

use std::process::Command;

use maintain::mistake::{new, update};
use maintain::patch::{Mistake, mistakes_of};
use maintain::{new as exercise, verify};
use sample::{Sample, engine};
use xtask::commands::Ending;

const SOLUTION: &str = "solutions/01-tiny/src/sums.rs";

/// A solution of several lines, and six mistakes in it.
const LONGER: &str = "\
//! Adds.

/// The sum.
pub fn sum(one: u32, other: u32) -> u32 {
    let first = one;
    let second = other;
    let total = first + second;
    total
}
";

/// What each mistake writes, and in the place of what.
const MISTAKES: [(&str, &str, &str); 6] = [
    ("first_twice", "let second = other;", "let second = one;"),
    ("second_twice", "let first = one;", "let first = other;"),
    ("one_more", "    total\n}", "    total + 1\n}"),
    ("first_alone", "    total\n}", "    first\n}"),
    ("multiplies", "first + second", "first * second"),
    ("visible_case", "first + second", "5"),
];

fn git(sample: &Sample, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]);
    let status = git.args(arguments).current_dir(sample.path("")).status();
    assert!(status.expect("git starts").success(), "{arguments:?}");
}

/// The sample with [`LONGER`] and its six mistakes, committed.
fn six() -> Sample {
    let sample = Sample::build();
    let course = sample.course();
    let item = course.exercise("sums").expect("it is there");
    let old = mistakes_of(&item).expect("readable");
    let head = old[0].mistake.head.clone();
    for kept in &old {
        sample.remove(&item.stage.shown(&kept.path));
    }
    sample.write(SOLUTION, LONGER);
    for (name, before, after) in MISTAKES {
        assert!(LONGER.contains(before), "{before}");
        let answer = LONGER.replace(before, after);
        let mistake = Mistake::between(head.clone(), "src/sums.rs", LONGER, &answer);
        sample.write(
            &format!("solutions/01-tiny/wrong/sums/{name}.patch"),
            &mistake.encode(),
        );
    }
    git(&sample, &["init", "--quiet"]);
    git(&sample, &["add", "."]);
    git(&sample, &["commit", "--quiet", "-m", "all"]);
    sample
}

/// The answers that the mistakes of `sums` give now; nothing for one that does not fit.
fn answers(sample: &Sample) -> Vec<(String, Option<String>)> {
    let course = sample.course();
    let item = course.exercise("sums").expect("it is there");
    let solution = sample.read(SOLUTION);
    let kept = mistakes_of(&item).expect("readable").into_iter();
    kept.map(|one| (one.name(), one.mistake.apply(&solution).ok()))
        .collect()
}

#[test]
fn a_change_that_six_patches_touch_is_mended_in_all_that_can_be() {
    let sample = six();
    // Every patch has one of these lines, and two have the line that gives the total.
    let changed = LONGER
        .replace("//! Adds.", "//! Adds two numbers.")
        .replace(
            "/// The sum.",
            "/// The sum of both, in cents.\n///\n/// It does not overflow.",
        )
        .replace(
            "let total = first + second;",
            "let total = first.saturating_add(second);",
        );
    sample.write(SOLUTION, &changed);
    let before = answers(&sample);
    assert!(
        before.iter().all(|(_, answer)| answer.is_none()),
        "{before:#?}"
    );
    let course = sample.course();
    let ending = update::run(&course, Some("tiny")).expect("git is there");
    assert_eq!(ending, Ending::NotYet);
    for (name, old, new) in &MISTAKES[..4] {
        let expected = changed.replace(old, new);
        let (_, answer) = answers(&sample)
            .into_iter()
            .find(|(known, _)| known == name)
            .expect("it is kept");
        assert_eq!(answer.as_ref(), Some(&expected), "{name}");
    }
    let item = course.exercise("sums").expect("it is there");
    let left = update::update(&course, &item).expect("readable");
    let lost: Vec<String> = left
        .into_iter()
        .filter_map(|(kept, outcome)| match outcome {
            update::Outcome::Lost(why) => Some(format!("{}: {why}", kept.name())),
            _ => None,
        })
        .collect();
    let lines = "both were changed:\n    the solution now\n          let total = first.saturating_add(second);\n    \
                 the solution before\n          let total = first + second;\n    the mistake\n          ";
    assert_eq!(
        lost,
        [
            format!("multiplies: {lines}let total = first * second;"),
            format!("visible_case: {lines}let total = 5;"),
        ]
    );
}

#[test]
fn a_patch_that_fits_is_not_touched_and_one_that_the_solution_became_is_named() {
    let sample = six();
    let course = sample.course();
    assert_eq!(
        update::run(&course, None).expect("git is there"),
        Ending::Well
    );
    sample.write(SOLUTION, &LONGER.replace("first + second", "5"));
    let item = course.exercise("sums").expect("it is there");
    let outcomes = update::update(&course, &item).expect("readable");
    let (_, outcome) = outcomes
        .iter()
        .find(|(kept, _)| kept.name() == "visible_case")
        .expect("it is kept");
    let why = "the solution says now what the mistake said".to_owned();
    assert_eq!(outcome, &update::Outcome::Lost(why));
}

#[test]
fn an_edited_copy_becomes_a_patch_that_names_the_tests_it_fails() {
    let sample = Sample::build();
    let course = sample.course();
    let engine = engine(&course);
    let make = |name| new::run(&course, &engine, "tiny/sums", name, None);
    let copy = "solutions/01-tiny/wrong/sums/one_more.rs";
    assert_eq!(make("one_more").expect("writable"), Ending::Well);
    assert_eq!(sample.read(copy), sample.read(SOLUTION));
    assert!(make("one_more").is_err(), "it is the solution still");
    sample.change(copy, "one + other", "other + one");
    assert_eq!(make("one_more").expect("it compiles"), Ending::NotYet);
    sample.change(copy, "other + one", "one * other");
    assert!(make("one_more").is_err(), "this mistake is known");
    sample.change(copy, "one * other", "one + other + 1");
    assert_eq!(make("one_more").expect("it compiles"), Ending::Well);
    assert!(!sample.path(copy).exists());
    let text = sample.read("solutions/01-tiny/wrong/sums/one_more.patch");
    assert!(
        text.starts_with("Caught by: adds_small_numbers, adding_can_be_undone\n"),
        "{text}"
    );
    assert!(
        text.contains("\n-    one + other\n+    one + other + 1\n"),
        "{text}"
    );
}

#[test]
fn a_new_stage_is_wired_up() {
    let sample = Sample::build();
    exercise::run(&sample.course(), "02-later", "first").expect("the names are free");
    let course = sample.course();
    assert!(course.faults.is_empty(), "{:?}", course.faults);
    assert_eq!(course.stages[1].title, "Later");
    assert!(course.planned.is_empty());
    let manifest = sample.read("Cargo.toml");
    assert!(
        manifest.contains(
            "    \"exercises/02-later\",\n    \"solutions/01-tiny\",\n    \"solutions/02-later\",\n"
        ),
        "{manifest}"
    );
    let mut ledger = verify::Ledger::default();
    verify::files::check_stage(&mut ledger, &course, &course.stages[1]).expect("readable");
    let broken: Vec<&str> = ledger
        .failures()
        .iter()
        .map(|failure| failure.what.as_str())
        .collect();
    // What an author has to write is missing; what the command wires is not.
    assert!(
        broken.iter().all(|what| !what.contains("members")),
        "{broken:#?}"
    );
}
