//! What a stage reaches of the workspace: the libraries that stages share, with the features that are switched on in
//! them, and the shared dependencies that it and they name. Nothing else of the workspace is built for it.
//!
//! Whatever is not understood counts as reached: a verdict is then found again without need, which is better than one
//! that stands for other code.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use super::rust_tokens::{Placed, Token, tokens_of};
use crate::files::FileSet;

/// The root of a shared library.
const ROOT: &str = "src/lib.rs";

/// What a stage reaches.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The features of each shared library, by the name under which the workspace declares it.
    pub libraries: BTreeMap<String, BTreeSet<String>>,
    /// The names of the dependencies.
    pub names: BTreeSet<String>,
    /// Dependencies, by their name, of a shared library's package that are not switched on.
    pub off: BTreeSet<(String, String)>,
}

/// What the workspace says of a shared library.
#[derive(Debug, Clone)]
pub struct Library {
    /// The text of its manifest.
    pub manifest: String,
    /// The features that the workspace switches on for everybody.
    pub features: Vec<String>,
}

/// One dependency of a manifest.
struct Dependency<'m> {
    name: &'m str,
    /// The package's name, where it is another.
    package: &'m str,
    optional: bool,
    features: Vec<String>,
}

impl Reach {
    /// What the stage with this manifest reaches; `library` answers a shared library, or nothing where
    /// none has that name. Nothing is answered where a manifest is no TOML.
    pub fn of(manifest: &str, library: impl Fn(&str) -> Option<Library>) -> Option<Self> {
        let mut reach = Self::default();
        let document = DeTable::parse(manifest).ok()?;
        let mut open = Vec::new();
        for dependency in dependencies_of(document.get_ref()) {
            reach.wish(&dependency, &library, &mut open);
        }
        while let Some(name) = open.pop() {
            reach.follow(&name, &library, &mut open)?;
        }
        for name in reach.libraries.keys().cloned().collect::<Vec<String>>() {
            reach.note_off(&name, &library)?;
        }
        Some(reach)
    }

    fn wish(
        &mut self,
        dependency: &Dependency<'_>,
        library: &impl Fn(&str) -> Option<Library>,
        open: &mut Vec<String>,
    ) {
        self.names.insert(dependency.name.to_owned());
        let Some(declared) = library(dependency.name) else {
            return;
        };
        let name = dependency.name.to_owned();
        let is_new = !self.libraries.contains_key(&name);
        let features = self.libraries.entry(name.clone()).or_default();
        let before = features.len();
        features.insert("default".to_owned());
        features.extend(declared.features);
        features.extend(dependency.features.iter().cloned());
        if is_new || features.len() != before {
            open.push(name);
        }
    }

    /// Switches on what the features of a shared library switch on, and goes on to what it depends on.
    fn follow(
        &mut self,
        name: &str,
        library: &impl Fn(&str) -> Option<Library>,
        open: &mut Vec<String>,
    ) -> Option<()> {
        let text = library(name)?.manifest;
        let document = DeTable::parse(&text).ok()?;
        let own = self.libraries.get(name).cloned().unwrap_or_default();
        let on = switched_on(document.get_ref(), own);
        for dependency in dependencies_of(document.get_ref()) {
            if dependency.optional && !on.dependencies.contains(dependency.name) {
                continue;
            }
            let more = on.features_of.get(dependency.name);
            let mut features = dependency.features.clone();
            features.extend(more.into_iter().flatten().cloned());
            let dependency = Dependency {
                features,
                ..dependency
            };
            self.wish(&dependency, library, open);
        }
        self.libraries.insert(name.to_owned(), on.features);
        Some(())
    }

