//! Grades a class: every submission in turn, in one lane or in several side by side.

use std::fs;
use std::io::Read;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use xtask_core::course::{Course, Exercise, Originals, PROFILE, Stage, WorkspaceManifest};
use xtask_core::error::{Error, Result};
use xtask_core::store::judge_key;

use crate::confine::{Bounds, Confined, Places, test_policy};
use crate::disk::NEEDED;
use crate::instrument::Names;
use crate::intake::Submission;
use crate::judge::Lane;
use crate::plan::{Plan, check_hidden};
use crate::progress::Progress;
use crate::results::{Learner, Report, Shard, VERSION};
use crate::roster::{Entry, shared_folders};
use crate::sandbox::{Held, Isolation, Level, Measures};
use crate::store::{Key, Store};
use crate::text::line;
use crate::toolchain::toolchain;

/// What is asked of a grading.
#[derive(Debug)]
pub struct Wish {
    pub entries: Vec<Entry>,
    pub stages: Vec<String>,
    pub exercises: Vec<String>,
    pub hidden: Option<PathBuf>,
    pub jobs: Option<usize>,
    pub shard: Option<(usize, usize)>,
    pub required: Option<Level>,
    pub most: Level,
    pub work: PathBuf,
    pub bounds: Bounds,
}

/// Everything that the lanes share.
struct Hall<'a> {
    course: &'a Course,
    plans: &'a [Plan<'a>],
    stages: Vec<&'a Stage>,
    store: Store,
    work: &'a Path,
    temporary: &'a Path,
    isolation: Isolation,
    bounds: Bounds,
    toolchain: Vec<PathBuf>,
    grade: PathBuf,
    workers: usize,
    /// What must be free on the disk, in bytes, so that no lane takes another's room.
    needed: u64,
    names: Names,
    /// Learners who have one folder, with that folder.
    shared: Vec<(Vec<String>, PathBuf)>,
}

/// Grades what `wish` asks for.
///
/// # Errors
///
/// When nobody can be graded: the wish or the course is wrong, or the required isolation is not reached.
pub fn grade(course: &Course, wish: &Wish) -> Result<Report> {
    let toolchain = toolchain()?;
    if let Some(hidden) = &wish.hidden {
        check_hidden(course, hidden)?;
    }
    let grade = std::env::current_exe().map_err(|cause| {
        Error::new(format!("the grader does not find its own program: {cause}"))
    })?;
    let work = wish.work.as_path();
    fs::create_dir_all(work).map_err(|cause| Error::file(work, cause))?;
    let work = &fs::canonicalize(work).map_err(|cause| Error::file(work, cause))?;
    let temporary = temporary(work)?;
    let isolation = isolation(course, wish, &grade, work, temporary.path());
    let level = isolation.level();
    if let Some(required) = wish.required
        && level < required
    {
        let why = isolation.missing.iter().map(|why| format!("\n{why}"));
        return Err(Error::new(format!(
            "the isolation `{}` is required, and this machine reaches `{}`{}",
            required.id(),
            level.id(),
            why.collect::<String>()
        ))
        .help("nobody was graded; xtask/grade/README.md says what each level needs"));
    }
    let base = Key::of(&[
        &VERSION.to_string(),
        &toolchain.version,
        &course_texts(course)?,
        level.id(),
        &format!("{:?}", wish.bounds),
    ]);
    let names = names()?;
    let plans = plans(course, wish, &base, &names)?;
    let keys: Vec<&str> = plans.iter().map(|plan| plan.key.text()).collect();
    let course_key = Key::of(&keys).text().to_owned();
    let entries = sharded(wish)?;
    let cores = thread::available_parallelism().map_or(2, NonZero::get);
    let jobs = wish.jobs.unwrap_or(1).clamp(1, entries.len().max(1));
    let hall = Hall {
        course,
        plans: &plans,
        stages: plans.iter().map(|plan| plan.stage).collect(),
        store: Store::new(work, judge_key()?),
        work,
        temporary: temporary.path(),
        isolation,
        bounds: wish.bounds,
        toolchain: toolchain.folders,
        grade,
        workers: (cores / jobs).max(1),
        needed: NEEDED.saturating_mul(u64::try_from(jobs).unwrap_or(u64::MAX)),
        names,
        shared: shared_folders(&wish.entries),
    };
    let learners = hall.grade_all(&entries, jobs)?;
    Ok(Report {
        version: VERSION,
        course: course_key,
        toolchain: toolchain
            .version
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
        isolation: level,
        shard: wish.shard.map(|(index, of)| Shard {
            index,
            of,
            class: wish.entries.len(),
        }),
        exercises: plans.iter().flat_map(Plan::graded).collect(),
        learners,
    })
}

