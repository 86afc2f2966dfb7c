//! JUnit XML: a suite for each learner and exercise, a case for each test.

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use xtask_core::error::{Error, Result};

use super::{LIMITS, isolation};
use crate::results::{Learner, Mark, Report, Standing, TestStanding};
use crate::text::is_in_xml;

/// What stands in the place of a character that XML cannot hold.
const REPLACEMENT: &str = "\u{fffd}";

pub fn write(report: &Report) -> Result<String> {
    let mut document = Document::new("grade");
    for learner in &report.learners {
        for mark in &learner.exercises {
            document.add_test_suite(suite(report, learner, mark));
        }
        if let Some(problem) = &learner.problem {
            let mut suite = TestSuite::new(learner.id.clone());
            suite.add_test_case(case("intake", NonSuccessKind::Error, problem));
            document.add_test_suite(suite);
        }
    }
    document
        .to_string()
        // One character that XML cannot hold, anywhere, and no program reads anything of the class.
        .map(|text| text.replace(|one| !is_in_xml(one), REPLACEMENT))
        .map_err(|error| Error::new(format!("the JUnit report cannot be written: {error}")))
}

fn suite(report: &Report, learner: &Learner, mark: &Mark) -> TestSuite {
    let mut suite = TestSuite::new(format!("{}/{}", learner.id, mark.exercise));
    suite.add_property(("points", mark.points.to_string().as_str()));
    suite.add_property(("isolation", isolation(report).as_str()));
    suite.add_property(("limits", LIMITS));
    for test in &mark.tests {
        let status = match test.status {
            TestStanding::Passed => TestCaseStatus::success(),
            TestStanding::Failed => failed(NonSuccessKind::Failure, "failed", &test.message),
            TestStanding::TimedOut => failed(NonSuccessKind::Failure, "timed out", &test.message),
        };
        let mut case = TestCase::new(test.name.clone(), status);
        case.set_classname(mark.exercise.clone());
        suite.add_test_case(case);
    }
    if mark.tests.is_empty() && mark.status != Standing::Passed {
        let said = format!("{}\n{}", mark.status.words(), mark.diagnostics.join("\n"));
        suite.add_test_case(case(mark.status.words(), NonSuccessKind::Failure, &said));
    }
    suite
}

fn case(name: &str, kind: NonSuccessKind, said: &str) -> TestCase {
    TestCase::new(name.to_owned(), failed(kind, name, said))
}

fn failed(kind: NonSuccessKind, what: &str, said: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(what.to_owned());
    status.set_description(said.to_owned());
    status
}