    fn note_off(&mut self, name: &str, library: &impl Fn(&str) -> Option<Library>) -> Option<()> {
        let text = library(name)?.manifest;
        let document = DeTable::parse(&text).ok()?;
        let table = document.get_ref();
        let package = package_of(table).unwrap_or(name);
        let own = self.libraries.get(name).cloned().unwrap_or_default();
        let on = switched_on(table, own);
        let all = dependencies_of(table);
        let is_off = |one: &Dependency<'_>| one.optional && !on.dependencies.contains(one.name);
        for dependency in all.iter().filter(|one| is_off(one)) {
            // The same crate may be needed for another reason, such as this library's own tests.
            let same = |other: &&Dependency<'_>| other.package == dependency.package;
            if all.iter().filter(same).all(is_off) {
                self.off
                    .insert((package.to_owned(), dependency.package.to_owned()));
            }
        }
        Some(())
    }
}

/// What some features of a library switch on.
#[derive(Default)]
struct On {
    features: BTreeSet<String>,
    dependencies: BTreeSet<String>,
    /// Features of dependencies.
    features_of: BTreeMap<String, BTreeSet<String>>,
}

fn switched_on(table: &DeTable<'_>, features: BTreeSet<String>) -> On {
    let declared = table
        .get("features")
        .and_then(|value| value.get_ref().as_table());
    let mut on = On::default();
    let mut open: Vec<String> = features.into_iter().collect();
    while let Some(feature) = open.pop() {
        if let Some((dependency, more)) = feature.split_once('/') {
            let dependency = dependency.trim_end_matches('?');
            on.dependencies.insert(dependency.to_owned());
            let of = on.features_of.entry(dependency.to_owned()).or_default();
            of.insert(more.to_owned());
            open.push(dependency.to_owned());
            continue;
        }
        if let Some(dependency) = feature.strip_prefix("dep:") {
            on.dependencies.insert(dependency.to_owned());
            continue;
        }
        if !on.features.insert(feature.clone()) {
            continue;
        }
        match declared.and_then(|declared| declared.get(feature.as_str())) {
            Some(list) => {
                let list = list.get_ref().as_array();
                let names = list.into_iter().flat_map(|list| list.iter());
                open.extend(names.filter_map(|name| name.get_ref().as_str().map(str::to_owned)));
            }
            // A feature of that name belongs to an optional dependency.
            None => {
                on.dependencies.insert(feature);
            }
        }
    }
    on
}

fn package_of<'t>(table: &'t DeTable<'_>) -> Option<&'t str> {
    let package = table.get("package")?.get_ref().as_table()?;
    package.get("name")?.get_ref().as_str()
}

/// Every dependency of a manifest, of whatever kind and for whatever system.
fn dependencies_of<'m>(table: &'m DeTable<'_>) -> Vec<Dependency<'m>> {
    let mut places = vec![table];
    let targets = table
        .get("target")
        .and_then(|value| value.get_ref().as_table());
    let systems = targets.into_iter().flat_map(|targets| targets.values());
    places.extend(systems.filter_map(|system| system.get_ref().as_table()));
    let mut found = Vec::new();
    for place in places {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let list = place.get(kind).and_then(|value| value.get_ref().as_table());
            for (name, value) in list.into_iter().flat_map(|list| list.iter()) {
                found.push(dependency(name.get_ref(), value.get_ref()));
            }
        }
    }
    found
}

fn dependency<'m>(name: &'m str, value: &'m DeValue<'_>) -> Dependency<'m> {
    let get = |key: &str| Some(value.as_table()?.get(key)?.get_ref());
    let list = get("features").and_then(DeValue::as_array);
    let features = list.into_iter().flat_map(|list| list.iter());
    Dependency {
        name,
        package: get("package").and_then(DeValue::as_str).unwrap_or(name),
        optional: get("optional").and_then(DeValue::as_bool) == Some(true),
        features: features
            .filter_map(|feature| feature.get_ref().as_str().map(str::to_owned))
            .collect(),
    }
}

/// The files of a shared library without the modules that its root declares for a feature which is off.
pub fn files_with(files: &FileSet, on: &BTreeSet<String>) -> FileSet {
    let mut left = files.clone();
    // What is read in another way than by a declaration could be any file.
    let reads = |text: &str| {
        ["include", "path", "env"]
            .iter()
            .any(|word| has_word(text, word))
    };
    let sources = || files.iter().filter(|(path, _)| path.ends_with(".rs"));
    if files.contains_key("build.rs") || sources().any(|(_, text)| reads(text)) {
        return left;
    }
    let root = files.get(ROOT).map_or("", String::as_str);
    for module in modules_off(root, on) {
        let file = format!("src/{module}.rs");
        let below = format!("src/{module}/");
        left.retain(|path, _| *path != file && !path.starts_with(&below));
    }
    left
}

