//! Classroom 50's `result.json`: <https://github.com/foundation50/classroom50/wiki/Advanced-Autograding>.
//!
//! The classroom's runner says in the environment which submission this is. Its scores are whole numbers, so that
//! hundredths of a point are given: 250 of 300 is 2.5 of 3 points.

use serde_json::{Map, Value, json};
use xtask::error::{Error, Result};

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
    let mut document = Map::new();
    document.insert("schema".into(), json!("classroom50/result/v1"));
    for (field, variable) in FROM_THE_RUNNER {
        let value = std::env::var(variable).map_err(|_| {
            Error::new(format!("the variable {variable} is not set"))
                .help("`classroom50` is for an autograder that Classroom 50's runner starts")
        })?;
        document.insert(field.into(), Value::String(value));
    }
    let commit = document.get("commit").cloned().unwrap_or_default();
    let review = std::env::var("REVIEW_URL")
        .ok()
        .filter(|url| !url.is_empty());
    document.insert("review".into(), review.map_or(commit, Value::String));
    // The instant of the submission, which the runner knows; it does not change when a submission is graded again.
    let instant = ["SUBMISSION_TAG", "DATETIME"]
        .iter()
        .find_map(|name| instant(&std::env::var(name).ok()?));
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
    use super::instant;

    #[test]
    fn the_tag_of_a_submission_holds_its_instant() {
        let tag = "submit/2026-06-01T14-32-05Z-a1b2c3d";
        assert_eq!(instant(tag).as_deref(), Some("2026-06-01T14:32:05Z"));
        assert_eq!(instant("main"), None);
    }
}
