//! Who is graded: the folders of the command line, or a roster.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use xtask_core::error::{Error, Result};

use crate::text::line;

/// A learner and the folder of the submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: String,
    pub name: String,
    pub folder: PathBuf,
    /// The part of the folder's path that is a link, where one lies below what the instructor named: what is handed in
    /// decides then what is graded.
    pub link: Option<PathBuf>,
}

/// One learner for each folder, named after it.
///
/// # Errors
///
/// When two folders have one name: their learners could not be told apart.
pub fn of_folders(folders: &[PathBuf]) -> Result<Vec<Entry>> {
    let entries = folders.iter().map(|folder| {
        // `.` and `..` have a name only once they are resolved. What has one keeps it, be it a link: it is the learner's.
        let whole = match folder.file_name() {
            Some(_) => folder.clone(),
            None => std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone()),
        };
        let id = whole.file_name().map_or_else(
            || "submission".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        Entry {
            id: line(&id),
            name: String::new(),
            folder: folder.clone(),
            link: link_below(folder.parent().unwrap_or(folder), folder),
        }
    });
    let entries: Vec<Entry> = entries.collect();
    match duplicate(&entries) {
        None => Ok(entries),
        Some(id) => Err(Error::new(format!("two folders are called `{id}`")).help(
            "name the learners in a roster: --roster FILE with the columns id, name, folder",
        )),
    }
}

/// Reads a roster: CSV with the columns `id`, `name` and `folder`, in any order. A relative folder is looked for below
/// `base` when that is given, or else beside the roster. A folder that is missing is reported with its learner's grade.
///
/// # Errors
///
/// When the file cannot be read, a column is missing, or an id stands there twice.
pub fn read(path: &Path, base: Option<&Path>) -> Result<Vec<Entry>> {
    let wrong = |what: String| {
        Error::file(path, what).help("a roster is CSV with a first line `id,name,folder`")
    };
    let text = xtask_core::files::read(path)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|error| wrong(error.to_string()))?
        .clone();
    let column = |name: &str| {
        let mut columns = headers.iter();
        columns
            .position(|column| column.eq_ignore_ascii_case(name))
            .ok_or_else(|| wrong(format!("the column `{name}` is missing")))
    };
    let (id, name, folder) = (column("id")?, column("name")?, column("folder")?);
    let beside = base.unwrap_or_else(|| path.parent().unwrap_or(Path::new(".")));
    let mut entries = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let field = |index: usize| record.get(index).unwrap_or_default();
        let number = record.position().map_or(0, csv::Position::line);
        if field(id).is_empty() {
            return Err(wrong(format!("line {number} has no id")));
        }
        if field(folder).is_empty() {
            return Err(wrong(format!("line {number} has no folder")));
        }
        entries.push(Entry {
            id: line(field(id)),
            name: line(field(name)),
            folder: beside.join(field(folder)),
            link: link_below(beside, Path::new(field(folder))),
        });
    }
    if let Some(id) = duplicate(&entries) {
        return Err(wrong(format!("the id `{id}` stands there twice")));
    }
    if entries.is_empty() {
        return Err(wrong("it names nobody".to_owned()));
    }
    Ok(entries)
}

/// The first part of `folder` below `base` that is a link. Of a path from the root, only its end is looked at: the rest is
/// the machine's.
fn link_below(base: &Path, folder: &Path) -> Option<PathBuf> {
    // Behind a `/` at its end, a link is looked through.
    let whole: PathBuf = base.join(folder).components().collect();
    if folder.is_absolute() {
        return whole.is_symlink().then_some(whole);
    }
    let mut path = base.to_owned();
    let mut parts = folder.strip_prefix(base).unwrap_or(folder).components();
    parts.find_map(|part| {
        path.push(part);
        path.is_symlink().then(|| path.clone())
    })
}

/// Learners whose folders are one and the same, a line for each folder. It may be a pair that works together, or a
/// mistake in the roster.
pub fn shared_folders(entries: &[Entry]) -> Vec<(Vec<String>, PathBuf)> {
    let mut owners: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for entry in entries {
        if let Ok(folder) = std::fs::canonicalize(&entry.folder) {
            owners.entry(folder).or_default().push(entry.id.clone());
        }
    }
    owners.retain(|_, ids| ids.len() > 1);
    owners
        .into_iter()
        .map(|(folder, ids)| (ids, folder))
        .collect()
}

fn duplicate(entries: &[Entry]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    let mut ids = entries.iter().map(|entry| entry.id.as_str());
    ids.find(|id| !seen.insert(*id))
}

#[cfg(test)]
mod tests {
    use super::{of_folders, read, shared_folders};
    use std::path::{Path, PathBuf};

    fn roster(text: &str) -> Result<Vec<super::Entry>, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("class.csv");
        std::fs::write(&path, text).expect("writable");
        read(&path, Some(Path::new("in"))).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let entries =
            roster("\u{feff}Name,folder,ID\r\n\"Lovelace, Ada\",ada,1\r\n").expect("it is right");
        assert_eq!(entries[0].name, "Lovelace, Ada");
        assert_eq!(entries[0].folder, PathBuf::from("in/ada"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, word) in [
            ("id,name,folder\n1,A,a\n1,B,b\n", "`1` stands there twice"),
            ("id,name\n1,A\n", "`folder` is missing"),
            ("id,name,folder\n,A,a\n", "has no id"),
            ("id,name,folder\n1,A,\n", "has no folder"),
            ("id,name,folder\n", "nobody"),
            ("id,name,folder\n1,A\n", "fields"),
        ] {
            let said = roster(text).expect_err(text);
            assert!(said.contains(word), "{said}");
        }
    }

    #[test]
    fn one_folder_of_several_learners_is_noticed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("ada")).expect("writable");
        let path = folder.path().join("class.csv");
        let text = "id,name,folder\n1,A,ada\n2,B,./ada/\n3,C,nobody\n4,D,nobody\n";
        std::fs::write(&path, text).expect("writable");
        let entries = read(&path, None).expect("it is right");
        let shared = shared_folders(&entries);
        let ids: Vec<&[String]> = shared.iter().map(|(ids, _)| ids.as_slice()).collect();
        assert_eq!(ids, [["1".to_owned(), "2".to_owned()]]);
    }

    #[test]
    fn names_are_one_line_that_turns_no_direction() {
        let entries = roster("id,name,folder\n1\u{202e},\"A\n::b\u{7}\",a\n").expect("it is right");
        assert_eq!(entries[0].id, "1\u{fffd}");
        assert_eq!(entries[0].name, "A\u{fffd}::b\u{fffd}");
    }

    #[test]
    fn folders_of_one_name_cannot_be_told_apart() {
        let said = of_folders(&["x/ada".into(), "y/ada".into()]).expect_err("twice");
        assert!(said.to_string().contains("`ada`"));
    }
}
