//! Verdicts on a small course: right, wrong, broken, endless and sly code.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use sample::{Sample, engine, stage};
use xtask_core::course::Originals;
use xtask_core::engine::{Answers, Engine, Status, TestStatus, Verdict, Wanted};
use xtask_core::process::Cancel;

const SUMS: &str = "exercises/01-tiny/src/sums.rs";
const TESTS: &str = "exercises/01-tiny/tests/stage/sums.rs";

fn statuses(verdicts: &[Verdict]) -> Vec<Status> {
    verdicts.iter().map(|verdict| verdict.status).collect()
}

/// A body for `sum`, judged with `words` left as the starter.
fn judge_body(body: &str) -> Verdict {
    let sample = Sample::build();
    sample.change(SUMS, "todo!(\"add both\")", body);
    sample.judge().remove(0)
}

#[test]
fn starters_are_not_started_and_answers_pass() {
    let sample = Sample::build();
    let verdicts = sample.judge();
    assert_eq!(
        statuses(&verdicts),
        [Status::NotStarted, Status::NotStarted]
    );
    let first = &verdicts[0].tests[0];
    assert_eq!(first.sentence, "Two and three make five.");
    assert_eq!(first.message(), "not yet implemented: add both");
    assert_eq!(first.place(), Some("exercises/01-tiny/src/sums.rs:5"));
    sample.solve("sums");
    assert_eq!(
        statuses(&sample.judge()),
        [Status::Passed, Status::NotStarted]
    );
}

#[test]
fn a_wrong_answer_says_what_came_and_where() {
    let verdict = judge_body("one * other");
    assert_eq!(verdict.status, Status::Failed);
    assert_eq!(
        verdict.tests[0].message(),
        "assertion `left == right` failed: 2 and 3\n  left: 6\n right: 5"
    );
    assert_eq!(
        verdict.tests[0].place(),
        Some("exercises/01-tiny/tests/stage/sums.rs:11")
    );
}

#[test]
fn what_the_code_prints_is_shown_beside_the_failure() {
    let verdict = judge_body("println!(\"one is {one}\"); eprintln!(\"to err\"); 0");
    assert_eq!(verdict.tests[0].printed, "one is 2\nto err");
}

#[test]
fn a_broken_exercise_does_not_cost_the_others() {
    let sample = Sample::build();
    sample.solve("words");
    sample.change(SUMS, "todo!(\"add both\")", "one + ");
    let verdicts = sample.judge();
    assert_eq!(statuses(&verdicts), [Status::CompileError, Status::Passed]);
    assert!(
        verdicts[0].diagnostics[0]
            .rendered
            .contains("exercises/01-tiny/src/sums.rs"),
        "{:?}",
        verdicts[0].diagnostics
    );
    assert!(
        verdicts[1].notes[0].contains("`sums` does not compile"),
        "{:?}",
        verdicts[1].notes
    );
}

#[test]
fn a_changed_signature_is_the_exercises_own_fault() {
    let sample = Sample::build();
    sample.solve("words");
    sample.change(SUMS, "other: u32", "other: &str");
    assert_eq!(
        statuses(&sample.judge()),
        [Status::CompileError, Status::Passed]
    );
}

#[test]
fn a_fault_in_a_shared_file_is_told_to_every_exercise() {
    let sample = Sample::build();
    sample.change(
        "exercises/01-tiny/src/lib.rs",
        "pub mod sums;",
        "pub mod sums;\npub mod missing;",
    );
    let verdicts = sample.judge();
    assert_eq!(
        statuses(&verdicts),
        [Status::CompileError, Status::CompileError]
    );
    assert!(
        verdicts[0].diagnostics[0].rendered.contains("missing"),
        "{:?}",
        verdicts[0].diagnostics
    );
}

#[test]
fn a_missing_file_is_named_and_the_others_are_judged() {
    let sample = Sample::build();
    sample.solve("words");
    sample.remove(SUMS);
    let verdicts = sample.judge();
    assert_eq!(statuses(&verdicts), [Status::CompileError, Status::Passed]);
    assert!(
        verdicts[0].diagnostics[0]
            .rendered
            .contains("cargo xtask reset tiny/sums"),
        "{:?}",
        verdicts[0].diagnostics
    );
}

