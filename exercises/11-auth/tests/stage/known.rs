//! A source of randomness that a test knows, counts and can dry up. Given.

use std::sync::{Arc, Mutex, PoisonError};

use auth::given::randomness::{NoRandomness, Randomness};
use support::{Seeded, seeded};

/// Gives seeded bytes, and remembers them.
pub struct Known {
    /// What comes next, and what has been drawn; no generator when the source is dry.
    state: Mutex<(Option<Seeded>, Vec<u8>)>,
}

impl Known {
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new((Some(seeded(seed)), Vec::new())),
        })
    }

    /// A source that never gives anything.
    pub fn dry() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new((None, Vec::new())),
        })
    }

    /// What has been drawn since this was last asked.
    pub fn drawn(&self) -> Vec<u8> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.1)
    }
}

impl Randomness for Known {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, drawn) = &mut *state;
        let values = values.as_mut().ok_or(NoRandomness)?;
        for byte in bytes.iter_mut() {
            *byte = values.bits().to_le_bytes()[0];
        }
        drawn.extend_from_slice(bytes);
        Ok(())
    }
}
