//! What verify has found before, remembered by content.

use std::path::Path;

use xtask_core::course::{Exercise, Uses, files_behind};
use xtask_core::engine::Verdict;
use xtask_core::error::Result;
use xtask_core::files::FileSet;
use xtask_core::key::KeyMaker;
use xtask_core::store::{Store, judge_key};

/// The verdicts of earlier runs.
#[derive(Debug)]
pub struct Memory {
    store: Store,
    /// The toolchain and this program.
    judge: String,
}

/// What is to be judged, as far as a verdict depends on it.
#[derive(Debug)]
pub struct Question<'q> {
    /// The key of what the whole stage rests on.
    pub base: &'q str,
    pub uses: &'q Uses,
    pub exercise: &'q Exercise,
    pub files: &'q FileSet,
    /// The tests that are run; all of them when nothing is said.
    pub tests: Option<&'q [String]>,
    /// The most seconds that a test may take.
    pub seconds: u16,
}

impl Memory {
    /// What is remembered below a target folder.
    ///
    /// # Errors
    ///
    /// When the toolchain does not answer.
    pub fn below(target_folder: &Path) -> Result<Self> {
        Ok(Self {
            store: Store::below(target_folder),
            judge: judge_key()?,
        })
    }

    /// The key of a question.
    pub fn key(&self, question: &Question<'_>) -> String {
        let Question {
            base,
            uses,
            exercise,
            files,
            tests,
            seconds,
        } = question;
        let key = KeyMaker::default()
            .text(&self.judge)
            .text(base)
            .text(&exercise.name)
            .text(&exercise.test_seconds.min(*seconds).to_string())
            .files(files_behind(uses, exercise, files));
        let key = match tests {
            Some(tests) => tests
                .iter()
                .fold(key.text("some"), |key, test| key.text(test)),
            None => key.text("all"),
        };
        key.finish()
    }

    /// What was found under a key.
    pub fn verdict(&self, key: &str) -> Option<Verdict> {
        serde_json::from_str(&self.store.get(key)?).ok()
    }

    /// Remembers what was found. A verdict that cannot be kept is found again the next time.
    pub fn remember(&self, key: &str, verdict: &Verdict) {
        if let Ok(text) = serde_json::to_string(verdict) {
            let _ = self.store.put(key, &text);
        }
    }

    /// Whether something is remembered that needs no verdict.
    pub fn is_noted(&self, key: &str) -> bool {
        self.store.get(key).is_some()
    }

    /// Notes something that holds.
    pub fn note(&self, key: &str) {
        let _ = self.store.put(key, "");
    }

    /// The key of texts, as this program and this toolchain see them.
    pub fn key_of<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> String {
        let key = KeyMaker::default().text(&self.judge);
        texts.into_iter().fold(key, KeyMaker::text).finish()
    }
}
