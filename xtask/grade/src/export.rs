//! `cargo xtask export`: what an instructor hands out, as a workspace of its own.

mod trimmed;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use xtask_core::course::{Course, Originals, Stage, WorkspaceManifest};
use xtask_core::diagnosis::Diagnoses;
use xtask_core::engine::cargo;
use xtask_core::error::{Error, Result};
use xtask_core::files::{self, FileSet, write_atomically};

/// The workflow that grades a push.
const WORKFLOW: &str = include_str!("../workflows/push.yml");

/// The packages of the runner.
const RUNNER: [&str; 5] = [
    "xtask",
    "xtask/core",
    "xtask/grade",
    "xtask/maintain",
    "xtask/sample",
];

/// Files of the course's root that belong to what is handed out, where they are there.
const ROOT_FILES: [&str; 9] = [
    "Cargo.lock",
    ".cargo/config.toml",
    ".gitignore",
    ".gitattributes",
    ".rustfmt.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "exercises/AGENTS.md",
    "rust-toolchain.toml",
];

/// What only maintainers have: it holds answers.
const ANSWERS: &str = "maintain/tests/diagnoses";

/// Writes the stages that are named, the runner and the lessons to `out`, without solutions. The questions about known
/// mistakes are handed out where `questions` says so.
///
/// # Errors
///
/// When a stage is unknown or was not recorded as handed out, `out` holds something already, or cannot be written.
pub fn export(course: &Course, stages: &[String], out: &Path, questions: bool) -> Result<()> {
    if stages.is_empty() {
        let known: Vec<&str> = course
            .stages
            .iter()
            .map(|stage| stage.id.as_str())
            .collect();
        return Err(
            Error::new("`export` needs `--stage S`, once or several times")
                .help(format!("the stages are {}", known.join(", "))),
        );
    }
    let mut chosen: Vec<&Stage> = Vec::new();
    for name in stages {
        chosen.push(course.stage(name)?);
    }
    let position = |stage: &&Stage| {
        course
            .stages
            .iter()
            .position(|one| one.folder == stage.folder)
    };
    chosen.sort_by_key(position);
    chosen.dedup_by_key(|stage| stage.folder.clone());
    if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::file(
            out,
            "the folder is not empty; nothing was written",
        ));
    }
    let parent = out
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|cause| Error::file(parent, cause))?;
    // It appears whole or not at all.
    let place = tempfile::Builder::new()
        .prefix(".export-")
        .tempdir_in(parent)
        .map_err(|cause| Error::file(parent, cause))?;
    for (path, text) in handed_out(course, &chosen, questions)? {
        write_atomically(&place.path().join(path), &text)?;
    }
    settle_lock(place.path())?;
    let manifest = place.path().join("Cargo.toml");
    let lock = files::read(&place.path().join("Cargo.lock"))?;
    write_atomically(
        &manifest,
        &trimmed::manifest(&files::read(&manifest)?, &lock),
    )?;
    // An empty folder that is there already gives way.
    let _ = fs::remove_dir(out);
    let place = place.keep();
    open_to_others(&place)?;
    fs::rename(&place, out).map_err(|cause| Error::file(out, cause))
}

/// A temporary folder is for its owner only; what is handed out is as readable as any other folder.
fn open_to_others(place: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(place, fs::Permissions::from_mode(0o755))
        .map_err(|cause| Error::file(place, cause))
}

