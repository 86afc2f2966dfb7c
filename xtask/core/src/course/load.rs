//! Reads `roadmap.toml` and every `stage.toml`.

use std::path::Path;

use super::{Course, Exercise, Level, PlannedStage, Stage};
use crate::error::{Error, Result};
use crate::files;
use crate::toml_file::{Table, TomlFile};

/// How long one test may run when `stage.toml` says nothing else, in seconds.
const TEST_SECONDS: u16 = 10;

enum Entry {
    Built(String),
    Planned(PlannedStage),
}

pub fn course(root: &Path) -> Result<Course> {
    let path = root.join("exercises").join("roadmap.toml");
    let text = files::read(&path)?;
    let (entries, topics, proofs) = TomlFile::new(&path, &text).parse(|top| {
        let entries = top.tables("stage", roadmap_entry)?;
        let topics = top.table("topics", |areas| {
            let keys = areas.keys();
            keys.into_iter()
                .map(|area| Ok((area.clone(), areas.texts(&area)?)))
                .collect()
        })?;
        let proofs = top.optional_table("proofs", |proofs| {
            let keys = proofs.keys().into_iter();
            keys.map(|topic| Ok((topic.clone(), proofs.text(&topic)?)))
                .collect()
        })?;
        Ok((entries, topics, proofs))
    })?;
    let mut course = Course {
        root: root.to_owned(),
        stages: Vec::new(),
        planned: Vec::new(),
        topics,
        proofs,
        faults: Vec::new(),
    };
    for entry in entries {
        match entry {
            Entry::Planned(planned) => course.planned.push(planned),
            Entry::Built(folder) => match stage(root, &folder) {
                Ok(stage) => course.stages.push(stage),
                Err(fault) => course.faults.push(fault),
            },
        }
    }
    Ok(course)
}

fn roadmap_entry(table: &mut Table<'_>) -> Result<Entry> {
    let folder = table.text("folder")?;
    if id_of(&folder).is_none() {
        return Err(table.error_at(
            "folder",
            format!("`{folder}` is not of the form `01-logic`"),
        ));
    }
    let Some(title) = table.optional_text("title")? else {
        return Ok(Entry::Built(folder));
    };
    Ok(Entry::Planned(PlannedStage {
        folder,
        title,
        level: level(table)?,
        exercises: table.texts("planned")?,
        topics: table.texts("topics")?,
    }))
}

fn stage(root: &Path, folder: &str) -> Result<Stage> {
    let path = root.join("exercises").join(folder).join("stage.toml");
    let text = files::read(&path)?;
    let id = id_of(folder).unwrap_or(folder).to_owned();
    TomlFile::new(&path, &text).parse(|top| {
        let stage = Stage {
            folder: folder.to_owned(),
            id,
            title: top.text("title")?,
            level: level(top)?,
            summary: top.text("summary")?,
            exercises: top.tables("exercise", exercise)?,
            root: root.to_owned(),
        };
        if stage.exercises.is_empty() {
            return Err(top.error("the stage has no `[[exercise]]`"));
        }
        for (index, exercise) in stage.exercises.iter().enumerate() {
            let earlier = &stage.exercises[..index];
            if earlier.iter().any(|other| other.name == exercise.name) {
                let what = format!("the exercise `{}` stands here twice", exercise.name);
                return Err(top.error(what));
            }
        }
        Ok(stage)
    })
}

fn exercise(table: &mut Table<'_>) -> Result<Exercise> {
    let name = table.text("name")?;
    if !is_module_name(&name) {
        let what = format!("`{name}` cannot name a module: use lower-case letters, digits and `_`");
        return Err(table.error_at("name", what));
    }
    Ok(Exercise {
        name,
        title: table.text("title")?,
        points: table.number("points")?,
        topics: table.texts("topics")?,
        hints: table.texts("hints")?,
        debugging: table.flag("debugging")?,
        test_seconds: table
            .optional_number("test_seconds")?
            .unwrap_or(TEST_SECONDS),
        was: table.texts("was")?,
    })
}

fn level(table: &mut Table<'_>) -> Result<Level> {
    let name = table.text("level")?;
    Level::parse(&name).ok_or_else(|| {
        let known: Vec<&str> = Level::NAMES.iter().map(|(_, id, _)| *id).collect();
        let what = format!("`{name}` is no level");
        table
            .error_at("level", what)
            .help(format!("the levels are {}", known.join(", ")))
    })
}

/// `logic` for `01-logic`.
fn id_of(folder: &str) -> Option<&str> {
    let (number, id) = folder.split_once('-')?;
    let numbered = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
    let named = id
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    (numbered && named && !id.is_empty()).then_some(id)
}

fn is_module_name(name: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.bytes().all(inside) && name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// The id that a new stage's folder gives, or why it gives none.
pub fn stage_id(folder: &str) -> Result<&str> {
    id_of(folder).ok_or_else(|| {
        Error::new(format!("`{folder}` is not of the form `05-databases`"))
            .help("two digits, a hyphen, and a name of lower-case letters")
    })
}
