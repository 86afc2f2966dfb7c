//! Takes a stage and source files, and answers with a verdict for each exercise.
//!
//! Everything is judged in the [`overlay`]: the learner's tree, a solution, a known mistake, a submission. So whatever
//! lies around in a working tree, and whatever its clock says, has no part in a verdict.

mod built;
mod compile;
mod event;
mod guard;
mod held;
mod overlay;
mod reading;
mod rendered;
mod run;
mod session;
mod trace;
mod verdict;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::course::manifest::renamed;
use crate::course::{Course, Exercise, Material, Originals, Stage};
use crate::diagnosis::Diagnoses;
use crate::error::{Error, Kind, Result};
use crate::files::{self, FileSet};
use crate::process::Cancel;

pub use compile::cargo;
pub use event::{Event, Observer, Silent};
pub use guard::{Guard, Start};
pub use held::become_test;
pub use overlay::{JUDGED, Overlay};
pub use verdict::{Diagnostic, Failure, Panic, Sense, Status, TestResult, TestStatus, Verdict};

use built::Built;
use compile::{Build, Target};
use overlay::{Job, Place};
use run::{Case, Manner, Program};
use session::Session;

/// How often a build is made again when cargo took something else for built.
const BUILDS: u32 = 3;

/// The judge of one course.
#[derive(Clone)]
pub struct Engine<'a> {
    course: &'a Course,
    target_folder: PathBuf,
    cancel: Cancel,
    observer: &'a dyn Observer,
    colours: bool,
    guard: Option<&'a dyn Guard>,
    most_seconds: Option<u16>,
    impatient: bool,
    asking: bool,
    explains: bool,
    holding: bool,
}

/// A whole stage with some answers in it, and the exercises that are to be judged.
#[derive(Debug, Clone)]
pub struct Answers<'a> {
    pub files: FileSet,
    pub wanted: Vec<Wanted<'a>>,
}

/// An exercise to judge.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub exercise: &'a Exercise,
    /// The tests that are run, by name; all of them when nothing is said.
    pub tests: Option<Vec<String>>,
}

impl<'a> Wanted<'a> {
    /// The whole exercise.
    pub fn whole(exercise: &'a Exercise) -> Self {
        Self {
            exercise,
            tests: None,
        }
    }
}

impl<'a> Engine<'a> {
    /// A judge that builds below `target_folder`, and stops when `cancel` says so.
    pub fn new(course: &'a Course, target_folder: PathBuf, cancel: Cancel) -> Self {
        Self {
            course,
            target_folder,
            cancel,
            observer: &Silent,
            colours: false,
            guard: None,
            most_seconds: None,
            impatient: false,
            asking: false,
            explains: true,
            holding: false,
        }
    }

    /// The same judge, heard by `observer`.
    #[must_use]
    pub fn observed(mut self, observer: &'a dyn Observer) -> Self {
        self.observer = observer;
        self
    }

    /// The same judge, with colours in what the compiler says.
    #[must_use]
    pub fn coloured(mut self, colours: bool) -> Self {
        self.colours = colours;
        self
    }

