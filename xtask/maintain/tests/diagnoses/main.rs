//! Is the right question asked? Measured with answers that somebody wrote who did not look at the known mistakes' texts.
//!
//! - `known/`: known mistakes in another style: other names, loops for iterators, another order.
//! - `unknown/`: wrong answers that are no known mistake.
//! - And two known mistakes at once, wherever both patches fit into one answer.
//!
//! Each is a diff against the solution of its exercise. They hold answers, so `export` does not hand this folder out. With
//! `--nocapture` the measurements say what was asked.

use std::path::Path;
use std::sync::Mutex;

use maintain::patch::{Mistake, mistakes_of};
use maintain::record::{Sources, Trial, try_all};
use maintain::verify::clock::Clock;
use xtask_core::course::{Course, Item, Stage};
use xtask_core::desk::target_folder;
use xtask_core::diagnosis::{Diagnoses, Diagnosis};
use xtask_core::engine::{Engine, Status, Verdict};
use xtask_core::files;
use xtask_core::process::Cancel;
use xtask_core::store::Store;

/// One measurement builds at a time.
static BUILDING: Mutex<()> = Mutex::new(());

/// How many answers with two mistakes are tried of a stage.
const PAIRS: usize = 30;

/// An answer, and what may be asked about it.
struct Answer<'a> {
    trial: Trial<'a>,
    /// Its name, as it is shown.
    shown: String,
    /// The mistakes whose question is right.
    fitting: Vec<String>,
}

/// What was asked about answers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    tried: usize,
    right: usize,
    wrong: usize,
    /// More than one mistake fits, and the question was one of theirs.
    nothing: usize,
}

fn course() -> Course {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().expect("the repository is there");
    Course::load(&root).expect("the roadmap can be read")
}

/// The answers of one kind to a stage's exercises.
fn answers_of<'a>(kind: &str, stage: &'a Stage) -> Vec<Answer<'a>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnoses");
    let folder = folder.join(kind).join(&stage.folder);
    let mut answers = Vec::new();
    for item in stage.items() {
        let own = files::entries(&folder.join(&item.exercise.name)).expect("readable");
        for path in own {
            let text = files::read(&path).expect("readable");
            let applied = Mistake::parse(&text).apply(&solution(&item));
            let shown = stage.shown(&path);
            let words = text.lines().filter_map(|line| {
                line.strip_prefix("Mistake: ")
                    .or(line.strip_prefix("Fits: "))
            });
            let fitting = words.flat_map(|names| names.split(", ").map(str::to_owned));
            answers.push(Answer {
                trial: Trial {
                    item,
                    text: applied.unwrap_or_else(|error| panic!("{shown}: {error}")),
                },
                fitting: fitting.collect(),
                shown,
            });
        }
    }
    answers
}

/// Answers that make two known mistakes, a few of each exercise.
fn pairs_of(stage: &Stage) -> Vec<Answer<'_>> {
    const STAGES: [&str; 3] = ["00-start", "01-logic", "05-databases"];
    let mut pairs = Vec::new();
    if !STAGES.contains(&stage.folder.as_str()) {
        return pairs;
    }
    for item in stage.items() {
        let kept = mistakes_of(&item).expect("readable");
        let solution = solution(&item);
        for (index, one) in kept.iter().enumerate() {
            let answer = one.mistake.apply(&solution).expect("it fits");
            for other in &kept[index + 1..] {
                if let Ok(text) = other.mistake.apply(&answer)
                    && other
                        .mistake
                        .apply(&solution)
                        .is_ok_and(|alone| alone != text)
                {
                    pairs.push(Answer {
                        trial: Trial { item, text },
                        fitting: vec![one.name(), other.name()],
                        shown: format!("{}: {} and {}", item.id(), one.name(), other.name()),
                    });
                }
            }
        }
    }
    let step = pairs.len().div_ceil(PAIRS).max(1);
    pairs.into_iter().step_by(step).collect()
}

fn solution(item: &Item<'_>) -> String {
    let path = item.stage.solution_folder().join(item.exercise.source());
    files::read(&path).expect("there is a solution")
}

/// Tries answers of all stages, and counts what is asked about them. An answer that does not compile or that passes is a
/// fault of whoever wrote it, unless `is_made_up` says that nobody did.
fn measure<'c>(
    course: &'c Course,
    answers: impl Fn(&'c Stage) -> Vec<Answer<'c>>,
    is_made_up: bool,
) -> Count {
    let _turn = BUILDING.lock().expect("a measurement has failed before");
    let target = target_folder(&course.root);
    let engine = Engine::new(course, target.clone(), Cancel::default());
    let store = Store::below(&target);
    let clock = Clock::default();
    let mut count = Count::default();
    for stage in &course.stages {
        let answers = answers(stage);
        if answers.is_empty() {
            continue;
        }
        let sources = Sources::of(stage).expect("readable");
        let trials: Vec<Trial<'_>> = answers.iter().map(|answer| answer.trial.clone()).collect();
        let tried = try_all(&engine, &clock, &sources, &trials, 1, Some(&store));
        let tried = tried.expect("cargo builds");
        let diagnoses = Diagnoses::load(stage);
        for (answer, runs) in answers.iter().zip(&tried.runs) {
            let verdict = runs.first().expect("it was judged");
            if verdict.passed() || verdict.status == Status::CompileError {
                assert!(is_made_up, "{}: {}", answer.shown, why(verdict));
                continue;
            }
            let asked = diagnoses.of(answer.trial.item.exercise, &verdict.tests);
            count.add(answer, asked.as_ref());
        }
    }
    count
}

fn why(verdict: &Verdict) -> String {
    let said = verdict.diagnostics.first();
    said.map_or("it passes".to_owned(), |said| said.rendered.clone())
}

impl Count {
    fn add(&mut self, answer: &Answer<'_>, asked: Option<&Diagnosis>) {
        self.tried += 1;
        match asked {
            Some(asked) if answer.fitting.contains(&asked.mistake) => self.right += 1,
            Some(asked) => {
                println!("wrong: {} is asked about {}", answer.shown, asked.mistake);
                self.wrong += 1;
            }
            None => {
                println!("nothing: {}", answer.shown);
                self.nothing += 1;
            }
        }
    }

    fn percent(&self, part: usize) -> usize {
        part * 100 / self.tried.max(1)
    }
}

#[test]
#[ignore = "it builds 70 answers"]
fn a_known_mistake_in_another_style_is_asked_its_own_question() {
    let course = course();
    let count = measure(&course, |stage| answers_of("known", stage), false);
    println!("{count:?}");
    assert!(count.tried >= 60, "{count:?}");
    assert!(count.percent(count.right) > 60, "{count:?}");
    assert!(count.wrong * 100 < 2 * count.tried, "{count:?}");
}

#[test]
#[ignore = "it builds 70 answers"]
fn a_wrong_answer_that_nobody_knows_is_asked_nothing() {
    let course = course();
    let count = measure(&course, |stage| answers_of("unknown", stage), false);
    println!("{count:?}");
    assert!(count.tried >= 60, "{count:?}");
    assert!(count.wrong <= 1, "{count:?}");
}

#[test]
#[ignore = "it builds more than 100 answers"]
fn two_known_mistakes_at_once_are_asked_about_one_of_them() {
    let course = course();
    let count = measure(&course, pairs_of, true);
    println!("{count:?}");
    assert!(count.percent(count.right) > 50, "{count:?}");
    assert!(count.wrong * 100 < 2 * count.tried, "{count:?}");
}
