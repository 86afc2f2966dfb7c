//! One result, told in the forms that people and programs read.

mod classroom50;
mod gradebook;
mod gradescope;
mod html;
mod junit;
mod markdown;
mod table;

use xtask_core::error::{Error, Result};

use crate::results::{Learner, Mark, Report, Standing, TestStanding};

/// A form of report.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    #[default]
    Table,
    Json,
    Junit,
    Gradescope,
    Classroom50,
    Markdown,
    Csv,
    Html,
}

impl Format {
    const NAMES: [(Format, &str); 8] = [
        (Format::Table, "table"),
        (Format::Json, "json"),
        (Format::Junit, "junit"),
        (Format::Gradescope, "gradescope"),
        (Format::Classroom50, "classroom50"),
        (Format::Markdown, "markdown"),
        (Format::Csv, "csv"),
        (Format::Html, "html"),
    ];

    /// The form of that name.
    ///
    /// # Errors
    ///
    /// When there is none (with all that there are).
    pub fn parse(name: &str) -> Result<Self> {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(format, _)| *format).ok_or_else(|| {
            let names: Vec<&str> = Self::NAMES.iter().map(|(_, name)| *name).collect();
            Error::new(format!("there is no format `{name}`"))
                .help(format!("the formats are {}", names.join(", ")))
        })
    }
}

/// Writes a report in a form.
///
/// # Errors
///
/// When the form is for one learner and there are several, or it cannot be written.
pub fn write(report: &Report, format: Format) -> Result<String> {
    match format {
        Format::Table => Ok(table::write(report)),
        Format::Json => serde_json::to_string_pretty(report)
            .map(|text| text + "\n")
            .map_err(|error| Error::new(error.to_string())),
        Format::Junit => junit::write(report),
        Format::Gradescope => gradescope::write(report, only(report, "gradescope")?),
        Format::Classroom50 => classroom50::write(report, only(report, "classroom50")?),
        Format::Markdown => Ok(markdown::write(report)),
        Format::Csv => gradebook::write(report),
        Format::Html => Ok(html::write(report)),
    }
}

fn only<'a>(report: &'a Report, format: &str) -> Result<&'a Learner> {
    match report.learners.as_slice() {
        [learner] => Ok(learner),
        learners => Err(Error::new(format!(
            "`{format}` is a report of one submission, and there are {}",
            learners.len()
        ))
        .help("grade one folder, or choose another format")),
    }
}

/// What every report says about how far it can be trusted.
const LIMITS: &str = "A test counts as passed when its process ended well and handed back a number that only the \
                      finished test could know. This proof is made inside the process that runs the submission: it is \
                      tamper-resistant, not tamper-proof. A soundness hole in the compiler defeats it.";

fn isolation(report: &Report) -> String {
    format!("Isolation {}.", report.isolation.words())
}

/// What the signs of [`Standing`] mean.
fn legend() -> String {
    let all = [
        Standing::Passed,
        Standing::Failed,
        Standing::CompileError,
        Standing::TimedOut,
        Standing::Refused,
        Standing::NotStarted,
        Standing::NotSubmitted,
        Standing::NotGraded,
    ];
    let parts = all.map(|standing| format!("{} {}", standing.sign(), standing.words()));
    parts.join("  ")
}

/// What a learner reads about a mark that is not full: why, as plain text.
fn explanation(mark: &Mark) -> String {
    let mut parts: Vec<String> = mark.diagnostics.clone();
    for test in mark
        .tests
        .iter()
        .filter(|test| test.status != TestStanding::Passed)
    {
        parts.push(format!(
            "✗ {}: {}\n{}",
            test.name, test.sentence, test.message
        ));
    }
    parts.join("\n\n")
}

/// What an instructor should look at, a line each: whose it is, and why.
fn notices(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for learner in &report.learners {
        let own = learner.notices.iter();
        lines.extend(own.map(|notice| format!("{} · {notice}", learner.id)));
        for mark in &learner.exercises {
            let own = mark.notices.iter();
            lines
                .extend(own.map(|notice| format!("{} · {} · {notice}", learner.id, mark.exercise)));
        }
    }
    lines
}

/// The heading above [`notices`].
const NOTICES: &str = "Worth a look, whatever the points are";

fn passed_of(mark: &Mark) -> String {
    format!("{} of {} tests", mark.passed().count(), mark.tests.len())
}

#[cfg(test)]
mod tests;
