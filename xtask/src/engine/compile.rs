//! One cargo call builds the test program of a stage; its JSON messages say what came of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::guard::Guard;
use super::process::{Cancel, End, Limits, run};
use crate::error::{Error, Result};

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
}

/// What a build came to.
#[derive(Debug, Default)]
pub struct Build {
    /// Whether cargo ended well.
    pub succeeded: bool,
    /// The test program.
    pub binary: Option<PathBuf>,
    /// Every file that was made of the package.
    pub artifacts: Vec<PathBuf>,
    /// Errors and warnings about the package's own files.
    pub diagnostics: Vec<Diagnostic>,
    /// Cargo took something of the package for already built.
    pub reused: bool,
    /// What cargo said besides.
    pub log: String,
}

/// What the compiler says about the package.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    pub is_error: bool,
    /// The text as the compiler would print it.
    pub rendered: String,
    /// The files that it points to, below the package's folder, the most important first.
    pub files: Vec<String>,
}

/// Builds the test program. `None` when it was cancelled; `tell` hears the name of each crate that was compiled.
///
/// # Errors
///
/// When cargo cannot be started.
pub fn build(
    target: Target<'_>,
    guard: Option<&dyn Guard>,
    cancel: &Cancel,
    tell: impl Fn(&str) + Sync,
) -> Result<Option<Build>> {
    let mut command = cargo(target.workspace);
    let format = if target.colours {
        "--message-format=json-diagnostic-rendered-ansi"
    } else {
        "--message-format=json"
    };
    command.args(["test", "--no-run", "--quiet", "--test", "stage", format]);
    command.args(["--package", target.package]);
    command.arg("--target-dir").arg(target.target_folder);
    if let Some(guard) = guard {
        guard.prepare_build(&mut command);
    }
    let limits = Limits {
        time: guard.and_then(Guard::build_time),
        output: OUTPUT_BYTES,
    };
    let outcome = run(command, limits, cancel, |line| {
        if let Some(name) = compiled_crate(line) {
            tell(&name);
        }
    })
    .map_err(|cause| {
        Error::new(format!("cargo cannot be started: {cause}"))
            .help("`cargo --version` should answer")
    })?;
    let succeeded = match outcome.end {
        End::Exited(status) => status.success(),
        End::Cancelled => return Ok(None),
        End::TimedOut | End::TooMuchOutput => false,
    };
    let mut build = Build {
        succeeded,
        log: outcome.stderr,
        ..Build::default()
    };
    let manifest = target.folder.join("Cargo.toml");
    // Most lines speak of other packages; only those that name this one are worth reading.
    let shown = manifest.to_string_lossy();
    for line in outcome
        .stdout
        .lines()
        .filter(|line| shown.contains(['"', '\\']) || line.contains(shown.as_ref()))
    {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let ours = message["manifest_path"]
            .as_str()
            .is_some_and(|path| Path::new(path) == manifest);
        match message["reason"].as_str() {
            Some("compiler-artifact") if ours => read_artifact(&message, &mut build),
            Some("compiler-message") if ours => {
                build
                    .diagnostics
                    .extend(read_diagnostic(&message["message"], target));
            }
            _ => {}
        }
    }
    Ok(Some(build))
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

fn compiled_crate(line: &str) -> Option<String> {
    // Most lines are long; only those of this kind are worth reading while the build runs.
    if !line.starts_with(r#"{"reason":"compiler-artifact""#) || line.contains(r#""fresh":true"#) {
        return None;
    }
    let message: Value = serde_json::from_str(line).ok()?;
    let fresh = message["fresh"].as_bool()?;
    let name = message["target"]["name"].as_str()?;
    (!fresh && name != "build-script-build").then(|| name.to_owned())
}

fn read_artifact(message: &Value, build: &mut Build) {
    build.reused |= message["fresh"].as_bool().unwrap_or(true);
    let files = message["filenames"].as_array().into_iter().flatten();
    build
        .artifacts
        .extend(files.filter_map(|file| file.as_str().map(PathBuf::from)));
    let is_stage_test =
        message["target"]["name"] == "stage" && message["target"]["kind"][0] == "test";
    if let Some(path) = message["executable"].as_str()
        && is_stage_test
    {
        build.binary = Some(PathBuf::from(path));
    }
}

fn read_diagnostic(message: &Value, target: Target<'_>) -> Option<Diagnostic> {
    let spans = message["spans"].as_array()?;
    let is_error = message["level"].as_str()?.starts_with("error");
    // "aborting due to 2 previous errors" and its like point nowhere and say nothing new.
    if spans.is_empty() && message["code"].is_null() && !is_error {
        return None;
    }
    let mut pointed: Vec<(bool, String)> = Vec::new();
    for span in spans {
        let is_primary = span["is_primary"].as_bool().unwrap_or(false);
        files_of_span(span, &mut |path| {
            if let Some(inside) = below_package(path, target) {
                pointed.push((is_primary, inside));
            }
        });
    }
    pointed.sort_by_key(|(is_primary, _)| !is_primary);
    Some(Diagnostic {
        is_error,
        rendered: message["rendered"].as_str()?.trim_end().to_owned(),
        files: pointed.into_iter().map(|(_, path)| path).collect(),
    })
}

/// The file of a span, and those of the macro calls that it was expanded from.
fn files_of_span(span: &Value, found: &mut impl FnMut(&str)) {
    if let Some(path) = span["file_name"].as_str() {
        found(path);
    }
    if span["expansion"].is_object() {
        files_of_span(&span["expansion"]["span"], found);
    }
}

/// The compiler names files from the root of the workspace.
fn below_package(path: &str, target: Target<'_>) -> Option<String> {
    let absolute = target.workspace.join(path);
    let inside = absolute.strip_prefix(target.folder).ok()?;
    Some(crate::files::relative(Path::new(""), inside))
}
