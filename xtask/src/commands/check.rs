//! `cargo xtask check`: verdicts for what is named.

use xtask_core::course::{Item, Selection};
use xtask_core::desk::Desk;
use xtask_core::engine::Verdict;
use xtask_core::error::{Error, Kind, Result};

use super::next::print_leftovers;
use super::{Ending, warn};
use crate::documents;
use crate::flags::{Check, Format};
use crate::report::{self, Detail};

/// Judges what the command line names.
///
/// # Errors
///
/// When a name is wrong, or something cannot be judged.
pub fn run(desk: &Desk<'_>, check: &Check) -> Result<Ending> {
    let items = chosen(desk, check)?;
    let judged = if check.printed {
        desk.judge_anew(&items)?
    } else {
        desk.judge(&items)?
    };
    let verdicts = judged.verdicts;
    match check.format {
        Format::Json => println!("{}", documents::verdicts(&verdicts)),
        Format::Text => print_text(check, &items, &verdicts),
    }
    warn(&judged.warnings);
    if check.all && !desk.course.faults.is_empty() {
        let words = "a stage of the course cannot be read; see above";
        return Err(Error::of(Kind::Course, words));
    }
    Ok(verdicts.iter().all(Verdict::passed).into())
}

fn chosen<'a>(desk: &Desk<'a>, check: &Check) -> Result<Vec<Item<'a>>> {
    if check.all {
        return Ok(desk.course.exercises().collect());
    }
    if check.names.is_empty() {
        if let Some(stage) = desk.course.stage_here() {
            return Ok(stage.items().collect());
        }
        return Ok(vec![desk.named_or_current(None)?]);
    }
    let mut items: Vec<Item<'a>> = Vec::new();
    for selection in desk.course.select(&check.names)? {
        for item in Selection::items(selection) {
            if items.iter().all(|known| known.id() != item.id()) {
                items.push(item);
            }
        }
    }
    Ok(items)
}

fn print_text(check: &Check, items: &[Item<'_>], verdicts: &[Verdict]) {
    let detail = if check.all_failures {
        Detail::Every
    } else {
        Detail::First
    };
    for (item, verdict) in items.iter().zip(verdicts) {
        print!("{}", report::text(item, verdict, detail));
        if verdict.passed() {
            print_leftovers(item);
        }
        if check.printed {
            print!("{}", report::printed(verdict));
        }
        if !verdict.passed() && verdicts.len() == 1 {
            print!("\n{}", report::pointers(item));
        }
    }
    if verdicts.len() > 1 {
        let passed = verdicts.iter().filter(|verdict| verdict.passed()).count();
        println!("\n{passed} of {} exercises pass.", verdicts.len());
    }
}
