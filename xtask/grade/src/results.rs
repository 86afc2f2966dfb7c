//! What grading comes to: the one result that every report is made from. Its JSON is the documented, versioned format
//! that `merge` reads back.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xtask_core::diagnosis::Diagnosis;
use xtask_core::engine::{Failure, Status, TestResult, TestStatus, Verdict};

use crate::plan::points_to_hidden;
use crate::sandbox::Level;
use crate::text::carried;

/// The form of the JSON document.
pub const VERSION: u32 = 1;

/// Points, in hundredths: what cannot be said exactly is rounded down, never up.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points(u64);

impl Points {
    /// So many whole points.
    pub fn whole(points: u16) -> Self {
        Self(u64::from(points) * 100)
    }

    /// `part` of `all` shares of these points.
    #[must_use]
    pub fn share(self, part: usize, all: usize) -> Self {
        let (part, all) = (
            u64::try_from(part).unwrap_or(0),
            u64::try_from(all).unwrap_or(u64::MAX),
        );
        Self((self.0 * part).checked_div(all).unwrap_or(0))
    }

    /// In hundredths of a point.
    pub fn hundredths(self) -> u64 {
        self.0
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Points>>(points: I) -> Self {
        Self(points.map(|one| one.0).sum())
    }
}

impl fmt::Display for Points {
    /// `3`, `2.5` or `1.33`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        let text = match (rest, rest % 10) {
            (0, _) => format!("{whole}"),
            (_, 0) => format!("{whole}.{}", rest / 10),
            _ => format!("{whole}.{rest:02}"),
        };
        f.pad(&text)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Hundredths of any grade are far below 2^53, so the nearest number with a fraction prints with two digits.
        let hundredths = u32::try_from(self.0).unwrap_or(u32::MAX);
        if hundredths.is_multiple_of(100) {
            serializer.serialize_u32(hundredths / 100)
        } else {
            serializer.serialize_f64(f64::from(hundredths) / 100.0)
        }
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let text = number.to_string();
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        let digits: String = rest.chars().chain("00".chars()).take(2).collect();
        let parsed = whole.parse::<u64>().ok().zip(digits.parse::<u64>().ok());
        let exact = rest.len() <= 2;
        match parsed.filter(|_| exact) {
            Some((whole, rest)) => Ok(Self(whole * 100 + rest)),
            None => Err(serde::de::Error::custom(format!(
                "`{text}` is no number of points"
            ))),
        }
    }
}

/// A whole grading, or one shard of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub version: u32,
    /// What the grade rests on: the course's files, the tests, the toolchain.
    pub course: String,
    pub toolchain: String,
    pub isolation: Level,
    pub shard: Option<Shard>,
    pub exercises: Vec<Graded>,
    pub learners: Vec<Learner>,
}

/// Which part of a class a report holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// From 1.
    pub index: usize,
    pub of: usize,
    /// How many submissions the whole class has.
    pub class: usize,
}

/// An exercise that was graded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graded {
    pub exercise: String,
    pub title: String,
    pub points: Points,
}

/// One learner's grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learner {
    pub id: String,
    pub name: String,
    pub points: Points,
    /// Why nothing could be graded.
    pub problem: Option<String>,
    pub exercises: Vec<Mark>,
    /// What an instructor should look at, besides what is said of single exercises.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}

/// One learner's mark for one exercise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub exercise: String,
    pub status: Standing,
    pub points: Points,
    pub tests: Vec<TestMark>,
    /// What the compiler or the intake says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<String>,
    /// What an instructor should look at, whatever the points are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// The known mistake that fails in just this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
}

/// How one exercise of one learner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Passed,
    Failed,
    /// The file is the starter.
    NotStarted,
    /// There is no file.
    NotSubmitted,
    CompileError,
    TimedOut,
    /// The intake refused the file.
    Refused,
    /// The time for the submission was used up before.
    NotGraded,
}

