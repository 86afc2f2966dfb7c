//! Every promise can be seen to be broken: a small course that keeps them all, and for each one a change that does not.

use std::process::Command;

use maintain::record;
use maintain::verify::clock::Clock;
use maintain::verify::memory::Memory;
use maintain::verify::plan::Plan;
use maintain::verify::{Failure, Ledger, answers, diagnoses, files, lessons, tools};
use sample::{Sample, engine, stage};

/// What the checks that need no compiler find.
fn seen(sample: &Sample) -> Vec<Failure> {
    let course = sample.course();
    let mut ledger = Ledger::default();
    files::check_course(&mut ledger, &course).expect("the folder can be read");
    for stage in &course.stages {
        files::check_stage(&mut ledger, &course, stage).expect("the files can be read");
    }
    ledger.failures().to_vec()
}

/// What the checks that compile and run find.
fn judged(sample: &Sample) -> Vec<Failure> {
    let course = sample.course();
    let mut ledger = Ledger::default();
    answers::check_stage(&mut ledger, &engine(&course), stage(&course), None)
        .expect("cargo builds");
    ledger.failures().to_vec()
}

fn assert_one(failures: &[Failure], file: &str, what: &str) {
    assert_eq!(failures.len(), 1, "one promise is broken: {failures:#?}");
    assert!(failures[0].file.ends_with(file), "{:#?}", failures[0]);
    assert!(failures[0].what.contains(what), "{:#?}", failures[0]);
    assert!(!failures[0].mend.is_empty(), "{:#?}", failures[0]);
}

/// Changes one file of a sound course and expects exactly one broken promise, in `file`.
fn breaks(path: &str, old: &str, new: &str, file: &str, what: &str) {
    let sample = Sample::build();
    sample.change(path, old, new);
    if !file.ends_with("originals.json") {
        sample.seal();
    }
    assert_one(&seen(&sample), file, what);
}

const STAGE: &str = "exercises/01-tiny/stage.toml";
const README: &str = "exercises/01-tiny/README.md";
const TESTS: &str = "exercises/01-tiny/tests/stage/sums.rs";
const WRONG: &str = "solutions/01-tiny/wrong/sums/multiplies.patch";

#[test]
fn a_sound_course_keeps_every_promise() {
    let sample = Sample::build();
    assert_eq!(seen(&sample), []);
    assert_eq!(judged(&sample), []);
}

#[test]
fn an_earlier_name_is_nobodys_name_now() {
    let renamed = "title = \"Shouting\"\nwas = [\"yelling\"]";
    let sample = Sample::build();
    sample.change(STAGE, "title = \"Shouting\"", renamed);
    assert_eq!(seen(&sample), []);
    for taken in ["sums", "words", "tiny/sums"] {
        let was = renamed.replace("yelling", taken);
        let what = "and there is an exercise of that name";
        breaks(STAGE, "title = \"Shouting\"", &was, "stage.toml", what);
    }
}

#[test]
fn three_hints_points_and_topics() {
    breaks(
        STAGE,
        "hints = [\"one\", \"two\", \"three\"]",
        "hints = [\"one\", \"two\"]",
        "stage.toml",
        "has 2 hints",
    );
    breaks(
        STAGE,
        "\"one\", \"two\"",
        "\"\", \"two\"",
        "stage.toml",
        "has 2 hints",
    );
    breaks(
        STAGE,
        "points = 1",
        "points = 9",
        "stage.toml",
        "gives 9 points",
    );
    let sample = Sample::build();
    sample.change(STAGE, "basics.sums", "basics.summs");
    let failures = seen(&sample);
    assert!(
        failures
            .iter()
            .any(|failure| failure.what.contains("unknown topic `basics.summs`")),
        "{failures:?}"
    );
    assert!(
        failures
            .iter()
            .any(|failure| failure.what.contains("`basics.sums` has no exercise")),
        "{failures:?}"
    );
}

