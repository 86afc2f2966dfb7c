//! What `Cargo.lock` says of one package: the versions that it is built with.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

/// The locked packages behind `package`, one line each, sorted: what other packages of the workspace use does not count,
/// and no dependency, named with the package that has it, of which `follows` says no.
pub fn behind(lock: &str, package: &str, follows: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let Ok(document) = DeTable::parse(lock) else {
        return Vec::new();
    };
    let packages = document
        .get_ref()
        .get("package")
        .and_then(|value| value.get_ref().as_array());
    let mut by_name: BTreeMap<&str, Vec<&DeTable<'_>>> = BTreeMap::new();
    for entry in packages.into_iter().flat_map(|packages| packages.iter()) {
        if let Some(table) = entry.get_ref().as_table() {
            by_name.entry(text(table, "name")).or_default().push(table);
        }
    }
    let mut open: Vec<String> = vec![package.to_owned()];
    let mut found = BTreeSet::new();
    while let Some(wanted) = open.pop() {
        // `name`, or where several versions are locked `name version`.
        let (name, version) = wanted.split_once(' ').unwrap_or((&wanted, ""));
        for table in by_name.get(name).into_iter().flatten() {
            let locked = text(table, "version");
            let version = version.split(' ').next().unwrap_or_default();
            if !version.is_empty() && version != locked {
                continue;
            }
            let line = format!("{name} {locked} {}", text(table, "checksum"));
            if found.insert(line) {
                let dependencies = table.get("dependencies");
                let names = dependencies.and_then(|value| value.get_ref().as_array());
                let names = names.into_iter().flat_map(|names| names.iter());
                let names = names.filter_map(|name| name.get_ref().as_str());
                let followed = names
                    .filter(|other| follows(name, other.split(' ').next().unwrap_or_default()));
                open.extend(followed.map(str::to_owned));
            }
        }
    }
    found.into_iter().collect()
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