/// Every file that is handed out.
fn handed_out(course: &Course, stages: &[&Stage], questions: bool) -> Result<FileSet> {
    let mut out = FileSet::new();
    for name in ROOT_FILES {
        let path = course.root.join(name);
        if path.exists() {
            out.insert(name.to_owned(), files::read(&path)?);
        }
    }
    let manifest = WorkspaceManifest::load(&course.root)?;
    let shared = manifest.shared();
    let exercises = stages
        .iter()
        .map(|stage| format!("exercises/{}", stage.folder));
    let runner = RUNNER.map(str::to_owned);
    let members: Vec<String> = exercises.chain(shared.clone()).chain(runner).collect();
    out.insert(
        "Cargo.toml".to_owned(),
        manifest.with_members(&members, &["xtask".to_owned()])?,
    );
    let version = manifest.rust_version();
    out.insert("README.md".to_owned(), readme(stages, version.as_deref()));
    out.insert(
        ".github/workflows/grade.yml".to_owned(),
        WORKFLOW.to_owned(),
    );
    out.insert("exercises/roadmap.toml".to_owned(), roadmap(course, stages));
    let folders = shared.iter().map(String::as_str).chain(["xtask"]);
    for folder in folders {
        for (path, text) in files::texts(&course.root.join(folder), |name| {
            name != "target" && name != ANSWERS
        })? {
            out.insert(format!("{folder}/{path}"), text);
        }
    }
    let is_absent = |stage: &&Stage| stages.iter().all(|one| one.folder != stage.folder);
    let absent: Vec<&Stage> = course.stages.iter().filter(is_absent).collect();
    for stage in stages {
        let base = format!("exercises/{}", stage.folder);
        // The starters as they were recorded, whatever somebody has tried in this checkout since.
        let originals = Originals::load(stage)?;
        for (path, text) in originals.files() {
            out.insert(format!("{base}/{path}"), text.clone());
        }
        out.insert(
            format!("{base}/originals.json"),
            Originals::encode(originals.files()),
        );
        let lesson = files::read(&stage.folder().join("README.md"))?;
        let lesson = trimmed::lesson(&lesson, &absent);
        out.insert(format!("{base}/README.md"), lesson);
        let settings = files::read(&stage.folder().join("stage.toml"))?;
        out.insert(format!("{base}/stage.toml"), settings);
        let diagnoses = Diagnoses::path(stage);
        if questions && diagnoses.exists() {
            out.insert(format!("{base}/diagnoses.json"), files::read(&diagnoses)?);
        }
    }
    Ok(out)
}

/// The roadmap of these stages, with the topics that they teach.
fn roadmap(course: &Course, stages: &[&Stage]) -> String {
    let taught: BTreeSet<&String> = stages
        .iter()
        .flat_map(|stage| &stage.exercises)
        .flat_map(|one| &one.topics)
        .collect();
    let mut text = "# The stages in order, and the topics that they teach.\n".to_owned();
    for stage in stages {
        text.push_str(&format!("\n[[stage]]\nfolder = \"{}\"\n", stage.folder));
    }
    text.push_str("\n[topics]\n");
    let mut areas: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    for (area, topics) in &course.topics {
        let own = topics
            .iter()
            .filter(|topic| taught.contains(&format!("{area}.{topic}")));
        areas.insert(area, own.map(|topic| format!("\"{topic}\"")).collect());
    }
    for (area, topics) in areas.iter().filter(|(_, topics)| !topics.is_empty()) {
        text.push_str(&format!("{area} = [{}]\n", topics.join(", ")));
    }
    text
}

fn readme(stages: &[&Stage], version: Option<&str>) -> String {
    let version = version.map_or_else(String::new, |version| format!(", {version} or newer"));
    let mut text = format!(
        "# Backend Roadmap: your exercises\n\n\
        You need [Rust](https://rustup.rs){version}, and a linker, which comes with a C compiler: on Debian and Ubuntu \
        `sudo apt install build-essential`, on Fedora `sudo dnf install gcc`, on macOS `xcode-select --install`; on \
        Windows rustup's installer offers it. `cargo xtask doctor` looks for what else may be missing.\n\n\
        `cargo xtask` checks the current exercise and says what to do next; `cargo xtask watch` does so on every save.\n\
        `cargo xtask --help` lists the other commands. Edit only the files in `src/` of each stage.\n\n"
    );
    for stage in stages {
        text.push_str(&format!(
            "- [{}](exercises/{}/README.md): {}\n",
            stage.title, stage.folder, stage.summary
        ));
    }
    text.push_str(
        "\nWhere your instructor has set it up, `.github/workflows/grade.yml` grades every push and shows the points in its \
         summary.\n",
    );
    text
}

/// Lets cargo take the packages that are not handed out from the lock file, so that it is right as it lies there.
fn settle_lock(place: &Path) -> Result<()> {
    let run = |offline: &[&str]| {
        let mut command = cargo(place);
        command
            .args(["metadata", "--format-version", "1", "--quiet"])
            .args(offline);
        command.output()
    };
    let first = run(&["--offline"]);
    let output = match first {
        Ok(output) if output.status.success() => Ok(output),
        _ => run(&[]),
    };
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(Error::new(format!(
            "cargo does not take the workspace that was to be handed out:\n{}",
            String::from_utf8_lossy(&output.stderr)
        ))),
        Err(cause) => Err(Error::new(format!("cargo cannot be started: {cause}"))),
    }
}

/// The folder as it stands on the command line, for the last words.
pub fn shown(out: &Path) -> PathBuf {
    fs::canonicalize(out).unwrap_or_else(|_| out.to_owned())
}
