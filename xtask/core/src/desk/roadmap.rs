//! The state of the roadmap: what is done, what is planned, and where the learner is.

use super::Desk;
use crate::course::{Level, PlannedStage, Stage};
use crate::error::Result;

/// The roadmap at one moment.
#[derive(Debug)]
pub struct Roadmap<'a> {
    pub stages: Vec<StageState<'a>>,
    pub planned: &'a [PlannedStage],
    /// The id of the first exercise that is not done.
    pub current: Option<String>,
}

/// How far one stage is.
#[derive(Debug)]
pub struct StageState<'a> {
    pub stage: &'a Stage,
    pub exercises: Vec<ExerciseState>,
}

/// How one exercise stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExerciseState {
    /// The stable id.
    pub id: String,
    pub name: String,
    pub title: String,
    pub points: u16,
    pub done: bool,
}

impl StageState<'_> {
    /// How many exercises are done.
    pub fn done(&self) -> usize {
        self.exercises.iter().filter(|state| state.done).count()
    }
}

impl Roadmap<'_> {
    /// How many exercises are done, and how many there are, in the whole course or in one level.
    pub fn count(&self, level: Option<Level>) -> (usize, usize) {
        let stages = self.stages.iter();
        let counted = stages.filter(|state| level.is_none_or(|level| state.stage.level == level));
        counted.fold((0, 0), |(done, all), state| {
            (done + state.done(), all + state.exercises.len())
        })
    }
}

impl<'a> Desk<'a> {
    /// The roadmap as it stands.
    ///
    /// # Errors
    ///
    /// When a file of the course cannot be read.
    pub fn roadmap(&self) -> Result<Roadmap<'a>> {
        let mut stages = Vec::new();
        for stage in &self.course.stages {
            let done = self.done_in(stage)?;
            let exercises = stage.items().zip(done).map(|(item, done)| ExerciseState {
                id: item.id(),
                name: item.exercise.name.clone(),
                title: item.exercise.title.clone(),
                points: item.exercise.points,
                done,
            });
            stages.push(StageState {
                stage,
                exercises: exercises.collect(),
            });
        }
        let mut states = stages.iter().flat_map(|state| &state.exercises);
        let current = states
            .find(|state| !state.done)
            .map(|state| state.id.clone());
        Ok(Roadmap {
            stages,
            planned: &self.course.planned,
            current,
        })
    }
}
