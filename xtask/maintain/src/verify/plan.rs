//! What is to be judged of a stage, and in which rounds.
//!
//! Answers to exercises that do not use each other are judged together: one build serves all of a round. What is
//! remembered from an earlier run is not judged at all.

use std::collections::BTreeMap;

use xtask_core::course::{Exercise, Item, Originals, Stage, Uses, base_key};
use xtask_core::engine::{Answers, Engine, Verdict, Wanted};
use xtask_core::error::Result;
use xtask_core::files::{self, FileSet};

use super::constants;
use super::memory::{Memory, Question};
use crate::mistake;
use crate::patch::mistakes_of;

/// What an answer stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Starter,
    Solution,
    /// Another right answer.
    Alternative,
    /// A known mistake, and the tests that must fail.
    Mistake(Vec<String>),
    /// What answers the same simple value always.
    Constant,
}

/// One answer to one exercise.
#[derive(Debug)]
pub struct Answer<'a> {
    pub item: Item<'a>,
    pub kind: Kind,
    /// Its file, relative to the course.
    pub shown: String,
    /// Its text; starters and solutions lie among the files of their round.
    text: Option<String>,
    /// The exercises that it uses, itself among them.
    uses: Vec<&'a str>,
    key: Option<String>,
    pub verdict: Option<Verdict>,
}

impl<'a> Answer<'a> {
    /// The tests that are run on it.
    fn tests(&self) -> Option<&[String]> {
        match &self.kind {
            Kind::Mistake(named) => Some(named),
            _ => None,
        }
    }

    fn wanted(&self) -> Wanted<'a> {
        Wanted {
            exercise: self.item.exercise,
            tests: self.tests().map(<[String]>::to_vec),
        }
    }

    /// Whether its tests are to fail, so that nobody waits long for one that hangs.
    fn is_hurried(&self) -> bool {
        matches!(self.kind, Kind::Mistake(_) | Kind::Constant)
    }
}

/// What is judged together: places in [`Plan::answers`].
#[derive(Debug)]
struct Round {
    kind: RoundKind,
    answers: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RoundKind {
    Starters,
    Patient,
    Hurried,
}

/// Everything that is to be judged of a stage.
#[derive(Debug)]
pub struct Plan<'a> {
    pub stage: &'a Stage,
    pub answers: Vec<Answer<'a>>,
    originals: Originals,
    solved: FileSet,
    rounds: Vec<Round>,
}

/// Whether two answers can be judged in one build: neither stands in for an exercise that the other one uses. Each has the
/// exercise's name, and the exercises that it uses, itself among them.
pub fn are_apart(one: (&str, &[&str]), other: (&str, &[&str])) -> bool {
    !one.1.contains(&other.0) && !other.1.contains(&one.0)
}

/// Reads what one stage uses: once for its solutions, and again only for an answer that names other modules.
#[derive(Debug)]
pub struct UsesOf<'a> {
    stage: &'a Stage,
    solved: FileSet,
    /// What the solutions use.
    pub uses: Uses,
    of_solutions: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> UsesOf<'a> {
    /// Reads the solutions' uses; `solved` is the whole stage with them.
    pub fn new(stage: &'a Stage, solved: FileSet) -> Self {
        let uses = Uses::of(stage, &solved);
        let of_solutions = stage
            .exercises
            .iter()
            .map(|exercise| {
                (
                    exercise.name.as_str(),
                    uses.exercises_behind(stage, exercise),
                )
            })
            .collect();
        Self {
            stage,
            solved,
            uses,
            of_solutions,
        }
    }

    /// The files with an answer among them, and what they use where that is not what the solutions use.
    pub fn with(&self, exercise: &Exercise, text: &str) -> (FileSet, Option<Uses>) {
        let source = exercise.source();
        let mut files = self.solved.clone();
        let before = files.insert(source, text.to_owned()).unwrap_or_default();
        let same = paths_in(&before) == paths_in(text);
        let uses = (!same).then(|| Uses::of(self.stage, &files));
        (files, uses)
    }

    /// The exercises that an answer to this one uses, itself among them.
    pub fn behind(&self, exercise: &'a Exercise, own: Option<&Uses>) -> Vec<&'a str> {
        match own {
            Some(uses) => uses.exercises_behind(self.stage, exercise),
            None => self
                .of_solutions
                .get(exercise.name.as_str())
                .cloned()
                .unwrap_or_default(),
        }
    }
}

