//! What the engine answers.

/// The judgement of one exercise.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The exercise's stable id, such as `logic/variables`.
    pub exercise: String,
    pub status: Status,
    /// Every test that the course expects, in the order of its source. Empty when the exercise does not compile.
    pub tests: Vec<TestResult>,
    /// What the compiler says about the exercise, as it would print it.
    pub diagnostics: Vec<String>,
    /// What the reader should know about how this verdict was reached.
    pub notes: Vec<String>,
}

/// How an exercise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub struct TestResult {
    pub name: String,
    /// The rule that the test checks, in words.
    pub sentence: String,
    pub status: TestStatus,
    /// Why the test did not pass; empty when it did.
    pub message: String,
    /// Where the message comes from, as `path:line`.
    pub location: Option<String>,
    /// What the code printed while the test ran.
    pub printed: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
