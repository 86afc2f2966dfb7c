//! What `Cargo.lock` says of one package: the versions that it is built with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::memory::Memory;

/// One package of the lock file.
struct Locked {
    name: String,
    version: String,
    checksum: String,
    /// `name`, or where several versions are locked `name version`.
    dependencies: Vec<String>,
}

/// The locked packages behind `package`, one line each, sorted: what other packages of the workspace use does not count,
/// and no dependency, named with the package that has it, of which `follows` says no.
pub fn behind(lock: &str, package: &str, follows: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let packages = packages(lock);
    let mut by_name: BTreeMap<&str, Vec<&Locked>> = BTreeMap::new();
    for locked in packages.iter() {
        by_name.entry(&locked.name).or_default().push(locked);
    }
    let mut open: Vec<&str> = vec![package];
    let mut found = BTreeSet::new();
    while let Some(wanted) = open.pop() {
        let (name, version) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let version = version.split(' ').next().unwrap_or_default();
        for locked in by_name.get(name).into_iter().flatten() {
            if !version.is_empty() && version != locked.version {
                continue;
            }
            let line = format!("{name} {} {}", locked.version, locked.checksum);
            if found.insert(line) {
                let names = locked.dependencies.iter().map(String::as_str);
                let followed = names
                    .filter(|other| follows(name, other.split(' ').next().unwrap_or_default()));
                open.extend(followed);
            }
        }
    }
    found.into_iter().collect()
}

/// The packages of a lock file; none when it is no TOML.
fn packages(lock: &str) -> Arc<[Locked]> {
    static KNOWN: Memory<String, Arc<[Locked]>> = Memory::new();
    KNOWN.answer(lock.to_owned(), |lock| {
        let Ok(document) = DeTable::parse(lock) else {
            return Arc::new([]);
        };
        let packages = document
            .get_ref()
            .get("package")
            .and_then(|value| value.get_ref().as_array());
        let entries = packages.into_iter().flat_map(|packages| packages.iter());
        let tables = entries.filter_map(|entry| entry.get_ref().as_table());
        tables.map(locked).collect()
    })
}

fn locked(table: &DeTable<'_>) -> Locked {
    let dependencies = table.get("dependencies");
    let names = dependencies.and_then(|value| value.get_ref().as_array());
    let names = names.into_iter().flat_map(|names| names.iter());
    Locked {
        name: text(table, "name").to_owned(),
        version: text(table, "version").to_owned(),
        checksum: text(table, "checksum").to_owned(),
        dependencies: names
            .filter_map(|name| name.get_ref().as_str().map(str::to_owned))
            .collect(),
    }
}

fn text<'t>(table: &'t DeTable<'_>, key: &str) -> &'t str {
    table
        .get(key)
        .and_then(|value| match value.get_ref() {
            DeValue::String(text) => Some(text.as_ref()),
            _ => None,
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::behind;

    const LOCK: &str = "\
version = 4

[[package]]
name = \"logic\"
version = \"0.1.0\"
dependencies = [\"serde\", \"syn 2.0.0\"]

[[package]]
name = \"serde\"
version = \"1.0.0\"
checksum = \"aa\"

[[package]]
name = \"syn\"
version = \"1.0.0\"
checksum = \"bb\"

[[package]]
name = \"syn\"
version = \"2.0.0\"
checksum = \"cc\"
";

    #[test]
    fn only_what_the_package_uses_counts() {
        let expected = ["logic 0.1.0 ", "serde 1.0.0 aa", "syn 2.0.0 cc"];
        assert_eq!(behind(LOCK, "logic", |_, _| true), expected);
        assert_eq!(behind(LOCK, "unknown", |_, _| true), Vec::<String>::new());
        let without = behind(LOCK, "logic", |package, dependency| {
            (package, dependency) != ("logic", "syn")
        });
        assert_eq!(without, expected[..2]);
    }
}