    /// The same judge for code that nobody trusts: builds and tests run as `guard` says.
    #[must_use]
    pub fn guarded(mut self, guard: &'a dyn Guard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// The same judge, in which no test may take longer than this, whatever its exercise allows.
    #[must_use]
    pub fn hurried(mut self, seconds: u16) -> Self {
        self.most_seconds = Some(seconds);
        self
    }

    /// The same judge for a reader who wants the first failure: once it is known, tests that hang are not waited for.
    #[must_use]
    pub fn impatient(mut self, impatient: bool) -> Self {
        self.impatient = impatient;
        self
    }

    /// The same judge, whose verdicts name the known mistake that fails in just the same way.
    #[must_use]
    pub fn asking(mut self, asking: bool) -> Self {
        self.asking = asking;
        self
    }

    /// The same judge for a program, to which what failed and how is enough: nothing is built to find a better place of a
    /// failure, and no answer is compared with its starter.
    #[must_use]
    pub fn unexplained(mut self) -> Self {
        self.explains = false;
        self
    }

    /// The same judge, whose tests have a limit on memory and end when this process is gone, however it went. The
    /// program's `main` has to ask [`become_test`] before anything else.
    #[must_use]
    pub fn holding(mut self) -> Self {
        self.holding = true;
        self
    }

    /// Judges exercises of the learner's tree.
    ///
    /// # Errors
    ///
    /// When the course's own files are broken, cargo cannot build for a reason that is not in the exercises, or it was
    /// called off.
    pub fn judge(&self, stage: &Stage, wanted: &[&Exercise]) -> Result<Vec<Verdict>> {
        let originals = Originals::load(stage)?;
        self.judge_material(stage, &originals, Material::read(stage, &originals), wanted)
    }

    /// As [`Engine::judge`], for a tree that was read already.
    ///
    /// # Errors
    ///
    /// As [`Engine::judge`].
    pub fn judge_material(
        &self,
        stage: &Stage,
        originals: &Originals,
        material: Material,
        wanted: &[&Exercise],
    ) -> Result<Vec<Verdict>> {
        let wanted: Vec<Wanted<'_>> = wanted.iter().map(|one| Wanted::whole(one)).collect();
        let mut session = self.session(stage, originals, &wanted)?;
        session.edited = material.edited;
        session.note_missing(&material.files, &material.unreadable);
        self.judge_session(session, material.files)
    }

    /// Judges `files`, which are a whole stage, in the place of the stage's own. Exercises that do not compile are
    /// replaced by their starters, so that the others are judged.
    ///
    /// # Errors
    ///
    /// As [`Engine::judge`].
    pub fn judge_files(
        &self,
        stage: &Stage,
        originals: &Originals,
        files: FileSet,
        wanted: &[Wanted<'_>],
    ) -> Result<Vec<Verdict>> {
        let mut session = self.session(stage, originals, wanted)?;
        session.note_missing(&files, &Default::default());
        self.judge_session(session, files)
    }

    /// As [`Engine::judge_files`] for two, which are built in one call: much of what a compiler does keeps one core busy,
    /// and the other one idle.
    ///
    /// # Errors
    ///
    /// As [`Engine::judge`].
    pub fn judge_both(
        &self,
        stage: &Stage,
        originals: &Originals,
        both: [Answers<'_>; 2],
    ) -> Result<[Vec<Verdict>; 2]> {
        let [one, other] = both;
        let mut sessions = [
            self.session(stage, originals, &one.wanted)?,
            self.session(stage, originals, &other.wanted)?,
        ];
        let files = [one.files, other.files];
        for (session, files) in sessions.iter_mut().zip(&files) {
            session.note_missing(files, &Default::default());
        }
        let manifest = files[1].get("Cargo.toml").map_or("", String::as_str);
        let can_be_beside = renamed(manifest, &stage.id, "beside").is_some();
        let is_whole = sessions.iter().all(|session| session.faults.is_empty());
        let mut found = [None, None];
        if can_be_beside && is_whole && self.guard.is_none() {
            let overlay = self.overlay()?;
            let needed = [0, 1].map(|at| sessions[at].needed(&files[at]));
            let job = |at: usize, place| Job {
                place,
                files: &files[at],
                needed: &needed[at],
            };
            let jobs = [job(0, Place::Usual), job(1, Place::Beside)];
            let builds = self.build(&overlay, stage, &jobs)?;
            for (session, build) in sessions.iter_mut().zip(&builds) {
                if !build.succeeded && build.said.iter().any(|said| said.diagnostic.is_error) {
                    session.attribute(build)?;
                }
            }
            // Side by side as well: where one only waits for a test that hangs, the other goes on.
            let run = |at: usize| -> Result<Option<Vec<Verdict>>> {
                let Some(build) = builds.get(at).filter(|build| build.succeeded) else {
                    return Ok(None);
                };
                let (session, place) = (&sessions[at], jobs[at].place);
                let times = self.run(&overlay, session, place, build, &files[at], 1)?;
                Ok(times.into_iter().next())
            };
            let (one, other) = thread::scope(|scope| {
                let other = scope.spawn(|| run(1));
                (run(0), other.join())
            });
            let other =
                other.map_err(|_| Error::of(Kind::System, "a test could not be watched"))?;
            found = [one?, other?];
        }
        let mut verdicts = [Vec::new(), Vec::new()];
        for (at, (session, files)) in sessions.into_iter().zip(files).enumerate() {
            verdicts[at] = match found[at].take() {
                Some(verdicts) => verdicts,
                None => self.judge_session(session, files)?,
            };
        }
        Ok(verdicts)
    }

    /// As [`Engine::judge_files`], and whatever fails is run again until it has run so many `times`: what a test says may
    /// be another thing each time. Answers the verdicts of each time.
    ///
    /// # Errors
    ///
    /// As [`Engine::judge`].
    pub fn judge_repeatedly(
        &self,
        stage: &Stage,
        originals: &Originals,
        files: FileSet,
        wanted: &[Wanted<'_>],
        times: usize,
    ) -> Result<Vec<Vec<Verdict>>> {
        let mut session = self.session(stage, originals, wanted)?;
        session.note_missing(&files, &Default::default());
        self.judge_session_times(session, files, times)
    }

    /// Opens the overlay, and waits while another runner uses it.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or the wait was called off.
    pub fn overlay(&self) -> Result<Overlay> {
        Overlay::open(
            self.course,
            &self.target_folder,
            &self.cancel,
            self.observer,
        )
    }

    /// Where a stage lies while it is judged.
    pub fn judged_folder(&self, stage: &Stage) -> PathBuf {
        Overlay::folder_below(&self.target_folder, stage)
    }

    /// Where this engine builds.
    pub fn target_folder(&self) -> &Path {
        &self.target_folder
    }

    fn session<'s>(
        &self,
        stage: &'s Stage,
        originals: &'s Originals,
        wanted: &[Wanted<'s>],
    ) -> Result<Session<'s>> {
        let most = self.most_seconds.unwrap_or(u16::MAX);
        let limit = |seconds: u16| Duration::from_secs(seconds.min(most).into());
        let mut session = Session::new(stage, originals, wanted, limit)?;
        session.compares = self.explains;
        if self.asking {
            session.diagnoses = Diagnoses::load(stage);
        }
        Ok(session)
    }

    fn judge_session(&self, session: Session<'_>, files: FileSet) -> Result<Vec<Verdict>> {
        let times = self.judge_session_times(session, files, 1)?;
        Ok(times.into_iter().next().unwrap_or_default())
    }

    fn judge_session_times(
        &self,
        mut session: Session<'_>,
        mut files: FileSet,
        times: usize,
    ) -> Result<Vec<Vec<Verdict>>> {
        let judged = files.clone();
        let overlay = self.overlay()?;
        loop {
            for fault in &session.faults {
                let starter = session.originals.starter(fault.exercise)?;
                files.insert(fault.exercise.source(), starter.to_owned());
            }
            let remaining = session.remaining();
            if remaining.is_empty() {
                return Ok(vec![session.verdicts(&judged, Vec::new(), &[]); times]);
            }
            let job = Job {
                place: Place::Usual,
                files: &files,
                needed: &session.needed(&files),
            };
            for build in self.build(&overlay, session.stage, &[job])? {
                if build.succeeded {
                    return self.run(&overlay, &session, job.place, &build, &judged, times);
                }
                session.attribute(&build)?;
            }
        }
    }

    /// Builds the test program of a stage for each job. What cargo takes for built without being made of these files is
    /// removed and made again.
    fn build(&self, overlay: &Overlay, stage: &Stage, jobs: &[Job<'_>]) -> Result<Vec<Build>> {
        let contents = overlay.install(stage, jobs)?;
        let mut records = Vec::new();
        let mut places = Vec::new();
        for (job, contents) in jobs.iter().zip(&contents) {
            let folder = overlay.folder(stage, job.place);
            let name = folder.strip_prefix(overlay.root()).unwrap_or(&folder);
            let name = files::relative(Path::new(""), name).replace('/', "-");
            records.push(Built::begin(overlay.root(), &name, contents)?);
            places.push((job.place.package(stage), folder));
        }
        let targets: Vec<Target<'_>> = places
            .iter()
            .map(|(package, folder)| Target {
                workspace: overlay.root(),
                package,
                folder,
                target_folder: &self.target_folder,
                colours: self.colours,
                lines: false,
            })
            .collect();
        for _ in 0..BUILDS {
            let builds = compile::build(&targets, self.guard, &self.cancel, self.observer)?;
            let mut stale: Vec<&PathBuf> = Vec::new();
            for (build, built) in builds.iter().zip(&mut records) {
                let old = build
                    .made
                    .iter()
                    .filter(|made| made.fresh && !built.is_known(made.part));
                stale.extend(old.flat_map(|made| &made.files));
                built.note(build.made.iter().map(|made| made.part))?;
            }
            if stale.is_empty() {
                for build in builds.iter().filter(|build| build.succeeded) {
                    if let Some(guard) = self.guard {
                        let artifacts = build.made.iter().flat_map(|made| made.files.clone());
                        guard.inspect(&artifacts.collect::<Vec<PathBuf>>())?;
                    }
                }
                return Ok(builds);
            }
            for file in stale {
                // A file that is gone is what is wanted.
                let _ = std::fs::remove_file(file);
            }
        }
        let words = format!("cargo keeps taking other files of `{}` for built", stage.id);
        Err(Error::of(Kind::Build, words).help("`cargo clean` removes the old builds"))
    }

    fn run(
        &self,
        overlay: &Overlay,
        session: &Session<'_>,
        place: Place,
        build: &Build,
        judged: &FileSet,
        times: usize,
    ) -> Result<Vec<Vec<Verdict>>> {
        let Some(binary) = &build.binary else {
            let words = format!("cargo built no test program for `{}`", session.stage.id);
            return Err(Error::of(Kind::Build, words)
                .help("its Cargo.toml names it: [[test]] name = \"stage\""));
        };
        let folder = overlay.folder(session.stage, place);
        let program = Program {
            binary,
            folder: &folder,
            workspace: overlay.root(),
            holding: self.holding,
        };
        let cases = session.cases();
        let manner = Manner {
            guard: self.guard,
            cancel: &self.cancel,
            impatient: self.impatient,
        };
        let results = run::run_all(program, &cases, &manner, |done| {
            self.observer.notice(Event::Testing {
                stage: session.stage.id.clone(),
                done,
                total: cases.len(),
            });
        });
        let mut results = results?;
        if place == Place::Usual {
            self.trace(overlay, session.stage, program, &cases, &mut results)?;
        }
        let mut verdicts = vec![session.verdicts(judged, results.clone(), &build.said)];
        for _ in 1..times {
            let fails = |index: &usize| results[*index].status == TestStatus::Failed;
            let failing: Vec<usize> = (0..cases.len()).filter(fails).collect();
            let again: Vec<Case> = failing.iter().map(|index| cases[*index].clone()).collect();
            let answers = run::run_all(program, &again, &manner, |_| ())?;
            let mut all = results.clone();
            for (index, answer) in failing.into_iter().zip(answers) {
                all[index] = answer;
            }
            verdicts.push(session.verdicts(judged, all, &build.said));
        }
        self.observer.notice(Event::Settled);
        Ok(verdicts)
    }

    /// Finds the learner's own line for the first failure that ended in somebody else's code.
    fn trace(
        &self,
        overlay: &Overlay,
        stage: &Stage,
        program: Program<'_>,
        cases: &[Case],
        results: &mut [TestResult],
    ) -> Result<()> {
        let mut foreign = cases.iter().zip(results).filter_map(|(case, result)| {
            let failure = result.failure.as_mut()?;
            trace::is_foreign(failure).then_some((case, failure))
        });
        let wanted = self.explains && self.guard.is_none();
        let Some((case, failure)) = foreign.next().filter(|_| wanted) else {
            return Ok(());
        };
        let target = Target {
            workspace: overlay.root(),
            package: &stage.id,
            folder: program.folder,
            target_folder: &self.target_folder,
            colours: self.colours,
            lines: true,
        };
        let builds = compile::build(&[target], None, &self.cancel, self.observer)?;
        let Some(binary) = builds.first().and_then(|build| build.binary.as_ref()) else {
            return Ok(());
        };
        let program = Program { binary, ..program };
        trace::find_own_place(program, case, &stage.folder, &self.cancel, failure);
        for (case, failure) in foreign {
            trace::find_own_place(program, case, &stage.folder, &self.cancel, failure);
        }
        Ok(())
    }
}
