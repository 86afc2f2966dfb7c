//! One cargo call builds the test program of a stage; its JSON messages say what came of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use nojson::RawJson;

use super::built::Part;
use super::event::{Event, Observer};
use super::guard::Guard;
use super::rendered::without_library;
use super::verdict::Diagnostic;
use crate::course::PROFILE;
use crate::error::{Error, Kind, Result};
use crate::json::Node;
use crate::process::{Cancel, End, Limits, Stream, run};

/// What cargo may print in one call.
const OUTPUT_BYTES: usize = 64 * 1024 * 1024;

/// Which package of which workspace to build.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The root of the workspace.
    pub workspace: &'a Path,
    pub package: &'a str,
    /// The package's folder.
    pub folder: &'a Path,
    /// Where the build goes.
    pub target_folder: &'a Path,
    /// Whether the compiler may use colours.
    pub colours: bool,
    /// Whether the program knows the line of each of its functions' calls, which takes longer to build.
    pub lines: bool,
}

/// What a build came to.
#[derive(Debug, Default)]
pub struct Build {
    /// Whether cargo ended well.
    pub succeeded: bool,
    /// The test program.
    pub binary: Option<PathBuf>,
    /// What was made of the workspace's own packages.
    pub made: Vec<Made>,
    /// Errors and warnings about the package's own files.
    pub said: Vec<Said>,
    /// What cargo said besides.
    pub log: String,
}

/// One part of the build that is there now.
#[derive(Debug)]
pub struct Made {
    pub part: Part,
    /// Cargo took it for already built.
    pub fresh: bool,
    pub files: Vec<PathBuf>,
}

/// What the compiler says about the package, and which of its files it speaks of.
#[derive(Debug, Clone)]
pub struct Said {
    pub diagnostic: Diagnostic,
    /// The files that it points to, below the package's folder, the most important first.
    pub files: Vec<String>,
}

