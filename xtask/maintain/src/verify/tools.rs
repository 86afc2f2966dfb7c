//! What other tools check: formatting, clippy, and the tests that plain cargo runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use xtask_core::course::{Course, PROFILE, Stage, WorkspaceManifest};
use xtask_core::engine::cargo;
use xtask_core::error::{Error, Result};
use xtask_core::files;
use xtask_core::key::KeyMaker;

use super::Ledger;
use super::memory::Memory;
use crate::manifest::Manifest;

/// The last lines of a tool's output that are shown when it refuses.
const LINES: usize = 60;

/// What a promise of all packages is a promise of.
const WORKSPACE: &str = "the workspace";

/// What the tools are run on.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'s> {
    pub stages: &'s [&'s Stage],
    /// The workspace as a whole.
    pub whole: bool,
    /// Also tests that are marked `#[ignore]`, because they take long; otherwise they are named.
    pub slow: bool,
}

/// Runs the tools on the packages of some stages, or on the whole workspace. Packages that were accepted before, as they
/// are now, are not looked at again.
///
/// # Errors
///
/// When a tool cannot be started.
pub fn check(
    ledger: &mut Ledger,
    course: &Course,
    scope: Scope<'_>,
    memory: Option<&Memory>,
) -> Result<()> {
    ledger.section("formatting");
    check_formatting(ledger, course, scope.stages, scope.whole)?;
    let packages = Packages::load(&course.root)?;
    let checked = match scope.whole {
        true => packages.all.clone(),
        false => packages.of_stages(scope.stages),
    };
    let open = Open::of(&packages, checked, "clippy", memory)?;
    ledger.section(&format!("clippy, {}", open.words()));
    // In the profile in which the stages were built just now: macros and build scripts, SQLite among them, are not built
    // and run twice.
    let mut clippy = cargo(&course.root);
    clippy.args(["clippy", "--quiet", "--profile", PROFILE, "--all-targets"]);
    open.name(&mut clippy, scope.whole.then_some(&["--workspace"]));
    clippy.args(["--", "--deny", "warnings"]);
    open.accept(ledger, WORKSPACE, "Mend what clippy points to.", clippy)?;
    if !scope.whole {
        return Ok(());
    }
    let open = Open::of(&packages, packages.default.clone(), "test", memory)?;
    let title = "plain `cargo test`, the runner's own tests among them";
    ledger.section(&format!("{title}, {}", open.words()));
    let mut test = cargo(&course.root);
    test.args(["test", "--quiet", "--profile", PROFILE]);
    open.name(&mut test, Some(&[]));
    if scope.slow {
        test.args(["--", "--include-ignored"]);
    } else {
        name_left_out(&packages.left_out()?);
    }
    open.accept(ledger, WORKSPACE, "Mend what fails.", test)?;
    for path in WorkspaceManifest::load(&course.root)?.shared() {
        let open = Open::of(&packages, vec![path.clone()], "every feature", memory)?;
        let mut shared = cargo(&course.root);
        shared.args(["test", "--quiet", "--profile", PROFILE, "--all-features"]);
        shared.arg("--manifest-path");
        shared.arg(course.root.join(&path).join("Cargo.toml"));
        open.accept(ledger, &path, "Mend what fails.", shared)?;
    }
    Ok(())
}

/// The packages of the workspace, by their folders below its root.
#[derive(Debug)]
struct Packages {
    root: PathBuf,
    all: Vec<String>,
    default: Vec<String>,
}

impl Packages {
    fn load(root: &Path) -> Result<Self> {
        let manifest = Manifest::load(&root.join("Cargo.toml"))?;
        Ok(Self {
            root: root.to_owned(),
            all: manifest.members("members"),
            default: manifest.members("default-members"),
        })
    }

    fn of_stages(&self, stages: &[&Stage]) -> Vec<String> {
        let of_stage = |stage: &&Stage| {
            ["exercises", "solutions"].map(|folder| format!("{folder}/{}", stage.folder))
        };
        stages.iter().flat_map(of_stage).collect()
    }

