//! No text is judged by another's build, whatever the clock and the files' times say.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use crate::{Learner, RIGHT, SUMS, WRONG, sums};

const DAY: Duration = Duration::from_secs(86_400);

/// Puts a text in the place of `sums` that is as old as yesterday, as `cp -p`, archives and backups do.
fn put_back(learner: &Learner, body: &str) {
    let kept = learner.course.path("kept.rs");
    fs::write(&kept, sums(body)).expect("the folder is writable");
    let file = File::options()
        .write(true)
        .open(&kept)
        .expect("it is there");
    file.set_modified(SystemTime::now() - DAY)
        .expect("times can be set");
    fs::rename(&kept, learner.course.path(SUMS)).expect("it is in the same folder");
}

#[test]
fn an_old_right_answer_over_a_starter_passes() {
    let learner = Learner::begin();
    assert_eq!(
        learner.check("sums").code,
        Some(1),
        "the starter is no answer"
    );
    put_back(&learner, RIGHT);
    let said = learner.check("sums");
    assert_eq!(said.code, Some(0), "{}", said.all());
}

#[test]
fn an_old_wrong_answer_over_a_right_one_fails() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    assert_eq!(learner.check("sums").code, Some(0));
    put_back(&learner, WRONG);
    let said = learner.check("sums");
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(said.out.contains("came:     6"), "{}", said.all());
    put_back(&learner, RIGHT);
    assert_eq!(learner.check("sums").code, Some(0));
}

#[test]
fn a_build_of_plain_cargo_is_not_taken_for_the_runners() {
    let learner = Learner::begin();
    learner.sums(WRONG);
    assert_eq!(learner.check("sums").code, Some(1));
    learner.sums(RIGHT);
    let cargo = std::process::Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--package", "tiny", "--no-run"])
        .current_dir(&learner.folder)
        .env("CARGO_TARGET_DIR", &learner.target)
        .status();
    assert!(cargo.expect("cargo starts").success());
    put_back(&learner, WRONG);
    assert_eq!(learner.check("sums").code, Some(1));
}

#[test]
fn a_clock_that_was_put_back_changes_nothing() {
    let learner = Learner::begin();
    learner.sums(RIGHT);
    assert_eq!(learner.check("sums").code, Some(0));
    // What was built last lies a day ahead of now.
    for entry in walk(&learner.target) {
        let file = File::options().write(true).open(&entry);
        if let Ok(file) = file {
            file.set_modified(SystemTime::now() + DAY)
                .expect("times can be set");
        }
    }
    for (body, code) in [(WRONG, 1), (RIGHT, 0), (WRONG, 1)] {
        learner.sums(body);
        let said = learner.check("sums");
        assert_eq!(said.code, Some(code), "{body}: {}", said.all());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)
        .expect("the folder can be read")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}
