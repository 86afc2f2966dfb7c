//! Gradescope's `results.json`: <https://gradescope-autograders.readthedocs.io/en/latest/specs/>.

use serde_json::{Value, json};
use xtask_core::error::Result;

use super::{LIMITS, explanation, isolation, passed_of};
use crate::results::{Learner, Mark, Report, Standing};

pub fn write(report: &Report, learner: &Learner) -> Result<String> {
    let tests: Vec<Value> = learner
        .exercises
        .iter()
        .zip(&report.exercises)
        .enumerate()
        .map(|(index, (mark, graded))| {
            json!({
                "number": (index + 1).to_string(),
                "name": format!("{}: {}", mark.exercise, graded.title),
                "score": mark.points,
                "max_score": graded.points,
                "status": if mark.status == Standing::Passed { "passed" } else { "failed" },
                "output": output(mark),
                "visibility": "visible",
            })
        })
        .collect();
    let problem = learner
        .problem
        .as_deref()
        .map(|problem| format!("{problem}\n\n"));
    let document = json!({
        "score": learner.points,
        "output": format!("{}{}\n{LIMITS}", problem.unwrap_or_default(), isolation(report)),
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"course": report.course, "toolchain": report.toolchain, "isolation": report.isolation},
    });
    Ok(format!("{document:#}\n"))
}

fn output(mark: &Mark) -> String {
    let mut text = mark.status.words().to_owned();
    if !mark.tests.is_empty() {
        text = format!("{text}: {}", passed_of(mark));
    }
    let why = explanation(mark);
    if why.is_empty() {
        text
    } else {
        format!("{text}\n\n{why}")
    }
}
