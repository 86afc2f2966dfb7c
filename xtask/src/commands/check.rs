//! `cargo xtask check`: verdicts for what is named.

use super::Ending;
use crate::course::{Item, Selection};
use crate::engine::Verdict;
use crate::error::{Error, Result};
use crate::flags::{Check, Format};
use crate::report::{self, Detail};
use crate::workbench::Workbench;

/// Judges what the command line names.
///
/// # Errors
///
/// When a name is wrong, or something cannot be judged.
pub fn run(bench: &mut Workbench<'_>, check: &Check) -> Result<Ending> {
    let items = chosen(bench, check)?;
    let Some(verdicts) = bench.judge(&items)? else {
        return Ok(Ending::NotYet);
    };
    match check.format {
        Format::Json => println!("{:#}", report::json(&verdicts)),
        Format::Text => print_text(&items, &verdicts),
    }
    if check.all && !bench.course.faults.is_empty() {
        return Err(Error::new(
            "a stage of the course cannot be read; see above",
        ));
    }
    Ok(verdicts.iter().all(Verdict::passed).into())
}

fn chosen<'a>(bench: &Workbench<'a>, check: &Check) -> Result<Vec<Item<'a>>> {
    if check.all {
        return Ok(bench.course.exercises().collect());
    }
    if check.names.is_empty() {
        return Ok(vec![bench.named_or_current(None)?]);
    }
    let mut items: Vec<Item<'a>> = Vec::new();
    for selection in bench.course.select(&check.names)? {
        for item in Selection::items(selection) {
            if items.iter().all(|known| known.id() != item.id()) {
                items.push(item);
            }
        }
    }
    Ok(items)
}

fn print_text(items: &[Item<'_>], verdicts: &[Verdict]) {
    let detail = if verdicts.len() == 1 {
        Detail::Every
    } else {
        Detail::First
    };
    for (item, verdict) in items.iter().zip(verdicts) {
        print!("{}", report::text(item, verdict, detail));
        if !verdict.passed() && verdicts.len() == 1 {
            print!("\n{}", report::pointers(item));
        }
    }
    if verdicts.len() > 1 {
        let passed = verdicts.iter().filter(|verdict| verdict.passed()).count();
        println!("\n{passed} of {} exercises pass.", verdicts.len());
    }
}