#[test]
fn the_roadmap_knows_its_folders_and_topics() {
    let roadmap = "exercises/roadmap.toml";
    breaks(
        roadmap,
        "\"sums\", ",
        "\"sums\", \"new\", ",
        "roadmap.toml",
        "`basics.new` has no exercise",
    );
    let sample = Sample::build();
    sample.write("exercises/03-stray/stage.toml", "");
    assert_one(&seen(&sample), "roadmap.toml", "`03-stray` is no stage");
    let sample = Sample::build();
    sample.change(STAGE, "level = \"beginner\"", "level = \"easy\"");
    let failures = seen(&sample);
    assert!(
        failures
            .iter()
            .any(|failure| failure.what.contains("stage.toml:2: `easy` is no level")),
        "{failures:?}"
    );
}

#[test]
fn the_lesson_has_its_parts() {
    breaks(
        README,
        "## sums: adding",
        "## Sums",
        "README.md",
        "no section begins with `## sums:`",
    );
    breaks(
        README,
        "```rust",
        "```text",
        "README.md",
        "lacks a compiled example",
    );
    breaks(
        README,
        "**The mistake people make.**",
        "Mistakes:",
        "README.md",
        "lacks the mistake",
    );
    breaks(
        README,
        "**In production**",
        "Later",
        "README.md",
        "lacks what production adds",
    );
    breaks(
        README,
        "Read on:",
        "See",
        "README.md",
        "lacks where to read on",
    );
}

#[test]
fn the_order_agrees_everywhere() {
    let swapped = [
        (
            "exercises/01-tiny/src/lib.rs",
            "pub mod sums;\npub mod words;",
            "pub mod words;\npub mod sums;",
        ),
        (
            "exercises/01-tiny/tests/stage/main.rs",
            "mod sums;\nmod words;",
            "mod words;\nmod sums;",
        ),
        (
            "solutions/01-tiny/src/lib.rs",
            "pub mod sums;\npub mod words;",
            "pub mod words;\npub mod sums;",
        ),
    ];
    for (path, old, new) in swapped {
        breaks(path, old, new, path, "its modules are words, sums");
    }
}

#[test]
fn tests_say_their_rule_import_by_name_use_fresh_values_and_do_not_sleep() {
    breaks(
        TESTS,
        "/// Two and three make five.\n",
        "",
        "sums.rs",
        "`adds_small_numbers` does not say its rule",
    );
    breaks(
        TESTS,
        "use tiny::sums::sum;",
        "use tiny::sums::*;",
        "sums.rs",
        "imports by glob",
    );
    breaks(
        TESTS,
        "(2, 3);",
        "(2, 3); let sleep = 1;",
        "sums.rs",
        "a test sleeps",
    );
    let sample = Sample::build();
    let text = sample.read(TESTS).replace("seeded", "numbers");
    sample.write(TESTS, &text);
    sample.seal();
    assert_one(
        &seen(&sample),
        "sums.rs",
        "no test uses values that are not in the source",
    );
}

#[test]
fn wrong_answers_are_there_and_say_what_catches_them() {
    breaks(
        WRONG,
        "Caught by: ",
        "By: ",
        "multiplies.patch",
        "names no test",
    );
    breaks(
        WRONG,
        "adds_small_numbers",
        "adds_numbers",
        "multiplies.patch",
        "is no test of the exercise",
    );
    breaks(
        WRONG,
        "Why it tempts:",
        "Because:",
        "multiplies.patch",
        "`Why it tempts:` is missing",
    );
    breaks(
        WRONG,
        "Ask: What comes out for 2 and 3?",
        "Ask: …",
        "multiplies.patch",
        "`Ask:` is missing",
    );
    breaks(
        WRONG,
        "What comes out for 2 and 3?",
        "What does it answer for 3 and 4?",
        "visible_case.patch",
        "it asks the same as",
    );
    let sample = Sample::build();
    sample.remove("solutions/01-tiny/wrong/words/unchanged.patch");
    assert_one(
        &seen(&sample),
        "wrong/words",
        "2 known mistakes are too few",
    );
    sample.write("solutions/01-tiny/wrong/words/whole.rs", "");
    assert_eq!(seen(&sample).len(), 2);
}