/// The lines of a source that may name other modules.
fn paths_in(text: &str) -> Vec<&str> {
    let words = ["crate", "super", "self::", "mod "];
    text.lines()
        .map(str::trim)
        .filter(|line| words.iter().any(|word| line.contains(word)))
        .collect()
}

impl<'a> Plan<'a> {
    /// Reads the stage, and finds out what is not known yet.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn of(stage: &'a Stage, memory: Option<&Memory>) -> Result<Self> {
        let originals = Originals::of_tree(stage)?;
        let mut solved = originals.files().clone();
        solved.extend(stage.solution_files()?);
        let manifest = solved.get("Cargo.toml");
        let base = base_key(stage, manifest.map_or("", String::as_str))?;
        let uses = UsesOf::new(stage, solved.clone());
        let starter_uses = Uses::of(stage, originals.files());
        let mut answers = answers_of(stage, &originals)?;
        for answer in &mut answers {
            let exercise = answer.item.exercise;
            let (own_files, own_uses) = match (&answer.kind, &answer.text) {
                (_, Some(text)) => uses.with(exercise, text),
                (Kind::Starter, None) => (originals.files().clone(), None),
                (_, None) => (solved.clone(), None),
            };
            answer.uses = uses.behind(exercise, own_uses.as_ref());
            let Some(memory) = memory else { continue };
            let behind = match (&answer.kind, &own_uses) {
                (Kind::Starter, _) => &starter_uses,
                (_, Some(own)) => own,
                (_, None) => &uses.uses,
            };
            let question = Question {
                base: &base,
                uses: behind,
                exercise,
                files: &own_files,
                tests: answer.tests(),
                seconds: if answer.is_hurried() {
                    mistake::SECONDS
                } else {
                    u16::MAX
                },
            };
            let key = memory.key(&question);
            answer.verdict = memory.verdict(&key);
            answer.key = Some(key);
        }
        let rounds = rounds(&answers);
        Ok(Self {
            stage,
            answers,
            originals,
            solved,
            rounds,
        })
    }

    /// How many builds it takes.
    pub fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// Judges what is not known, a round after the other. `judged` hears of each answer, those that were known first,
    /// and `done` of each round.
    ///
    /// # Errors
    ///
    /// When cargo cannot build for a reason that is not in the answers, or it was called off.
    pub fn judge(
        &mut self,
        patient: &Engine<'_>,
        hurried: &Engine<'_>,
        memory: Option<&Memory>,
        mut judged: impl FnMut(&Answer<'a>),
        mut done: impl FnMut(),
    ) -> Result<()> {
        let known = self
            .answers
            .iter()
            .filter(|answer| answer.verdict.is_some());
        known.for_each(&mut judged);
        let mut open = std::mem::take(&mut self.rounds).into_iter().peekable();
        while let Some(round) = open.next() {
            let hurried_too = |other: &Round| {
                round.kind == RoundKind::Hurried && other.kind == RoundKind::Hurried
            };
            let judged_now = match open.next_if(hurried_too) {
                Some(other) => {
                    let both = [self.answers_in(&round), self.answers_in(&other)];
                    let both = hurried.judge_both(self.stage, &self.originals, both)?;
                    [round, other].into_iter().zip(both).collect()
                }
                None => {
                    let engine = match round.kind {
                        RoundKind::Hurried => hurried,
                        _ => patient,
                    };
                    let one = self.answers_in(&round);
                    let verdicts =
                        engine.judge_files(self.stage, &self.originals, one.files, &one.wanted)?;
                    vec![(round, verdicts)]
                }
            };
            for (round, verdicts) in judged_now {
                for (index, verdict) in round.answers.iter().zip(verdicts) {
                    let answer = &mut self.answers[*index];
                    if let (Some(memory), Some(key)) = (memory, &answer.key) {
                        memory.remember(key, &verdict);
                    }
                    answer.verdict = Some(verdict);
                    judged(answer);
                }
                done();
            }
        }
        Ok(())
    }

    /// The files of a round, and what is judged of them.
    fn answers_in(&self, round: &Round) -> Answers<'a> {
        let mut files = match round.kind {
            RoundKind::Starters => self.originals.files().clone(),
            _ => self.solved.clone(),
        };
        let mut wanted = Vec::new();
        for answer in round.answers.iter().map(|index| &self.answers[*index]) {
            if let Some(text) = &answer.text {
                files.insert(answer.item.exercise.source(), text.clone());
            }
            wanted.push(answer.wanted());
        }
        Answers { files, wanted }
    }
}