    /// The key of what a tool says of a package: of its files, those of the stage that it solves, the libraries that
    /// stages share, and the settings of the workspace. The runner's packages lean on each other, and their tests on the
    /// whole course.
    fn key(&self, package: &str, tool: &str, memory: &Memory) -> Result<String> {
        let mut folders: Vec<String> = match package.split_once('/') {
            Some(("solutions", stage)) => vec![package.to_owned(), format!("exercises/{stage}")],
            Some(("exercises", _)) => vec![package.to_owned()],
            _ => ["xtask", "exercises", "solutions"]
                .map(str::to_owned)
                .into(),
        };
        folders.extend(WorkspaceManifest::load(&self.root)?.shared());
        let own = package.starts_with("solutions/").then_some(package);
        let mut key = KeyMaker::default().text(tool).text(package);
        for file in [
            "Cargo.toml",
            "Cargo.lock",
            ".cargo/config.toml",
            "clippy.toml",
        ] {
            let text = files::read(&self.root.join(file)).unwrap_or_default();
            key = key.text(&text);
        }
        for folder in folders {
            for path in files::paths(&self.root.join(&folder))? {
                if own == Some(folder.as_str()) && is_no_source(&path) {
                    continue;
                }
                let place = self.root.join(&folder).join(&path);
                // A link that leads nowhere holds nothing.
                let bytes = std::fs::read(&place).unwrap_or_default();
                key = key.text(&folder).text(&path).bytes(&bytes);
            }
        }
        Ok(memory.key_of([key.finish().as_str()]))
    }

    /// The tests that are marked `#[ignore]`.
    fn left_out(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for package in &self.default {
            for path in files::paths(&self.root.join(package))? {
                if path.ends_with(".rs") && !is_no_source(&path) {
                    let text = files::read(&self.root.join(package).join(&path))?;
                    let names = ignored_in(&text).into_iter();
                    found.extend(names.map(|name| format!("{package}/{path}: {name}")));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

/// What lies in a package's folder and is not built with it.
fn is_no_source(path: &str) -> bool {
    ["wrong/", "alternative/", "target/"]
        .iter()
        .any(|folder| path.starts_with(folder))
}

/// The functions of a source that are marked `#[ignore]`.
fn ignored_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(stream) = TokenStream::from_str(text) {
        find_ignored(stream, &mut found);
    }
    found
}

fn find_ignored(stream: TokenStream, found: &mut Vec<String>) {
    let mut is_ignored = false;
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                let first = group.stream().into_iter().next();
                is_ignored |= matches!(first, Some(TokenTree::Ident(word)) if word == "ignore");
            }
            TokenTree::Group(group) => find_ignored(group.stream(), found),
            TokenTree::Ident(word) if word == "fn" && std::mem::take(&mut is_ignored) => {
                found.extend(tokens.peek().map(ToString::to_string));
            }
            TokenTree::Punct(sign) if sign.as_char() == ';' => is_ignored = false,
            _ => {}
        }
    }
}

/// The packages that a tool has not accepted yet as they are.
struct Open<'m> {
    packages: Vec<String>,
    /// How many were asked for.
    asked: usize,
    root: PathBuf,
    memory: Option<&'m Memory>,
    keys: Vec<String>,
}

impl<'m> Open<'m> {
    fn of(
        known: &Packages,
        packages: Vec<String>,
        tool: &str,
        memory: Option<&'m Memory>,
    ) -> Result<Self> {
        let mut open = Self {
            packages: Vec::new(),
            asked: packages.len(),
            root: known.root.clone(),
            memory,
            keys: Vec::new(),
        };
        for package in packages {
            if let Some(memory) = memory {
                let key = known.key(&package, tool, memory)?;
                if memory.is_noted(&key) {
                    continue;
                }
                open.keys.push(key);
            }
            open.packages.push(package);
        }
        Ok(open)
    }

