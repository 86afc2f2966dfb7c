//! Classroom 50's `result.json`: <https://github.com/foundation50/classroom50/wiki/Advanced-Autograding>.
//!
//! The classroom's runner says in the environment which submission this is. Its scores are whole numbers, so that
//! hundredths of a point are given: 250 of 300 is 2.5 of 3 points.

use serde_json::{Map, Value, json};
use xtask_core::error::{Error, Result};

use super::{LIMITS, explanation, isolation};
use crate::results::{Learner, Report, Standing};

/// The fields that come from the environment, and the variable of each.
const FROM_THE_RUNNER: [(&str, &str); 5] = [
    ("classroom", "CLASSROOM"),
    ("assignment", "ASSIGNMENT"),
    ("submission", "SUBMISSION_TAG"),
    ("commit", "COMMIT_URL"),
    ("release", "RELEASE_URL"),
];

pub fn write(report: &Report, learner: &Learner) -> Result<String> {
    told_by(|variable| std::env::var(variable).ok(), report, learner)
}

/// The document, with `variable` as the environment.
fn told_by(
    variable: impl Fn(&str) -> Option<String>,
    report: &Report,
    learner: &Learner,
) -> Result<String> {
    let mut document = Map::new();
    document.insert("schema".into(), json!("classroom50/result/v1"));
    for (field, name) in FROM_THE_RUNNER {
        let value = variable(name).ok_or_else(|| {
            Error::new(format!("the variable {name} is not set"))
                .help("`classroom50` is for an autograder that Classroom 50's runner starts")
        })?;
        document.insert(field.into(), Value::String(value));
    }
    let commit = document.get("commit").cloned().unwrap_or_default();
    let review = variable("REVIEW_URL").filter(|url| !url.is_empty());
    document.insert("review".into(), review.map_or(commit, Value::String));
    // The instant of the submission, which the runner knows; it does not change when a submission is graded again.
    let instant = ["SUBMISSION_TAG", "DATETIME"]
        .iter()
        .find_map(|name| instant(&variable(name)?));
    if let Some(instant) = instant {
        document.insert("datetime".into(), Value::String(instant));
    }
    let tests: Vec<Value> = learner
        .exercises
        .iter()
        .zip(&report.exercises)
        .map(|(mark, graded)| {
            json!({
                "test-name": mark.exercise,
                "passed": mark.status == Standing::Passed,
                "score": mark.points.hundredths(),
                "max-score": graded.points.hundredths(),
                "status": mark.status.words(),
                "output": explanation(mark),
            })
        })
        .collect();
    document.insert("score".into(), json!(learner.points.hundredths()));
    document.insert("max-score".into(), json!(report.most().hundredths()));
    document.insert("tests".into(), Value::Array(tests));
    document.insert("isolation".into(), json!(isolation(report)));
    document.insert("limits".into(), json!(LIMITS));
    Ok(format!("{:#}\n", Value::Object(document)))
}

/// `2026-06-01T14:32:05Z` of `submit/2026-06-01T14-32-05Z-a1b2c3d`, or of itself.
fn instant(text: &str) -> Option<String> {
    let inside = text.rsplit('/').next()?.get(..20)?;
    let (date, time) = inside.split_once('T')?;
    let time = time.strip_suffix('Z')?.replace('-', ":");
    let right = date.len() == 10
        && time.len() == 8
        && date.starts_with(|first: char| first.is_ascii_digit());
    right.then(|| format!("{date}T{time}Z"))
}

#[cfg(test)]
mod tests {
    use super::{instant, told_by};
    use crate::report::tests::report;

    #[test]
    fn the_runner_says_whose_submission_it_is() {
        let report = report(1);
        let written = |unset: &str| {
            let variable = |name: &str| {
                let value = match name {
                    "SUBMISSION_TAG" => "submit/2026-06-01T14-32-05Z-a1b2c3d",
                    "REVIEW_URL" => "",
                    name => name,
                };
                (name != unset).then(|| value.to_owned())
            };
            told_by(variable, &report, &report.learners[0])
        };
        let text = written("").expect("everything is said");
        let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for (field, value) in [
            ("schema", "classroom50/result/v1"),
            ("classroom", "CLASSROOM"),
            ("commit", "COMMIT_URL"),
            ("review", "COMMIT_URL"),
            ("datetime", "2026-06-01T14:32:05Z"),
        ] {
            assert_eq!(document[field], value, "{field}");
        }
        let test = &document["tests"][0];
        let scores = (&document["score"], &document["max-score"], &test["score"]);
        assert_eq!(scores, (&150.into(), &300.into(), &150.into()));
        assert_eq!(
            (&test["passed"], &test["test-name"]),
            (&false.into(), &"logic/variables".into())
        );
        let said = written("CLASSROOM").expect_err("nobody says which classroom");
        assert!(said.to_string().contains("CLASSROOM"), "{said}");
    }

    #[test]
    fn the_tag_of_a_submission_holds_its_instant() {
        let tag = "submit/2026-06-01T14-32-05Z-a1b2c3d";
        assert_eq!(instant(tag).as_deref(), Some("2026-06-01T14:32:05Z"));
        for other in [
            "main",
            "submit/2026-06-01T14-32-05-a1b2c3d",
            "submit/abcd-06-01T14-32-05Z-a1b2c3d",
        ] {
            assert_eq!(instant(other), None, "{other}");
        }
    }
}
