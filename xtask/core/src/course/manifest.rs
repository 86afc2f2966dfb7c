//! What cargo's own files say: the workspace's manifest and a stage's.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::error::{Error, Kind, Result};
use crate::files;

/// The profile of everything that the runner builds, itself included. It has a folder of its own below the target
/// folder, and so a lock of its own: an editor that checks the workspace holds that of `debug` for minutes.
pub const PROFILE: &str = "runner";

/// The workspace's `Cargo.toml`.
#[derive(Debug)]
pub struct WorkspaceManifest {
    text: String,
}

/// One place of a text and what comes in its stead.
type Edit = (std::ops::Range<usize>, String);

impl WorkspaceManifest {
    /// Reads the manifest of the course at `root`.
    ///
    /// # Errors
    ///
    /// When it is missing or no TOML.
    pub fn load(root: &Path) -> Result<Self> {
        let path = root.join("Cargo.toml");
        let text = files::read(&path)?;
        DeTable::parse(&text)
            .map_err(|error| Error::of(Kind::Course, format!("{}: {error}", path.display())))?;
        Ok(Self { text })
    }

    fn with<T>(&self, read: impl FnOnce(&DeTable<'_>) -> T) -> Option<T> {
        let document = DeTable::parse(&self.text).ok()?;
        Some(read(document.get_ref()))
    }

    /// What builds depend on, whatever its form and order: everything but the list of members, which grows whenever
    /// somebody runs `cargo new`, and shared dependencies that do not count.
    pub fn settings(&self, counts: impl Fn(&str) -> bool) -> String {
        const MEMBERS: [&str; 3] = ["members", "default-members", "exclude"];
        let mut text = String::new();
        self.with(|table| {
            let is_left_out = |path: &[&str]| match path {
                ["workspace", list] => MEMBERS.contains(list),
                ["workspace", "dependencies", name] => !counts(name),
                _ => false,
            };
            write_table(table, &mut Vec::new(), &is_left_out, &mut text);
        });
        text
    }

    /// The libraries of the course that stages share: the path of each, relative to the course, by its name.
    pub fn libraries(&self) -> BTreeMap<String, String> {
        let found = self.with(|table| {
            let all = paths_of(table).into_iter();
            let shared = all.filter(|(_, path, _)| path.starts_with("exercises/"));
            shared.map(|(name, path, _)| (name, path)).collect()
        });
        found.unwrap_or_default()
    }

    /// The features that a shared dependency has for everybody.
    pub fn features_of(&self, name: &str) -> Vec<String> {
        let found = self.with(|table| {
            let workspace = table.get("workspace")?.get_ref().as_table()?;
            let dependencies = workspace.get("dependencies")?.get_ref().as_table()?;
            let dependency = dependencies.get(name)?.get_ref().as_table()?;
            let list = dependency.get("features")?.get_ref().as_array()?;
            let names = list.iter().filter_map(|name| name.get_ref().as_str());
            Some(names.map(str::to_owned).collect())
        });
        found.flatten().unwrap_or_default()
    }

    /// The path, relative to the course, of each library of the course that stages share.
    pub fn shared(&self) -> Vec<String> {
        self.libraries().into_values().collect()
    }

    /// The oldest Rust that the course is made for.
    pub fn rust_version(&self) -> Option<String> {
        self.with(|table| {
            let workspace = table.get("workspace")?.get_ref().as_table()?;
            let package = workspace.get("package")?.get_ref().as_table()?;
            Some(package.get("rust-version")?.get_ref().as_str()?.to_owned())
        })?
    }

    /// The manifest with other members, and with other default members.
    ///
    /// # Errors
    ///
    /// When the manifest has no list of members.
    pub fn with_members(&self, members: &[String], default: &[String]) -> Result<String> {
        let edits = self.with(|table| {
            let workspace = table.get("workspace")?.get_ref().as_table()?;
            let mut edits: Vec<Edit> = vec![(workspace.get("members")?.span(), list(members))];
            if let Some(value) = workspace.get("default-members") {
                edits.push((value.span(), list(default)));
            }
            Some(edits)
        });
        Ok(edited(&self.text, edits.flatten().ok_or_else(no_members)?))
    }

    /// The manifest of a workspace in another folder with these members; the shared libraries lie below `below` there.
    ///
    /// # Errors
    ///
    /// When the manifest has no list of members.
    pub fn with_members_only(&self, members: &[String], below: &str) -> Result<String> {
        let names: Vec<String> = members.iter().map(|name| format!("{name:?}")).collect();
        let names = format!("[{}]", names.join(", "));
        let edits = self.with(|table| {
            let workspace = table.get("workspace")?.get_ref().as_table()?;
            let mut edits: Vec<Edit> = vec![(workspace.get("members")?.span(), names.clone())];
            if let Some(value) = workspace.get("default-members") {
                edits.push((value.span(), names.clone()));
            }
            for (_, path, span) in paths_of(table) {
                if path.starts_with("exercises/") {
                    edits.push((span, format!("\"{below}/{path}\"")));
                }
            }
            Some(edits)
        });
        let mut text = edited(&self.text, edits.flatten().ok_or_else(no_members)?);
        if !self.has_profile() {
            text.push_str(&format!(
                "\n[profile.{PROFILE}]\ninherits = \"dev\"\ndebug = false\n"
            ));
        }
        Ok(text)
    }

    fn has_profile(&self) -> bool {
        let named = |table: &DeTable<'_>| {
            let profiles = table.get("profile")?.get_ref().as_table()?;
            Some(profiles.contains_key(PROFILE))
        };
        self.with(named).flatten().unwrap_or(false)
    }
}