#[test]
fn a_patch_fits_changes_something_and_is_no_other_one() {
    let sample = Sample::build();
    sample.change(
        "solutions/01-tiny/src/sums.rs",
        "/// The sum.",
        "/// A sum.",
    );
    let failures = seen(&sample);
    let fits = |failure: &Failure| failure.what.contains("nothing reads `/// The sum.`");
    assert_eq!(
        failures.iter().filter(|failure| fits(failure)).count(),
        3,
        "{failures:#?}"
    );
    let sample = Sample::build();
    sample.change(WRONG, "+    one * other", "+    5");
    assert_one(
        &seen(&sample),
        "visible_case.patch",
        "it is the same answer as",
    );
    let sample = Sample::build();
    sample.change(WRONG, "+    one * other", "+    one + other");
    assert_one(&seen(&sample), "multiplies.patch", "it changes nothing");
}

#[test]
fn both_halves_of_a_stage_are_members_and_the_solution_is_a_default_one() {
    for (old, new, what) in [
        (
            "members = [\n    \"exercises/01-tiny\",",
            "members = [",
            "`exercises/01-tiny` is not among the `members`",
        ),
        (
            "default-members = [\n    \"solutions/01-tiny\",",
            "default-members = [",
            "not among the `default-members`",
        ),
        (
            "default-members = [",
            "default-members = [\n    \"exercises/01-tiny\",",
            "its tests fail on purpose",
        ),
    ] {
        breaks("Cargo.toml", old, new, "Cargo.toml", what);
    }
}

#[test]
fn the_originals_are_what_lies_in_the_tree() {
    let path = "exercises/01-tiny/src/sums.rs";
    breaks(
        path,
        "add both",
        "add them",
        "originals.json",
        "not what lies in the working tree",
    );
}

#[test]
fn starters_and_solutions_are_there() {
    for (path, what) in [
        ("exercises/01-tiny/src/sums.rs", "the starter is missing"),
        (
            "solutions/01-tiny/src/sums.rs",
            "the reference solution is missing",
        ),
        ("exercises/01-tiny/tests/stage/words.rs", "it has no tests"),
    ] {
        let sample = Sample::build();
        sample.remove(path);
        sample.seal();
        let failures = seen(&sample);
        let found = failures
            .iter()
            .any(|failure| failure.file == path && failure.what.contains(what));
        assert!(found, "{path}: {failures:#?}");
    }
}

#[test]
fn packages_have_the_stages_name_and_shared_versions() {
    let manifest = "exercises/01-tiny/Cargo.toml";
    breaks(
        manifest,
        "name = \"tiny\"",
        "name = \"small\"",
        manifest,
        "not called `tiny`",
    );
    breaks(
        manifest,
        "[dependencies]\n",
        "[dependencies]\nserde = \"1\"\n",
        manifest,
        "`serde = \"1\"` is not declared once",
    );
}

#[test]
fn a_test_that_passes_on_the_starter_is_found() {
    let sample = Sample::build();
    sample.change(
        TESTS,
        "let answer: u32 = sum(2, 3);",
        "let answer: u32 = 5;",
    );
    let failures = judged(&sample);
    let free = failures
        .iter()
        .find(|failure| failure.file.ends_with("src/sums.rs"));
    assert!(
        free.is_some_and(|failure| failure
            .what
            .contains("`adds_small_numbers` passes on the starter")),
        "{failures:#?}"
    );
}

#[test]
fn a_starter_that_does_not_compile_or_warns_is_found() {
    let sample = Sample::build();
    sample.change(
        "exercises/01-tiny/src/sums.rs",
        "todo!(\"add both\")",
        "one +",
    );
    // Nothing of the stage can be run then, so each exercise says so.
    let failures = judged(&sample);
    assert!(failures[0].file.ends_with("src/sums.rs"), "{failures:#?}");
    assert!(
        failures[0].what.contains("the starter does not compile"),
        "{failures:#?}"
    );
    let sample = Sample::build();
    sample.change(
        "exercises/01-tiny/src/sums.rs",
        "//! Adds.\n",
        "//! Adds.\n\nuse std::fmt::Debug;\n",
    );
    assert_one(&judged(&sample), "src/sums.rs", "compiles with a warning");
}

