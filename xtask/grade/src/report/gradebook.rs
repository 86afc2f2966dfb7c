//! A gradebook row for each learner, as CSV.

use xtask_core::error::{Error, Result};

use crate::results::Report;

pub fn write(report: &Report) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = ["id", "name", "points", "of"].map(str::to_owned).to_vec();
    head.extend(
        report
            .exercises
            .iter()
            .map(|graded| format!("{} ({})", graded.exercise, graded.points)),
    );
    head.extend(["problem", "isolation"].map(str::to_owned));
    let mut write = |record: &[String]| {
        writer
            .write_record(record)
            .map_err(|error| Error::new(error.to_string()))
    };
    write(&head)?;
    for learner in &report.learners {
        let mut row = vec![
            inert(&learner.id),
            inert(&learner.name),
            learner.points.to_string(),
            report.most().to_string(),
        ];
        for index in 0..report.exercises.len() {
            let mark = learner.exercises.get(index);
            row.push(mark.map_or_else(String::new, |mark| mark.points.to_string()));
        }
        row.push(inert(learner.problem.as_deref().unwrap_or_default()));
        row.push(report.isolation.id().to_owned());
        write(&row)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| Error::new(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| Error::new(error.to_string()))
}

/// What a spreadsheet may begin a formula with, in the forms that the signs have in other writings.
const FORMULA: [char; 20] = [
    '=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−', '⁼', '⁺',
    '₊', '₌', '⁻',
];

/// A text that a spreadsheet does not take for a formula.
fn inert(text: &str) -> String {
    let is_blank = |letter: char| {
        letter.is_whitespace()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let first = text.trim_start_matches(is_blank).chars().next();
    if text.starts_with(['\t', '\r', '\n']) || first.is_some_and(|one| FORMULA.contains(&one)) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