impl Standing {
    /// What a reader of a report sees.
    pub fn words(self) -> &'static str {
        match self {
            Standing::Passed => "passed",
            Standing::Failed => "failed",
            Standing::NotStarted => "not started",
            Standing::NotSubmitted => "not submitted",
            Standing::CompileError => "does not compile",
            Standing::TimedOut => "timed out",
            Standing::Refused => "refused",
            Standing::NotGraded => "not graded",
        }
    }

    /// One character for a grid.
    pub fn sign(self) -> char {
        match self {
            Standing::Passed => '✓',
            Standing::Failed => '◐',
            Standing::NotStarted => '·',
            Standing::NotSubmitted => '–',
            Standing::CompileError => '✗',
            Standing::TimedOut => '∞',
            Standing::Refused => '!',
            Standing::NotGraded => '?',
        }
    }
}

impl From<Status> for Standing {
    fn from(status: Status) -> Self {
        match status {
            Status::Passed => Standing::Passed,
            Status::Failed => Standing::Failed,
            Status::NotStarted => Standing::NotStarted,
            Status::CompileError => Standing::CompileError,
            Status::TimedOut => Standing::TimedOut,
        }
    }
}

/// The outcome of one test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestMark {
    pub name: String,
    /// The rule that the test checks.
    pub sentence: String,
    pub status: TestStanding,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStanding {
    Passed,
    Failed,
    TimedOut,
}

/// The most diagnostics of one exercise that a report carries.
const DIAGNOSTICS: usize = 3;

/// What a compiler says, without the lines of a hidden test that it shows.
fn without_hidden(said: &str) -> &str {
    match said.split_once('\n') {
        Some((first, rest)) if rest.lines().any(points_to_hidden) => first,
        _ => said,
    }
}

/// What a test says, in the words that the learner's own runner has for it, and where.
fn told(test: &TestResult) -> String {
    let lines = test.failure.iter().flat_map(Failure::lines);
    let place = test.place().map(|place| format!("at {place}"));
    lines.chain(place).collect::<Vec<String>>().join("\n")
}

/// What is said of tests that claim a success and have proved none. It takes a call of `exit` behind the harness's words, or
/// a reader of standard input, and neither is a usual mistake.
fn forgeries(tests: &[TestResult]) -> Vec<String> {
    let forged: Vec<String> = tests
        .iter()
        .filter(|test| test.forged)
        .map(|test| format!("`{}`", test.name))
        .collect();
    if forged.is_empty() {
        return Vec::new();
    }
    let names = forged.join(", ");
    vec![format!(
        "claims that a test has passed which has not come to its end: {names}"
    )]
}

impl Mark {
    /// A mark without tests, and without points.
    pub fn without_tests(exercise: String, status: Standing, diagnostics: Vec<String>) -> Self {
        Self {
            exercise,
            status,
            points: Points::default(),
            tests: Vec::new(),
            diagnostics,
            notices: Vec::new(),
            diagnosis: None,
        }
    }

    /// What a verdict becomes in a report; the points are given later.
    pub fn from_verdict(verdict: &Verdict) -> Self {
        let tests = verdict.tests.iter().map(|test| TestMark {
            name: test.name.clone(),
            sentence: test.sentence.clone(),
            status: match test.status {
                TestStatus::Passed => TestStanding::Passed,
                TestStatus::Failed => TestStanding::Failed,
                TestStatus::TimedOut => TestStanding::TimedOut,
            },
            message: carried(&told(test)),
        });
        let is_error = verdict.status == Status::CompileError;
        let said = verdict.diagnostics.iter().filter(|_| is_error);
        Self {
            exercise: verdict.exercise.clone(),
            status: verdict.status.into(),
            points: Points::default(),
            tests: tests.collect(),
            diagnostics: said
                .take(DIAGNOSTICS)
                .map(|one| carried(without_hidden(&one.rendered)))
                .collect(),
            notices: forgeries(&verdict.tests),
            diagnosis: verdict.diagnosis.clone(),
        }
    }