/// A folder for the tests' folders, for this run only. Those of runs that are gone are removed.
fn temporary(work: &Path) -> Result<tempfile::TempDir> {
    let folder = work.join("tmp");
    let fail = |cause| Error::file(&folder, cause);
    fs::create_dir_all(&folder).map_err(fail)?;
    for entry in fs::read_dir(&folder).map_err(fail)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.split('-').nth(1).and_then(|id| id.parse().ok());
        let lives = owner
            .and_then(rustix::process::Pid::from_raw)
            .is_some_and(|id| rustix::process::test_kill_process(id).is_ok());
        if !lives {
            // Another run may be removing it at this moment.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new()
        .prefix(&format!("run-{}-", std::process::id()))
        .tempdir_in(&folder)
        .map_err(fail)
}

fn isolation(
    course: &Course,
    wish: &Wish,
    grade: &Path,
    work: &Path,
    temporary: &Path,
) -> Isolation {
    let mut policy = test_policy(wish.bounds, Measures::default());
    policy.writes.push(temporary.to_owned());
    let secret = course.root.join("Cargo.toml");
    Isolation::reach(grade, &policy, &secret, work, wish.most)
}

/// The texts that every verdict rests on: the manifest, the lock file, and what stages share.
fn course_texts(course: &Course) -> Result<String> {
    let mut texts = String::new();
    for name in ["Cargo.toml", "Cargo.lock"] {
        let path = course.root.join(name);
        if path.exists() {
            texts.push_str(&xtask_core::files::read(&path)?);
            texts.push('\0');
        }
    }
    for path in WorkspaceManifest::load(&course.root)?.shared() {
        let folder = course.root.join(path);
        let files = xtask_core::files::texts(&folder, |name| name != "target")?;
        texts.push_str(Key::of_files(&files).text());
    }
    Ok(texts)
}

/// What tests are called in this run: nobody knows it before.
fn names() -> Result<Names> {
    let mut salt = [0_u8; 32];
    let source = Path::new("/dev/urandom");
    fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut salt))
        .map_err(|cause| Error::file(source, cause))?;
    Ok(Names::new(
        salt.iter().map(|byte| format!("{byte:02x}")).collect(),
    ))
}

