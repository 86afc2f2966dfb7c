//! Finds what a word on the command line names.

use super::{Course, Item, Stage};
use crate::error::{Error, Result};

/// What one word on the command line names.
#[derive(Debug, Clone, Copy)]
pub enum Selection<'a> {
    Stage(&'a Stage),
    Exercise(Item<'a>),
}

impl<'a> Selection<'a> {
    /// The exercises that are meant.
    pub fn items(self) -> Vec<Item<'a>> {
        match self {
            Selection::Stage(stage) => stage.items().collect(),
            Selection::Exercise(item) => vec![item],
        }
    }
}

pub fn select<'a>(course: &'a Course, name: &str) -> Result<Selection<'a>> {
    if let Some(stage) = find_stage(course, name) {
        return Ok(Selection::Stage(stage));
    }
    let (stage, short) = match name.split_once('/') {
        Some((stage, short)) => (Some(stage), short),
        None => (None, name),
    };
    let found: Vec<Item<'a>> = course
        .exercises()
        .filter(|item| item.exercise.name == short)
        .filter(|item| {
            stage.is_none_or(|stage| stage == item.stage.id || stage == item.stage.folder)
        })
        .collect();
    match found.as_slice() {
        [item] => Ok(Selection::Exercise(*item)),
        [] => Err(unknown(course, name)),
        several => {
            let ids: Vec<String> = several.iter().map(Item::id).collect();
            Err(
                Error::new(format!("`{name}` names {} exercises", ids.len()))
                    .help(format!("say which: {}", ids.join(" or "))),
            )
        }
    }
}

pub fn exercise<'a>(course: &'a Course, name: &str) -> Result<Item<'a>> {
    match select(course, name)? {
        Selection::Exercise(item) => Ok(item),
        Selection::Stage(stage) => {
            let names: Vec<String> = stage.items().map(|item| item.id()).collect();
            Err(
                Error::new(format!("`{name}` is a stage; one exercise is wanted"))
                    .help(format!("it holds {}", names.join(", "))),
            )
        }
    }
}

pub fn stage<'a>(course: &'a Course, name: &str) -> Result<&'a Stage> {
    find_stage(course, name).ok_or_else(|| {
        let names: Vec<String> = course.stages.iter().map(|stage| stage.id.clone()).collect();
        let error = Error::new(format!("there is no stage `{name}`"));
        match nearest(name, &names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("the stages are {}", names.join(", "))),
        }
    })
}

fn find_stage<'a>(course: &'a Course, name: &str) -> Option<&'a Stage> {
    let mut stages = course.stages.iter();
    stages.find(|stage| stage.id == name || stage.folder == name)
}

fn unknown(course: &Course, name: &str) -> Error {
    let planned = course.planned.iter().find(|stage| {
        stage.folder == name
            || stage
                .folder
                .split_once('-')
                .is_some_and(|(_, id)| id == name)
    });
    if let Some(stage) = planned {
        return Error::new(format!(
            "the stage `{name}` ({}) is planned and has no exercises yet",
            stage.title
        ));
    }
    let error = Error::new(format!("nothing in the course is called `{name}`"));
    let stages = course.stages.iter().map(|stage| stage.id.clone());
    let exercises = course.exercises().map(|item| item.exercise.name.clone());
    let ids = course.exercises().map(|item| item.id());
    let known: Vec<String> = stages.chain(exercises).chain(ids).collect();
    match nearest(name, &known) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`cargo xtask list` shows every name"),
    }
}

/// The known name most like `name`, if one is alike enough to be what was meant.
pub fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate.as_str())
}