#[test]
fn edited_tests_do_not_decide() {
    let sample = Sample::build();
    sample.change(
        TESTS,
        "assert_eq!(answer, 5, \"2 and 3\");",
        "let _ = answer;",
    );
    sample.change(SUMS, "todo!(\"add both\")", "one * other");
    let verdicts = sample.judge();
    assert_eq!(verdicts[0].tests[0].status, TestStatus::Failed);
    assert!(
        verdicts[0].notes[0].contains("reset --tests tiny/sums"),
        "{:?}",
        verdicts[0].notes
    );
}

#[test]
fn a_deleted_test_is_run_all_the_same() {
    let sample = Sample::build();
    sample.write(TESTS, "");
    sample.change("exercises/01-tiny/tests/stage/main.rs", "mod sums;\n", "");
    sample.solve("sums");
    let verdicts = sample.judge();
    assert_eq!(verdicts[0].status, Status::Passed);
    assert_eq!(verdicts[0].tests.len(), 2);
}

#[test]
fn an_endless_loop_times_out_and_costs_its_own_tests_only() {
    let sample = Sample::build();
    let stage = sample
        .read("exercises/01-tiny/stage.toml")
        .replace("test_seconds = 5", "test_seconds = 1");
    sample.write("exercises/01-tiny/stage.toml", &stage);
    sample.change(
        SUMS,
        "todo!(\"add both\")",
        "if one == 2 { loop {} } else { one + other }",
    );
    let verdict = sample.judge().remove(0);
    assert_eq!(verdict.status, Status::TimedOut);
    let each: Vec<TestStatus> = verdict.tests.iter().map(|test| test.status).collect();
    assert_eq!(each, [TestStatus::TimedOut, TestStatus::Passed]);
}

#[test]
fn a_deadlock_times_out() {
    let sample = Sample::build();
    let stage = sample
        .read("exercises/01-tiny/stage.toml")
        .replace("test_seconds = 5", "test_seconds = 1");
    sample.write("exercises/01-tiny/stage.toml", &stage);
    let body = "let lock = std::sync::Mutex::new(one); let first = lock.lock(); let second = lock.lock(); other";
    sample.change(SUMS, "todo!(\"add both\")", body);
    assert_eq!(sample.judge()[0].status, Status::TimedOut);
}

#[test]
fn an_early_exit_is_no_pass() {
    let verdict = judge_body("std::process::exit(0)");
    assert_eq!(verdict.status, Status::Failed);
    assert!(
        verdict.tests[0].message().contains("exit code 0"),
        "{}",
        verdict.tests[0].message()
    );
}

#[test]
fn output_without_end_is_stopped() {
    let verdict = judge_body("loop { println!(\"{}\", \"x\".repeat(50_000)) }");
    assert_eq!(verdict.status, Status::Failed);
    assert!(
        verdict.tests[0].message().contains("MiB"),
        "{}",
        verdict.tests[0].message()
    );
}

#[test]
fn a_recursion_without_end_is_explained() {
    let sample = Sample::build();
    sample.change(
        SUMS,
        "todo!(\"add both\")",
        "if one == u32::MAX { 0 } else { sum(one, other) + 1 }",
    );
    let verdict = sample.judge().remove(0);
    assert!(
        verdict.tests[0].message().contains("calls itself"),
        "{}",
        verdict.tests[0].message()
    );
}

#[test]
fn a_warning_about_the_own_file_is_shown() {
    let verdict =
        judge_body("let unused = std::fs::read(\"a\"); std::fs::read(\"b\"); one + other");
    assert_eq!(verdict.status, Status::Passed);
    assert!(
        verdict.diagnostics[0].rendered.contains("unused `Result`"),
        "{:?}",
        verdict.diagnostics
    );
}

