//! "Compiled once": whoever builds a stage, the runner or everything builds the dependencies with the same features, so that
//! nothing is compiled again when somebody goes from one to the other.

use std::collections::{BTreeMap, BTreeSet};

use xtask_core::course::{Course, Stage};
use xtask_core::engine::cargo;
use xtask_core::error::{Error, Kind, Result};

use super::Ledger;

/// Crates that are built with other features for some packages, and why that is cheaper.
struct Apart {
    crates: &'static [&'static str],
    /// The packages that differ; all of them when none is named. A solution counts as its stage.
    packages: &'static [&'static str],
    why: &'static str,
}

/// What differs, with its reason and its cost in seconds of CPU, measured on two cores in November 2026. What is not named
/// here is a broken promise.
const APART: [Apart; 6] = [
    Apart {
        crates: &["rustix", "linux-raw-sys"],
        packages: &[],
        why: "the grader's sandbox and the tests' terminal need nine features more: every stage with `tempfile` would wait \
              4.4 s longer for its first verdict; 2.2 s are built again behind a build of the whole workspace",
    },
    Apart {
        crates: &["memchr", "proc-macro2", "quote", "serde_core", "syn"],
        packages: &["io", "data-flow", "maintain"],
        why: "what the macros of 08-frameworks read Rust with would make 03-io and 06-data-flow, where serde comes alone, \
              wait 16.4 s in place of 10.5 s; so much is built again in 08-frameworks, once",
    },
    Apart {
        crates: &["syn"],
        packages: &["async"],
        why: "tokio's macros need less of it than axum's: 07-async would wait 1.9 s longer; 08-frameworks builds it once more",
    },
    Apart {
        crates: &["toml_datetime", "toml_parser", "winnow"],
        packages: &["xtask", "xtask-core", "grade"],
        why: "`toml_edit` in `xtask/maintain` needs more of them: every learner would wait 0.8 s longer for the runner",
    },
    Apart {
        crates: &[
            "digest",
            "hashbrown",
            "indexmap",
            "num-traits",
            "once_cell",
            "serde_core",
            "syn",
        ],
        packages: &["grade"],
        why: "only instructors build the grader, for whom nothing of a project's cryptography is to be built",
    },
    Apart {
        crates: &["indexmap"],
        packages: &["maintain"],
        why: "10-apis' documents (`utoipa`) want it with serde, which `toml_edit` does without; only maintainers build both",
    },
];

/// The packages of the runner.
const RUNNER: [&str; 4] = ["xtask", "xtask-core", "grade", "maintain"];

/// The features with which each version of a crate is built: several where macros and programs differ.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Compares the features of every dependency of these stages, and of the runner where `whole` says so, with those of the
/// workspace.
///
/// # Errors
///
/// When cargo cannot be started, or does not know a package.
pub fn check(ledger: &mut Ledger, course: &Course, stages: &[&Stage], whole: bool) -> Result<()> {
    let mut packages: Vec<String> = Vec::new();
    for stage in stages {
        packages.extend([stage.id.clone(), format!("{}-solution", stage.id)]);
    }
    if whole && course.root.join("xtask").exists() {
        packages.extend(RUNNER.map(str::to_owned));
    }
    // `cargo metadata` would name the features of the whole workspace only.
    let everything = features(course, &["--workspace"])?;
    for package in &packages {
        let own = features(course, &["--package", package])?;
        let differ = differences(package, &own, &everything);
        let what = format!(
            "`{package}` builds crates with other features than the workspace: {}",
            differ.join("; ")
        );
        ledger.check(
            differ.is_empty(),
            "Cargo.toml",
            &what,
            "Name the features under [workspace.dependencies], and the crate where it is used (exercises/support has \
             such); or, where that costs a learner more, name it with its reason in xtask/maintain/src/verify/features.rs.",
        );
    }
    Ok(())
}

/// What is built with other features than everywhere, and may not be.
fn differences(package: &str, own: &Features, everything: &Features) -> Vec<String> {
    let stage = package.strip_suffix("-solution").unwrap_or(package);
    let may_differ = |name: &str| {
        APART.iter().any(|apart| {
            let counts = apart.packages.is_empty() || apart.packages.contains(&stage);
            counts && apart.crates.contains(&name) && !apart.why.is_empty()
        })
    };
    let mut differ = Vec::new();
    for (version, sets) in own {
        let name = version.split(' ').next().unwrap_or_default();
        let known = everything.get(version);
        for set in sets {
            if known.is_none_or(|known| !known.contains(set)) && !may_differ(name) {
                let known: Vec<&str> = known.into_iter().flatten().map(String::as_str).collect();
                differ.push(format!(
                    "`{version}` with [{set}], and not [{}]",
                    known.join("] or [")
                ));
            }
        }
    }
    differ
}

/// Asks cargo for the features of every dependency, those of tests among them.
fn features(course: &Course, packages: &[&str]) -> Result<Features> {
    let mut tree = cargo(&course.root);
    tree.args(["tree", "--locked", "--quiet", "--prefix", "none"])
        .args(["--edges", "normal,build,dev", "--format", "{p}\t{f}"])
        .args(packages);
    let output = tree
        .output()
        .map_err(|cause| Error::of(Kind::System, format!("cargo cannot be started: {cause}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::of(
            Kind::Course,
            format!("cargo does not show the dependencies:\n{said}"),
        ));
    }
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

/// Reads `NAME VERSION\tFEATURES` lines. Packages of the workspace, which have a path, are left out.
fn parse(tree: &str) -> Features {
    let mut features = Features::new();
    for line in tree.lines() {
        let (package, set) = line.split_once('\t').unwrap_or((line, ""));
        let package = package.trim_end_matches(" (proc-macro)");
        if package.is_empty() || package.contains('(') {
            continue;
        }
        let set = set.trim_end_matches(" (*)").to_owned();
        features.entry(package.to_owned()).or_default().insert(set);
    }
    features
}

#[cfg(test)]
mod tests {
    use super::{differences, parse};

    #[test]
    fn a_crate_with_other_features_is_named_unless_a_reason_is_known() {
        let everything = parse(
            "libc v0.2.1\tdefault,std\nrustix v1.0.0\tfs,pty\nsyn v3.0.0 (proc-macro)\tfull (*)\n",
        );
        let own = parse(
            "io v0.1.0 (/work/exercises/03-io)\t\nlibc v0.2.1\t\nrustix v1.0.0\tfs (*)\nsyn v3.0.0 (proc-macro)\tderive\n",
        );
        let of = |package: &str| differences(package, &own, &everything);
        let libc = "`libc v0.2.1` with [], and not [default,std]";
        assert_eq!(of("io"), [libc]);
        assert_eq!(of("io-solution"), [libc]);
        let syn = "`syn v3.0.0` with [derive], and not [full]";
        assert_eq!(of("servers"), [libc, syn]);
        assert!(differences("io", &everything, &everything).is_empty());
    }
}
