//! The words of the exercise `passwords`.

use std::error::Error;
use std::fmt;

use super::entropy::NoEntropy;

/// Passwords that everybody tries first, in small letters. A real list has a hundred thousand.
pub const COMMON: [&str; 8] = [
    "123456789012",
    "password1234",
    "passwordpassword",
    "qwertyuiop12",
    "iloveyou1234",
    "letmeinplease",
    "correct horse battery staple",
    "пароль123456",
];

/// Why a text does not become a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    TooShort,
    TooLong,
    Common,
}

/// What a comparison has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// It is the password.
    pub matches: bool,
    /// The stored text was made by another algorithm than today's, or costs a thief less than today's does.
    pub outdated: bool,
}

/// Why a password could not be hashed or compared. None of these holds the password or the stored text.
#[derive(Debug)]
pub enum PasswordError {
    /// What is stored is no PHC string, or none that Argon2 can read.
    Unreadable,
    /// What is stored needs more memory to compare than there is.
    TooCostly,
    /// There was no salt to be had.
    NoEntropy,
    /// Argon2 refused for another reason.
    Argon2(argon2::Error),
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "the stored password cannot be read",
            Self::TooCostly => "the stored password needs more memory than there is",
            Self::NoEntropy => "there is no salt to be had",
            Self::Argon2(_) => "argon2 refused",
        })
    }
}

impl Error for PasswordError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Argon2(error) => Some(error),
            _ => None,
        }
    }
}

impl From<NoEntropy> for PasswordError {
    fn from(NoEntropy: NoEntropy) -> Self {
        Self::NoEntropy
    }
}

/// Hashes and compares passwords. Both take fifty milliseconds or more, on purpose.
pub trait Passwords {
    /// The text to store for this password: a PHC string of today's cost, with a salt of its own.
    ///
    /// # Errors
    ///
    /// `NoEntropy`, or what Argon2 says.
    fn hash(&mut self, password: &str) -> Result<String, PasswordError>;

    /// Compares a password with what is stored, at the cost at which it was stored.
    ///
    /// # Errors
    ///
    /// `Unreadable` and `TooCostly`. A wrong password is no error: it does not match.
    fn verify(&mut self, password: &str, stored: &str) -> Result<Check, PasswordError>;
}

/// Why nobody is signed in.
#[derive(Debug)]
pub enum SignInError {
    /// The email or the password is wrong: nobody is told which.
    Wrong,
    /// Something of ours is broken.
    Broken(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wrong => "email or password is wrong",
            Self::Broken(_) => "nobody can sign in at the moment",
        })
    }
}

impl Error for SignInError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Wrong => None,
            Self::Broken(error) => Some(&**error),
        }
    }
}

impl From<rusqlite::Error> for SignInError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(Box::new(error))
    }
}

impl From<PasswordError> for SignInError {
    fn from(error: PasswordError) -> Self {
        Self::Broken(Box::new(error))
    }
}
