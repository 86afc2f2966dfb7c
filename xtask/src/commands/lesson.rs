//! `cargo xtask lesson`: one section of a stage's README, or how it begins, in the terminal.

use xtask_core::course::{
    Item, Selection, Stage,
    lesson::{introduction, section},
};
use xtask_core::desk::Desk;
use xtask_core::error::{Error, Kind, Result};
use xtask_core::files;

use super::Ending;
use crate::report::{Pointer, rows};
use crate::terminal::markdown;

/// Prints the lesson of an exercise, or the introduction of a stage.
///
/// # Errors
///
/// When the name is wrong, or the README has no section for it.
pub fn run(desk: &Desk<'_>, name: Option<&str>) -> Result<Ending> {
    let selection = match name {
        Some(name) => desk.course.select(&[name.to_owned()])?.into_iter().next(),
        None => None,
    };
    match selection {
        Some(Selection::Stage(stage)) => print_introduction(stage),
        Some(Selection::Exercise(item)) => print_lesson(&item),
        None => print_lesson(&desk.named_or_current(None)?),
    }
}

fn print_lesson(item: &Item<'_>) -> Result<Ending> {
    let path = item.stage.folder().join("README.md");
    let section = section(&files::read(&path)?, &item.exercise.name).ok_or_else(|| {
        Error::file(
            &path,
            format!("no section begins with `## {}:`", item.exercise.name),
        )
        .as_kind(Kind::Course)
    })?;
    println!("{}\n", markdown(&section));
    print!(
        "{}",
        rows(&[Pointer::file("open", item.stage, &item.source())])
    );
    Ok(Ending::Well)
}

fn print_introduction(stage: &Stage) -> Result<Ending> {
    let text = files::read(&stage.folder().join("README.md"))?;
    println!("{}\n", markdown(&introduction(&text)));
    let lessons = stage.items().map(|item| {
        let command = format!("cargo xtask lesson {}", item.id());
        Pointer::command("lesson", &command)
    });
    print!("{}", rows(&lessons.collect::<Vec<_>>()));
    Ok(Ending::Well)
}
