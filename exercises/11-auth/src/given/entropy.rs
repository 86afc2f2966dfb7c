//! Where random bytes come from: a value that is handed in, so that a test can count what is drawn from it.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A source of random bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// [`NoEntropy`], when there are none to give. Then nothing may be handed out.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}

/// Draws `N` random bytes.
///
/// # Errors
///
/// [`NoEntropy`], when there are none to give.
pub fn draw<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// The system has no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoEntropy;

impl fmt::Display for NoEntropy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the system has no random bytes to give")
    }
}

impl Error for NoEntropy {}

/// The system's own generator: what the program uses.
#[derive(Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|_| NoEntropy)
    }
}

/// For tests: bytes that follow from a seed, each of them remembered. Not for secrets.
#[derive(Debug)]
pub struct CountedEntropy {
    inner: Mutex<Counted>,
}

#[derive(Debug)]
struct Counted {
    state: u64,
    drawn: Vec<Vec<u8>>,
    empty: bool,
}

impl CountedEntropy {
    /// A source whose bytes follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let inner = Mutex::new(Counted {
            state: seed,
            drawn: Vec::new(),
            empty: false,
        });
        Self { inner }
    }

    /// Takes out what has been drawn so far: an entry for each call, in order.
    pub fn take_drawn(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.lock().drawn)
    }

    /// From now on there is nothing to give.
    pub fn run_dry(&self) {
        self.lock().empty = true;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entropy for CountedEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        let mut counted = self.lock();
        if counted.empty {
            return Err(NoEntropy);
        }
        for byte in bytes.iter_mut() {
            // Knuth's linear congruential generator; its upper bits are the better ones.
            counted.state = counted
                .state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = counted.state.to_be_bytes()[0];
        }
        counted.drawn.push(bytes.to_vec());
        Ok(())
    }
}
