//! What the engine answers.

use crate::course::Changed;
use crate::diagnosis::Diagnosis;

/// The judgement of one exercise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Verdict {
    /// The exercise's stable id, such as `logic/variables`.
    pub exercise: String,
    pub status: Status,
    /// Every test that the course expects, in the order of its source. Empty when the exercise does not compile.
    pub tests: Vec<TestResult>,
    /// What the compiler says about the exercise.
    pub diagnostics: Vec<Diagnostic>,
    /// What the reader should know about how this verdict was reached.
    pub notes: Vec<String>,
    /// Where the answer's signatures are not the starter's, when it does not pass: the tests are written for those.
    #[cfg_attr(feature = "serde", serde(default))]
    pub changed: Vec<Changed>,
    /// The known mistake that fails in just this way.
    #[cfg_attr(feature = "serde", serde(default))]
    pub diagnosis: Option<Diagnosis>,
}

/// How an exercise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Status {
    Passed,
    Failed,
    /// The file is still the starter.
    NotStarted,
    CompileError,
    TimedOut,
}

impl Status {
    /// The name in JSON and in the progress file.
    pub fn id(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::NotStarted => "not_started",
            Status::CompileError => "compile_error",
            Status::TimedOut => "timed_out",
        }
    }

    /// What a learner reads.
    pub fn words(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Failed => "not yet",
            Status::NotStarted => "not started",
            Status::CompileError => "does not compile",
            Status::TimedOut => "timed out",
        }
    }
}

/// The outcome of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TestResult {
    pub name: String,
    /// The rule that the test checks, in words.
    pub sentence: String,
    pub status: TestStatus,
    /// Why the test did not pass; nothing when it did.
    pub failure: Option<Failure>,
    /// Panics that did not end the test: those of other threads, and those that the test caught.
    pub other_panics: Vec<Panic>,
    /// What the code printed while the test ran.
    pub printed: String,
    /// The program claimed success, and a guard did not hear that the test came to its end.
    #[cfg_attr(feature = "serde", serde(default))]
    pub forged: bool,
}

/// How one test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum TestStatus {
    Passed,
    Failed,
    TimedOut,
}

impl TestStatus {
    /// The name in JSON.
    pub fn id(self) -> &'static str {
        match self {
            TestStatus::Passed => "passed",
            TestStatus::Failed => "failed",
            TestStatus::TimedOut => "timed_out",
        }
    }
}

/// Why a test did not pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Failure {
    /// The message as it was printed.
    pub message: String,
    /// What the test says of the case, in the learner's words; may be empty.
    pub says: String,
    /// What came, when two values were compared.
    pub came: Option<String>,
    /// What was expected, when two values were compared.
    pub expected: Option<String>,
    /// Where it happened, as `path:line`.
    pub place: Option<String>,
    /// The statement at that place, as far as it is short.
    pub statement: Vec<String>,
    /// Whether it says something about what was written.
    #[cfg_attr(feature = "serde", serde(default))]
    pub sense: Sense,
}

/// Whether a failure says something about what was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Sense {
    /// It comes from what was written.
    #[default]
    Written,
    /// It came to a `todo!`: that part is not written yet.
    NotWritten,
    /// The test did not run to an end of its own, so nobody knows how it would have ended.
    NotKnown,
}

/// One panic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Panic {
    /// The thread's name.
    pub thread: String,
    pub message: String,
    /// Where it happened, as `path:line`.
    pub place: String,
}

/// What the compiler says about the exercise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Diagnostic {
    /// An error, or else a warning.
    pub is_error: bool,
    /// The text as the compiler prints it.
    pub rendered: String,
    /// The first place that it points to, as `path:line:column` from the course's folder.
    pub place: Option<String>,
}

impl Diagnostic {
    /// Words that stand in for what the compiler would say, such as that a file is missing.
    pub fn words(rendered: impl Into<String>) -> Self {
        Self {
            is_error: true,
            rendered: rendered.into(),
            place: None,
        }
    }
}

impl Failure {
    /// A failure that has words only.
    pub fn words(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            says: message.clone(),
            message,
            ..Self::default()
        }
    }

    /// The words for a test that did not run to an end of its own.
    pub fn not_known(message: impl Into<String>) -> Self {
        Self {
            sense: Sense::NotKnown,
            ..Self::words(message)
        }
    }

    /// What a panic's message means. Tests compare `assert_eq!(yours, expected)`.
    pub fn of_panic(message: &str, place: &str) -> Self {
        let mut failure = Self {
            message: message.to_owned(),
            place: Some(place.to_owned()),
            ..Self::default()
        };
        if let Some(rest) = message.strip_prefix("not yet implemented") {
            failure.says = format!("not written yet{rest}");
            failure.sense = Sense::NotWritten;
            return failure;
        }
        let Some(rest) = message.strip_prefix("assertion `left == right` failed") else {
            failure.says = message.to_owned();
            return failure;
        };
        let rest = rest.trim_start_matches(": ");
        let (says, values) = match rest.split_once("\n  left: ") {
            Some(parts) => parts,
            None => (rest, ""),
        };
        failure.says = says.to_owned();
        if let Some((came, expected)) = values.split_once("\n right: ") {
            failure.came = Some(came.to_owned());
            failure.expected = Some(expected.to_owned());
        }
        failure
    }

    /// What a reader sees of it, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.says.lines().map(str::to_owned).collect();
        let value = |word: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("{word}{value}"))
        };
        let came = value("came:     ", &self.came);
        let expected = value("expected: ", &self.expected);
        for text in came.into_iter().chain(expected) {
            lines.extend(text.lines().map(str::to_owned));
        }
        lines
    }
}

impl TestResult {
    /// The failure's message as it was printed; empty when the test passed.
    pub fn message(&self) -> &str {
        self.failure
            .as_ref()
            .map_or("", |failure| failure.message.as_str())
    }

    /// Where the test failed, as `path:line`.
    pub fn place(&self) -> Option<&str> {
        self.failure.as_ref()?.place.as_deref()
    }
}

impl Verdict {
    /// Whether the exercise is done.
    pub fn passed(&self) -> bool {
        self.status == Status::Passed
    }

    /// The tests that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &TestResult> {
        self.tests
            .iter()
            .filter(|test| test.status != TestStatus::Passed)
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    fn lines(message: &str) -> Vec<String> {
        Failure::of_panic(message, "a.rs:1").lines()
    }

    #[test]
    fn an_equality_says_what_came_and_what_was_expected() {
        let message = "assertion `left == right` failed: two lines\n  left: 1\n right: 2";
        assert_eq!(lines(message), ["two lines", "came:     1", "expected: 2"]);
        let bare = "assertion `left == right` failed\n  left: 1\n right: 2";
        assert_eq!(lines(bare), ["came:     1", "expected: 2"]);
    }

    #[test]
    fn other_messages_stay_as_they_are() {
        assert_eq!(
            lines("not yet implemented: add up"),
            ["not written yet: add up"]
        );
        assert_eq!(lines("no book\n  left: over"), ["no book", "  left: over"]);
    }
}
