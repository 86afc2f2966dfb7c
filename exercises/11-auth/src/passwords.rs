//! A password is stored so that nobody can read it: no thief of the table, and not the shop.
//!
//! Argon2id makes a hash of it, slowly and in a lot of memory, which a thief who guesses has to pay for each guess. What is
//! stored is a PHC string: algorithm, version, cost, salt and hash in one text.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use rusqlite::{Connection, OptionalExtension, params};

use crate::given::entropy::{Entropy, draw};
use crate::given::passwords::{COMMON, Check, PasswordError, Passwords, SignInError, Weakness};

/// How many characters a password has at least.
pub const FEWEST_CHARACTERS: usize = 12;
/// How many bytes a password has at most: 128 characters of any script fit.
pub const MOST_BYTES: usize = 512;
/// How many bytes a salt has.
pub const SALT_BYTES: usize = 16;
/// How many bytes a hash has.
pub const HASH_BYTES: usize = 32;

/// Why this text may not become a password; `None` when it may. The first row that applies counts.
///
/// | text | answer |
/// | --- | --- |
/// | fewer than [`FEWEST_CHARACTERS`] characters | `TooShort` |
/// | more than [`MOST_BYTES`] bytes | `TooLong` |
/// | on the list [`COMMON`], in small or capital letters | `Common` |
///
/// Every character counts, spaces too, and those that nobody sees: ` password1234` is not `password1234`.
pub fn weakness(password: &str) -> Option<Weakness> {
    todo!("characters at one end, bytes at the other, then the list")
}

/// Argon2id at one cost, in memory of its own: however many sign in, it never takes more.
pub struct Hasher {
    cost: Params,
    memory: Vec<Block>,
    entropy: Arc<dyn Entropy>,
}

impl Hasher {
    /// Hashes at this cost from now on. `memory` must suffice for the costliest string that is stored: a block is a KiB.
    /// Given.
    #[must_use]
    pub fn new(cost: Params, memory: Vec<Block>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            cost,
            memory,
            entropy,
        }
    }

    /// The memory in which this hasher works. Given.
    #[must_use]
    pub fn memory(&self) -> &[Block] {
        &self.memory
    }
}

/// Both work in `memory` and take no other; `Argon2::hash_password_into_with_memory` does. A string that needs more is
/// `TooCostly`. A password is taken as it is: not trimmed, not cut off, not in another form of its letters.
impl Passwords for Hasher {
    /// Argon2id, version 19, at the hasher's cost, with a salt of [`SALT_BYTES`] bytes, drawn for this password alone, and a
    /// hash of [`HASH_BYTES`]:
    ///
    /// ```text
    /// $argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$n7dGx…
    /// ```
    fn hash(&mut self, password: &str) -> Result<String, PasswordError> {
        todo!(
            "draw a salt, fill 32 bytes in your own memory, and put the five parts together: a PasswordHash knows how it is written"
        )
    }

    /// The string says how it was made, with which of Argon2's three algorithms and at which cost; the hasher's cost plays no
    /// part in the comparison. What has no salt or no hash is `Unreadable`, as is what was not made by Argon2.
    ///
    /// It is outdated when it was not made by Argon2id in version 19, or with less memory or fewer passes than the hasher's
    /// cost. A costlier one stays, and nothing else is asked: not the lanes, and not how long salt and hash are.
    fn verify(&mut self, password: &str, stored: &str) -> Result<Check, PasswordError> {
        todo!(
            "take the string apart, do the same work again, compare the two hashes in constant time: Output does, with =="
        )
    }
}

/// Signs somebody in: gives the id of the user with this email, letter by letter, whose password this is. Nothing else is asked
/// here: not whether the password may be chosen today ([`weakness`]), and not whether the account is closed.
///
/// An unknown email and a wrong password are both `Wrong`, and both cost one hashing or one comparison at today's cost: a
/// stopwatch must not find out who has an account.
///
/// Now is the only moment at which the password is at hand: when what is stored is outdated, it is replaced by a hash of
/// today's cost. It is replaced only if it is still what was compared with. When somebody has changed it meanwhile, what is
/// stored now decides, as it does when the user is gone: the sign-in begins again.
///
/// # Errors
///
/// `Wrong`; `Broken` when the table or `passwords` fails.
pub fn sign_in(
    connection: &Connection,
    passwords: &mut dyn Passwords,
    email: &str,
    password: &str,
) -> Result<i64, SignInError> {
    todo!(
        "look, compare, and when it is outdated replace it in one statement that knows what you compared with"
    )
}