fn plans<'a>(course: &'a Course, wish: &Wish, base: &Key, names: &Names) -> Result<Vec<Plan<'a>>> {
    let mut wanted: Vec<(&Stage, Vec<&Exercise>)> = Vec::new();
    let mut add = |stage: &'a Stage, exercises: Vec<&'a Exercise>| match wanted
        .iter_mut()
        .find(|(known, _)| known.folder == stage.folder)
    {
        Some((_, known)) => known.extend(exercises),
        None => wanted.push((stage, exercises)),
    };
    for name in &wish.stages {
        let stage = course.stage(name)?;
        add(stage, stage.exercises.iter().collect());
    }
    for name in &wish.exercises {
        let item = course.exercise(name)?;
        add(item.stage, vec![item.exercise]);
    }
    if wish.stages.is_empty() && wish.exercises.is_empty() {
        for stage in &course.stages {
            // A stage that was not recorded as handed out yet is still being written.
            if Originals::path(stage).exists() {
                add(stage, stage.exercises.iter().collect());
            }
        }
    }
    let mut plans = Vec::new();
    for stage in &course.stages {
        let Some((_, exercises)) = wanted
            .iter()
            .find(|(known, _)| known.folder == stage.folder)
        else {
            continue;
        };
        let mut ordered: Vec<&Exercise> = stage.exercises.iter().collect();
        ordered.retain(|exercise| exercises.iter().any(|one| one.name == exercise.name));
        plans.push(Plan::new(
            stage,
            ordered,
            wish.hidden.as_deref(),
            base,
            names,
        )?);
    }
    if plans.is_empty() {
        return Err(Error::new("the course has no stage that can be graded")
            .help("`cargo xtask seal` records a stage as it is handed out"));
    }
    Ok(plans)
}

/// The part of the class that this run grades: every Nth submission, in the order of their ids.
fn sharded(wish: &Wish) -> Result<Vec<Entry>> {
    if wish.entries.is_empty() {
        return Err(Error::new("there is nothing to grade").help("name a folder, or a roster"));
    }
    let mut entries = wish.entries.clone();
    entries.sort_by(|one, other| one.id.cmp(&other.id));
    let Some((index, of)) = wish.shard else {
        return Ok(entries);
    };
    Ok(entries
        .into_iter()
        .enumerate()
        .filter(|(position, _)| position % of == index - 1)
        .map(|(_, entry)| entry)
        .collect())
}

