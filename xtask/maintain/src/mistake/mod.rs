//! `cargo xtask mistake`: known mistakes are made, brought up to date, and looked at.

pub mod new;
pub mod show;
pub mod update;

use std::path::Path;

use xtask_core::course::{Item, Originals};
use xtask_core::engine::{Engine, Verdict, Wanted};
use xtask_core::error::{Error, Kind, Result};
use xtask_core::files::{self, FileSet};

/// How long a test of a known mistake may take, in seconds: what hangs is known by then.
pub const SECONDS: u16 = 2;

/// The solution of an exercise, as it lies there.
///
/// # Errors
///
/// When it cannot be read.
pub fn solution(item: &Item<'_>) -> Result<String> {
    files::read(&item.stage.solution_folder().join(item.exercise.source()))
}

/// Judges answers to one exercise, one after the other, each among the solutions of the others.
struct Trials<'a> {
    engine: &'a Engine<'a>,
    item: Item<'a>,
    originals: Originals,
    solved: FileSet,
}

impl<'a> Trials<'a> {
    fn new(engine: &'a Engine<'a>, item: Item<'a>) -> Result<Self> {
        let originals = Originals::of_tree(item.stage)?;
        let mut solved = originals.files().clone();
        solved.extend(item.stage.solution_files()?);
        Ok(Self {
            engine,
            item,
            originals,
            solved,
        })
    }

    fn judge(&self, answer: &str) -> Result<Verdict> {
        let mut files = self.solved.clone();
        files.insert(self.item.exercise.source(), answer.to_owned());
        let wanted = [Wanted::whole(self.item.exercise)];
        let verdicts = self
            .engine
            .judge_files(self.item.stage, &self.originals, files, &wanted)?;
        verdicts.into_iter().next().ok_or_else(|| {
            Error::of(
                Kind::Course,
                format!("nothing was judged of {}", self.item.id()),
            )
        })
    }
}

/// What git's HEAD has at a path of the course; nothing when it has no such file.
///
/// # Errors
///
/// When git cannot be started, or there is no repository.
fn at_head(root: &Path, path: &str) -> Result<Option<String>> {
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(root).args(arguments).output()
    };
    let said = git(&["show", &format!("HEAD:./{path}")])
        .map_err(|cause| Error::of(Kind::System, format!("git cannot be started: {cause}")))?;
    if said.status.success() {
        let text = String::from_utf8_lossy(&said.stdout).replace("\r\n", "\n");
        return Ok(Some(text));
    }
    let inside = git(&["rev-parse", "--verify", "--quiet", "HEAD"]);
    if inside.is_ok_and(|answer| answer.status.success()) {
        return Ok(None);
    }
    Err(Error::of(Kind::System, "git knows no commit here")
        .help("the solution as it was is read from the last commit"))
}
