//! `cargo xtask mistake update`: patches that fit again after a solution was changed.
//!
//! A mistake was made of the solution in git's HEAD. What has been changed since is merged into it, three-way, and the
//! patch is made anew from the solution as it is now.

use xtask::commands::Ending;
use xtask_core::course::{Course, Item, Stage};
use xtask_core::error::Result;
use xtask_core::files;

use super::{at_head, solution};
use crate::patch::{Kept, Mistake, mistakes_of};

/// What became of one mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It fits as it is.
    Fits,
    /// This one fits.
    Mended(Box<Mistake>),
    /// It has to be made again by hand: why, with the lines.
    Lost(String),
}

/// Brings the mistakes of one stage, or of all, up to date.
///
/// # Errors
///
/// When the stage is unknown, git is missing, or a file cannot be read or written.
pub fn run(course: &Course, stage: Option<&str>) -> Result<Ending> {
    let stages: Vec<&Stage> = match stage {
        Some(name) => vec![course.stage(name)?],
        None => course.stages.iter().collect(),
    };
    let (mut fit, mut mended, mut lost) = (0, 0, 0);
    for item in stages.into_iter().flat_map(Stage::items) {
        for (kept, outcome) in update(course, &item)? {
            let shown = item.stage.shown(&kept.path);
            match outcome {
                Outcome::Fits => fit += 1,
                Outcome::Mended(mistake) => {
                    files::write_atomically(&kept.path, &mistake.encode())?;
                    println!("✓ {shown}");
                    mended += 1;
                }
                Outcome::Lost(why) => {
                    println!("✗ {shown}: {why}");
                    lost += 1;
                }
            }
        }
    }
    println!("{fit} fit, {mended} brought up to date, {lost} to be made by hand");
    Ok((lost == 0).into())
}

/// What becomes of each mistake of an exercise. Nothing is written.
///
/// # Errors
///
/// As [`run`].
pub fn update(course: &Course, item: &Item<'_>) -> Result<Vec<(Kept, Outcome)>> {
    let now = solution(item)?;
    let mistakes = mistakes_of(item)?;
    if mistakes.iter().all(|kept| kept.mistake.fits_exactly(&now)) {
        return Ok(mistakes
            .into_iter()
            .map(|kept| (kept, Outcome::Fits))
            .collect());
    }
    let place = item.stage.solution_folder().join(item.exercise.source());
    let before = at_head(&course.root, &item.stage.shown(&place))?;
    let outcome = |kept: Kept| {
        let outcome = outcome(item, &kept.mistake, before.as_deref(), &now);
        (kept, outcome)
    };
    Ok(mistakes.into_iter().map(outcome).collect())
}

fn outcome(item: &Item<'_>, mistake: &Mistake, before: Option<&str>, now: &str) -> Outcome {
    if mistake.fits_exactly(now) {
        return Outcome::Fits;
    }
    let made = before.and_then(|before| Some((before, mistake.apply(before).ok()?)));
    let merged = match made {
        Some((before, answer)) => {
            merge(before, now, &answer).map_err(|conflicted| conflicts(&conflicted))
        }
        None => mistake.apply(now).map_err(|error| error.to_string()),
    };
    match merged {
        Ok(answer) if answer == now => {
            Outcome::Lost("the solution says now what the mistake said".to_owned())
        }
        Ok(answer) => {
            let head = mistake.head.clone();
            Outcome::Mended(Box::new(Mistake::between(
                head,
                &item.exercise.source(),
                now,
                &answer,
            )))
        }
        Err(why) => Outcome::Lost(why),
    }
}

/// Merges what two sides made of `before`. Changes of neighbouring lines, which a merge takes for one, are told apart:
/// whether the mistake still is one, its tests say.
fn merge(before: &str, now: &str, answer: &str) -> std::result::Result<String, String> {
    const BETWEEN: &str = "\0\n";
    diffy::merge(before, now, answer).or_else(|conflicted| {
        let apart = |text: &str| text.replace('\n', &format!("\n{BETWEEN}"));
        match diffy::merge(&apart(before), &apart(now), &apart(answer)) {
            Ok(merged) => Ok(merged.replace(BETWEEN, "")),
            Err(_) => Err(conflicted),
        }
    })
}

/// The lines of a merge that two sides changed.
fn conflicts(merged: &str) -> String {
    let mut out = "both were changed:".to_owned();
    let mut inside = false;
    for line in merged.lines() {
        let word = match line.get(..7) {
            Some("<<<<<<<") => "    the solution now",
            Some("|||||||") => "    the solution before",
            Some("=======") => "    the mistake",
            Some(">>>>>>>") => "",
            _ if inside => {
                out.push_str("\n      ");
                out.push_str(line);
                continue;
            }
            _ => continue,
        };
        inside = !word.is_empty();
        if inside {
            out.push('\n');
            out.push_str(word);
        }
    }
    out
}