/// Cargo judges freshness by time alone. Two submissions with the same times, and one whose files are older than the
/// build before, must each be judged by their own code.
#[test]
fn a_submission_is_never_judged_by_the_build_of_another() {
    let sample = Sample::build();
    let course = sample.course();
    let (engine, stage) = (engine(&course), stage(&course));
    let originals = Originals::load(stage).expect("they are sealed");
    let judge = |body: &str| {
        let mut files = originals.files().clone();
        files.insert(
            "src/sums.rs".into(),
            format!("pub fn sum(one: u32, other: u32) -> u32 {{ {body} }}"),
        );
        let wanted = [Wanted::whole(&stage.exercises[0])];
        let verdicts = engine.judge_files(stage, &originals, files, &wanted);
        verdicts.expect("cargo builds")[0].status
    };
    for _ in 0..3 {
        assert_eq!(judge("one + other"), Status::Passed);
        assert_eq!(judge("one * other"), Status::Failed);
    }
    // A clock that was put back: what was built last lies in the future.
    let overlay = engine.judged_folder(stage);
    let built = File::options()
        .write(true)
        .open(overlay.join("src/sums.rs"))
        .expect("it was installed");
    built
        .set_modified(SystemTime::now() + Duration::from_secs(2))
        .expect("times can be set");
    drop(built);
    assert_eq!(judge("one + other"), Status::Passed);
    assert_eq!(judge("one * other"), Status::Failed);
    assert!(fs::exists(overlay.join("src/words.rs")).expect("the folder can be read"));
}

#[test]
fn the_learners_tree_is_not_judged_by_the_build_of_the_overlay() {
    let sample = Sample::build();
    let course = sample.course();
    let (engine, stage) = (engine(&course), stage(&course));
    let originals = Originals::load(stage).expect("they are sealed");
    let mut solved = originals.files().clone();
    solved.extend(stage.solution_files().expect("there are solutions"));
    let wanted = [&stage.exercises[0], &stage.exercises[1]];
    let in_place = || engine.judge(stage, &wanted).expect("cargo builds");
    assert_eq!(
        statuses(&in_place()),
        [Status::NotStarted, Status::NotStarted]
    );
    let whole: Vec<Wanted<'_>> = stage.exercises.iter().map(Wanted::whole).collect();
    let overlaid = engine.judge_files(stage, &originals, solved, &whole);
    assert_eq!(
        statuses(&overlaid.expect("cargo builds")),
        [Status::Passed, Status::Passed]
    );
    assert_eq!(
        statuses(&in_place()),
        [Status::NotStarted, Status::NotStarted]
    );
}

/// Two copies of the course with one target folder, as with `CARGO_TARGET_DIR`: each is judged by its own code.
#[test]
fn copies_that_share_a_target_folder_are_not_mixed_up() {
    let shared = tempfile::tempdir().expect("a temporary folder");
    let (one, other) = (Sample::build(), Sample::build());
    one.solve("sums");
    let judge = |sample: &Sample| {
        let course = sample.course();
        let folder = shared.path().to_owned();
        let engine = Engine::new(&course, folder, Cancel::default());
        let stage = stage(&course);
        let verdicts = engine.judge(stage, &[&stage.exercises[0]]);
        verdicts.expect("cargo builds")[0].status
    };
    for _ in 0..2 {
        assert_eq!(judge(&one), Status::Passed);
        assert_eq!(judge(&other), Status::NotStarted);
    }
}

#[test]
fn a_conflict_of_git_is_explained_before_anything_is_compiled() {
    let sample = Sample::build();
    sample.solve("words");
    sample.change(
        SUMS,
        "    todo!(\"add both\")\n",
        "<<<<<<< HEAD\n    one + other\n=======\n    todo!(\"add\")\n>>>>>>> origin/main\n",
    );
    let verdicts = sample.judge();
    assert_eq!(statuses(&verdicts), [Status::CompileError, Status::Passed]);
    let said = &verdicts[0].diagnostics;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0]
            .rendered
            .contains("git has left a conflict in exercises/01-tiny/src/sums.rs, from line 5 on"),
        "{said:?}"
    );
    let lib = "exercises/01-tiny/src/lib.rs";
    sample.change(
        lib,
        "pub mod words;\n",
        "<<<<<<< HEAD\npub mod words;\n=======\n>>>>>>> origin/main\n",
    );
    for verdict in sample.judge() {
        assert!(
            verdict.diagnostics[0].rendered.contains("src/lib.rs"),
            "{verdict:?}"
        );
    }
}

