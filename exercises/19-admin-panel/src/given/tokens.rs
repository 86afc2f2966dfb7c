//! Secrets that travel: the system's generator makes them, and the database keeps only their digest.

use std::cell::Cell;
use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};

use super::problem::Problem;

/// A fresh secret: 32 bytes of the system's generator. Its `Debug` form does not show it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Draws a new token.
    ///
    /// # Errors
    ///
    /// A 500 when the system has no random bytes to give.
    pub fn generate() -> Result<Self, Problem> {
        Ok(Self(BASE64URL_NOPAD.encode(&random::<32>()?)))
    }

    /// The token as its owner receives it: 43 letters, digits, `-` and `_`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What the database keeps of it.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// SHA-256 of a token's text, in hexadecimal. A token has 256 random bits, so it needs no salt and no slow hash.
///
/// ```text
/// digest("abc") = ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
/// ```
#[must_use]
pub fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

thread_local! {
    static DRAWN: Cell<usize> = const { Cell::new(0) };
}

/// How many random bytes this thread has drawn: tests count what an id or a code is made of.
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
