//! Cargo's manifests and the roadmap, read and changed as TOML.

use std::path::Path;

use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, Value};
use xtask_core::error::{Error, Kind, Result};
use xtask_core::files;

/// A TOML file that keeps its form when it is changed.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    document: DocumentMut,
}

/// One dependency of a package.
#[derive(Debug)]
pub struct Dependency<'m> {
    pub name: &'m str,
    value: &'m Item,
}

impl Manifest {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it is missing or no TOML.
    pub fn load(path: &Path) -> Result<Self> {
        let text = files::read(path)?;
        let document = text
            .parse::<DocumentMut>()
            .map_err(|error| Error::file(path, error).as_kind(Kind::Course))?;
        Ok(Self { document })
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// The package's name.
    pub fn package(&self) -> Option<&str> {
        self.document.get("package")?.get("name")?.as_str()
    }

    /// Every dependency, of whatever kind and for whatever system.
    pub fn dependencies(&self) -> Vec<Dependency<'_>> {
        let top = self.document.as_table() as &dyn TableLike;
        let targets = self.document.get("target").and_then(Item::as_table_like);
        let systems = targets.into_iter().flat_map(|targets| targets.iter());
        let systems = systems.filter_map(|(_, system)| system.as_table_like());
        let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
        let mut found = Vec::new();
        for table in std::iter::once(top).chain(systems) {
            for kind in kinds {
                let list = table.get(kind).and_then(Item::as_table_like);
                let entries = list.into_iter().flat_map(|list| list.iter());
                found.extend(entries.map(|(name, value)| Dependency { name, value }));
            }
        }
        found
    }

    /// The workspace's members, or its default members.
    pub fn members(&self, key: &str) -> Vec<String> {
        let list = self
            .document
            .get("workspace")
            .and_then(|workspace| workspace.get(key));
        let list = list.and_then(Item::as_array);
        let texts = list.into_iter().flat_map(|list| list.iter());
        texts
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    }

    /// Adds a member in its alphabetical place. One that is there already stays.
    pub fn add_member(&mut self, key: &str, member: &str) {
        let list = self
            .document
            .get_mut("workspace")
            .and_then(|workspace| workspace.get_mut(key));
        let Some(list) = list.and_then(Item::as_array_mut) else {
            return;
        };
        let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        if names.contains(&member) {
            return;
        }
        let place = names.iter().position(|name| *name > member);
        let place = place.unwrap_or(names.len());
        list.insert(place, member);
        if let Some(value) = list.get_mut(place) {
            value.decor_mut().set_prefix("\n    ");
        }
    }