impl Hall<'_> {
    fn grade_all(&self, entries: &[Entry], jobs: usize) -> Result<Vec<Learner>> {
        let results: Mutex<Vec<Option<Learner>>> = Mutex::new(vec![None; entries.len()]);
        let failure: Mutex<Option<Error>> = Mutex::default();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let stop = AtomicBool::new(false);
        let progress = Progress::new(entries.len());
        let first_is_warm = AtomicBool::new(jobs == 1);
        thread::scope(|scope| {
            for number in 0..jobs {
                let (results, failure, next, done, stop) =
                    (&results, &failure, &next, &done, &stop);
                let (progress, first_is_warm) = (&progress, &first_is_warm);
                scope.spawn(move || {
                    let graded = self.lane(number, first_is_warm, stop, |lane| {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(entry) = entries.get(index) else {
                            return Ok(false);
                        };
                        let learner = self.learner(lane, entry)?;
                        lock(results)[index] = Some(learner);
                        progress.show(done.fetch_add(1, Ordering::Relaxed) + 1);
                        Ok(true)
                    });
                    if let Err(error) = graded {
                        stop.store(true, Ordering::Relaxed);
                        lock(failure).get_or_insert(error);
                    }
                });
            }
        });
        if let Some(error) = lock(&failure).take() {
            return Err(error);
        }
        let learners: Vec<Learner> = lock(&results).drain(..).flatten().collect();
        progress.end(learners.len());
        Ok(learners)
    }

    /// Runs one lane until `turn` has nothing left, or another lane has failed.
    fn lane(
        &self,
        number: usize,
        first_is_warm: &AtomicBool,
        stop: &AtomicBool,
        turn: impl Fn(&mut Lane<'_>) -> Result<bool>,
    ) -> Result<()> {
        let target = self.work.join(format!("lane-{number}"));
        fs::create_dir_all(&target).map_err(|cause| Error::file(&target, cause))?;
        let places = Places {
            grade: self.grade.clone(),
            target: target.clone(),
            temporary: self.temporary.to_owned(),
            toolchain: self.toolchain.clone(),
        };
        // Tests of one lane share a network with each other, and with nobody else's.
        let held = self.hold(&places.built())?;
        let measures = Measures {
            files: self.isolation.files,
            calls: self.isolation.calls,
            namespaces: held.as_ref().map(|held| held.namespaces),
        };
        let names = self.names.clone();
        let guard = Confined::new(places, self.bounds, measures, self.workers, names);
        let (course, plans) = (self.course, self.plans);
        let mut lane = Lane::new(
            course,
            plans,
            target.clone(),
            &guard,
            self.bounds,
            self.needed,
        );
        if !first_is_warm.load(Ordering::Acquire) {
            if number == 0 {
                // The others take over what the first one has built.
                let warmed = self
                    .plans
                    .iter()
                    .try_for_each(|plan| lane.warm_up(plan, &self.store));
                first_is_warm.store(true, Ordering::Release);
                warmed?;
            } else {
                while !first_is_warm.load(Ordering::Acquire) && !stop.load(Ordering::Relaxed) {
                    thread::sleep(std::time::Duration::from_millis(20));
                }
                copy_dependencies(&self.work.join("lane-0"), &target)?;
            }
        }
        while !stop.load(Ordering::Relaxed) && turn(&mut lane)? {}
        Ok(())
    }

    /// The namespaces of a lane, where the isolation has some. What was built there is not seen by tests.
    fn hold(&self, built: &Path) -> Result<Option<Held>> {
        if !self.isolation.namespaces {
            return Ok(None);
        }
        fs::create_dir_all(built).map_err(|cause| Error::file(built, cause))?;
        match Held::new(&self.grade, &[built.to_owned()]) {
            Ok(held) => Ok(Some(held)),
            Err(why) => Err(Error::new(format!(
                "the namespaces for the tests cannot be made again: {why}"
            ))
            .help("nobody was graded; `--isolation confined` does without them")),
        }
    }

    fn learner(&self, lane: &mut Lane<'_>, entry: &Entry) -> Result<Learner> {
        let mut learner = Learner {
            id: entry.id.clone(),
            name: entry.name.clone(),
            points: crate::results::Points::default(),
            problem: None,
            exercises: Vec::new(),
            notices: self.shared_folder(entry).into_iter().collect(),
        };
        if let Some(link) = &entry.link {
            let link = link.display();
            let problem = format!("the folder {link} is a link, and links are not taken");
            learner.problem = Some(line(&problem));
            return Ok(learner);
        }
        match Submission::open(&entry.folder, self.course, &self.stages) {
            Ok(submission) => {
                for plan in self.plans {
                    learner
                        .exercises
                        .extend(lane.judge(plan, &submission, &self.store)?);
                }
                learner.points = learner.exercises.iter().map(|mark| mark.points).sum();
            }
            Err(problem) => {
                let folder = entry.folder.display();
                learner.problem = Some(line(&format!("the folder {folder} {problem}")));
            }
        }
        Ok(learner)
    }

    /// What is to be said of a learner who has a folder together with others.
    fn shared_folder(&self, entry: &Entry) -> Option<String> {
        let (ids, folder) = self
            .shared
            .iter()
            .find(|(ids, _)| ids.contains(&entry.id))?;
        let others: Vec<&str> = ids
            .iter()
            .filter(|id| **id != entry.id)
            .map(String::as_str)
            .collect();
        let folder = folder.display();
        let said = format!(
            "has one folder with {}, {folder}: a pair, or a mistake in the roster",
            others.join(", ")
        );
        Some(line(&said))
    }
}

/// Copies what cargo has built from registry packages to another target folder, with the times that cargo compares.
fn copy_dependencies(from: &Path, to: &Path) -> Result<()> {
    for part in ["deps", "build", ".fingerprint"] {
        let (from, to) = (from.join(PROFILE).join(part), to.join(PROFILE).join(part));
        if !to.exists() {
            copy(&from, &to).map_err(|cause| Error::file(&to, cause))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            let times = fs::metadata(entry.path())?;
            fs::File::options()
                .write(true)
                .open(&target)?
                .set_modified(times.modified()?)?;
        }
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