    /// The names of the tests that passed.
    pub fn passed(&self) -> impl Iterator<Item = &TestMark> {
        let mut tests = self.tests.iter();
        std::iter::from_fn(move || tests.find(|test| test.status == TestStanding::Passed))
    }
}

impl Report {
    /// The points that can be had.
    pub fn most(&self) -> Points {
        self.exercises.iter().map(|graded| graded.points).sum()
    }

    /// Whether every learner has all points.
    pub fn all_full(&self) -> bool {
        let most = self.most();
        self.learners.iter().all(|learner| learner.points == most)
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, Points, without_hidden};
    use xtask_core::engine::{Diagnostic, Failure, Status, TestResult, TestStatus, Verdict};

    #[test]
    fn lines_of_a_hidden_test_are_not_told() {
        let said = |path: &str| {
            format!(
                "error[E0061]: it takes 1 argument\n --> exercises/01-logic/{path}:3:5\n3 | total(17, 4)"
            )
        };
        let hidden = said("tests/stage/loops/hidden.rs");
        assert_eq!(without_hidden(&hidden), "error[E0061]: it takes 1 argument");
        for own in [
            "src/loops.rs",
            "src/loops/hidden.rs",
            "tests/stage/loops.rs",
        ] {
            let own = said(own);
            assert_eq!(without_hidden(&own), own);
        }
    }

    #[test]
    fn a_verdict_becomes_a_mark_in_the_words_of_the_learners_runner() {
        let test = |name: &str, status, message: &str| TestResult {
            name: name.into(),
            sentence: "It adds up.".into(),
            status,
            failure: (status != TestStatus::Passed)
                .then(|| Failure::of_panic(message, "tests/stage/loops.rs:7")),
            other_panics: Vec::new(),
            forged: false,
            printed: String::new(),
        };
        let failed = "assertion `left == right` failed: two lines\n  left: 1\n right: 2";
        let mut verdict = Verdict {
            exercise: "logic/loops".into(),
            status: Status::Failed,
            tests: vec![
                test("adds", TestStatus::Failed, failed),
                test("starts", TestStatus::Passed, ""),
            ],
            diagnostics: vec![Diagnostic::words("a warning")],
            notes: Vec::new(),
            changed: Vec::new(),
            diagnosis: None,
        };
        let mark = Mark::from_verdict(&verdict);
        let told = "two lines\ncame:     1\nexpected: 2\nat tests/stage/loops.rs:7";
        assert_eq!(mark.tests[0].message, told);
        let passed: Vec<&str> = mark.passed().map(|test| test.name.as_str()).collect();
        assert_eq!(passed, ["starts"]);
        assert_eq!(
            mark.diagnostics,
            Vec::<String>::new(),
            "a warning is no reason"
        );
        assert_eq!(mark.notices, Vec::<String>::new());
        verdict.tests[0].forged = true;
        let notices = Mark::from_verdict(&verdict).notices;
        assert!(
            notices.iter().any(|one| one.contains("`adds`")),
            "{notices:?}"
        );
        verdict.status = Status::CompileError;
        assert_eq!(Mark::from_verdict(&verdict).diagnostics, ["a warning"]);
    }

    #[test]
    fn shares_are_rounded_down_and_come_back_from_json() {
        let two = Points::whole(2);
        for (points, text) in [
            (two.share(2, 3), "1.33"),
            (two.share(3, 4), "1.5"),
            (two.share(3, 3), "2"),
            (two.share(0, 0), "0"),
            (Points::whole(5).share(1, 100), "0.05"),
        ] {
            assert_eq!(points.to_string(), text);
            let json = serde_json::to_string(&points).expect("a number");
            assert_eq!(json, text);
            let back: Points = serde_json::from_str(&json).expect("it was written here");
            assert_eq!(back, points);
        }
        assert!(serde_json::from_str::<Points>("-1").is_err());
        assert!(serde_json::from_str::<Points>("0.001").is_err());
    }
}