/// Whether a macro or an attribute begins with this word: `include_str!(`, `#[path = `.
fn has_word(text: &str, word: &str) -> bool {
    let tokens = tokens_of(text);
    let starts = |token: &Placed| token.word().is_some_and(|name| name.starts_with(word));
    tokens.windows(2).enumerate().any(|(index, pair)| {
        let before = index.checked_sub(1).map(|before| &tokens[before]);
        // Also `#[cfg_attr(…, path = "…")]`.
        let attribute = before.is_some_and(|before| before.is('[') || before.is(','));
        starts(&pair[0]) && (pair[1].is('!') || (attribute && pair[1].is('=')))
    })
}

/// The modules that stand behind `#[cfg(feature = "…")]`, once and nowhere else, whose feature is off.
fn modules_off(root: &str, on: &BTreeSet<String>) -> Vec<String> {
    let tokens = tokens_of(root);
    let declared = |name: &str| {
        let pairs = tokens.windows(2);
        pairs
            .filter(|pair| pair[0].word() == Some("mod") && pair[1].word() == Some(name))
            .count()
    };
    let mut found = Vec::new();
    for (index, _) in tokens.iter().enumerate() {
        let Some((feature, name)) = declaration_at(&tokens[index..]) else {
            continue;
        };
        if !on.contains(feature) && declared(name) == 1 {
            found.push(name.to_owned());
        }
    }
    found
}