/// Only the named test is built and run, and yet an answer that another test cannot be compiled with does not compile.
#[test]
fn a_named_test_stands_for_itself_and_the_others_must_compile() {
    let sample = Sample::build();
    let course = sample.course();
    let originals = Originals::load(stage(&course)).expect("the originals are there");
    let judge = |body: &str| {
        let text = format!("//! Adds.\n\n/// The sum.\n{body}\n");
        let mut files = originals.files().clone();
        files.insert("src/sums.rs".to_owned(), text);
        let wanted = Wanted {
            exercise: &stage(&course).exercises[0],
            tests: Some(vec!["adds_small_numbers".to_owned()]),
        };
        let verdicts = engine(&course).judge_files(stage(&course), &originals, files, &[wanted]);
        verdicts.expect("cargo builds").remove(0)
    };
    let five = judge("pub fn sum(one: u32, other: u32) -> u32 { 5 }");
    assert_eq!(five.status, Status::Passed);
    assert_eq!(five.tests.len(), 1, "{five:?}");
    let wrong = judge("pub fn sum(one: u32, other: u32) -> u32 { one }");
    assert_eq!(wrong.status, Status::Failed);
    let narrow = judge("pub fn sum(one: u8, other: u8) -> u32 { 5 }");
    assert_eq!(narrow.status, Status::CompileError, "{narrow:?}");
}

/// Two answers to one exercise are built in one call, and each has its own verdict, whatever becomes of the other.
#[test]
fn two_answers_are_judged_side_by_side() {
    let sample = Sample::build();
    let course = sample.course();
    let originals = Originals::load(stage(&course)).expect("the originals are there");
    let answers = |body: &str| {
        let text = format!("//! Adds.\n\n/// The sum.\n{body}\n");
        let mut files = originals.files().clone();
        files.insert("src/sums.rs".to_owned(), text);
        let wanted = vec![Wanted::whole(&stage(&course).exercises[0])];
        Answers { files, wanted }
    };
    let judge = |one: &str, other: &str| {
        let both = [answers(one), answers(other)];
        let engine = engine(&course);
        let [mut one, mut other] = engine
            .judge_both(stage(&course), &originals, both)
            .expect("cargo builds");
        (one.remove(0), other.remove(0))
    };
    let sum = |value: &str| format!("pub fn sum(one: u32, other: u32) -> u32 {{ {value} }}");
    let (right, product, first) = (sum("one + other"), sum("one * other"), sum("one"));
    let broken = sum("one + ");
    for _ in 0..2 {
        let (one, other) = judge(&product, &first);
        let came = |verdict: &Verdict| verdict.tests[0].message().to_owned();
        let said = |value: &str| {
            format!("assertion `left == right` failed: 2 and 3\n  left: {value}\n right: 5")
        };
        assert_eq!(came(&one), said("6"));
        assert_eq!(came(&other), said("2"));
        let place = Some("exercises/01-tiny/tests/stage/sums.rs:11");
        assert_eq!(
            (one.tests[0].place(), other.tests[0].place()),
            (place, place)
        );
        let (one, other) = judge(&first, &right);
        assert_eq!(statuses(&[one, other]), [Status::Failed, Status::Passed]);
        let (one, other) = judge(&right, &broken);
        let shown = &other.diagnostics[0].rendered;
        assert!(shown.contains("exercises/01-tiny/src/sums.rs"), "{shown}");
        assert_eq!(
            statuses(&[one, other]),
            [Status::Passed, Status::CompileError]
        );
        let (one, other) = judge(&broken, &product);
        assert_eq!(
            statuses(&[one, other]),
            [Status::CompileError, Status::Failed]
        );
        let (one, other) = judge(&broken, &broken);
        assert_eq!(statuses(&[one, other]), [Status::CompileError; 2]);
    }
}
