//! What goes on while something is judged.

use super::verdict::Verdict;

/// One thing that happened. Everything in it is owned, so that it can be sent elsewhere.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "event", rename_all = "snake_case"))]
pub enum Event {
    /// These exercises of a stage are judged now: the first thing that is heard, before anything is built.
    Judging {
        stage: String,
        exercises: Vec<String>,
    },
    /// Another runner builds in the same target folder, and this one waits for its end.
    WaitingForRunner,
    /// Another cargo builds in the same target folder, and this one waits for its end.
    WaitingForCargo,
    /// Cargo is building: so many steps of so many are done.
    Building {
        stage: String,
        done: usize,
        total: usize,
        /// What is compiled at the moment.
        now: String,
    },
    /// Tests are running: so many of so many are done.
    Testing {
        stage: String,
        done: usize,
        total: usize,
    },
    /// A piece of work has ended; what was shown of it can go.
    Settled,
    /// An exercise is judged.
    Judged { verdict: Box<Verdict> },
}

/// Hears what goes on: a terminal, a page, a grader's log.
pub trait Observer: Sync {
    /// Called as soon as something happens, from any thread.
    fn notice(&self, event: Event);
}

/// Hears nothing.
pub struct Silent;

impl Observer for Silent {
    fn notice(&self, _event: Event) {}
}