/// Builds the test program of each target, all in one call; `observer` hears how far it is. The targets differ in their
/// package and its folder only.
///
/// # Errors
///
/// When cargo cannot be started, or it was called off.
pub fn build(
    targets: &[Target<'_>],
    guard: Option<&dyn Guard>,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Vec<Build>> {
    let Some(target) = targets.first() else {
        return Ok(Vec::new());
    };
    let mut command = cargo(target.workspace);
    let format = if target.colours {
        "--message-format=json-diagnostic-rendered-ansi"
    } else {
        "--message-format=json"
    };
    command.args(["test", "--no-run", "--test", "stage", format]);
    command.args(["--profile", PROFILE]);
    for target in targets {
        command.args(["--package", target.package]);
    }
    if targets.len() > 1 {
        // What does not compile stops nothing else.
        command.arg("--no-fail-fast");
    }
    command.arg("--target-dir").arg(target.target_folder);
    // The bar is read here, not shown: it is the only way in which cargo tells how many steps there are.
    command.env("CARGO_TERM_PROGRESS_WHEN", "always");
    command.env("CARGO_TERM_PROGRESS_WIDTH", "120");
    command.env("CARGO_TERM_COLOR", "never");
    if target.lines {
        command.env("CARGO_PROFILE_RUNNER_DEBUG", "line-tables-only");
    }
    if let Some(guard) = guard {
        guard.prepare_build(&mut command);
    }
    let limits = Limits {
        time: guard.and_then(Guard::build_time),
        output: OUTPUT_BYTES,
    };
    let noticed = AtomicBool::new(false);
    let outcome = run(command, limits, cancel, |stream, line| {
        if stream == Stream::Err
            && let Some(event) = progress(target.package, line)
        {
            noticed.store(true, Ordering::Relaxed);
            observer.notice(event);
        }
    })
    .map_err(|cause| {
        Error::of(Kind::System, format!("cargo cannot be started: {cause}"))
            .help("`cargo --version` should answer")
    })?;
    if noticed.load(Ordering::Relaxed) {
        observer.notice(Event::Settled);
    }
    let succeeded = match outcome.end {
        End::Exited(status) => status.success(),
        End::Cancelled => return Err(Error::cancelled()),
        End::TimedOut | End::TooMuchOutput => false,
    };
    let builds = targets.iter().map(|target| {
        let mut build = Build {
            log: without_progress(&outcome.stderr),
            ..Build::default()
        };
        let others: Vec<&Path> = targets
            .iter()
            .map(|other| other.folder)
            .filter(|folder| *folder != target.folder)
            .collect();
        for line in outcome.stdout.lines() {
            // Most lines speak of packages from elsewhere, and those are not worth reading.
            let is_message = line.starts_with(r#"{"reason":"compiler-"#);
            if is_message && !line.contains(r#""package_id":"registry+"#) {
                read_message(line, *target, &others, &mut build);
            }
        }
        // Of several, one may be there although another is not.
        build.succeeded = succeeded || (targets.len() > 1 && build.binary.is_some());
        if !build.succeeded {
            let reasons = foreign_errors(&outcome.stdout);
            build.log = [reasons, build.log].concat();
        }
        build
    });
    Ok(builds.collect())
}

/// What the compiler says of errors that point to no file: that the linker is missing, for example.
fn foreign_errors(stdout: &str) -> String {
    let mut found: Vec<String> = Vec::new();
    for line in stdout.lines() {
        if !line.starts_with(r#"{"reason":"compiler-message""#) {
            continue;
        }
        let Ok(document) = RawJson::parse(line) else {
            continue;
        };
        let message = Node::of(&document).at("message");
        let is_error = message.at("level").text().as_deref() == Some("error");
        let rendered = message.at("rendered").text().unwrap_or_default();
        let said = format!("{}\n", rendered.trim_end());
        if is_error && message.at("spans").items().is_empty() && !found.contains(&said) {
            found.push(said);
        }
    }
    found.concat()
}

/// A cargo command for a workspace, without what `cargo run` has put into the environment for the runner itself:
/// build scripts would take it for a change and run again.
pub fn cargo(workspace: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(workspace);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let own = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ];
        if own.iter().any(|prefix| text.starts_with(prefix)) || text == "OUT_DIR" {
            command.env_remove(&name);
        }
    }
    command
}

/// What a line of cargo's standard error tells of how far it is: `Building [====>  ] 12/116: syn, serde`, or that
/// another cargo holds the folder.
fn progress(stage: &str, line: &str) -> Option<Event> {
    let line = line.trim();
    if line.starts_with("Blocking waiting for file lock") {
        return Some(Event::WaitingForCargo);
    }
    let rest = line.strip_prefix("Building [")?;
    let (_, rest) = rest.split_once("] ")?;
    let (count, now) = rest.split_once(": ").unwrap_or((rest, ""));
    let (done, total) = count.split_once('/')?;
    Some(Event::Building {
        stage: stage.to_owned(),
        done: done.trim().parse().ok()?,
        total: total.trim().parse().ok()?,
        now: now.trim().to_owned(),
    })
}

/// What cargo said, without its bar and the list of what it did.
fn without_progress(stderr: &str) -> String {
    const DOINGS: [&str; 10] = [
        "Compiling ",
        "Checking ",
        "Downloading ",
        "Downloaded ",
        "Finished ",
        "Blocking ",
        "Building [",
        "Updating ",
        "Executable ",
        // Settings for packages that other stages use.
        "warning: profile package spec ",
    ];
    let pieces = stderr.split(['\r', '\n']);
    let said = pieces.filter(|piece| {
        let piece = piece.trim();
        !piece.is_empty() && !DOINGS.iter().any(|doing| piece.starts_with(doing))
    });
    said.collect::<Vec<&str>>().join("\n")
}

/// Reads what a line says of the target; `others` are the folders of targets that were built beside it.
fn read_message(line: &str, target: Target<'_>, others: &[&Path], build: &mut Build) {
    let Ok(document) = RawJson::parse(line) else {
        return;
    };
    let message = Node::of(&document);
    let Some(manifest) = message.at("manifest_path").text() else {
        return;
    };
    let manifest = Path::new(manifest.as_ref());
    let is_stage = manifest
        .parent()
        .is_some_and(|folder| same_folder(folder, target.folder));
    let is_others = manifest
        .parent()
        .is_some_and(|folder| others.iter().any(|other| same_folder(folder, other)));
    if is_others {
        return;
    }
    let is_ours = is_stage || manifest.starts_with(plain(target.workspace));
    match message.at("reason").text().as_deref() {
        Some("compiler-artifact") if is_ours => read_artifact(message, is_stage, build),
        Some("compiler-message") if is_stage => {
            build
                .said
                .extend(read_diagnostic(message.at("message"), target));
        }
        _ => {}
    }
}

/// Whether two paths name the same folder, through whatever links.
fn same_folder(one: &Path, other: &Path) -> bool {
    one == other || plain(one) == plain(other)
}

/// The path without links; the path itself where the system does not say.
fn plain(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn read_artifact(message: Node<'_, '_>, is_stage: bool, build: &mut Build) {
    let target = message.at("target");
    let is = |node: Node<'_, '_>, word: &str| node.text().as_deref() == Some(word);
    let kinds = target.at("kind").items();
    let is_test = is(target.at("name"), "stage") && kinds.iter().any(|kind| is(*kind, "test"));
    let part = match (is_stage, is_test) {
        (false, _) => Part::Shared,
        (true, true) => Part::Tests,
        (true, false) => Part::Library,
    };
    let path = |node: Node<'_, '_>| node.text().map(|path| PathBuf::from(path.as_ref()));
    let files = message.at("filenames").items();
    build.made.push(Made {
        part,
        fresh: message.at("fresh").flag().unwrap_or(true),
        files: files.into_iter().filter_map(path).collect(),
    });
    if let Some(program) = path(message.at("executable"))
        && is_stage
        && is_test
    {
        build.binary = Some(program);
    }
}

fn read_diagnostic(message: Node<'_, '_>, target: Target<'_>) -> Option<Said> {
    let spans = message.at("spans").items();
    let is_error = message.at("level").text()?.starts_with("error");
    // "aborting due to 2 previous errors" and its like point nowhere and say nothing new.
    if spans.is_empty() && !message.at("code").is_there() && !is_error {
        return None;
    }
    let mut pointed: Vec<(bool, Pointed)> = Vec::new();
    for span in spans {
        let is_primary = span.at("is_primary").flag().unwrap_or(false);
        each_place(span, &mut |place| {
            if let Some(inside) = below_package(&place.file, target) {
                pointed.push((
                    is_primary,
                    Pointed {
                        file: inside,
                        ..place
                    },
                ));
            }
        });
    }
    pointed.sort_by_key(|(is_primary, _)| !is_primary);
    let place = pointed.first().map(|(_, place)| {
        let folder = target
            .folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        format!(
            "exercises/{folder}/{}:{}:{}",
            place.file, place.line, place.column
        )
    });
    Some(Said {
        diagnostic: Diagnostic {
            is_error,
            rendered: without_library(message.at("rendered").text()?.as_ref()),
            place,
        },
        files: pointed.into_iter().map(|(_, place)| place.file).collect(),
    })
}

struct Pointed {
    file: String,
    line: u64,
    column: u64,
}

/// The place of a span, and those of the macro calls that it was expanded from.
fn each_place(span: Node<'_, '_>, found: &mut impl FnMut(Pointed)) {
    if let Some(file) = span.at("file_name").text() {
        found(Pointed {
            file: file.into_owned(),
            line: span.at("line_start").number().unwrap_or(0),
            column: span.at("column_start").number().unwrap_or(0),
        });
    }
    let expansion = span.at("expansion");
    if expansion.is_there() {
        each_place(expansion.at("span"), found);
    }
}

/// The compiler names files from the root of the workspace.
fn below_package(path: &str, target: Target<'_>) -> Option<String> {
    let absolute = target.workspace.join(path);
    let inside = absolute.strip_prefix(target.folder).ok()?;
    Some(crate::files::relative(Path::new(""), inside))
}

#[cfg(test)]
mod tests {
    use super::{progress, without_progress};
    use crate::engine::Event;

    #[test]
    fn the_bar_says_how_far_a_build_is() {
        let line = "    Building [=====>      ] 12/116: syn, serde_core(build)";
        let Some(Event::Building {
            done, total, now, ..
        }) = progress("apis", line)
        else {
            panic!("it is a bar");
        };
        assert_eq!(
            (done, total, now.as_str()),
            (12, 116, "syn, serde_core(build)")
        );
        let line = "    Blocking waiting for file lock on build directory";
        assert!(matches!(
            progress("apis", line),
            Some(Event::WaitingForCargo)
        ));
        assert!(progress("apis", "   Compiling syn v3.0.0").is_none());
    }

    #[test]
    fn only_what_went_wrong_is_kept_of_cargos_words() {
        let stderr = "   Compiling a v1\n    Building [ ] 0/2: a\rerror: linker `cc` not found\n";
        assert_eq!(without_progress(stderr), "error: linker `cc` not found");
    }
}