fn no_members() -> Error {
    let words = "the workspace's Cargo.toml has no `members` under [workspace]";
    Error::of(Kind::Course, words)
}

/// A list of texts, as TOML has it, one a line.
fn list(items: &[String]) -> String {
    let lines: Vec<String> = items
        .iter()
        .map(|item| format!("    \"{item}\",\n"))
        .collect();
    format!("[\n{}]", lines.concat())
}

/// The name and the `path` of each shared dependency, and where the path stands.
fn paths_of(table: &DeTable<'_>) -> Vec<(String, String, std::ops::Range<usize>)> {
    let workspace = table
        .get("workspace")
        .and_then(|value| value.get_ref().as_table());
    let dependencies =
        workspace.and_then(|workspace| workspace.get("dependencies")?.get_ref().as_table());
    let entries = dependencies.into_iter().flat_map(|table| table.iter());
    entries
        .filter_map(|(name, value)| {
            let path = value.get_ref().as_table()?.get("path")?;
            let text = path.get_ref().as_str()?.to_owned();
            Some((name.get_ref().to_string(), text, path.span()))
        })
        .collect()
}

/// Writes a table such that two texts are equal when the tables are: one line a value, in the order of the names.
fn write_table<'t>(
    table: &'t DeTable<'_>,
    path: &mut Vec<&'t str>,
    is_left_out: &impl Fn(&[&str]) -> bool,
    text: &mut String,
) {
    let mut entries: Vec<(&str, &DeValue<'_>)> = table
        .iter()
        .map(|(name, value)| (name.get_ref().as_ref(), value.get_ref()))
        .collect();
    entries.sort_by_key(|(name, _)| *name);
    for (name, value) in entries {
        path.push(name);
        if !is_left_out(path) {
            match value {
                DeValue::Table(table) => {
                    text.push_str(&format!("{path:?}\n"));
                    write_table(table, path, is_left_out, text);
                }
                value => text.push_str(&format!("{path:?} = {}\n", written(value))),
            }
        }
        path.pop();
    }
}

fn written(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Array(list) => {
            let items: Vec<String> = list.iter().map(|item| written(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(table) => {
            let mut text = String::new();
            write_table(table, &mut Vec::new(), &|_| false, &mut text);
            format!("{{{text}}}")
        }
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
    }
}

fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for (span, new) in edits {
        text.replace_range(span, &new);
    }
    text
}

/// What the runner has to know of a stage's `Cargo.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageManifest {
    /// The name by which tests and programs call the stage's library.
    pub library: String,
    /// It names its programs itself, so that their sources must be there.
    pub names_programs: bool,
}

impl StageManifest {
    /// Reads the text of a stage's manifest; `id` is the stage's, for what the text does not say.
    pub fn of(text: &str, id: &str) -> Self {
        let read = || {
            let document = DeTable::parse(text).ok()?;
            let table = document.get_ref();
            let lib = table
                .get("lib")
                .and_then(|value| value.get_ref().as_table());
            let name = lib.and_then(|lib| lib.get("name")?.get_ref().as_str().map(str::to_owned));
            Some((name, table.contains_key("bin")))
        };
        let (name, names_programs) = read().unwrap_or_default();
        Self {
            library: name.unwrap_or_else(|| id.replace('-', "_")),
            names_programs,
        }
    }
}

/// A stage's manifest for a copy of its package under another name, whose library keeps its own. Nothing where two copies
/// would get into each other's way: the programs of both would be built into one file.
pub fn renamed(text: &str, id: &str, name: &str) -> Option<String> {
    let stage = StageManifest::of(text, id);
    if stage.names_programs {
        return None;
    }
    let document = DeTable::parse(text).ok()?;
    let table = document.get_ref();
    let package = table.get("package")?.get_ref().as_table()?;
    let mut edits = vec![(package.get("name")?.span(), format!("{name:?}"))];
    let library = format!("name = {:?}\n", stage.library);
    match table.get("lib").map(|lib| lib.get_ref().as_table()) {
        None => edits.push((text.len()..text.len(), format!("\n[lib]\n{library}"))),
        Some(lib) if lib?.contains_key("name") => {}
        Some(_) => {
            let head = text.find("\n[lib]\n")? + "\n[lib]\n".len();
            edits.push((head..head, library));
        }
    }
    Some(edited(text, edits))
}

#[cfg(test)]
mod tests {
    use super::{StageManifest, WorkspaceManifest, renamed};

    const TEXT: &str = "\
[workspace]
members = [
    \"exercises/01-logic\", # one
]
default-members = [\"xtask\"]

[workspace.dependencies]
support = { path = \"exercises/support\" }
xtask = { path = \"xtask\" }
serde = \"1\"

[profile.dev]
debug = \"line-tables-only\"
";

    fn manifest(text: &str) -> WorkspaceManifest {
        WorkspaceManifest { text: text.into() }
    }

    #[test]
    fn another_workspace_has_one_member_and_the_same_dependencies() {
        let text =
            manifest(TEXT).with_members_only(&["judged/exercises/01-logic".to_owned()], "judged");
        let text = text.expect("there are members");
        assert!(text.contains("members = [\"judged/exercises/01-logic\"]\ndefault-members = [\"judged/exercises/01-logic\"]"), "{text}");
        assert!(
            text.contains("support = { path = \"judged/exercises/support\" }"),
            "{text}"
        );
        assert!(
            text.contains("xtask = { path = \"xtask\" }\nserde = \"1\""),
            "{text}"
        );
        assert!(
            text.contains("[profile.runner]\ninherits = \"dev\"\n"),
            "{text}"
        );
        let own = format!("{TEXT}\n[profile.runner]\ninherits = \"dev\"\n");
        let text = manifest(&own)
            .with_members_only(&["a".to_owned()], "b")
            .expect("there are members");
        assert_eq!(text.matches("[profile.runner]").count(), 1, "{text}");
        assert!(manifest("[package]\n").with_members_only(&[], "b").is_err());
    }

    #[test]
    fn a_new_member_changes_no_setting() {
        let more = TEXT.replace("# one\n", "# one\n    \"playground\",\n");
        let settings = |text: &str| manifest(text).settings(|_| true);
        assert_eq!(settings(TEXT), settings(&more));
        for (old, new) in [
            ("serde = \"1\"", "serde = \"2\""),
            ("debug = \"line", "strip = \"line"),
            ("[profile.dev]\n", "[profile.dev]\nopt-level = 1\n"),
            ("[profile.dev]\n", "[workspace.package]\n[profile.dev]\n"),
        ] {
            let other = TEXT.replace(old, new);
            assert_ne!(settings(TEXT), settings(&other), "{new}");
        }
        let reordered = TEXT
            .replace("serde = \"1\"\n", "")
            .replace("support = {", "# A word.\nserde = '1'\nsupport = {");
        assert_eq!(settings(TEXT), settings(&reordered));
    }

    #[test]
    fn a_dependency_that_does_not_count_changes_no_setting() {
        let settings = |text: &str| manifest(text).settings(|name| name != "serde");
        let other = TEXT.replace("serde = \"1\"", "serde = { version = \"2\" }");
        assert_eq!(settings(TEXT), settings(&other));
        let table = TEXT.replace(
            "serde = \"1\"",
            "[workspace.dependencies.serde]\nversion = \"2\"",
        );
        assert_eq!(settings(TEXT), settings(&table));
        let counted = TEXT.replace("exercises/support", "exercises/other");
        assert_ne!(settings(TEXT), settings(&counted));
    }

    #[test]
    fn a_copy_of_a_package_has_another_name_and_the_same_library() {
        let package = "[package]\nname = \"data-flow\"\n";
        let copy = |rest: &str| renamed(&format!("{package}{rest}"), "data-flow", "copy");
        let expected = |rest: &str| Some(format!("[package]\nname = \"copy\"\n{rest}"));
        assert_eq!(copy(""), expected("\n[lib]\nname = \"data_flow\"\n"));
        let lib = "[lib]\ndoctest = false\n";
        let named = "[lib]\nname = \"data_flow\"\ndoctest = false\n";
        assert_eq!(copy(lib), expected(named));
        assert_eq!(copy(named), expected(named));
        assert_eq!(copy("[[bin]]\nname = \"shop\"\n"), None);
        assert_eq!(renamed("[lib]\n", "a", "b"), None);
    }

    #[test]
    fn a_library_has_the_name_that_the_manifest_gives_it() {
        let named = StageManifest::of("[lib]\nname = \"shop_io\"\n", "io");
        assert_eq!(named.library, "shop_io");
        assert_eq!(StageManifest::of("", "data-flow").library, "data_flow");
    }
}
