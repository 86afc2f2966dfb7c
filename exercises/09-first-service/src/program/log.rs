//! One line a request, as JSON: a person can read it, and a program can search it.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// How many lines are kept in memory.
const KEPT: usize = 1000;

/// Where the lines go: standard error for the program, memory for tests. A clone is the same log.
#[derive(Debug, Clone, Default)]
pub struct Log {
    lines: Option<Arc<Mutex<Vec<Value>>>>,
}

impl Log {
    /// Lines on standard error.
    #[must_use]
    pub fn to_stderr() -> Self {
        Self::default()
    }

    /// The last thousand lines, in memory.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            lines: Some(Arc::default()),
        }
    }

    /// Writes a line.
    pub fn write(&self, line: Value) {
        match &self.lines {
            None => eprintln!("{line}"),
            Some(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() == KEPT {
                    lines.remove(0);
                }
                lines.push(line);
            }
        }
    }

    /// What was written, when it is in memory.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        match &self.lines {
            None => Vec::new(),
            Some(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
