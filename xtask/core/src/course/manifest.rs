//! What cargo's own files say: the workspace's manifest and a stage's.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Kind, Result};
use crate::files;
use crate::memory::Memory;

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
        static KNOWN: Memory<String, Option<String>> = Memory::new();
        let wrong = KNOWN.answer(text.clone(), |text| {
            DeTable::parse(text).err().map(|error| error.to_string())
        });
        if let Some(error) = wrong {
            let words = format!("{}: {error}", path.display());
            return Err(Error::of(Kind::Course, words));
        }
        Ok(Self { text })
    }

    fn with<T>(&self, read: impl FnOnce(&DeTable<'_>) -> T) -> Option<T> {
        let document = DeTable::parse(&self.text).ok()?;
        Some(read(document.get_ref()))
    }

    /// What builds depend on: everything but the list of members, which grows whenever somebody runs `cargo new`.
    pub fn settings(&self) -> String {
        static KNOWN: Memory<String, String> = Memory::new();
        KNOWN.answer(self.text.clone(), |_| self.read_settings())
    }

    fn read_settings(&self) -> String {
        let without_members = |table: &DeTable<'_>| {
            let workspace = table
                .get("workspace")
                .and_then(|value| value.get_ref().as_table());
            let keys = ["members", "default-members", "exclude"];
            let found = keys.iter().filter_map(|key| workspace?.get(*key));
            found.map(|value| (value.span(), String::new())).collect()
        };
        let edits = self.with(without_members).unwrap_or_default();
        edited(&self.text, edits)
    }

    /// The path, relative to the course, of each library of the course that stages share.
    pub fn shared(&self) -> Vec<String> {
        static KNOWN: Memory<String, Vec<String>> = Memory::new();
        KNOWN.answer(self.text.clone(), |_| self.read_shared())
    }

    fn read_shared(&self) -> Vec<String> {
        let found = self.with(|table| {
            let paths = paths_of(table).into_iter().map(|value| value.0);
            paths
                .filter(|path| path.starts_with("exercises/"))
                .collect()
        });
        found.unwrap_or_default()
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

    /// The manifest of a workspace in another folder with one member; the shared libraries lie below `below` there.
    ///
    /// # Errors
    ///
    /// When the manifest has no list of members.
    pub fn with_member(&self, member: &str, below: &str) -> Result<String> {
        // Each build asks for it, and it is another text only when the course was updated.
        static KNOWN: Memory<[String; 3], Option<String>> = Memory::new();
        let question = [&self.text, member, below].map(str::to_owned);
        let made = KNOWN.answer(question, |[_, member, below]| self.made_for(member, below));
        made.ok_or_else(no_members)
    }

    fn made_for(&self, member: &str, below: &str) -> Option<String> {
        let edits = self.with(|table| {
            let workspace = table.get("workspace")?.get_ref().as_table()?;
            let mut edits: Vec<Edit> =
                vec![(workspace.get("members")?.span(), format!("[\"{member}\"]"))];
            if let Some(value) = workspace.get("default-members") {
                edits.push((value.span(), format!("[\"{member}\"]")));
            }
            for (path, span) in paths_of(table) {
                if path.starts_with("exercises/") {
                    edits.push((span, format!("\"{below}/{path}\"")));
                }
            }
            Some(edits)
        });
        let mut text = edited(&self.text, edits.flatten()?);
        if !self.has_profile() {
            text.push_str(&format!(
                "\n[profile.{PROFILE}]\ninherits = \"dev\"\ndebug = false\n"
            ));
        }
        Some(text)
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

/// The `path` of each shared dependency, and where it stands.
fn paths_of(table: &DeTable<'_>) -> Vec<(String, std::ops::Range<usize>)> {
    let workspace = table
        .get("workspace")
        .and_then(|value| value.get_ref().as_table());
    let dependencies =
        workspace.and_then(|workspace| workspace.get("dependencies")?.get_ref().as_table());
    let values = dependencies.into_iter().flat_map(|table| table.values());
    values
        .filter_map(|value: &Spanned<DeValue<'_>>| {
            let path = value.get_ref().as_table()?.get("path")?;
            Some((path.get_ref().as_str()?.to_owned(), path.span()))
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::{StageManifest, WorkspaceManifest};

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
        let text = manifest(TEXT).with_member("judged/exercises/01-logic", "judged");
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
            .with_member("a", "b")
            .expect("there are members");
        assert_eq!(text.matches("[profile.runner]").count(), 1, "{text}");
        assert!(manifest("[package]\n").with_member("a", "b").is_err());
    }

    #[test]
    fn a_new_member_changes_no_setting() {
        let more = TEXT.replace("# one\n", "# one\n    \"playground\",\n");
        assert_eq!(manifest(TEXT).settings(), manifest(&more).settings());
        let other = TEXT.replace("serde = \"1\"", "serde = \"2\"");
        assert_ne!(manifest(TEXT).settings(), manifest(&other).settings());
    }

    #[test]
    fn a_library_has_the_name_that_the_manifest_gives_it() {
        let named = StageManifest::of("[lib]\nname = \"shop_io\"\n", "io");
        assert_eq!(named.library, "shop_io");
        assert_eq!(StageManifest::of("", "data-flow").library, "data_flow");
    }
}
