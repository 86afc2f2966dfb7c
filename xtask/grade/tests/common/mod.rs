//! A small course without dependencies, and submissions for it.
#![allow(dead_code)] // Each test program uses its own part.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use grade::results::{Learner, Mark, Report, Standing};
use tempfile::TempDir;
use xtask_core::course::{Course, Originals};

/// The names of the exercises. All of them are the same, so that one submission can carry many attempts.
pub const EXERCISES: [&str; 8] = [
    "alder", "birch", "cedar", "elder", "hazel", "maple", "olive", "rowan",
];

/// A right answer.
pub const RIGHT: &str = "pub fn total(prices: &[u32]) -> u32 {\n    prices.iter().sum()\n}\n";

/// A wrong one: the empty cart is right, and nothing else.
pub const WRONG: &str = "pub fn total(prices: &[u32]) -> u32 {\n    let _ = prices;\n    0\n}\n";

const STARTER: &str = "pub fn total(prices: &[u32]) -> u32 {\n    todo!(\"add up\")\n}\n";

const TESTS: &str = r#"use tiny::NAME::total;

/// An empty cart costs nothing.
#[test]
fn empty() {
    let sum: u32 = total(&[]);
    assert_eq!(sum, 0, "an empty cart");
}

/// Two prices are added.
#[test]
fn two() {
    let sum: u32 = total(&[3, 4]);
    assert_eq!(sum, 7, "two prices");
}

/// Many prices are added.
#[test]
fn many() -> Result<(), String> {
    for count in 1..20_u32 {
        let prices: Vec<u32> = (0..count).collect();
        let sum: u32 = total(&prices);
        if sum != count * (count - 1) / 2 {
            return Err(format!("{count} prices gave {sum}"));
        }
    }
    Ok(())
}

/// A price that does not fit panics with words.
#[test]
#[should_panic(expected = "overflow")]
fn too_much() {
    let sum: u32 = total(&[u32::MAX, 1]);
    assert_eq!(sum, 0, "it should have panicked");
}
"#;

pub struct Place {
    root: TempDir,
}

impl Place {
    /// A course with the solution, and nobody's submission.
    pub fn new() -> Self {
        let place = Self {
            root: tempfile::tempdir().expect("a temporary folder"),
        };
        let package = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\ndoctest = false\n\n\
                       [[test]]\nname = \"stage\"\npath = \"tests/stage/main.rs\"\n\n[lints.rust]\nunsafe_code = \"forbid\"\n\
                       unused_variables = \"allow\"\n";
        let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"exercises/*\"]\n\n[profile.dev]\ndebug = \"line-tables-only\"\n";
        place.course_file("Cargo.toml", workspace);
        place.course_file(
            "exercises/roadmap.toml",
            "[[stage]]\nfolder = \"01-tiny\"\n[topics]\n",
        );
        place.course_file("exercises/01-tiny/Cargo.toml", package);
        let mut stage = "title = \"Tiny\"\nlevel = \"beginner\"\nsummary = \"S\"\n".to_owned();
        let (mut library, mut main) = (String::new(), String::new());
        for name in EXERCISES {
            stage += &format!(
                "[[exercise]]\nname = \"{name}\"\ntitle = \"Carts\"\npoints = 2\ntopics = []\nhints = []\ntest_seconds = 4\n"
            );
            library += &format!("pub mod {name};\n");
            main += &format!("mod {name};\n");
            place.course_file(&format!("exercises/01-tiny/src/{name}.rs"), STARTER);
            place.course_file(&format!("solutions/01-tiny/src/{name}.rs"), RIGHT);
            let tests = TESTS.replace("NAME", name);
            place.course_file(&format!("exercises/01-tiny/tests/stage/{name}.rs"), &tests);
        }
        place.course_file("exercises/01-tiny/stage.toml", &stage);
        place.course_file("exercises/01-tiny/src/lib.rs", &library);
        place.course_file("exercises/01-tiny/tests/stage/main.rs", &main);
        place.seal();
        place
    }

    /// Records the course as it is handed out.
    pub fn seal(&self) {
        let course = Course::load(&self.course()).expect("the course is right");
        for stage in &course.stages {
            Originals::record(stage).expect("writable");
        }
    }

    pub fn course(&self) -> PathBuf {
        self.root.path().join("course")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn course_file(&self, name: &str, text: &str) {
        self.file(&format!("course/{name}"), text);
    }

    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    /// A submission with these answers.
    pub fn submit(&self, learner: &str, answers: &[(&str, &str)]) {
        fs::create_dir_all(self.path("in").join(learner)).expect("writable");
        for (exercise, text) in answers {
            self.file(
                &format!("in/{learner}/exercises/01-tiny/src/{exercise}.rs"),
                text,
            );
        }
    }

    /// Every submission, for the command line.
    pub fn submissions(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("in")).expect("readable");
        let mut found: Vec<String> = entries
            .map(|entry| entry.expect("readable").path().display().to_string())
            .collect();
        found.sort();
        found
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
        command
            .args(words)
            .current_dir(self.course())
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("CARGO_TARGET_DIR");
        command
    }

    /// Runs the grader on every submission.
    pub fn run(&self, words: &[&str]) -> Output {
        let work = self.path("work").display().to_string();
        let mut command = self.command(&["--work", &work]);
        command.args(self.submissions()).args(words);
        command.output().expect("the grader starts")
    }

    /// Grades every submission.
    pub fn grade(&self, words: &[&str]) -> Report {
        let output = self.run(&[words, &["--format", "json"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }
}

pub fn learner<'a>(report: &'a Report, id: &str) -> &'a Learner {
    let mut learners = report.learners.iter();
    learners
        .find(|learner| learner.id == id)
        .unwrap_or_else(|| panic!("{id} is not in the report"))
}

pub fn mark<'a>(report: &'a Report, id: &str, exercise: &str) -> &'a Mark {
    let mut marks = learner(report, id).exercises.iter();
    marks
        .find(|mark| mark.exercise == format!("tiny/{exercise}"))
        .unwrap_or_else(|| panic!("{exercise} is not in the report"))
}

/// The exact outcome: how the exercise stands, and which tests passed.
pub fn assert_mark(
    report: &Report,
    id: &str,
    exercise: &str,
    what: &str,
    status: Standing,
    passed: &[&str],
) {
    let mark = mark(report, id, exercise);
    let names: Vec<&str> = mark.passed().map(|test| test.name.as_str()).collect();
    assert_eq!(
        (mark.status, names.as_slice()),
        (status, passed),
        "{what}: {mark:#?}"
    );
    let points = u64::try_from(passed.len()).expect("few") * 50;
    assert_eq!(mark.points.hundredths(), points, "{what}: the points");
}

pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