/// Every answer to the exercises of a stage. Patches that do not fit are left out: [`super::files`] names them.
fn answers_of<'a>(stage: &'a Stage, originals: &Originals) -> Result<Vec<Answer<'a>>> {
    let mut answers = Vec::new();
    for item in stage.items() {
        let mut add = |kind, shown, text| {
            answers.push(Answer {
                item,
                kind,
                shown,
                text,
                uses: Vec::new(),
                key: None,
                verdict: None,
            });
        };
        let place = stage.solution_folder().join(item.exercise.source());
        add(Kind::Starter, stage.shown(&item.source()), None);
        add(Kind::Solution, stage.shown(&place), None);
        let solution = mistake::solution(&item).unwrap_or_default();
        for kept in mistakes_of(&item)? {
            if let Ok(text) = kept.mistake.apply(&solution) {
                let named = kept.mistake.head.caught_by;
                add(Kind::Mistake(named), stage.shown(&kept.path), Some(text));
            }
        }
        let folder = stage.solution_folder().join("alternative");
        for path in files::entries(&folder.join(&item.exercise.name))? {
            let text = files::read(&path)?;
            add(Kind::Alternative, stage.shown(&path), Some(text));
        }
        let starter = originals.starter(item.exercise).unwrap_or_default();
        if let Some(text) = constants::answer(starter)
            && !item.exercise.debugging
        {
            add(Kind::Constant, stage.shown(&item.tests_file()), Some(text));
        }
    }
    Ok(answers)
}

/// Puts answers that are not judged into as few rounds as it can, such that no answer of a round stands in for an
/// exercise that another one of the round uses.
fn rounds(answers: &[Answer<'_>]) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    let open = answers.iter().enumerate();
    for (index, answer) in open.filter(|(_, answer)| answer.verdict.is_none()) {
        let kind = match answer.kind {
            Kind::Starter => RoundKind::Starters,
            _ if answer.is_hurried() => RoundKind::Hurried,
            _ => RoundKind::Patient,
        };
        let name = answer.item.exercise.name.as_str();
        let apart = |other: &usize| {
            let other = &answers[*other];
            let is_starter = kind == RoundKind::Starters;
            let both_right = answer.kind == Kind::Solution && other.kind == Kind::Solution;
            let other = (other.item.exercise.name.as_str(), other.uses.as_slice());
            is_starter || both_right || are_apart((name, &answer.uses), other)
        };
        let fits = |round: &&mut Round| round.kind == kind && round.answers.iter().all(apart);
        match rounds.iter_mut().find(fits) {
            Some(round) => round.answers.push(index),
            None => rounds.push(Round {
                kind,
                answers: vec![index],
            }),
        }
    }
    rounds
}