#[test]
fn a_debugging_starter_must_have_a_fault() {
    let sample = Sample::build();
    sample.change(STAGE, "test_seconds = 5", "debugging = true");
    assert_eq!(judged(&sample), []);
    sample.solve("sums");
    assert_one(
        &judged(&sample),
        "src/sums.rs",
        "no test fails on the faulty program",
    );
}

#[test]
fn a_solution_or_an_alternative_that_fails_is_found() {
    let sample = Sample::build();
    sample.change(
        "solutions/01-tiny/src/sums.rs",
        "one + other",
        "one + other + 1",
    );
    assert_one(
        &judged(&sample),
        "src/sums.rs",
        "the test `adds_small_numbers` fails at",
    );
    let sample = Sample::build();
    sample.change(
        "solutions/01-tiny/alternative/words/by_letter.rs",
        "to_uppercase",
        "to_lowercase",
    );
    assert_one(
        &judged(&sample),
        "by_letter.rs",
        "the test `letters_become_capitals` fails at",
    );
}

#[test]
fn a_wrong_answer_that_gets_through_or_does_not_compile_is_found() {
    let sample = Sample::build();
    sample.change(WRONG, "one * other", "other + one");
    let failures = judged(&sample);
    assert_eq!(
        failures.len(),
        2,
        "each test that it names lets it through: {failures:#?}"
    );
    assert!(
        failures[0]
            .what
            .contains("the test `adds_small_numbers` does not catch it"),
        "{failures:#?}"
    );
    let sample = Sample::build();
    sample.change(WRONG, "one * other", "one *");
    assert_one(&judged(&sample), "multiplies.patch", "it does not compile");
}

#[test]
fn an_exercise_that_a_constant_passes_is_found() {
    let sample = Sample::build();
    assert_eq!(judged(&sample), []);
    // The starter fails because it stops; 0 would do.
    let text = sample.read(TESTS);
    let text = text.replace("(answer, 5,", "(answer - answer, 0,");
    let text = text.replace("sum(number, 7) - 7, number", "sum(number, 7) & 0, 0");
    sample.write(TESTS, &text);
    let failures = judged(&sample);
    let found = failures
        .iter()
        .any(|failure| failure.what.starts_with("every test passes on an answer"));
    assert!(found, "{failures:#?}");
}

