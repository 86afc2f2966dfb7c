//! Finds what a word on the command line names.

use std::path::{Component, Path};

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
    match by_name(course, name) {
        Err(error) => match earlier(course, name).as_slice() {
            [item] => Ok(Selection::Exercise(*item)),
            [] => Err(error),
            several => {
                let ids: Vec<String> = several.iter().map(Item::id).collect();
                Err(Error::new(format!("`{name}` is several exercises now"))
                    .help(format!("they are {}", ids.join(" and "))))
            }
        },
        found => found,
    }
}

pub fn now_called<'a>(course: &'a Course, name: &str) -> Vec<Item<'a>> {
    match by_name(course, name) {
        Ok(_) => Vec::new(),
        Err(_) => earlier(course, name),
    }
}

/// The exercises that were called so: by name, by id, or by the path of a file.
fn earlier<'a>(course: &'a Course, name: &str) -> Vec<Item<'a>> {
    let file = file_of(name);
    let path = Path::new(&file);
    let is_source = file.ends_with(".rs");
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_meant = |item: &Item<'_>| {
        item.earlier_ids().any(|id| {
            let short = id.split_once('/').map_or(id.as_str(), |(_, short)| short);
            id == name
                || short == name
                || format!("{}/{short}", item.stage.folder) == name
                || is_source && short == stem
        })
    };
    course.exercises().filter(is_meant).collect()
}

fn by_name<'a>(course: &'a Course, name: &str) -> Result<Selection<'a>> {
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
        [] if is_path(name) => by_path(course, name).ok_or_else(|| unknown(course, name))?,
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

fn is_path(name: &str) -> bool {
    name.contains(['/', '\\', '.']) || Path::new(name).exists()
}

/// What lies at a path, which may be seen from the working folder, from the course's or from `exercises`; nothing when
/// the path leads to no stage, or to nothing in it.
fn by_path<'a>(course: &'a Course, name: &str) -> Option<Result<Selection<'a>>> {
    let file = file_of(name);
    let (stage, inside) = place_of(course, Path::new(&file)).or_else(|| {
        let working = std::env::current_dir().ok()?;
        place_of(course, &working.join(&file))
    })?;
    let owner = stage.owner(&inside);
    if let Some(exercise) = owner.or_else(|| stage.owner(&format!("{inside}/"))) {
        return Some(Ok(Selection::Exercise(Item { stage, exercise })));
    }
    let is_there = stage.folder().join(&inside).exists();
    if inside.ends_with(".rs") && is_there {
        let names: Vec<String> = stage.items().map(|item| item.id()).collect();
        return Some(Err(Error::new(format!(
            "`{name}` belongs to no exercise of {}",
            stage.id
        ))
        .help(format!("it holds {}", names.join(", ")))));
    }
    is_there.then_some(Ok(Selection::Stage(stage)))
}

/// A path with forward slashes, without the line that editors and compilers write behind it: `loops.rs:12:5`.
fn file_of(name: &str) -> String {
    let forward = name.replace('\\', "/");
    match forward.split_once(".rs:") {
        Some((before, _)) => format!("{before}.rs"),
        None => forward,
    }
}

/// The stage that a path leads into, and the rest of the path.
fn place_of<'a>(course: &'a Course, path: &Path) -> Option<(&'a Stage, String)> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir => {
                parts.pop()?;
            }
            _ => {}
        }
    }
    let named = |part: &String| course.stages.iter().find(|stage| &stage.folder == part);
    let at = parts.iter().rposition(|part| named(part).is_some())?;
    Some((named(&parts[at])?, parts[at + 1..].join("/")))
}

/// The stage in whose folder this program was started, or in a folder below it.
pub fn stage_here(course: &Course) -> Option<&Stage> {
    let working = std::env::current_dir().ok()?;
    let exercises = course.root.join("exercises");
    let exercises = exercises.canonicalize().unwrap_or(exercises);
    let working = working.canonicalize().unwrap_or(working);
    let below = working.strip_prefix(exercises).ok()?;
    Some(place_of(course, below)?.0)
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
    let file = file_of(name);
    let stem = Path::new(&file)
        .file_stem()
        .map_or(name.into(), |stem| stem.to_string_lossy());
    let near = nearest(name, &known).or_else(|| nearest(&stem, &known));
    match near {
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