    /// What the roadmap says of a planned stage, which from now on says it itself: its entry keeps only its folder. A
    /// folder that the roadmap does not know gets an entry behind the ones with smaller names.
    pub fn begin_stage(&mut self, folder: &str) -> Planned {
        let mut planned = Planned::default();
        let Some(stages) = self
            .document
            .get_mut("stage")
            .and_then(Item::as_array_of_tables_mut)
        else {
            return planned;
        };
        let named = |table: &toml_edit::Table| {
            table
                .get("folder")
                .and_then(Item::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        if let Some(table) = stages.iter_mut().find(|table| named(table) == folder) {
            let text = |key: &str| Some(table.get(key)?.as_str()?.to_owned());
            let (title, level) = (text("title"), text("level"));
            let topics = table.get("topics").and_then(Item::as_array);
            let topics = topics.into_iter().flat_map(Array::iter);
            planned = Planned {
                title,
                level,
                topics: topics
                    .filter_map(|topic| topic.as_str().map(str::to_owned))
                    .collect(),
            };
            table.retain(|key, _| key == "folder");
            return planned;
        }
        let mut table = toml_edit::Table::new();
        table.insert("folder", toml_edit::value(folder));
        table.decor_mut().set_prefix("\n");
        let mut all: Vec<toml_edit::Table> = stages.iter().cloned().collect();
        let place = all.iter().position(|other| named(other).as_str() > folder);
        all.insert(place.unwrap_or(all.len()), table);
        // Tables are written in the order of their positions; without any, in the order in which they stand here.
        let first = all.first().and_then(toml_edit::Table::position);
        stages.clear();
        for mut table in all {
            table.set_position(first);
            stages.push(table);
        }
        planned
    }
}

/// What the roadmap said of a stage that is begun.
#[derive(Debug, Default)]
pub struct Planned {
    pub title: Option<String>,
    pub level: Option<String>,
    pub topics: Vec<String>,
}

impl Dependency<'_> {
    /// Whether it takes version and features from the workspace. The support library is the course's own: its features
    /// are how a stage pays only for what it uses.
    pub fn is_shared(&self) -> bool {
        let Some(table) = self.value.as_table_like() else {
            return false;
        };
        let inherits = table.get("workspace").and_then(Item::as_bool) == Some(true);
        let narrows = table.contains_key("features") || table.contains_key("default-features");
        inherits && (!narrows || self.name == "support")
    }

    /// The line of the manifest.
    pub fn line(&self) -> String {
        format!("{} = {}", self.name, self.value.to_string().trim())
    }
}

/// The manifest of a library that has what a stage's code and tests have to work with.
pub fn of_lesson(package: &str, stage: &Manifest) -> String {
    let mut document = DocumentMut::new();
    let mut inherits = InlineTable::new();
    inherits.insert("workspace", true.into());
    document["package"]["name"] = toml_edit::value(package);
    document["package"]["version"] = toml_edit::value("0.0.0");
    document["package"]["edition"] = toml_edit::value(inherits);
    document["package"]["publish"] = toml_edit::value(false);
    let mut dependencies = toml_edit::Table::new();
    for dependency in stage.dependencies() {
        // What stands among both kinds has more features for the tests.
        dependencies.insert(dependency.name, dependency.value.clone());
    }
    document["dependencies"] = Item::Table(dependencies);
    document.to_string()
}

#[cfg(test)]
mod tests {
    use super::Manifest;

    fn manifest(text: &str) -> Manifest {
        let document = text.parse().expect("it is TOML");
        Manifest { document }
    }

    #[test]
    fn a_member_gets_its_place_and_the_rest_stays() {
        let text = "[workspace]\nmembers = [\n    \"exercises/01-a\",\n    \"exercises/03-c\", # last\n]\n# end\n";
        let mut manifest = manifest(text);
        manifest.add_member("members", "exercises/02-b");
        manifest.add_member("members", "exercises/03-c");
        let expected = text.replace("01-a\",\n", "01-a\",\n    \"exercises/02-b\",\n");
        assert_eq!(manifest.text(), expected);
    }

    #[test]
    fn a_begun_stage_keeps_its_folder_only() {
        let text = "# top\n\n[[stage]]\nfolder = \"01-a\"\n\n[[stage]]\nfolder = \"03-c\"\ntitle = \"C\"\n\
                    topics = [\"x.y\"]\n\n[topics]\nx = [\"y\"]\n";
        let mut manifest = manifest(text);
        let planned = manifest.begin_stage("03-c");
        assert_eq!(planned.title.as_deref(), Some("C"));
        assert_eq!(planned.topics, ["x.y"]);
        manifest.begin_stage("02-b");
        let expected = "# top\n\n[[stage]]\nfolder = \"01-a\"\n\n[[stage]]\nfolder = \"02-b\"\n\n[[stage]]\n\
                        folder = \"03-c\"\n\n[topics]\nx = [\"y\"]\n";
        assert_eq!(manifest.text(), expected);
    }

    #[test]
    fn dependencies_are_shared_when_the_workspace_declares_them() {
        let text = "[dependencies]\na.workspace = true\nb = \"1\"\nc = { workspace = true, features = [\"x\"] }\n\
                    [dev-dependencies]\nsupport = { workspace = true, features = [\"server\"] }\n\
                    [target.'cfg(unix)'.dependencies]\nd = { version = \"2\" }\n";
        let manifest = manifest(text);
        let all = manifest.dependencies();
        let own: Vec<&str> = all
            .iter()
            .filter(|one| !one.is_shared())
            .map(|one| one.name)
            .collect();
        assert_eq!(own, ["b", "c", "d"]);
    }
}
