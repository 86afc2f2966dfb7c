//! Bytes that nobody can guess.

use std::cell::Cell;

use super::problem::Problem;

thread_local! {
    static DRAWN: Cell<usize> = const { Cell::new(0) };
}

/// How many random bytes this thread has drawn: tests count what a salt or a name is made of.
#[must_use]
pub fn drawn() -> usize {
    DRAWN.get()
}

/// `N` bytes of the system's generator.
///
/// # Errors
///
/// A 500 when the system has none to give.
pub fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Problem::internal(&error))?;
    DRAWN.set(DRAWN.get().wrapping_add(N));
    Ok(bytes)
}