    /// `2 of 25 packages`.
    fn words(&self) -> String {
        format!("{} of {} packages", self.packages.len(), self.asked)
    }

    /// Names the packages for cargo. `all` is what stands for the workspace's: no word, or one; nothing where these are not
    /// all of its packages.
    fn name(&self, command: &mut Command, all: Option<&[&str]>) {
        if let Some(words) = all.filter(|_| self.packages.len() == self.asked) {
            command.args(words);
            return;
        }
        for package in &self.packages {
            let manifest = Manifest::load(&self.root.join(package).join("Cargo.toml"));
            let name = manifest
                .ok()
                .and_then(|manifest| manifest.package().map(str::to_owned));
            command.args(["--package", name.as_deref().unwrap_or(package)]);
        }
    }

    /// Runs the tool where something is open, and remembers what it accepts.
    fn accept(&self, ledger: &mut Ledger, file: &str, mend: &str, command: Command) -> Result<()> {
        if self.packages.is_empty() {
            ledger.check(true, file, "", mend);
            return Ok(());
        }
        let accepted = accept(ledger, file, mend, command)?;
        if let Some(memory) = self.memory.filter(|_| accepted) {
            self.keys.iter().for_each(|key| memory.note(key));
        }
        Ok(())
    }
}

fn check_formatting(
    ledger: &mut Ledger,
    course: &Course,
    stages: &[&Stage],
    whole: bool,
) -> Result<()> {
    let mut format = cargo(&course.root);
    format.args(["fmt", "--check"]);
    if whole {
        format.arg("--all");
    }
    for stage in stages.iter().filter(|_| !whole) {
        format.args([
            "--package",
            &stage.id,
            "--package",
            &format!("{}-solution", stage.id),
        ]);
    }
    accept(ledger, WORKSPACE, "`cargo fmt --all`", format)?;
    let mut loose: Vec<PathBuf> = Vec::new();
    for stage in stages {
        for folder in files::entries(&stage.solution_folder().join("alternative"))? {
            loose.extend(files::entries(&folder)?);
        }
    }
    if !loose.is_empty() {
        // These files belong to no package, so `cargo fmt` does not see them.
        let mut format = Command::new("rustfmt");
        format.args(["--edition", "2024", "--check"]).args(&loose);
        format.current_dir(&course.root);
        accept(
            ledger,
            "alternative answers",
            "`rustfmt --edition 2024` on the files named above",
            format,
        )?;
    }
    Ok(())
}

/// Says which tests do not run.
fn name_left_out(names: &[String]) {
    if !names.is_empty() {
        println!("Left out, because they take long (`cargo xtask verify --slow` runs them):");
        names.iter().for_each(|name| println!("  {name}"));
    }
}

fn output_of(mut command: Command) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|cause| {
        Error::new(format!("`{program}` cannot be started: {cause}")).help("`cargo xtask doctor`")
    })
}

/// Runs a tool, and answers whether it accepts what it is given.
fn accept(ledger: &mut Ledger, file: &str, mend: &str, command: Command) -> Result<bool> {
    let words: Vec<String> = command
        .get_args()
        .take(6)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let output = output_of(command)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines
        .get(lines.len().saturating_sub(LINES)..)
        .unwrap_or_default()
        .join("\n");
    let what = format!("`{}` refuses:\n{tail}", words.join(" "));
    ledger.check(output.status.success(), file, &what, mend);
    Ok(output.status.success())
}

#[cfg(test)]
mod tests {
    use super::ignored_in;

    #[test]
    fn tests_that_are_left_out_are_found_by_their_mark() {
        let source = r##"
            #[test]
            fn runs() { let text = "#[ignore] fn no() {}"; }
            #[ignore]
            use a::b;
            mod slow {
                #[test]
                #[ignore = "it takes long"]
                /// Long.
                pub(crate) async fn soaks() {}
                #[tokio::test]
                #[ignore]
                async fn kills() {}
                fn helper() {}
            }
        "##;
        assert_eq!(ignored_in(source), ["soaks", "kills"]);
    }
}