/// `#[cfg(feature = "…")] mod name;`, with or without a `pub`: the feature and the name.
fn declaration_at(tokens: &[Placed]) -> Option<(&str, &str)> {
    let word = |at: usize, word: &str| tokens.get(at)?.word().filter(|name| *name == word);
    let sign = |at: usize, sign: char| tokens.get(at).filter(|token| token.is(sign));
    sign(0, '#')?;
    sign(1, '[')?;
    word(2, "cfg")?;
    sign(3, '(')?;
    word(4, "feature")?;
    sign(5, '=')?;
    let Token::Literal(feature) = &tokens.get(6)?.token else {
        return None;
    };
    sign(7, ')')?;
    sign(8, ']')?;
    let at = if word(9, "pub").is_some() { 10 } else { 9 };
    word(at, "mod")?;
    let name = tokens.get(at + 1)?.word()?;
    sign(at + 2, ';')?;
    Some((feature.trim_matches('"'), name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Library, Reach, files_with};
    use crate::files::FileSet;

    const SUPPORT: &str = "\
[package]
name = \"support\"
[features]
server = [\"dep:axum\", \"tokio\"]
database = [\"files\", \"dep:rusqlite\", \"look?/sheet\"]
files = [\"dep:libc\"]
[dependencies]
axum = { workspace = true, optional = true }
rusqlite = { workspace = true, optional = true }
tokio = { workspace = true, optional = true }
serde = { workspace = true, optional = true }
look = { workspace = true, optional = true }
always.workspace = true
[dev-dependencies]
serde.workspace = true
[target.'cfg(unix)'.dependencies]
libc = { workspace = true, optional = true }
";

    const LOOK: &str = "\
[package]
name = \"look\"
[features]
default = [\"base\"]
base = [\"dep:svg\"]
sheet = [\"dep:css\"]
[dependencies]
svg = { workspace = true, optional = true }
css = { workspace = true, optional = true }
";

    fn library(name: &str) -> Option<Library> {
        let known = [("support", SUPPORT), ("look", LOOK)];
        let found = known.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| of_text(text))
    }

    fn of_text(text: &str) -> Library {
        Library {
            manifest: text.to_owned(),
            features: Vec::new(),
        }
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn off(reach: &Reach) -> Vec<String> {
        let pairs = reach.off.iter();
        pairs
            .map(|(package, name)| format!("{package}:{name}"))
            .collect()
    }

    #[test]
    fn a_library_that_the_stage_does_not_name_is_not_reached() {
        let manifest =
            "[dependencies]\ncsv = \"1\"\n[dev-dependencies]\nsupport.workspace = true\n";
        let reach = Reach::of(manifest, library).expect("it is TOML");
        assert_eq!(reach.names, set(&["always", "csv", "serde", "support"]));
        assert_eq!(reach.libraries.keys().collect::<Vec<_>>(), ["support"]);
        let expected =
            ["axum", "libc", "look", "rusqlite", "tokio"].map(|name| format!("support:{name}"));
        assert_eq!(off(&reach), expected);
        assert_eq!(Reach::of("[", library), None);
        assert_eq!(Reach::of(manifest, |_| Some(of_text("["))), None);
    }

    #[test]
    fn features_are_followed_from_one_to_the_other() {
        let with = |features: &str| {
            let manifest = format!(
                "[dev-dependencies]\nsupport = {{ workspace = true, features = [{features}] }}\n"
            );
            Reach::of(&manifest, library).expect("it is TOML")
        };
        let server = with("\"server\"");
        assert_eq!(
            off(&server),
            ["support:libc", "support:look", "support:rusqlite"]
        );
        assert!(server.names.contains("tokio"), "{server:?}");
        let database = with("\"database\"");
        assert_eq!(off(&database), ["support:axum", "support:tokio"]);
        let look = set(&["base", "default", "sheet"]);
        assert_eq!(database.libraries.get("look"), Some(&look));
        assert!(database.names.contains("css"), "{database:?}");
        assert!(database.names.contains("libc"), "{database:?}");
        let everybody = |name: &str| {
            let features = vec!["database".to_owned()];
            library(name).map(|library| Library {
                features,
                ..library
            })
        };
        let manifest = "[dependencies]\nsupport.workspace = true\n";
        let reach = Reach::of(manifest, everybody).expect("it is TOML");
        assert_eq!(off(&reach), ["support:axum", "support:tokio"]);
    }

    #[test]
    fn a_module_of_a_feature_that_is_off_does_not_count() {
        let lib = "//! S.\n#[cfg(feature = \"server\")]\npub mod http;\n#[cfg(feature = \"server\")]\nmod server;\n\
                   mod gate;\n#[cfg(not(feature = \"server\"))]\nmod other;\n\
                   #[cfg(feature = \"a\")]\nmod both;\n#[cfg(feature = \"b\")]\nmod both;\n";
        let mut files = FileSet::new();
        for path in [
            "both.rs",
            "gate.rs",
            "http.rs",
            "http/deep.rs",
            "other.rs",
            "server.rs",
        ] {
            files.insert(
                format!("src/{path}"),
                "let path = \"include\";\n".to_owned(),
            );
        }
        files.insert("src/lib.rs".to_owned(), lib.to_owned());
        let names = |files: &FileSet, on: &[&str]| {
            let left = files_with(files, &set(on));
            left.into_keys().collect::<Vec<String>>().join(" ")
        };
        let all = "src/both.rs src/gate.rs src/http.rs src/http/deep.rs src/lib.rs src/other.rs src/server.rs";
        assert_eq!(names(&files, &["server"]), all);
        let without = "src/both.rs src/gate.rs src/lib.rs src/other.rs";
        assert_eq!(names(&files, &["default"]), without);
        for reader in [
            "const TEXT: &str = include_str!(\"http.rs\");\n",
            "#[path = \"http.rs\"]\nmod again;\n",
            "const FOLDER: &str = env!(\"CARGO_MANIFEST_DIR\");\n",
        ] {
            let mut files = files.clone();
            files.insert("src/gate.rs".to_owned(), reader.to_owned());
            assert_eq!(names(&files, &[]), all, "{reader}");
        }
        files.insert("build.rs".to_owned(), String::new());
        assert!(names(&files, &[]).contains("http"));
    }
}