/// What the command shows at its end, not only what it has found.
#[test]
fn tests_that_a_constant_passes_are_named_at_the_end() {
    let sample = Sample::build();
    let zeros = "\n/// Nothing and nothing make nothing.\n#[test]\nfn zeros_make_zero() {\n    \
                 assert_eq!(sum(0, 0), 0, \"0 and 0\");\n}\n";
    let text = sample.read(TESTS);
    sample.write(TESTS, &(text + zeros));
    sample.seal();
    let mut lock = Command::new(env!("CARGO"));
    lock.args(["generate-lockfile", "--offline"])
        .current_dir(sample.path("."));
    assert!(lock.output().expect("cargo starts").status.success());
    let mut verify = Command::new(env!("CARGO_BIN_EXE_maintain"));
    // It would be the folder of this test's own package.
    verify.env_remove("CARGO_MANIFEST_DIR");
    verify.args(["verify", "--stage", "tiny"]);
    verify.current_dir(sample.path("."));
    verify.env("CARGO_TARGET_DIR", sample.path("target"));
    let mut run = || {
        let output = verify.output().expect("the program starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    let shown = run();
    assert!(
        shown.contains("pass on an answer that gives the same simple value always"),
        "{shown}"
    );
    let line = "  exercises/01-tiny/tests/stage/sums.rs: zeros_make_zero\n";
    assert!(shown.contains(line), "{shown}");
    assert!(!shown.contains("rs: adds"), "{shown}");
    assert!(shown.contains("clippy, 2 of 2 packages"), "{shown}");
    // From memory they are named as well, and what a tool has accepted is not looked at again.
    let again = run();
    assert!(again.contains(line), "{again}");
    assert!(again.contains("in 0 rounds"), "{again}");
    assert!(again.contains("clippy, 0 of 2 packages"), "{again}");
    sample.change(
        "solutions/01-tiny/src/words.rs",
        "//! Shouts.",
        "//! Shouts!",
    );
    let solution = run();
    assert!(solution.contains("clippy, 1 of 2 packages"), "{solution}");
}

#[test]
fn what_was_judged_is_remembered_until_something_behind_it_changes() {
    let sample = Sample::build();
    let course = sample.course();
    let target = sample.path("target");
    let judge = || {
        let memory = Memory::below(&target).expect("the toolchain answers");
        let plan = Plan::of(stage(&course), Some(&memory)).expect("readable");
        let rounds = plan.rounds();
        let mut ledger = Ledger::default();
        let engine = engine(&course);
        answers::check_plan(&mut ledger, &engine, plan, Some(&memory), || ())
            .expect("cargo builds");
        (rounds, ledger.passed(), ledger.failures().len())
    };
    let (rounds, held, broken) = judge();
    // Starters; solutions; three mistakes and a constant of both exercises at once; an alternative.
    assert_eq!((rounds, broken), (7, 0));
    assert_eq!(judge(), (0, held, 0));
    sample.change(WRONG, "one * other", "one + other + 2");
    assert_eq!(judge(), (1, held, 0));
    // The solution and three mistakes made of it; what stands for `words` is remembered.
    sample.change("solutions/01-tiny/src/sums.rs", "//! Adds.", "//! Adds!");
    assert_eq!(judge(), (4, held, 0));
    sample.change(TESTS, "assert_eq!(answer, 5, ", "assert_eq!(answer, 6, ");
    assert_eq!(judge().2, 1, "the solution fails now");
}

#[test]
fn an_example_of_a_lesson_that_does_not_hold_is_found() {
    let sample = Sample::build();
    let course = sample.course();
    let mut ledger = Ledger::default();
    lessons::check_stage(&mut ledger, &engine(&course), stage(&course), None).expect("cargo runs");
    assert_eq!(ledger.failures(), []);
    sample.change(README, "assert_eq!(1 + 1, 2);", "assert_eq!(1 + 1, 3);");
    lessons::check_stage(&mut ledger, &engine(&course), stage(&course), None).expect("cargo runs");
    assert_one(ledger.failures(), "README.md", "an example does not hold");
}

#[test]
fn formatting_clippy_and_failing_tests_are_found() {
    let sample = Sample::build();
    // What was accepted is remembered, and what has changed since is looked at all the same.
    let memory = Memory::below(&sample.path("target")).ok();
    assert!(memory.is_some());
    let run = |whole: bool| {
        let course = sample.course();
        let mut ledger = Ledger::default();
        let stages: Vec<_> = course.stages.iter().collect();
        let scope = tools::Scope {
            stages: &stages,
            whole,
            slow: false,
        };
        tools::check(&mut ledger, &course, scope, memory.as_ref()).expect("the tools start");
        ledger.failures().to_vec()
    };
    assert_eq!(run(true), []);
    let solution = "solutions/01-tiny/src/sums.rs";
    sample.change(solution, "one + other", "one  +  other");
    assert_one(&run(false), "the workspace", "refuses");
    sample.change(solution, "one  +  other", "one + other + 0");
    let failures = run(false);
    assert!(
        failures
            .iter()
            .any(|failure| failure.what.contains("identity_op")),
        "{failures:#?}"
    );
    sample.change(solution, "one + other + 0", "one + other - 1");
    assert_one(&run(true), "the workspace", "adds_small_numbers");
    sample.change(solution, "one + other - 1", "one + other");
    let alternative = "solutions/01-tiny/alternative/words/by_letter.rs";
    sample.change(alternative, "word.chars()", "word  .chars()");
    assert_one(&run(false), "alternative answers", "refuses");
}

#[test]
fn a_count_closes_the_ledger() {
    let mut ledger = Ledger::default();
    ledger.check(true, "a", "b", "c");
    assert_eq!(ledger.passed(), 1);
    assert!(ledger.close());
    let mut ledger = Ledger::default();
    ledger.check(false, "a", "b", "c");
    assert!(!ledger.close());
}

#[test]
fn each_topic_names_a_test_that_fails_without_it() {
    let roadmap = "exercises/roadmap.toml";
    let proof = "\"tiny/sums::adds_small_numbers\"";
    for (other, what) in [
        ("\"tiny/sums\"", "not of the form"),
        ("\"tiny/sins::adds\"", "no such exercise"),
        (
            "\"tiny/words::letters_become_capitals\"",
            "does not teach it",
        ),
        ("\"tiny/sums::adds\"", "no such test"),
    ] {
        breaks(roadmap, proof, other, "roadmap.toml", what);
    }
    breaks(
        roadmap,
        "\"basics.sums\" = \"tiny/sums::adds_small_numbers\"\n",
        "",
        "roadmap.toml",
        "`basics.sums` names no test",
    );
    let sample = Sample::build();
    for name in ["multiplies", "first_only"] {
        let path = format!("solutions/01-tiny/wrong/sums/{name}.patch");
        let text = sample.read(&path);
        let (_, rest) = text.split_once('\n').expect("a head");
        sample.write(&path, &format!("Caught by: adding_can_be_undone\n{rest}"));
    }
    assert_one(
        &seen(&sample),
        "roadmap.toml",
        "no known mistake is caught by it",
    );
}

#[test]
fn a_test_that_nobody_runs_is_found() {
    let test = "/// Rule.\n#[test]\nfn lost() {}\n";
    for text in [
        format!("mod inner {{\n{test}}}\n"),
        format!("macro_rules! tests {{ ($name:ident) => {{ {test} }} }}\n"),
    ] {
        let sample = Sample::build();
        let before = sample.read(TESTS);
        sample.write(TESTS, &format!("{before}\n{text}"));
        sample.seal();
        assert_one(&seen(&sample), TESTS, "inside of a module or a macro");
    }
    let sample = Sample::build();
    sample.write("exercises/01-tiny/tests/stage/shop.rs", test);
    sample.seal();
    assert_one(
        &seen(&sample),
        "tests/stage/shop.rs",
        "no exercise's file of tests",
    );
}

#[test]
fn a_record_of_what_is_no_more_is_found_by_content_and_made_anew_for_it_alone() {
    let sample = Sample::build();
    let course = sample.course();
    let stale = || {
        let mut ledger = Ledger::default();
        diagnoses::check_stage(&mut ledger, stage(&course)).expect("readable");
        ledger.failures().to_vec()
    };
    let record = || {
        let recorded = record::stage(&engine(&course), &Clock::default(), stage(&course), None);
        recorded.expect("cargo builds").mistakes
    };
    assert_eq!(stale().len(), 2, "both exercises were never recorded");
    assert_eq!(record(), 6);
    assert_eq!(stale(), []);
    assert_eq!(record(), 0, "nothing has changed");
    sample.change(WRONG, "What comes out for 2 and 3?", "What is 2 times 3?");
    assert_one(
        &stale(),
        "diagnoses.json",
        "of `sums` fail was recorded from other",
    );
    assert_eq!(record(), 3);
    let text = sample.read("exercises/01-tiny/diagnoses.json");
    assert!(text.contains("\"ask\": \"What is 2 times 3?\""), "{text}");
    assert!(!text.contains("one + other"), "{text}");
    sample.change(TESTS, "\"2 and 3\"", "\"two and three\"");
    sample.seal();
    assert_one(&stale(), "diagnoses.json", "of `sums`");
}
